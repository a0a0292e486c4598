"""The files of a result: that they say what the page says, that there are no others, and that what
the page read is still what it was.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bap_core import contents, store
from bap_core.recorded import parquet
from bap_core.recorded.bundle import metrics_csv
from bap_core.recorded.parquet import PREDICTIONS
from bap_core.runner.planning import Job
from bap_core.runner.results import BESIDE, INPUTS, described


def check_beside(job: Job, bundle: dict, predictions: pd.DataFrame) -> Iterator[str]:
    """Whether metrics.csv and provenance.json beside the page say what the page says, and every
    file has the checksum that was recorded.
    """
    if missing := [name for name in (*BESIDE, "provenance.json") if not _is_file(job, name)]:
        yield f"{' and '.join(missing)} beside it missing"
        return
    if (job.folder / "metrics.csv").read_text(encoding="utf-8") != metrics_csv(bundle):
        yield "metrics.csv beside it holds other numbers"
    recorded = json.loads((job.folder / "provenance.json").read_text(encoding="utf-8"))
    said = parquet.to_bytes(predictions)
    if (job.folder / PREDICTIONS).read_bytes() != said:
        yield f"{PREDICTIONS} beside it holds other answers"
    for name, wanted in {**_unchanged(job), **described(bundle)}.items():
        if recorded.get(name) != wanted:
            yield f"provenance.json beside it holds another {name!r}"
    listed = recorded["files"]
    if set(listed) != set(BESIDE):
        yield f"provenance.json lists {', '.join(listed) or 'no files'}, not {', '.join(BESIDE)}"
    for name in BESIDE:
        if store.digest(job.folder / name) != listed.get(name):
            yield f"{name} was changed after the run"


def _is_file(job: Job, name: str) -> bool:
    return (job.folder / name).is_file()


def _unchanged(job: Job) -> dict:
    return {"notebook": job.name, "profile": job.profile, "overrides": job.overrides}


def check_inputs(job: Job) -> Iterator[str]:
    """Whether the files that the page read hold what they held; those that are not here any more
    cannot be compared.
    """
    recorded = json.loads((job.folder / INPUTS).read_text(encoding="utf-8"))
    here = {path: sha for path, sha in recorded.items() if Path(path).exists()}
    if changed := contents.changed(here):
        more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        yield f"{changed[0]}{more}, which it read, was changed since: run it again"
