"""Trucks and buses as drawings: a truck with one of four loads, a bus with one deck or two."""

from itertools import pairwise

import numpy as np

from bap_core.micro.drawing.draft import HEADLIGHT, PAINTS, TAILLIGHT, Draft, rounded
from bap_core.micro.drawing.pen import shade, smooth


def draw_truck(d: Draft) -> None:
    """Lorry: a tall cab at the front and a cargo box, tipper, tank or flat bed behind, on three
    axles.
    """
    coat, rim, r = d.tone(*PAINTS), d.tone("#c3c7ca", "#8f9599"), d.uniform(0.062, 0.076)
    cab, top = d.uniform(0.72, 0.78), -d.uniform(0.36, 0.44)
    d.box(0.02, -0.145, 0.97, -0.095, (58, 60, 63))
    d.pick(_box_load, _box_load, _tipper, _tank, _logs)(d, cab - 0.025)
    lean = d.uniform(0.0, 0.05)
    d.add(
        rounded([(cab, -0.08), (cab, top), (0.97 - lean, top), (1.0, -0.24), (1.0, -0.08)], 0.025),
        coat,
        group="cab",
    )
    d.box(0, -0.15, 1.1, 0, shade(coat, 0.82), clip="cab")
    d.bar([(cab, -0.235), (1.0, -0.235)], 0.012, shade(coat, 1.15), clip="cab")
    d.pane(
        [(cab + 0.06, -0.25), (cab + 0.06, top + 0.04), (0.955 - lean, top + 0.04), (0.975, -0.25)],
        radius=0.015,
        name="cabin",
    )
    d.bar([(cab + 0.045, top + 0.03), (cab + 0.045, -0.1)], 0.008, shade(coat, 0.66))
    d.box(0.965, -0.175, 1.0, -0.14, HEADLIGHT, clip="cab")
    d.box(0.93, -0.10, 1.01, -0.07, (70, 72, 75))
    for x in (0.13, 0.13 + 2.25 * r, 0.86):
        d.disc(x, -r, 1.2 * r, (44, 45, 47), clip="cab")
        d.wheel(x, r, rim)


def _box_load(d: Draft, end: float) -> None:
    side, top = d.tone("#e9e6dc", *PAINTS), -d.uniform(0.44, 0.56)
    d.box(0.0, top, end, -0.125, side, radius=0.012, group="load")
    d.box(-0.1, -0.17, 1, 0, shade(side, 0.84), clip="load")
    if d.chance(0.6):
        stripe, y = d.tone(*PAINTS), d.uniform(top + 0.10, -0.24)
        d.add(
            [(-0.1, y), (0.8, y - d.uniform(-0.08, 0.08)), (0.8, y + 0.07), (-0.1, y + 0.05)],
            stripe,
            clip="load",
        )
    else:
        for x in np.arange(0.07, end, 0.085):
            d.bar([(x, top), (x, -0.12)], 0.008, shade(side, 0.84), clip="load")
    d.box(-0.1, -1, 1, top + 0.022, shade(side, 1.1), clip="load")


def _tipper(d: Draft, end: float) -> None:
    side, heap = d.tone(*PAINTS), d.tone("#8a6a48", "#6f6a64", "#c2a878", "#4c4a48")
    top = -d.uniform(0.30, 0.36)
    d.add(
        smooth(
            [
                (0.04, top + 0.02),
                (0.18, top - 0.05),
                (0.34, top - d.uniform(0.06, 0.12)),
                (0.52, top - 0.05),
                (end - 0.03, top + 0.02),
                (0.3, top + 0.06),
            ]
        ),
        heap,
    )
    d.add([(0.0, top), (end, top), (end - 0.03, -0.125), (0.07, -0.125)], side, group="load")
    for x in np.linspace(0.12, end - 0.1, 5):
        d.bar([(x, top), (x, -0.12)], 0.014, shade(side, 0.78), clip="load")
    d.box(-0.1, top, 1, top + 0.03, shade(side, 1.14), clip="load")


