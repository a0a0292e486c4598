"""A page: opened by its notebook, headed by the scale banner, closed by its claims and its stamp.

The stamp also leaves a JSON bundle in the notebook's outputs (``application/vnd.bap+json``): what
`bap run` files, what `bap verify` checks, and what the book's summary pages are made of.
"""

import ast
import json
import time

import pandas as pd
from IPython.display import display

from bap_core import tidy
from bap_core.report import claims, scales, stamp, tables
from bap_core.report.html import Table

MIME = "application/vnd.bap+json"


class Page:
    """One notebook while it runs: its name, its effective parameters, its clock, and (after
    `banner`) its scale.
    """

    def __init__(self, name: str, parameters: dict):
        self.name = name
        self.parameters = parameters
        self.scale: str | None = None
        self._identities = {}
        self._started = time.perf_counter()

    def banner(self, *used) -> None:
        """Show at which scale the page's numbers are made. used: every encoder and data listing of
        the page.
        """
        self.scale = scales.scale_of(list(used))
        encoders = [item for item in used if hasattr(item, "scale")]
        self._identities = {encoder.name: encoder.identity for encoder in encoders}
        (title, sentence, _), more = scales.BANNERS[self.scale], scales.strangers(encoders)
        _show(scales.banner_html(self.scale, more), f"{title}. {sentence} {more}".strip())

    def results_table(self, frame: pd.DataFrame, **choices) -> Table:
        """`tables.results_table` with the page's scale in the caption."""
        return tables.results_table(frame, scale=self._known_scale(), **choices)

    def side_by_side(self, frame: pd.DataFrame, *names: str, **choices) -> Table:
        """`tables.side_by_side` with the page's scale in the caption."""
        return tables.side_by_side(
            frame, *names, scale=self._known_scale(), identities=self._identities, **choices
        )

    def claims(self, frame: pd.DataFrame) -> Table:
        """The claims of this notebook with their verdicts, from ``claims.yml`` and the tidy
        frame.
        """
        return tables.claims_table(self._judged(frame), self._known_scale())

    def stamp(self, frame: pd.DataFrame, *, data: list, encoders: list) -> None:
        """Show what produced the page and leave the bundle in the outputs.

        frame: the tidy frame of the whole page; data: its listings; encoders: every encoder that
        encoded a picture. ValueError if a measurement is there twice.
        """
        tidy.refuse_repeated(frame)
        seeds = sorted({int(seed) for seed in frame["seed"]})
        seconds = time.perf_counter() - self._started
        made = stamp.collect(data=data, encoders=encoders, seeds=seeds, seconds=seconds)
        bundle = {
            "notebook": self.name,
            "parameters": self.parameters,
            "scale": self._known_scale(),
            "metrics": _records(frame),
            "claims": _records(self._judged(frame)),
            "stamp": made,
            "source_hash": made["source_hash"],
        }
        _show(stamp.stamp_html(made, self.parameters), stamp.headline(made), bundle)

    def _judged(self, frame: pd.DataFrame) -> pd.DataFrame:
        return claims.judge(frame, self.name, self._known_scale(), self._identities)

    def _known_scale(self) -> str:
        if self.scale is None:
            raise ValueError(
                "the page has no scale yet: call page.banner(...) with its encoders and data first"
            )
        return self.scale


def open_page(name: str, namespace: dict) -> Page:
    """Start a page. Call it right after the parameters cell, as ``open_page("03_waterbirds",
    globals())``.

    The parameters are the annotated assignments (``seeds: int = 3``) of the first cell that has
    any; their values are the ones in force now, so that what a run injected is what the stamp
    records.
    """
    return Page(
        name, {key: namespace[key] for key in _parameter_names(namespace) if key in namespace}
    )


def _parameter_names(namespace: dict) -> list[str]:
    cells = namespace.get("In") or []
    for cell in cells:
        if names := _annotated(cell):
            return names
    return []


def _annotated(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a cell with a magic
        return []
    targets = [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _records(frame: pd.DataFrame) -> list[dict]:
    """Rows as JSON values: NaN becomes None."""
    return json.loads(frame.to_json(orient="records", double_precision=15))


def _show(html: str, plain: str, bundle: dict | None = None) -> None:
    display({"text/html": html, "text/plain": plain} | ({MIME: bundle} if bundle else {}), raw=True)
