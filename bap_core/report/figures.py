"""Figures, one function per kind. Each reads a frame or pictures and returns a figure; nothing
is computed here.
"""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter
from PIL import Image

from bap_core.report import figure_style, labels, rules


def dot_plot(
    frame: pd.DataFrame, metric: str = "worst_group_accuracy", *, scale: str | None = None
) -> figure_style.Picture:
    """A metric per method: every run a point, the mean a bar. One panel per encoder, one colour per
    data set.

    frame: tidy frame, accuracies as fractions (drawn in percent). ValueError without rows of the
    metric.
    """
    rows = frame[frame["metric"] == metric].dropna(subset=["value"])
    if rows.empty:
        raise ValueError(
            f"nothing to draw: no row of {metric!r}; the frame has "
            f"{sorted(frame['metric'].unique())}"
        )
    encoders, methods = (
        list(dict.fromkeys(rows["encoder"])),
        labels.in_method_order(rows["method"]),
    )
    with figure_style.look():
        figure = figure_style.new(height=1.0 + len(encoders) * (0.7 + 0.34 * len(methods)))
        for axes, encoder in zip(
            np.atleast_1d(figure.subplots(len(encoders), sharex=True)), encoders
        ):
            _dots(axes, rows[rows["encoder"] == encoder], methods, metric)
            axes.set_title(encoder)
        axes.set_xlabel(f"{labels.label(metric)}{' (%)' if labels.is_accuracy(metric) else ''}")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
        figure_style.scale_note(figure, scale)
    return figure


def _dots(axes, rows: pd.DataFrame, methods: list[str], metric: str) -> None:
    factor = 100 if labels.is_accuracy(metric) else 1
    datasets = list(dict.fromkeys(rows["dataset"]))
    for nth, dataset in enumerate(datasets):
        offset = 0.0 if len(datasets) == 1 else 0.32 * (nth / (len(datasets) - 1) - 0.5)
        look = {"color": figure_style.SERIES[nth], "marker": figure_style.MARKERS[nth]}
        for height, method in enumerate(methods):
            values = (
                factor
                * rows.loc[
                    (rows["dataset"] == dataset) & (rows["method"] == method), "value"
                ].to_numpy()
            )
            named = labels.label(dataset) if height == 0 else None
            at = np.full(len(values), height + offset)
            axes.plot(
                values,
                at,
                linestyle="",
                markersize=7,
                alpha=0.75,
                markeredgecolor="white",
                label=named,
                **look,
            )
            if len(values):
                axes.vlines(
                    values.mean(), at[0] - 0.15, at[0] + 0.15, color=figure_style.INK, linewidth=2
                )
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
    encoders = list(dict.fromkeys(frame["encoder"]))
    with figure_style.look():
        figure = figure_style.new(height=7.6)
        above, below = figure.subplots(2)
        for nth, encoder in enumerate(encoders):
            part = frame[frame["encoder"] == encoder]
            _similarities(above, part, encoder, nth)
            _residual(below, part, encoder, nth)
        for axes in (above, below):
            ks = rules.curve(frame, {"metric": "residual_variance"})[0]
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(ks))
            axes.xaxis.set_major_formatter(ScalarFormatter())
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_xlabel("K, backgrounds in the mean")
        above.set(title="What the anchor resembles", ylabel="cosine to text")
        below.set(title="What the backgrounds leave", ylabel="residual variance", yscale="log")
        figure.legend(*above.get_legend_handles_labels(), loc="outside upper center", ncols=2)
        below.plot(
            [], [], color=figure_style.MUTED, linestyle=":", linewidth=1.5, label="exactly 1/K"
        )
        below.legend(loc="lower left")
        figure_style.scale_note(figure, scale)
    return figure


def _similarities(axes, frame: pd.DataFrame, encoder: str, nth: int) -> None:
    for metric, what, line in (
        ("cosine_object_text", "object", "-"),
        ("cosine_background_text", "background", "--"),
    ):
        ks, values = rules.curve(frame, {"metric": metric})
        look = {
            "color": figure_style.SERIES[nth],
            "marker": figure_style.MARKERS[nth],
            "linestyle": line,
        }
        axes.plot(ks, values.mean(axis=0), label=f"{encoder}: {what} text", **look)
        axes.fill_between(
            ks,
            values.min(axis=0),
            values.max(axis=0),
            color=figure_style.SERIES[nth],
            alpha=0.15,
            linewidth=0,
        )


