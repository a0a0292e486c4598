"""Children of this very process, which has everything loaded: they work in a store of their own,
and may be killed in the middle of it.
"""

import os
import pickle
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from bap_core import store

_FILE_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")


class Failed(Exception):
    """A child that ended in an error of its own: its type and text."""


def start(work: Callable[[], Any], *, home: Path, answer: int | None = None) -> int:
    """Fork a child that works with ``home`` as its store; its process number. answer: open file, to
    which it writes what ``work`` returns, or its error.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if child := os.fork():
        return child
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        try:
            os.environ["BAP_HOME"] = str(home)
            found = work()
        except BaseException as error:
            found = Failed(f"{type(error).__name__}: {error}")
            found.add_note(traceback.format_exc())
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        if answer is not None:
            os.write(answer, pickle.dumps(found))
        os._exit(0)
    finally:
        os._exit(1)


def run(work: Callable[[], Any], *, home: Path) -> Any:
    """What ``work`` returns in a child. Failed with its error, or with the signal that ended it."""
    with tempfile.TemporaryFile() as answer:
        status = os.waitpid(start(work, home=home, answer=answer.fileno()), 0)[1]
        if status:
            raise Failed(f"ended with status {status}")
        return read(answer)


def read(answer: BinaryIO) -> Any:
    """What a child wrote there. Failed if that was an error."""
    answer.seek(0)
    found = pickle.load(answer)
    if isinstance(found, Failed):
        raise found
    return found


def count_events(work: Callable[[], Any], *, home: Path) -> int:
    """How often ``work`` opens, moves, makes or removes something below ``home``."""
    seen = []

    def noting():
        _hear(home, lambda: seen.append(1))
        work()
        return len(seen)

    return run(noting, home=home)


def run_until_killed(work: Callable[[], Any], *, home: Path, event: int) -> bool:
    """Let a child work until the moment before the ``event``-th such thing, and kill it there
    (SIGKILL). False if it ended before.
    """
    seen = []

    def die() -> None:
        seen.append(1)
        if len(seen) == event:
            os.kill(os.getpid(), signal.SIGKILL)

    def dying() -> None:
        _hear(home, die)
        work()

    status = os.waitpid(start(dying, home=home), 0)[1]
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _hear(home: Path, tell: Callable[[], None]) -> None:
    inside = str(home)

    def hear(event: str, arguments: tuple) -> None:
        path = arguments[0] if event in _FILE_EVENTS else None
        if isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(inside):
            tell()

    sys.addaudithook(hear)


def kept(home: Path) -> dict[str, str]:
    """What lies in a store: artefacts by what they hold, other files by their bytes. Locks (and who
    held them last) and the remembered digests of files are left out.
    """
    found = {}
    for path in sorted(p for p in home.rglob("*") if p.is_file()):
        name = path.relative_to(home).as_posix()
        if path.suffix in (".lock", ".owner") or "contents.sqlite" in name:
            continue
        content = path.read_bytes()
        if path.suffix == ".safetensors" and (tensors := store.read(path)) is not None:
            content = b"".join(
                f"{key} {tensor.dtype} {tuple(tensor.shape)} ".encode() + tensor.numpy().tobytes()
                for key, tensor in tensors.items()
            )
        found[name] = sha256(content).hexdigest()
    return found
