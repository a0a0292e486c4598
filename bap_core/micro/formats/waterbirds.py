"""Makes Waterbirds from the micro world's CUB birds and scenes, step by step as the official
release was made.

A fifth of CUB's train part (`World.validation`) becomes validation; in train the place follows the
label with probability 0.95, in validation and test each class is split evenly; the background is
cropped centrally to the photograph's shape; the bird keeps its place and size; mask/255 is the
opacity. A scene is used once.
"""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from bap_core.micro.drawing.camera import develop
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.formats import cub, places
from bap_core.micro.world import World, in_parallel, rng, scene

FOLDER = "waterbird_complete95_forest2water2"
COLUMNS = ("img_id", "img_filename", "y", "split", "place", "place_filename")
_SIDE = 144  # the release takes its scenes from the archive of larger pictures


def plan(world: World) -> list[dict]:
    """Rows of metadata.csv, in CUB's order."""
    birds = cub.plan(world)
    y = np.array([row.species.is_water for row in birds], dtype=int)
    split = _splits(np.array([row.is_train for row in birds]), world.validation)
    place = _places(y, split)
    scenes = {kind: iter(_deck(kind, world)) for kind in (0, 1)}
    return [
        {
            "img_id": bird.image_id,
            "img_filename": bird.path,
            "y": int(y[i]),
            "split": int(split[i]),
            "place": int(place[i]),
            "place_filename": next(scenes[place[i]]),
        }
        for i, bird in enumerate(birds)
    ]


def _splits(is_train: np.ndarray, validation: float) -> np.ndarray:
    """0 train, 1 validation (that share of CUB's train part), 2 test."""
    split = np.where(is_train, 0, 2)
    candidates = np.flatnonzero(is_train)
    split[
        rng("waterbirds", "val").permutation(candidates)[: round(validation * len(candidates))]
    ] = 1
    return split


def _places(y: np.ndarray, split: np.ndarray) -> np.ndarray:
    place, generator = y.copy(), rng("waterbirds", "place")
    for part, share in ((0, 0.05), (1, 0.5), (2, 0.5)):
        for label in (0, 1):
            rows = generator.permutation(np.flatnonzero((split == part) & (y == label)))
            moved = rows[: round(share * len(rows))]
            place[moved] = 1 - label
    return place


def _deck(kind: int, world: World) -> list[str]:
    names = [
        f"{places.official_name(category)}/{number:08d}.jpg"
        for category in (backgrounds.LAND, backgrounds.WATER)[kind]
        for number in range(1, world.waterbirds_pool + 1)
    ]
    return [names[i] for i in rng("waterbirds", "scenes", kind).permutation(len(names))]


def write(root: Path, world: World, *, workers: int | None = None) -> dict:
    """Make the folder below ``root``, where CUB_200_2011 already is; returns the counts that a
    loader can assert.
    """
    rows, folder = plan(world), root / FOLDER
    for name in {Path(row["img_filename"]).parent for row in rows}:
        (folder / name).mkdir(parents=True)
    in_parallel(_make, [(root, row) for row in rows], label="Waterbirds", workers=workers)
    with open(folder / "metadata.csv", "w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return _counts(rows)


def _counts(rows: list[dict]) -> dict:
    table = np.zeros((3, 4), dtype=int)
    for row in rows:
        table[row["split"], 2 * row["y"] + row["place"]] += 1
    names = ("train", "val", "test")
    return {name: int(table[i].sum()) for i, name in enumerate(names)} | {
        f"{name}_groups": table[i].tolist() for i, name in enumerate(names)
    }


def _make(job: tuple[Path, dict]) -> None:
    root, row = job
    source = root / "CUB_200_2011"
    photo = Image.open(source / "images" / row["img_filename"]).convert("RGB")
    mask = Image.open((source / "segmentations" / row["img_filename"]).with_suffix(".png")).convert(
        "L"
    )
    category, number = row["place_filename"][3:].rsplit("/", 1)
    background = develop(
        scene(category, "train", int(number[:8]), side=_SIDE),
        rng("camera", category, "train", int(number[:8])),
    )
    Image.composite(photo, fit(background, photo.size), mask).save(
        root / FOLDER / row["img_filename"], quality=95
    )


def fit(background: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The largest central crop of ``background`` with the shape of ``size``, resized to it."""
    scale = min(background.width / size[0], background.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    left, top = (background.width - width) / 2, (background.height - height) / 2
    return background.resize(
        size, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height)
    )
