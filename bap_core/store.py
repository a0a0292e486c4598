"""Artefacts addressed by content: what was computed once from the same inputs is read back, never
computed again.

A key names everything that changes the values. An artefact is written beside its place and then
moved there, its checksum is verified on every read, and a lock lets two processes ask for the same
one: the first computes, the second waits and reads.
"""

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from filelock import FileLock
from safetensors.torch import load_file, save_file
from torch import Tensor

from bap_core import runtime


def key(**parts) -> str:
    """Twenty hex digits of the SHA-256 of ``parts`` as canonical JSON. TypeError for what JSON
    cannot spell.
    """
    return sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[
        :20
    ]


def digest(path: str | Path) -> str:
    """SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        state = sha256()
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


class Tally(Protocol):
    """Whoever counts the pictures that a run has to encode."""

    def need(self, artefact: str, pictures: int) -> None:
        """Note that the artefact with this key takes so many encodings."""


def arrays(
    kind: str,
    parts: dict,
    make: Callable[[], dict[str, Tensor]],
    *,
    tally: Tally | None = None,
    pictures: int | Callable[[dict[str, Tensor]], int] = 0,
) -> dict[str, Tensor]:
    """Named tensors of ``kind`` for ``parts``: read if they are in the store, else made by
    ``make`` and kept. In the order of their names, made or read: what a run prints does not hang on
    what it found.

    tally, pictures: what an artefact that is not there takes at least, as a number or counted from
    the tensors made. This is the one place where needed pictures are counted: what is read back
    needs none.
    """
    path = runtime.home() / "store" / kind / f"{key(**parts)}.safetensors"
    with _alone(path):
        if (found := _read(path)) is not None:
            return found
        made = {name: tensor.contiguous() for name, tensor in sorted(make().items())}
        with atomic_write(path) as temporary:
            save_file(made, temporary, metadata={"parts": json.dumps(parts, sort_keys=True)})
            checksum = digest(temporary)
        path.with_suffix(".sha256").write_text(checksum)
        if tally is not None:
            tally.need(path.stem, pictures(made) if callable(pictures) else pictures)
        return made


def folder(kind: str, parts: dict, make: Callable[[Path], None]) -> Path:
    """Folder of ``kind`` for ``parts``: filled by ``make(path)`` beside its place, moved there
    when it is whole.
    """
    path = runtime.home() / "store" / kind / key(**parts)
    with _alone(path):
        if not path.is_dir():
            with atomic_folder(path) as beside:
                make(beside)
    return path


@contextmanager
def atomic_write(path: str | Path):
    """Give a temporary path next to ``path``; move it there at the end, or remove it if anything
    went wrong.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)  # mkstemp makes private files; an artefact is an ordinary one
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path):
    """Give a temporary folder next to ``path``; move it there at the end, or remove it if anything
    went wrong.

    FileExistsError if there is something at ``path`` already: a folder is never replaced.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists already; give another path, or remove it first")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _alone(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        yield


def _read(path: Path) -> dict[str, Tensor] | None:
    checksum = path.with_suffix(".sha256")
    if not (path.exists() and checksum.exists()):
        return None
    if digest(path) != checksum.read_text():
        warnings.warn(f"{path} does not match its checksum: it is computed again", stacklevel=4)
        return None
    return dict(sorted(load_file(path).items()))  # the file gives its tensors in any order
