"""What files hold, by content: a digest is computed once per file and remembered by path, size,
times and inode; it is computed again when any of them differs.

And which files a process used, since a result is out of date when one of them changes: whoever
reads a file notes it, and `watch` notices what other Python code opens.
"""

import os
import sqlite3
import stat
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import file_digest, sha256
from pathlib import Path

from bap_core import runtime

Signature = tuple[int, int, int, int]  # size, mtime_ns, ctime_ns, inode

# a file changed so shortly before it was read may change again within one tick of its clock
_SETTLED_NS = 2 * 10**9
_TABLE = """CREATE TABLE IF NOT EXISTS contents
    (path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER, sha TEXT,
    checksum INTEGER)"""

_OF_THE_SYSTEM = ("/dev", "/etc", "/lib", "/proc", "/sys", "/usr")

_known: dict[str, tuple[Signature, str]] = {}
_files: dict[str, Signature] = {}  # what this process read
_folders: set[str] = set()  # and listed
_changed: list[str] = []  # found to be other than when this process read them before
_guard = threading.Lock()


def digest(path: str | Path) -> str:
    """SHA-256 of a file, in hex. FileNotFoundError if there is no ordinary file to be read."""
    found = digests([path])[0]
    if found is None:
        raise FileNotFoundError(f"{path}: no such file, or it cannot be read")
    return found


def digests(
    paths: Sequence[str | Path], *, label: str = "files", used: bool = True
) -> list[str | None]:
    """SHA-256 of every file, in hex; None where there is no ordinary file to be read.

    Only those are read that are new, or not as they were when they were read last. label: of the
    bar that is shown meanwhile. used: whether what is asked for here counts as used.
    """
    places = [os.path.abspath(path) for path in paths]
    now = {place: _signature(place) for place in dict.fromkeys(places)}
    wanted = {place: signature for place, signature in now.items() if signature}
    for place, signature in wanted.items() if used else ():
        _note(place, signature)
    _recall([place for place in wanted if place not in _known])
    if stale := [place for place in wanted if not _is_known(place, wanted[place])]:
        _remember(_read(stale, label))
    return [_known[place][1] if place in wanted and place in _known else None for place in places]


def note(path: str | Path) -> None:
    """Note that this process reads the file now."""
    place = os.path.abspath(path)
    if signature := _signature(place):
        _note(place, signature)


def note_folder(path: str | Path) -> None:
    """Note that this process uses the list of a folder's entries."""
    _folders.add(os.path.abspath(path))


def changes() -> list[str]:
    """Files that this process found changed after it had read them, once for every time. Who keeps
    what was made of files keeps it under their number.
    """
    return _changed


def watch() -> None:
    """From now on note, too, what Python code opens to read and which folders it lists, whoever
    does it. Hidden files, those of the system, of Python, of this package and of its caches, and
    temporary ones do not count.
    """
    passed_over = tuple(
        os.path.join(os.path.realpath(folder), "")
        for folder in (*_OF_THE_SYSTEM, sys.prefix, sys.base_prefix, tempfile.gettempdir())
    ) + tuple(str(folder) + os.sep for folder in (runtime.home(), Path(__file__).parent))

    def hear(event: str, arguments: tuple) -> None:
        if event not in ("open", "os.scandir", "os.listdir") or _busy.noting:
            return
        path = arguments[0]
        if event == "open" and not _reads(*arguments[1:3]):
            return
        if path is None or isinstance(path, int):
            return
        _busy.noting = True
        try:
            place = os.path.abspath(os.fsdecode(path))
            inside = f"{place}{os.sep}".startswith(passed_over)  # or the folder itself
            if not inside and f"{os.sep}." not in place:
                (note if event == "open" else note_folder)(place)
        finally:
            _busy.noting = False

    sys.addaudithook(hear)


