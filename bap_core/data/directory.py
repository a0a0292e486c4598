"""Which files a folder holds, always in one order and without hidden ones; and text and JSON files,
read whole or refused by name.
"""

import importlib.util
import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

EXTENSIONS = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    ".avif",
    *((".heic", ".heif") if importlib.util.find_spec("pillow_heif") else ()),
}


class LeftOut(Counter):
    """How many files were left out, by reason, with the first names of each."""

    def __init__(self):
        super().__init__()
        self.names: dict[str, list[str]] = {}

    def add(self, reason: str, name: str) -> None:
        """Count a file."""
        self[reason] += 1
        named = self.names.setdefault(reason, [])
        if len(named) < 3:
            named.append(readable(name))

    def include(self, other: "LeftOut") -> None:
        """Count all that another one has counted."""
        for reason, n in other.items():
            self[reason] += n
            self.names[reason] = [*self.names.get(reason, []), *other.names[reason]][:3]


def readable(name: str) -> str:
    """A file's name as it can be printed, bytes that are no text by their numbers."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def list_pictures(folder: str | Path) -> list[str]:
    """Picture files below ``folder`` by extension, as relative names with "/", sorted folder by
    folder.

    Hidden files and folders are left out, links to folders are followed. 100,000 names take well
    under a second of processor time.
    """
    return survey(folder)[0]


def survey(folder: str | Path) -> tuple[list[str], LeftOut]:
    """`list_pictures`, and the files that it leaves out: those whose suffix is no picture's, whose
    name is no text, and links that lead nowhere.
    """
    found, left_out, seen = [], LeftOut(), set()
    for place, folders, names in os.walk(folder, followlinks=True):
        status = os.stat(place)
        # a link that leads back
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = [name for name in folders if not name.startswith(".") and is_text(name)]
        # No name holds a zero byte, so as a separator it makes texts sort as lists of their parts
        # would.
        inner = "".join(f"{part}\0" for part in Path(os.path.relpath(place, folder)).parts)
        for name in names:
            if name.startswith("."):
                continue
            if reason := _unusable(place, name):
                left_out.add(reason, name)
            else:
                found.append(inner + name)
    return [name.replace("\0", "/") for name in sorted(found)], left_out


def _unusable(place: str, name: str) -> str:
    """Why a file is no picture that can be listed, or ""."""
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in EXTENSIONS:
        return f"no picture by its suffix ({suffix or 'none'})"
    if not is_text(name):
        return "a name that is no text: rename it"
    path = os.path.join(place, name)
    return "a link that leads nowhere" if os.path.islink(path) and not os.path.exists(path) else ""


def is_text(name: str) -> bool:
    """Whether a file's name is text in UTF-8: pages, tables and JSON cannot hold another."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def list_folder(folder: str | Path, *, extensions: Collection[str] = EXTENSIONS) -> list[str]:
    """Names of the pictures directly in ``folder``, sorted; extensions in any case, hidden files
    left out.
    """
    return sorted(
        entry.name
        for entry in os.scandir(folder)
        if not entry.name.startswith(".")
        and os.path.splitext(entry.name)[1].lower() in extensions
        and not entry.is_dir()
    )


def subfolders(folder: str | Path) -> list[Path]:
    """Folders directly in ``folder``, sorted; hidden ones left out, and none where there is no
    such folder.
    """
    if not Path(folder).is_dir():
        return []
    return sorted(
        Path(entry.path)
        for entry in os.scandir(folder)
        if entry.is_dir() and not entry.name.startswith(".")
    )


def read_json(path: str | Path, *, object_hook: Callable[[dict], Any] | None = None) -> Any:
    """Content of a JSON file. FileNotFoundError, or ValueError naming the file if it is broken.

    object_hook: gets every object as soon as it is parsed, and gives what stands in its place.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"), object_hook=object_hook)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a whole JSON file ({error}); get it again") from None


def read_rows(path: str | Path, *, n: int, what: str) -> list[list[str]]:
    """The lines of a text file that are not empty, each split at blanks into ``n`` parts of which
    the last takes the rest. ValueError naming the file if it is no text or empty, or ``what`` a row
    should be if one has fewer parts.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a whole text file ({error.reason}); get it again") from None
    rows = [line.strip().split(maxsplit=n - 1) for line in lines if line.strip()]
    if not rows:
        raise ValueError(f"{path}: holds nothing; get it again")
    if wrong := [row for row in rows if len(row) != n]:
        raise ValueError(f"{path}: a row should be {what}, found {' '.join(wrong[0])[:80]!r}")
    return rows


def refuse_repeated(path: str | Path, what: str, values: Iterable) -> None:
    """ValueError naming the file if one of its ``values`` stands in two of its rows."""
    if twice := [value for value, n in Counter(values).items() if n > 1]:
        raise ValueError(f"{path}: {what} {twice[0]!r} stands in two rows")


def stays_inside(name: object) -> bool:
    """Whether something is the name of a file below a folder: text, relative, without ``..``."""
    if not isinstance(name, str) or "\0" in name:
        return False
    path = PurePosixPath(name)
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts
