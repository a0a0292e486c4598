"""`bap data fetch` against a web server on the loopback address that misbehaves in every way
that we could think of.
"""

import dataclasses
import errno
import hashlib
import io
import shutil
import subprocess
import tarfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bap_core import cli
from bap_core.data import catalogue
from bap_core.data.acquire import download, fetch
from bap_core.data.acquire.download import Unfetched
from bap_core.data.catalogue import Archive, Source

PICTURE = bytes(range(256)) * 6000  # 1.5 MB, several blocks


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVE = tar({"toy/list.txt": b"1 a.jpg\n", "toy/a.jpg": PICTURE})


@dataclass
class Behaviour:
    """What the server does; asked: the Range header of every request, "" without one; sent:
    bytes of bodies.
    """

    content: bytes = ARCHIVE
    cuts: int = 0  # so many answers end after half of their body
    ranges: bool = True
    length: bool = True
    status: int = 200
    headers: dict = field(default_factory=lambda: {"ETag": '"one"'})
    pause: float = 0
    asked: list = field(default_factory=list)
    sent: int = 0


class Server(ThreadingHTTPServer):
    """Answers as its ``does`` says."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.does = Behaviour()
        self.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """A client that hangs up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        does, wanted = self.server.does, self.headers.get("Range", "")
        does.asked.append(wanted)
        time.sleep(does.pause)
        start, status = int(wanted[6:-1]) if wanted else 0, does.status
        validators = (does.headers.get("ETag"), does.headers.get("Last-Modified"), None)
        if not does.ranges or self.headers.get("If-Range") not in validators:
            start = 0
        elif wanted:
            status = 206
        self.send_response(status)
        body = does.content[start:]
        for name, value in does.headers.items():
            self.send_header(name, value)
        if does.length:
            self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header(
                "Content-Range", f"bytes {start}-{len(does.content) - 1}/{len(does.content)}"
            )
        self.end_headers()
        if does.cuts:
            does.cuts -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)
        does.sent += len(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(download, "PAUSE", 0)
    with Server() as http:
        thread = threading.Thread(
            target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        yield http
        http.shutdown()


@pytest.fixture
def toy(monkeypatch):
    """A dataset of one archive, in the catalogue for the length of a test."""
    return enter(monkeypatch)


def enter(monkeypatch, **changes) -> Source:
    known = {
        "bytes": len(ARCHIVE),
        "md5": hashlib.md5(ARCHIVE).hexdigest(),
        "holds": ("toy/list.txt",),
    }
    entry = Source(
        "Toy", ("toy",), (Archive("toy.tar", **known | changes),), "the toy page", "free", {}
    )
    monkeypatch.setitem(catalogue.CATALOGUE, "toy", entry)
    return entry


def visible(root) -> set[str]:
    return {
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.name != ".toy.lock"
    }


UNPACKED = {"toy", "toy/list.txt", "toy/a.jpg", "toy.tar"}


def test_a_dataset_is_downloaded_verified_and_unpacked(server, toy, tmp_path, capsys):
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert visible(tmp_path) == UNPACKED and (tmp_path / "toy" / "a.jpg").read_bytes() == PICTURE
    shown = capsys.readouterr().out
    assert "as published" in shown and "toy.tar (1.55 MB) are no longer needed" in shown


def test_what_is_there_is_not_asked_for_again(server, toy, tmp_path):
    fetch.fetch("toy", tmp_path, origin=server.address)
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert server.does.asked == [""]


def test_an_address_of_the_catalogue_is_used_when_nothing_else_is_said(
    server, monkeypatch, tmp_path
):
    enter(monkeypatch, address=f"{server.address}/anything")
    fetch.fetch("toy", tmp_path)
    assert visible(tmp_path) == UNPACKED


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"status": 404}, "status 404"),
        ({"headers": {"Content-Type": "text/html"}}, "a web page comes instead"),
        ({"content": ARCHIVE[:-1]}, "announces .* expected"),
        ({"content": ARCHIVE[:-1] + b"x"}, "MD5 [0-9a-f]+, expected"),
        ({"cuts": 99, "ranges": False}, "run the command again to go on"),
    ],
)
def test_an_address_of_the_catalogue_that_fails_gives_the_steps_by_hand_too(
    server, monkeypatch, tmp_path, changes, part
):
    toy = enter(monkeypatch, address=f"{server.address}/anything")
    other = Archive("more.tar", holds=("more",))
    monkeypatch.setitem(
        catalogue.CATALOGUE, "toy", dataclasses.replace(toy, archives=(*toy.archives, other))
    )
    for name, value in changes.items():
        setattr(server.does, name, value)
    with pytest.raises(
        Unfetched,
        match=f"(?s){part}.*2 of the files of Toy must be brought by hand.*toy.tar.*more.tar",
    ):
        fetch.fetch("toy", tmp_path)


