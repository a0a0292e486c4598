"""What each dataset is, where it comes from, and the counts that a whole copy has.

A folder that holds another world (the micro world) says so in ``bap-world.json``: name, version, hash and counts.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bap_core.data import images

WORLD_FILE = "bap-world.json"


@dataclass(frozen=True)
class Source:
    """A public download. counts: verified ones; hearsay: counts that could not be verified, so they only warn."""

    title: str
    folders: tuple[str, ...]
    downloads: tuple[str, ...]
    where: str
    licence: str
    counts: dict
    hearsay: tuple[str, ...] = ()


CATALOGUE = {
    "cub": Source(
        title="CUB-200-2011", folders=("CUB_200_2011",),
        downloads=("CUB_200_2011.tgz (1.15 GB, MD5 97eceeb196236b17998738112f37df78)",
                   "segmentations.tgz (39 MB, MD5 4d47ba1228eae64f2fa547c47bc65255)"),
        where="the CUB-200-2011 page of the Caltech data site",
        licence="non-commercial research and education; photographers keep their rights",
        counts={"images": 11788, "classes": 200, "train": 5994, "test": 5794, "smallest class": 41, "largest class": 60,
                "ids from 1 without gaps": True, "equal file names": 0, "smallest box": [100, 100],
                "largest box": [500, 497]}),
    "waterbirds": Source(
        title="Waterbirds", folders=("waterbird_complete95_forest2water2",),
        downloads=("waterbird_complete95_forest2water2.tar.gz (about 0.5 GB)",),
        where="the page named in the group_DRO project of kohpangwei; also through the WILDS package",
        licence="as CUB and Places: research and education only",
        counts={"train": 4795, "val": 1199, "test": 5794, "ids in order": True,
                "train_groups": [3498, 184, 56, 1057], "val_groups": [467, 466, 133, 133],
                "test_groups": [2255, 2255, 642, 642]}),
    "waterbirds-1.0": Source(
        title="Waterbirds, the release with 100 %", folders=("waterbird_1.0_forest2water2",),
        downloads=("waterbird_1.0_forest2water2 (size not stated)",), where="the GALS project",
        licence="as CUB and Places: research and education only",
        counts={"train": 4795, "val": 1199, "test": 5794, "train_groups": [3694, 0, 0, 1101]}),
    "places": Source(
        title="Places365-Standard",
        folders=("places365_standard", "data_256", "data_256_standard", "data_large", "data_large_standard"),
        downloads=("places365standard_easyformat.tar (20 to 25 GB)",
                   "or train_256_places365standard.tar (26.1 GB, MD5 53ca1c756c3d1e7809517cc47c5561c5) with "
                   "val_256.tar and filelist_places365-standard.tar"),
        where="the Places365 project of CSAILVision", licence="images belong to their owners; research use",
        counts={"categories": 365, "train": 1803460, "val": 36500, "train, smallest": 3068, "train, largest": 5000,
                "val, smallest": 100, "val, largest": 100},
        hearsay=("train", "val", "train, smallest", "train, largest", "val, smallest", "val, largest")),
    "places205": Source(
        title="Places205", folders=("places205", "images256", "places205/images256"),
        downloads=("imagesPlaces205_resize.tar (name and size not verified)",),
        where="the page of the older Places database", licence="images belong to their owners; research use",
        counts={"categories": 205}, hearsay=("categories",)),
    "coco": Source(
        title="COCO 2017", folders=("annotations", "coco"),
        downloads=("train2017.zip (19.3 GB, MD5 cced6f7f71b7629ddf16f17bbcfab6b2)",
                   "val2017.zip (0.8 GB, MD5 442b8da7639aecaf257c1dceb8ba8c80)",
                   "annotations_trainval2017.zip (0.25 GB, MD5 f4bbac642086de4f52a3fdda2de5fa2c)"),
        where="the download page of cocodataset",
        licence="annotations CC BY 4.0; every photograph under its own Flickr licence",
        counts={"train2017": 118287, "val2017": 5000, "train2017 annotations": 860001,
                "train2017 pictures with annotations": 117266, "train2017 person": 257253, "train2017 bicycle": 7056,
                "train2017 car": 43533, "train2017 motorcycle": 8654, "train2017 airplane": 5129,
                "train2017 bus": 6061, "train2017 train": 4570, "train2017 truck": 9970, "train2017 boat": 10576},
        hearsay=("train2017", "val2017", "train2017 annotations", "train2017 pictures with annotations")),
    "counteranimal": Source(
        title="CounterAnimal", folders=("LAION-final", "CounterAnimal/LAION-final", "counteranimal/LAION-final"),
        downloads=("LAION-final (one archive on Google Drive, size not stated)",),
        where="the page of the CounterAnimal project",
        licence="not stated; photographs from iNaturalist, each under its own licence",
        counts={"classes": 45, "common": 7174, "counter": 5926, "brambling common": 117, "brambling counter": 111,
                "bulbul common": 122, "bulbul counter": 185, "ptarmigan common": 57, "ptarmigan counter": 107,
                "prairie chicken common": 25, "prairie chicken counter": 87},
        hearsay=("brambling common", "brambling counter", "bulbul common", "bulbul counter", "ptarmigan common",
                 "ptarmigan counter", "prairie chicken common", "prairie chicken counter")),
    "nico": Source(
        title="NICO++", folders=("track_1/public_dg_0416/train",), downloads=("track_1.zip",),
        where="the NICO-plus project of xxgege (Dropbox or Tsinghua Cloud)", licence="research, non-economic use",
        counts={"contexts": 6, "classes": 60, "images": 88866}),
    "dtd": Source(
        title="Describable Textures", folders=("dtd", "dtd/dtd"),
        downloads=("dtd-r1.0.1.tar.gz (0.6 GB, MD5 fff73e5086ae6bdbea199a49dfb8a4c1)",),
        where="the Describable Textures page of the Visual Geometry Group in Oxford", licence="research",
        counts={"classes": 47, "images": 5640, "smallest class": 120, "largest class": 120}),
}


def source(name: str) -> Source:
    """The catalogue's entry. ValueError with the known names."""
    if name not in CATALOGUE:
        raise ValueError(f"unknown dataset {name!r}; known: {sorted(CATALOGUE)}")
    return CATALOGUE[name]


