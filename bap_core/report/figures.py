"""Curves and charts of measurements, one function per kind. Each reads a frame and returns a
figure; nothing is computed here.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from bap_core.report import criteria, figure_style, labels

PARTS = {
    "additivity": "own parts",
    "additivity_object_swapped": "object swapped",
    "additivity_background_swapped": "background swapped",
}


def dot_plot(
    frame: pd.DataFrame, metric: str = "worst_group_accuracy", *, scale: str | None = None
) -> figure_style.Picture:
    """A metric per method: every run a point, the mean a bar. One panel per encoder, one colour per
    data set.

    frame: tidy frame, accuracies as fractions (drawn in percent). ValueError without rows of the
    metric.
    """
    rows = frame.loc[(frame["metric"] == metric) & frame["value"].notna()]
    if rows.empty:
        known = sorted(frame["metric"].unique())
        raise ValueError(f"nothing to draw: no row of {metric!r}; the frame has {known}")
    encoders, methods = list(dict.fromkeys(rows["encoder"])), labels.sort_methods(rows["method"])
    with figure_style.look():
        figure = figure_style.new(height=1.0 + len(encoders) * (0.7 + 0.34 * len(methods)))
        panels = figure.subplots(len(encoders), squeeze=False, sharex=True)[:, 0]
        for axes, encoder in zip(panels, encoders):
            _dots(axes, rows.loc[rows["encoder"] == encoder], methods, metric)
            axes.set_title(encoder)
        percent = " (%)" if labels.is_accuracy(metric) else ""
        panels[-1].set_xlabel(f"{labels.label(metric)}{percent}")
        _explain(figure, panels[-1], scale, loc="outside upper right", ncols=2)
    return figure


def _dots(axes: Axes, rows: pd.DataFrame, methods: list[str], metric: str) -> None:
    factor = 100 if labels.is_accuracy(metric) else 1
    datasets = list(dict.fromkeys(rows["dataset"]))
    for nth, dataset in enumerate(datasets):
        offset = 0.0 if len(datasets) == 1 else 0.32 * (nth / (len(datasets) - 1) - 0.5)
        look = {"linestyle": "", "markersize": 7, "alpha": 0.75, "markeredgecolor": "white"}
        for height, method in enumerate(methods):
            runs = (rows["dataset"] == dataset) & (rows["method"] == method)
            values = factor * rows.loc[runs, "value"].to_numpy()
            named, y = labels.label(dataset) if height == 0 else None, height + offset
            axes.plot(
                values, np.full(len(values), y), label=named, **look, **figure_style.series(nth)
            )
            if len(values):
                axes.vlines(values.mean(), y - 0.15, y + 0.15, color=figure_style.INK, linewidth=2)
    axes.set_yticks(range(len(methods)), methods)
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    if labels.is_accuracy(metric):
        axes.set_xlim(-2, 102)


def k_curve(frame: pd.DataFrame, *, scale: str | None = None) -> figure_style.Picture:
    """The K ablation. Above: similarity of the anchor to its object's and to the nearest
    background's text. Below: residual variance on log-log axes with the fitted line and its slope,
    and a 1/K line to compare.

    frame: tidy frame with ``cosine_object_text``, ``cosine_background_text``,
    ``residual_variance``, K in ``group``.
    """
    with figure_style.look():
        figure = figure_style.new(height=7.6)
        above, below = figure.subplots(2)
        for nth, encoder in enumerate(dict.fromkeys(frame["encoder"])):
            part = frame.loc[frame["encoder"] == encoder]
            _similarities(above, part, encoder, nth)
            _residual(below, part, encoder, nth)
        ks = criteria.read_curve(frame, {"metric": "residual_variance"})[0]
        for axes in (above, below):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(ks.tolist()))
            axes.xaxis.set_major_formatter(ScalarFormatter())
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_xlabel("K, backgrounds in the mean")
        above.set(title="What the anchor resembles", ylabel="cosine to text")
        below.set(title="What the backgrounds leave", ylabel="residual variance", yscale="log")
        _explain(figure, above, scale, loc="outside upper center", ncols=2)
        below.plot([], [], label="exactly 1/K", **figure_style.REFERENCE)
        below.legend(loc="lower left")
    return figure


def _similarities(axes: Axes, frame: pd.DataFrame, encoder: str, nth: int) -> None:
    for metric, what, line in (
        ("cosine_object_text", "object", "-"),
        ("cosine_background_text", "background", "--"),
    ):
        ks, values = criteria.read_curve(frame, {"metric": metric})
        look = figure_style.series(nth)
        axes.plot(ks, values.mean(axis=0), label=f"{encoder}: {what} text", linestyle=line, **look)
        low, high = values.min(axis=0), values.max(axis=0)
        axes.fill_between(ks, low, high, color=look["color"], alpha=0.15, linewidth=0)


def _residual(axes: Axes, frame: pd.DataFrame, encoder: str, nth: int) -> None:
    ks, values = criteria.read_curve(frame, {"metric": "residual_variance"})
    mean, slope = values.mean(axis=0), criteria.fit_slopes(ks, values).mean
    fitted = np.exp(np.mean(np.log(mean)) + slope * (np.log(ks) - np.mean(np.log(ks))))
    look = figure_style.series(nth)
    axes.plot(ks, mean, linestyle="", label=f"{encoder}: slope {slope:.3f}", **look)
    axes.plot(ks, fitted, color=look["color"], linewidth=1.5)
    axes.plot(ks, mean[0] * ks[0] / ks, **figure_style.REFERENCE)


def additivity_histogram(
    frame: pd.DataFrame, *, bins: Mapping, scale: str | None = None
) -> figure_style.Picture:
    """Equation 1 over all composites, and its null: one panel per encoder.

    frame: tidy frame with the means (`PARTS`); bins: `evaluation.count_in_bins` of the composites
    behind them. ValueError if these cannot have the means and numbers of the frame.
    """
    edges, encoders = np.asarray(bins["edges"]), list(dict.fromkeys(frame["encoder"]))
    with figure_style.look():
        figure = figure_style.new(height=0.8 + 2.1 * len(encoders))
        panels = figure.subplots(len(encoders), squeeze=False, sharex=True)[:, 0]
        for axes, encoder in zip(panels, encoders):
            counts, rows = (
                bins["counts"][encoder],
                frame.loc[frame["encoder"] == encoder].set_index("metric"),
            )
            for nth, (metric, name) in enumerate(PARTS.items()):
                _refuse_other_means(rows.loc[metric], np.asarray(counts[metric]), edges)
                look = {"color": figure_style.SERIES[nth], "linestyle": ("-", "--", ":")[nth]}
                axes.stairs(counts[metric], edges, label=name, linewidth=2, **look)
            own = counts["additivity"]
            axes.stairs(own, edges, fill=True, color=figure_style.SERIES[0], alpha=0.2)
            axes.set(title=encoder, yticks=[])
            means = " / ".join(f"{rows.loc[metric, 'value']:.2f}" for metric in PARTS)
            axes.set_title(f"means {means}", loc="right", fontweight="normal", fontsize=11)
            axes.spines["left"].set_visible(False)
        panels[-1].set_xlabel("additivity S")
        _explain(figure, panels[-1], scale, loc="outside upper left", ncols=3, columnspacing=1.2)
    return figure


def _refuse_other_means(row: pd.Series, counts: np.ndarray, edges: np.ndarray) -> None:
    lowest, highest = (counts @ ends / max(counts.sum(), 1) for ends in (edges[:-1], edges[1:]))
    if counts.sum() != row["n"] or not lowest - 1e-9 <= row["value"] <= highest + 1e-9:
        raise ValueError(
            f"{row['encoder']}: a histogram of {counts.sum()} values with a mean between "
            f"{lowest:.3f} and {highest:.3f} is not that of {row.name}, {row['value']:.3f} of "
            f"{row['n']}"
        )


def before_and_after(
    frame: pd.DataFrame, *, metrics: Sequence[str] = ("bsi", "additivity"), scale: str | None = None
) -> figure_style.Picture:
    """One panel per metric: what every encoder had natively and after the alignment, as points
    joined by a line.

    frame: tidy frame with the methods ``Native`` and ``BAP``.
    """
    methods = ["Native", "BAP"]
    with figure_style.look():
        figure = figure_style.new(height=3.2)
        panels = figure.subplots(1, len(metrics), squeeze=False)[0]
        for axes, metric in zip(panels, metrics):
            rows = frame.loc[frame["metric"] == metric]
            wide = rows.pivot_table(index="encoder", columns="method", values="value", sort=False)
            wide = wide.loc[:, methods]
            for nth, (encoder, values) in enumerate(wide.iterrows()):
                look = {"markersize": 9, "clip_on": False, **figure_style.series(nth)}
                axes.plot(methods, values, label=encoder, **look)
            top = 1.15 * wide.to_numpy().max()
            axes.set(title=labels.label(metric), xlim=(-0.6, 1.6), ylim=(0, top))
            _write_values(axes, wide["Native"], metric, at=-0.12, side="right", gap=0.09 * top)
            _write_values(axes, wide["BAP"], metric, at=1.12, side="left", gap=0.09 * top)
        _explain(figure, panels[-1], scale, loc="outside upper right", ncols=2)
    return figure


def _write_values(
    axes: Axes, values: pd.Series, metric: str, *, at: float, side: str, gap: float
) -> None:
    """Numbers beside their points, pushed up where they would cover each other."""
    lowest = -np.inf
    for value in sorted(values):
        lowest = max(value, lowest + gap)
        words = labels.format_number(value, metric)
        axes.text(at, lowest, words, ha=side, va="center", fontsize=11)


def _explain(figure: figure_style.Picture, axes: Axes, scale: str | None, **look) -> None:
    """One legend for the figure, of what is drawn on ``axes``, and the scale. look: of the
    legend.
    """
    figure.legend(*axes.get_legend_handles_labels(), **look)
    figure_style.scale_note(figure, scale)
