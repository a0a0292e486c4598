"""Pages side by side: each in a process of its own, with its share of the processors.

What pages share is made by the first that asks: the store lets the other one wait and read.
"""

import contextlib
import io
import os
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TextIO, cast

from bap_core import processes, runtime
from bap_core.runner.execute import RunFailed
from bap_core.runner.planning import Job
from bap_core.runner.run import is_done, run_jobs
from bap_core.runner.screen import Screen


def run_side_by_side(
    jobs: Sequence[Job],
    *,
    at_once: int | None = None,
    force: bool = False,
    show: TextIO | None = None,
    together: int = 1,
) -> list[RunFailed]:
    """`run_jobs`, some of them at once; what is up to date takes no process. Returns the failures.

    at_once: how many, by default `processes.pages_at_once` on a CPU, and one on another device,
    which a page has to itself, or where several processes share one (``together``).
    """
    lines = show or sys.stderr
    shared = together == 1 and runtime.device().type == "cpu"
    many = at_once or (processes.pages_at_once() if shared else 1)
    due = [job for job in jobs if force or not is_done(job, lines)]
    if min(many, len(due)) < 2:
        return run_jobs(due, force=force, show=lines, together=together)
    children = _Children(Screen(lines), force)
    with ThreadPoolExecutor(many) as threads:
        try:
            return [failure for failure in threads.map(children.run, due) if failure]
        except BaseException:
            children.stop()
            raise


class _Children:
    """The processes that run, and what they say on one screen."""

    def __init__(self, screen: Screen, force: bool):
        self._screen, self._force = screen, force
        self._living: set[subprocess.Popen] = set()
        self._stopped, self._lock = False, threading.Lock()

    def run(self, job: Job) -> RunFailed | None:
        """A job from its start to its end, in a process; its failure, if it failed."""
        with self._lock:
            if self._stopped:
                return None
            child = subprocess.Popen(
                processes.make_command(f"{__name__}:run_handed_over"),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            self._living.add(child)
        told, said = cast(io.BufferedWriter, child.stdin), cast(io.BufferedReader, child.stderr)
        with child:
            with contextlib.suppress(BrokenPipeError):  # it ended before it was told anything
                told.write(self._hand_over(job))
                told.close()
            self._screen.follow(job.name, said)
        with self._lock:
            self._living.remove(child)
        return self._explain(job, child.returncode)

    def _hand_over(self, job: Job) -> bytes:
        columns = shutil.get_terminal_size().columns if self._screen.is_live else None
        return pickle.dumps((job, self._force, columns))

    def stop(self) -> None:
        """End all of them, through their clean-up; none starts any more."""
        with self._lock:
            self._stopped = True
            for child in self._living:
                child.terminate()

    def _explain(self, job: Job, code: int) -> RunFailed | None:
        if code < 0 and not self._stopped:
            why = f"{job.name} was killed (signal {-code}); if memory ran out, try --jobs 1"
            self._screen.say(f"error: {why}")
            return RunFailed(why)
        return RunFailed(f"{job.name} failed") if code else None


def run_handed_over() -> int:
    """What a child does: run the job that its parent hands over. Returns the exit code."""
    processes.leave_through_clean_up()
    job, force, columns = pickle.load(sys.stdin.buffer)
    try:
        return bool(run_jobs([job], force=force, show=_make_stream(columns)))
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError) as error:
        print(f"error: {job.name}: {error}", file=sys.stderr, flush=True)
        return 1


def _make_stream(columns: int | None) -> TextIO:
    """The stream of errors; as that of a terminal with so many columns, if the parent draws in
    one.
    """
    if columns is None:
        return sys.stderr
    os.environ["COLUMNS"] = str(columns)
    return _AsTerminal(open(os.dup(sys.stderr.fileno()), "wb", 0), "utf-8", write_through=True)


class _AsTerminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True
