"""Drawn textures under the 47 class names of the Describable Textures Dataset.

A texture is a pattern, a relief (how much the light from above models it) and colours. Colours are
drawn anew for every picture from palettes that many classes share, so that a class is told by its
pattern.
"""

import numpy as np
from PIL import Image

from bap_core.micro.drawing import grounds, patterns
from bap_core.micro.drawing.pen import colour, jitter
from bap_core.micro.drawing.plane import Plane

SUPERSAMPLING = 2
_CLOTH = (
    "#f1ece0 #b8473c",
    "#f1ece0 #34568a",
    "#2f3a52 #d9c48a",
    "#e6d7b8 #4f7a5a",
    "#3a3334 #d98a6a",
    "#f2efe8 #33343a",
    "#d9a832 #54402f",
    "#6f8f9f #f3ead6",
    "#b7a3b8 #4a3554",
    "#7fa58a #f4efdc",
    "#e9b9a0 #7a3f4a",
)
_STONE = (
    "#5a544c #c9bfae",
    "#4d5358 #b9c2c6",
    "#6b4a3a #d8b890",
    "#3d4138 #a9ab8e",
    "#6f6a64 #ece6da",
    "#54423a #b98f6a",
)
_METAL = ("#3a3d42 #c3c9cd", "#4a3f2f #d8b45a", "#2f3a44 #9fb3c0", "#4d3a36 #c98a6a")
_PALE = (
    "#efe6d2 #8a5a3a",
    "#e9ddd0 #9a6a52",
    "#e6e9e6 #5f7580",
    "#f0e2b8 #7a6a3a",
    "#dbe4d2 #5d7048",
)
_DARK = ("#22262c #dfe3e4", "#2d2a33 #cfc6d6", "#24322e #d5e0d2", "#3a2c28 #e8d8c4")
_ICE = ("#5f86b0 #f3f7fa", "#6a5a9a #eadff4", "#4f8f8a #eafaf2", "#8a5a6a #fbeaf0")
_GOLD = ("#8a5a22 #efc765", "#a06a2f #f3dca0", "#6a4a22 #d9a23a")
_LEAF = ("#4f7f3f #b9d38a", "#3f6a4a #a9c9a0", "#8a7a2f #e3d488", "#7a4030 #dda67a")
_SWEET = ("#f6efe4 #d9525f #f0b840 #5fa0c9 #6fae6a", "#6a4630 #f2d5da #f3e08a #a9d3e6 #f5f0e6")

