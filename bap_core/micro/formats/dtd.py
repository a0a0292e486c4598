"""Writes drawn textures in the format of the Describable Textures Dataset: class folders and ten
partitions in thirds.
"""

from dataclasses import dataclass
from pathlib import Path

from bap_core.micro.drawing import textures
from bap_core.micro.world import World, in_parallel, rng, write_rows

SIDE = 96
PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Row:
    """One picture to be made: class, number within it, path below ``images/``."""

    name: str
    number: int
    path: str


def plan(world: World) -> list[Row]:
    """The pictures of a world: ``world.dtd`` of each of the 47 classes."""
    return [
        Row(name, number, f"{name}/{name}_{number:04d}.jpg")
        for name in textures.CLASSES
        for number in range(1, world.dtd + 1)
    ]


def write(root: Path, world: World, *, workers: int | None = None) -> dict:
    """Make ``dtd`` below ``root``; returns the counts that a loader can assert."""
    rows, folder = plan(world), root / "dtd"
    for name in textures.CLASSES:
        (folder / "images" / name).mkdir(parents=True)
    (folder / "labels").mkdir()
    in_parallel(
        _make, [(folder / "images", row) for row in rows], label="textures", workers=workers
    )
    for number in range(1, 11):
        for part, paths in partition(world, number).items():
            write_rows(folder / "labels" / f"{part}{number}.txt", [(path,) for path in paths])
    write_rows(folder / "labels" / "labels_joint_anno.txt", [(row.path, row.name) for row in rows])
    return {"classes": len(textures.CLASSES), "images": len(rows)}


def partition(world: World, number: int) -> dict[str, list[str]]:
    """Partition ``number`` (1..10): part -> paths; a third of each class for each part, as near
    as its size allows.
    """
    found = {part: [] for part in PARTS}
    for name in textures.CLASSES:
        order = rng("dtd", "partition", number, name).permutation(world.dtd).tolist()
        for position, drawn in enumerate(order):
            found[PARTS[position % 3]].append(f"{name}/{name}_{drawn + 1:04d}.jpg")
    return {part: sorted(paths) for part, paths in found.items()}


def _make(job: tuple[Path, Row]) -> None:
    folder, row = job
    generator = rng("dtd", row.name, row.number)
    long = int(generator.uniform(SIDE, 1.34 * SIDE))
    size = (long, SIDE) if generator.random() < 0.7 else (SIDE, long)
    textures.draw(row.name, generator, width=size[0], height=size[1]).save(
        folder / row.path, quality=92
    )
