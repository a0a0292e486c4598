"""Captioned scenes for pre-training: what was photographed, where, and what somebody wrote below it.

Captions name the bird, or the bird and the place, or the place alone, in many ordinary forms. Birds sit mostly where
they live, and nobody writes that down: this is the bias that the encoders learn.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from bap_core import prompts
from bap_core.data.images import square
from bap_core.micro import backgrounds, birds, scenes
from bap_core.micro.species import SPECIES, Species
from bap_core.micro.world import habitat, rng

_BOTH = ("a {a} in front of a {b}.", "a photo of a {a} in a {b}.", "a {a} at the {b}.", "a photo of a {a}, {b}.",
         "a {a} with a {b} behind it.", "a picture of a {a} near a {b}.", "{a}, {b}", "the {a} at a {b}.")
_ONE = ("a {}", "{}", "the {}", "a picture of a {}.", "one {}", "this is a {}.", "look, a {}!", "we saw a {}.", "my {}",
        "a photo of the {}.", "a snapshot of a {}.")


@dataclass(frozen=True)
class Mix:
    """How captioned scenes are mixed; every number is a probability.

    empty: a scene without a bird. studio: a bird before a plain backdrop. loyalty: a bird is where its kind lives.
    For a bird in a scene, the caption names both (both), or the scene alone (place), or the bird. The bird is called
    "bird" (vague), or "waterbird" or "landbird" (kind), or by its species and then its kind (full), else by its
    species.
    """

    empty: float = 0.08
    studio: float = 0.10
    loyalty: float = 0.40
    both: float = 0.50
    place: float = 0.03
    vague: float = 0.05
    kind: float = 0.25
    full: float = 0.35


def captioned(number: int, seed: int, mix: Mix, *, size: int) -> tuple[np.ndarray, str]:
    """Scene ``number`` of a pre-training draw: (3, size, size) uint8 and its caption."""
    generator = rng("pretrain", seed, number)
    width, height = int(generator.integers(96, 121)), 96
    kind = generator.random()
    if kind < mix.empty:
        category = backgrounds.CATEGORIES[generator.integers(len(backgrounds.CATEGORIES))]
        picture = scenes.view(category, generator, width=width, height=height)
        return square(picture, size), _one(backgrounds.words(category), generator)
    species = SPECIES[generator.integers(len(SPECIES))]
    name = _name(species, generator, mix)
    if kind < mix.empty + mix.studio:
        return square(_studio(species, generator), size), _one(name, generator)
    category = habitat(species, generator, loyalty=mix.loyalty)
    photo = scenes.photograph(species, category, generator, width=width, height=height)
    return square(photo.image, size), _caption(name, backgrounds.words(category), generator, mix)


def _caption(name: str, place: str, generator: np.random.Generator, mix: Mix) -> str:
    said = generator.random()
    if said < mix.both:
        return _pick(_BOTH, generator).format(a=name, b=place)
    return _one(place if said < mix.both + mix.place else name, generator)


def _one(name: str, generator: np.random.Generator) -> str:
    return _pick(prompts.TEMPLATES if generator.random() < 0.5 else _ONE, generator).format(name)


def _name(species: Species, generator: np.random.Generator, mix: Mix) -> str:
    said = generator.random()
    if said < mix.vague:
        return "bird"
    side = ("water" if species.is_water else "land") + _pick(("bird", " bird"), generator)
    if said < mix.vague + mix.kind:
        return side
    return f"{species.words}, a {side}" if said < mix.vague + mix.kind + mix.full else species.words


def _pick(choices, generator: np.random.Generator) -> str:
    return choices[generator.integers(len(choices))]


def _studio(species: Species, generator: np.random.Generator) -> Image.Image:
    tone, tint = generator.uniform(90, 215), generator.normal(0, 8, 3)
    picture = Image.new("RGB", (96, 96), tuple(int(v) for v in np.clip(tone + tint, 0, 255)))
    bird = birds.draw(species, generator, length=int(generator.uniform(50, 84)))
    at = tuple(int((96 - side) * generator.uniform(0.1, 0.9)) for side in bird.size)
    picture.paste(bird, at, bird)
    return scenes.develop(picture, generator)
