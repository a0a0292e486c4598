"""Waterbirds: CUB birds composited onto Places, land birds on land and water birds on water with
probability 0.95.

The 100 % variant leaves the minority rows of train and validation out; test stays as it is. The
paper does not say how it made it: a second release, ``waterbird_1.0_forest2water2``, is another
draw of splits and scenes, and can be given as the root, here and for `evaluation_paths`,
`bird_labels`, `used_backgrounds` and what follows from it.
"""

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from bap_core import groups
from bap_core.data import catalogue, directory, world_file
from bap_core.data.listings import LEFT_OUT, SPLITS, Backgrounds, Scenes
from bap_core.data.places import picture_number

LABELS = ("landbird", "waterbird")
BACKGROUNDS = ("land", "water")
COLUMNS = ("img_id", "img_filename", "y", "split", "place", "place_filename")
RELEASE_100 = "waterbird_1.0_forest2water2"


class NotTheOfficialDraw(UserWarning):
    """The splits have the official sizes, the groups do not: the copy was generated again with
    another seed.
    """


def waterbirds(root: str | Path, *, correlation: int = 95, strict: bool = True) -> Scenes:
    """The composited birds as `Scenes`; label 0 landbird, 1 waterbird; background 0 land, 1 water;
    group 2 * label + background.

    root: the data root with ``waterbird_complete95_forest2water2/``, or that folder, or the folder
    of the 100 % release. correlation: 95 as released, or 100 without the minority groups in train
    and validation. The name is "waterbirds-95", "waterbirds-100", or "waterbirds-1.0" for the 100 %
    release. Extra columns: image_id, background_image. strict: split sizes other than the release's
    are an error, otherwise a warning; other group sizes always warn.
    """
    if correlation not in (95, 100):
        raise ValueError(f"correlation={correlation!r}; choices: 95, 100")
    folder = _folder(root)
    frame = _metadata(folder)
    second = folder.name == RELEASE_100
    if second and correlation == 95:
        raise ValueError(
            f"{folder} is the 100 % release; give the folder of the 95 % one, or correlation=100"
        )
    _check(root, frame, "waterbirds-1.0" if second else "waterbirds", strict=strict)
    frame = frame.rename(
        columns={
            "img_id": "image_id",
            "img_filename": "image",
            "y": "label",
            "place": "background",
            "place_filename": "background_image",
        }
    )
    frame["split"] = [SPLITS[number] for number in frame["split"]]
    frame["group"] = groups.group_id(
        frame["label"], frame["background"], n_backgrounds=len(BACKGROUNDS)
    )
    dropped = (
        (correlation == 100) & (frame["label"] != frame["background"]) & (frame["split"] != "test")
    )
    # the rows stay, so that both variants list, and encode, the same pictures
    frame.loc[dropped, "split"] = LEFT_OUT
    return Scenes(
        "waterbirds-1.0" if second else f"waterbirds-{correlation}",
        folder,
        frame,
        LABELS,
        BACKGROUNDS,
        skipped={"minority rows of train and val": int(np.count_nonzero(dropped))},
        origin=world_file.origin(folder),
    )


def bird_labels(root: str | Path, paths: Iterable[str]) -> np.ndarray:
    """0 landbird or 1 waterbird for CUB paths as in images.txt: (N,) str -> (N,) int64.

    As the release labels them: Eastern Towhee, Western Meadowlark and Western Wood Pewee count as
    waterbirds, because it chose by parts of names and theirs hold "tern". ValueError for a path
    that is not in the table.
    """
    frame, paths = _metadata(_folder(root)), list(paths)
    label_of = dict(zip(frame["img_filename"].tolist(), frame["y"].tolist()))
    if absent := [path for path in paths if path not in label_of]:
        raise ValueError(
            f"{len(absent)} birds are not in the Waterbirds metadata, the first: {absent[0]}"
        )
    return np.array([label_of[path] for path in paths], dtype=np.int64)


