"""Your own pictures: folders that follow no dataset's layout, made into `Objects` and
`Backgrounds`.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bap_core.data import coco_index, directory, images, world_file
from bap_core.data.coco import instances
from bap_core.data.coco_index import Index
from bap_core.data.listings import Backgrounds, Objects

MASK_FOLDERS = ("masks", "mask", "segmentations", "SegmentationObject")
MASK_ENDINGS = (".mask", "_mask", "-mask", ".object", "_object", ".annotation", "_annotation")
IMAGE_FOLDERS = ("images", "JPEGImages")
# folders that say what is in them, not of which class it is
_KINDS = frozenset((*IMAGE_FOLDERS, *MASK_FOLDERS))

ACCEPTED = (
    "a COCO json beside its images; or a folder of images with masks of the same name "
    "(cat.jpg with "
    "cat.mask.png or cat_mask.png beside it, or masks/cat.png); or a folder of "
    "cut-outs (PNG or WebP with transparency)"
)


def objects(path: str | Path) -> Objects:
    """`Objects` from what is found at ``path``, tried in this order.

    1. A COCO json, or a folder with one in it or in its ``annotations/``. Images may lie beside it
       or in folders.
    2. Images with masks of the same name (any extension): ``cat.mask.png``, ``cat_mask.png`` or
       ``cat.object.png`` beside ``cat.jpg``, or ``cat.png`` in ``masks/`` or ``segmentations/``,
       inside the folder or next to it. An indexed mask (a palette PNG as in VOC) gives one object
       per index; 0 is background and 255 void.
    3. Cut-outs: pictures with transparency.

    Label and super_class of 2 and 3 are the first sub-folder's name, else the folder's. ``skipped``
    counts what was left out. FileNotFoundError, or ValueError saying what was found and what is
    accepted.
    """
    path = _existing(path)
    if (index := _annotations(path)) is not None:
        return _from_json(index)
    if path.is_file():
        raise ValueError(f"{path}: one file that is no COCO json; accepted: {ACCEPTED}")
    for rows, skipped, root in (_with_masks(path), _cut_outs(path)):
        if rows:
            return Objects(
                _name(path), root, pd.DataFrame(rows), skipped=dict(skipped), origin=_origin(path)
            )
    kinds = Counter(
        file.suffix.lower() or "no extension" for file in path.rglob("*") if file.is_file()
    )
    found = ", ".join(f"{n} x {kind}" for kind, n in kinds.most_common(4)) or "nothing"
    raise ValueError(
        f"{path}: no objects here (found {found}; no masks and no transparency); "
        f"accepted: {ACCEPTED}"
    )


def backgrounds(path: str | Path) -> Backgrounds:
    """`Backgrounds` from any folder of pictures, with its sub-folders.

    The category is the first sub-folder's name, else the folder's. Files that are masks by name
    (``x.mask.png``, ``x.annotation.png``, in ``masks/``) are counted in ``skipped``.
    FileNotFoundError, or ValueError without pictures.
    """
    path = _existing(path)
    if not path.is_dir():
        raise ValueError(f"{path}: one file; a folder of pictures is needed")
    found = directory.list_pictures(path)
    rows = [file for file in found if not _is_mask(file)]
    if not rows:
        raise ValueError(
            f"{path}: no pictures here or below; accepted: "
            f"{', '.join(sorted(directory.EXTENSIONS))}"
        )
    frame = pd.DataFrame({"image": rows, "category": [_first_folder(file, path) for file in rows]})
    return Backgrounds(
        _name(path),
        path,
        frame,
        skipped={"mask by its name": len(found) - len(rows)},
        origin=_origin(path),
    )


def _existing(path: str | Path) -> Path:
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


def _annotations(path: Path) -> Index | None:
    """The COCO json at ``path``, in it or in its ``annotations/``; None if there is none.
    ValueError if several.
    """
    if path.is_file():
        return _of_file(path) if path.suffix.lower() == ".json" else None
    candidates = [
        place / name
        for place in (path, path / "annotations")
        if place.is_dir()
        for name in directory.list_folder(place, extensions={".json"})
    ]
    found = [index for file in candidates if (index := coco_index.parsed(file)) is not None]
    if len(found) > 1:
        names = [index.path.relative_to(path).as_posix() for index in found]
        raise ValueError(
            f"{path}: holds {len(found)} annotation files ({', '.join(names)}); give "
            "the path of one"
        )
    return found[0] if found else None


def _of_file(path: Path) -> Index:
    if (index := coco_index.parsed(path)) is None:
        raise ValueError(coco_index.refusal(path))
    return index


def _from_json(index: Index) -> Objects:
    file = index.path
    root = file.parent.parent if file.parent.name == "annotations" else file.parent
    listed = directory.list_pictures(root)
    by_path, by_name = set(listed), {}
    for path in listed:
        by_name.setdefault(Path(path).name, []).append(path)

    def find(file_name: str) -> str | None:
        """As written; else the picture whose path ends so; else the only one of that name,
        wherever it lies.
        """
        wanted = Path(file_name).as_posix()
        same = by_name.get(Path(file_name).name, [])
        ending = [path for path in same if path.endswith(f"/{wanted}")]
        choice = [wanted] if wanted in by_path else ending or same
        if len(choice) > 1:
            raise ValueError(
                f"{file}: {file_name} is {choice[0]} or {choice[1]} below {root}: "
                "write the folder too"
            )
        return choice[0] if choice else None

    return instances(index, _name(file), root=root, find=find, origin=_origin(file))


def _with_masks(path: Path) -> tuple[list[dict], Counter, Path]:
    """Pairs of picture and mask, by the same name in the same place once mask endings and
    folders are taken off.
    """
    siblings = [path.parent / name for name in MASK_FOLDERS] if path.name in IMAGE_FOLDERS else []
    beside = [folder for folder in siblings if folder.is_dir()]
    root = path.parent if beside else path
    pictures, masks = {}, {}
    for folder in (path, *beside):
        for found in directory.list_pictures(folder):
            file = (folder / found).relative_to(root).as_posix()
            (masks if _is_mask(file) else pictures).setdefault(_key(file), []).append(file)
    rows, skipped = [], Counter()
    for key, files in pictures.items() if masks else ():
        for file in files:
            found = masks.get(key, [])
            if len(found) > 1 or len(files) > 1:
                raise ValueError(
                    f"{root}: {', '.join(map(str, [*files, *found]))} share one name, "
                    "so pictures and "
                    "masks cannot be told apart; rename them"
                )
            made = list(_masked_rows(file, found[0], root, path)) if found else []
            skipped["picture without a mask" if not found else "mask without an object"] += not made
            rows += made
    skipped["mask without a picture"] = len(set(masks) - set(pictures))
    return rows, skipped, root


def _masked_rows(file: str, mask: str, root: Path, path: Path) -> Iterator[dict]:
    label = _first_folder((root / file).relative_to(path).as_posix(), path)
    try:
        indices = images.read_indices(root / mask)
    except images.UnreadablePicture:  # cutting out will say so, where it is counted
        indices = []
    for index in indices or [None]:
        yield {
            **_row(file, label),
            "mask": mask,
            "instance": float("nan") if index is None else index,
        }


def _cut_outs(path: Path) -> tuple[list[dict], Counter, Path]:
    rows, skipped = [], Counter()
    for file in directory.list_pictures(path):
        try:
            transparent = images.is_transparent(path / file)
        except images.UnreadablePicture:
            skipped["truncated, or not a picture"] += 1
            continue
        if transparent:
            rows.append(_row(file, _first_folder(file, path)))
        else:
            skipped["picture without transparency"] += 1
    return rows, skipped, path


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
    inner = [part for part in file.split("/")[:-1] if part not in _KINDS]
    return inner[0] if inner else path.name if path.name not in IMAGE_FOLDERS else path.parent.name


def _is_mask(file: str) -> bool:
    *inner, name = file.split("/")
    return os.path.splitext(name)[0].endswith(MASK_ENDINGS) or any(
        part in MASK_FOLDERS for part in inner
    )


def _key(file: str) -> tuple[str, ...]:
    *inner, name = file.split("/")
    stem = os.path.splitext(name)[0]
    for ending in MASK_ENDINGS:
        stem = stem.removesuffix(ending)
    return (*(part for part in inner if part not in _KINDS), stem)
