"""COCO 2017: instances with polygons or run lengths, the paper's persons and vehicles.

Only what cut-outs need is kept of the JSON. Crowds are not instances and are skipped; boxes are fractional and may
touch the border; category numbers have gaps, so categories go by name.
"""

import difflib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from pycocotools import mask as run_lengths

from bap_core.data import catalogue, images
from bap_core.data.nouns import Objects


def coco(root: str | Path, *, part: str = "train2017", categories: Sequence[str] | None = None, min_side: float = 1,
         strict: bool = True) -> Objects:
    """Instances as `Objects`; label is the category's name, super_class its super-category.

    root: the data root with ``annotations/`` and ``train2017/`` in it or in ``coco/``. min_side: boxes with a side
    below it, in pixels, are left out (paper: 28 for vehicles, 112 for persons). ``skipped`` counts what was left out
    and why. strict: a JSON without its images, or with another number of them than the release, is an error.
    """
    root = Path(root).expanduser()
    name = f"annotations/instances_{part}.json"
    folder = catalogue.find(root, "coco", having=name)
    content = read(folder / name)
    present = set(images.listing(folder / part))
    catalogue.check_counts(root, "coco", {part: len(content["images"])}, strict=strict)

    def find(file_name: str) -> Path | None:
        return folder / part / file_name if Path(file_name) in present else None

    return instances(content, folder / name, "coco", root=folder, find=find, categories=categories, min_side=min_side,
                     strict=strict)


def read(path: Path) -> dict:
    """A COCO instances file, parsed. ValueError naming the file if it is broken or something else."""
    content = images.read_json(path)
    if not is_instances(content):
        raise ValueError(f"{path}: not a COCO instances file; it needs the lists images, categories and annotations, "
                         "and annotations with a segmentation")
    return content


def is_instances(content) -> bool:
    """Whether parsed JSON looks like a COCO instances file (and not like captions, panoptic or anything else)."""
    if not isinstance(content, dict) or not all(isinstance(content.get(key), list)
                                                for key in ("images", "annotations", "categories")):
        return False
    return all(isinstance(entry, dict) and "segmentation" in entry for entry in content["annotations"][:1])


def instances(content: dict, path: Path, name: str, *, root: Path, find: Callable[[str], Path | None],
              categories: Sequence[str] | None = None, min_side: float = 1, strict: bool = True) -> Objects:
    """`Objects` from a parsed COCO JSON.

    path: where it came from, for messages. find: gives the picture for a ``file_name``, or None. Extra columns:
    image_id, annotation_id, image_width, image_height. FileNotFoundError if a picture is not there (strict), else
    its objects are skipped and counted. ValueError naming the file if an entry is garbled or no object is left.
    """
    try:
        kinds = {kind["id"]: kind for kind in content["categories"]}
        files = {image["id"]: image for image in content["images"]}
        chosen = _chosen(kinds, categories, path)
        rows, skipped = _rows(content["annotations"], files, kinds, chosen, min_side, path)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: an entry lacks or garbles {error}; see the COCO instances format") from None
    pictures = {number: find(files[number]["file_name"]) for number in {row["image_id"] for row in rows}}
    if gone := sorted(files[number]["file_name"] for number, picture in pictures.items() if picture is None):
        if strict:
            raise FileNotFoundError(f"{path} lists {gone[0]}" + (f" and {len(gone) - 1} more" if gone[1:] else "")
                                    + f", but the picture is not below {root}; put it there or take it out of the JSON")
        skipped["picture is missing"] = sum(pictures[row["image_id"]] is None for row in rows)
    kept = [{"image": pictures[row["image_id"]].relative_to(root).as_posix(), **row}
            for row in rows if pictures[row["image_id"]] is not None]
    if not kept:
        raise ValueError(f"{path}: no object is left ({dict(skipped)} of {len(content['annotations'])} annotations)")
    return Objects(name, root, pd.DataFrame(kept), skipped=dict(skipped))


def _chosen(kinds: dict, categories: Sequence[str] | None, path: Path) -> set[int]:
    names = {kind["name"]: number for number, kind in kinds.items()}
    for name in categories or ():
        if name not in names:
            near = difflib.get_close_matches(name, names) or sorted(names)
            raise ValueError(f"{path}: no category {name!r}; did you mean {' or '.join(map(repr, near[:5]))}?")
    return set(kinds) if categories is None else {names[name] for name in categories}


def _rows(annotations: list[dict], files: dict, kinds: dict, chosen: set[int], min_side: float,
          path: Path) -> tuple[list[dict], Counter]:
    rows, skipped = [], Counter()
    for entry in annotations:
        if entry["category_id"] not in kinds or entry["image_id"] not in files:
            raise ValueError(f"{path}: annotation {entry.get('id')} names category {entry['category_id']} and image "
                             f"{entry['image_id']}, and the file does not list both")
        if entry["category_id"] not in chosen:
            continue
        image = files[entry["image_id"]]
        width, height = int(image["width"]), int(image["height"])
        if reason := _unusable(entry, width, height, min_side):
            skipped[reason] += 1
            continue
        box, kind = _clipped(entry["bbox"], width, height), kinds[entry["category_id"]]
        rows.append({"mask": None, "segmentation": entry["segmentation"], **box, "label": kind["name"],
                     "super_class": kind.get("supercategory") or kind["name"], "image_id": entry["image_id"],
                     "annotation_id": entry.get("id"), "image_width": width, "image_height": height})
    return rows, skipped


def _unusable(entry: dict, width: int, height: int, min_side: float) -> str | None:
    """Why an annotation gives no object, or None. The box as written decides about ``min_side``."""
    if entry.get("iscrowd"):
        return "crowd"
    if min(entry["bbox"][2:]) < min_side:
        return f"box side below {min_side:g} pixels"
    encoded = images.encode_segmentation(entry.get("segmentation"), width=width, height=height)
    if encoded is None:
        return "no usable polygon or run length"
    return None if run_lengths.area(encoded) else "segmentation covers no pixel"


def _clipped(box: Sequence[float], width: int, height: int) -> dict[str, int]:
    """Fractional [x, y, w, h] -> whole pixels inside the picture: start down, end up, then clipped."""
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[0] + box[2])), min(height, math.ceil(box[1] + box[3]))
    return {"x": left, "y": top, "width": max(0, right - left), "height": max(0, bottom - top)}
