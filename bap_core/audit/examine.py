"""The audit as a whole: an encoder, objects and backgrounds in, every figure out."""

import time
from dataclasses import dataclass

import pandas as pd

from bap_core import runtime
from bap_core.audit import measures
from bap_core.audit.grid import embed_grid
from bap_core.audit.resampling import Figure, draw_weights
from bap_core.method.compositing import Compositor


@dataclass(frozen=True, eq=False)
class Audit:
    """What was measured, on the objects and backgrounds of ``pool``.

    spread, variance, neighbours, named: as `measures` has them; named and neighbours are empty
    where there is one class, neighbours and sensitivity where no class has two objects.
    sensitivity: class -> index. changes, attraction: a row per object, and per background.
    holding: backgrounds that may hold objects already. warnings: what to know before any number is
    read.
    """

    encoder: str
    reads_text: bool
    pool: Compositor
    seed: int
    seconds: float
    spread: float
    variance: dict[str, Figure]
    sensitivity: dict[str, Figure]
    neighbours: dict[str, Figure]
    named: dict[str, Figure]
    changes: pd.DataFrame
    attraction: pd.DataFrame
    holding: list[int]
    warnings: list[str]


def examine(
    encoder, objects, backgrounds, *, n_objects: int, n_backgrounds: int, seed: int
) -> Audit:
    """Audit ``encoder`` on at most so many objects and backgrounds, drawn at random.

    ValueError if fewer than two objects or two backgrounds can be used.
    """
    started = time.perf_counter()
    some = objects.sample(at_most=n_objects, rng=runtime.rng(seed, "objects"))
    behind = backgrounds.sample(at_most=n_backgrounds, rng=runtime.rng(seed, "backgrounds"))
    pool = Compositor(some, behind, size=encoder.size, seed=seed).check()
    if len(pool.objects) < 2 or len(pool.backgrounds) < 2:
        raise ValueError(
            f"{len(pool.objects)} objects and {len(pool.backgrounds)} backgrounds can be used; an "
            "audit compares at least two objects on at least two backgrounds"
        )
    grid = embed_grid(encoder, pool)
    weights = draw_weights(grid.label, seed=seed)
    several = len(grid.classes) > 1
    sensitivity = measures.sensitivity(grid, weights, seed=seed)
    compared = several and bool(sensitivity)
    holding = measures.holding_objects(grid)
    return Audit(
        encoder.name,
        grid.text is not None,
        pool,
        seed,
        time.perf_counter() - started,
        measures.spread(grid),
        measures.variance_shares(grid, weights),
        sensitivity,
        measures.nearest_neighbour(grid, weights, seed=seed) if compared else {},
        measures.named_right(grid, weights) if several and _told_apart(grid) else {},
        measures.changes(grid) if several and _told_apart(grid) else pd.DataFrame(),
        measures.attraction(grid),
        holding,
        _warnings(encoder, pool, grid, holding),
    )


def _told_apart(grid) -> bool:
    """Whether classes can be named: by text, or by other objects of the same class."""
    return grid.text is not None or min(map(list(grid.label).count, set(grid.label))) > 1


def _warnings(encoder, pool: Compositor, grid, holding: list[int]) -> list[str]:
    found = [f"Uncertain: {reason} ({n:,})." for reason, n in pool.objects.doubts.items()]
    if encoder.scale == "random":
        found.append("The weights are random: the figures describe an untrained network.")
    if encoder.scale == "micro" and pool.objects.origin == "own":
        found.append(
            f"{encoder.name} is a toy that has seen drawings only; on photographs its figures say "
            "nothing."
        )
    if len(grid.classes) < 2:
        found.append("All objects have one label, so whether classes are mistaken is not measured.")
    if holding:
        names = ", ".join(pool.backgrounds.frame["image"].iloc[holding[:3]])
        found.append(
            f"{len(holding)} of {len(pool.backgrounds)} backgrounds look like your classes to the "
            f"encoder, such as {names}: if they hold such objects, leave them out; if not, the "
            "place alone is enough for it."
        )
    return found
