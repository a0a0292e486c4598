"""Places365-Standard: scene pictures by category, in either of the two layouts that people have;
and Places205.

Layout A, the 256-pixel archives: data_256/f/forest/broadleaf/00000001.jpg, val_256/ flat with
places365_val.txt. Layout B, "easyformat": places365_standard/train/forest-broadleaf/00000001.jpg,
val/ alike. Places205, in layout A, has two categories that the paper names and Places365 lacks; so
does a choice of substitutes. A category's name here has no leading letter and "/" between its
parts: "forest/broadleaf".
"""

import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from bap_core.data import catalogue, file_index, images
from bap_core.data.listings import Backgrounds

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

# Categories that the paper names and Places365 does not have (Places205 does), with the nearest
# that it has.
SUBSTITUTES = {"abbey": "church/outdoor", "kitchenette": "kitchen"}
# with the names that the backgrounds get
RELEASES = {"places365": "places", "places205": "places205"}


def normalise(name: str) -> str:
    """Category in one spelling: "/f/forest/broadleaf", "forest-broadleaf", "forest/broadleaf" ->
    "forest/broadleaf".
    """
    name = re.sub(r"^/?([a-z])/(?=\1)", "", name.strip()).strip("/")
    return name.replace("-", "/") if name.replace("-", "/") in TWO_PARTS else name


def places(
    root: str | Path,
    *,
    categories: Sequence[str] | None = None,
    part: str = "train",
    release: str = "places365",
    substitutes: Mapping[str, str | Sequence[str]] | None = None,
    exclude: Collection[str] = (),
    strict: bool = True,
) -> Backgrounds:
    """Pictures of the ``categories`` (all if None) as `Backgrounds`, sorted by category and file
    name.

    root: the data root with ``data_256/`` or ``places365_standard/``, or ``places205/`` or
    ``images256/`` for release="places205" (train only). part: "train" or "val". substitutes: what
    stands in for a category that is not there, as in `SUBSTITUTES`; those used are in
    ``Backgrounds.substitutes``. exclude: pictures to leave out, as ``/o/ocean/00004600.jpg``
    (`waterbirds.used_backgrounds`), which only Places365 numbers so. ValueError for a category that
    is not there, with near names. Names match as a whole: "bar" is not "barn". strict: another
    number of categories is an error; other numbers of pictures are from unverified and only warn.
    """
    if (
        part not in ("train", "val")
        or release not in RELEASES
        or (release == "places205" and part == "val")
    ):
        raise ValueError(
            f"part={part!r}, release={release!r}; choices: 'train', 'val' of "
            "'places365', 'train' of 'places205'"
        )
    if exclude and release == "places205":
        raise ValueError(
            "exclude names files of Places365; those of Places205 have other names, "
            "so none would be left out"
        )
    root, name = Path(root).expanduser(), RELEASES[release]
    found = _layout(root, part) if release == "places365" else _places205(root)
    catalogue.check_counts(root, name, {"categories": len(found)}, strict=strict)
    chosen, used = (
        _known(categories, found, substitutes or {})
        if categories is not None
        else (sorted(found), {})
    )
    listed = (
        {category: _pictures(found[category], root) for category in chosen}
        if categories
        else _all_pictures(found, root)
    )
    if categories is None:
        sizes = [len(pictures) for pictures in listed.values()]
        catalogue.check_counts(
            root,
            name,
            strict=strict,
            found={
                part: sum(sizes),
                f"{part}, smallest": min(sizes),
                f"{part}, largest": max(sizes),
            },
        )
    rows = [(picture, category) for category, pictures in listed.items() for picture in pictures]
    without = {_number(picture) for picture in exclude}
    kept = [row for row in rows if not without or f"{row[1]}/{Path(row[0]).stem}" not in without]
    if not kept:
        raise ValueError(f"{root}: no picture of {list(chosen)} is left in {part}")
    return Backgrounds(
        name,
        root,
        pd.DataFrame(kept, columns=["image", "category"]),
        substitutes=used,
        origin=catalogue.origin(root),
        skipped={"excluded": len(rows) - len(kept)},
    )


