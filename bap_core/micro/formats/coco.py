"""Writes birds, vehicles and figures in scenes in COCO 2017's format: instances with polygons, and
one crowd as run lengths.

All nine vehicles are there, as in COCO itself: who must not see trucks and motorcycles leaves them
out by name. The figures are instances of "person", which is all that COCO says of them.
"""

import json
from pathlib import Path
from typing import cast

import contourpy
import numpy as np
from PIL import Image

from bap_core.micro.drawing import birds, camera
from bap_core.micro.drawing.birds import SPECIES
from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.drawing.figures import FIGURES
from bap_core.micro.drawing.kinds import Kind
from bap_core.micro.drawing.vehicles import VEHICLES
from bap_core.micro.world import World, habitat, in_parallel, rng

_SHOWN, _SHARES = (SPECIES, VEHICLES, FIGURES), (0.2, 0.3, 0.5)
_SIZE = (160, 120)
# All eighty, so that a reader must use names: the numbers have gaps.
_CATEGORIES = """
person: 1 person
vehicle: 2 bicycle, 3 car, 4 motorcycle, 5 airplane, 6 bus, 7 train, 8 truck, 9 boat
outdoor: 10 traffic light, 11 fire hydrant, 13 stop sign, 14 parking meter, 15 bench
animal: 16 bird, 17 cat, 18 dog, 19 horse, 20 sheep, 21 cow, 22 elephant, 23 bear
animal: 24 zebra, 25 giraffe
accessory: 27 backpack, 28 umbrella, 31 handbag, 32 tie, 33 suitcase
sports: 34 frisbee, 35 skis, 36 snowboard, 37 sports ball, 38 kite, 39 baseball bat
sports: 40 baseball glove, 41 skateboard, 42 surfboard, 43 tennis racket
kitchen: 44 bottle, 46 wine glass, 47 cup, 48 fork, 49 knife, 50 spoon, 51 bowl
food: 52 banana, 53 apple, 54 sandwich, 55 orange, 56 broccoli, 57 carrot, 58 hot dog
food: 59 pizza, 60 donut, 61 cake
furniture: 62 chair, 63 couch, 64 potted plant, 65 bed, 67 dining table, 70 toilet
electronic: 72 tv, 73 laptop, 74 mouse, 75 remote, 76 keyboard, 77 cell phone
appliance: 78 microwave, 79 oven, 80 toaster, 81 sink, 82 refrigerator
indoor: 84 book, 85 clock, 86 vase, 87 scissors, 88 teddy bear, 89 hair drier, 90 toothbrush
"""


def write(root: Path, world: World, *, workers: int | None = None) -> dict:
    """Make ``annotations/instances_train2017.json`` and ``train2017/``; returns the counts that
    a loader can assert.
    """
    (root / "annotations").mkdir()
    (root / "train2017").mkdir()
    numbers = np.sort(rng("coco", "ids").choice(580_000, world.coco, replace=False) + 1)
    jobs = [(root, int(number), position == 0) for position, number in enumerate(numbers)]
    annotations = [
        entry
        for found in in_parallel(_make, jobs, label="COCO", workers=workers)
        for entry in found
    ]
    for number, entry in enumerate(annotations, start=900_001):
        entry["id"] = number
    content = {
        "info": {
            "description": "micro world, in the format of COCO 2017",
            "version": "1.0",
            "year": 2017,
        },
        "licenses": [{"id": 1, "name": "as the package", "url": ""}],
        "images": [_image(n) for _, n, _ in jobs],
        "annotations": annotations,
        "categories": categories(),
    }
    (root / "annotations" / "instances_train2017.json").write_text(json.dumps(content))
    return {"train2017": world.coco}


def categories() -> list[dict]:
    """COCO's eighty categories: id, name, supercategory."""
    found = []
    for line in _CATEGORIES.strip().splitlines():
        group, names = line.split(": ")
        for entry in names.split(", "):
            number, name = entry.split(" ", 1)
            found.append({"supercategory": group, "id": int(number), "name": name})
    return found


def _image(number: int) -> dict:
    return {
        "id": number,
        "file_name": f"{number:012d}.jpg",
        "width": _SIZE[0],
        "height": _SIZE[1],
        "license": 1,
        "coco_url": "",
        "flickr_url": "",
        "date_captured": "2017-01-01 00:00:00",
    }


def _make(job: tuple[Path, int, bool]) -> list[dict]:
    """One picture; the first one of a world also holds a flock, annotated as a crowd."""
    root, number, crowded = job
    generator = rng("coco", number)
    shown = _SHOWN[generator.choice(len(_SHOWN), p=_SHARES)]
    kind = shown[generator.integers(len(shown))]
    photo = camera.photograph(
        kind, habitat(kind, generator, loyalty=0.8), generator, width=_SIZE[0], height=_SIZE[1]
    )
    picture, mask = photo.image, np.asarray(photo.visible) > 127
    found = []
    if crowded:
        flock = _flock(picture, generator)
        mask = mask & ~flock
        found.append(_annotation(number, "bird", flock, crowd=True))
    picture.save(root / "train2017" / f"{number:012d}.jpg", quality=92)
    return (
        [_annotation(number, _category(kind), mask, crowd=False), *found]
        if outlines(mask)
        else found
    )


def _category(kind: Kind) -> str:
    return "bird" if isinstance(kind, Species) else kind.coco


def _flock(picture: Image.Image, generator: np.random.Generator) -> np.ndarray:
    seen = Image.new("L", picture.size)
    species = SPECIES[generator.integers(len(SPECIES))]
    for _ in range(7):
        bird = birds.draw(species, generator, length=int(generator.uniform(14, 22)))
        at = (
            int(generator.uniform(0, _SIZE[0] - bird.width)),
            int(generator.uniform(0, 0.3 * _SIZE[1])),
        )
        picture.paste(bird, at, bird)
        seen.paste(255, at, bird.getchannel("A"))
    return np.asarray(seen) > 127


def _annotation(number: int, category: str, mask: np.ndarray, *, crowd: bool) -> dict:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = [int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]
    shape = {"counts": run_lengths(mask), "size": list(mask.shape)} if crowd else outlines(mask)
    return {
        "segmentation": shape,
        "area": float(mask.sum()),
        "iscrowd": int(crowd),
        "image_id": number,
        "bbox": [float(v) for v in box],
        "category_id": _number(category),
        "id": 0,
    }


def _number(category: str) -> int:
    return next(entry["id"] for entry in categories() if entry["name"] == category)


def run_lengths(mask: np.ndarray) -> list[int]:
    """Uncompressed run lengths of a boolean (H, W) mask in column order; the first run counts
    zeros.
    """
    flat = np.concatenate([[False], mask.flatten(order="F")])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(np.concatenate([[0], changes, [mask.size]])).tolist()


def outlines(mask: np.ndarray) -> list[list[float]]:
    """Outer outlines of a boolean (H, W) mask as flat x, y lists; parts under four pixels and
    holes are left out.
    """
    padded = np.pad(mask.astype(float), 1)
    found = []
    for line in cast(list[np.ndarray], contourpy.contour_generator(z=padded).lines(0.5)):
        points = line[:-1] - 0.5  # from pixel centres of the padded mask to corners of the mask
        x, y = points.T
        area = 0.5 * (np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
        if area >= 4:  # holes run the other way round, so their area is negative
            found.append(np.round(points, 2).flatten().tolist())
    return found
