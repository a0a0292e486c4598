"""Trunk, tail and legs of a bird."""

import numpy as np

from bap_core.micro.drawing.birds.individual import Bird
from bap_core.micro.drawing.pen import shade, smooth, tube, turn


def draw_body(bird: Bird) -> None:
    """The trunk: the back, a paler belly, and the belly's own shade."""
    h = bird.species.body[0] * bird.rng.uniform(0.93, 1.08)
    outline = [
        (0.47, -0.10 * h),
        (0.44, 0.22 * h),
        (0.25, 0.47 * h),
        (-0.05, 0.50 * h),
        (-0.34, 0.30 * h),
        (-0.52, 0.02 * h),
        (-0.46, -0.16 * h),
        (-0.18, -0.40 * h),
        (0.16, -0.50 * h),
        (0.38, -0.38 * h),
    ]
    bird.add(bird.on_body(smooth(outline)), bird.colours["upper"], group="body")
    belly = [
        (0.60, -0.04 * h),
        (0.30, 0.06 * h),
        (-0.10, 0.16 * h),
        (-0.60, 0.10 * h),
        (-0.6, h),
        (0.7, h),
    ]
    bird.add(bird.on_body(smooth(belly)), bird.colours["under"], clip="body")
    low = [(0.60, 0.34 * h), (0.10, 0.40 * h), (-0.60, 0.20 * h), (-0.6, h), (0.7, h)]
    bird.add(bird.on_body(smooth(low)), shade(bird.colours["under"], 0.86), clip="body")


def draw_tail(bird: Bird) -> None:
    """The tail behind the trunk, with two lines between its feathers."""
    kind, length, width = bird.species.tail
    length *= bird.rng.uniform(0.88, 1.12)
    spread = width * bird.rng.uniform(0.8, 1.5)
    lift = bird.rng.normal(-0.02, 0.10)
    ends = {
        "square": [(-length, -spread / 2), (-length, spread / 2)],
        "round": [(-0.9 * length, -spread / 2), (-length, 0), (-0.9 * length, spread / 2)],
        "fork": [(-length, -spread * 0.62), (-0.5 * length, 0), (-length * 0.96, spread * 0.5)],
        "point": [(-length, -0.02), (-length, 0.02)],
        "curl": [(-0.7 * length, -spread), (-1.1 * length, -0.5 * spread), (-length, spread / 3)],
    }[kind]
    points = np.array([(0.12, -0.06), *ends, (0.12, 0.08)])
    fan = bird.on_body(turn(points, lift) + [-0.44, -0.01])
    bird.add(fan, shade(bird.colours["wing"], 0.92), group="tail")
    for share in (0.35, 0.65):
        line = np.array(
            [fan[0] * (1 - share) + fan[-1] * share, fan[1] * (1 - share) + fan[-2] * share]
        )
        bird.add(tube(line, (0.012, 0.022)), shade(bird.colours["wing"], 0.72), clip="tail")


def draw_legs(bird: Bird) -> None:
    """Two legs with webbed or bare feet, the far one darker."""
    length, fill = bird.species.legs[0] * bird.rng.uniform(0.85, 1.15), bird.colours["leg"]
    under = 0.40 * bird.species.body[0]
    hip = bird.on_body([[-0.02, under]])[0]
    stride = bird.rng.uniform(0.05, 0.16)
    for step, dark in ((-stride, 0.8), (stride * 0.6, 1.0)):
        foot = hip + [step + 0.03, length + 0.06]
        knee = (hip + foot) / 2 + [-0.03, 0.0]
        bird.add(
            tube([hip + [step * 0.4, -0.03], knee, foot], (0.045, 0.03, 0.028)), shade(fill, dark)
        )
        web = 0.035 if bird.species.is_water else 0.012
        bird.add(
            foot + np.array([(-0.035, -0.012), (0.02, -0.02), (0.13, web), (-0.03, 0.02)]),
            shade(fill, dark),
        )
