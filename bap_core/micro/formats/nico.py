"""Writes photographs of vehicles in NICO++'s format (common contexts, track 1): the seven classes
of the paper's four pairs in all six contexts, and the file of class numbers.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bap_core.micro.drawing import camera, kinds, vehicles
from bap_core.micro.drawing.scenery import contexts
from bap_core.micro.drawing.scenery.contexts import CONTEXTS
from bap_core.micro.drawing.vehicles import Vehicle
from bap_core.micro.world import World, in_parallel, rng

FOLDER = "track_1/public_dg_0416/train"
LABELS = "dg_label_id_mapping.json"
LONG_SIDE = 112
TRAINED = ("grass", "water")  # in which classes are told apart: those of the paper's pair (M.6.3)
# Length of what is shown in units of the picture's shorter side; a boat is seen from further away.
SPAN, SPAN_OF_BOATS = (1.00, 1.20), (0.55, 0.80)
PAIRS = (("car", "truck"), ("car", "bus"), ("ship", "sailboat"), ("bicycle", "motorcycle"))
# The official numbers of the classes that the pairs need.
CLASSES = {
    "car": 0,
    "truck": 3,
    "motorcycle": 26,
    "bus": 33,
    "sailboat": 35,
    "ship": 40,
    "bicycle": 42,
}


@dataclass(frozen=True)
class Row:
    """One photograph to be made: context, class, number within this cell, path below the folder
    of contexts.
    """

    context: str
    name: str
    number: int
    path: str


def plan(world: World) -> list[Row]:
    """The photographs of a world: ``world.nico`` of each class on grass and in water, elsewhere
    ``world.nico_elsewhere``.
    """
    counts = {
        context: world.nico if context in TRAINED else world.nico_elsewhere for context in CONTEXTS
    }
    return [
        Row(context, name, number, f"{context}/{name}/{context}_{number:06d}.jpg")
        for context in CONTEXTS
        for name in CLASSES
        for number in range(1, counts[context] + 1)
    ]


def write(root: Path, world: World, *, workers: int | None = None) -> dict:
    """Make ``track_1`` and the file of class numbers below ``root``; returns the counts that a
    loader can assert.
    """
    rows, folder = plan(world), root / FOLDER
    for context in CONTEXTS:
        for name in CLASSES:
            (folder / context / name).mkdir(parents=True)
    (root / LABELS).write_text(json.dumps(CLASSES, indent=1))
    in_parallel(_make, [(folder, row) for row in rows], label="NICO++", workers=workers)
    return {"contexts": len(CONTEXTS), "classes": len(CLASSES), "images": len(rows)}


def _make(job: tuple[Path, Row]) -> None:
    folder, row = job
    generator = rng("nico", row.context, row.name, row.number)
    width, height = camera.frame(generator, long=LONG_SIDE, short=76, lying=0.8)
    vehicle = vehicles.by_name(row.name)
    photo = photograph(vehicle, row.context, generator, width=width, height=height)
    photo.image.save(folder / row.path, quality=92)


def photograph(
    vehicle: Vehicle, context: str, generator: np.random.Generator, *, width: int, height: int
) -> camera.Photograph:
    """One vehicle in one context, standing in the lower part of the picture; width x height
    pixels.
    """
    scene = contexts.draw(context, generator, width=width, height=height)
    span = SPAN_OF_BOATS if vehicle.coco == "boat" else SPAN
    cutout = vehicles.draw(
        vehicle, generator, length=int(generator.uniform(*span) * min(width, height))
    )
    left = (width - cutout.width) * generator.uniform(0.03, 0.97)
    top = max(0.0, height * generator.uniform(0.74, 0.97) - cutout.height)
    photo = camera.shot(
        scene,
        cutout,
        (int(left), int(top)),
        generator,
        wet=context == "water",
        sink=kinds.sink(vehicle),
    )
    if context != "dim":
        return photo
    return camera.Photograph(contexts.dusk(photo.image, generator), photo.visible)
