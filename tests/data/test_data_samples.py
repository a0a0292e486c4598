"""Loaders over real files. ``BAP_SAMPLES`` names a folder with cub/, waterbirds/, coco/,
voc_polygons/ and scenes/.
"""

import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from on_disk import declare, save

from bap_core.data import (
    bird_labels,
    catalogue,
    coco,
    counteranimal,
    cub,
    directory,
    dtd,
    evaluation_paths,
    folders,
    images,
    nico,
    places,
    waterbirds,
)
from bap_core.data.coco import VEHICLES
from bap_core.data.counteranimal import NAMES
from bap_core.data.places_layout import TWO_PARTS, normalise
from bap_core.data.waterbirds import NotTheOfficialDraw
from bap_core.method.compositing import Compositor
from bap_core.micro.formats.coco import categories

SAMPLES = Path(os.environ.get("BAP_SAMPLES", "not given"))
pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="BAP_SAMPLES names no folder of real files"
)


@pytest.fixture
def root(tmp_path):
    """A data root with CUB's complete text files and the Waterbirds table that is not the
    official draw.
    """
    (tmp_path / "CUB_200_2011").symlink_to(SAMPLES / "cub")
    folder = tmp_path / "waterbird_complete95_forest2water2"
    folder.mkdir()
    shutil.copy(SAMPLES / "waterbirds/metadata_variant.csv", folder / "metadata.csv")
    return tmp_path


def test_cubs_text_files_have_the_asserted_counts(root):
    # pictures and masks are not part of the samples
    with pytest.warns(UserWarning, match="is missing"):
        frame = cub(root, strict=False).frame
    assert frame["image_id"].tolist() == list(range(1, 11789))
    assert frame["split"].value_counts().to_dict() == {"train": 5994, "test": 5794}
    sizes = frame["label"].value_counts()
    assert (len(sizes), sizes.min(), sizes.max()) == (200, 41, 60)
    assert frame["path"].map(os.path.basename).is_unique
    assert min(frame["width"]) >= 100 and min(frame["height"]) >= 100
    assert (frame["width"].max(), frame["height"].max()) == (500, 497)


def test_cubs_text_files_are_those_of_the_whole_release(root):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        cub(root, strict=False)
    assert len(told) == 2 and all("is missing" in str(warning.message) for warning in told)


def test_cub_without_pictures_is_refused(root):
    with pytest.raises(FileNotFoundError, match="images is missing.*CUB_200_2011.tgz"):
        cub(root)


def test_the_leakage_filter_leaves_4795_birds(root):
    with pytest.warns(UserWarning):
        objects = cub(root, exclude=evaluation_paths(root), strict=False)
    assert len(objects) == 4795 and objects.skipped == {"excluded": 11788 - 4795}
    assert not set(objects.frame["path"]) & evaluation_paths(root)
    drawn = objects.sample(5000, rng=np.random.default_rng(0), balance="label")
    assert set(drawn.frame["label"].value_counts()) == {25}


def test_the_waterbirds_variant_parses_and_is_called_unofficial(root):
    with pytest.warns(NotTheOfficialDraw, match=r"\[3525, 186, 54, 1030\]"):
        scenes = waterbirds(root)
    assert [len(scenes.select(split=split)) for split in ("train", "val", "test")] == [
        4795,
        1199,
        5794,
    ]
    assert np.bincount(scenes.select(split="test").groups).tolist() == [2255, 2255, 642, 642]
    with pytest.warns(NotTheOfficialDraw):
        full = waterbirds(root, correlation=100)
    assert np.bincount(full.select(split="train").groups, minlength=4).tolist() == [
        3525,
        0,
        0,
        1030,
    ]
    assert len(full.select(split="test")) == 5794


def test_three_species_are_waterbirds_by_mistake_and_stay_so(root):
    with pytest.warns(UserWarning):
        frame = cub(root, strict=False).frame
    frame["waterbird"] = bird_labels(root, frame["path"])
    wrong = frame[
        frame["label"].isin(["Eastern Towhee", "Western Meadowlark", "Western Wood Pewee"])
    ]
    assert len(wrong) == 180 and set(wrong["waterbird"]) == {1}
    assert list(wrong["split"]).count("test") == 90
    kinds = set(zip(frame["label"], frame["waterbird"]))  # no species is both
    assert len(kinds) == len(set(frame["label"])) and sum(water for _, water in kinds) == 46


