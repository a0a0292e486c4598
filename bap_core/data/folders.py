"""Your own pictures: folders that follow no dataset's layout, made into `Objects` and
`Backgrounds`.
"""

from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bap_core import runtime
from bap_core.data import annotated_folder, directory, images, mask_readings, world_file
from bap_core.data.listings import Backgrounds, Objects
from bap_core.data.masked_folder import IMAGE_FOLDERS, KINDS, find_pairs, is_mask

_AT_ONCE = 8  # pictures decoded at the same time
BOXED = "cut out by its box, with the background that lies in it"
ACCEPTED = (
    "a COCO json beside its images; or a folder of images with masks of the same name "
    "(cat.jpg with "
    "cat.mask.png or cat_mask.png beside it, or masks/cat.png); or a folder of "
    "cut-outs (PNG or WebP with transparency)"
)


def objects(
    path: str | Path,
    *,
    mask_values: Collection[int] = (),
    mask_from: str = "auto",
    boxed: bool = False,
) -> Objects:
    """`Objects` from what is found at ``path``, tried in this order.

    1. A COCO json, or a folder with one in it or in its ``annotations/``. Images may lie beside it
       or in folders.
    2. Images with masks of the same name (any extension): ``cat.mask.png``, ``cat_mask.png`` or
       ``cat.object.png`` beside ``cat.jpg``, or ``cat.png`` in ``masks/`` or ``segmentations/``,
       inside the folder or next to it. Which values of the masks are objects follows from what all
       of them hold (`mask_readings`); ``understood`` says how they were read.
    3. Cut-outs: pictures with transparency.

    mask_values: values (grey, index, or r + 256 g + 65536 b) that are objects, each of its own;
    mask_from: "grey", "alpha" or "inverted" instead of "auto". Both are for masks that are read
    wrongly otherwise. boxed: objects of 1 are their whole boxes (paper, Table 6), with outlines or
    without; the background that comes along is counted in ``doubts``.

    Label and super_class of 2 and 3 are the first sub-folder's name, else the folder's. ``skipped``
    counts what was left out. FileNotFoundError, or ValueError saying what was found and what is
    accepted.
    """
    path = _existing(path, "objects")
    mask_readings.refuse_contradictions(mask_values, mask_from)
    told = bool(mask_values) or mask_from != "auto"
    index, further = annotated_folder.find_annotations(path, boxed=boxed)
    if index is not None:
        _refuse_told(told, f"{index.path} has outlines")
        found = annotated_folder.read_annotations(index, _name(index.path), origin=_origin(path))
        doubts = found.doubts | ({BOXED: len(found)} if boxed else {})
        return replace(found, skipped=found.skipped | further, named=further.names, doubts=doubts)
    if boxed:
        raise ValueError(f"{path}: no COCO json here, so there are no boxes to cut objects out by")
    if path.is_file():
        raise ValueError(f"{path}: one file that is no COCO json; accepted: {ACCEPTED}")
    if found := _with_masks(path, mask_values=mask_values, mask_from=mask_from):
        return found
    _refuse_told(told, f"{path} has no masks")
    if found := _cut_outs(path):
        return found
    raise ValueError(
        f"{path}: no objects here (found {_kinds_of_files(path)}; no masks and no transparency); "
        f"accepted: {ACCEPTED}. Of pictures alone `bap audit --segment MODEL` and `bap align` have "
        "the masks drawn"
    )


