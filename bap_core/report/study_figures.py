"""Figures of the studies: what a number changes, and what becomes of every class. Each reads a
frame and returns a figure; nothing is computed here.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from bap_core.report import figure_style, labels, series

_LINES = ("-", "--", ":")


def sweep_plot(
    frame: pd.DataFrame,
    *,
    what: str,
    metrics: Sequence[str] = ("average_accuracy", "worst_group_accuracy"),
    axis: str = "",
    log: bool = True,
    scale: str | None = None,
) -> figure_style.Picture:
    """Metrics against the number that a series of methods varies: the mean over the runs as a
    line, their range as a band. One panel per encoder, a colour per method, a line style per
    metric.

    frame: tidy frame of one data set with methods such as ``BAP (LP), K = 4``; what: the name of
    the number, such as ``K``; axis: words for it. ValueError if no method varies it.
    """
    rows = series.numbered_rows(frame, what)
    rows = rows.loc[rows["metric"].isin(metrics) & rows["value"].notna()]
    if rows.empty:
        raise ValueError(f"nothing to draw: no method of the frame has a number named {what!r}")
    encoders = list(dict.fromkeys(rows["encoder"]))
    with figure_style.look():
        figure = figure_style.new(height=1.0 + 2.6 * len(encoders))
        panels = figure.subplots(len(encoders), squeeze=False, sharex=True)[:, 0]
        for axes, encoder in zip(panels, encoders):
            _curves(axes, rows.loc[rows["encoder"] == encoder], metrics)
            axes.set_title(encoder)
            if log:
                axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(sorted(set(rows["number"]))))
            axes.xaxis.set_major_formatter(ScalarFormatter())
            axes.xaxis.set_minor_locator(NullLocator())
        panels[-1].set_xlabel(axis or what)
        percent = "percent" if all(map(labels.is_accuracy, metrics)) else labels.label(metrics[0])
        figure.supylabel(percent, fontsize=12)
        _explain(figure, panels[-1], scale)
    return figure


def _curves(axes: Axes, rows: pd.DataFrame, metrics: Sequence[str]) -> None:
    for nth, base in enumerate(dict.fromkeys(rows["base"])):
        for metric, line in zip(metrics, _LINES):
            part = rows.loc[(rows["base"] == base) & (rows["metric"] == metric)]
            if part.empty:
                continue
            factor = 100 if labels.is_accuracy(metric) else 1
            wide = factor * part.pivot(index="number", columns="seed", values="value").sort_index()
            look = figure_style.series(nth)
            name = f"{base}: {labels.label(metric)}"
            axes.plot(wide.index, wide.mean(axis=1), linestyle=line, label=name, **look)
            low, high = wide.min(axis=1), wide.max(axis=1)
            axes.fill_between(wide.index, low, high, color=look["color"], alpha=0.15, linewidth=0)


def class_plot(
    frame: pd.DataFrame, *, before: str, after: str, scale: str | None = None
) -> figure_style.Picture:
    """Accuracy of every class by two methods, joined by a line: one panel per encoder, classes of
    one data set together, those with the highest value before on top.

    frame: tidy frame with rows ``class_accuracy``, the class in ``group``; before, after: the two
    methods. ValueError without such rows.
    """
    both = frame["method"].isin([before, after])
    rows = frame.loc[(frame["metric"] == "class_accuracy") & both]
    if rows.empty:
        raise ValueError("nothing to draw: the frame has no row of 'class_accuracy'")
    encoders = list(dict.fromkeys(rows["encoder"]))
    names = _classes(rows.loc[rows["method"] == before])
    with figure_style.look():
        figure = figure_style.new(height=1.2 + 0.26 * len(names))
        panels = figure.subplots(1, len(encoders), squeeze=False, sharey=True)[0]
        for axes, encoder in zip(panels, encoders):
            part = rows.loc[rows["encoder"] == encoder]
            means = part.pivot_table(index=["dataset", "group"], columns="method", values="value")
            _dumbbells(axes, 100 * means.reindex(names), [before, after])
            axes.set_title(encoder)
            axes.set_xlabel("accuracy (%)")
        panels[0].set_yticks(range(len(names)), [group for _, group in names], fontsize=9)
        panels[0].set_ylim(len(names) - 0.4, -0.6)
        _explain(figure, panels[0], scale)
    return figure


def _classes(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Data set and class: data sets in the order of the rows, the best class of each first."""
    means = rows.pivot_table(index=["dataset", "group"], values="value", sort=False)["value"]
    place = {name: nth for nth, name in enumerate(dict.fromkeys(rows["dataset"]))}
    names = zip(*(means.index.get_level_values(level) for level in (0, 1)))
    found = sorted(zip(names, means), key=lambda one: (place[one[0][0]], -one[1]))
    return [name for name, _ in found]


def _dumbbells(axes: Axes, means: pd.DataFrame, methods: list[str]) -> None:
    heights = np.arange(len(means))
    axes.hlines(heights, means.min(axis=1), means.max(axis=1), color=figure_style.HAIRLINE, lw=2.5)
    for nth, method in enumerate(methods):
        look = {"linestyle": "", "markersize": 6, **figure_style.series(nth)}
        axes.plot(means[method], heights, label=method, **look)
    axes.set_xlim(-3, 103)
    axes.grid(visible=False, axis="y")


def _explain(figure: figure_style.Picture, axes: Axes, scale: str | None) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=2, columnspacing=1.2)
    figure_style.scale_note(figure, scale)
