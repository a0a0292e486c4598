"""Neck, head, bill and eye of a bird."""

import numpy as np

from bap_core.micro.drawing.birds.individual import Bird
from bap_core.micro.drawing.pen import mix, oval, shade, tube


def draw_head(bird: Bird) -> None:
    """The neck, which tapers to the head, and the head."""
    species, head = bird.species, bird.species.head
    middle = (bird.neck_base + bird.head_at) / 2 + [0.18 * species.neck[0], 0.05 * species.neck[0]]
    start = bird.neck_base - [0.06, -0.06]
    t = np.linspace(0, 1, 7)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * bird.head_at
    widths = np.linspace(species.neck[1] * 1.35, min(species.neck[1], 1.7 * head), 7)
    long_neck = species.neck[0] > 0.18
    fill = bird.colours["head"] if long_neck or species.body[1] > 0 else bird.colours["upper"]
    bird.add(tube(curve, widths), fill, group="neck")
    bird.add(
        oval(bird.head_at, head * 1.04, head * 0.96, angle=bird.look),
        bird.colours["head"],
        group="head",
    )


def draw_bill(bird: Bird) -> None:
    """One of six bills: cone, dagger, hook, duck, stout or pouch."""
    kind, length, depth, _ = bird.species.bill
    x, long, deep = 0.80, 0.80 + length / bird.species.head, depth / bird.species.head / 2
    fill = bird.colours["bill"]
    bird.add(bird.on_head(_bill_outline(kind, x, long, deep)), fill, group="bill")
    bird.add(
        bird.on_head([(x, 0.02), (long + 0.2, 0.14), (long, 3), (x - 0.5, 3)]),
        shade(fill, 0.82),
        clip="bill",
    )
    if "mark:billbase" in bird.colours:
        bird.add(
            bird.on_head([(x - 0.3, -2), (x + 0.3, -2), (x + 0.3, 2), (x - 0.3, 2)]),
            bird.colours["mark:billbase"],
            clip="bill",
        )


def _bill_outline(kind: str, x: float, long: float, deep: float) -> list[tuple[float, float]]:
    """Corners of a bill from its root at ``x`` to its tip at ``long``; ``deep`` is half its depth.
    In units of the head's radius.
    """
    return {
        "cone": [(x, -deep), (long, 0.12), (x, deep)],
        "dagger": [(x, -deep), (long, 0.06), (x, deep)],
        "hook": [
            (x, -deep),
            (long - 0.14, -0.7 * deep),
            (long, 0.2),
            (long - 0.08, deep + 0.18),
            (long - 0.2, 0.35 * deep),
            (x, deep),
        ],
        "duck": [
            (x - 0.1, -deep),
            (x + 0.5, -0.25 * deep),
            (long - 0.1, -0.2 * deep),
            (long, 0.35 * deep),
            (long - 0.15, deep),
            (x, deep),
        ],
        "stout": [
            (x - 0.12, -deep * 1.1),
            (0.5 * (x + long), -deep * 0.9),
            (long, 0.25),
            (x - 0.1, deep),
        ],
        "pouch": [
            (x, -deep),
            (long, 0.12),
            (long - 0.05, 0.26),
            (x + 0.55 * (long - x), 1.9 * deep),
            (x, 1.7 * deep),
        ],
    }[kind]


def draw_eye(bird: Bird) -> None:
    """The eye with a glint, ringed where the head is dark."""
    dark = sum(bird.colours["head"]) < 200
    if dark:
        bird.add(
            bird.on_head(oval((0.36, -0.2), 0.21, 0.21, steps=12)),
            mix(bird.colours["head"], (240, 225, 190), 0.45),
        )
    bird.add(bird.on_head(oval((0.36, -0.2), 0.155, 0.155, steps=12)), (24, 22, 22))
    bird.add(bird.on_head(oval((0.40, -0.26), 0.055, 0.055, steps=8)), (250, 250, 246))
