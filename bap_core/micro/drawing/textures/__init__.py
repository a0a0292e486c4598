"""Drawn textures under the 47 class names of the Describable Textures Dataset.

A texture is a pattern, a relief (how much the light from above models it) and colours. Colours are
drawn anew for every picture from palettes that many classes share, so that a class is told by its
pattern.
"""

import numpy as np
from PIL import Image

from bap_core.micro.drawing.pen import colour, either_way, jitter
from bap_core.micro.drawing.textures import ordered, unordered
from bap_core.micro.drawing.textures.plane import Plane

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
    "banded": (ordered.banded, 0.0, _CLOTH + _STONE),
    "blotchy": (unordered.blotchy, 0.0, _PALE + _CLOTH),
    "braided": (ordered.braided, 0.5, _GOLD + _PALE),
    "bubbly": (unordered.bubbly, 0.2, _ICE + _DARK),
    "bumpy": (unordered.bumpy, 1.2, _STONE + _CLOTH),
    "chequered": (ordered.chequered, 0.0, _CLOTH),
    "cobwebbed": (unordered.cobwebbed, 0.0, _DARK),
    "cracked": (unordered.cracked, -0.5, ("#c9bfae #3a342e", "#d8b890 #4a3426", "#b9b4a8 #33363a")),
    "crosshatched": (ordered.crosshatched, 0.0, _PALE + _CLOTH),
    "crystalline": (unordered.crystalline, 0.0, _ICE),
    "dotted": (ordered.dotted, 0.0, _CLOTH),
    "fibrous": (unordered.fibrous, 0.4, _GOLD + _STONE),
    "flecked": (unordered.flecked, 0.0, _STONE + _CLOTH),
    "freckled": (unordered.freckled, 0.0, _PALE),
    "frilly": (ordered.frilly, 0.5, _CLOTH + _ICE),
    "gauzy": (ordered.gauzy, 0.3, _ICE + _PALE),
    "grid": (ordered.grid, 0.0, _CLOTH + _METAL),
    "grooved": (ordered.grooved, 0.8, _STONE + _METAL),
    "honeycombed": (ordered.honeycombed, 0.5, _GOLD),
    "interlaced": (ordered.interlaced, 0.4, _CLOTH + _DARK),
    "knitted": (ordered.knitted, 0.3, _CLOTH + _LEAF),
    "lacelike": (ordered.lacelike, 0.2, _DARK + _CLOTH),
    "lined": (ordered.lined, 0.0, _CLOTH + _PALE),
    "marbled": (unordered.marbled, 0.0, _STONE + _ICE),
    "matted": (unordered.matted, 0.4, _STONE + _GOLD),
    "meshed": (ordered.meshed, 0.5, _METAL + _DARK),
    "paisley": (ordered.paisley, 0.0, _CLOTH),
    "perforated": (ordered.perforated, 0.5, _METAL),
    "pitted": (unordered.pitted, 0.6, _STONE),
    "pleated": (ordered.pleated, 0.6, _CLOTH),
    "polka-dotted": (ordered.polka_dotted, 0.0, _CLOTH),
    "porous": (unordered.porous, 0.5, _GOLD + _STONE),
    "potholed": (unordered.potholed, 0.6, ("#33363a #8d9092", "#3f3a36 #a39a8e")),
    "scaly": (ordered.scaly, 0.5, _LEAF + _METAL),
    "smeared": (unordered.smeared, 0.2, _CLOTH),
    "spiralled": (unordered.spiralled, 0.2, _CLOTH + _ICE),
    "sprinkled": (unordered.sprinkled, 0.3, _SWEET),
    "stained": (unordered.stained, 0.0, _PALE),
    "stratified": (unordered.stratified, 0.4, _STONE + _GOLD),
    "striped": (ordered.striped, 0.0, _CLOTH),
    "studded": (ordered.studded, 1.0, _METAL + _DARK),
    "swirly": (unordered.swirly, 0.0, _CLOTH + _ICE),
    "veined": (unordered.veined, 0.3, _LEAF),
    "waffled": (ordered.waffled, 0.9, _GOLD),
    "woven": (ordered.woven, 0.4, _GOLD + _CLOTH),
    "wrinkled": (unordered.wrinkled, 0.8, _PALE + _STONE),
    "zigzagged": (ordered.zigzagged, 0.0, _CLOTH),
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
    return either_way(picture, rng)


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
