import os
import subprocess
import sys
import tempfile
import threading

import pytest
import torch

from bap_core import store


def test_a_key_does_not_depend_on_order_and_changes_with_any_value():
    assert store.key(a=1, b="x") == store.key(b="x", a=1)
    assert len({store.key(a=1), store.key(a=2), store.key(a="1"), store.key(b=1)}) == 4


def test_arrays_are_made_once_and_read_back_equal(home):
    calls = []

    def make():
        calls.append(1)
        return {"x": torch.arange(6.0).view(2, 3)}

    first = store.arrays("toy", {"seed": 0}, make)
    second = store.arrays("toy", {"seed": 0}, make)
    assert calls == [1]
    assert torch.equal(first["x"], second["x"])


def test_arrays_come_in_the_order_in_which_they_were_made_whether_made_or_read(home):
    names = [f"{letter}{digit}" for letter in "zyxab" for digit in (3, 1, 2)]
    for _ in range(3):  # made, read, and read again
        found = store.arrays("toy", {"seed": 0}, lambda: {name: torch.ones(1) for name in names})
        assert list(found) == names


def test_a_damaged_artefact_is_noticed_and_made_again(home):
    store.arrays("toy", {"seed": 0}, lambda: {"x": torch.ones(3)})
    [path] = (home / "store" / "toy").glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="checksum"):
        again = store.arrays("toy", {"seed": 0}, lambda: {"x": torch.ones(3)})
    assert torch.equal(again["x"], torch.ones(3))


def _say(said):
    """The value of one key, which is ``said`` if it has to be made."""
    return store.value("judged", {"a": 1}, lambda: said)


def test_a_value_is_made_once_and_made_again_where_its_file_was_changed(home):
    assert _say(["holds", 1.5, None]) == _say("other") == ["holds", 1.5, None]
    (path,) = (home / "store" / "judged").iterdir()
    path.write_text(path.read_text().replace("holds", "fails"))
    assert _say("made again") == _say("other") == "made again"
    path.write_bytes(path.read_bytes()[:-9])
    assert _say(3) == 3


def test_a_value_that_cannot_be_made_leaves_nothing(home):
    with pytest.raises(ZeroDivisionError):
        store.value("judged", {"a": 1}, lambda: 1 / 0)
    assert _say(2) == 2


def test_a_value_is_told_where_nothing_can_be_kept(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("nothing can be made below it")
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "a file"))
    assert [_say(said) for said in (1, 2)] == [1, 2]


def test_an_interrupted_artefact_leaves_nothing(home):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.arrays("toy", {"seed": 0}, interrupted)
    assert not list((home / "store" / "toy").glob("*.safetensors*[!k]"))


def test_an_interrupted_folder_leaves_nothing(home):
    def half(path):
        (path / "one").write_text("1")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        store.folder("world", {"seed": 0}, half)
    assert [path.suffix for path in (home / "store" / "world").iterdir()] == [".lock"]


def test_what_says_the_same_already_keeps_its_time(tmp_path):
    path = store.write_if_changed(b"one", tmp_path / "file.txt")
    os.utime(path, (1, 1))
    store.write_if_changed(b"one", path)
    assert path.stat().st_mtime == 1
    store.write_if_changed(b"two", path)
    assert path.read_bytes() == b"two" and path.stat().st_mtime > 1


def test_a_failed_write_keeps_the_former_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(OSError), store.atomic_write(path) as temporary:
        temporary.write_text("half")
        raise OSError("disk full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_scratch_folder_takes_with_it_what_the_dead_left_of_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with store.scratch_folder("ours") as living:
        left = living.name.replace(f"@{os.getpid()}.", f"@{ended.pid}.")
        for name in (left, left.replace("ours", "theirs")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "file").write_text("half")
        with store.scratch_folder("ours") as second:
            names = {path.name for path in tmp_path.iterdir()}
            assert names == {living.name, second.name, left.replace("ours", "theirs")}
            assert list(second.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == [left.replace("ours", "theirs")]


def test_two_who_ask_at_once_compute_once(home):
    calls, barrier = [], threading.Barrier(2)

    def make():
        calls.append(1)
        return {"x": torch.zeros(1)}

    def ask():
        barrier.wait()
        store.arrays("toy", {"seed": 1}, make)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [1]


def test_a_digest_is_the_sha256_of_the_file(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert store.digest(tmp_path / "empty").startswith("e3b0c44298fc1c14")
