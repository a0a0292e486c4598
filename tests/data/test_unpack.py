"""Unpacking: nothing lands outside the folder, nothing that was there is replaced, a broken
archive changes nothing.
"""

import errno
import gzip
import io
import lzma
import shutil
import stat
import tarfile
import zipfile
from typing import Literal

import numpy as np
import pytest

from bap_core.data.acquire import unpack
from bap_core.data.acquire.download import Unfetched


def tar_of(path, *members, mode: Literal["w", "w:gz", "w:xz", "w:bz2"] = "w"):
    """members: (name, content) or (name, kind, target)."""
    with tarfile.open(path, mode) as archive:
        for name, what, *target in members:
            member = tarfile.TarInfo(name)
            if target:
                member.type, member.linkname = what, target[0]
                archive.addfile(member)
            else:
                member.size = len(what)
                archive.addfile(member, io.BytesIO(what))
    return path


def zip_of(path, files: dict, mode=0):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def into(root, archive):
    return unpack.unpack(archive, root, beside=root / ".unpacking")


def everything(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize(
    "name, mode", [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.tar.gz", "w:gz"), ("a.tar.xz", "w:xz")]
)
def test_every_kind_of_tar_is_unpacked(tmp_path, root, name, mode):
    archive = tar_of(
        tmp_path / name, ("toy/a b.txt", b"one"), ("toy/deep/c.txt", b"two"), mode=mode
    )
    assert into(root, archive) == 2
    assert everything(root) == {"toy", "toy/a b.txt", "toy/deep", "toy/deep/c.txt"}
    assert (root / "toy" / "deep" / "c.txt").read_bytes() == b"two"


def test_a_zip_is_unpacked(tmp_path, root):
    into(root, zip_of(tmp_path / "a.zip", {"toy/a.txt": "one", "toy/hot air balloon/b.txt": "two"}))
    assert (root / "toy" / "hot air balloon" / "b.txt").read_text() == "two"


@pytest.mark.parametrize(
    "member",
    [
        ("../out.txt", b"x"),
        ("toy/../../out.txt", b"x"),
        ("/out.txt", b"x"),
        ("..\\out.txt", b"x"),
        ("C:\\out.txt", b"x"),
        ("toy/link", tarfile.SYMTYPE, "../../out.txt"),
        ("toy/link", tarfile.SYMTYPE, "/etc/passwd"),
        ("toy/link", tarfile.LNKTYPE, "../out.txt"),
        ("toy/pipe", tarfile.FIFOTYPE, ""),
        ("toy/disk", tarfile.BLKTYPE, ""),
    ],
)
def test_a_tar_entry_that_leaves_is_refused_before_anything_is_written(tmp_path, root, member):
    archive = tar_of(tmp_path / "a.tar", ("toy/good.txt", b"good"), member)
    before = everything(tmp_path)
    with pytest.raises(Unfetched, match="nothing was unpacked: its entry"):
        into(root, archive)
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "name, mode",
    [
        ("../out.txt", 0),
        ("/out.txt", 0),
        ("toy\\..\\..\\out.txt", 0),
        ("C:/out.txt", 0),
        ("toy/link", stat.S_IFLNK | 0o777),
    ],
)
def test_a_zip_entry_that_leaves_is_refused_before_anything_is_written(tmp_path, root, name, mode):
    archive = zip_of(tmp_path / "a.zip", {"good.txt": "good", name: "x"}, mode)
    before = everything(tmp_path)
    with pytest.raises(Unfetched, match="nothing was unpacked: its entry"):
        into(root, archive)
    assert everything(tmp_path) == before


def test_a_link_that_stays_inside_is_kept(tmp_path, root):
    into(
        root,
        tar_of(tmp_path / "a.tar", ("toy/a.txt", b"one"), ("toy/link", tarfile.SYMTYPE, "a.txt")),
    )
    assert (root / "toy" / "link").is_symlink() and (root / "toy" / "link").read_bytes() == b"one"


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip", "a.txt"])
def test_an_archive_that_is_cut_short_changes_nothing(tmp_path, root, name):
    import os

    archive, noise = tmp_path / name, os.urandom(50_000)
    if name.endswith("zip"):
        zip_of(archive, {"toy/a": noise})
    else:
        tar_of(
            archive, ("toy/a", noise), ("toy/b", noise), mode="w:gz" if name.endswith("gz") else "w"
        )
    archive.write_bytes(
        b"hello"
        if name.endswith("txt")
        else archive.read_bytes()[: 70_000 if "zip" not in name else 30_000]
    )
    with pytest.raises(Unfetched, match="get it again"):
        into(root, archive)
    assert not everything(root)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_that_ends_after_any_of_its_files_is_not_whole(tmp_path, root, mode):
    members = [(f"toy/{i}", bytes([i]) * 700 * i) for i in range(5)]
    inside = tar_of(tmp_path / "inside.tar", *members)
    ends = [512 * (n + sum(-(-700 * i // 512) for i in range(n))) for n in range(1, 6)]
    for end in ends:
        archive, opened = tmp_path / f"a{end}", OPEN[mode]
        with opened(archive, "wb") as file:
            file.write(inside.read_bytes()[:end])
        with pytest.raises(Unfetched, match="the zeros that end a tar: it is cut short"):
            into(root, archive)
    assert not everything(root)


OPEN = {"w": open, "w:gz": gzip.open, "w:xz": lzma.open}


def test_a_tar_with_a_damaged_header_loses_no_file_in_silence(tmp_path, root):
    archive = tar_of(tmp_path / "a.tar", ("toy/a", b"one"), ("toy/b", b"two"), ("toy/c", b"three"))
    whole = archive.read_bytes()
    for at in (1024 + 3, 1024 + 130, 1024 + 150, 2048 + 300):
        archive.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Unfetched, match="a header is damaged"):
            into(root, archive)
    assert not everything(root)


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_a_compressed_tar_with_one_changed_byte_is_refused_or_gives_the_same(tmp_path, mode):
    content = np.random.default_rng(0).bytes(3000)
    archive = tar_of(tmp_path / "a.tar", ("toy/a", content), ("toy/b", b"two" * 900), mode=mode)
    whole, refused = archive.read_bytes(), 0
    for at in range(0, len(whole), len(whole) // 40):
        archive.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        root = tmp_path / f"root{at}"
        root.mkdir()
        try:
            into(root, archive)
        except Unfetched:
            refused += not everything(root)
        else:
            assert (root / "toy" / "a").read_bytes() == content
            assert (root / "toy" / "b").read_bytes() == b"two" * 900
    assert refused > 20


def test_files_that_are_there_stay_and_missing_ones_are_added(tmp_path, root):
    (root / "toy").mkdir()
    (root / "toy" / "mine.txt").write_text("mine")
    (root / "toy" / "a.txt").write_text("1ne")
    into(root, tar_of(tmp_path / "a.tar", ("toy/a.txt", b"one"), ("toy/b.txt", b"two")))
    assert (
        everything(root) == {"toy", "toy/mine.txt", "toy/a.txt", "toy/b.txt"}
        and (root / "toy" / "a.txt").read_text() == "1ne"
    )


def test_a_file_that_differs_is_not_replaced_and_nothing_else_is_moved(tmp_path, root):
    (root / "toy").mkdir()
    (root / "toy" / "b.txt").write_text("something of mine")
    with pytest.raises(Unfetched, match="b.txt is there already and differs"):
        into(root, tar_of(tmp_path / "a.tar", ("toy/a.txt", b"one"), ("toy/b.txt", b"two")))
    assert everything(root) == {"toy", "toy/b.txt"}


def test_a_left_over_of_an_unpacking_that_was_killed_is_replaced(tmp_path, root):
    (root / ".unpacking" / "half").mkdir(parents=True)
    into(root, tar_of(tmp_path / "a.tar", ("toy/a.txt", b"one")))
    assert everything(root) == {"toy", "toy/a.txt"}


def test_too_little_room_is_seen_before_unpacking(tmp_path, root, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 100, 2))
    with pytest.raises(Unfetched, match="unpacks to 3 bytes, .* has 2 bytes free"):
        into(root, tar_of(tmp_path / "a.tar", ("toy/a.txt", b"one")))


def test_a_disk_that_fills_while_unpacking_gives_one_error_and_keeps_the_archive(
    tmp_path, root, monkeypatch
):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = tar_of(tmp_path / "a.tar", ("toy/a.txt", b"one"))
    monkeypatch.setattr(tarfile.TarFile, "extract", full)
    with pytest.raises(Unfetched, match="is full: a.tar is kept"):
        into(root, archive)
    assert archive.exists() and not everything(root)
