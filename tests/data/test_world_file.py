"""A rendered world is what it was when it was made, or it is not read."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from bap_core import data, micro
from bap_core.data import world_file


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    root = tmp_path_factory.mktemp("worlds") / "world"
    root.mkdir()
    micro.render(root, "micro-dry", workers=1)
    return root


@pytest.fixture
def world(rendered, tmp_path, home):
    """A copy that a test may spoil."""
    world_file._difference.cache_clear()
    root = tmp_path / "world"
    root.symlink_to(rendered)
    yield root
    world_file._difference.cache_clear()


def a_picture(root):
    return next((root / "CUB_200_2011" / "images").rglob("*.jpg"))


def change_a_picture(root):
    pixels = np.array(Image.open(a_picture(root)))
    Image.fromarray(pixels[:, ::-1]).save(a_picture(root))


def change_a_label(root):
    path = root / "CUB_200_2011" / "image_class_labels.txt"
    path.write_text(path.read_text().replace("1 1\n", "1 2\n", 1))


def remove_a_picture(root):
    a_picture(root).unlink()


def add_a_file(root):
    (root / "CUB_200_2011" / "images" / "more.jpg").touch()


def test_a_world_as_it_was_rendered_is_read_and_hashed_once_per_process(world, monkeypatch):
    assert len(data.cub(world)) == 48
    monkeypatch.setattr(world_file, "hash_files", None)
    assert len(data.places(world)) and len(data.dtd(world / "dtd"))


@pytest.mark.parametrize("spoil", [change_a_picture, change_a_label, remove_a_picture, add_a_file])
def test_a_world_in_which_anything_changed_is_refused(world, rendered, tmp_path, spoil):
    world.unlink()
    shutil.copytree(rendered, world)
    spoil(world)
    with pytest.raises(ValueError, match="not as it was made: .* Remove the folder"):
        data.places(world)
    with pytest.warns(UserWarning, match="not as it was made"):
        data.places(world, strict=False)


def test_a_world_that_declares_no_files_has_none_to_compare(tmp_path, home):
    (tmp_path / world_file.WORLD_FILE).write_text(json.dumps({"name": "toy", "hash": "0"}))
    world_file.check_files(tmp_path, strict=True)
