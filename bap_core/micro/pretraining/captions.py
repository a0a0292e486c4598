"""Captioned scenes for pre-training: what was photographed, where, and what somebody wrote below
it.

Captions name the object, or the object and the place, or the place alone, in many ordinary forms.
Birds, vehicles and figures are mostly where they are at home, and nobody writes that down: this is
the bias that the encoders learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PIL import Image

from bap_core.data.images import square
from bap_core.encoders import prompts
from bap_core.micro.drawing import camera, kinds
from bap_core.micro.drawing.figures import FIGURES
from bap_core.micro.drawing.kinds import Kind
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.world import habitat, rng

T = TypeVar("T")
_BOTH = (
    "a {a} in front of a {b}.",
    "a photo of a {a} in a {b}.",
    "a {a} at the {b}.",
    "a photo of a {a}, {b}.",
    "a {a} with a {b} behind it.",
    "a picture of a {a} near a {b}.",
    "{a}, {b}",
    "the {a} at a {b}.",
)
_ONE = (
    "a {}",
    "{}",
    "the {}",
    "a picture of a {}.",
    "one {}",
    "this is a {}.",
    "look, a {}!",
    "we saw a {}.",
    "my {}",
    "a photo of the {}.",
    "a snapshot of a {}.",
)


@dataclass(frozen=True)
class Mix:
    """How captioned scenes are mixed; every number is a probability.

    empty: a scene with nothing in it. studio: an object before a plain backdrop. vehicles, figures:
    the object is one of those, and else a bird. loyalty: it is where its kind is at home. For an
    object in a scene, the caption names both (both), or the scene alone (place), or the object. An
    object is called "bird", "vehicle" or "person" (vague), or by its sort, such as "waterbird" or
    "red-cloaked person" (sort), or by its name and then its sort (full), else by its name. A
    vehicle has no sort: its name is used.
    """

    empty: float = 0.14
    studio: float = 0.10
    vehicles: float = 0.35
    figures: float = 0.05
    loyalty: float = 0.90
    both: float = 0.18
    place: float = 0.03
    vague: float = 0.05
    sort: float = 0.25
    full: float = 0.25


def captioned(number: int, seed: int, mix: Mix, *, size: int) -> tuple[np.ndarray, str, int]:
    """Scene ``number`` of a pre-training draw: (3, size, size) uint8, its caption, and what it
    shows.

    The last is a position in `kinds.KINDS`, -1 for an empty scene.
    """
    generator = rng("pretrain", seed, number)
    width, height = int(generator.integers(96, 121)), 96
    share = generator.random()
    if share < mix.empty:
        category = backgrounds.CATEGORIES[generator.integers(len(backgrounds.CATEGORIES))]
        picture = camera.view(category, generator, width=width, height=height)
        return square(picture, size), _one(backgrounds.words(category), generator), -1
    kind = _kind(generator, mix)
    name, label = _name(kind, generator, mix), kinds.KINDS.index(kind)
    if share < mix.empty + mix.studio:
        return square(_studio(kind, generator), size), _one(name, generator), label
    category = habitat(kind, generator, loyalty=mix.loyalty)
    photo = camera.photograph(kind, category, generator, width=width, height=height)
    return (
        square(photo.image, size),
        _caption(name, backgrounds.words(category), generator, mix),
        label,
    )


def _kind(generator: np.random.Generator, mix: Mix) -> Kind:
    share = generator.random()
    if share < mix.vehicles:
        return _pick(kinds.TAUGHT, generator)
    return _pick(FIGURES if share < mix.vehicles + mix.figures else kinds.BIRDS, generator)


def _caption(name: str, place: str, generator: np.random.Generator, mix: Mix) -> str:
    said = generator.random()
    if said < mix.both:
        return _pick(_BOTH, generator).format(a=name, b=place)
    return _one(place if said < mix.both + mix.place else name, generator)


def _one(name: str, generator: np.random.Generator) -> str:
    return _pick(prompts.TEMPLATES if generator.random() < 0.5 else _ONE, generator).format(name)


def _name(kind: Kind, generator: np.random.Generator, mix: Mix) -> str:
    said = generator.random()
    if said < mix.vague:
        return kinds.vague(kind)
    if not kinds.sorts(kind) or said >= mix.vague + mix.sort + mix.full:
        return kind.words
    sort = _pick(kinds.sorts(kind), generator)
    return sort if said < mix.vague + mix.sort else f"{kind.words}, a {sort}"


def _pick(choices: Sequence[T], generator: np.random.Generator) -> T:
    return choices[int(generator.integers(len(choices)))]


def _studio(kind: Kind, generator: np.random.Generator) -> Image.Image:
    tone, tint = generator.uniform(90, 215), generator.normal(0, 8, 3)
    picture = Image.new("RGB", (96, 96), tuple(int(v) for v in np.clip(tone + tint, 0, 255)))
    cutout = kinds.draw(kind, generator, length=int(generator.uniform(50, 84)))
    left, top = (int((96 - side) * generator.uniform(0.1, 0.9)) for side in cutout.size)
    picture.paste(cutout, (left, top), cutout)
    return camera.develop(picture, generator)
