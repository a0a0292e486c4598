"""What each dataset is, where it comes from, and the counts that a whole copy has.

A folder that holds another world (the micro world) says so in ``bap-world.json``: name, version,
hash and counts.
"""

import difflib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bap_core.data import images

WORLD_FILE = "bap-world.json"


@dataclass(frozen=True)
class Archive:
    """One file of a release, kept below the data root until it is unpacked there.

    bytes and md5: 0 and "" where none is published; about: bytes roughly, then. address: a direct
    one, as the release's own project or widely used loaders give it with this checksum, "" where
    they give none. It was entered without being tried: size and checksum say whether the right file
    comes. holds: paths below the data root, any of which shows that it is unpacked. extra: no
    notebook needs it.
    """

    name: str
    bytes: int = 0
    md5: str = ""
    about: int = 0
    address: str = ""
    holds: tuple[str, ...] = ()
    extra: bool = False

    @property
    def size(self) -> int:
        """Bytes, exact or rough; 0 where nothing is known."""
        return self.bytes or self.about

    def __str__(self):
        size = (
            f"{'' if self.bytes else 'about '}{readable(self.size)}"
            if self.size
            else "size not published"
        )
        return f"{self.name} ({size})"

    def unpacking(self, root: str | Path) -> Path:
        """Folder that is there only while the archive is being unpacked below ``root``, or after
        that was cut short.
        """
        return Path(root) / f".{self.name}.unpacking"

    def there(self, root: str | Path) -> Path | None:
        """The path below ``root`` that shows that the archive is unpacked, or None."""
        if self.unpacking(root).exists():
            return None
        return next(
            (Path(root) / path for path in self.holds if (Path(root) / path).exists()), None
        )


@dataclass(frozen=True)
class Source:
    """A public release. counts: verified ones; unverified: counts that could not be verified, so
    they only warn.

    folders: where its loader looks below the data root. walked: folders with so many files that
    `index` keeps a list. instead: another download that serves as well.
    """

    title: str
    folders: tuple[str, ...]
    archives: tuple[Archive, ...]
    where: str
    licence: str
    counts: dict
    unverified: tuple[str, ...] = ()
    walked: tuple[str, ...] = ()
    instead: str = ""

    @property
    def downloads(self) -> tuple[str, ...]:
        """The archives as text, and what may be taken instead."""
        return (*map(str, self.archives), *([f"or {self.instead}"] if self.instead else []))


_CSAIL = "http://data.csail.mit.edu/places/places365/"
_COCO = "http://images.cocodataset.org/"

_PLACES = (
    "places365_standard/train",
    "data_256",
    "data_256_standard",
    "data_large",
    "data_large_standard",
)

_COUNTERANIMAL = ("LAION-final", "CounterAnimal/LAION-final", "counteranimal/LAION-final")
_PLACES205 = ("places205/images256", "places205", "images256")

