"""The package in one figure: its rooms down a stair, and a dot wherever one imports another."""

import re
from collections.abc import Collection, Mapping, Sequence
from html import unescape
from pathlib import Path

import matplotlib as mpl
from matplotlib.patches import FancyBboxPatch

from bap_core.report import figure_style

BOX = 2.8  # width of a room, in steps of the stair
Imports = Mapping[str, Collection[str]]  # room -> the rooms that it imports


def house(order: Sequence[str], imports: Imports) -> figure_style.Picture:
    """Draw the rooms of ``order`` as a stair from the top to the bottom, with a dot per import.

    A line runs from every room to the left, as far as it imports something, and one runs down from
    every room, as far as it is imported; where the two lines of an import meet, there is a dot.
    """
    with figure_style.look():
        figure = figure_style.new(figure_style.WIDTH, 0.36 * len(order))
        axes = figure.add_subplot()
        axes.set(xlim=(-0.6, len(order) - 0.4 + BOX), ylim=(len(order) - 0.4, -0.6))
        axes.set_axis_off()
        for row, room in enumerate(order):
            columns = [column for column in range(row) if order[column] in imports.get(room, ())]
            users = [user for user, name in enumerate(order) if room in imports.get(name, ())]
            line = {"color": "#b4bcc4", "linewidth": 1.1, "zorder": 1}
            axes.plot([min(columns, default=row), row], [row, row], **line)
            axes.plot([row, row], [row, max(users, default=row)], **line)
            axes.plot(columns, [row] * len(columns), "o", color=figure_style.RED, markersize=7)
            _room(axes, row, room)
        explained = "A dot: the room in its row\nimports the room above it."
        axes.text(len(order) - 0.5 + BOX, 0.1, explained, ha="right", va="center")
    return figure


def _room(axes, step: int, name: str) -> None:
    shape = {"boxstyle": "round,pad=0,rounding_size=0.2", "mutation_aspect": 1, "linewidth": 0}
    axes.add_patch(
        FancyBboxPatch((step - 0.42, step - 0.36), BOX, 0.72, color=figure_style.BLUE, **shape)
    )
    axes.text(
        step - 0.42 + BOX / 2, step + 0.02, name, color="white", ha="center", va="center",
        fontsize=10.5, fontweight="bold",
    )  # fmt: skip


def in_words(order: Sequence[str], imports: Imports) -> str:
    """What `house` draws, as text: one sentence per room, in their order."""
    sentences = []
    for room in order:
        found = ", ".join(other for other in order if other in imports.get(room, ()))
        sentences.append(f"{room} imports {found or 'none of the others'}.")
    return " ".join(sentences)


def write(path: str | Path, order: Sequence[str], imports: Imports) -> None:
    """Draw `house` as an SVG that carries `in_words` as its description; the same bytes for the
    same imports.
    """
    figure = house(order, imports)
    with figure_style.look(), mpl.rc_context({"svg.hashsalt": "house"}):
        described = {"Description": in_words(order, imports), "Date": None, "Title": "The rooms"}
        figure.savefig(path, format="svg", metadata=described, bbox_inches="tight", pad_inches=0.1)


def described(path: str | Path) -> str:
    """The description that `write` left in a picture. ValueError naming the file without one."""
    text = Path(path).read_text(encoding="utf-8")
    if not (found := re.search(r"<dc:description>(.*?)</dc:description>", text, re.DOTALL)):
        raise ValueError(f"{path}: no picture that `house_figure.write` made")
    return unescape(found[1])
