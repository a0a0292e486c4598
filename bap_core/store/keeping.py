"""What is kept in the store: how much of which kind and how old, whether it is whole, and removing
what is old.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from bap_core import runtime
from bap_core.store.artefacts import read
from bap_core.store.files import remove_leftovers
from bap_core.store.values import read_said

_DAY = 24 * 3600
_OF_LOCKS = (".lock", ".owner")
_READERS = {".safetensors": read, ".json": read_said}


def overview() -> list[str]:
    """A line for every kind of thing that is kept: its name, how many, their size, and the age of
    the youngest and the oldest.
    """
    lines = []
    for folder in _kinds():
        kept = list(_entries(folder))
        ages = sorted((time.time() - path.stat().st_mtime) / _DAY for path in kept)
        size = sum(_size(path) for path in kept)
        span = f"{ages[0]:.0f} to {ages[-1]:.0f} days old" if ages else "empty"
        lines.append(f"{folder.name:16}{len(kept):7,}  {size / 1e6:10,.1f} MB  {span}")
    return lines or ["nothing is kept"]


def find_broken() -> Iterator[Path]:
    """Every artefact that does not match its checksum."""
    files = [path for kind in _kinds() for path in _entries(kind) if path.suffix in _READERS]
    for path in runtime.progress(files, total=len(files), label="checking", unit="file"):
        if _READERS[path.suffix](path) is None:
            yield path


def prune(*, days: float) -> str:
    """Remove what was made more than ``days`` ago, and what killed processes left; says how much it
    was. ValueError for a negative number.

    What is asked for later is made again. What a running process reads must stay: nothing should
    run meanwhile.
    """
    if not days >= 0:
        raise ValueError(f"days={days}: give 0 or more")
    before, removed, size = time.time() - days * _DAY, 0, 0
    for kind in _kinds():
        removed += len(remove_leftovers(kind))
        for path in list(_entries(kind)):
            if path.stat().st_mtime <= before:
                removed, size = removed + 1, size + _size(path)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return f"{removed:,} removed, {size / 1e6:,.1f} MB"


def _kinds() -> list[Path]:
    home = runtime.home()
    found = [*(home / "store").glob("*/"), home / "checkpoints"]
    return sorted((path for path in found if path.is_dir()), key=lambda path: path.name)


def _entries(kind: Path) -> Iterator[Path]:
    return (path for path in kind.iterdir() if path.suffix not in (*_OF_LOCKS, ".part"))


def _size(path: Path) -> int:
    inside = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in inside if file.is_file())
