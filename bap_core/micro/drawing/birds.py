"""Birds as parametric drawings: a `Species` plus the accidents of one individual give a cut-out
picture.

`draw` returns a tight RGBA picture whose alpha channel is the exact mask. Two individuals of a
species differ in pose, direction, plumage, light and the state of the wing; two species differ in
shape first and colour second.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from bap_core.micro.drawing.pen import (
    Colour,
    Shape,
    colour,
    jitter,
    mix,
    oval,
    paint,
    shade,
    smooth,
    tube,
    turn,
)
from bap_core.micro.drawing.species import Species

_DULL = (128, 114, 98)  # the colour that immature and worn plumage drifts to


@dataclass
class _Bird:
    """One individual while it is being drawn: body axis along +x, centre at the origin, y down."""

    species: Species
    rng: np.random.Generator
    shapes: list
    colours: dict[str, Colour]
    tilt: float
    head_at: np.ndarray
    neck_base: np.ndarray
    look: float
    swimming: bool

    def add(self, points, fill: Colour, *, group: str = "", clip: str = "") -> None:
        self.shapes.append(Shape(np.asarray(points, dtype=float), fill, group, clip))

    def on_body(self, points) -> np.ndarray:
        return turn(points, self.tilt)

    def on_head(self, points) -> np.ndarray:
        return turn(np.asarray(points, dtype=float) * self.species.head, self.look) + self.head_at


def draw(species: Species, rng: np.random.Generator, *, length: int) -> Image.Image:
    """One individual as a tight RGBA picture, ``length`` pixels on its longer side, facing left
    or right.
    """
    bird = _individual(species, rng)
    shown = rng.random()
    _tail(bird)
    if shown < 0.22:
        _raised_wing(bird, far=True)
    if not bird.swimming:
        _legs(bird)
    _body(bird)
    _head(bird)
    _marks(bird)
    _raised_wing(bird, far=False) if shown < 0.22 else _folded_wing(bird, drop=shown > 0.8)
    _bill(bird)
    _eye(bird)
    if rng.random() < 0.5:
        bird.shapes = [Shape(s.points * [-1, 1], s.colour, s.group, s.clip) for s in bird.shapes]
    return paint(bird.shapes, length=length)


def _individual(species: Species, rng: np.random.Generator) -> _Bird:
    dull = rng.beta(1.2, 3.0) * 0.6
    names = {
        "upper": species.upper,
        "under": species.under,
        "wing": species.wing,
        "head": species.head_colour,
        "bill": species.bill[3],
        "leg": species.legs[1],
    }
    names |= {f"mark:{kind}": value for kind, value in species.marks}
    light = rng.uniform(0.88, 1.1)
    colours = {
        key: shade(mix(jitter(colour(value), rng), _DULL, dull), light)
        for key, value in names.items()
    }
    tilt = np.radians(species.body[1] + rng.normal(0, 7))
    reach, _, angle = species.neck
    reach, angle = reach * rng.uniform(0.75, 1.15), np.radians(angle + rng.normal(0, 9))
    base = turn([[0.36, -0.18 * species.body[0]]], tilt)[0]
    head_at = base + (reach + 0.6 * species.head) * np.array([np.cos(angle), -np.sin(angle)])
    look = np.radians(rng.normal(-3, 10))
    swimming = species.is_water and species.body[1] < 20 and rng.random() < 0.55
    return _Bird(species, rng, [], colours, tilt, head_at, base, look, swimming)


def _body(bird: _Bird) -> None:
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


def _head(bird: _Bird) -> None:
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


def _tail(bird: _Bird) -> None:
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


def _legs(bird: _Bird) -> None:
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


def _folded_wing(bird: _Bird, *, drop: bool) -> None:
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


def _feathers(bird: _Bird, h: float, sag: float) -> None:
    for row in range(3):
        start = np.array([0.10 - 0.10 * row, (0.16 - 0.10 * row) * h])
        line = [start, start + [-0.26, 0.02 * h], [-0.62, (0.04 + 2 * sag - 0.05 * row) * h]]
        bird.add(
            bird.on_body(tube(line, (0.016, 0.02, 0.012))),
            shade(bird.colours["wing"], 0.74),
            clip="wing",
        )


def _wing_marks(bird: _Bird, h: float, sag: float):
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


def _raised_wing(bird: _Bird, *, far: bool) -> None:
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


def _bill(bird: _Bird) -> None:
    kind, length, depth, _ = bird.species.bill
    x, long, deep = 0.80, 0.80 + length / bird.species.head, depth / bird.species.head / 2
    fill = bird.colours["bill"]
    outlines = {
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
    }
    bird.add(bird.on_head(outlines[kind]), fill, group="bill")
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


def _eye(bird: _Bird) -> None:
    dark = sum(bird.colours["head"]) < 200
    if dark:
        bird.add(
            bird.on_head(oval((0.36, -0.2), 0.21, 0.21, steps=12)),
            mix(bird.colours["head"], (240, 225, 190), 0.45),
        )
    bird.add(bird.on_head(oval((0.36, -0.2), 0.155, 0.155, steps=12)), (24, 22, 22))
    bird.add(bird.on_head(oval((0.40, -0.26), 0.055, 0.055, steps=8)), (250, 250, 246))


def _marks(bird: _Bird) -> None:
    for kind, _ in bird.species.marks:
        fill = bird.colours[f"mark:{kind}"]
        if kind in _HEAD_MARKS:
            clip, points = _HEAD_MARKS[kind]
            bird.add(bird.on_head(smooth(points, steps=4)), fill, clip=clip)
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


def _speckle(bird: _Bird, fill: Colour, *, long: bool) -> None:
    h = bird.species.body[0]
    for x, y in bird.rng.uniform((-0.45, -0.45), (0.45, 0.45), (26, 2)):
        spot = (
            tube([(x, y * h), (x - 0.06, y * h + 0.01)], (0.022, 0.01))
            if long
            else oval((x, abs(y) * h), 0.018, 0.024, steps=7)
        )
        bird.add(bird.on_body(spot), fill, clip="body")


def _neck_mark(bird: _Bird, kind: str, fill: Colour) -> None:
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


_HEAD_MARKS = {
    "cap": (
        "head",
        [(-1.3, 0.1), (-0.3, -0.3), (0.5, -0.42), (1.3, -0.3), (0.6, -1.6), (-1.2, -1.4)],
    ),
    "face": ("head", [(0.5, -0.9), (0.35, 0.0), (0.2, 0.9), (1.4, 1.0), (1.4, -0.9)]),
    "mask": (
        "head",
        [(-0.5, -0.3), (-0.4, 0.12), (0.4, 0.2), (1.2, 0.5), (1.2, -0.3), (0.3, -0.45)],
    ),
    "chin": ("head", [(0.2, 0.35), (1.2, 0.2), (1.2, 1.2), (0.0, 1.2)]),
    "brow": ("head", [(-0.9, -0.55), (0.0, -0.42), (0.9, -0.5), (0.5, -1.2), (-0.5, -1.1)]),
    "earpatch": ("head", [(-0.8, -0.25), (0.1, -0.3), (0.05, 0.12), (-0.8, 0.35)]),
    "napespot": ("head", [(-1.2, -0.9), (-0.55, -0.8), (-0.6, -0.2), (-1.2, -0.1)]),
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
