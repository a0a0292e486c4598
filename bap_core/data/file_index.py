"""The list of files below a large folder, walked once and kept in the store: a million-file Places
is read in seconds.

The list is made again as soon as any of its folders has another modification time, which a file
that is added, removed or renamed gives to its folder. (A file whose content alone changes stays in
the list; its size there may then be old.)
"""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bap_core import contents, runtime, store
from bap_core.data.directory import EXTENSIONS

# seconds: a folder changed so shortly before its walk may change again within one tick of its clock
SETTLED = 2.0


@dataclass(frozen=True)
class Index:
    """Files below ``root``, sorted: names, POSIX paths relative to it; sizes in bytes (N,)
    int64; folders: their number.
    """

    root: Path
    names: list[str]
    sizes: np.ndarray
    folders: int


def list_files(root: str | Path, suffixes: Collection[str] = frozenset(EXTENSIONS)) -> list[str]:
    """Sorted POSIX paths, relative to ``root``, of the files below it whose suffix (``.jpg``, any
    case) is asked for.

    Hidden files and folders are left out, links to folders are followed. FileNotFoundError if root
    is no folder.
    """
    return index(root, suffixes).names


def index(root: str | Path, suffixes: Collection[str] = frozenset(EXTENSIONS)) -> Index:
    """The list with sizes: read from the store if no folder has changed since, else walked
    and kept there.
    """
    contents.note_folder(Path(root).expanduser())  # a link may lead elsewhere tomorrow
    root = Path(root).expanduser().resolve()
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a folder")
    wanted = sorted({suffix.lower() for suffix in suffixes})
    named = {"root": str(root), "suffixes": wanted}
    path = runtime.home() / "store" / "listing" / f"{store.key(**named)}.safetensors"
    if (kept := _read(path, root)) is None:
        with store.alone(path.with_suffix(".lock"), f"listing {root}"):
            if (kept := _read(path, root)) is None:
                kept = _walked(root, wanted)
                store.write(path, {name: torch.from_numpy(kept[name]) for name in kept}, named)
    for folder in _split(kept["folders"]):
        contents.note_folder(root / folder)
    return Index(root, _split(kept["names"]), kept["sizes"], len(kept["times"]))


def _read(path: Path, root: Path) -> dict[str, np.ndarray] | None:
    """What is kept at ``path``, unless it is damaged or out of date."""
    if (tensors := store.read(path)) is None:
        return None
    kept = {name: tensor.numpy() for name, tensor in tensors.items()}
    try:
        unchanged = all(
            os.stat(root / folder).st_mtime_ns == time_ns
            for folder, time_ns in zip(_split(kept["folders"]), kept["times"].tolist())
        )
    except OSError:  # a folder is gone
        return None
    return kept if unchanged else None


def _walked(root: Path, suffixes: list[str]) -> dict[str, np.ndarray]:
    files, folders = [], []
    for folder, time_ns, found in runtime.progress(
        _folders(root, suffixes), label=f"walking {root.name}", unit="folder"
    ):
        folders.append((folder, time_ns))
        files += found
    files.sort()
    return {
        "names": _joined(name for name, _ in files),
        "sizes": np.array([size for _, size in files], np.int64),
        "folders": _joined(folder for folder, _ in folders),
        "times": np.array([t for _, t in folders], np.int64),
    }


def _folders(root: Path, suffixes: list[str]) -> Iterator[tuple[str, int, list[tuple[str, int]]]]:
    """Every folder once: its path below ``root`` ("" for root), its time, and its files with
    their sizes.
    """
    waiting, seen = [""], set()
    while waiting:
        folder = waiting.pop()
        before = os.stat(root / folder)
        if (before.st_dev, before.st_ino) in seen:  # a link that leads back
            continue
        seen.add((before.st_dev, before.st_ino))
        with os.scandir(root / folder) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
        inside = f"{folder}/" if folder else ""
        waiting += [inside + entry.name for entry in shown if _is(entry.is_dir)]
        files = [
            (inside + entry.name, entry.stat().st_size)
            for entry in shown
            if os.path.splitext(entry.name)[1].lower() in suffixes and _is(entry.is_file)
        ]
        settled = time.time() - before.st_mtime > SETTLED
        # -1 agrees with no time: it is walked again
        yield folder, before.st_mtime_ns if settled else -1, files


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:  # a link to itself
        return False


def _joined(texts: Iterable[str]) -> np.ndarray:
    content = "".join(f"{text}\0" for text in texts).encode("utf-8", "surrogateescape")
    return np.frombuffer(bytearray(content), np.uint8)


def _split(joined: np.ndarray) -> list[str]:
    return joined.tobytes().decode("utf-8", "surrogateescape").split("\0")[:-1]
