"""Places365-Standard and Places205: scene pictures by category, in any layout (`places_layout`).

Places205 has two categories that the paper names and Places365 lacks; so does a choice of
substitutes.
"""

import difflib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from bap_core.data import catalogue, directory, file_index, world_file
from bap_core.data.listings import Backgrounds
from bap_core.data.places_layout import find_places205, find_places365, normalise

# Categories that the paper names and Places365 does not have (Places205 does), with the nearest
# that it has.
SUBSTITUTES = {"abbey": "church/outdoor", "kitchenette": "kitchen"}
# with the names that the backgrounds get
RELEASES = {"places365": "places", "places205": "places205"}


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
    number of categories is an error; other numbers of pictures only warn.
    """
    _refuse_unknown(part, release, exclude)
    root, name = Path(root).expanduser(), RELEASES[release]
    found = find_places365(root, part) if release == "places365" else find_places205(root)
    catalogue.check_counts(root, name, {"categories": len(found)}, strict=strict)
    if categories is None:
        listed, used = _all_pictures(found, root), {}
        catalogue.check_counts(root, name, _sizes(listed, part), strict=strict)
    else:
        chosen, used = _known(categories, found, substitutes or {})
        listed = {category: _pictures(found[category], root) for category in chosen}
    rows = [(picture, category) for category, pictures in listed.items() for picture in pictures]
    without = {picture_number(picture) for picture in exclude}
    kept = [row for row in rows if not without or f"{row[1]}/{Path(row[0]).stem}" not in without]
    if not kept:
        raise ValueError(f"{root}: no picture of {list(listed)} is left in {part}")
    return Backgrounds(
        name,
        root,
        pd.DataFrame(kept, columns=["image", "category"]),
        substitutes=used,
        origin=world_file.origin(root),
        skipped={"excluded": len(rows) - len(kept)},
    )


def draw_categories(
    backgrounds: Backgrounds, n: int, *, rng: np.random.Generator, without: Collection[str] = ()
) -> Backgrounds:
    """The pictures of ``n`` categories that are drawn by name, in their order. The paper has 50
    that it does not list (M.3.3, L.5.1), and 30 for Figure 1 (G.1).

    n: 0, or more than there are, for all. without: categories that are not drawn from, such as
    `waterbirds.evaluation_categories`. The first n do not depend on how many follow. What is not
    taken is counted in ``skipped``. ValueError for a negative n, or if nothing is left to draw.
    """
    names = [name for name in backgrounds.categories if name not in set(without)]
    if n < 0 or not names:
        found = f"{len(names)} of {len(backgrounds.categories)} categories can be drawn"
        raise ValueError(f"{backgrounds.name}: n={n}; at least 0 (all) is needed, and {found}")
    drawn = rng.permutation(names)[: n or None].tolist()
    kept = backgrounds.take(backgrounds.frame["category"].isin(drawn).to_numpy())
    lost = len(backgrounds) - len(kept)
    return replace(kept, skipped={**kept.skipped, "of a category that was not drawn": lost})


def _refuse_unknown(part: str, release: str, exclude: Collection[str]) -> None:
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


def _sizes(listed: Mapping[str, Sequence[str]], part: str) -> dict[str, int]:
    """What can be compared with the release."""
    sizes = [len(pictures) for pictures in listed.values()]
    return {part: sum(sizes), f"{part}, smallest": min(sizes), f"{part}, largest": max(sizes)}


def _known(
    categories: Iterable[str],
    found: Collection[str],
    substitutes: Mapping[str, str | Sequence[str]],
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
                    f"as in substitutes={{{name!r}: {hint!r}}}"
                    if hint and hint in found
                    else f"did you mean {' or '.join(map(repr, near))}?"
                )
            )
    return chosen, used


def _all_pictures(found: Mapping[str, Path | list[Path]], root: Path) -> dict[str, list[str]]:
    """Category -> its pictures. Folders are read from the index of the folder that holds them
    all, which is walked once.
    """
    folders = {where: category for category, where in found.items() if isinstance(where, Path)}
    if len(folders) < len(found):
        return {category: _pictures(found[category], root) for category in sorted(found)}
    top = Path(os.path.commonpath(folders))
    category_of = {os.path.relpath(folder, top): name for folder, name in folders.items()}
    listed, prefix = {category: [] for category in sorted(found)}, os.path.relpath(top, root)
    for name in file_index.list_files(top):
        if (category := category_of.get(os.path.dirname(name) or ".")) is not None:
            listed[category].append(f"{prefix}/{name}")
    return listed


def _pictures(where: Path | list[Path], root: Path) -> list[str]:
    if isinstance(where, Path):
        top = os.path.relpath(where, root)
        return [f"{top}/{name}" for name in directory.list_folder(where)]
    return sorted(os.path.relpath(path, root) for path in where)


def picture_number(name: str) -> str:
    """Category and number of a picture, which files keep in every layout:
    "/o/ocean/00004600.jpg" -> "ocean/00004600".
    """
    return f"{normalise(str(Path(name).parent))}/{Path(name).stem}"