def _tank(d: Draft, end: float) -> None:
    side, top = d.tone("#cfd3d6", "#e9e6dc", *PAINTS), -d.uniform(0.36, 0.42)
    d.box(0.0, top, end, -0.13, side, radius=0.11, group="load")
    d.box(-0.1, -0.21, 1, 0, shade(side, 0.78), clip="load")
    d.box(-0.1, top + 0.03, 1, top + 0.06, shade(side, 1.18), clip="load")
    for x in (0.2, 0.42):
        d.bar([(x, top), (x, -0.12)], 0.010, shade(side, 0.7), clip="load")
        d.box(x - 0.03, top - 0.02, x + 0.03, top + 0.01, shade(side, 0.7))


def _logs(d: Draft, end: float) -> None:
    wood, steel = d.tone("#8f6a45", "#a98255", "#c9a66b"), d.tone("#5d6165", "#8f9599")
    d.box(0.0, -0.165, end, -0.125, steel)
    for row in range(3):
        for k in range(2):
            y = -0.195 - 0.062 * row
            d.box(
                0.01 + 0.02 * row,
                y - 0.031,
                end - 0.01 - 0.03 * row,
                y + 0.033,
                shade(wood, 0.85 + 0.12 * row + 0.05 * k),
                radius=0.02,
            )
            d.disc(0.035 + 0.02 * row, y, 0.024, shade(wood, 1.25))
    for x in (0.12, end / 2, end - 0.08):
        d.bar([(x, -0.37), (x, -0.13)], 0.018, shade(steel, 0.8))


def draw_bus(d: Draft) -> None:
    """Long box with a row of windows and a door: single-decker, coach or double-decker."""
    coat, second, r = d.tone(*PAINTS), d.tone("#e9e6dc", *PAINTS), d.uniform(0.052, 0.062)
    double, slant = d.chance(0.25), d.uniform(0.0, 0.05)
    top = -d.uniform(0.46, 0.53) if double else -d.uniform(0.29, 0.35)
    d.add(
        rounded([(0.0, -0.045), (0.0, top), (1 - slant, top), (1.0, -0.16), (1.0, -0.045)], 0.03),
        coat,
        group="body",
    )
    if d.chance(0.6):
        d.box(-0.1, -1, 1.1, top + d.uniform(0.05, 0.09), second, clip="body")
    d.box(-0.1, -0.085, 1.1, 0, shade(coat, 0.8), clip="body")
    if d.chance(0.6):
        d.bar([(-0.1, -0.115), (1.1, -0.115)], 0.02, second, clip="body")
    count = int(d.rng.integers(5, 8))
    for deck, y in enumerate((-0.15, top + 0.155) if double else (-0.15,)):
        high = y - (0.10 if double else min(0.13, -0.045 - top + y))
        _windows(d, y, max(high, top + 0.04), count, slant, deck)
    x = d.uniform(0.80, 0.83)
    d.box(x - 0.005, -0.24, x + 0.065, -0.05, shade(coat, 0.55))
    d.pane(
        [(x + 0.002, -0.055), (x + 0.002, -0.232), (x + 0.058, -0.232), (x + 0.058, -0.055)],
        name="door",
    )
    d.box(0.97, -0.115, 1.02, -0.08, HEADLIGHT, clip="body")
    d.box(-0.02, -0.15, 0.014, -0.09, TAILLIGHT, clip="body")
    for x in (0.20, 0.72):
        d.disc(x, -r, 1.25 * r, shade(coat, 0.4), clip="body")
        d.wheel(x, r, d.tone("#c3c7ca", "#8f9599"))


def _windows(d: Draft, low: float, high: float, count: int, slant: float, deck: int) -> None:
    edges = np.linspace(0.035, 0.79 if deck == 0 else 0.90, count + 1)
    for k, (a, b) in enumerate(pairwise(edges)):
        d.pane(
            [(a, low), (a, high), (b - 0.016, high), (b - 0.016, low)],
            radius=0.008,
            name=f"window {deck} {k}",
        )
    front = 0.995 - slant * (0.6 if deck == 0 else 1)
    d.pane(
        [(0.91, low), (0.91, high), (front - 0.012, high), (front, low)],
        radius=0.008,
        name=f"screen {deck}",
    )
