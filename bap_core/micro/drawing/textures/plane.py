"""The ground on which textures are made: coordinates, smooth noise, cells, and steps, all as arrays
of one size.

Values are float32 arrays (H, W). Lengths are in units of the shorter side of the picture.
"""

import numpy as np
from PIL import Image


class Plane:
    """A plane seen by one picture. x, y: (H, W), turned and shifted at random; u, v: (H, W) as
    the frame lies.
    """

    def __init__(self, width: int, height: int, rng: np.random.Generator, *, turned: float = 0.15):
        self.rng, self.shape = rng, (height, width)
        side = min(width, height)
        v, u = np.mgrid[0:height, 0:width].astype(np.float32) / side
        self.u, self.v = u, v
        angle, (dx, dy) = (
            rng.uniform(-turned, turned) + np.pi / 2 * rng.integers(2),
            rng.uniform(0, 9, 2),
        )
        self.x = (np.cos(angle) * u - np.sin(angle) * v + dx).astype(np.float32)
        self.y = (np.sin(angle) * u + np.cos(angle) * v + dy).astype(np.float32)

    def uniform(self, low: float, high: float) -> float:
        """A float between the two."""
        return float(self.rng.uniform(low, high))

    def noise(self, across: int, down: int | None = None, *, octaves: int = 1) -> np.ndarray:
        """Smooth noise of mean 0.5 within 0..1, with so many lumps across and down; each octave
        halves them.
        """
        total, weight = np.zeros(self.shape, np.float32), 0.0
        for k in range(octaves):
            lumps = ((down or across) * 2**k + 2, across * 2**k + 2)
            grid = Image.fromarray(self.rng.random(lumps, dtype=np.float32))
            size = self.shape[1], self.shape[0]
            total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) / 2**k
            weight += 0.5**k
        return np.clip(total / weight, 0, 1)

    def warp(self, amount: float, lumps: int) -> "Plane":
        """This plane with its coordinates moved by up to about ``amount``; returns itself."""
        self.x = self.x + 2 * amount * (self.noise(lumps, octaves=2) - 0.5)
        self.y = self.y + 2 * amount * (self.noise(lumps, octaves=2) - 0.5)
        return self

    def cells(self, count: float, *, loose: float = 0.9, staggered: bool = False) -> "Cells":
        """Cells around points, ``count`` to a unit: on a grid for ``loose`` 0, scattered for 1;
        staggered like bricks.
        """
        return Cells(
            self.x * count,
            self.y * count * (1.1547 if staggered else 1),
            self.rng,
            loose,
            staggered,
        )


class Cells:
    """For every pixel: near, second (distance to the nearest and the second point), dx, dy (offset
    from the nearest), tag (0..1, one random number per cell). Lengths in units of the cells'
    spacing.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator, loose: float, staggered: bool
    ):
        tags, *points = rng.random((3, 64 * 64), dtype=np.float32)
        # rows of a staggered grid are closer, so that cells are hexagons
        high = 1.1547 if staggered else 1.0
        column, row = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
        x, y = x - column, y - row
        best, second, chosen = (
            np.full(x.shape, 99, np.float32),
            np.full(x.shape, 99, np.float32),
            np.zeros(x.shape, np.int32),
        )
        for i in (-1, 0, 1):
            brick = 0.5 * ((row + i) & 1) if staggered else 0.25
            for j in (-1, 0, 1):
                index = (((row + i) & 63) << 6) + ((column + j) & 63)
                dx, dy = self._offset(x - j - brick, y - i, points, index, loose, high)
                far = dx * dx + dy * dy
                closer = far < best
                second = np.minimum(second, np.maximum(far, best))
                chosen = np.where(closer, index, chosen)
                best = np.minimum(best, far)
                self.dx, self.dy = (
                    (dx, dy)
                    if i == j == -1
                    else (np.where(closer, dx, self.dx), np.where(closer, dy, self.dy))
                )
        self.near, self.second, self.tag = np.sqrt(best), np.sqrt(second), tags.take(chosen)

    @staticmethod
    def _offset(
        x: np.ndarray, y: np.ndarray, points: list, index: np.ndarray, loose: float, high: float
    ):
        if not loose:
            return (x - 0.25).astype(np.float32), ((y - 0.5) / high).astype(np.float32)
        dx, dy = (loose * (axis.take(index) - 0.5) for axis in points)
        return (x - 0.25 - dx).astype(np.float32), ((y - 0.5 - dy) / high).astype(np.float32)


def step(value: np.ndarray, *, soft: float = 0.06) -> np.ndarray:
    """0 below zero, 1 above, with a slope of width ``soft`` between."""
    return np.clip(value / soft + 0.5, 0, 1)


def wave(value: np.ndarray) -> np.ndarray:
    """A sine of period 1 within 0..1."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * value)


def saw(value: np.ndarray) -> np.ndarray:
    """The part of a number behind the point: rises from 0 to 1 in every unit."""
    return value - np.floor(value)


def tent(value: np.ndarray) -> np.ndarray:
    """Distance to the nearest whole number, 0..0.5."""
    return np.abs(value - np.round(value))
