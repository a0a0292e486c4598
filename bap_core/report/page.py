"""A page: opened by its notebook, headed by the scale banner, closed by its claims and its stamp.

The stamp also leaves the page's bundle in the notebook's outputs, see `bap_core.recorded.bundle`.
"""

import ast
import copy
import time
from functools import cached_property
from typing import Any

import pandas as pd
from IPython.display import display

from bap_core import runtime, tidy
from bap_core.recorded import bundle
from bap_core.recorded.packed import pack
from bap_core.report import claims, evidence, forest, scales, stamp
from bap_core.report.exercises import Exercises, find_exercises
from bap_core.report.figure_style import Picture
from bap_core.report.html import Folded, Table
from bap_core.report.redraw import Drawn


class Page:
    """One notebook while it runs: its name, its parameters in force, its clock, and (after
    `banner`) its scale.

    namespace: the globals of the notebook, in which the parameters must keep their values.
    """

    def __init__(self, name: str, parameters: dict, namespace: dict):
        self.name = name
        self.parameters = copy.deepcopy(parameters)  # a list that a cell appends to has changed
        self.scale: str | None = None
        self._namespace = namespace
        self._identities = {}
        self._drawn: list[Drawn] = []
        self._predictions: pd.DataFrame | None = None
        self._started = time.perf_counter()
        self._refuse_changed_parameters()

    def banner(self, *used) -> None:
        """Show at which scale the page's numbers are made. used: every encoder and data listing of
        the page.
        """
        self.scale = scales.scale_of(list(used))
        encoders = [item for item in used if hasattr(item, "scale")]
        self._identities = {encoder.name: encoder.identity for encoder in encoders}
        (title, sentence, _), more = scales.BANNERS[self.scale], scales.strangers(self._identities)
        _show(scales.banner_html(self.scale, more), f"{title}. {sentence} {more}".strip())

    def keep_predictions(self, predictions: pd.DataFrame) -> None:
        """Leave `evaluation.predictions_table` with the page: verdicts compare methods by it, and
        whoever reads the page can count its metrics again.
        """
        self._predictions = predictions

    def results_table(self, frame: pd.DataFrame, **choices) -> Table:
        """`tables.results_table` with the page's scale in the caption."""
        return self._draw("results_table", frame, **choices)

    def group_accuracy_table(self, frame: pd.DataFrame, **choices) -> Table:
        """`tables.group_accuracy_table` with the page's scale in the caption."""
        return self._draw("group_accuracy_table", frame, **choices)

    def side_by_side(self, frame: pd.DataFrame, *names: str, **choices) -> Table:
        """`tables.side_by_side` with the page's scale in the caption."""
        return self._draw("side_by_side", frame, *names, **choices)

    def dot_plot(self, frame: pd.DataFrame, **choices) -> Picture:
        """`figures.dot_plot` with the page's scale in the corner."""
        return self._draw("dot_plot", frame, **choices)

    def k_curve(self, frame: pd.DataFrame) -> Picture:
        """`figures.k_curve` with the page's scale in the corner."""
        return self._draw("k_curve", frame)

    def additivity_histogram(self, frame: pd.DataFrame, *, bins: dict) -> Picture:
        """`figures.additivity_histogram` with the page's scale in the corner."""
        return self._draw("additivity_histogram", frame, bins=bins)

    def before_and_after(self, frame: pd.DataFrame, **choices) -> Picture:
        """`figures.before_and_after` with the page's scale in the corner."""
        return self._draw("before_and_after", frame, **choices)

    def sweep_plot(self, frame: pd.DataFrame, **choices) -> Picture:
        """`study_figures.sweep_plot` with the page's scale in the corner."""
        return self._draw("sweep_plot", frame, **choices)

    def class_plot(self, frame: pd.DataFrame, **choices) -> Picture:
        """`study_figures.class_plot` with the page's scale in the corner."""
        return self._draw("class_plot", frame, **choices)

    def exercises(self) -> Exercises:
        """Three things to try on the page, with their answers."""
        return Exercises(find_exercises(self.name))

    def claims(self, frame: pd.DataFrame) -> Folded | Table:
        """The claims of this notebook with their verdicts, from ``claims.yml``: of the recorded run
        where there is one, and those that the tidy frame gives.
        """
        return forest.show_claims(self._judged(frame), self._known_scale(), self._recorded)

    def stamp(self, frame: pd.DataFrame, *, data: list, encoders: list) -> None:
        """Show what produced the page and leave the bundle in the outputs.

        frame: the tidy frame of the whole page; data: its listings; encoders: every encoder that
        encoded a picture. ValueError if a measurement is there twice, or if a cell changed a
        parameter: then no value of it could be named that made the page.
        """
        tidy.refuse_repeated(frame)
        self._refuse_changed_parameters()
        bundle.leave_used()
        seeds = sorted({int(seed) for seed in frame["seed"]})
        seconds = time.perf_counter() - self._started
        made = stamp.collect(data=data, encoders=encoders, seeds=seeds, seconds=seconds)
        left = bundle.make_bundle(
            self.name,
            parameters=self.parameters,
            scale=self._known_scale(),
            metrics=frame,
            claims=self._judged(frame),
            drawn=self._drawn,
            stamp=made,
            predictions=() if self._predictions is None else pack(self._predictions),
            recorded=self._recorded,
        )
        _show(stamp.render_stamp(made, self.parameters), stamp.summarise(made), left)

    def _draw(self, call: str, frame: pd.DataFrame, *names: str, **choices) -> Any:
        drawn = Drawn(call, names, choices, frame.copy())
        self._drawn.append(drawn)
        return drawn.draw(self._known_scale(), self._identities, self.name)

    def _judged(self, frame: pd.DataFrame) -> pd.DataFrame:
        scale, identities = self._known_scale(), self._identities
        return claims.judge(frame, self.name, scale, identities, self._predictions)

    @cached_property
    def _recorded(self) -> dict | None:
        return evidence.recorded_for(self.name, self._known_scale())

    def _known_scale(self) -> str:
        if self.scale is None:
            raise ValueError(
                "the page has no scale yet: call page.banner(...) with its encoders and data first"
            )
        return self.scale

    def _refuse_changed_parameters(self) -> None:
        for name, value in self.parameters.items():
            if (now := self._namespace.get(name, "nothing")) != value:
                raise ValueError(
                    f"parameter {name} is {now!r} now, but was {value!r} when the page was opened: "
                    "set it in the parameters cell or with -p, in no other cell, and run the page "
                    "again from there"
                )


