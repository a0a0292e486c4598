"""The micro world: drawn birds in drawn scenes, as folders in the official formats, and encoders
that know them.

It stands in for the datasets and checkpoints that cannot ship with the package. Its difficulty was
set by looking at untouched encoders only, then frozen under `VERSION`.
"""

from dataclasses import asdict
from pathlib import Path

from bap_core import sources, store
from bap_core.micro.formats.folders import render
from bap_core.micro.world import SEED, VERSION, WORLDS

__all__ = ["SEED", "VERSION", "WORLDS", "render", "resolve"]


def resolve(data_root: str | Path) -> Path:
    """Path for a data root: the names of `WORLDS` (``"micro"``) are rendered on first use, others
    are paths as they are.

    ``"micro:places365_standard/train"`` is a path inside the world. FileNotFoundError for what does
    not exist, ValueError for an empty name.
    """
    if not str(data_root).strip():
        raise ValueError("the name of the folder is empty: give one")
    name, _, inside = str(data_root).partition(":")
    if name in WORLDS:
        return _world(name) / inside
    path = Path(data_root).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"{str(data_root)!r} does not exist; give a folder that holds the "
            "data, or one of "
            f"{', '.join(map(repr, WORLDS))}, which are rendered on first use"
        )
    return path


def _world(name: str) -> Path:
    parts = {"world": asdict(WORLDS[name]), "version": VERSION, "seed": SEED}
    parts["code"] = sources.code("bap_core.micro.formats.folders")
    return store.folder("micro", parts, lambda path: render(path, name))
