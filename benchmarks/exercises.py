"""Runs the exercises of the pages at micro scale and writes what they found.

    python -m benchmarks.exercises [NOTEBOOK ...]

Every exercise is two runs of its page, before and after its change; what pages share is read from
the store, as after `make book`. What was measured of other pages stays in
``bap_core/paper/exercises.csv``.
"""

import json
import sys
from pathlib import Path

import pandas as pd

from bap_core import processes, store
from bap_core.report import exercises, paper_tables
from bap_core.runner.planning import Job, plan
from bap_core.runner.side_by_side import run_side_by_side

RECORD = Path(exercises.__file__).parents[1] / "paper" / "exercises.csv"


def main() -> None:
    """Run, measure, write."""
    asked = sys.argv[1:] or list(paper_tables.exercises())
    chosen = [one for page in asked for one in exercises.find_exercises(page)]
    with store.scratch_folder("bap-exercises") as out:
        jobs = {
            (one.key, changed): _plan(one, changed, out)
            for one in chosen
            for changed in (False, True)
        }
        failed = run_side_by_side(list({job.folder: job for job in jobs.values()}.values()))
        there = [
            one
            for one in chosen
            if all((jobs[one.key, when].folder / "metrics.csv").exists() for when in (False, True))
        ]
        rows = [_measure(one, jobs) for one in there]
    others = {
        one.key for page in paper_tables.exercises() for one in exercises.find_exercises(page)
    }
    kept = paper_tables.measured_exercises()
    kept = kept[kept["key"].isin(others - {row["key"] for row in rows})]
    frame = pd.concat([kept, pd.DataFrame(rows)]).sort_values(["page", "key"])
    with store.atomic_write(RECORD) as temporary:
        frame.to_csv(temporary, index=False)
    sys.exit(f"{len(chosen) - len(there)} exercises were not measured, see above" if failed else 0)


def _plan(one: exercises.Exercise, changed: bool, out: Path) -> Job:
    given = one.overrides(changed=changed)
    (job,) = plan([one.page], profile="micro", overrides=given, out=out)
    return job


def _measure(one: exercises.Exercise, jobs: dict) -> dict:
    before, after = (jobs[one.key, changed].folder for changed in (False, True))
    found = {
        "before": one.find(pd.read_csv(before / "metrics.csv"), changed=False),
        "after": one.find(pd.read_csv(after / "metrics.csv"), changed=True),
    }
    stamp = json.loads((after / "provenance.json").read_text(encoding="utf-8"))["stamp"]
    said = exercises.verdict(found["before"], found["after"])
    print(f"{one.page}  {one.overrides(changed=True)}  {found}  {said}, {one.expect} expected")
    return {"page": one.page, "key": one.key, **found, "seconds": round(stamp["seconds"], 1)}


if __name__ == "__main__":
    processes.share_processors()
    processes.share_pages()
    main()
