"""CUB-200-2011: 11,788 birds of 200 species, with segmentations; the paper's foregrounds for
Waterbirds.

The text files are joined by image id. Folder names and file names differ in case, so neither is
built from the other.
"""

import os
import re
import warnings
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from bap_core.data import catalogue, directory, world_file
from bap_core.data.listings import Objects

BOX = ["x", "y", "width", "height"]
_ID = re.compile(r"[0-9]{1,9}")


def cub(
    root: str | Path,
    *,
    exclude: Collection[str] = (),
    bbox_source: str = "mask",
    strict: bool = True,
) -> Objects:
    """The birds as `Objects`; label is the species ("Black footed Albatross"), super_class "bird".

    root: the data root with ``CUB_200_2011/`` and ``segmentations/`` beside or inside it. exclude:
    paths as in ``images.txt`` to leave out (`waterbirds.evaluation_paths`). Extra columns:
    image_id, path (as in images.txt), class_id, split ("train" or "test", the official one).
    strict: wrong counts, missing folders and excluded paths that CUB does not have are errors,
    otherwise warnings.
    """
    root = Path(root).expanduser()
    folder = catalogue.find(root, "cub", having="images.txt")
    frame = _frame(folder)
    catalogue.check_counts(root, "cub", _counts(frame), strict=strict)
    masks = _mask_folder(folder, strict=strict)
    pictures, masks = os.path.relpath(folder / "images", root), os.path.relpath(masks, root)
    frame["image"] = [Path(pictures, path).as_posix() for path in frame["path"]]
    frame["mask"] = [Path(masks, path).with_suffix(".png").as_posix() for path in frame["path"]]
    frame["segmentation"], frame["super_class"] = None, "bird"
    paths = frame["path"].tolist()
    without = _checked(exclude, paths, folder, strict=strict)
    kept = frame.take([row for row, path in enumerate(paths) if path not in without])
    return Objects(
        "cub",
        root,
        kept,
        bbox_source=bbox_source,
        origin=world_file.origin(root),
        skipped={"excluded": len(frame) - len(kept)},
    )


def _frame(folder: Path) -> pd.DataFrame:
    paths, classes = (
        _table(folder / "images.txt", ["path"]),
        _table(folder / "classes.txt", ["folder"]),
    )
    frame = paths
    for name, columns in {
        "image_class_labels.txt": ["class_id"],
        "train_test_split.txt": ["is_train"],
        "bounding_boxes.txt": BOX,
    }.items():
        table = _table(folder / name, columns)
        if absent := [number for number in frame.index if number not in table.index]:
            raise ValueError(f"{folder / name}: {len(absent)} images of images.txt are not in it")
        frame = frame.join(table)
    directory.refuse_repeated(folder / "images.txt", "the picture", frame["path"])
    for path in frame["path"]:
        if not directory.stays_inside(path):
            raise ValueError(f"{folder / 'images.txt'}: {path!r} is no file below {folder}/images")
    folder_of = dict(zip(classes.index, classes["folder"].tolist()))
    if not set(frame["class_id"].tolist()) <= set(map(str, folder_of)):
        raise ValueError(
            f"{folder / 'image_class_labels.txt'}: names classes that classes.txt does not have"
        )
    frame = _with_numbers(frame, folder / "bounding_boxes.txt")
    frame["label"] = [_species(folder_of[number]) for number in frame["class_id"]]
    is_train = frame.pop("is_train")
    if not set(is_train.tolist()) <= {"0", "1"}:
        raise ValueError(f"{folder / 'train_test_split.txt'}: a row has neither 0 nor 1")
    frame["split"] = is_train.map({"1": "train", "0": "test"})
    return frame.rename_axis("image_id").reset_index()


def _with_numbers(frame: pd.DataFrame, boxes: Path) -> pd.DataFrame:
    try:
        frame = frame.astype({"class_id": int, **dict.fromkeys(BOX, float)})
    except ValueError as error:
        raise ValueError(f"{boxes}: a box is no four numbers ({error})") from None
    box = frame[BOX].to_numpy()
    wrong = ~np.isfinite(box).all(axis=1) | (box[:, 2:] <= 0).any(axis=1)
    if wrong.any():
        first = frame.index[wrong.argmax()]
        raise ValueError(f"{boxes}: the box of {first} has no size or no end")
    return frame


def _counts(frame: pd.DataFrame) -> dict:
    """What can be compared with the release."""
    sizes, split = (Counter(frame[column].tolist()) for column in ("class_id", "split"))
    return {
        "images": len(frame),
        "classes": len(sizes),
        "train": split["train"],
        "test": split["test"],
        "smallest class": min(sizes.values()),
        "largest class": max(sizes.values()),
        "ids from 1 without gaps": sorted(frame["image_id"]) == list(range(1, len(frame) + 1)),
        "equal file names": int(frame["path"].map(os.path.basename).duplicated().sum()),
        "smallest box": frame[["width", "height"]].min().tolist(),
        "largest box": frame[["width", "height"]].max().tolist(),
    }


def _table(path: Path, columns: list[str]) -> pd.DataFrame:
    """One text file: first word the id, the rest the columns (the last one takes what is left)."""
    if not path.exists():
        raise catalogue.missing(path, "cub")
    what = f"an id and {len(columns)} more"
    rows = directory.read_rows(path, n=len(columns) + 1, what=what)
    if wrong := [row for row in rows if not _ID.fullmatch(row[0])]:
        raise ValueError(f"{path}: a row should be {what}, found {' '.join(wrong[0])[:80]!r}")
    ids = [int(row[0]) for row in rows]
    directory.refuse_repeated(path, "the id", ids)
    return pd.DataFrame([row[1:] for row in rows], columns=columns, index=ids)


def _species(folder: str) -> str:
    return folder.split(".", 1)[-1].replace("_", " ")


def _mask_folder(folder: Path, *, strict: bool) -> Path:
    candidates = [folder / "segmentations", folder.parent / "segmentations"]
    absent = [] if (folder / "images").is_dir() else [folder / "images"]
    absent += [] if any(path.is_dir() for path in candidates) else [candidates[1]]
    for path in absent:
        if strict:
            raise catalogue.missing(path, "cub")
        warnings.warn(str(catalogue.missing(path, "cub")), stacklevel=3)
    return next((path for path in candidates if path.is_dir()), candidates[1])


def _checked(exclude: Collection[str], paths: list[str], folder: Path, *, strict: bool) -> set[str]:
    """A filter that silently matches nothing would leak, so every excluded path has to exist."""
    exclude = set(exclude)
    if unknown := exclude - set(paths):
        text = (
            f"{len(unknown)} of {len(exclude)} excluded paths are not in {folder / 'images.txt'}, "
            f"as {min(unknown)}"
        )
        if strict:
            raise ValueError(text)
        warnings.warn(text, stacklevel=3)
    return exclude