def _residual(axes, frame: pd.DataFrame, encoder: str, nth: int) -> None:
    ks, values = rules.curve(frame, {"metric": "residual_variance"})
    mean, slope = values.mean(axis=0), rules.slopes(ks, values).mean
    fitted = np.exp(np.mean(np.log(mean)) + slope * (np.log(ks) - np.mean(np.log(ks))))
    look = {"color": figure_style.SERIES[nth], "marker": figure_style.MARKERS[nth]}
    axes.plot(ks, mean, linestyle="", label=f"{encoder}: slope {slope:.3f}", **look)
    axes.plot(ks, fitted, color=figure_style.SERIES[nth], linewidth=1.5)
    axes.plot(ks, mean[0] * ks[0] / ks, color=figure_style.MUTED, linestyle=":", linewidth=1.5)


def additivity_histogram(
    scores: Mapping[str, pd.DataFrame], *, scale: str | None = None
) -> figure_style.Picture:
    """Equation 1 over all composites, and its null: one panel per encoder.

    scores: encoder name -> frame of `additivity.additivity_scores` (``score``,
    ``object_swapped``, ``background_swapped``, each (n,)).
    """
    series = {
        "score": "own parts",
        "object_swapped": "object swapped",
        "background_swapped": "background swapped",
    }
    low = min(frame[list(series)].min().min() for frame in scores.values())
    bins = np.linspace(low, 1, 61)
    with figure_style.look():
        figure = figure_style.new(height=0.8 + 2.1 * len(scores))
        for axes, (encoder, frame) in zip(
            np.atleast_1d(figure.subplots(len(scores), sharex=True)), scores.items()
        ):
            for nth, (column, name) in enumerate(series.items()):
                look = {
                    "color": figure_style.SERIES[nth],
                    "linestyle": ("-", "--", ":")[nth],
                    "linewidth": 2,
                }
                axes.hist(frame[column], bins=bins, histtype="step", label=name, **look)
            axes.hist(frame["score"], bins=bins, color=figure_style.SERIES[0], alpha=0.2)
            axes.set(title=encoder, yticks=[])
            means = " / ".join(f"{frame[column].mean():.2f}" for column in series)
            axes.set_title(f"means {means}", loc="right", fontweight="normal", fontsize=11)
            axes.spines["left"].set_visible(False)
        axes.set_xlabel("additivity S")
        figure.legend(
            *axes.get_legend_handles_labels(), loc="outside upper left", ncols=3, columnspacing=1.2
        )
        figure_style.scale_note(figure, scale)
    return figure


