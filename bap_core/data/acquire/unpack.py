"""Unpack an archive so that nothing can land outside its folder: every name is looked at before
anything is written.

The files go into a folder beside their place first and are moved when all are there. Nothing that
was there before is replaced. An archive is read to its very end, where the libraries stop early: a
tar that is cut between two files, or has a damaged header, looks like one with fewer files, and the
checksum of a compressed one stands behind everything.
"""

import lzma
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from bap_core import runtime
from bap_core.data.acquire.download import Unfetched, disk_may_fill
from bap_core.data.catalogue import readable

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    lzma.LZMAError,
)
_BLOCK = 512  # bytes of a tar's header, and of the zeros that end it


@dataclass(frozen=True)
class Entry:
    """One thing in an archive. target: where a link points; size: bytes; plain: a file, folder
    or link.
    """

    name: str
    target: str
    size: int
    plain: bool
    extract: Callable[[Path], object]

    @property
    def leaves(self) -> bool:
        """Whether it could land or point outside: absolute, with ``..``, or something like a
        device.
        """
        paths = [path.replace("\\", "/") for path in (self.name, self.target)]
        return not self.plain or any(
            path.startswith("/") or ".." in path.split("/") or re.match("[A-Za-z]:/", path)
            for path in paths
        )


def unpack(archive: str | Path, root: str | Path, *, beside: str | Path) -> int:
    """Unpack a tar (plain or compressed) or zip file into the folder ``root``; returns the number
    of entries.

    beside: temporary folder on the same disk; a left-over is replaced. Unfetched for an archive
    that is broken, has an entry that leaves, needs more room than there is, or disagrees with files
    that are there; then ``root`` is as it was.
    """
    archive, root, beside = Path(archive), Path(root), Path(beside)
    with _broken_means(archive):
        count = _looked_at(archive, root)
        shutil.rmtree(beside, ignore_errors=True)
        try:
            with disk_may_fill(
                root, f"{archive.name} is kept; free some and run the command again"
            ):
                beside.mkdir()
                for entry in runtime.progress(
                    _entries(archive), total=count, label=archive.name, unit="file"
                ):
                    entry.extract(beside)
            _move_in(beside, root)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return count


@contextmanager
def _broken_means(archive: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise _broken(archive, str(error) or type(error).__name__) from None
    except OSError as error:
        # the libraries' own words for damaged content (gzip, bz2) have no number of the system's
        if error.errno is not None or isinstance(error, Unfetched):
            raise
        raise _broken(archive, str(error)) from None


def _broken(archive: Path, reason: str) -> Unfetched:
    return Unfetched(f"{archive} is not a whole archive ({reason}): get it again")


def _looked_at(archive: Path, root: Path) -> int:
    """Number of entries, after a look at every name and at the room that they need."""
    count = size = 0
    for entry in runtime.progress(
        _entries(archive), label=f"looking at {archive.name}", unit="file"
    ):
        if entry.leaves:
            what = f"{entry.name} -> {entry.target}" if entry.target else entry.name
            raise Unfetched(
                f"{archive} is refused and nothing was unpacked: its entry {what} "
                "would leave the folder, or "
                "is no plain file"
            )
        count, size = count + 1, size + entry.size
    if size > (free := shutil.disk_usage(root).free):
        raise Unfetched(
            f"{archive.name} unpacks to {readable(size)}, {root} has {readable(free)} "
            "free: free some"
        )
    return count


def _entries(archive: Path) -> Iterator[Entry]:
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as file:
            yield from _of_tar(file)
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            yield from _of_zip(file)
    else:
        raise Unfetched(f"{archive} is neither a tar nor a zip file, or is cut short: get it again")


def _of_tar(file: tarfile.TarFile) -> Iterator[Entry]:
    while (member := file.next()) is not None:
        link = member.issym() or member.islnk()
        yield Entry(
            member.name,
            member.linkname if link else "",
            member.size,
            link or member.isfile() or member.isdir(),
            partial(file.extract, member, filter="data"),
        )
        # tarfile remembers every entry; two million of them would fill the memory
        cast(Any, file).members.clear()  # the stubs lack the name
    _read_end(file)


def _read_end(file: tarfile.TarFile) -> None:
    """ReadError unless zeros, and nothing else, follow the last entry up to the end of the file.

    tarfile takes the end of the file, and a header that it cannot read, for the end of the archive.
    """
    stream = cast(Any, file.fileobj)  # open as long as the archive is
    stream.seek(file.offset)
    end = stream.read(_BLOCK)
    if len(end) < _BLOCK:
        raise tarfile.ReadError("it ends without the zeros that end a tar: it is cut short")
    while end:
        if end.strip(b"\0"):
            raise tarfile.ReadError("something else than files follows: a header is damaged")
        end = stream.read(1 << 20)


def _of_zip(file: zipfile.ZipFile) -> Iterator[Entry]:
    for member in file.infolist():
        kind = stat.S_IFMT(member.external_attr >> 16)
        yield Entry(
            member.filename,
            "",
            member.file_size,
            kind in (0, stat.S_IFREG, stat.S_IFDIR),
            partial(file.extract, member),
        )


def _move_in(beside: Path, root: Path) -> None:
    if clash := next(_clashes(beside, root), None):
        raise Unfetched(
            f"{clash} is there already and differs from the one in the archive: move "
            "it away, or give another root"
        )
    _merge(beside, root)


def _clashes(new: Path, old: Path) -> Iterator[Path]:
    """What is there and is neither a folder on both sides nor a file of the same size."""
    for entry in os.scandir(new):
        there = old / entry.name
        if entry.is_dir(follow_symlinks=False) and there.is_dir():
            yield from _clashes(Path(entry.path), there)
        elif os.path.lexists(there):
            alike = (
                there.is_file() and entry.is_file() and there.stat().st_size == entry.stat().st_size
            )
            yield from [] if alike else [there]


def _merge(new: Path, old: Path) -> None:
    for entry in list(os.scandir(new)):
        there = old / entry.name
        if not os.path.lexists(there):
            os.rename(entry.path, there)
        elif there.is_dir():
            _merge(Path(entry.path), there)
