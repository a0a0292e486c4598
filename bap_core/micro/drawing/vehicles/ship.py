"""A ship as a drawing: freighter, liner or tug."""

import numpy as np

from bap_core.micro.drawing.draft import GLASS, PAINTS, STEEL, WHITES, Draft, rounded
from bap_core.micro.drawing.pen import shade


def draw_ship(d: Draft) -> None:
    """A long hull under superstructures: freighter with containers, liner with decks, or tug."""
    coat, boot, deck = (
        d.tone(*PAINTS),
        d.tone("#8f3a30", "#3f5f4a", "#2f4a6b", "#54504c"),
        -d.uniform(0.155, 0.19),
    )
    build = d.pick(_freighter, _liner, _tug)
    rise = d.uniform(0.03, 0.07)
    build(d, deck)
    d.add(
        rounded(
            [
                (0.0, deck - 0.015),
                (0.10, deck),
                (0.78, deck),
                (1.0, deck - rise),
                (0.93, -0.06),
                (0.88, 0.0),
                (0.06, 0.0),
            ],
            0.02,
        ),
        coat,
        group="hull",
    )
    d.box(-0.1, -d.uniform(0.045, 0.06), 1.1, 0.1, boot, clip="hull")
    d.add(
        [
            (0.0, deck + 0.01),
            (0.8, deck + 0.02),
            (1.0, deck - rise + 0.02),
            (1.0, deck - rise + 0.04),
            (0.8, deck + 0.04),
            (0.0, deck + 0.03),
        ],
        shade(coat, 1.25),
        clip="hull",
    )
    d.add([(-0.1, -0.10), (1.1, -0.10), (1.1, 0.0), (-0.1, 0.0)], shade(coat, 0.8), clip="hull")
    d.box(-0.1, -0.05, 1.1, 0.1, boot, clip="hull")
    for x in np.arange(0.14, 0.80, d.uniform(0.07, 0.11)):
        d.disc(x, deck + 0.062, 0.011, shade(coat, 0.45), clip="hull")
    d.bar([(0.88, deck + 0.03), (0.88, deck + 0.075)], 0.012, shade(coat, 0.4), clip="hull")


def _freighter(d: Draft, deck: float) -> None:
    white = d.tone(*WHITES)
    for k in range(3):
        _house(d, 0.08, 0.21 - 0.008 * k, deck - 0.062 * k + 0.01, deck - 0.062 * (k + 1), white)
    _funnel(d, 0.045, deck, 0.17, d.tone(*PAINTS))
    d.bar([(0.16, deck - 0.18), (0.16, deck - 0.27)], 0.012, shade(STEEL, 0.7))
    x = 0.25
    while x < 0.76:
        for row in range(int(d.rng.integers(1, 4))):
            fill, y = d.tone(*PAINTS), deck - 0.055 * row
            d.box(x, y - 0.055, x + 0.095, y + 0.01, fill)
            for k in (0.03, 0.062):
                d.bar([(x + k, y - 0.05), (x + k, y)], 0.006, shade(fill, 0.75))
            d.box(x, y - 0.055, x + 0.095, y - 0.047, shade(fill, 1.15))
        x += 0.102
    d.bar([(0.87, deck + 0.01), (0.87, deck - 0.13)], 0.012, shade(STEEL, 0.7))


def _liner(d: Draft, deck: float) -> None:
    white, start = d.tone(*WHITES), d.uniform(0.10, 0.16)
    storeys = int(d.rng.integers(2, 4))
    for k in range(storeys):
        _house(
            d,
            start + 0.035 * k,
            0.82 - 0.05 * k,
            deck - 0.06 * k + 0.01,
            deck - 0.06 * (k + 1),
            shade(white, 1 - 0.03 * k),
        )
    top, paint = deck - 0.06 * storeys, d.tone(*PAINTS)
    for x in ((0.42,), (0.34, 0.52), (0.28, 0.42, 0.56))[d.rng.integers(3)]:
        _funnel(d, x, top + 0.01, d.uniform(0.10, 0.14), paint)
    for x in (0.22, 0.74):
        d.bar([(x, deck), (x, top - 0.10)], 0.010, shade(STEEL, 0.75))


def _tug(d: Draft, deck: float) -> None:
    white, fill = d.tone(*WHITES), d.tone(*PAINTS)
    _house(d, 0.30, 0.70, deck + 0.01, deck - 0.085, white)
    d.box(0.44, deck - 0.20, 0.66, deck - 0.085, shade(white, 0.96))
    d.pane(
        [(0.465, deck - 0.115), (0.465, deck - 0.175), (0.64, deck - 0.175), (0.64, deck - 0.115)],
        name="bridge",
    )
    d.box(0.42, deck - 0.215, 0.68, deck - 0.195, fill)
    _funnel(d, 0.33, deck - 0.08, 0.15, fill)
    d.bar([(0.56, deck - 0.2), (0.56, deck - 0.34)], 0.014, shade(STEEL, 0.7))
    d.bar([(0.13, deck + 0.01), (0.13, deck - 0.09)], 0.03, shade(fill, 0.6))


def _house(d: Draft, x0: float, x1: float, low: float, high: float, fill) -> None:
    """One storey of a superstructure with a band of windows."""
    d.box(x0, high, x1, low, fill)
    d.box(x0, high, x1, high + 0.012, shade(fill, 1.1))
    step = max(0.034, (x1 - x0) / 12)
    for x in np.arange(x0 + 0.4 * step, x1 - 0.8 * step, step):
        d.box(x, high + 0.022, x + 0.55 * step, high + 0.042, GLASS)


def _funnel(d: Draft, x: float, low: float, tall: float, fill) -> None:
    d.add(
        [(x, low), (x - 0.015, low - tall), (x + 0.055, low - tall), (x + 0.065, low)],
        fill,
        group=f"funnel {x:.3f}",
    )
    d.box(x - 0.1, low - tall, x + 0.1, low - 0.72 * tall, (44, 44, 47), clip=f"funnel {x:.3f}")
