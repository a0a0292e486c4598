"""Vehicles of water, air and rail as drawings: ship, sailboat, airplane and train, each in several
builds.

Every function paints one individual on a `Draft`: front to the right, from x = 0 to about 1,
standing on y = 0.
"""

import numpy as np

from bap_core.micro.drawing.draft import GLASS, PAINTS, STEEL, Draft, rounded
from bap_core.micro.drawing.pen import colour, mix, oval, shade, smooth

_WHITE = ("#f1efe8", "#e9e6dc", "#dfe2e2")


def ship(d: Draft) -> None:
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


def _freighter(d: Draft, deck: float) -> None:
    white = d.tone(*_WHITE)
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
    white, start = d.tone(*_WHITE), d.uniform(0.10, 0.16)
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
    white, fill = d.tone(*_WHITE), d.tone(*PAINTS)
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


def sailboat(d: Draft) -> None:
    """A small hull with a keel under one mast: mainsail with or without a foresail, sometimes
    two masts.
    """
    hull, trim = d.tone(*PAINTS), d.tone(*PAINTS)
    sail, second = (
        (d.tone(*_WHITE), d.tone(*_WHITE)) if d.chance(0.6) else (d.tone(*PAINTS), d.tone(*_WHITE))
    )
    mast, tall, deck = d.uniform(0.50, 0.58), d.uniform(1.02, 1.28), -d.uniform(0.20, 0.23)
    d.add([(0.38, -0.06), (0.58, -0.06), (0.53, 0.0), (0.42, 0.0)], shade(hull, 0.55))
    d.bar([(mast, deck + 0.02), (mast, deck - tall)], 0.020, d.tone("#8a6a48", "#c9ccce"))
    boom = deck - d.uniform(0.06, 0.10)
    _main(d, mast - 0.015, boom, tall - 0.05, sail, trim)
    if d.chance(0.75):
        foot, peak = d.uniform(0.93, 1.0), deck - tall * d.uniform(0.72, 0.97)
        d.add(
            smooth(
                [
                    (mast + 0.03, boom + 0.01),
                    (mast + 0.05, 0.5 * (boom + peak)),
                    (mast + 0.022, peak),
                    (0.5 * (mast + foot) + 0.06, 0.5 * (boom + peak)),
                    (foot, boom + 0.04),
                    (0.5 * (mast + foot), boom + 0.035),
                ],
                steps=5,
            ),
            shade(second, 0.93),
        )
    if d.chance(0.5):
        d.add(
            rounded(
                [
                    (0.26, deck + 0.02),
                    (0.30, deck - 0.055),
                    (0.60, deck - 0.055),
                    (0.68, deck + 0.02),
                ],
                0.02,
            ),
            shade(second, 0.9),
        )
        for x in (0.36, 0.46, 0.56):
            d.box(x - 0.026, deck - 0.036, x + 0.026, deck - 0.01, GLASS)
    d.add(
        smooth(
            [
                (0.0, deck + 0.01),
                (0.5, deck + 0.025),
                (1.02, deck - 0.03),
                (0.86, -0.10),
                (0.62, -0.045),
                (0.20, -0.055),
                (0.04, -0.11),
            ],
            steps=5,
        ),
        hull,
        group="hull",
    )
    d.add([(-0.1, -0.105), (1.1, -0.115), (1.1, 0.0), (-0.1, 0.0)], shade(hull, 0.78), clip="hull")
    d.add(
        [
            (-0.1, deck + 0.025),
            (0.5, deck + 0.055),
            (1.1, deck + 0.0),
            (1.1, deck + 0.03),
            (0.5, deck + 0.085),
            (-0.1, deck + 0.055),
        ],
        trim,
        clip="hull",
    )


def _main(d: Draft, mast: float, boom: float, tall: float, sail, trim) -> None:
    peak, back = boom - tall + 0.12, d.uniform(0.02, 0.10)
    d.add(
        smooth(
            [
                (mast, boom),
                (mast, 0.5 * (boom + peak)),
                (mast - 0.01, peak),
                (0.42 * mast + 0.5 * back, 0.45 * boom + 0.55 * peak),
                (back, boom + 0.01),
                (0.5 * mast, boom + 0.03),
            ],
            steps=5,
        ),
        sail,
        group="main",
    )
    d.add(
        [(mast, peak), (mast, boom), (0.55 * mast, boom + 0.04), (mast - 0.08, peak)],
        shade(sail, 1.07),
        clip="main",
    )
    if d.chance(0.4):
        y = boom - d.uniform(0.1, 0.4) * tall
        d.add([(-0.2, y), (1, y - 0.10), (1, y - 0.03), (-0.2, y + 0.07)], trim, clip="main")
    for share in (0.25, 0.5, 0.72):
        y = boom + share * (peak - boom)
        d.bar([(mast, y), (-0.1, y + 0.12)], 0.008, shade(sail, 0.84), clip="main")
    d.bar([(mast + 0.01, boom + 0.015), (back, boom + 0.03)], 0.022, colour("#7d6248"))