def official(tmp_path, json_file, photographs):
    """COCO's layout from a json and the folder of its photographs."""
    (tmp_path / "annotations").mkdir()
    shutil.copy(SAMPLES / json_file, tmp_path / "annotations/instances_train2017.json")
    shutil.copytree(SAMPLES / photographs, tmp_path / "train2017")
    declare(tmp_path)
    return tmp_path


def test_real_persons_are_read_in_cocos_layout_and_small_ones_left_out(tmp_path, home):
    content = json.loads((SAMPLES / "coco/people/test_coco.json").read_text())
    large = sum(min(entry["bbox"][2:]) >= 112 for entry in content["annotations"])
    root = official(tmp_path, "coco/people/test_coco.json", "coco/people")
    assert len(coco(root)) == 14
    persons = coco(root, categories=["person"], min_side=112)
    assert len(persons) == large and persons.skipped == {"box side below 112 pixels": 14 - large}
    areas = [np.count_nonzero(np.asarray(persons.cutout(i))[..., 3]) for i in range(large)]
    written = {entry["id"]: entry["area"] for entry in content["annotations"]}
    ratio = [area / written[number] for area, number in zip(areas, persons.frame["annotation_id"])]
    assert np.abs(np.array(ratio) - 1).max() < 0.05


def test_real_compressed_run_lengths_are_read_in_cocos_layout(tmp_path, home):
    file = "coco/panoptic/panoptic_coco_detection_format.json"
    written = {e["id"]: e for e in json.loads((SAMPLES / file).read_text())["annotations"]}
    objects = coco(official(tmp_path, file, "coco/panoptic/input_images"))
    assert len(objects) == 47 and len(written) == 50 and objects.skipped == {"crowd": 3}
    for i in (0, 20, 46):
        row = objects.frame.iloc[i]
        assert (
            row["segmentation"]["counts"] == written[row["annotation_id"]]["segmentation"]["counts"]
        )


def test_the_eighty_things_of_coco_are_known_by_name():
    listed = json.loads((SAMPLES / "coco/panoptic_coco_categories.json").read_text())
    things = {entry["name"]: entry["id"] for entry in listed if entry["isthing"]}
    assert things == {entry["name"]: entry["id"] for entry in categories()} and len(things) == 80
    assert sorted(things[name] for name in VEHICLES) == [2, 3, 5, 6, 7, 9]


def test_counteranimals_classes_and_counts_are_those_of_the_list(tmp_path, home):
    table = pd.read_csv(SAMPLES / "counteranimal/classes.csv")
    save(tmp_path / "photo.jpg")
    index = {"brambling": 10, "bulbul": 16, "ptarmigan": 81, "prairie chicken": 83}
    for number, row in enumerate(table.to_dict("records"), start=500):
        name = row["object_label"].split(",")[0]
        for side, background, n in (
            ("common", row["common_background"], row["n_common"]),
            ("counter", row["counter_background"], row["n_counter"]),
        ):
            folder = (
                tmp_path
                / f"LAION-final/{index.get(name, number)} {row['object_label']}/{side}-{background}"
            )
            folder.mkdir(parents=True)
            for i in range(n):
                os.link(tmp_path / "photo.jpg", folder / f"{i}.JPG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (
            counteranimal(tmp_path, seed=0, classes=classes) for classes in ((10, 16), (81, 83))
        )
    assert (
        set(NAMES.values()) == set(index)
        and first.backgrounds == ("grass", "sky")
        and second.backgrounds == ("snow", "grass")
    )
    assert np.bincount(first.groups).tolist() == [117, 111, 185, 122]
    assert np.bincount(second.select(split="test").groups).tolist() == [11, 107, 87, 5]


def test_nicos_sixty_classes_are_found_under_either_spelling(tmp_path, home):
    names = list(json.loads((SAMPLES / "nico/track1_label_ids.json").read_text()))
    save(tmp_path / "photo.jpg")
    for i, context in enumerate(("autumn", "dim", "grass", "outdoor", "rock", "water")):
        for name in names:
            folder = tmp_path / "NICO_DG" / context / (name.replace(" ", "_") if i % 2 else name)
            folder.mkdir(parents=True)
            os.link(tmp_path / "photo.jpg", folder / "1.jpg")
    declare(tmp_path, nico={"contexts": 6, "classes": 60, "images": 360})
    for pair in (
        ("car", "truck"),
        ("car", "bus"),
        ("ship", "sailboat"),
        ("bike", "motorbike"),
        ("hot air balloon", "gun"),
    ):
        assert (
            np.bincount(nico(tmp_path, seed=0, classes=pair, smallest=1).groups).tolist() == [1] * 4
        )


