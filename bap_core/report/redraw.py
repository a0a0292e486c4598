"""What a page shows as a function of its bundle: banner, claims, stamp box, and the tables and
figures of metrics are drawn again from what the bundle says, so that a page can be compared with
itself.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bap_core.encoders.checkpoints import Identity
from bap_core.recorded import newest
from bap_core.recorded.bundle import to_records
from bap_core.recorded.packed import unpack
from bap_core.report import claims, figures, forest, scales, stamp, study_figures, tables
from bap_core.report.figure_style import Picture

_OF_METRICS: dict[str, Callable[..., Any]] = {
    "results_table": tables.results_table,
    "group_accuracy_table": tables.group_accuracy_table,
    "side_by_side": tables.side_by_side,
    "dot_plot": figures.dot_plot,
    "k_curve": figures.k_curve,
    "additivity_histogram": figures.additivity_histogram,
    "before_and_after": figures.before_and_after,
    "sweep_plot": study_figures.sweep_plot,
    "class_plot": study_figures.class_plot,
}
_SHOWING = re.compile(
    rf"page\.(banner|claims|stamp|{'|'.join(_OF_METRICS)})\(|report\.paper_table\(\"(\w+)\"\)"
)


@dataclass(frozen=True)
class Drawn:
    """A table or figure of metrics that a page drew: by which function, with which names and
    choices, from which rows.
    """

    call: str
    names: tuple[str, ...]
    choices: dict
    frame: pd.DataFrame

    def draw(
        self, scale: str, identities: Mapping[str, Identity], notebook: str
    ) -> tables.Table | Picture:
        """The table or figure, for a page of this scale and these encoders. notebook: whose
        recorded run stands beside it.
        """
        known = {}
        if self.call == "side_by_side":
            record = newest(notebook, scale)
            recorded = None if record is None else record.metrics
            known = {"identities": identities, "recorded": recorded}
        call = _OF_METRICS[self.call]
        return call(self.frame, *self.names, **self.choices, scale=scale, **known)

    def describe(self, metrics: Sequence[dict]) -> dict:
        """As JSON values. A row that is among the ``metrics`` of the page is given by its number
        there, any other as it is.
        """
        known = {_spell(row): number for number, row in enumerate(metrics)}
        rows = [known.get(_spell(row), row) for row in to_records(self.frame)]
        choices = json.loads(json.dumps(self.choices))
        return {"call": self.call, "names": list(self.names), "choices": choices, "rows": rows}


def frame_of(rows: Sequence[dict]) -> pd.DataFrame:
    """The tidy frame of records."""
    frame = pd.DataFrame(rows)
    frame["value"] = pd.to_numeric(frame["value"])
    return frame


def judge_again(bundle: dict, predictions: pd.DataFrame | None = None) -> pd.DataFrame:
    """The claims of the page, judged again by its metrics. predictions: of the bundle, where they
    are unpacked already.
    """
    frame = frame_of(bundle["metrics"])
    answers = unpack(bundle["predictions"]) if predictions is None else predictions
    known = stamp.identities_of(bundle["stamp"])
    return claims.judge(frame, bundle["notebook"], bundle["scale"], known, answers)


def find_shown(source: str) -> list[tuple[str, str]]:
    """What the code of a cell shows that can be drawn again, in order: the name of the call, and
    of the paper's table if it shows one.
    """
    return [(call or "paper_table", name) for call, name in _SHOWING.findall(source)]


def draw_again(
    bundle: dict, sources: Sequence[str], judged: pd.DataFrame
) -> Iterator[list[str | Picture]]:
    """For the code of each cell of the page: what it shows, as HTML or as a figure.

    Tables and figures of metrics are those of the bundle, in the order in which they were drawn.
    judged: the claims, of `judge_again`.
    """
    drawn = iter(bundle["drawn"])
    for source in sources:
        yield [_draw(bundle, call, name, drawn, judged) for call, name in find_shown(source)]


def _draw(
    bundle: dict, call: str, name: str, drawn: Iterator[dict], judged: pd.DataFrame
) -> str | Picture:
    if call == "banner":
        more = scales.strangers(stamp.identities_of(bundle["stamp"]))
        return scales.banner_html(bundle["scale"], more)
    if call == "stamp":
        return stamp.render_stamp(bundle["stamp"], bundle["parameters"])
    if call == "claims":
        shown = forest.show_claims(judged, bundle["scale"], bundle["recorded"])
    elif call == "paper_table":
        shown = tables.paper_table(name)
    else:
        shown = _restore(bundle, call, next(drawn, {}))
    return shown if isinstance(shown, Picture) else shown._repr_html_()


def _restore(bundle: dict, call: str, said: dict) -> tables.Table | Picture:
    if said.get("call") != call:
        raise ValueError(f"the bundle has no {call} where the page calls it")
    rows = [bundle["metrics"][row] if isinstance(row, int) else row for row in said["rows"]]
    drawn = Drawn(call, tuple(said["names"]), said["choices"], frame_of(rows))
    known = stamp.identities_of(bundle["stamp"])
    return drawn.draw(bundle["scale"], known, bundle["notebook"])


def _spell(row: dict) -> str:
    return json.dumps({k: v for k, v in row.items() if v is not None}, sort_keys=True)