def backgrounds(path: str | Path) -> Backgrounds:
    """`Backgrounds` from any folder of pictures, with its sub-folders.

    The category is the first sub-folder's name, else the folder's. Files that are masks by name
    (``x.mask.png``, ``x.annotation.png``, in ``masks/``) are counted in ``skipped``.
    FileNotFoundError, or ValueError without pictures.
    """
    path = _existing(path, "backgrounds")
    if not path.is_dir():
        raise ValueError(f"{path}: one file; a folder of pictures is needed")
    found, left_out = directory.survey(path)
    rows = [file for file in found if not is_mask(file)]
    if not rows:
        raise ValueError(
            f"{path}: no pictures here or below (found {_kinds_of_files(path)}); accepted: "
            f"{', '.join(sorted(directory.EXTENSIONS))}"
        )
    frame = pd.DataFrame({"image": rows, "category": [_first_folder(file, path) for file in rows]})
    masks = {"mask by its name": len(found) - len(rows)}
    return Backgrounds(
        _name(path),
        path,
        frame,
        skipped=masks | left_out,
        named=left_out.names,
        origin=_origin(path),
    )


def _refuse_told(told: bool, why: str) -> None:
    if told:
        raise ValueError(f"{why}: leave mask_values and mask_from out")


def _kinds_of_files(path: Path) -> str:
    kinds = Counter(
        file.suffix.lower() or "no extension" for file in path.rglob("*") if file.is_file()
    )
    return ", ".join(f"{n} x {kind}" for kind, n in kinds.most_common(4)) or "nothing"


def _existing(path: str | Path, what: str) -> Path:
    if not str(path).strip():
        raise ValueError(f"{what} is empty: give a folder")
    path = Path(path).expanduser()
    if not path.exists():
        near = next((parent for parent in path.parents if parent.exists()), None)
        raise FileNotFoundError(f"{path} is not there (the nearest folder that exists: {near})")
    return path.resolve()


def _name(path: Path) -> str:
    return f"own {path.stem if path.is_file() else path.name}"


def _origin(path: Path) -> str:
    """Pictures of one's own, but for those of a rendered world."""
    return "micro" if world_file.world_around(path) else "own"


def _with_masks(path: Path, *, mask_values: Collection[int], mask_from: str) -> Objects | None:
    pairs = find_pairs(path, values=mask_values, source=mask_from)
    if not pairs.rows:
        return None
    rows = []
    for file, mask, how, instance in pairs.rows:
        label = _first_folder((pairs.root / file).relative_to(path).as_posix(), path)
        number = float("nan") if instance is None else instance
        rows.append({**_row(file, label), "mask": mask, "mask_as": how, "instance": number})
    return Objects(
        _name(path),
        pairs.root,
        pd.DataFrame(rows),
        skipped=dict(pairs.left_out),
        named=pairs.left_out.names,
        origin=_origin(path),
        understood={f"{one.files:,} masks": one.words for one in pairs.readings},
        doubts={one.doubt: one.files for one in pairs.readings if one.doubt},
    )


def _cut_outs(path: Path) -> Objects | None:
    files, left_out = directory.survey(path)

    def look(file: str) -> bool | images.UnreadablePicture:
        try:
            return images.is_cut_out(path / file)
        except images.UnreadablePicture as error:
            return error

    rows = []
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        told = threads.map(look, files)
        bar = runtime.progress(told, total=len(files), label="reading cut-outs", unit="img")
        for file, found in zip(files, bar):
            if isinstance(found, images.UnreadablePicture):
                left_out.add("truncated, or not a picture", f"{file} ({found.detail})")
            elif found:
                rows.append(_row(file, _first_folder(file, path)))
            else:
                left_out.add("picture without transparency", file)
    if not rows:
        return None
    return Objects(
        _name(path),
        path,
        pd.DataFrame(rows),
        skipped=dict(left_out),
        named=left_out.names,
        origin=_origin(path),
    )


def _row(file: str, label: str) -> dict:
    return {
        "image": file,
        "mask": None,
        "segmentation": None,
        "x": float("nan"),
        "y": float("nan"),
        "width": float("nan"),
        "height": float("nan"),
        "label": label,
        "super_class": label,
    }


def _first_folder(file: str, path: Path) -> str:
    inner = [part for part in file.split("/")[:-1] if part not in KINDS]
    return inner[0] if inner else path.name if path.name not in IMAGE_FOLDERS else path.parent.name
