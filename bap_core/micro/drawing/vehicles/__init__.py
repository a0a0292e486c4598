"""The vehicles of the micro world: nine kinds, with the names they have in COCO and in NICO++.

`draw` has the face of `birds.draw`: a tight RGBA picture whose alpha channel is the exact mask.
Kinds differ in shape; paint is drawn from one palette for all of them, so that colour alone tells
nothing. Individuals differ in build, proportion, paint, wear, light and side.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bap_core.micro.drawing.draft import Draft
from bap_core.micro.drawing.vehicles.airplane import draw_airplane
from bap_core.micro.drawing.vehicles.bicycle import draw_bicycle
from bap_core.micro.drawing.vehicles.car import draw_car
from bap_core.micro.drawing.vehicles.motorcycle import draw_motorcycle
from bap_core.micro.drawing.vehicles.sailboat import draw_sailboat
from bap_core.micro.drawing.vehicles.ship import draw_ship
from bap_core.micro.drawing.vehicles.train import draw_train
from bap_core.micro.drawing.vehicles.trucks_and_buses import draw_bus, draw_truck


@dataclass(frozen=True)
class Vehicle:
    """A kind of vehicle. name: as NICO++ calls it; coco: the COCO category it is an instance of;
    home: the Places365 categories in which it is usually seen; withheld: whether the paper keeps it
    out of pre-training (M.6.1).
    """

    name: str
    coco: str
    home: tuple[str, str, str, str]
    paint: Callable[[Draft], None]
    withheld: bool = False

    @property
    def words(self) -> str:
        """The name in ordinary words."""
        return self.name


# COCO has one category of boats; ship and sailboat are NICO++'s classes.
VEHICLES: tuple[Vehicle, ...] = (
    Vehicle("car", "car", ("driveway", "shopfront", "alley", "chalet"), draw_car),
    Vehicle(
        "truck",
        "truck",
        ("construction_site", "excavation", "desert/sand", "driveway"),
        draw_truck,
        withheld=True,
    ),
    Vehicle("bus", "bus", ("shopfront", "church/outdoor", "driveway", "castle"), draw_bus),
    Vehicle(
        "bicycle", "bicycle", ("alley", "shopfront", "field/wild", "forest/broadleaf"), draw_bicycle
    ),
    Vehicle(
        "motorcycle",
        "motorcycle",
        ("driveway", "alley", "desert/sand", "canyon"),
        draw_motorcycle,
        withheld=True,
    ),
    Vehicle("ship", "boat", ("ocean", "coast", "iceberg", "lake/natural"), draw_ship),
    Vehicle("sailboat", "boat", ("lake/natural", "ocean", "coast", "beach"), draw_sailboat),
    Vehicle(
        "airplane", "airplane", ("sky", "mountain_snowy", "desert/sand", "ocean"), draw_airplane
    ),
    Vehicle("train", "train", ("field/wild", "canyon", "pasture", "mountain_snowy"), draw_train),
)


def by_name(name: str) -> Vehicle:
    """The vehicle of that name. ValueError for a name that the micro world lacks."""
    for vehicle in VEHICLES:
        if vehicle.name == name:
            return vehicle
    raise ValueError(
        f"the micro world has no vehicle {name!r}; it has {', '.join(v.name for v in VEHICLES)}"
    )


def draw(vehicle: Vehicle, rng: np.random.Generator, *, length: int) -> Image.Image:
    """One individual as a tight RGBA picture, ``length`` pixels on its longer side, facing left
    or right.
    """
    draft = Draft(rng)
    vehicle.paint(draft)
    return draft.finish(length=length, mirrored=draft.chance(0.5))
