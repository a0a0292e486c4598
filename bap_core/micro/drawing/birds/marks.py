"""Marks of plumage on a bird: caps, crests, bibs, speckles. Marks of the wing are in `wings`."""

import numpy as np

from bap_core.micro.drawing.birds.individual import Bird
from bap_core.micro.drawing.pen import Colour, oval, smooth, tube

_HEAD_MARKS = {
    "cap": [(-1.3, 0.1), (-0.3, -0.3), (0.5, -0.42), (1.3, -0.3), (0.6, -1.6), (-1.2, -1.4)],
    "face": [(0.5, -0.9), (0.35, 0.0), (0.2, 0.9), (1.4, 1.0), (1.4, -0.9)],
    "mask": [(-0.5, -0.3), (-0.4, 0.12), (0.4, 0.2), (1.2, 0.5), (1.2, -0.3), (0.3, -0.45)],
    "chin": [(0.2, 0.35), (1.2, 0.2), (1.2, 1.2), (0.0, 1.2)],
    "brow": [(-0.9, -0.55), (0.0, -0.42), (0.9, -0.5), (0.5, -1.2), (-0.5, -1.1)],
    "earpatch": [(-0.8, -0.25), (0.1, -0.3), (0.05, 0.12), (-0.8, 0.35)],
    "napespot": [(-1.2, -0.9), (-0.55, -0.8), (-0.6, -0.2), (-1.2, -0.1)],
}
_FREE_MARKS = {
    "crest": [(0.55, -0.75), (0.0, -1.35), (-0.9, -1.75), (-0.7, -1.0), (-0.85, -0.4), (0.0, -0.5)],
    "forelock": [(0.7, -0.7), (0.75, -1.4), (1.25, -1.55), (1.15, -1.0), (0.95, -0.45)],
    "hoodcrest": [
        (0.5, -0.8),
        (-0.1, -1.55),
        (-1.0, -1.5),
        (-1.55, -0.7),
        (-1.3, 0.35),
        (-0.5, 0.75),
        (0.0, 0.0),
    ],
    "fan": [(-0.05, -0.75), (-0.7, -1.15), (-1.2, -0.65), (-1.1, 0.1), (-0.45, 0.3), (-0.25, -0.2)],
}
_BODY_MARKS = {
    "breast": [(0.24, -0.6), (0.20, 0.1), (0.16, 0.6), (0.7, 0.7), (0.7, -0.6)],
    "rump": [(-0.34, -0.6), (-0.36, 0.6), (-0.8, 0.6), (-0.8, -0.6)],
}


def draw_marks(bird: Bird) -> None:
    """Every mark of the species in its order: on head, body and neck, or free of the outline."""
    for kind, _ in bird.species.marks:
        fill = bird.colours[f"mark:{kind}"]
        if kind in _HEAD_MARKS:
            bird.add(bird.on_head(smooth(_HEAD_MARKS[kind], steps=4)), fill, clip="head")
        elif kind in _FREE_MARKS:
            bird.add(bird.on_head(smooth(_FREE_MARKS[kind], steps=4)), fill, group="crest")
        elif kind in _BODY_MARKS:
            bird.add(
                bird.on_body(np.array(_BODY_MARKS[kind]) * [1, bird.species.body[0]]),
                fill,
                clip="body",
            )
        elif kind in ("scales", "streaks", "dots"):
            _speckle(bird, fill, long=kind != "dots")
        elif kind in ("collar", "throat", "nape", "necklace", "bib"):
            _neck_mark(bird, kind, fill)


def _speckle(bird: Bird, fill: Colour, *, long: bool) -> None:
    h = bird.species.body[0]
    for x, y in bird.rng.uniform((-0.45, -0.45), (0.45, 0.45), (26, 2)):
        spot = (
            tube([(x, y * h), (x - 0.06, y * h + 0.01)], (0.022, 0.01))
            if long
            else oval((x, abs(y) * h), 0.018, 0.024, steps=7)
        )
        bird.add(bird.on_body(spot), fill, clip="body")


def _neck_mark(bird: Bird, kind: str, fill: Colour) -> None:
    axis = bird.head_at - bird.neck_base
    along = axis / max(np.linalg.norm(axis), 1e-6)
    across = np.array([-along[1], along[0]])  # points to the front
    start, end, low, high = {
        "collar": (0.12, 0.30, -1, 1),
        "throat": (-0.2, 1.0, 0.03, 1),
        "nape": (-0.2, 1.2, -1, -0.01),
        "necklace": (-0.12, 0.06, -1, 1),
        "bib": (-1.0, 1.0, -1, 1),
    }[kind]
    corners = [
        bird.neck_base + s * axis + t * 0.5 * across
        for s, t in ((start, low), (end, low), (end, high), (start, high))
    ]
    bird.add(corners, fill, clip="neck")