def airplane(d: Draft) -> None:
    """Tube with a fin and wings seen from the side: airliner with jets, or a small one with a
    propeller.
    """
    small = d.chance(0.35)
    _light_plane(d) if small else _airliner(d)
    d.tilt(d.uniform(-4, 6) if d.chance(0.5) else d.uniform(6, 16))


def _airliner(d: Draft) -> None:
    coat, paint = d.tone(*_WHITE, *PAINTS[:4]), d.tone(*PAINTS)
    h = d.uniform(0.050, 0.062)
    d.add([(0.40, -0.01), (0.52, -0.01), (0.36, -0.15), (0.30, -0.15)], shade(coat, 0.72))
    d.add([(0.07, -0.02), (0.17, -0.03), (0.10, -0.07 - h), (0.05, -0.07 - h)], shade(coat, 0.72))
    d.add(
        rounded(
            [(0.02, -0.6 * h), (-0.015, -0.235), (0.065, -0.235), (0.21, -0.9 * h), (0.1, 0)], 0.012
        ),
        paint,
        group="fin",
    )
    d.bar([(0.0, -0.2), (0.09, -0.19)], 0.022, shade(coat, 1.05), clip="fin")
    body = [
        (0.0, -0.75 * h),
        (0.10, -0.95 * h),
        (0.45, -h),
        (0.80, -h),
        (0.93, -0.72 * h),
        (1.0, 0.12 * h),
        (0.93, 0.68 * h),
        (0.75, h),
        (0.30, h),
        (0.12, 0.15 * h),
    ]
    d.add(smooth(body), coat, group="body")
    d.add([(-0.1, 0.30 * h), (1.1, 0.30 * h), (1.1, 1), (-0.1, 1)], shade(coat, 0.83), clip="body")
    if d.chance(0.6):
        d.bar([(-0.1, 0.05 * h), (1.1, 0.05 * h)], 0.016, paint, clip="body")
    for x in np.arange(0.17, 0.86, 0.033):
        d.box(x, -0.48 * h, x + 0.016, -0.05 * h, GLASS)
    d.add(
        [(0.91, -0.66 * h), (0.955, -0.5 * h), (0.975, -0.12 * h), (0.905, -0.12 * h)],
        GLASS,
        clip="body",
    )
    d.box(0.47, 0.9 * h + 0.02, 0.62, 0.9 * h + 0.068, shade(paint, 0.9), radius=0.02)
    d.disc(0.61, 0.9 * h + 0.044, 0.018, (52, 54, 58))
    wing = np.array([(0.39, 0.35 * h), (0.60, 0.35 * h), (0.34, 0.22), (0.255, 0.22)])
    d.add(wing, shade(coat, 0.92), group="wing")
    d.add(wing + [-0.06, 0], shade(coat, 0.76), clip="wing")
    d.add([(0.05, -0.15 * h), (0.16, -0.15 * h), (0.06, 0.06), (0.0, 0.06)], shade(coat, 0.86))


def _light_plane(d: Draft) -> None:
    coat, paint = d.tone(*PAINTS), d.tone(*_WHITE, *PAINTS)
    h, wing = d.uniform(0.085, 0.10), d.uniform(-0.155, -0.135)
    for x in (0.60, 0.80):
        d.bar([(x - 0.04, 0.5 * h), (x, 0.155)], 0.022, shade(STEEL, 0.7))
        d.wheel(x, 0.048, STEEL, y=0.16)
    d.add(rounded([(0.01, -0.02), (-0.01, -0.21), (0.08, -0.21), (0.22, -0.03)], 0.03), paint)
    d.add(
        smooth(
            [
                (0.0, -0.045),
                (0.35, -0.95 * h),
                (0.46, -1.45 * h),
                (0.66, -1.4 * h),
                (0.76, -0.75 * h),
                (0.93, -0.6 * h),
                (0.96, 0.35 * h),
                (0.75, 0.85 * h),
                (0.45, 0.8 * h),
                (0.1, 0.10 * h),
            ],
            steps=5,
        ),
        coat,
        group="body",
    )
    d.add(
        [(-0.1, 0.02), (1.1, 0.25 * h), (1.1, 1), (-0.1, 1)],
        paint if d.chance(0.5) else shade(coat, 0.82),
        clip="body",
    )
    d.pane([(0.46, -0.5 * h), (0.48, -1.25 * h), (0.65, -1.2 * h), (0.73, -0.5 * h)], radius=0.02)
    d.bar([(0.585, -1.3 * h), (0.59, -0.4 * h)], 0.016, coat, clip="pane")
    d.bar([(0.55, 0.4 * h), (0.52, wing)], 0.018, shade(coat, 0.6))
    d.box(0.37, wing - 0.022, 0.71, wing + 0.024, shade(paint, 0.95), radius=0.02)
    d.add([(0.02, -0.035), (0.17, -0.035), (0.15, 0.0), (0.0, 0.0)], shade(paint, 0.85))
    d.add(oval((0.995, -0.1 * h), 0.012, 0.15), mix(STEEL, (70, 70, 74), 0.6))
    d.add(smooth([(0.94, -0.35 * h), (1.02, -0.1 * h), (0.94, 0.2 * h)]), shade(paint, 0.8))


def train(d: Draft) -> None:
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
