"""One file over HTTP, resumable: written beside its place, continued after a cut, moved there when
it is whole.

``X.part`` holds what has come so far and ``X.part.json`` says of which file: address, validator and
length. The rest is asked for by Range with If-Range, so a server whose file has changed, or that
knows no ranges, sends all of it. (pooch, the usual library for this, removes what has come whenever
a download fails; requests leaves that to us.)
"""

import errno
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import urllib3
from tqdm import tqdm

from bap_core.data.catalogue import readable

BLOCK = 1 << 17  # bytes; at most this much is lost by a cut
TRIES = 5  # connections in a row that bring nothing new
PAUSE = 2.0  # seconds before the next of them, doubled each time
TIMEOUT = (15, 60)  # seconds to connect, and without a byte
_CUT = (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError)


class Unfetched(OSError):
    """Something outside the program kept a file from coming: network, server, disk or content.
    Says what to do.
    """


class Unserved(Unfetched):
    """An address did not give the right file: it, the server or the connection is to blame, not
    this machine.
    """


class Partial:
    """What has come of ``path`` so far, and of which file at which address it is a part."""

    def __init__(self, path: Path):
        self.path = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")

    @property
    def have(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    def known(self, address: str) -> dict:
        """``{"validator": ..., "total": ...}`` of the partial file if it came from ``address``,
        else empty.
        """
        try:
            note = json.loads(self._note.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return note if note.get("address") == address and self.have else {}

    def begin(self, address: str, answer: requests.Response) -> None:
        """Forget what was there, and remember what ``answer`` is about to send."""
        self.discard()
        strong = answer.headers.get("ETag", "W/")
        validator = answer.headers.get("Last-Modified", "") if strong.startswith("W/") else strong
        total = _length(answer)
        self._note.write_text(
            json.dumps({"address": address, "validator": validator, "total": total})
        )

    def discard(self) -> None:
        """Remove the partial file and its note."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def move_to(self, path: Path) -> None:
        """Give the whole file its name."""
        os.replace(self.path, path)
        self._note.unlink(missing_ok=True)


def download(
    address: str,
    path: str | Path,
    *,
    size: int = 0,
    check: Callable[[Path], None] = lambda path: None,
) -> Path:
    """Bring the file at ``address`` to ``path``, going on with what an earlier call has left.

    size: bytes it must have, 0 if unknown. check(file) raises `Unfetched` for wrong content, which
    is then dropped. Unserved for such content, a server that refuses, and a connection that brings
    nothing new `TRIES` times in a row; Unfetched for a full disk. The last two keep what has come.
    """
    path = Path(path)
    part, furthest, fruitless = Partial(path), -1, 0
    with disk_may_fill(
        path.parent,
        f"what has come is kept in {part.path.name}; free some and run the command again",
    ):
        while (reason := _go_on(address, part, size)) is not None:
            fruitless = 0 if part.have > furthest else fruitless + 1
            furthest = max(furthest, part.have)
            if fruitless == TRIES:
                raise Unserved(
                    f"{address}: {reason}. {readable(part.have)} are kept in "
                    f"{part.path}; run the command "
                    "again to go on from there"
                )
            print(f"{path.name}: {reason}; trying again", file=sys.stderr)
            time.sleep(PAUSE * 2**fruitless)
    try:
        check(part.path)
    except Unfetched as error:
        part.discard()
        raise Unserved(str(error)) from None
    part.move_to(path)
    return path


@contextmanager
def disk_may_fill(folder: Path, advice: str) -> Iterator[None]:
    """Turn a full disk (or quota) below ``folder`` into one clear `Unfetched`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Unfetched(f"the disk of {folder} is full: {advice}") from None


def _go_on(address: str, part: Partial, size: int) -> str | None:
    """One connection. None if the file is whole afterwards, else why it is not and another try
    may help.
    """
    known = part.known(address)
    have, total = (part.have, known["total"]) if known else (0, 0)
    if have and have == total:
        return None
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if known["validator"]:
            headers["If-Range"] = known["validator"]
    try:
        with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if reason := _unusable(answer, part, have, total):
                return reason
            if answer.status_code == 200:
                _refuse_another_file(answer, address, size)
                part.begin(address, answer)
            _receive(answer, part, total or size)
    except _CUT as error:
        return f"the connection failed ({type(error).__name__})"
    except requests.RequestException as error:
        raise Unserved(f"{address}: {error}") from None
    return "the connection ended early" if part.have < (total or size) else None


def _unusable(answer: requests.Response, part: Partial, have: int, total: int) -> str | None:
    """Why the answer cannot be taken, if another try may help; Unserved if none will."""
    status, span = answer.status_code, answer.headers.get("Content-Range", "")
    if (
        status == 206
        and have
        and re.fullmatch(rf"bytes {have}-[0-9]+/({total or '[0-9]+'}|[*])", span)
    ):
        return None
    if status in (206, 416):
        part.discard()
        return (
            f"the server does not continue the partial file (status {status}), so it starts again"
        )
    if status == 429 or status >= 500:
        return f"the server answers with status {status}"
    if status != 200:
        raise Unserved(
            f"{answer.url}: the server answers with status {status} ({answer.reason}); "
            "is the address right?"
        )
    return None


def _refuse_another_file(answer: requests.Response, address: str, size: int) -> None:
    announced = _length(answer)
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise Unserved(
            f"{address}: a web page comes instead of the file (a form or a log-in?); "
            "open it in a browser"
        )
    if size and announced and announced != size:
        raise Unserved(
            f"{address}: the server announces {announced:,} bytes, expected {size:,}; "
            "nothing was downloaded"
        )
    in_chunks = answer.headers.get("Transfer-Encoding", "").lower() == "chunked"
    if not (size or announced or in_chunks):
        raise Unserved(
            f"{address}: the server does not say how long the file is, and no length is published, "
            "so that a cut could not be seen; nothing was downloaded"
        )


def _length(answer: requests.Response) -> int:
    """Bytes that are announced, 0 if none or nonsense is."""
    announced = answer.headers.get("Content-Length", "")
    return int(announced) if announced.isdecimal() else 0


def _receive(answer: requests.Response, part: Partial, total: int) -> None:
    # Raw bytes: some servers label a .tgz as Content-Encoding gzip, and decoding would change the
    # file.
    with (
        open(part.path, "ab") as file,
        tqdm(
            total=total or None,
            initial=part.have,
            desc=part.path.stem,
            unit="B",
            leave=False,
            unit_scale=True,
            disable=not sys.stderr.isatty(),
        ) as bar,
    ):
        for block in answer.raw.stream(BLOCK, decode_content=False):
            file.write(block)
            bar.update(len(block))
