"""Writes the micro world's scenes in Places365-Standard's "easyformat" layout, one folder per
category.
"""

from pathlib import Path

from bap_core.micro.drawing.camera import develop
from bap_core.micro.drawing.scenery.backgrounds import CATEGORIES
from bap_core.micro.world import World, in_parallel, rng, scene, write_rows

SIDE = 96


def official_name(category: str) -> str:
    """``forest/broadleaf`` as categories_places365.txt writes it: ``/f/forest/broadleaf``."""
    return f"/{category[0]}/{category}"


def write(root: Path, world: World, *, workers: int | None = None) -> dict:
    """Make ``places365_standard`` below ``root``; returns the counts that a loader can assert."""
    folder, jobs, lists = root / "places365_standard", [], {"train": [], "val": []}
    for part, count in (("train", world.train), ("val", world.val)):
        for index, category in enumerate(CATEGORIES):
            plain = category.replace("/", "-")
            (folder / part / plain).mkdir(parents=True)
            for number in range(1, count + 1):
                name = (
                    f"{number:08d}.jpg"
                    if part == "train"
                    else f"Places365_val_{index * count + number:08d}.jpg"
                )
                jobs.append((folder / part / plain / name, category, part, number))
                lists[part].append(f"{part}/{plain}/{name}")
    in_parallel(_make, jobs, label="scenes", workers=workers)
    for part, names in lists.items():
        write_rows(folder / f"{part}.txt", [(name,) for name in names])
    ids = "\n".join(f"{official_name(category)} {i}" for i, category in enumerate(CATEGORIES))
    # no newline after the last row, as in the original
    (folder / "categories_places365.txt").write_text(ids)
    return {"categories": len(CATEGORIES), **{part: len(names) for part, names in lists.items()}}


def _make(job: tuple[Path, str, str, int]) -> None:
    path, category, part, number = job
    picture = develop(
        scene(category, part, number, side=SIDE), rng("camera", category, part, number)
    )
    picture.save(path, quality=92)
