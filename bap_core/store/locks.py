"""Locks between processes. Who has to wait is told for whom, and since when."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout

from bap_core.store.files import explain_refused_writes

PATIENCE = 1.0  # seconds of silence


@contextmanager
def alone(path: Path, what: str, *, show: TextIO | None = None) -> Iterator[None]:
    """Hold the lock ``path`` (a file that stays); if another process has it, wait until it is free.

    what: is being done, for whoever waits meanwhile. show: where a wait is told, the terminal
    (stderr) by default. The system frees the lock of a process that is killed.
    """
    with explain_refused_writes(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=PATIENCE)
        except Timeout:
            print(f"waiting for {_owner(path)}", file=show or sys.stderr, flush=True)
            lock.acquire()
    try:
        _sign(path, what)
        yield
    finally:
        _note(path).unlink(missing_ok=True)
        lock.release()


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.owner")


def _sign(path: Path, what: str) -> None:
    """The name of the owner stands beside the lock, since who waits opens the lock itself anew."""
    text = json.dumps({"pid": os.getpid(), "what": what, "since": time.strftime("%H:%M:%S")})
    try:
        _note(path).write_text(text, encoding="utf-8")
    except OSError:  # a full disk: then nobody can be told
        _note(path).unlink(missing_ok=True)


def _owner(path: Path) -> str:
    try:
        note = json.loads(_note(path).read_text(encoding="utf-8"))
        return f"process {note['pid']}, {note['what']} since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return f"the process that holds {path}"
