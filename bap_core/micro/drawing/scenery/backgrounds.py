"""The forty scene categories of the micro world, under their Places365 names.

Twenty-three are the categories of the paper's Table 16 that Places365 has; coast and the four
categories of Waterbirds come from its text; excavation, construction_site and kitchen from its
people experiment.
"""

import numpy as np
from PIL import Image

from bap_core.micro.drawing.pen import either_way
from bap_core.micro.drawing.scenery import (
    deserts_and_mountains,
    houses,
    interiors,
    streets_and_sites,
    waters,
    woods_and_fields,
)
from bap_core.micro.drawing.scenery.canvas import Canvas

_PAINTERS = {
    "alley": streets_and_sites.alley,
    "attic": interiors.attic,
    "auditorium": interiors.auditorium,
    "bamboo_forest": woods_and_fields.bamboo_forest,
    "bar": interiors.bar,
    "beach": waters.beach,
    "bridge": streets_and_sites.bridge,
    "canyon": deserts_and_mountains.canyon,
    "castle": houses.castle,
    "cemetery": streets_and_sites.cemetery,
    "chalet": houses.chalet,
    "church/outdoor": houses.church,
    "classroom": interiors.classroom,
    "closet": interiors.closet,
    "coast": waters.coast,
    "construction_site": streets_and_sites.construction_site,
    "crevasse": deserts_and_mountains.crevasse,
    "desert/sand": deserts_and_mountains.desert_sand,
    "driveway": streets_and_sites.driveway,
    "engine_room": interiors.engine_room,
    "excavation": streets_and_sites.excavation,
    "field/wild": woods_and_fields.field_wild,
    "forest/broadleaf": woods_and_fields.broadleaf,
    "iceberg": waters.iceberg,
    "igloo": houses.igloo,
    "kitchen": interiors.kitchen,
    "lake/natural": waters.lake,
    "marsh": waters.marsh,
    "martial_arts_gym": interiors.martial_arts_gym,
    "mountain_snowy": deserts_and_mountains.mountain_snowy,
    "ocean": waters.ocean,
    "pasture": woods_and_fields.pasture,
    "pond": waters.pond,
    "rainforest": woods_and_fields.rainforest,
    "river": waters.river,
    "shopfront": streets_and_sites.shopfront,
    "sky": deserts_and_mountains.sky,
    "snowfield": deserts_and_mountains.snowfield,
    "wheat_field": woods_and_fields.wheat_field,
    "windmill": houses.windmill,
}
CATEGORIES: tuple[str, ...] = tuple(_PAINTERS)
WATER: tuple[str, ...] = ("ocean", "lake/natural")
LAND: tuple[str, ...] = ("bamboo_forest", "forest/broadleaf")
WET: frozenset[str] = frozenset(
    {"ocean", "lake/natural", "pond", "river", "marsh", "coast", "beach", "iceberg", "bridge"}
)
THICKEST_AIR = 0.6  # the largest share of a scene's colours that the air takes
_INDOORS = {
    "attic",
    "auditorium",
    "bar",
    "classroom",
    "closet",
    "engine_room",
    "martial_arts_gym",
    "kitchen",
}
_WORDS = {
    "church/outdoor": "church",
    "desert/sand": "sand desert",
    "field/wild": "wild field",
    "forest/broadleaf": "broadleaf forest",
    "lake/natural": "natural lake",
    "mountain_snowy": "snowy mountain",
}


def words(category: str) -> str:
    """A category in ordinary words: ``forest/broadleaf`` is ``broadleaf forest``."""
    return _WORDS.get(category, category.replace("_", " "))


def draw(category: str, rng: np.random.Generator, *, width: int, height: int) -> Image.Image:
    """One picture of ``category``, RGB. ValueError for a category that the micro world lacks."""
    if category not in _PAINTERS:
        raise ValueError(
            f"the micro world has no category {category!r}; it has {', '.join(CATEGORIES)}"
        )
    canvas = Canvas(width, height, rng)
    _PAINTERS[category](canvas)
    picture = canvas.finish(indoors=category in _INDOORS)
    return either_way(_through_air(picture, rng), rng)


def _through_air(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The same place through mist, dust or the tint of a lamp: no colour tells a category alone."""
    air = np.clip(rng.uniform(70, 215) + rng.normal(0, 28, 3), 0, 255).astype(np.float32)
    thick = rng.uniform(0, THICKEST_AIR)
    pixels = np.asarray(picture, dtype=np.float32)
    return Image.fromarray((pixels * (1 - thick) + air * thick).astype(np.uint8))