def used() -> dict[str, str]:
    """Path -> SHA-256 of every file that this process read and that is still there, and of the
    names in every folder that it listed.
    """
    files = sorted(_files)
    found = dict(zip(files, digests(files, label="what was read")))
    listed = {folder: _entries(folder) for folder in sorted(_folders)}
    return {path: sha for path, sha in (found | listed).items() if sha}


def changed(recorded: Mapping[str, str]) -> list[str]:
    """Which of the paths of an earlier `used` hold something else now, or are gone."""
    files = [path for path in recorded if not os.path.isdir(path)]
    found: dict[str, str | None] = dict(zip(files, digests(files, label="inputs")))
    found |= {path: _entries(path) for path in recorded if path not in found}
    return [path for path, sha in recorded.items() if found[path] != sha]


class _Busy(threading.local):
    """Whether this thread is noting: what it opens meanwhile is no news."""

    noting = False


_busy = _Busy()


def _reads(mode: str | None, flags: int) -> bool:
    return not (flags & (os.O_WRONLY | os.O_RDWR) or set(mode or "") & set("wax+"))


def _note(place: str, signature: Signature) -> None:
    with _guard:
        if _files.get(place, signature) != signature:
            _changed.append(place)
        _files[place] = signature


def _signature(place: str) -> Signature | None:
    try:
        found = os.stat(place)
    except (OSError, ValueError):  # ValueError: a name with a NUL
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _entries(folder: str) -> str | None:
    try:
        names = sorted(os.fsencode(name) for name in os.listdir(folder))
    except OSError:
        return None
    return sha256(b"\0".join(names)).hexdigest()


def _is_known(place: str, signature: Signature) -> bool:
    return place in _known and _known[place][0] == signature


def _read(places: list[str], label: str) -> Iterator[tuple[str, Signature, str]]:
    with ThreadPoolExecutor(min(len(places), os.cpu_count() or 1, 16)) as pool:
        for found in runtime.progress(
            pool.map(_read_one, places), total=len(places), label=f"reading {label}", unit="file"
        ):
            if found is not None:
                yield found


def _read_one(place: str) -> tuple[str, Signature, str] | None:
    """The digest of a file that lay still while it was read; one that did not is read again."""
    before, sha = None, ""
    while (now := _signature(place)) is not None and now != before:
        try:
            with open(place, "rb") as file:
                before, sha = now, file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
    return None if now is None else (place, now, sha)


def _remember(found: Iterable[tuple[str, Signature, str]]) -> None:
    """Keep digests in this process, and in the database those of files that have settled."""
    rows = []
    try:
        for place, signature, sha in found:
            _known[place] = signature, sha
            if time.time_ns() - max(signature[1:3]) > _SETTLED_NS:
                row = (place, *signature, sha)
                rows.append((*row, _checksum(row)))
    finally:
        _ask("INSERT OR REPLACE INTO contents VALUES (?,?,?,?,?,?,?)", rows)


def _recall(places: list[str]) -> None:
    """Take over what the database knows about these files."""
    question = "SELECT * FROM contents WHERE path = ?"
    for *row, checksum in _ask(question, [(place,) for place in places]):
        if checksum == _checksum(row):
            _known[row[0]] = (row[1], row[2], row[3], row[4]), row[5]


def _checksum(row: Sequence) -> int:
    return zlib.crc32(repr(tuple(row)).encode())


def _ask(statement: str, rows: Sequence[tuple]) -> list[tuple]:
    """What the database answers to a statement for each of the rows.

    Where it cannot be read or written nothing is remembered, and files are read again.
    """
    path = runtime.home() / "contents.sqlite"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=60)) as database, database:
            database.execute(_TABLE)
            return [found for row in rows for found in database.execute(statement, row)]
    except sqlite3.OperationalError:  # locked, or not to be written
        return []
    except sqlite3.DatabaseError:  # damaged
        path.unlink(missing_ok=True)
        return []
    except OSError:
        return []
