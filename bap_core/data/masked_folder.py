"""A folder of pictures with masks of the same name, and which mask is whose."""

import os
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bap_core import runtime
from bap_core.data import directory, images, mask_files, mask_readings
from bap_core.data.mask_files import Seen
from bap_core.data.mask_readings import Reading

MASK_FOLDERS = ("masks", "mask", "segmentations", "SegmentationObject")
MASK_ENDINGS = (".mask", "_mask", "-mask", ".object", "_object", ".annotation", "_annotation")
IMAGE_FOLDERS = ("images", "JPEGImages")
# folders that say what is in them, not of which class it is
KINDS = frozenset((*IMAGE_FOLDERS, *MASK_FOLDERS))
_AT_ONCE = 8  # masks decoded at the same time


@dataclass(frozen=True)
class Pairs:
    """Pictures with their masks below ``root``.

    rows: (picture, mask, how it is read, instance or None), one per object. readings: how masks of
    every kind were read.
    """

    root: Path
    rows: list[tuple[str, str, str, int | None]] = field(default_factory=list)
    left_out: directory.LeftOut = field(default_factory=directory.LeftOut)
    readings: list[Reading] = field(default_factory=list)


def find_pairs(path: Path, *, values: Collection[int], source: str) -> Pairs:
    """Pairs of picture and mask, by the same name in the same place once mask endings and folders
    are taken off; without rows if there is no mask.

    values, source: as for `mask_readings.decide`. ValueError if names do not tell pictures and
    masks apart.
    """
    siblings = [path.parent / name for name in MASK_FOLDERS] if path.name in IMAGE_FOLDERS else []
    beside = [folder for folder in siblings if folder.is_dir()]
    pairs = Pairs(path.parent if beside else path)
    pictures, masks = {}, {}
    for folder in (path, *beside):
        found, left_out = directory.survey(folder)
        pairs.left_out.include(left_out)
        for name in found:
            file = (folder / name).relative_to(pairs.root).as_posix()
            (masks if is_mask(file) else pictures).setdefault(_key(file), []).append(file)
    # a program that adds its own suffix: cat.jpg.png is the mask of cat.jpg
    for key in [key for key in masks if key not in pictures]:
        masks.setdefault((*key[:-1], _stem(key[-1])), []).extend(masks.pop(key))
    if masks:
        mask_of = dict(_matched(pictures, masks, pairs))
        _read_all(mask_of, pairs, values=values, source=source)
    return pairs


def is_mask(file: str) -> bool:
    """Whether a file is a mask by its name or folder."""
    *inner, name = file.split("/")
    return _stem(name).endswith(MASK_ENDINGS) or any(part in MASK_FOLDERS for part in inner)


def _key(file: str) -> tuple[str, ...]:
    *inner, name = file.split("/")
    stem = _stem(name)
    for ending in MASK_ENDINGS:
        stem = stem.removesuffix(ending)
    return (*(part for part in inner if part not in KINDS), stem)


def _stem(name: str) -> str:
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in directory.EXTENSIONS else name


def _matched(pictures: dict, masks: dict, pairs: Pairs) -> Iterable[tuple[str, str]]:
    for key, files in pictures.items():
        found = masks.get(key, [])
        if len(found) > 1 or (found and len(files) > 1):
            raise ValueError(
                f"{pairs.root}: {', '.join([*files, *found])} share one name, so pictures and "
                "masks cannot be told apart; rename them"
            )
        if found:
            yield files[0], found[0]
        for file in files if not found else ():
            pairs.left_out.add("picture without a mask", file)
    for key in set(masks) - set(pictures):
        for file in masks[key]:
            pairs.left_out.add("mask without a picture", file)


def _read_all(mask_of: dict[str, str], pairs: Pairs, *, values: Collection[int], source: str):
    """Look at every mask, decide how those of a kind are read, and list the objects."""
    told = bool(values) or source != "auto"
    seen, kinds = {}, {}
    for (picture, mask), found in zip(mask_of.items(), _looked(mask_of, pairs, alpha=not values)):
        if isinstance(found, Seen):
            seen[picture] = found
            kinds.setdefault("" if told else found.kind, []).append(picture)
        else:
            pairs.left_out.add("mask that cannot be read", f"{mask} ({found.detail})")
    reading_of = {}
    for files in kinds.values():
        reading = mask_readings.decide([seen[p] for p in files], values=values, source=source)
        pairs.readings.append(reading)
        reading_of |= dict.fromkeys(files, reading)
    for picture, found in seen.items():
        reading, mask = reading_of[picture], mask_of[picture]
        instances = reading.instances(found)
        if not instances:
            pairs.left_out.add("mask without an object", mask)
        pairs.rows.extend((picture, mask, reading.how, instance) for instance in instances)


def _looked(mask_of: dict[str, str], pairs: Pairs, *, alpha: bool):
    def look(mask: str) -> Seen | images.UnreadablePicture:
        try:
            return mask_files.look(pairs.root / mask, alpha=alpha)
        except images.UnreadablePicture as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = threads.map(look, mask_of.values())
        yield from runtime.progress(found, total=len(mask_of), label="reading masks", unit="mask")
