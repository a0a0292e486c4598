"""The data that the notebooks of a profile read: datasets of the catalogue, folders of pictures."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bap_core import micro
from bap_core.data import catalogue
from bap_core.data.acquire import status
from bap_core.runner.doctor.finding import Finding, group_users
from bap_core.runner.doctor.machine import find_existing
from bap_core.runner.planning import Job

FOLDERS = ("objects", "backgrounds")  # parameters that name a folder of pictures


def check_data(jobs: Sequence[Job]) -> Iterator[Finding]:
    """The datasets that the notebooks declare, below their ``data_root``, and the folders that
    other parameters name.
    """
    releases = group_users(
        ((str(job.parameters["data_root"]), name), job.name)
        for job in jobs
        for name in job.datasets
    )
    folders = group_users(
        (path, job.name) for job in jobs for path in filter(None, map(job.parameters.get, FOLDERS))
    )
    for (root, name), users in releases.items():
        yield _check_release(root, name, users)
    for path, users in folders.items():
        yield _check_pictures(path, users)
    for root in dict.fromkeys(root for root, _ in releases if not _is_rendered(root)):
        yield from _check_room(root, [name for other, name in releases if other == root])


def _is_rendered(root: str) -> bool:
    return root.partition(":")[0] in micro.WORLDS


def _check_pictures(path: str, users: str) -> Finding:
    if _is_rendered(path):
        return Finding("ok", "pictures", f"{path}: rendered on first use {users}")
    if Path(path).expanduser().exists():
        return Finding("ok", "pictures", f"{path} {users}")
    return Finding("missing", "pictures", f"{path} {users}", "give an existing path with -p")


def _check_release(root: str, name: str, users: str) -> Finding:
    """One dataset of the catalogue, archive by archive."""
    if _is_rendered(root):
        return Finding("ok", name, f"{root}: rendered on first use {users}")
    source, lacking = catalogue.source(name), catalogue.lacking(root, name)
    if not lacking:
        return Finding("ok", name, f"there, below {root} {users}")
    direct = all(archive.address for archive in lacking)
    remedy = (
        ""
        if direct
        else " No direct address is known: this prints what to do by hand, then checks and unpacks "
        "it."
    )
    return Finding(
        "missing",
        name,
        f"{', '.join(map(str, lacking))} {users}",
        f"Licence: {source.licence}.{remedy}\n$ bap data fetch {name} --root {root}",
    )


def _check_room(root: str, names: list[str]) -> Iterator[Finding]:
    """What the missing data amount to, against the room on the disk of ``root``; archive and
    content are there at once.
    """
    lacking = [archive for name in names for archive in catalogue.lacking(root, name)]
    if not lacking:
        return
    free = shutil.disk_usage(find_existing(Path(root).expanduser())).free
    size = sum(archive.size for archive in lacking)
    needed, free_words = status.needed(lacking), catalogue.readable(free)
    detail = f"{needed} to download, twice that while unpacking; {free_words} free"
    remedy = f"free some, or give another data root than {root}" if 2 * size > free else ""
    yield Finding("note" if remedy else "ok", "disk for the data", detail, remedy)