def test_dtds_47_classes_make_a_whole_copy(tmp_path):
    for name in (SAMPLES / "dtd/classes.txt").read_text().split():
        (tmp_path / "dtd/dtd/images" / name).mkdir(parents=True)
        for i in range(1, 121):
            (tmp_path / "dtd/dtd/images" / name / f"{name}_{i:04d}.jpg").touch()
    assert len(dtd(tmp_path)) == 5640 and "polka-dotted" in dtd(tmp_path).categories


@pytest.mark.parametrize("layout", ["A", "B"])
def test_the_365_official_names_are_found_in_both_layouts(tmp_path, layout):
    written = [
        line.split()[0]
        for line in (SAMPLES / "places365/categories_places365.txt").read_text().splitlines()
    ]
    for name in written:
        inner = (
            f"data_256{name}"
            if layout == "A"
            else f"places365_standard/train/{name[3:].replace('/', '-')}"
        )
        (tmp_path / inner).mkdir(parents=True)
        (tmp_path / inner / "00000001.jpg").touch()
    with pytest.warns(UserWarning, match="train: 365, expected 1803460"):
        grounds = places(tmp_path)
    assert len(written) == 365 and grounds.categories == sorted(normalise(name) for name in written)
    assert (
        not {"abbey", "kitchenette"} & set(grounds.categories)
        and catalogue.source("places").counts["categories"] == 365
    )


@pytest.mark.parametrize(
    "path, n",
    [
        ("coco/people", 14),
        ("voc_polygons", 12),
        ("coco/panoptic/panoptic_coco_detection_format.json", 47),
    ],
)
def test_real_annotations_give_cut_outs_and_composites(path, n):
    objects = folders.objects(SAMPLES / path)
    compositor = Compositor(
        objects, folders.backgrounds(SAMPLES / "scenes"), size=64, seed=0
    ).check()
    assert len(objects) == n and compositor.skipped.empty and compositor.resized_masks == 0
    assert compositor.batch(range(n), [0] * n).shape == (n, 3, 64, 64)
    boxes = objects.frame[["width", "height"]].values
    assert all((np.array(objects.cutout(i).size) <= boxes[i] + 2).all() for i in range(n))


def test_vocs_indexed_masks_give_the_objects_of_its_polygons(tmp_path):
    shutil.copytree(SAMPLES / "voc_polygons", tmp_path / "voc")
    by_polygon = folders.objects(tmp_path / "voc")
    (tmp_path / "voc/annotations.json").unlink()
    by_index = folders.objects(tmp_path / "voc")
    sizes = [
        sorted(listing.cutout(i).size for i in range(12)) for listing in (by_polygon, by_index)
    ]
    assert np.abs(np.array(sizes[0]) - sizes[1]).max() <= 3  # contours against pixels


def test_annotation_files_are_no_backgrounds():
    grounds = folders.backgrounds(SAMPLES / "scenes")
    assert len(grounds) == 4 and grounds.skipped == {"mask by its name": 3}


def test_every_photograph_of_cub_is_read_as_rgb_grey_ones_too():
    found = directory.list_pictures(SAMPLES / "cub/images_sample")
    pictures = {
        Path(name).name: images.read_rgb(SAMPLES / "cub/images_sample" / name) for name in found
    }
    assert len(pictures) == 27 and {picture.mode for picture in pictures.values()} == {"RGB"}
    grey = np.asarray(pictures["Brewer_Blackbird_0028_2682.jpg"])
    assert (grey[..., 0] == grey[..., 1]).all() and (grey[..., 1] == grey[..., 2]).all()


def test_the_75_two_part_names_are_those_of_the_official_list():
    lines = (SAMPLES / "places365/categories_places365.txt").read_text().split("\n")
    names = {normalise(line.split()[0]) for line in lines if line}
    assert len(names) == 365 and {name for name in names if "/" in name} == TWO_PARTS
