"""A train as a drawing: a carriage behind a steam, electric or fast engine."""

import numpy as np

from bap_core.micro.drawing.draft import GLASS, PAINTS, STEEL, Draft, rounded
from bap_core.micro.drawing.pen import mix, shade, smooth


def draw_train(d: Draft) -> None:
    """An engine with a carriage behind it: steam, electric, or a fast one with a long nose."""
    coat, second = d.tone(*PAINTS), d.tone("#e9e6dc", *PAINTS)
    build = d.pick(_steam, _electric, _fast)
    split = {
        _steam: d.uniform(0.40, 0.46),
        _electric: d.uniform(0.46, 0.52),
        _fast: d.uniform(0.42, 0.50),
    }[build]
    d.box(split - 0.06, -0.075, split + 0.08, -0.05, (48, 49, 52))
    top = -d.uniform(0.225, 0.255)
    d.box(0.0, top, split - 0.012, -0.045, coat, radius=0.02, group="carriage")
    d.box(-0.1, -0.08, 1, 0, shade(coat, 0.78), clip="carriage")
    d.box(-0.1, -1, 1, top + 0.028, mix(shade(coat, 0.7), (90, 92, 96), 0.5), clip="carriage")
    if d.chance(0.6):
        d.bar([(-0.1, -0.10), (1, -0.10)], 0.018, second, clip="carriage")
    for k, x in enumerate(np.linspace(0.03, split - 0.10, 5)):
        d.pane(
            [(x, -0.125), (x, top + 0.045), (x + 0.052, top + 0.045), (x + 0.052, -0.125)],
            name=f"window {k}",
        )
    _bogies(d, (0.06, 0.13, split - 0.14, split - 0.07), 0.034)
    build(d, split + 0.012, top, coat, second)


def _bogies(d: Draft, places, r: float) -> None:
    for x in places:
        d.wheel(x, r, shade(STEEL, 0.75))
    d.bar([(min(places) - 0.01, -r), (max(places) + 0.01, -r)], 0.010, (40, 41, 44))


def _electric(d: Draft, start: float, top: float, coat, second) -> None:
    d.bar(
        [(start + 0.16, top), (start + 0.12, top - 0.05), (start + 0.20, top - 0.085)],
        0.010,
        shade(STEEL, 0.6),
    )
    d.bar([(start + 0.14, top - 0.088), (start + 0.26, top - 0.084)], 0.012, shade(STEEL, 0.6))
    d.add(
        rounded(
            [(start, -0.045), (start, top), (0.955, top), (0.995, top + 0.09), (1.0, -0.045)], 0.025
        ),
        coat,
        group="engine",
    )
    d.box(-0.1, -0.10, 1.1, -0.075, second, clip="engine")
    d.box(-0.1, -0.075, 1.1, 0, shade(coat, 0.75), clip="engine")
    d.pane(
        [(0.90, top + 0.10), (0.90, top + 0.04), (0.955, top + 0.04), (0.982, top + 0.10)],
        name="cab",
    )
    for k in range(4):
        x = start + 0.08 + 0.07 * k
        d.box(x, top + 0.05, x + 0.045, top + 0.09, shade(coat, 0.62))
    d.disc(0.975, -0.115, 0.016, (247, 236, 190))
    _bogies(d, (start + 0.06, start + 0.14, 0.83, 0.91), 0.036)


def _fast(d: Draft, start: float, top: float, coat, second) -> None:
    d.add(
        smooth(
            [
                (start, -0.05),
                (start, -0.14),
                (start, top),
                (start + 0.16, top),
                (0.80, top + 0.005),
                (0.93, top + 0.09),
                (1.0, -0.08),
                (0.98, -0.045),
                (0.75, -0.045),
            ],
            steps=5,
        ),
        coat,
        group="engine",
    )
    d.add(
        [(-0.1, -0.115), (0.85, -0.115), (1.1, -0.07), (1.1, 0.0), (-0.1, 0.0)],
        second,
        clip="engine",
    )
    d.add(
        [(-0.1, -0.07), (1.1, -0.06), (1.1, 0.0), (-0.1, 0.0)], shade(second, 0.75), clip="engine"
    )
    d.add(
        [(0.80, top + 0.025), (0.86, top + 0.035), (0.925, top + 0.10), (0.82, top + 0.09)],
        GLASS,
        clip="engine",
    )
    for k, x in enumerate(np.arange(start + 0.05, 0.74, 0.062)):
        d.pane(
            [(x, -0.135), (x, top + 0.045), (x + 0.042, top + 0.045), (x + 0.042, -0.135)],
            name=f"seat {k}",
        )
    _bogies(d, (start + 0.07, start + 0.14, 0.80, 0.87), 0.032)


def _steam(d: Draft, start: float, top: float, coat, second) -> None:
    iron = d.tone("#2f3136", "#3a3d42", "#2f4a3c", "#54302c")
    d.add([(0.90, -0.06), (1.0, -0.012), (0.90, -0.012)], shade(second, 0.6))
    d.box(start, -0.085, 0.95, -0.05, shade(iron, 0.7))
    d.add(
        [(0.875, top + 0.07), (0.86, top - 0.035), (0.93, top - 0.035), (0.915, top + 0.07)], iron
    )
    d.box(0.70, top + 0.02, 0.76, top + 0.10, d.tone("#c9a24a", "#b8382f"), radius=0.02)
    d.box(start + 0.14, top + 0.045, 0.955, -0.075, iron, radius=0.03, group="boiler")
    d.box(0, top + 0.06, 1, top + 0.08, shade(iron, 1.5), clip="boiler")
    for x in np.linspace(start + 0.24, 0.88, 3):
        d.bar([(x, top), (x, -0.07)], 0.012, d.tone("#c9a24a", "#9a9d9f"), clip="boiler")
    d.box(start, top, start + 0.17, -0.075, coat)
    d.box(start - 0.02, top - 0.022, start + 0.19, top + 0.008, shade(coat, 0.6), radius=0.01)
    d.pane(
        [
            (start + 0.05, -0.135),
            (start + 0.05, top + 0.045),
            (start + 0.13, top + 0.045),
            (start + 0.13, -0.135),
        ],
        name="cab",
    )
    for x in (start + 0.10, start + 0.235, start + 0.37):
        d.wheel(x, 0.058, d.tone("#b8382f", "#8d959b"))
    d.wheel(0.90, 0.036, STEEL)
    d.bar([(start + 0.10, -0.05), (start + 0.37, -0.05), (0.86, -0.062)], 0.016, STEEL)
