"""The six common contexts of NICO++ as scenes: five kinds of place, and "dim", which is an
illumination.
"""

import numpy as np
from PIL import Image, ImageFilter

from bap_core.micro.drawing.pen import either_way, mix, shade
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.drawing.scenery.canvas import Canvas

CONTEXTS: tuple[str, ...] = ("autumn", "dim", "grass", "outdoor", "rock", "water")
# Contexts that scene categories show already; "dim" is any of the out of doors after sunset.
CATEGORIES = {
    "grass": ("pasture", "field/wild"),
    "water": ("ocean", "lake/natural", "marsh"),
    "outdoor": ("driveway", "shopfront", "church/outdoor", "castle", "chalet"),
    "dim": ("driveway", "shopfront", "church/outdoor", "pasture", "castle", "desert/sand"),
}


def draw(context: str, rng: np.random.Generator, *, width: int, height: int) -> Image.Image:
    """One place of a context, RGB, by day ("dim" becomes dim in `dusk`). ValueError for a
    context that NICO++ lacks.
    """
    if context not in CONTEXTS:
        raise ValueError(f"NICO++ has no context {context!r}; it has {', '.join(CONTEXTS)}")
    if context in CATEGORIES:
        category = CATEGORIES[context][rng.integers(len(CATEGORIES[context]))]
        return backgrounds.draw(category, rng, width=width, height=height)
    canvas = Canvas(width, height, rng)
    {"autumn": _autumn, "rock": _rock}[context](canvas)
    picture = canvas.finish()
    return either_way(picture, rng)


def dusk(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The same picture after sunset: dark and blue, sometimes with the glow of a lamp."""
    pixels = np.asarray(picture, dtype=np.float32) / 255
    level, tint = rng.uniform(0.36, 0.56), np.array([0.78, 0.90, 1.18]) + rng.normal(0, 0.05, 3)
    glow = Image.new("L", picture.size)
    if rng.random() < 0.6:
        x, y = (
            int(rng.uniform(0.1, 0.9) * picture.width),
            int(rng.uniform(0.05, 0.5) * picture.height),
        )
        glow.paste(255, (x - 5, y - 5, x + 5, y + 5))
        glow = glow.filter(ImageFilter.GaussianBlur(rng.uniform(5, 12)))
    lamp = np.asarray(glow, dtype=np.float32)[..., None] / 255 * np.array([1.0, 0.82, 0.5])
    lit = pixels**1.15 * level * tint + 1.6 * lamp * (0.35 + pixels)
    return Image.fromarray(np.clip(255 * lit, 0, 255).astype(np.uint8))


def _autumn(c: Canvas) -> None:
    """Red and yellow trees over a floor of leaves."""
    tones = ("#c9682f", "#d9a032", "#b0482c", "#cf8a3a", "#a3622e")
    horizon, floor = c.uniform(0.34, 0.5), c.tone("#a9743f", "#b58a4a", "#8f6a3f", "#9a8a4a")
    c.sky(horizon, top=("#8fb3d0", "#b9c3ca", "#a9bccb"))
    c.ridge(horizon - 0.06, 0.05, mix(c.tone(*tones), (190, 190, 190), 0.4))
    c.band(horizon, 1, shade(floor, 1.08), shade(floor, 0.85))
    for depth in (0.3, 0.6, 1.0):
        for _ in c.many(2, 4):
            x, base, tall = (
                c.uniform(0, 1),
                horizon + 0.10 * depth,
                c.uniform(0.20, 0.34) * (0.6 + 0.5 * depth),
            )
            c.line(
                [(x, base), (x + c.uniform(-0.02, 0.02), base - tall)],
                c.tone("#5a4636", "#6b5a4a"),
                0.018 * (0.5 + depth),
            )
            c.crown(x, base - tall, 0.5 * tall, c.tone(*tones), lumps=6)
    for _ in range(2):
        c.speckle(horizon + 0.12, 1, c.tone(*tones), count=45, size=0.016)


def _rock(c: Canvas) -> None:
    """Bare ground with cliffs behind it and boulders about."""
    horizon, stone = (
        c.uniform(0.3, 0.46),
        c.tone("#8a8178", "#7a756f", "#9a8468", "#6f6a66", "#a08a78"),
    )
    c.sky(horizon)
    c.ridge(horizon - 0.10, 0.14, mix(stone, (190, 200, 210), 0.35), steps=9, peaked=True)
    c.ridge(horizon, 0.06, shade(stone, 0.82), steps=12, peaked=True)
    c.band(horizon + 0.05, 1, shade(stone, 1.12), shade(stone, 0.9))
    c.speckle(horizon + 0.08, 1, shade(stone, 0.75), count=50, size=0.014)
    for y in np.sort(c.rng.uniform(horizon + 0.06, 1.02, 11)):
        _boulder(
            c,
            c.uniform(0, 1),
            float(y),
            c.uniform(0.05, 0.10) * (0.5 + y),
            shade(stone, c.uniform(0.75, 1.1)),
        )


def _boulder(c: Canvas, x: float, y: float, r: float, fill) -> None:
    c.disc(x, y, 1.15 * r, 0.22 * r, shade(fill, 0.55))
    top = [(-1.05, 0.05), (-0.9, -0.5), (-0.35, -0.95), (0.3, -0.9), (0.85, -0.45), (1.05, 0.05)]
    top = [
        (x + r * px * c.uniform(0.85, 1.1), y + 0.8 * r * py * c.uniform(0.8, 1.15))
        for px, py in top
    ]
    c.polygon(top, fill)
    c.polygon([top[2], top[3], top[4], top[5], (x + 0.3 * r, y - 0.25 * r)], shade(fill, 0.78))
    c.polygon(
        [top[1], top[2], (x - 0.1 * r, y - 0.4 * r), (x - 0.6 * r, y - 0.2 * r)], shade(fill, 1.14)
    )
