"""Files and folders that are whole or not there: written beside their place, then moved there.

What is being written has the name of its writer in its own, so that what a killed process left can
be told from what a living one is at.
"""

import contextlib
import errno
import functools
import itertools
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

import psutil
from safetensors import SafetensorError

from bap_core import together

_PART = re.compile(r"\.(?P<host>[^.@]+)@(?P<pid>\d+)\.\w+\.part$")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS}


def digest(path: str | Path) -> str:
    """SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Give a temporary path next to ``path``; move it there at the end, or remove it if anything
    went wrong. What a killed process left in the folder is removed.
    """
    path = Path(path)
    with explain_refused_writes(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        handle, name = tempfile.mkstemp(prefix=_mark(path), suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            os.chmod(temporary, 0o644)  # mkstemp makes private files; this is an ordinary one
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_if_changed(content: bytes, path: Path) -> Path:
    """Write a file, whole or not at all, unless it says this already: then it keeps its time, so
    that nobody who goes by times works on it again. Returns ``path``.
    """
    if not path.exists() or path.read_bytes() != content:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    return path


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder next to ``path``; move it there at the end, or remove it if anything
    went wrong. What a killed process left beside it is removed.

    FileExistsError if there is something at ``path`` already: a folder is never replaced.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists already; give another path, or remove it first")
    with explain_refused_writes(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        temporary = Path(tempfile.mkdtemp(prefix=_mark(path), suffix=".part", dir=path.parent))
        try:
            yield temporary
            os.chmod(temporary, 0o755)
            os.replace(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def next_folder(parent: str | Path, name: str) -> Path:
    """A new folder ``<name>-1``, ``-2``, ... in ``parent``: the first number that nobody has, also
    where several ask at the same time; one for all processes of a run. What a file's name may not
    hold becomes a hyphen.
    """
    plain = re.sub(r"[^\w.]+", "-", name).strip("-.") or "run"
    Path(parent).mkdir(parents=True, exist_ok=True)
    made = _make_next(Path(parent), plain) if together.is_first() else 0
    return Path(parent) / f"{plain}-{together.number_of_first(made)}"


def _make_next(parent: Path, name: str) -> int:
    for number in itertools.count(1):
        with contextlib.suppress(FileExistsError):
            (parent / f"{name}-{number}").mkdir()
            return number
    raise AssertionError("numbers do not end")


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """A folder in the system's place for temporary files, which goes at the end. What killed
    processes left of this name is removed.
    """
    place = Path(tempfile.gettempdir())
    remove_leftovers(place, named=name)
    folder = Path(tempfile.mkdtemp(prefix=_mark(Path(name)), suffix=".part", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(folder: Path, *, named: str = "") -> list[Path]:
    """Remove what processes of this machine that do not live any more were writing in a folder, or
    what they were writing under one name; returns what it was.
    """
    found = [path for path in folder.glob(f"{named}*.part") if _is_left_over(path.name)]
    for path in found:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return found


@contextmanager
def explain_refused_writes(folder: Path) -> Iterator[None]:
    """Say in one sentence that ``folder`` is full, or cannot be written, and how to choose another
    one, whatever words the library in between has for it.
    """
    try:
        yield
    except SafetensorError as error:
        said = re.search(r"os error (\d+)", str(error))
        number = int(said[1]) if said else errno.EIO
        raise OSError(number, _explain(folder, number)) from error
    except OSError as error:
        # said already, further in
        if error.errno not in _NO_ROOM | _NOT_OURS or _ADVICE in str(error):
            raise
        raise OSError(error.errno, _explain(folder, error.errno)) from error


_ADVICE = "as in BAP_HOME=/path/to/folder"


def _explain(folder: Path, number: int) -> str:
    reason = "has no room left" if number in _NO_ROOM else "cannot be written"
    way_out = f"make room or mend it, or choose another folder, {_ADVICE}"
    return f"{folder} {reason} ({os.strerror(number)}): {way_out}"


def _mark(path: Path) -> str:
    return f"{path.name}.{_host()}@{os.getpid()}."


@functools.cache
def _host() -> str:
    return re.sub(r"[.@/\\]", "-", socket.gethostname())


def _is_left_over(name: str) -> bool:
    found = _PART.search(name)
    if not found or found["host"] != _host():
        return False
    return not psutil.pid_exists(int(found["pid"]))
