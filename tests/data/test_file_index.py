"""The list of a large folder: walked once, read back after that, and made again when a folder
has changed.
"""

import os
import time

import pytest

from bap_core.data import file_index

PICTURES = ["a/airfield/1.JPG", "a/airfield/2.jpg", "f/forest/broadleaf/1.png"]


@pytest.fixture
def scenery(tmp_path, home):
    """Three pictures and a text in two categories, all an hour old."""
    root = tmp_path / "data_256"
    for name in (*PICTURES, "f/forest/list.txt", ".hidden/1.jpg", "f/.1.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x" * len(name))
    age(root)
    return root


def age(root):
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        os.utime(folder, (time.time() - 3600, time.time() - 3600))


@pytest.fixture
def walks(monkeypatch):
    """The roots that were walked, in order."""
    seen, walked = [], file_index._walked
    monkeypatch.setattr(
        file_index,
        "_walked",
        lambda root, suffixes: seen.append(root.name) or walked(root, suffixes),
    )
    return seen


def test_pictures_are_listed_by_sorted_relative_path_without_hidden_ones(scenery):
    assert file_index.list_files(scenery) == PICTURES
    assert (
        file_index.list_files(scenery, {".txt"}) == ["f/forest/list.txt"]
        and file_index.list_files(scenery, {".bmp"}) == []
    )


def test_sizes_and_folders_are_counted(scenery):
    found = file_index.index(scenery)
    assert found.sizes.tolist() == [len(name) for name in PICTURES] and found.folders == 6


def test_a_second_call_reads_what_the_first_has_walked(scenery, walks):
    first = file_index.list_files(scenery)
    assert first == file_index.list_files(scenery) == file_index.list_files(f"{scenery}/")
    assert walks == ["data_256"]
    file_index.list_files(scenery, {".png"})
    assert len(walks) == 2


@pytest.mark.parametrize("change", ["add", "remove", "rename", "new folder", "remove folder"])
def test_any_change_of_a_folder_makes_the_list_again(scenery, walks, change):
    file_index.list_files(scenery)
    category = scenery / "a" / "airfield"
    if change == "add":
        (category / "3.jpg").touch()
    if change in ("remove", "remove folder"):
        for path in list(category.iterdir()) if "folder" in change else [category / "2.jpg"]:
            path.unlink()
    if change == "remove folder":
        category.rmdir()
    if change == "rename":
        (category / "1.JPG").rename(category / "0.jpg")
    if change == "new folder":
        (scenery / "b" / "bar").mkdir(parents=True)
        (scenery / "b" / "bar" / "1.jpg").touch()
    found = file_index.list_files(scenery)
    assert len(walks) == 2
    assert found == sorted(
        path.relative_to(scenery).as_posix()
        for path in scenery.rglob("*")
        if path.suffix.lower() in (".jpg", ".png")
        and not any(p.startswith(".") for p in path.parts[-3:])
    )


def test_a_folder_that_was_changed_a_moment_ago_is_walked_again(scenery, walks):
    (scenery / "a" / "airfield" / "3.jpg").touch()
    file_index.list_files(scenery)
    file_index.list_files(scenery)
    assert len(walks) == 2
    age(scenery)
    file_index.list_files(scenery)
    file_index.list_files(scenery)
    assert len(walks) == 3


def test_a_damaged_list_is_made_again(scenery, walks, home):
    file_index.list_files(scenery)
    (path,) = (home / "store" / "listing").glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[content.index(b"airfield")] ^= 1
    path.write_bytes(content)
    assert file_index.list_files(scenery) == PICTURES and len(walks) == 2
    path.write_bytes(b"half")
    assert file_index.list_files(scenery) == PICTURES and len(walks) == 3


def test_links_to_folders_are_followed_and_links_that_lead_back_do_no_harm(scenery, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "5.jpg").touch()
    (scenery / "linked").symlink_to(tmp_path / "other")
    (scenery / "a" / "back").symlink_to(scenery)
    assert file_index.list_files(scenery) == [*PICTURES, "linked/5.jpg"]


def test_a_link_to_itself_is_passed_over(scenery):
    (scenery / "a" / "loop.jpg").symlink_to(scenery / "a" / "loop.jpg")
    assert file_index.list_files(scenery) == PICTURES


def test_names_outside_utf8_survive(scenery):
    with open(os.fsencode(scenery) + b"/\xff\xfe.jpg", "wb"):
        pass
    found = file_index.list_files(scenery)
    assert os.fsencode(found[-1]) == b"\xff\xfe.jpg" and found == file_index.list_files(scenery)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        file_index.list_files(tmp_path / "nowhere")
