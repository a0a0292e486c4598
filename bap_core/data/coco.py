"""COCO 2017: instances with polygons or run lengths, the paper's persons and vehicles.

Crowds are not instances and are skipped; boxes are fractional and may touch the border; category
numbers have gaps, so categories go by name. What is kept of the JSON is in `coco_index`.
"""

import difflib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bap_core.data import catalogue, coco_index, world_file
from bap_core.data.coco_index import Index
from bap_core.data.listings import Objects

# The six classes of the vehicle objects (appendix M.6.1; its "bike" is the bicycle). Truck and
# motorcycle are withheld.
VEHICLES = ("car", "bus", "airplane", "boat", "train", "bicycle")


def coco(
    root: str | Path,
    *,
    part: str = "train2017",
    categories: Sequence[str] | None = None,
    min_side: float = 1,
    strict: bool = True,
) -> Objects:
    """Instances as `Objects`; label is the category's name, super_class its super-category.

    root: the data root with ``annotations/`` and ``train2017/`` in it or in ``coco/``. min_side:
    boxes with either side below it, in pixels, are left out (paper: 28 for `VEHICLES`, 112 for
    persons). ``skipped`` counts what was left out and why. The JSON is parsed once; afterwards its
    index comes from the store. strict: a JSON without its images, or with other counts than the
    release, is an error.
    """
    root = Path(root).expanduser()
    name = f"annotations/instances_{part}.json"
    folder = catalogue.find(root, "coco", having=name)
    index = coco_index.stored(folder / name)
    catalogue.check_counts(root, "coco", _counts(index, part), strict=strict)
    present = set(os.listdir(folder / part)) if (folder / part).is_dir() else set()

    def find(file_name: str) -> str | None:
        return f"{part}/{file_name}" if file_name in present else None

    return instances(
        index,
        "coco",
        root=folder,
        find=find,
        categories=categories,
        min_side=min_side,
        strict=strict,
        origin=world_file.origin(folder),
    )


def instances(
    index: Index,
    name: str,
    *,
    root: Path,
    find: Callable[[str], str | None],
    origin: str,
    categories: Sequence[str] | None = None,
    min_side: float = 1,
    strict: bool = True,
    contradicts: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Objects:
    """`Objects` from the index of a COCO JSON.

    origin: as in `pictures.ORIGINS`. find: gives the picture for a ``file_name``, relative to
    ``root``, or None. contradicts: says of annotations (R,) whether box and outline disagree, which
    are skipped and counted then. Extra columns: image_id, annotation_id, image_width, image_height.
    FileNotFoundError if a picture is not there (strict), else its objects are skipped and counted.
    ValueError naming the file for an unknown category, or if no object is left.
    """
    rows = np.flatnonzero(np.isin(index.category, _chosen(index, categories)))
    reasons = _reasons(index, rows, min_side)
    if contradicts is not None:
        fine = np.flatnonzero(reasons == "")
        reasons[fine[contradicts(rows[fine])]] = "box and outline disagree"
    pictures = {
        i: find(index.pictures[i][1])
        for i in np.unique(index.picture[rows[reasons == ""]]).tolist()
    }
    gone = sorted(index.pictures[i][1] for i, picture in pictures.items() if picture is None)
    if gone and strict:
        raise FileNotFoundError(
            f"{index.path} lists "
            f"{gone[0]}"
            + (f" and {len(gone) - 1} more" if gone[1:] else "")
            + f", but the picture is not below {root}; put it there or take it "
            "out of the JSON"
        )
    reasons[
        (reasons == "")
        & ~np.isin(index.picture[rows], [i for i, picture in pictures.items() if picture])
    ] = "picture is missing"
    skipped = {
        str(reason): int(n)
        for reason, n in zip(*np.unique(reasons[reasons != ""], return_counts=True))
    }
    kept = rows[reasons == ""]
    if not len(kept):
        raise ValueError(
            f"{index.path}: no object is left ({skipped} of {len(index.ids)} annotations)"
        )
    return Objects(name, root, _frame(index, kept, pictures), skipped=skipped, origin=origin)


def _counts(index: Index, part: str) -> dict[str, int]:
    """What can be compared with the release: pictures, annotations, and instances (no crowds)
    per category.
    """
    per_category = np.bincount(
        index.category[~index.crowd], minlength=len(index.categories)
    ).tolist()
    return {
        part: len(index.pictures),
        f"{part} annotations": len(index.ids),
        f"{part} pictures with annotations": len(np.unique(index.picture)),
        **{f"{part} {name}": n for (_, name, _), n in zip(index.categories, per_category)},
    }


def _chosen(index: Index, categories: Sequence[str] | None) -> list[int]:
    names = {name: position for position, (_, name, _) in enumerate(index.categories)}
    for name in categories or ():
        if name not in names:
            near = difflib.get_close_matches(name, names) or sorted(names)
            raise ValueError(
                f"{index.path}: no category {name!r}; did you mean "
                f"{' or '.join(map(repr, near[:5]))}?"
            )
    return (
        list(range(len(index.categories)))
        if categories is None
        else [names[name] for name in categories]
    )


def _reasons(index: Index, rows: np.ndarray, min_side: float) -> np.ndarray:
    """Why each annotation gives no object, "" if it gives one: (R,) str. The box as written
    decides about its side.
    """
    area = index.area[rows]
    reasons = {
        "crowd": index.crowd[rows],
        f"box side below {min_side:g} pixels": index.boxes[rows, 2:].min(axis=1) < min_side,
        "no usable polygon or run length": area < 0,
        "segmentation covers no pixel": area == 0,
    }
    return np.select(list(reasons.values()), list(reasons), default="").astype(object)


def _frame(index: Index, rows: np.ndarray, pictures: dict[int, str | None]) -> pd.DataFrame:
    at, kind = index.picture[rows], index.category[rows]
    names = np.array([pictures.get(i) for i in range(len(index.pictures))], dtype=object)
    image_id, _, width, height = (
        pd.Series(column).to_numpy()[at] for column in zip(*index.pictures)
    )
    _, label, super_class = (
        np.array(column, dtype=object)[kind] for column in zip(*index.categories)
    )
    return pd.DataFrame(
        {
            "image": names[at],
            "mask": None,
            "segmentation": index.segmentations(rows.tolist()),
            **_clipped(index.boxes[rows], width, height),
            "label": label,
            "super_class": super_class,
            "image_id": image_id,
            "annotation_id": pd.Series(index.ids).to_numpy()[rows],
            "image_width": width,
            "image_height": height,
        }
    )


def _clipped(boxes: np.ndarray, width: np.ndarray, height: np.ndarray) -> dict[str, np.ndarray]:
    """Fractional x, y, w, h (N, 4) -> whole pixels inside pictures of ``width`` (N,) and ``height``
    (N,): start down, end up, then clipped.
    """
    start = np.maximum(np.floor(boxes[:, :2]).astype(np.int64), 0)
    end = np.minimum(
        np.ceil(boxes[:, :2] + boxes[:, 2:]).astype(np.int64), np.stack([width, height], axis=1)
    )
    side = np.maximum(end - start, 0)
    return {"x": start[:, 0], "y": start[:, 1], "width": side[:, 0], "height": side[:, 1]}
