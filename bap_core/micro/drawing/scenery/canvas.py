"""The stage painter: skies, ridges, water, trees, walls and rooms on a canvas of unit
coordinates.

A `Canvas` is drawn at twice its final size; x runs right and y down, both 0..1. Each method paints
one idea; the functions of the categories, such as `waters.ocean`, combine them.
"""

import numpy as np
from PIL import Image, ImageDraw

from bap_core.micro.drawing.pen import Colour, colour, jitter, mix, shade

SUPERSAMPLING = 2
LAWNS = ("#6f9a4e", "#7fa556", "#5f8d4b")
_LIGHTS = (
    ((1.0, 1.0, 1.0), 4),
    ((1.08, 1.0, 0.88), 2),
    ((0.92, 0.97, 1.06), 2),
    ((1.12, 0.90, 0.78), 1),
    # noon, warm, overcast, dusk, gloom: red, green, blue factors and weight
    ((0.80, 0.84, 0.95), 1),
)


class Canvas:
    """A picture being painted. width, height: final pixels; rng: the generator of every accident
    in it.
    """

    def __init__(self, width: int, height: int, rng: np.random.Generator):
        self.width, self.height, self.rng = width * SUPERSAMPLING, height * SUPERSAMPLING, rng
        self.image = Image.new("RGB", (self.width, self.height), (150, 150, 146))
        self.pen = ImageDraw.Draw(self.image)

    def tone(self, *choices: str, hue: float = 0.02, strength: float = 0.12) -> Colour:
        """One of the hex colours, moved a little."""
        return jitter(
            colour(choices[self.rng.integers(len(choices))]), self.rng, hue=hue, strength=strength
        )

    def uniform(self, low: float, high: float) -> float:
        """A float between the two."""
        return float(self.rng.uniform(low, high))

    def many(self, low: int, high: int) -> range:
        """A range of random length, both ends included."""
        return range(int(self.rng.integers(low, high + 1)))

    def band(self, y0: float, y1: float, top: Colour, bottom: Colour) -> None:
        """Vertical gradient over the full width between two heights."""
        a, b = int(y0 * self.height), max(int(y0 * self.height) + 1, int(np.ceil(y1 * self.height)))
        t = np.linspace(0, 1, b - a)[:, None]
        column = (np.array(top) * (1 - t) + np.array(bottom) * t).astype(np.uint8)[:, None, :]
        self.image.paste(
            Image.fromarray(column).resize((self.width, b - a), Image.Resampling.NEAREST), (0, a)
        )

    def polygon(self, points, fill: Colour) -> None:
        """Filled polygon, points in unit coordinates."""
        self.pen.polygon([(x * self.width, y * self.height) for x, y in points], fill=fill)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        """Filled rectangle."""
        self.pen.rectangle(
            [
                x0 * self.width,
                y0 * self.height,
                max(x0, x1) * self.width,
                max(y0, y1) * self.height,
            ],
            fill=fill,
        )

    def disc(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """Filled ellipse around (x, y); both radii in units of the canvas."""
        self.pen.ellipse(
            [
                (x - rx) * self.width,
                (y - ry) * self.height,
                (x + rx) * self.width,
                (y + ry) * self.height,
            ],
            fill=fill,
        )

    def line(self, points, fill: Colour, width: float) -> None:
        """Polyline; width in units of the canvas width."""
        self.pen.line(
            [(x * self.width, y * self.height) for x, y in points],
            fill=fill,
            width=max(1, round(width * self.width)),
        )

    def ridge(
        self,
        y: float,
        swing: float,
        fill: Colour,
        *,
        steps: int = 14,
        peaked: bool = False,
        base: float = 1.0,
    ) -> None:
        """Skyline of hills (or peaks) around height ``y``, filled down to ``base``."""
        x = np.linspace(0, 1, steps + 1)
        rough = self.rng.uniform(-1, 1, steps + 1)
        if not peaked:
            rough = np.convolve(np.pad(rough, 2, mode="edge"), np.ones(5) / 3, mode="valid")
        self.polygon([(0, base), *zip(x, y + swing * rough), (1, base)], fill)

    def sky(
        self, horizon: float, *, clouds: int = 3, top=("#5f9bd0", "#7fb2dc", "#8fa9c0", "#b9c3ca")
    ) -> None:
        """Sky down to the horizon with flat-bottomed clouds."""
        high = self.tone(*top)
        low = mix(high, (244, 240, 230), self.uniform(0.45, 0.85))
        self.band(0, horizon, high, low)
        self.box(0, horizon, 1, 1, low)
        for _ in self.many(0, clouds):
            x, y, w = (
                self.uniform(-0.1, 1.1),
                self.uniform(0.03, max(0.05, horizon * 0.8)),
                self.uniform(0.06, 0.16),
            )
            for _ in range(4):
                self.disc(
                    x + self.uniform(-w, w),
                    y + self.uniform(-0.015, 0.015),
                    w * 0.6,
                    w * 0.22,
                    mix(high, (255, 255, 252), 0.75),
                )

    def water(
        self,
        y0: float,
        y1: float,
        far: Colour,
        near: Colour,
        *,
        ripples: int = 40,
        length: float = 0.14,
    ) -> None:
        """Water surface whose ripples grow towards the viewer."""
        self.band(y0, y1, far, near)
        for _ in range(ripples):
            t = self.rng.beta(1.0, 1.0)
            y, half = y0 + (y1 - y0) * t, length * (0.15 + 0.85 * t) / 2
            x, here = self.uniform(-0.05, 1.05), mix(far, near, t)
            self.line(
                [(x - half, y), (x + half, y + self.uniform(-0.004, 0.004))],
                mix(here, (250, 252, 252), 0.32) if self.rng.random() < 0.55 else shade(here, 0.82),
                0.006 + 0.006 * t,
            )

    def grass(
        self, y0: float, y1: float, fill: Colour, *, blades: int = 60, height: float = 0.09
    ) -> None:
        """Blades of grass whose feet lie between two heights."""
        for y in np.sort(self.rng.uniform(y0, y1, blades)):
            x, h = (
                self.uniform(0, 1),
                height * self.uniform(0.5, 1.2) * (0.35 + 0.65 * (y - y0) / max(y1 - y0, 1e-6)),
            )
            bend = self.uniform(-0.03, 0.03)
            self.polygon(
                [(x - 0.008, y), (x + bend, y - h), (x + 0.008, y)],
                shade(fill, self.uniform(0.75, 1.25)),
            )

    def speckle(self, y0: float, y1: float, fill: Colour, *, count: int, size: float) -> None:
        """Flat pebbles, flowers or leaves."""
        for x, y, s in self.rng.uniform((0, y0, 0.4), (1, y1, 1.2), (count, 3)):
            self.disc(x, y, size * s, size * s * 0.6, shade(fill, self.uniform(0.8, 1.2)))

    def crown(self, x: float, y: float, radius: float, fill: Colour, *, lumps: int = 7) -> None:
        """Round crown of a broad-leaved tree, lit from above."""
        for light in (0.8, 1.0, 1.18):
            for _ in range(lumps):
                dx, dy = self.rng.normal(0, radius * 0.45, 2)
                r = radius * self.uniform(0.3, 0.5)
                self.disc(
                    x + dx,
                    y + dy + radius * (1 - light) * 1.2,
                    r,
                    r,
                    shade(fill, light * self.uniform(0.94, 1.06)),
                )

    def conifer(self, x: float, base: float, height: float, fill: Colour) -> None:
        """Spruce of three tiers."""
        self.box(x - 0.03 * height, base - 0.15 * height, x + 0.03 * height, base, (84, 62, 46))
        for tier in range(3):
            w, top = height * (0.30 - 0.07 * tier), base - height * (0.45 + 0.275 * tier)
            self.polygon(
                [(x - w, top + 0.36 * height), (x, top), (x + w, top + 0.36 * height)],
                shade(fill, 0.88 + 0.1 * tier),
            )

    def bricks(
        self, x0: float, y0: float, x1: float, y1: float, wall: Colour, *, rows: int = 10
    ) -> None:
        """Masonry: a wall with scattered stones of other shades."""
        self.box(x0, y0, x1, y1, wall)
        step = (y1 - y0) / rows
        for row in range(rows):
            for _ in range(3):
                x = self.uniform(x0, x1)
                self.box(
                    x,
                    y0 + row * step,
                    min(x1, x + 1.8 * step),
                    y0 + (row + 0.8) * step,
                    shade(wall, self.uniform(0.82, 1.14)),
                )

    def room(self, wall: Colour, floor: Colour, *, horizon: float, depth: float = 0.2) -> None:
        """Back wall, side walls and a floor in simple perspective."""
        self.box(0, 0, 1, 1, shade(wall, 0.88))
        self.box(depth, depth * 0.6, 1 - depth, horizon, wall)
        self.polygon(
            [(0, 0), (1, 0), (1 - depth, depth * 0.6), (depth, depth * 0.6)],
            mix(wall, (250, 248, 240), 0.45),
        )
        self.polygon([(0, 1), (depth, horizon), (1 - depth, horizon), (1, 1)], floor)

    def finish(self, *, indoors: bool = False) -> Image.Image:
        """Reduce to the final size and put one light over everything."""
        picture = np.asarray(self.image.reduce(SUPERSAMPLING), dtype=np.float32)
        tints, weights = zip(*_LIGHTS[: 3 if indoors else None])
        tint = np.array(
            tints[self.rng.choice(len(tints), p=np.array(weights) / sum(weights))], dtype=np.float32
        )
        contrast, level = self.uniform(0.85, 1.1), self.uniform(0.9, 1.08)
        picture = ((picture - 128) * contrast + 128) * tint * level
        return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