def test_an_address_that_the_user_gave_fails_without_steps(server, monkeypatch, tmp_path):
    enter(monkeypatch, address=f"{server.address}/anything")
    server.does.status = 404
    with pytest.raises(Unfetched, match="is the address right") as error:
        fetch.fetch("toy", tmp_path, origin=f"{server.address}/mirror")
    assert "by hand" not in str(error.value)


# A connection that is cut


def test_a_cut_connection_is_continued_where_it_ended(server, toy, tmp_path):
    server.does.cuts = 2
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert visible(tmp_path) == UNPACKED and (tmp_path / "toy" / "a.jpg").read_bytes() == PICTURE
    first, *later = server.does.asked
    starts = [int(asked[6:-1]) for asked in later]
    assert first == "" and 0 < starts[0] < starts[1] < len(ARCHIVE)
    assert server.does.sent < len(ARCHIVE) + 2 * download.BLOCK


def test_a_connection_that_brings_nothing_new_is_given_up_and_a_later_call_goes_on(
    server, toy, tmp_path
):
    server.does.cuts, server.does.ranges = 99, False
    with pytest.raises(Unfetched, match="run the command again to go on from there"):
        fetch.fetch("toy", tmp_path, origin=server.address)
    assert (
        visible(tmp_path) == {"toy.tar.part", "toy.tar.part.json"}
        and len(server.does.asked) == download.TRIES + 1
    )
    kept = (tmp_path / "toy.tar.part").stat().st_size
    server.does.cuts, server.does.ranges, server.does.asked = 0, True, []
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert server.does.asked == [f"bytes={kept}-"] and visible(tmp_path) == UNPACKED


@pytest.mark.parametrize(
    "headers", [{"ETag": 'W/"weak"', "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"}, {}]
)
def test_a_server_without_a_strong_etag_is_continued_too(server, toy, tmp_path, headers):
    server.does.cuts, server.does.headers = 1, headers
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert len(server.does.asked) == 2 and server.does.asked[1] and visible(tmp_path) == UNPACKED


def test_a_server_that_knows_no_ranges_starts_again_cleanly(server, toy, tmp_path):
    server.does.cuts, server.does.ranges = 1, False
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert (tmp_path / "toy" / "a.jpg").read_bytes() == PICTURE


def test_a_file_that_changed_on_the_server_is_never_joined_to_the_old_part(
    server, monkeypatch, tmp_path
):
    enter(monkeypatch, bytes=0, md5="")
    server.does.cuts = 1
    monkeypatch.setattr(download, "TRIES", 0)
    with pytest.raises(Unfetched):
        fetch.fetch("toy", tmp_path, origin=server.address)
    server.does.content, server.does.headers = (
        tar({"toy/list.txt": b"new", "toy/b.jpg": PICTURE[::-1]}),
        {"ETag": '"two"'},
    )
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert (tmp_path / "toy" / "list.txt").read_bytes() == b"new" and (
        tmp_path / "toy" / "b.jpg"
    ).read_bytes() == PICTURE[::-1]


def test_a_body_of_unknown_length_that_ends_early_is_seen_by_the_size_of_the_catalogue(
    server, toy, tmp_path
):
    server.does.cuts, server.does.length = 1, False
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert (tmp_path / "toy" / "a.jpg").read_bytes() == PICTURE


def test_a_body_whose_length_nobody_knows_is_refused_before_it_comes(server, monkeypatch, tmp_path):
    enter(monkeypatch, bytes=0, md5="")
    server.does.length = False
    with pytest.raises(Unfetched, match="a cut could not be seen; nothing was downloaded"):
        fetch.fetch("toy", tmp_path, origin=server.address)
    assert not visible(tmp_path)


