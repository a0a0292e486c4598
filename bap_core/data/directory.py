"""Which files a folder holds, always in one order and without hidden ones; and text and JSON files,
read whole or refused by name.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def list_pictures(folder: str | Path) -> list[str]:
    """Picture files below ``folder`` by extension, as relative names with "/", sorted folder by
    folder.

    Hidden files and folders are left out. 100,000 names take well under a second of processor time.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        # No name holds a zero byte, so as a separator it makes texts sort as lists of their parts
        # would.
        inner = "".join(f"{part}\0" for part in Path(os.path.relpath(place, folder)).parts)
        found += [
            inner + name
            for name in names
            if os.path.splitext(name)[1].lower() in EXTENSIONS and not name.startswith(".")
        ]
    return [name.replace("\0", "/") for name in sorted(found)]


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
