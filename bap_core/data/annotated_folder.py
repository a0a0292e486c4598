"""A COCO json of one's own: which file is meant, which picture each of its entries names, and where
it contradicts itself or its pictures.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from bap_core import runtime
from bap_core.data import coco_index, directory, images, segmentations
from bap_core.data.coco import instances
from bap_core.data.coco_index import Index
from bap_core.data.listings import Objects

_OVERLAP = 0.25  # of a box and the outline's own, over both together; below it they disagree
_AT_ONCE = 8  # pictures opened at the same time
DISAGREE = "box and outline disagree"
ON_ITS_SIDE = (
    "the camera's tag turns the picture and the size in the JSON does not say whether its outline "
    "is turned as well"
)


def find_annotations(path: Path, *, boxed: bool = False) -> tuple[Index | None, directory.LeftOut]:
    """The COCO json at ``path``, in it or in its ``annotations/``, if there is one, and the other
    JSON files there. boxed: as for `coco_index.parsed`. ValueError if there are several, or if one
    was meant and cannot be read.
    """
    left_out = directory.LeftOut()
    if path.is_file():
        json = path.suffix.lower() == ".json"
        return (_of_file(path, boxed=boxed) if json else None), left_out
    files = [
        file
        for place in (path, path / "annotations")
        if place.is_dir()
        for file in sorted(place.iterdir())
        if file.suffix.lower() == ".json" and file.is_file()
    ]
    found, broken = [], []
    for file in files:
        try:
            index = None if file.name.startswith(".") else coco_index.parsed(file, boxed=boxed)
        except ValueError as error:
            broken.append((file, error))
            continue
        if index is None:
            left_out.add("a JSON that holds no objects", file.name)
        else:
            found.append(index)
    if len(found) > 1:
        names = [index.path.relative_to(path).as_posix() for index in found]
        raise ValueError(
            f"{path}: holds {len(found)} annotation files ({', '.join(names)}); give "
            "the path of one"
        )
    if broken and not found:
        raise broken[0][1]
    for file, _ in broken:
        left_out.add("a JSON that cannot be read", file.name)
    return (found[0] if found else None), left_out


def _of_file(path: Path, *, boxed: bool) -> Index:
    if (index := coco_index.parsed(path, boxed=boxed)) is None:
        raise ValueError(coco_index.refusal(path))
    return index


def read_annotations(index: Index, name: str, *, origin: str) -> Objects:
    """`Objects` of a COCO json, whose pictures lie beside it or in folders below. What contradicts
    itself is left out and counted; what cannot be settled is kept and counted in ``doubts``.
    ValueError for ids that are not unique, or a picture that may be either of two.
    """
    _refuse_repeated(index)
    root = index.path.parent
    root = root.parent if root.name == "annotations" else root
    found = _pictures(index, directory.list_pictures(root))
    objects = instances(
        index, name, root=root, find=found.get, origin=origin, contradicts=_contradictions(index)
    )
    return replace(objects, doubts=_doubts(objects))


def _refuse_repeated(index: Index) -> None:
    for what, listed in (("image", index.pictures), ("category", index.categories)):
        times = Counter(str(entry[0]) for entry in listed)
        if twice := [number for number, n in times.items() if n > 1]:
            more = f" and {len(twice) - 5} more" if len(twice) > 5 else ""
            raise ValueError(
                f"{index.path}: {what} id {', '.join(twice[:5])}{more} stands there more than "
                "once, so annotations do not say which they mean; number them anew"
            )


def _pictures(index: Index, listed: list[str]) -> dict[str, str]:
    """File name of the JSON -> which of the pictures ``listed`` it is, for those that are there.

    As written; else the picture whose path ends so; else the only one of that name that no other
    entry names. Both spellings of an accent, and both slashes, are one name.
    """
    there, spelled = set(listed), {_plain(path): path for path in listed}
    names = [entry[1] for entry in index.pictures]
    found = {
        name: path
        for name in names
        if (path := name if name in there else spelled.get(_plain(name)))
    }
    by_name: dict[str, list[str]] = {}
    for path in there - set(found.values()):
        by_name.setdefault(Path(_plain(path)).name, []).append(path)
    moved = {name: _moved_to(name, by_name, index.path) for name in names if name not in found}
    times = Counter(moved.values())
    return found | {name: path for name, path in moved.items() if path and times[path] == 1}


def _moved_to(name: str, by_name: dict[str, list[str]], file: Path) -> str | None:
    same = sorted(by_name.get(Path(_plain(name)).name, []))
    choice = [path for path in same if _plain(path).endswith(f"/{_plain(name)}")] or same
    if len(choice) > 1:
        raise ValueError(
            f"{file}: {name} is {choice[0]} or {choice[1]} below it: write the folder too"
        )
    return choice[0] if choice else None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", Path(name.replace("\\", "/")).as_posix())


def _contradictions(index: Index) -> Callable[[np.ndarray], np.ndarray]:
    """Of annotation rows: whether the outline lies elsewhere than the box as written."""

    def lie_apart(rows: np.ndarray) -> np.ndarray:
        drawn = segmentations.boxes(index.segmentations(rows.tolist()))
        start, side = index.boxes[rows, :2], index.boxes[rows, 2:]
        size = np.array([index.pictures[i][2:] for i in index.picture[rows].tolist()])
        low, high = np.maximum(np.floor(start), 0), np.minimum(np.ceil(start + side), size)
        end = drawn[:, :2] + drawn[:, 2:]
        both = np.maximum(np.minimum(high, end) - np.maximum(low, drawn[:, :2]), 0).prod(axis=1)
        either = (high - low).prod(axis=1) + drawn[:, 2:].prod(axis=1) - both
        return both < _OVERLAP * either

    return lie_apart


def _doubts(objects: Objects) -> dict[str, int]:
    """Objects on pictures that the camera's tag turns though their size is that of the file."""
    sizes = objects.frame.drop_duplicates("image").set_index("image")
    sizes = sizes[["image_width", "image_height"]]

    def unsettled(row: tuple) -> bool:
        name, *size = row
        return images.is_turned(objects.root / name, size=tuple(size))

    rows: Iterable[tuple] = list(sizes.itertuples(name=None))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        told = threads.map(unsettled, rows)
        bar = runtime.progress(told, total=len(sizes), label="reading sizes", unit="img")
        open_questions = {row[0] for row, turned in zip(rows, bar) if turned}
    n = sum(name in open_questions for name in objects.frame["image"])
    return {ON_ITS_SIDE: n} if n else {}