# Class: pattern, relief, palettes.
_CLASSES = {
    "banded": (patterns.banded, 0.0, _CLOTH + _STONE),
    "blotchy": (grounds.blotchy, 0.0, _PALE + _CLOTH),
    "braided": (patterns.braided, 0.5, _GOLD + _PALE),
    "bubbly": (grounds.bubbly, 0.2, _ICE + _DARK),
    "bumpy": (grounds.bumpy, 1.2, _STONE + _CLOTH),
    "chequered": (patterns.chequered, 0.0, _CLOTH),
    "cobwebbed": (grounds.cobwebbed, 0.0, _DARK),
    "cracked": (grounds.cracked, -0.5, ("#c9bfae #3a342e", "#d8b890 #4a3426", "#b9b4a8 #33363a")),
    "crosshatched": (patterns.crosshatched, 0.0, _PALE + _CLOTH),
    "crystalline": (grounds.crystalline, 0.0, _ICE),
    "dotted": (patterns.dotted, 0.0, _CLOTH),
    "fibrous": (grounds.fibrous, 0.4, _GOLD + _STONE),
    "flecked": (grounds.flecked, 0.0, _STONE + _CLOTH),
    "freckled": (grounds.freckled, 0.0, _PALE),
    "frilly": (patterns.frilly, 0.5, _CLOTH + _ICE),
    "gauzy": (patterns.gauzy, 0.3, _ICE + _PALE),
    "grid": (patterns.grid, 0.0, _CLOTH + _METAL),
    "grooved": (patterns.grooved, 0.8, _STONE + _METAL),
    "honeycombed": (patterns.honeycombed, 0.5, _GOLD),
    "interlaced": (patterns.interlaced, 0.4, _CLOTH + _DARK),
    "knitted": (patterns.knitted, 0.3, _CLOTH + _LEAF),
    "lacelike": (patterns.lacelike, 0.2, _DARK + _CLOTH),
    "lined": (patterns.lined, 0.0, _CLOTH + _PALE),
    "marbled": (grounds.marbled, 0.0, _STONE + _ICE),
    "matted": (grounds.matted, 0.4, _STONE + _GOLD),
    "meshed": (patterns.meshed, 0.5, _METAL + _DARK),
    "paisley": (patterns.paisley, 0.0, _CLOTH),
    "perforated": (patterns.perforated, 0.5, _METAL),
    "pitted": (grounds.pitted, 0.6, _STONE),
    "pleated": (patterns.pleated, 0.6, _CLOTH),
    "polka-dotted": (patterns.polka_dotted, 0.0, _CLOTH),
    "porous": (grounds.porous, 0.5, _GOLD + _STONE),
    "potholed": (grounds.potholed, 0.6, ("#33363a #8d9092", "#3f3a36 #a39a8e")),
    "scaly": (patterns.scaly, 0.5, _LEAF + _METAL),
    "smeared": (grounds.smeared, 0.2, _CLOTH),
    "spiralled": (grounds.spiralled, 0.2, _CLOTH + _ICE),
    "sprinkled": (grounds.sprinkled, 0.3, _SWEET),
    "stained": (grounds.stained, 0.0, _PALE),
    "stratified": (grounds.stratified, 0.4, _STONE + _GOLD),
    "striped": (patterns.striped, 0.0, _CLOTH),
    "studded": (patterns.studded, 1.0, _METAL + _DARK),
    "swirly": (grounds.swirly, 0.0, _CLOTH + _ICE),
    "veined": (grounds.veined, 0.3, _LEAF),
    "waffled": (patterns.waffled, 0.9, _GOLD),
    "woven": (patterns.woven, 0.4, _GOLD + _CLOTH),
    "wrinkled": (grounds.wrinkled, 0.8, _PALE + _STONE),
    "zigzagged": (patterns.zigzagged, 0.0, _CLOTH),
}
CLASSES: tuple[str, ...] = tuple(_CLASSES)


def draw(name: str, rng: np.random.Generator, *, width: int, height: int) -> Image.Image:
    """One picture of a class, RGB. ValueError for a name that is no DTD class."""
    if name not in _CLASSES:
        raise ValueError(f"{name!r} is no texture; there are {', '.join(CLASSES)}")
    pattern, relief, palettes = _CLASSES[name]
    plane = Plane(SUPERSAMPLING * width, SUPERSAMPLING * height, rng)
    value = pattern(plane)
    pixels = (
        _coloured(value, palettes[rng.integers(len(palettes))], rng)
        * _light(value, plane, relief)[..., None]
    )
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).reduce(SUPERSAMPLING)
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else picture


def _coloured(value: np.ndarray, palette: str, rng: np.random.Generator) -> np.ndarray:
    """Values within 0..1 as a ramp through the colours of a palette -> (H, W, 3)."""
    colours = np.array(
        [jitter(colour(text), rng, hue=0.03, strength=0.15) for text in palette.split()],
        dtype=np.float32,
    )
    if len(colours) > 2:  # a ground and things of several colours on it
        return colours[np.where(value == 0, 0, 1 + (value * 97).astype(int) % (len(colours) - 1))]
    return colours[0] + np.clip(value, 0, 1)[..., None] * (colours[1] - colours[0])


def _light(value: np.ndarray, plane: Plane, relief: float) -> np.ndarray:
    """Light from the upper left over the surface, its fall-off over the picture, and a fine
    grain.
    """
    slope = np.gradient(value, axis=0) + 0.6 * np.gradient(value, axis=1)
    spread = plane.uniform(-0.2, 0.2) * (plane.u - 0.5) + plane.uniform(-0.2, 0.2) * (plane.v - 0.5)
    shine = np.clip(-relief * slope * min(plane.shape) / 30, -0.6, 0.6)
    return (1 + shine + spread + 0.10 * (plane.noise(70) - 0.5)) * plane.uniform(0.85, 1.1)
