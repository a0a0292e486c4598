"""`bap run`: execute the jobs whose results are missing or out of date, one after another, and
file each under ``runs/<profile>/<notebook>``.
"""

import sys
import time
from pathlib import Path
from typing import TextIO

from bap_core import store
from bap_core.runner.companions import companions
from bap_core.runner.execute import RunFailed, execute
from bap_core.runner.hashes import hash_inputs
from bap_core.runner.planning import Job
from bap_core.runner.progress_line import format_seconds
from bap_core.runner.results import is_up_to_date, read_used, write_results


def run_jobs(
    jobs: list[Job], *, force: bool = False, show: TextIO | None = None, together: int = 1
) -> list[RunFailed]:
    """Run the jobs one after another; what is up to date is left alone unless ``force``. Returns
    the failures.

    A failure keeps the earlier results of its notebook and does not stop the other notebooks. show:
    where the lines go, the terminal (stderr) by default. together: processes that execute one
    notebook, see `companions`.
    """
    lines: TextIO = show or sys.stderr
    failures: list[RunFailed] = []
    for job in jobs:
        try:
            # a second run of the same job waits, and then finds it up to date
            with store.alone(_beside(job, "lock"), f"running {job.name}", show=lines):
                _run_one(job, force, lines, together)
        except RunFailed as failure:
            failures.append(failure)
            print(f"error: {failure}", file=lines, flush=True)
    return failures


def is_done(job: Job, show: TextIO, inputs: str | None = None) -> bool:
    """Whether the job's result is up to date, which is then said. inputs: its `hash_inputs`."""
    if done := is_up_to_date(job.folder, inputs or hash_inputs(job)):
        print(f"{job.name}  up to date  {_shorten(job.folder)}", file=show, flush=True)
    return done


def _run_one(job: Job, force: bool, show: TextIO, together: int) -> None:
    inputs = hash_inputs(job)
    if not force and is_done(job, show, inputs):
        return
    started = time.monotonic()
    try:
        run = {"notebook": job.notebook, "parameters": job.parameters}
        run |= {"name": job.name, "profile": job.profile}
        with store.scratch_folder("bap-used") as folder, companions(run, of=together) as further:
            used, times = folder / "used.json", _beside(job, "times.json")
            done = execute(**run, used=used, times=times, show=show, further=further)
            write_results(job, done, inputs, read_used(used))
    except RunFailed as failure:
        if failure.partial is None:
            raise
        with store.atomic_write(job.folder / "failed.ipynb") as temporary:
            temporary.write_text(failure.partial, encoding="utf-8")
        raise RunFailed(
            f"{failure}\n    kept as far as it came: {_shorten(job.folder)}/failed.ipynb"
        ) from failure
    print(
        f"{job.name}  done in {format_seconds(time.monotonic() - started)}  {_shorten(job.folder)}",
        file=show,
        flush=True,
    )


def _beside(job: Job, what: str) -> Path:
    """A file beside the job's folder, which holds the result and nothing else."""
    return job.folder.parent / f".{job.folder.name}.{what}"


def _shorten(path: Path) -> str:
    inside = path.resolve().is_relative_to(Path.cwd())
    return str(path.resolve().relative_to(Path.cwd()) if inside else path)
