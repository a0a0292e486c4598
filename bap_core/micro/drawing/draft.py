"""What the drawings of vehicles and figures share: a side view in units of its own length, seen
with its front to the right.

A `Draft` collects the shapes of one individual. x runs from the rear (0) to the front (1); y points
down and is 0 where the thing stands, so that everything above the ground is negative.
"""

from typing import TypeVar

import numpy as np

from bap_core.micro.drawing.pen import Colour, Drawing, colour, jitter, mix, oval, shade, tube, turn

T = TypeVar("T")
RUBBER, STEEL, GLASS = colour("#2b2c2f"), colour("#a9aeb3"), colour("#33414b")
HEADLIGHT, TAILLIGHT = (247, 236, 190), (190, 52, 44)
WHITES = ("#f1efe8", "#e9e6dc", "#dfe2e2")
# Paints that every kind may wear, so that a colour alone never tells what something is.
PAINTS = (
    "#b8382f",
    "#2f5f9e",
    "#3f7a52",
    "#d9a832",
    "#e9e6dc",
    "#8d959b",
    "#3a3d42",
    "#c9682f",
    "#5a8fa8",
    "#7a4a6a",
    "#9aa35a",
    "#d8c7a2",
)


class Draft(Drawing):
    """One individual while it is being drawn. rng: the generator of every accident in it; worn:
    0..1, its dullness.
    """

    def __init__(self, rng: np.random.Generator):
        super().__init__()
        self.rng = rng
        self.worn, self.light = 0.5 * rng.beta(1.2, 3.0), rng.uniform(0.88, 1.1)

    def tone(self, *choices: str) -> Colour:
        """One of the hex colours, moved a little, worn, and in this individual's light."""
        fresh = jitter(colour(choices[self.rng.integers(len(choices))]), self.rng)
        return shade(mix(fresh, (128, 118, 106), self.worn), self.light)

    def uniform(self, low: float, high: float) -> float:
        """A float between the two."""
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        """True with probability ``share``."""
        return bool(self.rng.random() < share)

    def pick(self, *choices: T) -> T:
        """One of the choices."""
        return choices[self.rng.integers(len(choices))]

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: Colour,
        *,
        radius: float = 0.0,
        group: str = "",
        clip: str = "",
    ) -> None:
        """A rectangle between two corners, rounded by ``radius``."""
        self.add(
            rounded([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], radius), fill, group=group, clip=clip
        )

    def bar(self, points, width: float, fill: Colour, *, clip: str = "") -> None:
        """A line of even width along (N, 2) points."""
        self.add(tube(points, np.full(len(points), width)), fill, clip=clip)

    def disc(self, x: float, y: float, radius: float, fill: Colour, *, clip: str = "") -> None:
        """A circle."""
        self.add(oval((x, y), radius, radius), fill, clip=clip)

    def ring(self, x: float, y: float, radius: float, width: float, fill: Colour) -> None:
        """A circle's outline with a hole in it: the radius is its outer one."""
        t = np.linspace(0, 2 * np.pi, 49)
        circle = np.stack([np.cos(t), np.sin(t)], axis=1)
        self.add(np.concatenate([circle * radius, circle[::-1] * (radius - width)]) + [x, y], fill)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        turn: tuple[float, float],
        width: float,
        fill: Colour,
        *,
        steps: int,
    ) -> None:
        """A line of even width along part of a circle. turn: its two ends, in half turns."""
        t = np.linspace(np.pi * turn[0], np.pi * turn[1], steps)
        self.bar(np.stack([x + radius * np.cos(t), y + radius * np.sin(t)], axis=1), width, fill)

    def spokes(
        self,
        x: float,
        y: float,
        radius: float,
        width: float,
        fill: Colour,
        *,
        pairs: int,
        loose: float,
    ) -> None:
        """Spokes from rim to rim, ``pairs`` of them; up to ``loose`` radians off by chance."""
        for angle in np.linspace(0, np.pi, pairs + 1)[:-1] + self.uniform(0, loose):
            reach = radius * np.array([np.cos(angle), np.sin(angle)])
            self.bar([(x, y) - reach, (x, y) + reach], width, fill)

    def wheel(self, x: float, radius: float, rim: Colour, *, y: float | None = None) -> None:
        """A wheel with a tyre that stands on the ground, or with its hub at height ``y``."""
        y = -radius if y is None else y
        self.disc(x, y, radius, RUBBER)
        self.disc(x, y, 0.58 * radius, shade(rim, 0.8))
        self.disc(x - 0.04 * radius, y - 0.05 * radius, 0.48 * radius, rim)
        self.disc(x, y, 0.18 * radius, shade(rim, 0.5))

    def pane(
        self, corners, *, radius: float = 0.0, tint: Colour = GLASS, name: str = "pane"
    ) -> None:
        """A window with a streak of sky in it. ``name`` differs between panes of one drawing."""
        points = rounded(corners, radius)
        (left, top), (width, height) = points.min(axis=0), np.ptp(points, axis=0)
        self.add(points, tint, group=name)
        streak = [(0.15, -0.1), (0.55, -0.1), (0.30, 1.1), (-0.10, 1.1)]
        self.add(
            np.array(streak) * [width, height] + [left, top],
            mix(tint, (190, 215, 225), 0.35),
            clip=name,
        )

    def tilt(self, degrees: float) -> None:
        """Turn all that is drawn so far; what is positive lifts the front."""
        self.move(lambda points: turn(points, np.radians(degrees)))


def rounded(corners, radius: float, *, steps: int = 5) -> np.ndarray:
    """A polygon (N, 2) with rounded corners and straight sides -> (N * steps, 2); no side is cut
    beyond its middle.
    """
    here = np.asarray(corners, dtype=float)
    if not radius:
        return here
    before, after = np.roll(here, 1, axis=0) - here, np.roll(here, -1, axis=0) - here
    cut = [
        side * np.minimum(0.5, radius / np.maximum(np.linalg.norm(side, axis=1), 1e-9))[:, None]
        for side in (before, after)
    ]
    t = np.linspace(0, 1, steps)[None, :, None]
    curve = here[:, None] + (1 - t) ** 2 * cut[0][:, None] + t**2 * cut[1][:, None]
    return curve.reshape(-1, 2)
