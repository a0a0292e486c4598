"""The paper's idea in one figure: an object on many backgrounds, their mean as its anchor, a
student drawn to it.
"""

from typing import Any

import numpy as np
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle
from matplotlib.transforms import Affine2D

from bap_core.report import figure_style

SCENES = {
    "lake": ("#bfe3f5", "#3f8fbf", "#2f6f9f"),
    "meadow": ("#d6eefb", "#7fb35a", "#5d8f3f"),
    "desert": ("#fbe6c2", "#dfa65a", "#c28842"),
    "city": ("#d5d9e6", "#9aa3b5", "#6d778c"),
    "forest": ("#cfe8d5", "#3f7d57", "#2b5c3f"),
    "night": ("#2d3561", "#151a3a", "#4a5591"),
}
LARGE, SMALL = 20, 19  # points: on a phone the picture is a third of its size
ANCHOR, WAVE = figure_style.RED, figure_style.BLUE


def idea() -> figure_style.Picture:
    """Draw the two phases of BAP: above, K composites and the anchor; below, M composites and
    the student.
    """
    with figure_style.look():
        figure = figure_style.new(10.4, 5.6)
        axes = figure.add_subplot()
        axes.set(xlim=(0, 104), ylim=(-0.4, 56), aspect="equal")
        axes.set_axis_off()
        _phase(axes, 29, "1  Anchor", "the mean over K backgrounds")
        _phase(axes, 0, "2  Alignment", "new backgrounds, one answer")
        _composites(axes, 29, ["lake", "meadow", "desert"], "× K")
        _composites(axes, 0, ["city", "forest", "night"], "× M")
        _encoder(axes, 60.5, 40.5, "teacher", "frozen", figure_style.MUTED)
        _encoder(axes, 60.5, 11.5, "student", "trained", "#00805d")
        _sphere(axes, 89.5, 41.5, [200, 268, 330], drawn=False)
        _sphere(axes, 89.5, 12.5, [215, 285, 340], drawn=True)
        _arrow(axes, (89.5, 31.5), (89.5, 22.8), ANCHOR)
    return figure


def _phase(axes, y: float, title: str, sentence: str) -> None:
    outline: dict[str, Any] = {
        "boxstyle": "round,pad=0,rounding_size=1.6",
        "facecolor": "#f6f8fa",
        "edgecolor": figure_style.HAIRLINE,
    }
    axes.add_patch(FancyBboxPatch((0.5, y), 103, 26.4, **outline))
    axes.text(2.5, y + 22.3, title, fontsize=LARGE, fontweight="bold")
    axes.text(30, y + 22.3, sentence, fontsize=SMALL, color=figure_style.MUTED)


def _composites(axes, y: float, scenes: list[str], count: str) -> None:
    axes.text(10, y + 2.2, "object", ha="center", fontsize=SMALL)
    _bird(axes, 10, y + 11.5, 1.35)
    _arrow(axes, (18.3, y + 11.5), (21.8, y + 11.5), figure_style.MUTED)
    for nth, scene in enumerate(scenes):
        left = 23 + nth * 10.6
        _scene(axes, left, y + 6.6, scene, side=9.9)
        _bird(axes, left + 4.95, y + 11.3, 0.72)
    axes.text(38.5, y + 2.2, f"composites  {count}", ha="center", fontsize=SMALL)
    _arrow(axes, (55, y + 11.5), (58.3, y + 11.5), figure_style.MUTED)
    _arrow(axes, (73.8, y + 11.5), (79.5, y + 11.5), figure_style.MUTED)


def _scene(axes, x: float, y: float, name: str, *, side: float) -> None:
    """A square picture of a scene with its lower left corner at (x, y): sky, ground, and what
    stands on the horizon.
    """
    sky, ground, line = SCENES[name]
    frame = Rectangle((x, y), side, side, facecolor=sky, edgecolor="none")
    axes.add_patch(frame)
    place = Affine2D().scale(side / 10).translate(x, y) + axes.transData
    for shape in [
        *BEHIND[name](line),
        Rectangle((0, 0), 10, 4.2, facecolor=ground),
        *BEFORE.get(name, _nothing)(line),
    ]:
        shape.set_transform(place)
        axes.add_patch(shape)
        shape.set_clip_path(frame)


def _nothing(colour: str) -> list:
    return []


def _mound(colour: str) -> list:
    return [Ellipse((7.5, 4.0), 9, 5, facecolor=colour)]


