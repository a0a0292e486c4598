"""What the micro worlds contain, and how their pictures are made in parallel and still
deterministically.
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bap_core import processes, runtime
from bap_core.data import world_file
from bap_core.micro.drawing.birds import SPECIES
from bap_core.micro.drawing.figures import Figure
from bap_core.micro.drawing.kinds import Kind
from bap_core.micro.drawing.scenery import backgrounds

VERSION = "4"
SEED = 20260

# Where a bird or a vehicle turns up when it is not at home: anywhere out of doors. A figure goes
# anywhere.
_OUTDOORS = tuple(sorted({place for species in SPECIES for place in species.home}))


@dataclass(frozen=True)
class World:
    """Sizes of a micro world: photos per species, train and val pictures per scene category, COCO
    pictures; photographs per bird and background (counteranimal), per vehicle in the two contexts
    of the paper's pair (nico) and in the other four (nico_elsewhere), textures per class (dtd).

    validation: share of CUB's train part that is Waterbirds' validation; the release has a
    fifth.
    """

    name: str
    photos: int
    train: int
    val: int
    coco: int
    counteranimal: int = 2
    nico: int = 1
    nico_elsewhere: int = 1
    dtd: int = 3
    validation: float = 0.2

    @property
    def waterbirds_pool(self) -> int:
        """Pictures of each of the four Waterbirds categories, enough that none is used twice."""
        return int(np.ceil(0.3 * self.photos * len(SPECIES)))


WORLDS = {
    world.name: world
    for world in (
        # A fifth of 500 is tested on: every group has at least 100 test pictures.
        World("micro", 150, 60, 10, 2600, counteranimal=500, nico=500, nico_elsewhere=20, dtd=3),
        # Five of a pair's cell, so that four are trained on, and twelve are tested on: DIAL wants
        # more than ten.
        World("micro-smoke", 14, 8, 2, 150, counteranimal=5, nico=5, nico_elsewhere=5, dtd=1),
        # As few as large encoders on a CPU can bear; so few that a fifth would not have every
        # group.
        World(
            "micro-dry",
            2,
            1,
            1,
            24,
            counteranimal=5,
            nico=5,
            nico_elsewhere=5,
            validation=0.6,
            dtd=1,
        ),
    )
}


def rng(*names: str | int) -> np.random.Generator:
    """Generator of one picture of the world: it depends on the names alone, not on who draws or
    when.
    """
    return runtime.rng(SEED, "micro", VERSION, *names)


def habitat(kind: Kind, generator: np.random.Generator, *, loyalty: float) -> str:
    """A scene category for one photograph: one of the kind's own with probability ``loyalty``,
    else any other.
    """
    if generator.random() < loyalty:
        return kind.home[generator.choice(4, p=(0.36, 0.26, 0.22, 0.16))]
    elsewhere = backgrounds.CATEGORIES if isinstance(kind, Figure) else _OUTDOORS
    return elsewhere[generator.integers(len(elsewhere))]


def scene(category: str, part: str, number: int, *, side: int):
    """Picture ``number`` of a Places365 category: the same picture whatever its ``side`` in
    pixels.
    """
    return backgrounds.draw(
        category, rng("places", category, part, number), width=side, height=side
    )


def in_parallel(function: Callable, jobs: list, *, label: str, workers: int | None = None) -> list:
    """``[function(job) for job in jobs]`` over processes, in order, with a bar in the terminal."""
    workers = workers or min(8, os.cpu_count() or 1)
    if workers == 1 or len(jobs) < 2:
        return [
            function(job)
            for job in runtime.progress(jobs, total=len(jobs), label=label, unit="img")
        ]
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    ending = {"initializer": processes.end_with_parent, "initargs": (os.getpid(),)}
    with ProcessPoolExecutor(workers, mp_context=context, **ending) as pool:
        made = pool.map(function, jobs, chunksize=max(1, min(32, len(jobs) // (4 * workers))))
        return list(runtime.progress(made, total=len(jobs), label=label, unit="img"))


def write_rows(path: Path, rows: Iterable[tuple]) -> None:
    """A text file of one row a line, words parted by blanks, as many datasets have them."""
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))


def declare(root: Path, world: World, counts: dict) -> None:
    """Write the world file: name, version, counts per dataset, and a hash over every file below
    ``root``.
    """
    named = {"name": world.name, "version": VERSION, "counts": counts}
    declared = named | world_file.hash_files(root)
    (root / world_file.WORLD_FILE).write_text(json.dumps(declared, indent=1))
