"""Drawing primitives: smooth outlines, colours, and shapes that are painted larger and then
reduced.

Coordinates are floats with y pointing down. A `Drawing` is a list of `Shape`; `paint` finds its
extent, draws it at three times the wanted size and reduces it, so that its alpha channel is an
exact anti-aliased mask.
"""

from collections.abc import Callable
from colorsys import hsv_to_rgb, rgb_to_hsv
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageChops, ImageColor, ImageDraw

Colour = tuple[int, int, int]
SUPERSAMPLING = 3


@dataclass(frozen=True)
class Shape:
    """A filled polygon: points (N, 2), a colour, the group it belongs to, and the group it is
    clipped to.
    """

    points: np.ndarray
    colour: Colour
    group: str = ""
    clip: str = ""


@dataclass
class Drawing:
    """One individual while it is being drawn: its shapes in painting order."""

    shapes: list[Shape] = field(default_factory=list, init=False)

    def add(self, points: ArrayLike, fill: Colour, *, group: str = "", clip: str = "") -> None:
        """A filled polygon (N, 2); as part of a ``group``, or clipped to what a group covers."""
        self.shapes.append(Shape(np.asarray(points, dtype=float), fill, group, clip))

    def move(self, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Put every point (N, 2) of all that is drawn so far where ``change`` says."""
        self.shapes = [replace(shape, points=change(shape.points)) for shape in self.shapes]

    def finish(self, *, length: int, mirrored: bool) -> Image.Image:
        """Tight RGBA picture, ``length`` pixels on its longer side; mirrored, it looks to the
        left.
        """
        if mirrored:
            self.move(lambda points: points * [-1, 1])
        return paint(self.shapes, length=length)


def colour(text: str) -> Colour:
    """``"#a0b0c0"`` or a colour name as (red, green, blue), 0..255."""
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """``a`` with ``share`` (0..1) of ``b`` in it."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b))
    return red, green, blue


def shade(c: Colour, factor: float) -> Colour:
    """Darker (below 1) or lighter (above 1)."""
    red, green, blue = (int(min(max(x * factor, 0), 255)) for x in c)
    return red, green, blue


def jitter(
    c: Colour, rng: np.random.Generator, *, hue: float = 0.02, strength: float = 0.1
) -> Colour:
    """A colour near ``c``: hue moved by up to ``hue`` (of 1), saturation and value by up to
    ``strength``.
    """
    h, s, v = rgb_to_hsv(*(x / 255 for x in c))
    dh, ds, dv = rng.uniform(-1, 1, 3)
    h, s = (h + hue * dh) % 1, np.clip(s * (1 + strength * ds), 0, 1)
    v = np.clip(v * (1 + strength * dv), 0.04, 1)
    red, green, blue = (round(255 * x) for x in hsv_to_rgb(h, s, v))
    return red, green, blue


def smooth(points, *, steps: int = 6) -> np.ndarray:
    """Closed Catmull-Rom curve through ``points`` (N, 2) -> (N * steps, 2)."""
    p1 = np.asarray(points, dtype=float)
    p0, p2, p3 = np.roll(p1, 1, axis=0), np.roll(p1, -1, axis=0), np.roll(p1, -2, axis=0)
    t = (np.arange(steps) / steps)[None, :, None]
    p0, p1, p2, p3 = (p[:, None, :] for p in (p0, p1, p2, p3))
    curve = (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return curve.reshape(-1, 2) / 2


def oval(centre, rx: float, ry: float, *, angle: float = 0.0, steps: int = 24) -> np.ndarray:
    """Ellipse as a polygon; ``angle`` in radians."""
    t = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return turn(np.stack([rx * np.cos(t), ry * np.sin(t)], axis=1), angle) + np.asarray(centre)


def turn(points, angle: float) -> np.ndarray:
    """Rotate (N, 2) points about the origin; a positive angle lifts what points to the right."""
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points, dtype=float) @ np.array([[c, -s], [s, c]])


def tube(points, widths) -> np.ndarray:
    """Outline of a tapering band along (N, 2) points with the given full widths."""
    p, half = np.asarray(points, dtype=float), np.asarray(widths, dtype=float)[:, None] / 2
    along = np.gradient(p, axis=0)
    normal = (
        np.stack([-along[:, 1], along[:, 0]], axis=1)
        / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    )
    return np.concatenate([p + half * normal, (p - half * normal)[::-1]])


def paint(shapes: list[Shape], *, length: int) -> Image.Image:
    """Tight RGBA picture of shapes, whose longer side is ``length`` pixels, or one more where
    rounding has it so.
    """
    everything = np.concatenate([s.points for s in shapes if not s.clip])
    low, extent = everything.min(axis=0), np.ptp(everything, axis=0)
    scale = length / extent.max()
    width, height = (max(1, int(np.ceil(side * scale))) for side in extent)
    image = Image.new("RGBA", (width * SUPERSAMPLING, height * SUPERSAMPLING))
    masks: dict[str, Image.Image] = {}
    for shape in shapes:
        outline = [tuple(p) for p in ((shape.points - low) * scale * SUPERSAMPLING).tolist()]
        _fill(image, masks, shape, outline)
    return image.resize((width, height), Image.Resampling.BOX)


def either_way(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture or its mirror image, as often the one as the other."""
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else picture


def _fill(image: Image.Image, masks: dict, shape: Shape, outline: list) -> None:
    if shape.clip:
        _fill_inside(image, masks[shape.clip], shape.colour, outline)
    else:
        ImageDraw.Draw(image).polygon(outline, fill=(*shape.colour, 255))
    if shape.group:
        mask = masks.setdefault(shape.group, Image.new("L", image.size))
        ImageDraw.Draw(mask).polygon(outline, fill=255)


def _fill_inside(image: Image.Image, mask: Image.Image, fill: Colour, outline: list) -> None:
    xs, ys = zip(*outline)
    left, top = max(0, int(min(xs))), max(0, int(min(ys)))
    right, bottom = min(image.width, int(max(xs)) + 2), min(image.height, int(max(ys)) + 2)
    if left >= right or top >= bottom:
        return
    area = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(area).polygon([(x - left, y - top) for x, y in outline], fill=255)
    inside = ImageChops.darker(area, mask.crop((left, top, right, bottom)))
    image.paste((*fill, 255), (left, top), inside)
