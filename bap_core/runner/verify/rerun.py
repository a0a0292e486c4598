"""A page executed again in an empty store, and its metrics compared with those that it shows."""

import os
from collections.abc import Iterator
from typing import TextIO
from unittest.mock import patch

import nbformat

from bap_core import store, tidy
from bap_core.recorded.bundle import read_bundle
from bap_core.runner.execute import RunFailed, execute
from bap_core.runner.planning import Job

# How far a metric may move between machines, in shares of it above one: twice the most that was
# measured between two sets of instructions, half as much again for DIAL and PruSC, which choose
# latents and weights, where the last bit may choose another one (`book/trust.md`).
TOLERANCE, TOLERANCE_OF = 0.02, {"DIAL": 0.1, "PruSC": 0.1}


def run_again(job: Job, *, show: TextIO) -> list[str]:
    """What differs between the job's result and a run of it now, one sentence each.

    Nothing that was kept is read: the store is an empty one, which goes when the run ends. On the
    machine that the stamp names (processor, threads, versions) every digit has to agree, elsewhere
    every value within `TOLERANCE` (`TOLERANCE_OF` its method); which of the two it was is printed.
    """
    shown = read_bundle(nbformat.read(job.folder / "executed.ipynb", as_version=4)) or {}
    with store.scratch_folder("bap-rerun") as folder, patch.dict(os.environ, BAP_HOME=str(folder)):
        try:
            done = execute(
                job.notebook,
                job.parameters,
                name=job.name,
                profile=job.profile,
                used=folder / "used",
                times=folder / "times",
                show=show,
            )
        except RunFailed as failure:
            return [str(failure)]
    found = read_bundle(done) or {}
    exactly = all(_said(shown, what) == _said(found, what) for what in ("machine", "versions"))
    some = ", ".join(f"{method}: {value:g}" for method, value in TOLERANCE_OF.items())
    elsewhere = f"within {TOLERANCE:g} ({some}), on another machine"
    how = "to the last digit, on the same machine" if exactly else elsewhere
    print(f"{job.name}  executed again; metrics compared {how}", file=show, flush=True)
    return list(compare(shown.get("metrics", []), found.get("metrics", []), exactly=exactly))


def _said(bundle: dict, what: str):
    return bundle.get("stamp", {}).get(what)


def compare(shown: list[dict], found: list[dict], *, exactly: bool) -> Iterator[str]:
    """What differs between metrics that a page shows and those of another run, one sentence each.
    exactly: to the last digit, instead of within the tolerance.
    """
    theirs, ours = _by_place(shown), _by_place(found)
    for place in {**theirs, **ours}:
        said, now = theirs.get(place, "nothing"), ours.get(place, "nothing")
        method = str(place[tidy.KEYS.index("method")])
        if not _agree(said, now, 0 if exactly else _tolerance(method)):
            yield f"{' / '.join(map(str, place))}: the page says {said}, the run {now}"


def _by_place(rows: list[dict]) -> dict[tuple, float | None]:
    return {tuple(row.get(column) for column in tidy.KEYS): row["value"] for row in rows}


def _tolerance(method: str) -> float:
    return next((far for name, far in TOLERANCE_OF.items() if method.startswith(name)), TOLERANCE)


def _agree(said, now, tolerance: float) -> bool:
    numbers = isinstance(said, int | float) and isinstance(now, int | float)
    return said == now or (numbers and abs(said - now) <= tolerance * max(1, abs(said)))