def test_a_stop_between_the_last_byte_and_the_move_costs_no_second_download(
    server, toy, tmp_path, monkeypatch
):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(download.Partial, "move_to", stop)
        fetch.fetch("toy", tmp_path, origin=server.address)
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert server.does.asked == [""] and visible(tmp_path) == UNPACKED


def test_ctrl_c_leaves_what_has_come_and_the_next_call_goes_on(server, toy, tmp_path, monkeypatch):
    fails(monkeypatch, after=5 * download.BLOCK, error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch("toy", tmp_path, origin=server.address)
    monkeypatch.delattr(download, "open")
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert (
        server.does.asked == ["", f"bytes={5 * download.BLOCK}-"] and visible(tmp_path) == UNPACKED
    )


def test_a_gzip_label_on_an_archive_does_not_change_its_bytes(server, monkeypatch, tmp_path):
    import gzip

    server.does.content = gzip.compress(ARCHIVE)
    server.does.headers = {"Content-Encoding": "gzip"}
    enter(
        monkeypatch,
        bytes=len(server.does.content),
        md5=hashlib.md5(server.does.content).hexdigest(),
    )
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert visible(tmp_path) == UNPACKED


# A wrong checksum


def test_a_wrong_checksum_names_both_and_takes_nothing_away(server, monkeypatch, tmp_path):
    enter(monkeypatch, md5="0" * 32)
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "mine.txt").write_text("mine")
    with pytest.raises(
        Unfetched, match=f"MD5 {hashlib.md5(ARCHIVE).hexdigest()}, expected {'0' * 32}"
    ):
        fetch.fetch("toy", tmp_path, origin=server.address)
    assert visible(tmp_path) == {"toy", "toy/mine.txt"}


def test_a_wrong_archive_of_the_users_own_stays_where_it_is(toy, tmp_path):
    (tmp_path / "toy.tar").write_bytes(ARCHIVE[:-1] + b"x")
    with pytest.raises(Unfetched, match="move it away first"):
        fetch.fetch("toy", tmp_path)
    assert visible(tmp_path) == {"toy.tar"} and (tmp_path / "toy.tar").read_bytes()[-1:] == b"x"


def test_another_length_than_the_catalogues_is_refused_before_the_download(
    server, monkeypatch, tmp_path
):
    enter(monkeypatch, bytes=12)
    with pytest.raises(Unfetched, match="announces .* expected 12"):
        fetch.fetch("toy", tmp_path, origin=server.address)
    assert not visible(tmp_path)


# A full disk


def fails(monkeypatch, *, after: int, error: BaseException) -> None:
    """Files that `download` opens for appending raise ``error`` once they are ``after`` bytes
    long.
    """

    class Limited(io.FileIO):
        def write(self, block):
            if self.tell() + len(block) > after:
                raise error
            return super().write(block)

    monkeypatch.setattr(download, "open", Limited, raising=False)


def test_too_little_room_is_refused_before_anything_is_asked_for(
    server, toy, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**7, 10**7, 2 * 10**6)
    )
    with pytest.raises(
        Unfetched, match="2 MB free, but 1.55 MB of downloads and about 1.55 MB unpacked"
    ):
        fetch.fetch("toy", tmp_path, origin=server.address)
    assert not server.does.asked and not visible(tmp_path)


def test_a_disk_that_fills_while_downloading_gives_one_error_and_keeps_what_has_come(
    server, toy, tmp_path, monkeypatch
):
    fails(
        monkeypatch,
        after=4 * download.BLOCK,
        error=OSError(errno.ENOSPC, "No space left on device"),
    )
    with pytest.raises(
        Unfetched, match="the disk of .* is full: what has come is kept in toy.tar.part"
    ):
        fetch.fetch("toy", tmp_path, origin=server.address)
    assert (tmp_path / "toy.tar.part").stat().st_size == 4 * download.BLOCK
    monkeypatch.delattr(download, "open")
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert (
        server.does.asked[1:] == [f"bytes={4 * download.BLOCK}-"] and visible(tmp_path) == UNPACKED
    )


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 1 MB, where we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_real_disk_that_fills_keeps_a_part_that_can_be_continued(
    server, monkeypatch, small_disk, tmp_path
):
    enter(monkeypatch, bytes=0)
    with pytest.raises(Unfetched, match="is full"):
        fetch.fetch("toy", small_disk, origin=server.address)
    part = (small_disk / "toy.tar.part").read_bytes()
    assert 900_000 < len(part) < 2**20 and ARCHIVE.startswith(part)
    roomy = shutil.copytree(small_disk, tmp_path / "roomy")
    fetch.fetch("toy", roomy, origin=server.address)
    assert (
        server.does.asked[-1] == f"bytes={len(part)}-"
        and (roomy / "toy" / "a.jpg").read_bytes() == PICTURE
    )