CATALOGUE = {
    "cub": Source(
        title="CUB-200-2011",
        folders=("CUB_200_2011",),
        archives=(
            Archive(
                "CUB_200_2011.tgz",
                1150585339,
                "97eceeb196236b17998738112f37df78",
                address="https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz?download=1",  # noqa: E501
                holds=("CUB_200_2011/images.txt", "images.txt"),
            ),
            Archive(
                "segmentations.tgz",
                39272883,
                "4d47ba1228eae64f2fa547c47bc65255",
                address="https://data.caltech.edu/records/w9d68-gec53/files/segmentations.tgz?download=1",  # noqa: E501
                holds=("segmentations", "CUB_200_2011/segmentations"),
            ),
        ),
        where="the CUB-200-2011 page of the Caltech data site",
        licence="non-commercial research and education; photographers keep their rights",
        counts={
            "images": 11788,
            "classes": 200,
            "train": 5994,
            "test": 5794,
            "smallest class": 41,
            "largest class": 60,
            "ids from 1 without gaps": True,
            "equal file names": 0,
            "smallest box": [100, 100],
            "largest box": [500, 497],
        },
    ),
    "waterbirds": Source(
        title="Waterbirds",
        folders=("waterbird_complete95_forest2water2",),
        archives=(
            Archive(
                "waterbird_complete95_forest2water2.tar.gz",
                about=500_000_000,
                address="https://nlp.stanford.edu/data/dro/waterbird_complete95_forest2water2.tar.gz",  # noqa: E501
                holds=(
                    "waterbird_complete95_forest2water2/metadata.csv",
                    "waterbird_1.0_forest2water2/metadata.csv",
                    "metadata.csv",
                ),
            ),
        ),
        where="the page named in the group_DRO project of kohpangwei; also through the WILDS "
        "package",
        licence="as CUB and Places: research and education only",
        counts={
            "train": 4795,
            "val": 1199,
            "test": 5794,
            "ids in order": True,
            "train_groups": [3498, 184, 56, 1057],
            "val_groups": [467, 466, 133, 133],
            "test_groups": [2255, 2255, 642, 642],
        },
    ),
    "waterbirds-1.0": Source(
        title="Waterbirds, the release with 100 %",
        folders=("waterbird_1.0_forest2water2",),
        archives=(
            Archive(
                "waterbird_1.0_forest2water2.tar.gz",
                holds=("waterbird_1.0_forest2water2/metadata.csv",),
            ),
        ),
        where="the GALS project (save its archive under this name)",
        licence="as CUB and Places: research and education only",
        counts={"train": 4795, "val": 1199, "test": 5794, "train_groups": [3694, 0, 0, 1101]},
    ),
    "places": Source(
        title="Places365-Standard",
        folders=(
            "places365_standard",
            "data_256",
            "data_256_standard",
            "data_large",
            "data_large_standard",
        ),
        archives=(
            Archive(
                "train_256_places365standard.tar",
                26103685120,
                "53ca1c756c3d1e7809517cc47c5561c5",
                address=f"{_CSAIL}train_256_places365standard.tar",
                holds=(*_PLACES, "train", "a/airfield"),
            ),
            Archive(
                "val_256.tar",
                525158400,
                "e27b17d8d44f4af9a78502beb927f808",
                address=f"{_CSAIL}val_256.tar",
                holds=("places365_standard/val", "val_256", "data_256/val_256", "val"),
                extra=True,
            ),
            Archive(
                "filelist_places365-standard.tar",
                67498496,
                "35a0585fee1fa656440f3ab298f8479c",
                address=f"{_CSAIL}filelist_places365-standard.tar",
                holds=(
                    "categories_places365.txt",
                    "places365_standard/categories_places365.txt",
                    "places365_standard/val.txt",
                ),
                extra=True,
            ),
        ),
        instead="places365standard_easyformat.tar (20 to 25 GB)",
        where="the Places365 project of CSAILVision",
        licence="images belong to their owners; research use",
        counts={
            "categories": 365,
            "train": 1803460,
            "val": 36500,
            "train, smallest": 3068,
            "train, largest": 5000,
            "val, smallest": 100,
            "val, largest": 100,
        },
        walked=_PLACES,
        unverified=(
            "train",
            "val",
            "train, smallest",
            "train, largest",
            "val, smallest",
            "val, largest",
        ),
    ),
    "places205": Source(
        title="Places205",
        folders=_PLACES205,
        archives=(Archive("imagesPlaces205_resize.tar", holds=_PLACES205),),
        walked=("places205/images256", "images256"),
        where="the page of the older Places database (the archive's name is not verified: save it "
        "under this one)",
        licence="images belong to their owners; research use",
        counts={"categories": 205},
        unverified=("categories",),
    ),
    "coco": Source(
        title="COCO 2017",
        folders=("annotations", "coco"),
        archives=(
            Archive(
                "annotations_trainval2017.zip",
                252907541,
                "f4bbac642086de4f52a3fdda2de5fa2c",
                address=f"{_COCO}annotations/annotations_trainval2017.zip",
                holds=(
                    "annotations/instances_train2017.json",
                    "coco/annotations/instances_train2017.json",
                ),
            ),
            Archive(
                "train2017.zip",
                19336861798,
                "cced6f7f71b7629ddf16f17bbcfab6b2",
                address=f"{_COCO}zips/train2017.zip",
                holds=("train2017", "coco/train2017"),
            ),
            Archive(
                "val2017.zip",
                815585330,
                "442b8da7639aecaf257c1dceb8ba8c80",
                address=f"{_COCO}zips/val2017.zip",
                holds=("val2017", "coco/val2017"),
                extra=True,
            ),
        ),
        where="the download page of cocodataset",
        licence="annotations CC BY 4.0; every photograph under its own Flickr licence",
        counts={
            "train2017": 118287,
            "val2017": 5000,
            "train2017 annotations": 860001,
            "train2017 pictures with annotations": 117266,
            "train2017 person": 257253,
            "train2017 bicycle": 7056,
            "train2017 car": 43533,
            "train2017 motorcycle": 8654,
            "train2017 airplane": 5129,
            "train2017 bus": 6061,
            "train2017 train": 4570,
            "train2017 truck": 9970,
            "train2017 boat": 10576,
        },
        unverified=(
            "train2017",
            "val2017",
            "train2017 annotations",
            "train2017 pictures with annotations",
        ),
    ),
    "counteranimal": Source(
        title="CounterAnimal",
        folders=_COUNTERANIMAL,
        archives=(Archive("counteranimal.zip", holds=_COUNTERANIMAL),),
        where="the Google Drive link of https://counteranimal.github.io (save the one archive "
        "under this name)",
        licence="none stated; the photographs come from iNaturalist under their own licences",
        counts={
            "classes": 45,
            "common": 7174,
            "counter": 5926,
            "brambling common": 117,
            "brambling counter": 111,
            "bulbul common": 122,
            "bulbul counter": 185,
            "ptarmigan common": 57,
            "ptarmigan counter": 107,
            "prairie chicken common": 25,
            "prairie chicken counter": 87,
        },
        unverified=(
            "brambling common",
            "brambling counter",
            "bulbul common",
            "bulbul counter",
            "ptarmigan common",
            "ptarmigan counter",
            "prairie chicken common",
            "prairie chicken counter",
        ),
    ),
    "nico": Source(
        title="NICO++ (common contexts, track 1)",
        folders=("track_1/public_dg_0416/train",),
        archives=(
            Archive(
                "track_1.zip",
                holds=("track_1", "public_dg_0416", "nico", "NICO_DG", "NICO_DG_official"),
            ),
            Archive("dg_label_id_mapping.json", holds=("dg_label_id_mapping.json",), extra=True),
        ),
        where="the Dropbox or Tsinghua Cloud links in the readme of the NICO-plus project of "
        "xxgege",
        licence="research, no economic use",
        counts={"contexts": 6, "classes": 60, "images": 88866},
    ),
    "dtd": Source(
        title="Describable Textures (DTD r1.0.1)",
        folders=("dtd", "dtd/dtd"),
        archives=(
            Archive(
                "dtd-r1.0.1.tar.gz",
                625239812,
                "fff73e5086ae6bdbea199a49dfb8a4c1",
                address="https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz",
                holds=("dtd/images", "dtd/dtd/images"),
            ),
        ),
        where="the DTD page of the Visual Geometry Group, Oxford",
        licence="research use",
        counts={"classes": 47, "images": 5640, "smallest class": 120, "largest class": 120},
    ),
}