def open_page(name: str, namespace: dict) -> Page:
    """Start a page. Call it right after the parameters cell, as ``open_page("03_waterbirds",
    globals())``.

    Its parameters are the ones that `bap run` handed over. ValueError if one of them has another
    value in ``namespace``: a cell changed it after the run had set it.
    """
    runtime.use_page_threads()
    bundle.watch_reading()
    handed_over = bundle.read_handed_over()
    if handed_over is not None:
        return Page(name, handed_over, namespace)
    return Page(name, _find_typed_parameters(namespace), namespace)


def _find_typed_parameters(namespace: dict) -> dict:
    """Parameters where no runner handed any over: in JupyterLab, under nbmake, in a plain
    ``jupytext | papermill``.

    Read from the cells that IPython has executed so far (``In``): names are the annotated
    assignments (``seeds: int = 3``) of the first cell that has any, values the ones in force now,
    so that what papermill injected counts.
    """
    for cell in namespace.get("In") or []:
        if names := _find_annotated(cell):
            return {name: namespace[name] for name in names if name in namespace}
    return {}


def _find_annotated(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a cell with a magic
        return []
    targets = [node.target for node in body if isinstance(node, ast.AnnAssign)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _show(html: str, plain: str, left: dict | None = None) -> None:
    kinds = {"text/html": html, "text/plain": plain} | ({bundle.MIME: left} if left else {})
    display(kinds, raw=True)
