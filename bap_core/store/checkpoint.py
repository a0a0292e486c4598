"""Checkpoints of unfinished work: the last one and the one before it, each with its checksum."""

import io
import os
import warnings
from hashlib import sha256
from pathlib import Path

import torch

from bap_core import runtime
from bap_core.store.artefacts import key
from bap_core.store.files import atomic_write

_DIGITS = 64  # of the checksum, at the start of the file


def checkpoint_path(parts: dict) -> Path:
    """Where the unfinished work with the key of ``parts`` is kept."""
    return runtime.home() / "checkpoints" / f"{key(**parts)}.pt"


class Checkpoint:
    """The state of some work at ``path``, kept twice; `load` gives the newest that is whole."""

    def __init__(self, path: Path):
        self.path = path
        self._before = path.with_suffix(".before.pt")

    def save(self, state: dict) -> None:
        """Keep a state (tensors, numbers, texts, and dicts and lists of them)."""
        content = io.BytesIO()
        torch.save(state, content)
        held = content.getbuffer()
        with atomic_write(self.path) as temporary:
            with open(temporary, "wb") as file:
                file.write(sha256(held).hexdigest().encode())
                file.write(held)
            if self.path.exists():
                os.replace(self.path, self._before)

    def load(self) -> dict | None:
        """The newest state that is whole, or None. A broken one is set aside with a warning."""
        for path in (self.path, self._before):
            if not path.exists():
                continue
            content = path.read_bytes()
            held = content[_DIGITS:]
            if content[:_DIGITS] == sha256(held).hexdigest().encode():
                return torch.load(io.BytesIO(held), weights_only=True, map_location="cpu")
            aside = path.with_suffix(".broken")
            os.replace(path, aside)
            warnings.warn(
                f"the checkpoint {path} is broken: it is set aside as {aside.name}, and the one "
                "before it is used, if there is one",
                stacklevel=3,
            )
        return None

    def remove(self) -> None:
        """The work is done and kept elsewhere: remove its checkpoints and those of its parts."""
        for path in self.path.parent.glob(f"{self.path.stem}.*"):
            path.unlink(missing_ok=True)
