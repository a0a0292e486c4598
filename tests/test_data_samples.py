"""Loaders over real files. ``BAP_SAMPLES`` names a folder with cub/, waterbirds/, coco/, voc_polygons/ and scenes/."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from bap_core.compositing import Compositor
from bap_core.data import cub, folders, images, leakage, waterbirds
from bap_core.data.places import TWO_PARTS, normalise
from bap_core.data.waterbirds import NotTheOfficialDraw

SAMPLES = Path(os.environ.get("BAP_SAMPLES", "not given"))
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="BAP_SAMPLES names no folder of real files")


@pytest.fixture
def root(tmp_path):
    """A data root with CUB's complete text files and the Waterbirds table that is not the official draw."""
    (tmp_path / "CUB_200_2011").symlink_to(SAMPLES / "cub")
    folder = tmp_path / "waterbird_complete95_forest2water2"
    folder.mkdir()
    shutil.copy(SAMPLES / "waterbirds/metadata_variant.csv", folder / "metadata.csv")
    return tmp_path


def test_cubs_text_files_have_the_asserted_counts(root):
    with pytest.warns(UserWarning, match="is missing"):  # pictures and masks are not part of the samples
        frame = cub(root, strict=False).frame
    assert frame["image_id"].tolist() == list(range(1, 11789))
    assert frame["split"].value_counts().to_dict() == {"train": 5994, "test": 5794}
    sizes = frame["label"].value_counts()
    assert (len(sizes), sizes.min(), sizes.max()) == (200, 41, 60)
    assert frame["path"].map(os.path.basename).is_unique
    assert frame["width"].min() >= 100 and frame["height"].min() >= 100
    assert (frame["width"].max(), frame["height"].max()) == (500, 497)


def test_cub_without_pictures_is_refused(root):
    with pytest.raises(FileNotFoundError, match="images is missing.*CUB_200_2011.tgz"):
        cub(root)


def test_the_leakage_filter_leaves_4795_birds(root):
    with pytest.warns(UserWarning):
        objects = cub(root, exclude=leakage(root), strict=False)
    assert len(objects) == 4795 and objects.skipped == {"excluded": 11788 - 4795}
    assert not set(objects.frame["path"]) & leakage(root)
    drawn = objects.sample(5000, rng=np.random.default_rng(0), balance="label")
    assert set(drawn.frame["label"].value_counts()) == {25}


def test_the_waterbirds_variant_parses_and_is_called_unofficial(root):
    with pytest.warns(NotTheOfficialDraw, match=r"\[3525, 186, 54, 1030\]"):
        scenes = waterbirds(root)
    assert [len(scenes.select(split=split)) for split in ("train", "val", "test")] == [4795, 1199, 5794]
    assert np.bincount(scenes.select(split="test").groups).tolist() == [2255, 2255, 642, 642]
    with pytest.warns(NotTheOfficialDraw):
        full = waterbirds(root, correlation=100)
    assert np.bincount(full.select(split="train").groups, minlength=4).tolist() == [3525, 0, 0, 1030]
    assert len(full.select(split="test")) == 5794


@pytest.mark.parametrize("path, n", [("coco/people", 14), ("voc_polygons", 12), (
    "coco/panoptic/panoptic_coco_detection_format.json", 47)])
def test_real_annotations_give_cut_outs_and_composites(path, n):
    objects = folders.objects(SAMPLES / path)
    compositor = Compositor(objects, folders.backgrounds(SAMPLES / "scenes"), size=64, seed=0).check()
    assert len(objects) == n and compositor.skipped.empty and compositor.resized_masks == 0
    assert compositor.batch(range(n), [0] * n).shape == (n, 3, 64, 64)
    boxes = objects.frame[["width", "height"]].values
    assert all((np.array(objects.cutout(i).size) <= boxes[i] + 2).all() for i in range(n))


def test_vocs_indexed_masks_give_the_objects_of_its_polygons(tmp_path):
    shutil.copytree(SAMPLES / "voc_polygons", tmp_path / "voc")
    by_polygon = folders.objects(tmp_path / "voc")
    (tmp_path / "voc/annotations.json").unlink()
    by_index = folders.objects(tmp_path / "voc")
    sizes = [sorted(noun.cutout(i).size for i in range(12)) for noun in (by_polygon, by_index)]
    assert np.abs(np.array(sizes[0]) - sizes[1]).max() <= 3  # contours against pixels


def test_annotation_files_are_no_backgrounds():
    grounds = folders.backgrounds(SAMPLES / "scenes")
    assert len(grounds) == 4 and grounds.skipped == {"mask by its name": 3}


def test_every_photograph_of_cub_is_read_as_rgb_grey_ones_too():
    found = images.listing(SAMPLES / "cub/images_sample")
    pictures = {path.name: images.read_rgb(SAMPLES / "cub/images_sample" / path) for path in found}
    assert len(pictures) == 27 and {picture.mode for picture in pictures.values()} == {"RGB"}
    grey = np.asarray(pictures["Brewer_Blackbird_0028_2682.jpg"])
    assert (grey[..., 0] == grey[..., 1]).all() and (grey[..., 1] == grey[..., 2]).all()


def test_the_75_two_part_names_are_those_of_the_official_list():
    lines = (SAMPLES / "places365/categories_places365.txt").read_text().split("\n")
    names = {normalise(line.split()[0]) for line in lines if line}
    assert len(names) == 365 and {name for name in names if "/" in name} == TWO_PARTS
