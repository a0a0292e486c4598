"""CounterAnimal: photographs of 45 kinds of animals, each on a common and on a counter background.

The folders are "LAION-final/81 ptarmigan/common-snow/x.jpg". Only the integer before the class's
name (the ImageNet-1k index) and the first word of the background folder are relied on. The paper's
two pairs mirror each other: what is common for one bird is counter for the other, which makes full
correlation possible.
"""

import re
import string
import warnings
from collections.abc import Mapping
from pathlib import Path

from bap_core.data import catalogue, correlated_pairs, directory, images
from bap_core.data.listings import Scenes

# The paper's birds by their ImageNet index, as they are called in prompts (83 is also "prairie
# grouse").
NAMES = {10: "brambling", 16: "bulbul", 81: "ptarmigan", 83: "prairie chicken"}
SIDES = ("common", "counter")
EXTENSIONS = frozenset({".jpg", ".jpeg", ".png"})


def counteranimal(
    root: str | Path,
    *,
    seed: int,
    classes: tuple[int, int] = (10, 16),
    margin: tuple[int, float] | None = images.SMART_CROP,
    strict: bool = True,
) -> Scenes:
    """Two classes that mirror each other as `Scenes`: trained on common photographs, tested on a
    fifth of them and on all counter ones (appendix M.5.4; `pairs` says how).

    root: the data root with ``LAION-final/`` in it or in ``CounterAnimal/``, or that folder.
    classes: ImageNet-1k indices; the paper's pairs are (10, 16) and (81, 83). seed: of the fifth
    that is held out. Label i is classes[i]; background i is the common background of classes[i].
    margin: of the smart crop (appendix M.5.2; `images.smart_square`), or None for the centre crop.
    ValueError for a class that is not there, or for two that do not mirror each other. strict:
    wrong counts are errors, otherwise warnings (those of single classes are from an early version
    of the paper and always only warn).
    """
    root = Path(root).expanduser()
    folder = _folder(root)
    known = _classes(folder)
    found = {index: _backgrounds(path) for index, path in known.items()}
    catalogue.check_counts(root, "counteranimal", _counts(found, folder), strict=strict)
    if len(set(classes)) != 2 or not set(classes) <= set(found):
        raise ValueError(
            f"classes={classes}: two different ImageNet indices of {sorted(found)} are needed"
        )
    first, second = (NAMES.get(index) or _name(known[index]) for index in classes)
    labels = first, second
    backgrounds = _background_names(found, classes, labels, folder, strict=strict)
    cells = {
        (label, background): _pictures(found[index][SIDES[label != background]], folder)
        for label, index in enumerate(classes)
        for background in (0, 1)
    }
    return correlated_pairs.correlate(
        "counteranimal",
        folder,
        cells,
        labels=labels,
        backgrounds=backgrounds,
        seed=seed,
        margin=margin,
    )


def _folder(root: Path) -> Path:
    for folder in (*(root / usual for usual in catalogue.source("counteranimal").folders), root):
        if any(
            _index(path) is not None and any(_backgrounds(path).values())
            for path in directory.subfolders(folder)
        ):
            return folder
    raise catalogue.missing(root / "LAION-final", "counteranimal")


def _classes(folder: Path) -> dict[int, Path]:
    found = {}
    for path in directory.subfolders(folder):
        if (index := _index(path)) is not None:
            if index in found:
                raise ValueError(
                    f"{folder}: {found[index].name!r} and {path.name!r} are both "
                    f"class {index}; keep one"
                )
            found[index] = path
    return found


def _index(path: Path) -> int | None:
    """The integer that the folder's name begins with, as a whole: 8 is not 81."""
    match = re.match(r"\d+(?![^\s_])", path.name)
    return int(match[0]) if match else None


def _name(path: Path) -> str:
    return re.sub(r"^\d+", "", path.name).replace("_", " ").split(",")[0].strip() or path.name


def _backgrounds(path: Path) -> dict[str, dict[str, Path]]:
    """Side -> background -> folder, from names such as "common-grass"; other folders are
    ignored.
    """
    found = {side: {} for side in SIDES}
    for folder in directory.subfolders(path):
        name = folder.name.lower()
        side = name[: len(name) - len(name.lstrip(string.ascii_lowercase))]
        background = name.removeprefix(side)
        if side in found:
            found[side][re.sub(r"[\W_]+", " ", background).strip()] = folder
    return found


def _pictures(backgrounds: Mapping[str, Path], folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder).as_posix()}/{file}"
        for path in backgrounds.values()
        for file in directory.list_folder(path, extensions=EXTENSIONS)
    ]


def _counts(found: Mapping[int, dict], folder: Path) -> dict[str, int]:
    sizes = {
        (index, side): len(_pictures(sides[side], folder))
        for index, sides in found.items()
        for side in SIDES
    }
    return {
        "classes": len(found),
        **{side: sum(n for (_, at), n in sizes.items() if at == side) for side in SIDES},
        **{f"{NAMES[index]} {side}": n for (index, side), n in sizes.items() if index in NAMES},
    }


def _background_names(
    found: Mapping[int, dict],
    classes: tuple[int, int],
    labels: tuple[str, ...],
    folder: Path,
    *,
    strict: bool,
) -> tuple[str, str]:
    """Names of the two backgrounds. A pair mirrors if each class's common background is the other's
    counter background.
    """
    common, counter = ([set(found[index][side]) for index in classes] for side in SIDES)
    if not all((*common, *counter)) or common != counter[::-1]:
        text = (
            f"{folder}: {labels[0]} (common {sorted(common[0])}, counter {sorted(counter[0])}) "
            f"and {labels[1]} "
            f"(common {sorted(common[1])}, counter {sorted(counter[1])}) do not mirror each "
            "other, so they make no "
            "four groups; the paper's pairs are (10, 16) and (81, 83)"
        )
        if strict or not all((*common, *counter)):
            raise ValueError(text)
        warnings.warn(text, stacklevel=3)
    first, second = (" and ".join(sorted(names)) for names in common)
    return first, second
