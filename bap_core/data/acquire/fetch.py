"""`bap data fetch`: bring what a dataset lacks below the data root, check it, unpack it; or say how
to do it by hand.

An archive is taken from the data root if it lies there, else from where the caller says, else from
its address in the catalogue. Whoever asks second for the same dataset waits for the first.
"""

import hashlib
import shutil
from functools import partial
from pathlib import Path
from urllib.parse import quote

from bap_core import store
from bap_core.data import catalogue
from bap_core.data.acquire.download import Partial, Unfetched, Unserved, download
from bap_core.data.acquire.unpack import unpack
from bap_core.data.catalogue import Archive, readable

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")


def fetch(name: str, root: str | Path, *, origin: str = "", extras: bool = False) -> None:
    """Make dataset ``name`` whole below ``root``, with a line for every step.

    origin: a folder that holds the archives, or the http(s) address of one. extras: also what no
    notebook needs. ValueError for an unknown name or origin; `Unfetched` for what must be done by
    hand (numbered steps, also where the catalogue's own address fails) and for whatever went wrong
    with network, disk or content. Nothing that was there before is changed.
    """
    source, root = catalogue.source(name), Path(root).expanduser()
    _known_origin(origin)
    root.mkdir(parents=True, exist_ok=True)
    with store.alone(root / f".{name}.lock", f"fetching {name}"):
        lacking = {
            archive: _whence(archive, root, origin)
            for archive in catalogue.lacking(root, name, extras=extras)
        }
        brought = {archive: whence for archive, whence in lacking.items() if whence}
        _enough_room(brought, root)
        by_hand = [archive for archive, whence in lacking.items() if not whence]
        for archive, whence in brought.items():
            try:
                _bring(archive, whence, root)
            except Unserved as error:
                if whence != archive.address:
                    raise
                raise Unfetched(f"{error}\n{steps(name, root, [archive, *by_hand])}") from None
    if by_hand:
        raise Unfetched(steps(name, root, by_hand))
    print(f"{source.title} is there, in {root}")
    _may_be_removed(source.archives, root)


def steps(name: str, root: Path, archives: list[Archive]) -> str:
    """What to do by hand for archives that no address gives, numbered."""
    source = catalogue.source(name)
    instead = f" (or {source.instead}, unpacked there)" if source.instead else ""
    files = [
        f"     - {archive}{f', MD5 {archive.md5}' if archive.md5 else ''}" for archive in archives
    ]
    lines = [
        f"{len(archives)} of the files of {source.title} must be brought by hand:",
        f"  1. Go to {source.where}.",
        f"     Licence: {source.licence}.",
        f"  2. Download{instead}:",
        *files,
        f"  3. Put what you got into {root}, as it is: do not unpack it.",
        "  4. Run the same command again; it checks and unpacks the files:",
        f"     $ bap data fetch {name} --root {root}",
        "If you know an address (or a folder) that holds these files, add --from ADDRESS instead.",
    ]
    return "\n".join(lines)


def verify(path: Path, archive: Archive) -> None:
    """Check size and MD5 of a file against the catalogue, as far as it knows them. Unfetched
    with both values.
    """
    size = path.stat().st_size
    if archive.bytes and size != archive.bytes:
        raise Unfetched(
            f"{archive.name}: {size:,} bytes, expected {archive.bytes:,}. "
            f"{_REMEDY.format(path.name)}"
        )
    found = _md5(path)
    if archive.md5 and found != archive.md5:
        raise Unfetched(
            f"{archive.name}: MD5 {found}, expected {archive.md5}. {_REMEDY.format(path.name)}"
        )
    print(
        f"{archive.name}: MD5 {found}, "
        + (
            "as published"
            if archive.md5
            else "but none is published to compare it with, so its content cannot be checked"
        )
    )


_REMEDY = (
    "It is cut short, damaged or another release: run the command again, and if {} is still "
    "in the data root, "
    "move it away first"
)


def _md5(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()


def _known_origin(origin: str) -> None:
    if (
        origin
        and not origin.startswith(("http://", "https://"))
        and not Path(origin).expanduser().is_dir()
    ):
        raise ValueError(
            f"{origin!r} is neither a folder nor an address that begins with http:// or https://"
        )


def _whence(archive: Archive, root: Path, origin: str) -> Path | str | None:
    """A file, an address, or None if the archive must be brought by hand."""
    if (root / archive.name).exists():
        return root / archive.name
    if origin.startswith(("http://", "https://")):
        return f"{origin.rstrip('/')}/{quote(archive.name)}"
    beside = Path(origin).expanduser() / archive.name
    return beside if origin and beside.exists() else archive.address or None


def _enough_room(brought: dict[Archive, Path | str], root: Path) -> None:
    """Refuse before a long download what cannot end well: archives that come over the network,
    and all unpacked.
    """
    downloads = sum(
        max(archive.size - Partial(root / archive.name).have, 0)
        for archive, whence in brought.items()
        if isinstance(whence, str)
    )
    unpacked = sum(archive.size for archive in brought if _packed(archive))
    free = shutil.disk_usage(root).free
    if downloads + unpacked > free:
        raise Unfetched(
            f"{root} has {readable(free)} free, but {readable(downloads)} of downloads "
            "and about "
            f"{readable(unpacked)} unpacked are to come: free some, or give another "
            "--root"
        )


def _packed(archive: Archive) -> bool:
    return archive.name.endswith(SUFFIXES)


def _bring(archive: Archive, whence: Path | str, root: Path) -> None:
    print(f"{archive.name}: from {whence}")
    if isinstance(whence, str):
        whence = download(
            whence, root / archive.name, size=archive.bytes, check=partial(verify, archive=archive)
        )
    else:
        verify(whence, archive)
    if _packed(archive):
        count = unpack(whence, root, beside=archive.unpacking(root))
        print(f"{archive.name}: {count:,} entries unpacked")
    elif whence.parent != root:
        with store.atomic_write(root / archive.name) as temporary:
            shutil.copyfile(whence, temporary)
    if archive.there(root) is None:
        raise Unfetched(
            f"{archive.name} is unpacked in {root}, but holds none of "
            f"{', '.join(archive.holds)}: is it the "
            "right file, or does everything lie one folder deeper?"
        )


def _may_be_removed(archives: tuple[Archive, ...], root: Path) -> None:
    if left := [
        root / archive.name
        for archive in archives
        if _packed(archive) and (root / archive.name).is_file()
    ]:
        size = sum(path.stat().st_size for path in left)
        print(
            f"{', '.join(path.name for path in left)} ({readable(size)}) are no longer needed "
            "and may be deleted"
        )
