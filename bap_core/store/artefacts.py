"""Artefacts addressed by content: a key names everything that changes the values.

An artefact is one file of tensors that holds the checksum of what it says, which is verified on
every read. A lock lets two processes ask for the same one: the first computes, the second waits and
reads. What is whole is read without a lock, from a store that cannot be written, too.
"""

import json
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, uint8

from bap_core import runtime, together
from bap_core.store.files import atomic_folder, atomic_write
from bap_core.store.locks import alone


def key(**parts) -> str:
    """Twenty hex digits of the SHA-256 of ``parts`` as canonical JSON. TypeError for what JSON
    cannot spell.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:20]


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
    ``make`` and kept. In the order in which they were made, made or read.

    tally, pictures: what an artefact that is not there takes at least, as a number or counted from
    the tensors made. This is the one place where needed pictures are counted: what is read back
    needs none. OSError in one sentence if the store cannot be written.
    """
    path = runtime.home() / "store" / kind / f"{key(**parts)}.safetensors"
    found = read(path)
    if together.count() > 1:  # a process that waits for a lock would be missing where all meet
        if together.first_says(found is not None):
            return _read_back(path)
    elif found is not None:
        return found
    with _make_room(path, kind):
        if (found := read(path, warn=True)) is not None and together.count() == 1:
            return found
        made = {name: tensor.contiguous() for name, tensor in make().items()}
        if together.is_first():
            write(path, made, parts)
    if together.count() > 1:
        together.wait()
        made = _read_back(path)
    if tally is not None:
        tally.need(path.stem, pictures(made) if callable(pictures) else pictures)
    return made


def _make_room(path: Path, kind: str) -> AbstractContextManager:
    """The lock of what is made at ``path``; of processes that make it together, the first has
    it.
    """
    if not together.is_first():
        return nullcontext()
    return alone(path.with_name(f"{path.name}.lock"), f"making {kind}")


def _read_back(path: Path) -> dict[str, Tensor]:
    """What the first of several processes has written."""
    if (found := read(path)) is None:
        raise FileNotFoundError(
            f"{path} was written by the first process and is not there for this one: all processes "
            "of a run need the same BAP_HOME"
        )
    return found


def folder(kind: str, parts: dict, make: Callable[[Path], None]) -> Path:
    """Folder of ``kind`` for ``parts``: filled by ``make(path)`` beside its place, moved there
    when it is whole.
    """
    path = runtime.home() / "store" / kind / key(**parts)
    if path.is_dir():
        return path
    with alone(path.with_name(f"{path.name}.lock"), f"making {kind}"):
        if not path.is_dir():
            with atomic_folder(path) as beside:
                make(beside)
    return path


def write(path: Path, tensors: Mapping[str, Tensor], parts: dict) -> None:
    """Keep tensors in a file with ``parts``, their order and the checksum of all of it."""
    said = {"parts": json.dumps(parts, sort_keys=True), "names": json.dumps(list(tensors))}
    with atomic_write(path) as temporary:
        save_file(dict(tensors), temporary, metadata={**said, "sha256": _checksum(tensors, said)})


def read(path: Path, *, warn: bool = False) -> dict[str, Tensor] | None:
    """The tensors in a file of `write`, in their order; None if it is not there or damaged.

    warn: about a damaged one, which is made again by whoever asks.
    """
    try:
        with safe_open(path, framework="pt") as file:
            said = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in json.loads(said["names"])}
        checksum = said.pop("sha256")
        if checksum == _checksum(tensors, said):
            return tensors
    except FileNotFoundError:
        return None
    # what a damaged header makes of a library has many names
    except (SafetensorError, KeyError, ValueError, TypeError, OSError, RuntimeError):
        pass
    if warn:
        warnings.warn(f"{path} does not match its checksum: it is made again", stacklevel=4)
    return None


def _checksum(tensors: Mapping[str, Tensor], said: Mapping[str, str]) -> str:
    state = sha256(json.dumps(sorted(said.items())).encode())
    for name, tensor in tensors.items():
        state.update(f"{name} {tensor.dtype} {list(tensor.shape)} ".encode())
        if tensor.numel():  # an empty one has no bytes to view
            state.update(tensor.cpu().reshape(-1).view(uint8).numpy().data)
    return state.hexdigest()