def _layout(root: Path, part: str) -> dict[str, Path | list[Path]]:
    """Category -> its folder, or its files where a label file sorts a flat folder."""
    for name in ("places365_standard", "."):
        if (root / name / part).is_dir():
            return {
                normalise(folder.name): folder for folder in images.subfolders(root / name / part)
            }
    if part == "val":
        return _flat_validation(root)
    for name in (*catalogue.source("places").folders[1:], "."):
        if _has_letters(root / name):
            return dict(_lettered(root / name))
    raise catalogue.missing(root / "places365_standard" / part, "places")


def _places205(root: Path) -> dict[str, Path]:
    for name in (*catalogue.source("places205").folders, "."):
        if _has_letters(root / name):
            return dict(_lettered(root / name))
    raise catalogue.missing(root / "places205", "places205")


def _has_letters(folder: Path) -> bool:
    return any(len(inner.name) == 1 for inner in images.subfolders(folder))


def _lettered(folder: Path) -> Iterator[tuple[str, Path]]:
    for letter in images.subfolders(folder):
        for category in images.subfolders(letter) if len(letter.name) == 1 else ():
            # A category holds either pictures or sub-categories: the first of either tells which.
            with os.scandir(category) as entries:
                first = next(
                    (
                        entry
                        for entry in entries
                        if not entry.name.startswith(".")
                        and (entry.is_dir() or Path(entry.name).suffix.lower() in images.EXTENSIONS)
                    ),
                    None,
                )
            leaves = (
                images.subfolders(category) if first is not None and first.is_dir() else [category]
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
    category = {number: normalise(name) for name, number in _words(names)}
    found = {name: [] for name in category.values()}
    for name, number in _words(labels):
        if number not in category:
            raise ValueError(f"{labels}: {name} has category {number}, which {names} does not name")
        found[category[number]].append(flat / name)
    return found


def _known(
    categories: Iterable[str], found: dict, substitutes: Mapping[str, str | Sequence[str]]
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """The categories to list, sorted, and which of them stand in for what was asked and is not
    there.
    """
    wanted = dict.fromkeys(normalise(name) for name in categories)
    instead = {
        normalise(name): tuple(map(normalise, [other] if isinstance(other, str) else other))
        for name, other in substitutes.items()
    }
    used = {name: instead[name] for name in wanted if name not in found and name in instead}
    chosen = sorted({other for name in wanted for other in used.get(name, (name,))})
    for name in chosen:
        if name not in found:
            hint = SUBSTITUTES.get(name)
            near = difflib.get_close_matches(name, [*found], n=3) or sorted(found)[:5]
            raise ValueError(
                f"no category {name!r} among {len(found)}; "
                + (
                    f"Places205 has it, Places365 does not: {hint!r} is the suggested substitute, "
                    "as "
                    "in "
                    f"substitutes={{{name!r}: {hint!r}}}"
                    if hint and hint in found
                    else f"did you mean {' or '.join(map(repr, near))}?"
                )
            )
    return chosen, used


def _all_pictures(found: dict[str, Path | list[Path]], root: Path) -> dict[str, list[str]]:
    """Category -> its pictures. Folders are read from the index of the folder that holds them
    all, which is walked once.
    """
    if any(isinstance(where, list) for where in found.values()):
        return {category: _pictures(where, root) for category, where in sorted(found.items())}
    top = Path(os.path.commonpath(found.values()))
    category_of = {os.path.relpath(folder, top): category for category, folder in found.items()}
    listed, prefix = {category: [] for category in sorted(found)}, os.path.relpath(top, root)
    for name in file_index.listing(top):
        if (category := category_of.get(os.path.dirname(name) or ".")) is not None:
            listed[category].append(f"{prefix}/{name}")
    return listed


def _pictures(where: Path | list[Path], root: Path) -> list[str]:
    if isinstance(where, Path):
        top = os.path.relpath(where, root)
        return [f"{top}/{name}" for name in images.files(where)]
    return sorted(os.path.relpath(path, root) for path in where)


def _words(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines() if line.strip()]


def _number(name: str) -> str:
    """ "/o/ocean/00004600.jpg" -> "ocean/00004600": files keep their number in every layout."""
    return f"{normalise(str(Path(name).parent))}/{Path(name).stem}"