def source(name: str) -> Source:
    """The catalogue's entry. ValueError with the known names."""
    if name not in CATALOGUE:
        near = difflib.get_close_matches(name, CATALOGUE, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown dataset {name!r}{hint}; known: {sorted(CATALOGUE)}")
    return CATALOGUE[name]


def lacking(root: str | Path, name: str, *, extras: bool = False) -> list[Archive]:
    """Archives of dataset ``name`` that are not unpacked below ``root``; with ``extras`` those
    no notebook needs too.
    """
    root = Path(root).expanduser()
    return [
        archive
        for archive in source(name).archives
        if (extras or not archive.extra) and archive.there(root) is None
    ]


def readable(size: int) -> str:
    """Bytes for people: 39272883 -> "39.3 MB", 1150585339 -> "1.15 GB"."""
    unit, each = next(
        (pair for pair in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)) if size >= pair[1]),
        ("bytes", 1),
    )
    return f"{size / each:.3g} {unit}"


def world(root: str | Path) -> dict | None:
    """What ``bap-world.json`` in the folder or above it declares (name, version, hash, counts);
    None without one.
    """
    root = Path(root)
    return next(
        (
            images.read_json(folder / WORLD_FILE)
            for folder in (root, root.parent)
            if (folder / WORLD_FILE).exists()
        ),
        None,
    )


def origin(root: str | Path) -> str:
    """Whose pictures a loader finds below ``root``: "micro" in a rendered world, else
    "official".
    """
    return "micro" if world_around(root) else "official"


def world_around(root: str | Path) -> dict | None:
    """`world` of the folder or of up to three above it, for the root of a listing, which may lie
    deep inside a data root.
    """
    root = Path(root).absolute()
    return next((found for folder in [root, *root.parents][:4] if (found := world(folder))), None)


def expected(root: str | Path, name: str) -> dict:
    """Counts that a whole copy of dataset ``name`` below ``root`` has: the world's own, or the
    official ones.
    """
    declared = world(root)
    return source(name).counts if declared is None else declared.get("counts", {}).get(name, {})


def find(root: str | Path, name: str, *, having: str, below: Sequence[str] = ()) -> Path:
    """Folder of dataset ``name``: the first of its usual folders in ``root`` that holds ``having``,
    or root itself.

    below: further folders to look in. FileNotFoundError as `missing` says.
    """
    root = Path(root).expanduser()
    for folder in (*(root / usual for usual in (*source(name).folders, *below)), root):
        if (folder / having).exists():
            return folder
    raise missing(root / source(name).folders[0] / having, name)


def missing(path: str | Path, name: str) -> FileNotFoundError:
    """The error for a path that is not there: what is missing, which download brings it, which
    command explains it.
    """
    entry = source(name)
    return FileNotFoundError(
        f"{path} is missing. {entry.title}: {'; '.join(entry.downloads)}; from {entry.where} "
        f"(licence: {entry.licence}). `bap data fetch {name}` brings it or prints the steps; or "
        "give another data root. `bap doctor` shows what is there and what is missing."
    )


def check_counts(root: str | Path, name: str, found: dict, *, strict: bool) -> None:
    """Compare what a loader found with `expected`, for the counts that both name.

    ValueError listing every difference; a warning instead with strict=False, or for counts known
    from unverified.
    """
    wanted = expected(root, name)
    soft = source(name).unverified if world(root) is None else ()
    wrong = {
        key: f"{key}: {value}, expected {wanted[key]}"
        for key, value in found.items()
        if key in wanted and wanted[key] != value
    }
    if not wrong:
        return
    text = (
        f"{source(name).title} in {root} is not the whole release: "
        f"{'; '.join(wrong.values())}. Unpack "
        f"{source(name).archives[0].name} again, or pass strict=False to go on with what is "
        "there"
    )
    if strict and not set(wrong) <= set(soft):
        raise ValueError(text)
    warnings.warn(text, stacklevel=3)