# Archives by hand, and from elsewhere


def test_an_archive_without_address_gives_numbered_steps_and_exit_code_1(toy, tmp_path, capsys):
    assert cli.main(["data", "fetch", "toy", "--root", str(tmp_path)]) == 1
    shown = capsys.readouterr().err
    for part in (
        "1. Go to the toy page",
        "2. Download",
        toy.archives[0].md5,
        f"3. Put what you got into {tmp_path}",
        "4. Run",
        f"$ bap data fetch toy --root {tmp_path}",
        "--from ADDRESS",
    ):
        assert part in shown


@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_archive_that_was_brought_by_hand_is_verified_and_unpacked(toy, tmp_path, elsewhere):
    root, shelf = tmp_path / "root", tmp_path / "shelf"
    for folder in (root, shelf):
        folder.mkdir()
    ((shelf if elsewhere else root) / "toy.tar").write_bytes(ARCHIVE)
    fetch.fetch("toy", root, origin=str(shelf) if elsewhere else "")
    assert visible(root) == UNPACKED - ({"toy.tar"} if elsewhere else set())


def test_a_file_that_is_no_archive_is_kept_as_it_is(server, monkeypatch, tmp_path):
    server.does.content = b'{"car": 0}'
    monkeypatch.setitem(
        catalogue.CATALOGUE,
        "toy",
        Source("Toy", (), (Archive("ids.json", holds=("ids.json",)),), "", "", {}),
    )
    fetch.fetch("toy", tmp_path, origin=server.address)
    assert (tmp_path / "ids.json").read_bytes() == server.does.content and visible(tmp_path) == {
        "ids.json"
    }


def test_an_archive_with_another_content_than_expected_is_said_to_be(server, monkeypatch, tmp_path):
    enter(monkeypatch, holds=("elsewhere/list.txt",))
    with pytest.raises(Unfetched, match="holds none of elsewhere/list.txt"):
        fetch.fetch("toy", tmp_path, origin=server.address)


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"status": 404}, "status 404"),
        ({"status": 503}, "status 503"),
        ({"headers": {"Content-Type": "text/html; charset=utf-8"}}, "a web page comes instead"),
    ],
)
def test_what_a_server_may_answer_instead_gives_one_message_and_exit_code_1(
    server, toy, tmp_path, capsys, changes, part
):
    for name, value in changes.items():
        setattr(server.does, name, value)
    assert (
        cli.main(["data", "fetch", "toy", "--root", str(tmp_path), "--from", server.address]) == 1
    )
    assert part in capsys.readouterr().err and not visible(tmp_path)


def test_a_server_that_is_not_there_gives_one_message(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(download, "PAUSE", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        gone = http.server_port
    with pytest.raises(Unfetched, match="the connection failed"):
        fetch.fetch("toy", tmp_path, origin=f"http://127.0.0.1:{gone}")


def test_two_who_fetch_the_same_dataset_download_it_once(server, toy, tmp_path):
    server.does.pause = 0.5
    both = [
        threading.Thread(
            target=fetch.fetch, args=("toy", tmp_path), kwargs={"origin": server.address}
        )
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert server.does.asked == [""] and visible(tmp_path) == UNPACKED


@pytest.mark.parametrize(
    "arguments, part",
    [
        (["fetch", "plases"], "did you mean 'places'"),
        (["check", "plases"], "did you mean 'places'"),
        (["index", "plases"], "did you mean 'places'"),
        (["index", "cub"], "those that are not: places, places205"),
        (["index", "places"], "is missing"),
        (["fetch", "cub", "--from", "ftp://somewhere"], "neither a folder nor an address"),
    ],
)
def test_a_slip_gives_one_message_and_exit_code_2(tmp_path, capsys, arguments, part):
    assert cli.main(["data", *arguments, "--root", str(tmp_path)]) == 2
    assert part in capsys.readouterr().err and not visible(tmp_path)
