"""The slim index of a COCO instances file: what cut-outs need of it, parsed once and kept in the
store.

The official training file is half a gigabyte of text and several gigabytes as Python objects. Here
an annotation goes into columns the moment it is parsed, and then every segmentation (polygons, run
lengths, compressed run lengths) becomes compressed run lengths, drawn once by pycocotools. N
annotations, P pictures, C categories.
"""

import json
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bap_core import contents, runtime, sources, store
from bap_core.data import directory, segmentations

LISTS = ("images", "categories", "annotations")
_PICTURE = ("id", "file_name", "width", "height")


@dataclass(frozen=True, eq=False)
class Index:
    """Columns of an instances file.

    pictures: P rows (id, file name, width, height). categories: C rows (id, name, super-category).
    ids: N annotation ids. picture, category: (N,) positions in these lists. boxes: (N, 4) x, y,
    width, height in pixels as written. crowd: (N,) bool. size: (N, 2) height and width of the mask.
    area: (N,) its pixels, -1 for an unusable one.
    """

    path: Path
    pictures: list[list]
    categories: list[list]
    ids: list
    picture: np.ndarray
    category: np.ndarray
    boxes: np.ndarray
    crowd: np.ndarray
    size: np.ndarray
    area: np.ndarray
    runs: np.ndarray
    ends: np.ndarray

    def segmentations(self, rows: Iterable[int]) -> list[dict]:
        """Compressed run lengths of these annotations, as COCO writes them: ``size`` and
        ``counts``.
        """
        runs, ends, sizes = self.runs, self.ends.tolist(), self.size.tolist()
        same = {}  # one list per size: most pictures share a few
        return [
            {
                "size": same.setdefault(tuple(sizes[row]), sizes[row]),
                "counts": runs[ends[row - 1] if row else 0 : ends[row]].tobytes().decode(),
            }
            for row in rows
        ]


def stored(path: Path) -> Index:
    """The index of the file at ``path``: from the store if a file with these bytes was read
    before. Errors as `parsed`.
    """
    parts = {"json": contents.digest(path), "code": sources.code(__name__)}
    return _index(path, store.arrays("coco-index", parts, lambda: _tensors(path)))


def parsed(path: Path, *, boxed: bool = False) -> Index | None:
    """The index of the file at ``path``, made anew; None for JSON that holds no instances.

    boxed: an object is its whole box, whether it has an outline or not. ValueError naming the file
    if it is broken, an entry is garbled, or an annotation names what is not listed.
    """
    content = _read(path, boxed=boxed)
    return None if content is None else _index(path, _columns(path, *content))


def _tensors(path: Path) -> dict[str, Tensor]:
    content = _read(path)
    if content is None:
        raise ValueError(refusal(path))
    return _columns(path, *content)


def refusal(path: Path) -> str:
    """What is wrong with a JSON file for which `parsed` gave None."""
    return (
        f"{path}: not a COCO instances file; it needs the lists {', '.join(LISTS)}, "
        "and annotations with a segmentation (those with a box alone are read with boxed=True, "
        "--boxes)"
    )


def _index(path: Path, tensors: dict[str, Tensor]) -> Index:
    columns: dict[str, Any] = {name: tensor.numpy() for name, tensor in tensors.items()}
    words = json.loads(columns.pop("words").tobytes())
    return Index(path, **words | columns | {"crowd": columns["crowd"].astype(bool)})


class _Annotations:
    """A hook for the JSON parser: takes annotations out of the parsed objects and puts a number in
    their place.

    A segmentation is drawn as soon as the size of its picture is known, which in the official files
    is at once.
    """

    def __init__(self, bar, *, boxed: bool):
        self.bar, self.boxed = bar, boxed
        self.ids, self.picture, self.category, self.runs = [], [], [], []
        self.boxes, self.crowd = array("d"), bytearray()
        self.area, self.size = array("q"), array("i")
        self.sizes, self.late = {}, {}
        self.outlined, self.trouble = False, None

    def __call__(self, entry: dict) -> Any:
        if "image_id" in entry and "category_id" in entry:
            return self._take(entry)
        if "file_name" not in entry:
            return entry
        if all(isinstance(entry.get(key), int) for key in ("width", "height")) and isinstance(
            entry.get("id"), int | str
        ):
            self.sizes[entry["id"]] = entry["height"], entry["width"]
        return {key: entry[key] for key in _PICTURE if key in entry}

    def _take(self, entry: dict) -> int | None:
        self.outlined |= self.boxed or "segmentation" in entry
        try:
            box = array("d", [float(value) for value in entry["bbox"]])
            size, crowd = self.sizes.get(entry["image_id"]), _as_flag(entry.get("iscrowd"))
            if len(box) != 4 or not np.isfinite(box).all():
                raise KeyError("bbox")
        # another kind of file may hold such entries: `_columns` complains
        except (KeyError, TypeError, ValueError) as error:
            self.trouble = self.trouble or f"{error} (annotation {entry.get('id')})"
            return None
        row = len(self.ids)
        self.bar.update(1)
        self.ids.append(entry.get("id"))
        self.picture.append(entry["image_id"])
        self.category.append(entry["category_id"])
        self.crowd.append(crowd)
        self.runs.append(b"")
        self.area.append(-1)
        self.boxes.extend(box)
        self.size.extend((0, 0))
        outline = segmentations.box_outline(*box) if self.boxed else entry.get("segmentation")
        if size is None:
            self.late[row] = _packed(outline)
        else:
            self.draw(row, outline, *size)
        return row

    def draw(self, row: int, segmentation: Any, height: int, width: int) -> None:
        """Any form of segmentation -> compressed run lengths and their area in row ``row``; none
        stay for a bad one.
        """
        encoded = segmentations.encode_segmentation(segmentation, width=width, height=height)
        if encoded is not None:
            self.runs[row], self.area[row] = encoded["counts"], segmentations.covered(encoded)
            self.size[2 * row], self.size[2 * row + 1] = encoded["size"]