def _dune(colour: str) -> list:
    return [
        Polygon([(0.5, 4.2), (4.4, 7.2), (8, 4.2)], facecolor=colour),
        Circle((8.3, 8.3), 0.9, facecolor="#f2c14e"),
    ]


def _towers(colour: str) -> list:
    return [
        Rectangle((0.5 + 2.3 * i, 4), 1.8, height, facecolor=colour)
        for i, height in enumerate((3, 4.8, 3.8, 5.2))
    ]


def _firs(colour: str) -> list:
    return [
        Polygon([(2.4 * i, 4), (2.4 * i + 1.3, 9), (2.4 * i + 2.7, 4)], facecolor=colour)
        for i in range(4)
    ]


def _moon(colour: str) -> list:
    stars = [Circle(at, 0.16, facecolor="white") for at in ((1, 8.6), (3.2, 7.1), (5.2, 9.1))]
    return [Circle((7.9, 8.1), 1.0, facecolor="#f4f1de"), *stars]


def _waves(colour: str) -> list:
    return [
        Rectangle((0.8 + 2.6 * (i % 3), 0.7 + 1.0 * i), 2.7, 0.25, facecolor=colour)
        for i in range(3)
    ]


BEHIND = {
    "lake": _nothing,
    "meadow": _mound,
    "desert": _dune,
    "city": _towers,
    "forest": _firs,
    "night": _moon,
}
BEFORE = {"lake": _waves}


def _bird(axes, x: float, y: float, size: float) -> None:
    """A small bird that looks to the right, centred on (x, y)."""
    parts = [
        Polygon([(-4.6, 0.9), (-2.0, 0.9), (-2.2, -0.6)], facecolor="#7a3b1d"),
        Ellipse((-0.2, 0), 5.6, 3.9, angle=14, facecolor="#c65d2e"),
        Ellipse((0.5, -0.9), 3.6, 1.9, angle=14, facecolor="#f4dcc2"),
        Ellipse((-0.9, 0.2), 3.3, 1.7, angle=-18, facecolor="#8a4522"),
        Circle((2.5, 1.9), 1.5, facecolor="#c65d2e"),
        Polygon([(3.8, 2.2), (5.6, 1.7), (3.8, 1.3)], facecolor="#f2b01e"),
        Circle((2.9, 2.2), 0.34, facecolor="#161616"),
        Circle((3.02, 2.32), 0.11, facecolor="white"),
        Rectangle((-0.5, -3.4), 0.26, 1.7, facecolor="#7a3b1d"),
        Rectangle((0.7, -3.4), 0.26, 1.7, facecolor="#7a3b1d"),
    ]
    place = Affine2D().scale(size).translate(x - 0.3 * size, y) + axes.transData
    for part in parts:
        part.set_transform(place)
        axes.add_patch(part)


def _encoder(axes, x: float, y: float, name: str, state: str, colour: str) -> None:
    corners = [(x - 1, y + 7), (x + 12.4, y + 4), (x + 12.4, y - 4), (x - 1, y - 7)]
    axes.add_patch(Polygon(corners, facecolor=colour, edgecolor="none"))
    axes.text(
        x + 5.8,
        y + 1.5,
        name,
        color="white",
        ha="center",
        va="center",
        fontsize=17,
        fontweight="bold",
    )
    axes.text(x + 5.8, y - 2.6, state, color="white", ha="center", va="center", fontsize=16)


def _sphere(axes, x: float, y: float, angles: list[float], *, drawn: bool) -> None:
    """Embeddings on the unit sphere around the anchor: averaged (phase 1) or drawn towards it
    (phase 2).
    """
    axes.add_patch(
        Circle((x, y), 8.6, facecolor="white", edgecolor=figure_style.HAIRLINE, linewidth=1.4)
    )
    anchor = np.array([x + 0.6, y + 0.4])
    for angle in np.radians(angles + [120, 60]):
        point = anchor + 6.0 * np.array([np.cos(angle), 0.8 * np.sin(angle)])
        axes.plot(*point, "o", color=WAVE, markersize=8)
        if drawn:
            _arrow(axes, point, anchor + 0.28 * (point - anchor), figure_style.GREEN)
        else:
            axes.plot(*zip(point, anchor), color=WAVE, linewidth=1, linestyle=":")
    axes.plot(*anchor, marker="*", color=ANCHOR, markersize=21, markeredgecolor="white")


def _arrow(axes, start, end, colour: str) -> None:
    shape: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 14, "linewidth": 2}
    axes.add_patch(FancyArrowPatch(start, end, color=colour, shrinkA=0, shrinkB=0, **shape))
