"""A sailboat as a drawing, with its mainsail and what it may carry besides."""

from bap_core.micro.drawing.draft import GLASS, PAINTS, WHITES, Draft, rounded
from bap_core.micro.drawing.pen import Colour, colour, shade, smooth


def draw_sailboat(d: Draft) -> None:
    """A small hull with a keel under one mast: mainsail with or without a foresail, with or
    without a cabin.
    """
    hull, trim = d.tone(*PAINTS), d.tone(*PAINTS)
    sail, second = (
        (d.tone(*WHITES), d.tone(*WHITES)) if d.chance(0.6) else (d.tone(*PAINTS), d.tone(*WHITES))
    )
    mast, tall, deck = d.uniform(0.50, 0.58), d.uniform(1.02, 1.28), -d.uniform(0.20, 0.23)
    d.add([(0.38, -0.06), (0.58, -0.06), (0.53, 0.0), (0.42, 0.0)], shade(hull, 0.55))
    d.bar([(mast, deck + 0.02), (mast, deck - tall)], 0.020, d.tone("#8a6a48", "#c9ccce"))
    boom = deck - d.uniform(0.06, 0.10)
    _mainsail(d, mast - 0.015, boom, tall - 0.05, sail, trim)
    if d.chance(0.75):
        foot, peak = d.uniform(0.93, 1.0), deck - tall * d.uniform(0.72, 0.97)
        _foresail(d, mast, boom, foot, peak, shade(second, 0.93))
    if d.chance(0.5):
        _cabin(d, deck, shade(second, 0.9))
    _hull(d, deck, hull, trim)


def _mainsail(d: Draft, mast: float, boom: float, tall: float, sail: Colour, trim: Colour) -> None:
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


def _foresail(d: Draft, mast: float, boom: float, foot: float, peak: float, fill: Colour) -> None:
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
        fill,
    )


def _cabin(d: Draft, deck: float, fill: Colour) -> None:
    d.add(
        rounded(
            [(0.26, deck + 0.02), (0.30, deck - 0.055), (0.60, deck - 0.055), (0.68, deck + 0.02)],
            0.02,
        ),
        fill,
    )
    for x in (0.36, 0.46, 0.56):
        d.box(x - 0.026, deck - 0.036, x + 0.026, deck - 0.01, GLASS)


def _hull(d: Draft, deck: float, paint: Colour, trim: Colour) -> None:
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
        paint,
        group="hull",
    )
    d.add([(-0.1, -0.105), (1.1, -0.115), (1.1, 0.0), (-0.1, 0.0)], shade(paint, 0.78), clip="hull")
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