def _as_flag(value: Any) -> bool:
    """0 or 1, as a number, as text, or as a word for it. ValueError for anything else."""
    known = {"": False, "0": False, "false": False, "1": True, "true": True}
    plain = "" if value is None else str(value).strip().lower()
    if plain not in known:
        raise ValueError(f"iscrowd is {value!r}, neither 0 nor 1")
    return known[plain]


def _packed(segmentation: Any) -> Any:
    """Polygons as arrays of numbers, a quarter of the memory of lists; what is no polygon stays
    as it is.
    """
    if not isinstance(segmentation, list):
        return segmentation
    return [array("d", polygon) for polygon in segmentations.as_polygons(segmentation)]


def _read(path: Path, *, boxed: bool = False) -> tuple[dict, _Annotations] | None:
    with runtime.progress([], label=f"indexing {path.name}", unit="object") as bar:
        found = _Annotations(bar, boxed=boxed)
        content = directory.read_json(path, object_hook=found)
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), list) for key in LISTS
    ):
        return None
    # captions, panoptic segments
    if any(isinstance(entry, dict) for entry in content["annotations"]):
        return None
    return (content, found) if found.outlined or not content["annotations"] else None


def _columns(path: Path, content: dict, found: _Annotations) -> dict[str, Tensor]:
    if not found.trouble and content["annotations"] != list(range(len(found.ids))):
        found.trouble = "annotations: some of them stand elsewhere in the file"
    if found.trouble:
        raise ValueError(
            f"{path}: an entry lacks or garbles {found.trouble}; see the COCO instances format"
        )
    try:
        pictures = [
            [p["id"], _text(p, "file_name"), int(p["width"]), int(p["height"])]
            for p in content["images"]
        ]
        categories = [
            [k["id"], _text(k, "name"), k.get("supercategory") or k["name"]]
            for k in content["categories"]
        ]
        picture, category = (
            _positions(*named)
            for named in ((found.picture, pictures), (found.category, categories))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: an entry lacks or garbles {error}; see the COCO instances format"
        ) from None
    if unlisted := np.flatnonzero((picture < 0) | (category < 0)).tolist():
        row = unlisted[0]
        raise ValueError(
            f"{path}: annotation {found.ids[row]} names category "
            f"{found.category[row]} and image "
            f"{found.picture[row]}, and the file does not list both"
        )
    for row, segmentation in found.late.items():
        found.draw(row, segmentation, *pictures[picture[row]][:1:-1])
    words = json.dumps({"pictures": pictures, "categories": categories, "ids": found.ids})
    columns = {
        "boxes": np.array(found.boxes).reshape(-1, 4),
        "size": np.array(found.size).reshape(-1, 2),
        "area": np.array(found.area),
        "ends": np.cumsum([len(runs) for runs in found.runs], dtype=np.int64),
    }
    return {
        "words": _bytes(words.encode()),
        "picture": picture,
        "category": category,
        "crowd": _bytes(found.crowd),
        "runs": _bytes(b"".join(found.runs)),
        **{name: torch.from_numpy(column) for name, column in columns.items()},
    }


def _text(entry: dict, key: str) -> str:
    if not isinstance(entry[key], str):
        raise TypeError(f"{key} ({entry[key]!r} is no text)")
    return entry[key]


def _positions(ids: list, listed: list[list]) -> Tensor:
    """Where each id stands in the list: (N,) int64, -1 for one that is not there. An id that is
    listed as a number may be named as text, and the reverse.
    """
    position = {str(entry[0]): i for i, entry in enumerate(listed)}
    position |= {entry[0]: i for i, entry in enumerate(listed)}
    places = [position.get(number, position.get(str(number), -1)) for number in ids]
    return torch.tensor(places, dtype=torch.int64)


def _bytes(content: bytes | bytearray) -> Tensor:
    return torch.from_numpy(np.array(memoryview(content)))