def world(root: str | Path) -> dict | None:
    """What ``bap-world.json`` in the folder or above it declares (name, version, hash, counts); None without one."""
    root = Path(root)
    return next((images.read_json(folder / WORLD_FILE) for folder in (root, root.parent)
                 if (folder / WORLD_FILE).exists()), None)


def expected(root: str | Path, name: str) -> dict:
    """Counts that a whole copy of dataset ``name`` below ``root`` has: the world's own, or the official ones."""
    declared = world(root)
    return source(name).counts if declared is None else declared.get("counts", {}).get(name, {})


def find(root: str | Path, name: str, *, having: str, below: Sequence[str] = ()) -> Path:
    """Folder of dataset ``name``: the first of its usual folders in ``root`` that holds ``having``, or root itself.

    below: further folders to look in. FileNotFoundError as `missing` says.
    """
    root = Path(root).expanduser()
    for folder in (*(root / usual for usual in (*source(name).folders, *below)), root):
        if (folder / having).exists():
            return folder
    raise missing(root / source(name).folders[0] / having, name)


def missing(path: str | Path, name: str) -> FileNotFoundError:
    """The error for a path that is not there: what is missing, which download brings it, which command explains it."""
    entry = source(name)
    return FileNotFoundError(
        f"{path} is missing. {entry.title}: {'; '.join(entry.downloads)}; from {entry.where} "
        f"(licence: {entry.licence}). Unpack it there, or give another data root; `bap doctor` "
        "shows what is there and what is missing.")


def check_counts(root: str | Path, name: str, found: dict, *, strict: bool) -> None:
    """Compare what a loader found with `expected`, for the counts that both name.

    ValueError listing every difference; a warning instead with strict=False, or for counts known from hearsay.
    """
    wanted = expected(root, name)
    soft = source(name).hearsay if world(root) is None else ()
    wrong = {key: f"{key}: {value}, expected {wanted[key]}" for key, value in found.items()
             if key in wanted and wanted[key] != value}
    if not wrong:
        return
    text = (f"{source(name).title} in {root} is not the whole release: {'; '.join(wrong.values())}. Unpack "
            f"{source(name).downloads[0].split(' ')[0]} again, or pass strict=False to go on with what is there")
    if strict and not set(wrong) <= set(soft):
        raise ValueError(text)
    warnings.warn(text, stacklevel=3)
