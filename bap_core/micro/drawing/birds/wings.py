"""Wings of a bird, folded or raised."""

import numpy as np

from bap_core.micro.drawing.birds.individual import Bird
from bap_core.micro.drawing.pen import oval, shade, smooth, tube


def draw_folded_wing(bird: Bird, *, drop: bool) -> None:
    """The wing on the side of the body, with its feathers and marks; ``drop`` lets it hang."""
    h = bird.species.body[0]
    sag = 0.10 if drop else 0.0
    wing = smooth(
        [
            (0.26, -0.20 * h),
            (0.24, 0.10 * h),
            (0.02, 0.26 * h),
            (-0.34, (0.18 + sag) * h),
            (-0.64, (0.02 + 2 * sag) * h),
            (-0.40, -0.12 * h),
            (0.02, -0.36 * h),
        ]
    )
    bird.add(bird.on_body(wing), bird.colours["wing"], group="wing")
    _feathers(bird, h, sag)
    bird.add(
        bird.on_body(
            smooth([(0.30, -0.2 * h), (0.02, -0.12 * h), (-0.3, -0.10 * h), (0.0, -0.5 * h)])
        ),
        shade(bird.colours["wing"], 1.13),
        clip="wing",
    )
    for kind, points in _wing_marks(bird, h, sag):
        bird.add(bird.on_body(points), bird.colours[f"mark:{kind}"], clip="wing")


def _feathers(bird: Bird, h: float, sag: float) -> None:
    for row in range(3):
        start = np.array([0.10 - 0.10 * row, (0.16 - 0.10 * row) * h])
        line = [start, start + [-0.26, 0.02 * h], [-0.62, (0.04 + 2 * sag - 0.05 * row) * h]]
        bird.add(
            bird.on_body(tube(line, (0.016, 0.02, 0.012))),
            shade(bird.colours["wing"], 0.74),
            clip="wing",
        )


def _wing_marks(bird: Bird, h: float, sag: float):
    kinds = {kind for kind, _ in bird.species.marks}
    if "bars" in kinds:
        yield "bars", tube([(0.10, -0.30 * h), (0.05, 0.28 * h)], (0.035, 0.06))
        yield "bars", tube([(-0.06, -0.24 * h), (-0.12, 0.28 * h)], (0.02, 0.04))
    if "wingtip" in kinds:
        yield "wingtip", [(-0.38, -0.4 * h), (-0.46, 0.5 * h), (-0.8, 0.6 * h), (-0.8, -0.4 * h)]
    if "speculum" in kinds:
        yield (
            "speculum",
            [(-0.20, 0.02 * h), (-0.22, 0.16 * h), (-0.40, (0.14 + sag) * h), (-0.38, 0.0)],
        )
    if "sheen" in kinds:
        yield "sheen", tube([(0.14, -0.12 * h), (-0.2, -0.04 * h)], (0.04, 0.015))
    if "checks" in kinds:
        for x in np.arange(0.18, -0.36, -0.09):
            for y in (-0.22, -0.08, 0.06):
                yield "checks", oval((x - 0.1 * y, y * h), 0.026, 0.018, steps=8)


def draw_raised_wing(bird: Bird, *, far: bool) -> None:
    """A wing above the back; the far one is darker, plain and behind the bird."""
    fill = shade(bird.colours["wing"], 0.78 if far else 1.0)
    rise, sweep = bird.rng.uniform(0.55, 0.8), bird.rng.uniform(0.15, 0.5)
    shift = 0.10 if far else 0.0
    wing = np.array(
        [
            (0.20, -0.02),
            (0.24 - sweep / 3, -0.5 * rise),
            (0.05 - sweep, -rise),
            (-0.10 - sweep, -0.92 * rise),
            (-0.16 - sweep * 0.8, -0.70 * rise),
            (-0.26 - sweep * 0.6, -0.60 * rise),
            (-0.28 - sweep * 0.4, -0.38 * rise),
            (-0.36, -0.02),
            (-0.1, 0.08),
        ]
    )
    group = "" if far else "raised"
    bird.add(bird.on_body(smooth(wing + [shift, 0], steps=3)), fill, group=group)
    if not far:
        for share in (0.3, 0.5, 0.7):
            line = [
                (0.16 - 0.5 * share, 0.0),
                (0.05 - sweep - 0.2 * share, -rise * (1.05 - 0.5 * share)),
            ]
            bird.add(bird.on_body(tube(line, (0.014, 0.03))), shade(fill, 0.76), clip="raised")
        if "mark:wingtip" in bird.colours:
            bird.add(
                bird.on_body(np.array([(1, -2), (1, -0.68 * rise), (-1, -0.62 * rise), (-1, -2)])),
                bird.colours["mark:wingtip"],
                clip="raised",
            )
