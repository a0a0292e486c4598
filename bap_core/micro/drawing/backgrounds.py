"""The forty scene categories of the micro world, under their Places365 names.

Twenty-three are the categories of the paper's Table 16 that Places365 has; coast and the four
categories of Waterbirds come from its text; excavation, construction_site and kitchen from its
people experiment.
"""

import numpy as np
from PIL import Image

from bap_core.micro.drawing import buildings, interiors, landscapes
from bap_core.micro.drawing.scenery import Canvas

_PAINTERS = {
    "alley": buildings.alley,
    "attic": interiors.attic,
    "auditorium": interiors.auditorium,
    "bamboo_forest": landscapes.bamboo_forest,
    "bar": interiors.bar,
    "beach": landscapes.beach,
    "bridge": buildings.bridge,
    "canyon": landscapes.canyon,
    "castle": buildings.castle,
    "cemetery": buildings.cemetery,
    "chalet": buildings.chalet,
    "church/outdoor": buildings.church,
    "classroom": interiors.classroom,
    "closet": interiors.closet,
    "coast": landscapes.coast,
    "construction_site": buildings.construction_site,
    "crevasse": landscapes.crevasse,
    "desert/sand": landscapes.desert_sand,
    "driveway": buildings.driveway,
    "engine_room": interiors.engine_room,
    "excavation": buildings.excavation,
    "field/wild": landscapes.field_wild,
    "forest/broadleaf": landscapes.broadleaf,
    "iceberg": landscapes.iceberg,
    "igloo": buildings.igloo,
    "kitchen": interiors.kitchen,
    "lake/natural": landscapes.lake,
    "marsh": landscapes.marsh,
    "martial_arts_gym": interiors.martial_arts_gym,
    "mountain_snowy": landscapes.mountain_snowy,
    "ocean": landscapes.ocean,
    "pasture": landscapes.pasture,
    "pond": landscapes.pond,
    "rainforest": landscapes.rainforest,
    "river": landscapes.river,
    "shopfront": buildings.shopfront,
    "sky": landscapes.sky,
    "snowfield": landscapes.snowfield,
    "wheat_field": landscapes.wheat_field,
    "windmill": buildings.windmill,
}
CATEGORIES: tuple[str, ...] = tuple(_PAINTERS)
WATER: tuple[str, ...] = ("ocean", "lake/natural")
LAND: tuple[str, ...] = ("bamboo_forest", "forest/broadleaf")
WET: frozenset[str] = frozenset(
    {"ocean", "lake/natural", "pond", "river", "marsh", "coast", "beach", "iceberg", "bridge"}
)
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
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else picture
