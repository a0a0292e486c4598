"""Writes photographs of the micro world's birds in CUB-200-2011's format: five text files,
images, segmentations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from bap_core.micro.drawing import camera
from bap_core.micro.drawing.birds import SPECIES
from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.world import World, habitat, in_parallel, rng, write_rows

LONG_SIDE = 128
SPAN = (0.77, 1.02)  # length of a bird in units of the picture's shorter side
LOYALTY = 0.92


@dataclass(frozen=True)
class Row:
    """One photograph to be made: CUB's image id, species, path below images/, official split."""

    image_id: int
    species: Species
    path: str
    is_train: bool


def plan(world: World) -> list[Row]:
    """The photographs of a world in CUB's order; half of every species is in the official train
    split.
    """
    return [row for species in SPECIES for row in _species_rows(species, world)]


def _species_rows(species: Species, world: World) -> Iterator[Row]:
    first = 1 + world.photos * SPECIES.index(species)
    generator = rng("cub", "split", species.number)
    train = set(generator.permutation(world.photos)[: world.photos // 2].tolist())
    for number in range(world.photos):
        # CUB writes file names in title case and ends them with a number that is unique among all
        # images.
        name = f"{species.name.title()}_{number + 1:04d}_{1000 + first + number}.jpg"
        yield Row(first + number, species, f"{species.folder}/{name}", number in train)


def write(root: Path, world: World, *, workers: int | None = None) -> dict:
    """Make ``CUB_200_2011`` below ``root``; returns the counts that a loader can assert."""
    folder, rows = root / "CUB_200_2011", plan(world)
    for species in SPECIES:
        for kind in ("images", "segmentations"):
            (folder / kind / species.folder).mkdir(parents=True)
    boxes = in_parallel(
        _make, [(folder, row) for row in rows], label="photographs", workers=workers
    )
    write_rows(folder / "images.txt", [(row.image_id, row.path) for row in rows])
    write_rows(folder / "classes.txt", [(species.number, species.folder) for species in SPECIES])
    numbers = [(row.image_id, row.species.number) for row in rows]
    write_rows(folder / "image_class_labels.txt", numbers)
    write_rows(folder / "train_test_split.txt", [(row.image_id, int(row.is_train)) for row in rows])
    write_rows(
        folder / "bounding_boxes.txt",
        [(row.image_id, *(f"{v:.1f}" for v in box)) for row, box in zip(rows, boxes)],
    )
    train = sum(row.is_train for row in rows)
    return {"images": len(rows), "classes": len(SPECIES), "train": train, "test": len(rows) - train}


def _make(job: tuple[Path, Row]) -> tuple[int, int, int, int]:
    folder, row = job
    generator = rng("cub", row.image_id, row.species.number)
    width, height = camera.frame(generator, long=LONG_SIDE, short=88)
    category = habitat(row.species, generator, loyalty=LOYALTY)
    size = {"width": width, "height": height, "span": SPAN}
    photo = camera.photograph(row.species, category, generator, **size)
    photo.image.save(folder / "images" / row.path, quality=92)
    votes(photo.visible, generator).save((folder / "segmentations" / row.path).with_suffix(".png"))
    return photo.box


def votes(visible: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Five annotators' outlines of a mask ("L") as their summed votes: six levels from 0 to 255,
    as in CUB.
    """
    total = np.zeros((visible.height, visible.width), dtype=np.uint8)
    for _ in range(5):
        hand = visible.filter(ImageFilter.GaussianBlur(generator.uniform(0.4, 1.1)))
        total += np.asarray(hand) > generator.uniform(70, 185)
    return Image.fromarray(total * 51)
