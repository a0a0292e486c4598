"""An airplane as a drawing: an airliner, or a light one with a propeller."""

import numpy as np

from bap_core.micro.drawing.draft import GLASS, PAINTS, STEEL, WHITES, Draft, rounded
from bap_core.micro.drawing.pen import mix, oval, shade, smooth


def draw_airplane(d: Draft) -> None:
    """Tube with a fin and wings seen from the side: airliner with jets, or a small one with a
    propeller.
    """
    small = d.chance(0.35)
    _light_plane(d) if small else _airliner(d)
    d.tilt(d.uniform(-4, 6) if d.chance(0.5) else d.uniform(6, 16))


def _airliner(d: Draft) -> None:
    coat, paint = d.tone(*WHITES, *PAINTS[:4]), d.tone(*PAINTS)
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
    coat, paint = d.tone(*PAINTS), d.tone(*WHITES, *PAINTS)
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
