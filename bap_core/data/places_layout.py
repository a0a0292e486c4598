"""Where a copy of Places keeps the pictures of each category, in the layouts that people have.

Layout A, the 256-pixel archives: data_256/f/forest/broadleaf/00000001.jpg, val_256/ flat with
places365_val.txt. Layout B, "easyformat": places365_standard/train/forest-broadleaf/00000001.jpg,
val/ alike. A category's name here has no leading letter and "/" between its parts:
"forest/broadleaf".
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bap_core.data import catalogue, directory

# The 75 names with a second part: the only ones in which layout B's "-" stands for "/".
TWO_PARTS = frozenset(
    """
apartment_building/outdoor arena/hockey arena/performance arena/rodeo athletic_field/outdoor
atrium/public bakery/shop balcony/exterior balcony/interior basketball_court/indoor bazaar/indoor
bazaar/outdoor booth/indoor bow_window/indoor bus_station/indoor cabin/outdoor canal/natural
canal/urban church/indoor church/outdoor desert/sand desert/vegetation diner/outdoor doorway/outdoor
elevator/door escalator/indoor field/cultivated field/wild flea_market/indoor florist_shop/indoor
forest/broadleaf garage/indoor garage/outdoor gazebo/exterior general_store/indoor
general_store/outdoor greenhouse/indoor greenhouse/outdoor gymnasium/indoor hangar/indoor
hangar/outdoor hotel/outdoor hunting_lodge/outdoor ice_skating_rink/indoor ice_skating_rink/outdoor
inn/outdoor jacuzzi/indoor kennel/outdoor lake/natural library/indoor library/outdoor market/indoor
market/outdoor moat/water mosque/outdoor movie_theater/indoor museum/indoor museum/outdoor
parking_garage/indoor parking_garage/outdoor pub/indoor shopping_mall/indoor stadium/baseball
stadium/football stadium/soccer stage/indoor stage/outdoor subway_station/platform
swimming_pool/indoor swimming_pool/outdoor synagogue/outdoor temple/asia train_station/platform
underwater/ocean_deep volleyball_court/outdoor
""".split()
)


def normalise(name: str) -> str:
    """Category in one spelling: "/f/forest/broadleaf", "forest-broadleaf", "forest/broadleaf" ->
    "forest/broadleaf".
    """
    name = re.sub(r"^/?([a-z])/(?=\1)", "", name.strip()).strip("/")
    return name.replace("-", "/") if name.replace("-", "/") in TWO_PARTS else name


def find_places365(root: Path, part: str) -> Mapping[str, Path | list[Path]]:
    """Category -> its folder, or its files where a label file sorts a flat folder. part: "train" or
    "val". FileNotFoundError as `catalogue.missing` says.
    """
    for name in ("places365_standard", "."):
        if (root / name / part).is_dir():
            return {
                normalise(folder.name): folder
                for folder in directory.subfolders(root / name / part)
            }
    if part == "val":
        return _flat_validation(root)
    for name in (*catalogue.source("places").folders[1:], "."):
        if _has_letters(root / name):
            return dict(_lettered(root / name))
    raise catalogue.missing(root / "places365_standard" / part, "places")


def find_places205(root: Path) -> dict[str, Path]:
    """Category -> its folder, of the older Places205. Errors as `catalogue.missing` says."""
    for name in (*catalogue.source("places205").folders, "."):
        if _has_letters(root / name):
            return dict(_lettered(root / name))
    raise catalogue.missing(root / "places205", "places205")


def _has_letters(folder: Path) -> bool:
    return any(len(inner.name) == 1 for inner in directory.subfolders(folder))


def _lettered(folder: Path) -> Iterator[tuple[str, Path]]:
    for letter in directory.subfolders(folder):
        for category in directory.subfolders(letter) if len(letter.name) == 1 else ():
            # A category holds either pictures or sub-categories: the first of either tells which.
            with os.scandir(category) as entries:
                first = next(
                    (
                        entry
                        for entry in entries
                        if not entry.name.startswith(".")
                        and (
                            entry.is_dir()
                            or Path(entry.name).suffix.lower() in directory.EXTENSIONS
                        )
                    ),
                    None,
                )
            leaves = (
                directory.subfolders(category)
                if first is not None and first.is_dir()
                else [category]
            )
            yield from ((leaf.relative_to(letter).as_posix(), leaf) for leaf in leaves)


def _flat_validation(root: Path) -> dict[str, list[Path]]:
    beside = [root, *(root / name for name in catalogue.source("places").folders)]
    flat = next(
        (
            folder / name
            for folder in beside
            for name in ("val_256", "val_large")
            if (folder / name).is_dir()
        ),
        None,
    )
    if flat is None:
        raise catalogue.missing(root / "val_256", "places")
    home = flat.parent
    names, labels = home / "categories_places365.txt", home / "places365_val.txt"
    for path in (names, labels):
        if not path.exists():
            raise catalogue.missing(path, "places")
    what = "a name and the number of a category"
    numbered = [row[::-1] for row in directory.read_rows(names, n=2, what=what)]
    labelled = directory.read_rows(labels, n=2, what=what)
    directory.refuse_repeated(names, "the number", [number for number, _ in numbered])
    directory.refuse_repeated(labels, "the picture", [name for name, _ in labelled])
    category = {number: normalise(name) for number, name in numbered}
    found = {name: [] for name in category.values()}
    for name, number in labelled:
        if number not in category:
            raise ValueError(f"{labels}: {name} has category {number}, which {names} does not name")
        if not directory.stays_inside(name):
            raise ValueError(f"{labels}: {name!r} is no name of a file below {flat}")
        found[category[number]].append(flat / name)
    return found
