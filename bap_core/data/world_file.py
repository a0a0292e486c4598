"""``bap-world.json``: what a folder that holds another world than the official data (the micro
world) says of itself: name, version, counts per dataset, number of files, and a hash over them.
"""

import functools
import warnings
from hashlib import sha256
from pathlib import Path

from bap_core import contents
from bap_core.data import directory

WORLD_FILE = "bap-world.json"


def world(root: str | Path) -> dict | None:
    """What the file in the folder or above it declares; None without one."""
    folder = _folder_of(Path(root))
    return directory.read_json(folder / WORLD_FILE) if folder else None


def _folder_of(root: Path) -> Path | None:
    return next((folder for folder in (root, root.parent) if (folder / WORLD_FILE).exists()), None)


def origin(root: str | Path) -> str:
    """Whose pictures a loader finds below ``root``: "micro" in a rendered world, else
    "official".
    """
    return "micro" if world_around(root) else "official"


def world_around(root: str | Path) -> dict | None:
    """`world` of the folder or of up to three above it, for the root of a listing, which may lie
    deep inside a data root.
    """
    root = Path(root).absolute()
    return next((found for folder in [root, *root.parents][:4] if (found := world(folder))), None)


def hash_files(root: Path) -> dict[str, int | str]:
    """``files``, their number, and ``hash``, twenty hex digits over the names and contents of all
    files below ``root`` but the file that declares them.
    """
    paths = sorted(p for p in root.rglob("*") if p.is_file() and p != root / WORLD_FILE)
    state = sha256()
    for path, sha in zip(paths, contents.digests(paths, label=root.name, used=False)):
        state.update(path.relative_to(root).as_posix().encode() + bytes.fromhex(sha or ""))
    return {"files": len(paths), "hash": state.hexdigest()[:20]}


def check_files(root: str | Path, *, strict: bool) -> None:
    """Compare a rendered world that ``root`` belongs to with what it declares, once per process.

    What was read before and has kept its times is not read again. ValueError for files that differ,
    are missing or new; with strict=False a warning. A world that declares no files has none to
    compare.
    """
    if not (folder := _folder_of(Path(root).resolve())):
        return
    if text := _difference(folder):
        if strict:
            raise ValueError(text)
        warnings.warn(text, stacklevel=4)


@functools.cache
def _difference(folder: Path) -> str | None:
    declared = directory.read_json(folder / WORLD_FILE)
    wanted = {name: declared.get(name) for name in ("files", "hash")}
    if not wanted["files"] or (found := hash_files(folder)) == wanted:
        return None
    what = (
        f"{found['files']:,} files are there, {wanted['files']:,} were rendered"
        if found["files"] != wanted["files"]
        else "files were changed since they were rendered"
    )
    return (
        f"the rendered world in {folder} is not as it was made: {what}. Remove the folder; it is "
        "rendered again when it is needed. (strict=False goes on with what is there.)"
    )
