"""What of the catalogue is there below a data root: the tables that `bap data list` and `bap
data check` print.
"""

import textwrap
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bap_core import data
from bap_core.data import catalogue, file_index
from bap_core.data.acquire.download import Unfetched
from bap_core.data.acquire.fetch import verify
from bap_core.data.catalogue import readable
from bap_core.data.pictures import Listing

# How `bap data check` reads a dataset as a whole; the loader compares what it finds with the
# release's counts.
READERS: dict[str, Callable[[Path], Listing]] = {
    "cub": data.cub,
    "waterbirds": data.waterbirds,
    "places": data.places,
    "coco": data.coco,
    "dtd": data.dtd,
    "counteranimal": partial(data.counteranimal, seed=0),
    "nico": partial(data.nico, seed=0, smallest=1),
    "waterbirds-1.0": partial(data.waterbirds, correlation=100),
    "places205": partial(data.places, release="places205"),
}


def overview(root: str | Path) -> list[str]:
    """Lines for every dataset: name, title, size of what notebooks need, whether it is there,
    licence, origin.
    """
    lines = []
    for name, source in catalogue.CATALOGUE.items():
        lacking = catalogue.lacking(root, name)
        state = "missing: " + ", ".join(archive.name for archive in lacking) if lacking else "there"
        lines += [
            f"{name:15}{source.title}, {needed(source.archives)}",
            *_indented(state),
            *_indented(f"{source.licence}; from {source.where}"),
        ]
    return lines


def needed(archives: tuple[catalogue.Archive, ...] | list[catalogue.Archive]) -> str:
    """Size of a download without its extras: "1.19 GB", "about 0.5 GB", "2 files of unpublished
    size".
    """
    wanted = [archive for archive in archives if not archive.extra]
    known, unknown = (
        sum(archive.size for archive in wanted),
        sum(not archive.size for archive in wanted),
    )
    rough = "" if all(archive.bytes for archive in wanted) else "about "
    parts = [f"{rough}{readable(known)}"] if known else []
    parts += (
        [f"{unknown} {'file' if unknown == 1 else 'files'} of unpublished size"] if unknown else []
    )
    return " and ".join(parts)


def check(name: str, root: str | Path) -> bool:
    """Print what is there of dataset ``name``: archives, their checksums, and what its loader makes
    of the folder.

    True if all that notebooks need is there and whole. ValueError for an unknown name.
    """
    source, root = catalogue.source(name), Path(root).expanduser()
    whole = True
    for archive in source.archives:
        whole &= _check_archive(archive, root)
    return whole and check_reading(name, root)


def walk(name: str, root: str | Path) -> list[str]:
    """Index the large folders of dataset ``name`` (`index`); a line for each.

    ValueError for a dataset that needs no index, FileNotFoundError if it is not there.
    """
    source, root = catalogue.source(name), Path(root).expanduser()
    if not source.walked:
        slow = [other for other, entry in catalogue.CATALOGUE.items() if entry.walked]
        raise ValueError(
            f"{name} is read fast enough without an index; those that are not: {', '.join(slow)}"
        )
    if not (there := [root / folder for folder in source.walked if (root / folder).is_dir()]):
        raise catalogue.missing(root / source.walked[0], name)
    lines = []
    for folder in there:
        start = time.perf_counter()
        found = file_index.index(folder)
        lines.append(
            f"{folder}: {len(found.names):,} pictures "
            f"({readable(int(found.sizes.sum()))}) in {found.folders:,} "
            f"folders, listed in {time.perf_counter() - start:.1f} s"
        )
    return lines


def _check_archive(archive: catalogue.Archive, root: Path) -> bool:
    found = archive.there(root)
    print(
        f"{archive}: "
        + (
            f"unpacked as {found}"
            if found
            else "not needed by any notebook"
            if archive.extra
            else "missing"
        )
    )
    if (root / archive.name).is_file():
        try:
            verify(root / archive.name, archive)
        except Unfetched as error:
            print(error)
            return False
    return bool(found or archive.extra)


def check_reading(name: str, root: str | Path) -> bool:
    """Print what the loader of dataset ``name`` makes of its folder; whether it can be read, and is
    as large as its release.
    """
    if name not in READERS:
        return True
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            found = READERS[name](Path(root))
        except (ValueError, FileNotFoundError) as error:
            print(f"{name}: {error}")
            return False
    for warning in heard:
        print(f"{name}: {warning.message}")
    left_out = f"; left out: {found.skipped}" if found.skipped else ""
    print(f"{name}: its loader finds {len(found):,} rows{left_out}")
    return True


def _indented(text: str) -> list[str]:
    return textwrap.wrap(
        text, 80, initial_indent=" " * 15, subsequent_indent=" " * 15, break_on_hyphens=False
    )
