"""Digests follow the content of files, whatever their names, sizes and times say."""

import os
import sqlite3
import subprocess
import sys
import threading
from hashlib import sha256

import pytest

from bap_core import contents


def sha(content: bytes) -> str:
    return sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def fresh(home, monkeypatch):
    """A process that has read nothing, with a database of its own."""
    forget(monkeypatch)


def forget(monkeypatch):
    for name, empty in (("_known", {}), ("_files", {}), ("_folders", set()), ("_changed", [])):
        monkeypatch.setattr(contents, name, empty)


@pytest.fixture
def reads(monkeypatch):
    """Paths of the files that are read, in order."""
    found, read = [], contents._read_one
    monkeypatch.setattr(contents, "_read_one", lambda place: (found.append(place), read(place))[1])
    return found


def settled(path, content: bytes):
    path.write_bytes(content)
    os.utime(path, (1, 1))
    return path


def test_a_digest_is_the_sha256_of_the_content_in_the_order_asked_for(tmp_path):
    paths = [settled(tmp_path / name, name.encode()) for name in "abc"]
    wanted = [paths[2], paths[0], tmp_path / "none", paths[2]]
    assert contents.digests(wanted) == [sha(b"c"), sha(b"a"), None, sha(b"c")]
    assert contents.digest(paths[1]) == sha(b"b")
    with pytest.raises(FileNotFoundError, match="none: no such file"):
        contents.digest(tmp_path / "none")


def test_what_is_no_ordinary_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").mkdir()
    (tmp_path / "c.jpg").symlink_to(tmp_path / "c.jpg")
    assert contents.digests([tmp_path / f"{name}.jpg" for name in "abc"]) == [None] * 3


def test_a_file_is_read_once_by_all_processes_together(tmp_path, reads, monkeypatch):
    path = settled(tmp_path / "a", b"1")
    monkeypatch.setattr(contents, "_SETTLED_NS", -1)  # as if the file had lain there for long
    assert contents.digest(path) == contents.digest(path) == sha(b"1") and len(reads) == 1
    forget(monkeypatch)
    assert contents.digest(path) == sha(b"1") and len(reads) == 1


def test_a_file_that_was_written_just_now_is_not_remembered_for_others(
    tmp_path, reads, monkeypatch
):
    (tmp_path / "a").write_bytes(b"1")
    contents.digest(tmp_path / "a")
    forget(monkeypatch)
    contents.digest(tmp_path / "a")
    assert len(reads) == 2


def in_place(path, content):
    path.write_bytes(content)


def in_place_with_its_time(path, content):
    times = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def moved_over(path, content):
    times = path.stat()
    other = path.with_suffix(".new")
    other.write_bytes(content)
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


def linked_elsewhere(path, content):
    other = path.with_suffix(".other")
    moved_over(path, path.read_bytes())
    other.write_bytes(content)
    path.unlink()
    path.symlink_to(other)


@pytest.mark.parametrize("change", [in_place, in_place_with_its_time, moved_over, linked_elsewhere])
def test_another_content_of_the_same_length_is_noticed_however_it_came(
    tmp_path, monkeypatch, change
):
    path = settled(tmp_path / "a", b"one")
    monkeypatch.setattr(contents, "_SETTLED_NS", -1)
    assert contents.digest(path) == sha(b"one") and contents.changes() == []
    change(path, b"two")
    assert contents.digest(path) == sha(b"two") and contents.changes() == [str(path)]
    forget(monkeypatch)
    assert contents.digest(path) == sha(b"two")


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    path, digest = tmp_path / "a", contents.file_digest
    path.write_bytes(b"one")

    def slow(file, name):
        found = digest(file, name)
        if path.read_bytes() == b"one":
            path.write_bytes(b"three")
        return found

    monkeypatch.setattr(contents, "file_digest", slow)
    assert contents.digest(path) == sha(b"three")


@pytest.mark.parametrize("damage", ["no database", "cut", "flipped", "a folder"])
def test_a_damaged_database_only_means_that_files_are_read_again(
    tmp_path, home, monkeypatch, damage
):
    path, database = settled(tmp_path / "a", b"1"), home / "contents.sqlite"
    monkeypatch.setattr(contents, "_SETTLED_NS", -1)
    contents.digest(path)
    content = database.read_bytes()
    database.unlink()
    if damage == "a folder":
        database.mkdir()
    else:
        flipped = bytes(255 - byte for byte in content[:200]) + content[200:]
        damaged = {"no database": b"x" * 999, "cut": content[:5000], "flipped": flipped}
        database.write_bytes(damaged[damage])
    for _ in range(2):
        forget(monkeypatch)
        assert contents.digest(path) == sha(b"1")


def test_a_home_that_cannot_be_written_only_means_that_files_are_read_again(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "file" / "home"))
    assert contents.digest(settled(tmp_path / "a", b"1")) == sha(b"1")


def test_many_threads_that_ask_at_once_get_the_same(tmp_path, home):
    paths = [settled(tmp_path / f"{i}", str(i).encode()) for i in range(50)]
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(contents.digests(paths))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[sha(str(i).encode()) for i in range(50)]] * 8


def test_used_lists_what_was_read_and_changed_tells_what_is_other_now(tmp_path):
    one, two = settled(tmp_path / "one", b"1"), settled(tmp_path / "two", b"2")
    folder = tmp_path / "folder"
    folder.mkdir()
    contents.note(one)
    contents.digest(two)
    contents.note_folder(folder)
    contents.note(tmp_path / "never there")
    used = contents.used()
    assert list(used) == [str(one), str(two), str(folder)] and used[str(one)] == sha(b"1")
    assert contents.changed(used) == []
    one.write_bytes(b"3")
    two.unlink()
    (folder / "more").touch()
    assert contents.changed(used) == [str(one), str(two), str(folder)]
    assert contents.changed({str(tmp_path / "gone"): "0"}) == [str(tmp_path / "gone")]


WATCHED = """
import sys
from pathlib import Path
from bap_core import contents
root = Path(sys.argv[1])
contents.watch()
(root / "read.txt").read_text()
open(root / "written.txt", "w").write("new")
list((root / "folder").iterdir())
list((root / "temporary").iterdir())  # of the system's own temporary files
(root / ".hidden").read_text()
import json, sqlite3, email
print(*sorted(Path(path).name for path in contents.used()))
"""


def test_watching_notices_what_python_opens_and_lists_but_neither_libraries_nor_hidden_files(
    tmp_path, monkeypatch
):
    for name in ("read.txt", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder" / "of").mkdir(parents=True)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["folder", "read.txt"]


def test_the_database_says_which_file_has_which_digest(tmp_path, home, monkeypatch):
    monkeypatch.setattr(contents, "_SETTLED_NS", -1)
    path = settled(tmp_path / "a", b"1")
    contents.digest(path)
    with sqlite3.connect(home / "contents.sqlite") as database:
        [(name, size, *_, digest, checksum)] = database.execute("SELECT * FROM contents").fetchall()
        assert (name, size, digest) == (str(path), 1, sha(b"1"))
        database.execute("UPDATE contents SET sha = ?", (sha(b"2"),))  # a flipped bit, say
    forget(monkeypatch)
    assert checksum and contents.digest(path) == sha(b"1")
