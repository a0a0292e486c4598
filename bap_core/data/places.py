"""Places365-Standard: scene pictures by category, in either of the two layouts that people have.

Layout A, the 256-pixel archives: data_256/f/forest/broadleaf/00000001.jpg, val_256/ flat with places365_val.txt.
Layout B, "easyformat": places365_standard/train/forest-broadleaf/00000001.jpg, val/ alike.
A category's name here has no leading letter and "/" between its parts: "forest/broadleaf".
"""

import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from bap_core.data import catalogue
from bap_core.data.images import EXTENSIONS
from bap_core.data.nouns import Backgrounds

# The 75 names with a second part: the only ones in which layout B's "-" stands for "/".
TWO_PARTS = frozenset("""
apartment_building/outdoor arena/hockey arena/performance arena/rodeo athletic_field/outdoor atrium/public bakery/shop
balcony/exterior balcony/interior basketball_court/indoor bazaar/indoor bazaar/outdoor booth/indoor bow_window/indoor
bus_station/indoor cabin/outdoor canal/natural canal/urban church/indoor church/outdoor desert/sand desert/vegetation
diner/outdoor doorway/outdoor elevator/door escalator/indoor field/cultivated field/wild flea_market/indoor
florist_shop/indoor forest/broadleaf garage/indoor garage/outdoor gazebo/exterior general_store/indoor
general_store/outdoor greenhouse/indoor greenhouse/outdoor gymnasium/indoor hangar/indoor hangar/outdoor hotel/outdoor
hunting_lodge/outdoor ice_skating_rink/indoor ice_skating_rink/outdoor inn/outdoor jacuzzi/indoor kennel/outdoor
lake/natural library/indoor library/outdoor market/indoor market/outdoor moat/water mosque/outdoor movie_theater/indoor
museum/indoor museum/outdoor parking_garage/indoor parking_garage/outdoor pub/indoor shopping_mall/indoor
stadium/baseball stadium/football stadium/soccer stage/indoor stage/outdoor subway_station/platform
swimming_pool/indoor swimming_pool/outdoor synagogue/outdoor temple/asia train_station/platform
underwater/ocean_deep volleyball_court/outdoor
""".split())

# Categories that the paper names and Places365 does not have (Places205 does), with the nearest that it has.
SUBSTITUTES = {"abbey": "church/outdoor", "kitchenette": "kitchen"}


def normalise(name: str) -> str:
    """Category in one spelling: "/f/forest/broadleaf", "forest-broadleaf", "forest/broadleaf" -> "forest/broadleaf"."""
    name = re.sub(r"^/?([a-z])/(?=\1)", "", name.strip()).strip("/")
    return name.replace("-", "/") if name.replace("-", "/") in TWO_PARTS else name


def places(root: str | Path, *, categories: Sequence[str] | None = None, part: str = "train",
           exclude: Collection[str] = (), strict: bool = True) -> Backgrounds:
    """Pictures of the ``categories`` (all if None) as `Backgrounds`, sorted by category and file name.

    root: the data root with ``data_256/`` or ``places365_standard/``. part: "train" or "val". exclude: pictures to
    leave out, as ``/o/ocean/00004600.jpg`` (`waterbirds.used_backgrounds`).
    ValueError for a category that is not there, with near names. Names match as a whole: "bar" is not "barn".
    """
    if part not in ("train", "val"):
        raise ValueError(f"part={part!r}; choices: 'train', 'val'")
    root = Path(root).expanduser()
    found = _layout(root, part)
    catalogue.check_counts(root, "places", {"categories": len(found)}, strict=strict)
    chosen = sorted(found) if categories is None else _known(categories, found)
    rows = [(name, category) for category in chosen for name in _pictures(found[category], root)]
    if categories is None:
        catalogue.check_counts(root, "places", {part: len(rows)}, strict=strict)
    used = {_number(name) for name in exclude}
    kept = [row for row in rows if not used or f"{row[1]}/{Path(row[0]).stem}" not in used]
    if not kept:
        raise ValueError(f"{root}: no picture of {list(chosen)} is left in {part}")
    return Backgrounds("places", root, pd.DataFrame(kept, columns=["image", "category"]),
                       skipped={"excluded": len(rows) - len(kept)})


def _layout(root: Path, part: str) -> dict[str, Path | list[Path]]:
    """Category -> its folder, or its files where a label file sorts a flat folder."""
    for name in ("places365_standard", "."):
        if (root / name / part).is_dir():
            return {normalise(folder.name): folder for folder in _folders(root / name / part)}
    if part == "val":
        return _flat_validation(root)
    for name in catalogue.source("places").folders[1:]:
        if (root / name).is_dir():
            return dict(_lettered(root / name))
    if any(len(folder.name) == 1 for folder in _folders(root)):
        return dict(_lettered(root))
    raise catalogue.missing(root / "places365_standard" / part, "places")


def _lettered(folder: Path) -> Iterator[tuple[str, Path]]:
    for letter in _folders(folder):
        for category in _folders(letter):
            # A category holds either pictures or sub-categories, so its first entry tells which.
            first = next(os.scandir(category), None)
            leaves = _folders(category) if first is not None and first.is_dir() else [category]
            yield from ((leaf.relative_to(letter).as_posix(), leaf) for leaf in leaves)


def _flat_validation(root: Path) -> dict[str, list[Path]]:
    beside = [root, *(root / name for name in catalogue.source("places").folders)]
    home = next((folder for folder in beside if (folder / "val_256").is_dir()), None)
    if home is None:
        raise catalogue.missing(root / "val_256", "places")
    names, labels = home / "categories_places365.txt", home / "places365_val.txt"
    for path in (names, labels):
        if not path.exists():
            raise catalogue.missing(path, "places")
    category = {number: normalise(name) for name, number in _words(names)}
    found = {name: [] for name in category.values()}
    for name, number in _words(labels):
        if number not in category:
            raise ValueError(f"{labels}: {name} has category {number}, which {names} does not name")
        found[category[number]].append(home / "val_256" / name)
    return found


def _known(categories: Iterable[str], found: dict) -> list[str]:
    wanted = list(dict.fromkeys(normalise(name) for name in categories))
    for name in wanted:
        if name not in found:
            hint = SUBSTITUTES.get(name)
            near = difflib.get_close_matches(name, [*found], n=3) or sorted(found)[:5]
            raise ValueError(f"no category {name!r} among {len(found)}; " + (
                f"Places205 has it, Places365 does not: {hint!r} is the suggested substitute" if hint and hint in found
                else f"did you mean {' or '.join(map(repr, near))}?"))
    return wanted


def _pictures(where: Path | list[Path], root: Path) -> list[str]:
    if isinstance(where, Path):
        top = os.path.relpath(where, root)
        return sorted(f"{top}/{name}" for name in os.listdir(where) if os.path.splitext(name)[1].lower() in EXTENSIONS)
    return sorted(os.path.relpath(path, root) for path in where)


def _folders(path: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in os.scandir(path) if entry.is_dir()) if path.is_dir() else []


def _words(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines() if line.strip()]


def _number(name: str) -> str:
    """"/o/ocean/00004600.jpg" -> "ocean/00004600": files keep their number in every layout."""
    return f"{normalise(str(Path(name).parent))}/{Path(name).stem}"