def picture_grid(
    pictures: Sequence,
    titles: Sequence[str] = (),
    *,
    columns: int = 4,
    heading: str = "",
    side: float = 1.7,
) -> figure_style.Picture:
    """Pictures in rows with a title over each: PIL images, uint8 (H, W, 3) arrays or (3, H, W)
    tensors.

    RGBA pictures lie on a light chequerboard, so that what is cut away can be seen. side: inches
    per picture.
    """
    pictures = [as_array(picture) for picture in pictures]
    columns = min(columns, max(1, len(pictures)))
    n_rows = -(-len(pictures) // columns)
    with figure_style.look():
        figure = figure_style.new(
            columns * side, n_rows * (side + (0.3 if titles else 0.0)) + (0.4 if heading else 0.0)
        )
        for place, axes in enumerate(np.ravel(figure.subplots(n_rows, columns, squeeze=False))):
            axes.set_axis_off()
            if place < len(pictures):
                axes.imshow(pictures[place], interpolation="antialiased")
                title = titles[place] if place < len(titles) else ""
                axes.set_title(title, fontsize=10, fontweight="normal", loc="center", pad=3)
        if heading:
            figure.suptitle(heading, fontweight="bold", fontsize=13, x=0.01, ha="left")
    return figure


def mistakes(
    scenes, wrong: pd.DataFrame, rows: Sequence[int], *, columns: int = 3
) -> figure_style.Picture:
    """Test pictures with their groups, and below each the methods that got it wrong.

    scenes: the test split of a `Scenes`; wrong: (N, methods) bool, from `scoring.wrong`; rows:
    which of the N to show.
    """
    names, n_rows = labels.in_method_order(wrong.columns), -(-len(rows) // columns)
    with figure_style.look():
        figure = figure_style.new(
            figure_style.WIDTH, n_rows * (figure_style.WIDTH / columns + 0.75)
        )
        grid = figure.subplots(n_rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, i in zip(grid, rows):
            axes.imshow(as_array(scenes.square(i, 160)), interpolation="antialiased")
            title = textwrap.fill(scenes.group_names[scenes.groups[i]], 84 // columns)
            axes.set_title(title, fontsize=10, fontweight="normal", loc="center", pad=3)
            failed = [name for name in names if wrong[name].iloc[i]]
            words = (
                "all right"
                if not failed
                else "all wrong"
                if len(failed) == len(names)
                else f"wrong: {', '.join(failed)}"
            )
            axes.text(
                0.5,
                -0.04,
                textwrap.fill(words, 32),
                transform=axes.transAxes,
                fontsize=8,
                ha="center",
                va="top",
            )
    return figure


def contact_sheet(
    rows: Sequence[Sequence], names: Sequence[str] = (), *, headings: Sequence[str] = ()
) -> figure_style.Picture:
    """One object per row: what ``rows`` hold from left to right, such as the cut-out and then its
    composites.

    rows: R lists of pictures (shorter ones leave room at the right); names: R row names; headings:
    column headings.
    """
    columns = max(len(row) for row in rows)
    with figure_style.look():
        side = min(1.8, max(1.15, figure_style.WIDTH / columns))
        figure = figure_style.new(
            columns * side + (0.9 if names else 0), len(rows) * side + (0.3 if headings else 0)
        )
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for y, row in enumerate(rows):
            for x, axes in enumerate(grid[y]):
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if x < len(row):
                    axes.imshow(as_array(row[x]), interpolation="antialiased")
                if y == 0 and x < len(headings):
                    axes.set_title(
                        headings[x], fontsize=10, fontweight="normal", loc="center", pad=4
                    )
            if y < len(names):
                grid[y, 0].set_ylabel(names[y], rotation=0, ha="right", va="center", fontsize=10)
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    return figure


def before_and_after(
    frame: pd.DataFrame, *, metrics: Sequence[str] = ("bsi", "additivity"), scale: str | None = None
) -> figure_style.Picture:
    """One panel per metric: what every encoder had natively and after the alignment, as points
    joined by a line.

    frame: tidy frame with the methods ``Native`` and ``BAP``.
    """
    with figure_style.look():
        figure = figure_style.new(height=3.2)
        for axes, metric in zip(np.atleast_1d(figure.subplots(1, len(metrics))), metrics):
            rows = frame[frame["metric"] == metric]
            wide = rows.pivot_table(index="encoder", columns="method", values="value", sort=False)[
                ["Native", "BAP"]
            ]
            for nth, (encoder, values) in enumerate(wide.iterrows()):
                look = {"color": figure_style.SERIES[nth], "marker": figure_style.MARKERS[nth]}
                axes.plot(
                    ["Native", "BAP"], values, markersize=9, label=encoder, clip_on=False, **look
                )
            top = 1.15 * wide.to_numpy().max()
            axes.set(title=labels.label(metric), xlim=(-0.6, 1.6), ylim=(0, top))
            _write_values(axes, wide["Native"], metric, at=-0.12, side="right", gap=0.09 * top)
            _write_values(axes, wide["BAP"], metric, at=1.12, side="left", gap=0.09 * top)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2)
        figure_style.scale_note(figure, scale)
    return figure


def _write_values(
    axes, values: pd.Series, metric: str, *, at: float, side: str, gap: float
) -> None:
    """Numbers beside their points, pushed up where they would cover each other."""
    lowest = -np.inf
    for value in sorted(values):
        lowest = max(value, lowest + gap)
        axes.text(at, lowest, labels.number(value, metric), ha=side, va="center", fontsize=11)


def as_array(picture) -> np.ndarray:
    """A picture as uint8 (H, W, 3): from PIL, from an array (H, W, 3 or 4), or from a tensor (3
    or 4, H, W).
    """
    if isinstance(picture, Image.Image):
        picture = picture if picture.mode == "RGBA" else picture.convert("RGB")
    array = np.asarray(picture)
    if array.ndim != 3:
        raise ValueError(f"a picture has three axes, got shape {array.shape}")
    if array.shape[0] in (3, 4) and array.shape[2] not in (3, 4):
        array = np.moveaxis(array, 0, 2)
    return _on_chequers(array) if array.shape[2] == 4 else array


def _on_chequers(rgba: np.ndarray) -> np.ndarray:
    height, width = rgba.shape[:2]
    tile = max(2, min(height, width) // 12)
    dark = (np.arange(height)[:, None] // tile + np.arange(width) // tile) % 2
    ground = np.where(dark[..., None], 225, 245)
    alpha = rgba[..., 3:].astype(float) / 255
    return np.rint(rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
