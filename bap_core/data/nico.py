"""NICO++ (common contexts, track 1): photographs of 60 classes in six contexts,
"track_1/public_dg_0416/train/grass/car".

Copies differ: underscores for blanks, a flatter root, a nested track_1. So the folder that holds
the six contexts is searched for, and names are compared in one spelling. "dim" is an illumination,
not a background.
"""

import difflib
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bap_core.data import catalogue, correlated_pairs, directory, images
from bap_core.data.listings import Scenes

CONTEXTS = ("autumn", "dim", "grass", "outdoor", "rock", "water")
# with fewer photographs in a group one of them moves its accuracy by more than five points
SMALLEST = 20
# the paper's tables abbreviate (appendix M.6.1)
SAME = {"bike": "bicycle", "motorbike": "motorcycle"}
# Folders that copies put around the contexts, in lower case.
_AROUND = (
    "nico",
    "nico++",
    "nico_plus",
    "nico-plus",
    "nico_dg",
    "nico_dg_official",
    "track_1",
    "public_dg_0416",
    "train",
)


def nico(
    root: str | Path,
    *,
    seed: int,
    classes: Sequence[str] = ("car", "truck"),
    contexts: Sequence[str] = ("grass", "water"),
    smallest: int | None = None,
    margin: tuple[int, float] | None = images.SMART_CROP,
    strict: bool = True,
) -> Scenes:
    """Two classes in two contexts as `Scenes`: class i is trained on in context i only, tested on a
    fifth of that and on all photographs of the swapped cells (appendix M.6.3; `pairs` says how).

    root: the data root with ``track_1/`` or another copy's folders in it, or the folder of the
    contexts. seed: of the fifth that is held out. smallest: fewest photographs that one of the four
    cells may have; by default `SMALLEST`, or what a cell of a smaller world has on average. margin:
    of the smart crop, as for `counteranimal`. ValueError for an unknown class or context and for a
    small cell. strict: wrong counts and small cells are errors, otherwise warnings.
    """
    root = Path(root).expanduser()
    contexts, classes = [_spelled(name) for name in contexts], [_spelled(name) for name in classes]
    folder = _folder(root, CONTEXTS if strict else contexts)
    cells = _cells(folder)
    catalogue.check_counts(root, "nico", _counts(cells), strict=strict)
    for kind, wanted, known in (
        ("contexts", contexts, {c for c, _ in cells}),
        ("classes", classes, {c for _, c in cells}),
    ):
        _check_two(kind, wanted, known)
    chosen = {
        (label, background): [
            file for path in cells.get((context, name), ()) for file in _pictures(path, folder)
        ]
        for label, name in enumerate(classes)
        for background, context in enumerate(contexts)
    }
    smallest = _usual_size(root) if smallest is None else smallest
    sizes = {
        f"{classes[label]} in {contexts[background]}": len(found)
        for (label, background), found in chosen.items()
    }
    if min(sizes.values()) < smallest:
        text = (
            f"{folder}: a cell has fewer than smallest={smallest} photographs: {sizes}; "
            "choose other contexts"
        )
        if strict or not min(sizes.values()):
            raise ValueError(text)
        warnings.warn(text, stacklevel=2)
    return correlated_pairs.correlate(
        "nico",
        folder,
        chosen,
        labels=(classes[0], classes[1]),
        backgrounds=(contexts[0], contexts[1]),
        seed=seed,
        margin=margin,
    )


def nico_table(root: str | Path) -> pd.DataFrame:
    """How many photographs each class (rows) has in each context (columns): no public file says,
    and pairs need it.
    """
    folder = _folder(Path(root).expanduser(), CONTEXTS)
    counts = [
        (name, context, sum(len(directory.list_folder(path)) for path in paths))
        for (context, name), paths in _cells(folder).items()
    ]
    return (
        pd.DataFrame(counts, columns=["class", "context", "n"])
        .pivot(index="class", columns="context", values="n")
        .fillna(0)
        .astype(int)
    )


def _spelled(name: str) -> str:
    """One spelling: "Hot_Air_Balloon" -> "hot air balloon", "motorbike" -> "motorcycle"."""
    plain = " ".join(name.lower().replace("_", " ").split())
    return SAME.get(plain, plain)


def _folder(root: Path, contexts: Sequence[str]) -> Path:
    if (found := _search(root, set(contexts), depth=6)) is None:
        raise catalogue.missing(root / catalogue.source("nico").folders[0], "nico")
    return found


def _search(folder: Path, contexts: set[str], *, depth: int) -> Path | None:
    """The nearest folder with all contexts, going down through folders that copies are known to
    have.
    """
    inner = directory.subfolders(folder)
    if contexts <= {_spelled(path.name) for path in inner}:
        return folder
    below = [path for path in inner if path.name.lower() in _AROUND] if depth else []
    return next(
        (found for path in below if (found := _search(path, contexts, depth=depth - 1))), None
    )


def _cells(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """(context, class) -> its folders: one, or several that differ in spelling."""
    found = {}
    for context in directory.subfolders(folder):
        if _spelled(context.name) in CONTEXTS:
            for path in directory.subfolders(context):
                found.setdefault((_spelled(context.name), _spelled(path.name)), []).append(path)
    return found


def _counts(cells: dict[tuple[str, str], list[Path]]) -> dict[str, int]:
    return {
        "contexts": len({context for context, _ in cells}),
        "classes": len({name for _, name in cells}),
        "images": sum(
            len(directory.list_folder(path)) for paths in cells.values() for path in paths
        ),
    }


def _usual_size(root: Path) -> int:
    """What a cell must have: the release's have 246 on average, those of a rendered world may
    all be below `SMALLEST`.
    """
    whole = catalogue.expected(root, "nico")
    return (
        min(SMALLEST, whole["images"] // (whole["contexts"] * whole["classes"]))
        if whole
        else SMALLEST
    )


def _check_two(kind: str, wanted: list[str], known: set[str]) -> None:
    if len(wanted) != 2 or len(set(wanted)) != 2:
        raise ValueError(f"{kind}={wanted}: two different ones are needed")
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known) or sorted(known)
            raise ValueError(
                f"NICO++ has no {name!r} among its {len(known)} {kind}; did you mean "
                f"{' or '.join(map(repr, near))}?"
            )


def _pictures(path: Path, folder: Path) -> list[str]:
    return [f"{path.relative_to(folder).as_posix()}/{file}" for file in directory.list_folder(path)]