def evaluation_paths(root: str | Path) -> frozenset[str]:
    """CUB paths of the validation and test pictures, as in CUB's images.txt: to be left out of the
    objects.

    The paper's filter (appendix on Waterbirds): no bird that is evaluated may be seen in
    pre-training.
    """
    frame = _metadata(_folder(root))
    return frozenset(frame["img_filename"][frame["split"] != 0])


def used_backgrounds(root: str | Path) -> frozenset[str]:
    """Places files behind the pictures, for `places(exclude=...)`: a cleaner pool than the
    paper's, which kept them.
    """
    return frozenset(_metadata(_folder(root))["place_filename"])


def evaluation_categories(root: str | Path) -> list[str]:
    """Categories of Places behind the pictures, sorted: four in the release. To be kept out of the
    backgrounds of a pre-training (`places.draw_categories`).
    """
    return sorted({_category(picture) for picture in used_backgrounds(root)})


def overlap(root: str | Path, backgrounds: Backgrounds) -> pd.DataFrame:
    """What a pool of backgrounds shares with the pictures: a row for every one of
    `evaluation_categories`, with the number of its pictures ``in the pool``, and of the very files
    that stand ``behind a bird of Waterbirds`` (told by category and number, as Places365 names
    them).
    """
    used = [picture_number(picture) for picture in used_backgrounds(root)]
    frame = backgrounds.frame
    files = frame["category"] + "/" + frame["image"].map(lambda image: Path(image).stem)
    counts = {
        "in the pool": frame["category"].value_counts(),
        "behind a bird of Waterbirds": frame.loc[files.isin(used), "category"].value_counts(),
    }
    rows = pd.Index(evaluation_categories(root), name="category")
    return pd.DataFrame(counts).reindex(rows).fillna(0).astype(int)


def _category(picture: str) -> str:
    return picture_number(picture).rsplit("/", 1)[0]


def _folder(root: str | Path) -> Path:
    return catalogue.find(root, "waterbirds", having="metadata.csv", below=[RELEASE_100])


def _metadata(folder: Path) -> pd.DataFrame:
    path = folder / "metadata.csv"
    try:
        frame = pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path}: not a whole table ({error}); unpack the download again"
        ) from None
    if absent := [column for column in COLUMNS if column not in frame.columns]:
        raise ValueError(f"{path}: has no column {absent}; needed: {list(COLUMNS)}")
    for column, known in {"y": (0, 1), "place": (0, 1), "split": (0, 1, 2)}.items():
        if wrong := [value for value in frame[column].tolist() if value not in known]:
            raise ValueError(
                f"{path}: {column} is {wrong[0]!r} in some row; it should be one of {known}"
            )
    for name in frame["img_filename"].tolist():  # the release's place_filename begins with a slash
        if not directory.stays_inside(name):
            raise ValueError(f"{path}: img_filename {name!r} is no name of a file below the folder")
    for column in ("img_id", "img_filename"):
        directory.refuse_repeated(path, column, frame[column].tolist())
    return frame


def _check(root: str | Path, frame: pd.DataFrame, name: str, *, strict: bool) -> None:
    group = groups.group_id(frame["y"], frame["place"], n_backgrounds=len(BACKGROUNDS))
    by_split = {split: group[frame["split"] == number] for number, split in enumerate(SPLITS)}
    catalogue.check_counts(
        root,
        name,
        strict=strict,
        found={
            **{split: len(rows) for split, rows in by_split.items()},
            "ids in order": frame["img_id"].tolist() == list(range(1, len(frame) + 1)),
        },
    )
    wanted = catalogue.expected(root, name)
    for split, rows in by_split.items():
        counted, official = (
            groups.group_counts(rows, n_groups=4).tolist(),
            wanted.get(f"{split}_groups"),
        )
        if official and counted != official:
            warnings.warn(
                f"{split} of {root} has the groups {counted}, the release has {official}: this "
                "copy was generated again with another seed. Its results cannot be compared with "
                "published ones, and its validation rows are not those of the release.",
                NotTheOfficialDraw,
                stacklevel=3,
            )
