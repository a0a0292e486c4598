"""All that can stand in a scene: birds, vehicles and figures. How each is drawn, where it
stands, what people call it.
"""

import numpy as np
from PIL import Image

from bap_core.micro.drawing import birds, figures, vehicles
from bap_core.micro.drawing.birds import SPECIES
from bap_core.micro.drawing.birds.lookalikes import LOOKALIKES
from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.drawing.figures import FIGURES, Figure
from bap_core.micro.drawing.vehicles import VEHICLES, Vehicle

Kind = Species | Vehicle | Figure

BIRDS: tuple[Species, ...] = (*SPECIES, *LOOKALIKES)
TAUGHT: tuple[Vehicle, ...] = tuple(vehicle for vehicle in VEHICLES if not vehicle.withheld)
# The classes of the supervised encoder: everything that pre-training shows.
KINDS: tuple[Kind, ...] = (*BIRDS, *TAUGHT, *FIGURES)


def draw(kind: Kind, rng: np.random.Generator, *, length: int) -> Image.Image:
    """One individual as a tight RGBA picture, ``length`` pixels on its longer side."""
    drawer = {Species: birds, Vehicle: vehicles, Figure: figures}[type(kind)]
    return drawer.draw(kind, rng, length=length)


def is_aloft(kind: Kind) -> bool:
    """Whether it has neither ground nor cover: an airplane in flight."""
    return isinstance(kind, Vehicle) and kind.coco == "airplane"


def sink(kind: Kind) -> float:
    """The largest share of its height that is under water where the place is wet. A hull is low,
    so it sinks less.
    """
    return 0.1 if isinstance(kind, Vehicle) and kind.coco == "boat" else 0.2


def vague(kind: Kind) -> str:
    """What somebody calls it who does not care: bird, vehicle, person."""
    return {Species: "bird", Vehicle: "vehicle", Figure: "person"}[type(kind)]


def sorts(kind: Kind) -> tuple[str, ...]:
    """What it is called by its sort, the words of the paper's classes; empty for vehicles, whose
    names are their sorts.
    """
    if isinstance(kind, Species):
        side = "water" if kind.is_water else "land"
        return f"{side}bird", f"{side} bird"
    return (f"{kind.cloak}-cloaked person",) if isinstance(kind, Figure) else ()
