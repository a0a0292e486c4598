"""Loaders on small folders in the official layouts, written by hand."""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from on_disk import BIRDS, bird_texts, declare, flat_scenes, people, save, waterbird_table
from PIL import Image

from bap_core.data import (
    SUBSTITUTES,
    Backgrounds,
    bird_labels,
    catalogue,
    cub,
    directory,
    evaluation_categories,
    evaluation_paths,
    folders,
    overlap,
    places,
    used_backgrounds,
    waterbirds,
)
from bap_core.data.places_layout import TWO_PARTS, normalise
from bap_core.data.waterbirds import COLUMNS, NotTheOfficialDraw


@pytest.fixture
def birds(tmp_path):
    """Three CUB images of two species, the masks beside the folder."""
    bird_texts(tmp_path)
    for name in BIRDS:
        save(tmp_path / "CUB_200_2011" / "images" / name)
        save(tmp_path / "segmentations" / name.replace(".jpg", ".png"), "L", colour=255)
    declare(tmp_path, cub={"images": 3, "classes": 2, "train": 2, "test": 1})
    return tmp_path


def test_cub_joins_its_text_files_and_finds_the_masks(birds):
    objects = cub(birds)
    assert objects.frame["label"].tolist() == ["Black footed Albatross"] * 2 + ["Wren"]
    assert objects.frame["split"].tolist() == ["test", "train", "train"]
    assert objects.frame[["x", "y", "width", "height"]].values[0].tolist() == [0, 1, 4, 2]
    assert set(objects.frame["super_class"]) == {"bird"} and objects.cutout(2).size == (6, 5)


def test_cub_accepts_masks_inside_its_folder_and_the_folder_itself_as_root(birds):
    beside = cub(birds).frame["mask"].tolist()
    shutil.move(birds / "segmentations", birds / "CUB_200_2011" / "segmentations")
    inside = cub(birds)
    assert inside.frame["mask"].tolist() == [
        f"CUB_200_2011/{name}" for name in beside
    ] and inside.cutout(0)
    assert cub(birds / "CUB_200_2011").cutout(0).size == (6, 5)


def test_cub_leaves_out_the_excluded_paths_and_refuses_paths_it_does_not_have(birds):
    objects = cub(birds, exclude=[BIRDS[1]])
    assert objects.frame["path"].tolist() == [BIRDS[0], BIRDS[2]] and objects.skipped == {
        "excluded": 1
    }
    with pytest.raises(ValueError, match="1 of 2 excluded paths are not in"):
        cub(birds, exclude=[BIRDS[1], "001.Wren/other.jpg"])


def test_cub_is_strict_about_counts_and_names_what_is_missing(birds):
    (birds / "bap-world.json").unlink()
    with pytest.raises(ValueError, match="images: 3, expected 11788; classes: 2, expected 200"):
        cub(birds)
    with pytest.warns(UserWarning, match="expected 11788"):
        assert len(cub(birds, strict=False)) == 3
    declare(birds)
    shutil.rmtree(birds / "segmentations")
    with pytest.raises(FileNotFoundError, match="segmentations is missing.*segmentations.tgz"):
        cub(birds)
    (birds / "CUB_200_2011" / "bounding_boxes.txt").write_text("1 0.0 1.0 4.0 2.0\n")
    with pytest.raises(
        ValueError, match="bounding_boxes.txt: 2 images of images.txt are not in it"
    ):
        cub(birds)
    (birds / "CUB_200_2011" / "classes.txt").unlink()
    with pytest.raises(FileNotFoundError, match="classes.txt is missing"):
        cub(birds)


def test_cub_compares_classes_names_ids_and_boxes_with_the_release(birds):
    declare(
        birds,
        cub={
            "smallest class": 1,
            "largest class": 2,
            "ids from 1 without gaps": True,
            "equal file names": 0,
            "smallest box": [2, 2],
            "largest box": [6, 5],
        },
    )
    assert len(cub(birds)) == 3
    folder = birds / "CUB_200_2011"
    for name in (
        "images.txt",
        "image_class_labels.txt",
        "train_test_split.txt",
        "bounding_boxes.txt",
    ):
        (folder / name).write_text((folder / name).read_text().replace("3 ", "5 ", 1))
    with pytest.raises(ValueError, match="release: ids from 1 without gaps: False, expected True"):
        cub(birds)


def test_cub_reads_paths_with_blanks_and_upper_case_endings_and_windows_line_ends(birds):
    folder = birds / "CUB_200_2011"
    (folder / "images.txt").write_bytes(
        (folder / "images.txt")
        .read_bytes()
        .replace(b"Wren_0003_3.jpg", b"A wren.JPG")
        .replace(b"\n", b"\r\n")
    )
    for top, old, new in (
        (folder / "images", "Wren_0003_3.jpg", "A wren.JPG"),
        (birds / "segmentations", "Wren_0003_3.png", "A wren.png"),
    ):
        (top / "002.Wren" / old).rename(top / "002.Wren" / new)
    assert cub(birds).path(2).name == "A wren.JPG" and cub(birds).cutout(2).size == (6, 5)


@pytest.mark.parametrize(
    "file, old, new, message",
    [
        ("bounding_boxes.txt", "4.0", "four", "bounding_boxes.txt: a box is no four numbers"),
        ("train_test_split.txt", "2 1", "2 2", "train_test_split.txt: a row has neither 0 nor 1"),
        ("train_test_split.txt", "2 1", "3 1", "train_test_split.txt: the id 3 stands in two rows"),
        ("image_class_labels.txt", "3 2", "3 two", "names classes that classes.txt does not have"),
        ("image_class_labels.txt", "3 2", "² 2", "labels.txt: a row should be an id and 1 more"),
        ("bounding_boxes.txt", "4.0", "nan", "bounding_boxes.txt: the box of 1 has no size or no"),
        (
            "bounding_boxes.txt",
            "6.0",
            "0",
            "bounding_boxes.txt: the box of 2 has no size or no end",
        ),
        ("images.txt", "002.Wren/", "../", "images.txt: '../Wren_0003_3.jpg' is no file below"),
        ("images.txt", "0002_2", "0001_1", "0001_1.jpg' stands in two rows"),
    ],
)
def test_cub_names_the_file_with_a_garbled_row(birds, file, old, new, message):
    path = birds / "CUB_200_2011" / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        cub(birds)


@pytest.mark.parametrize("content", [b"\xff1 1\n", b"", b"\n \n"])
def test_cub_names_a_file_that_is_no_text_or_empty(birds, content):
    (birds / "CUB_200_2011" / "classes.txt").write_bytes(content)
    with pytest.raises(ValueError, match=r"classes\.txt: (not a whole text file|holds nothing)"):
        cub(birds)


@pytest.fixture(params=["A", "B"])
def scenery(tmp_path, request):
    """Ocean (2 files), bar (1) and forest/broadleaf (1) in both layouts of Places365."""
    names = {
        "A": ["data_256/o/ocean", "data_256/b/bar", "data_256/f/forest/broadleaf"],
        "B": [f"places365_standard/train/{name}" for name in ("ocean", "bar", "forest-broadleaf")],
    }[request.param]
    for folder, numbers in zip(names, ([1, 2], [1], [7])):
        for number in numbers:
            save(tmp_path / folder / f"{number:08d}.jpg")
    declare(tmp_path, places={"categories": 3, "train": 4})
    return tmp_path


def test_places_reads_both_layouts_to_the_same_names(scenery):
    grounds = places(scenery)
    assert grounds.frame["category"].tolist() == ["bar", "forest/broadleaf", "ocean", "ocean"]
    assert grounds.categories == ["bar", "forest/broadleaf", "ocean"] and grounds.image(3).size == (
        6,
        5,
    )


def test_places_sees_a_picture_that_came_after_it_was_indexed_and_reads_one_category_alone(scenery):
    before = places(scenery)
    bar = (scenery / before.frame["image"][0]).parent
    save(bar / "00000002.jpg")
    assert len(places(scenery, strict=False)) == 5
    for folder in {(scenery / image).parent for image in before.frame["image"]} - {bar}:
        shutil.rmtree(folder)
    with pytest.warns(UserWarning, match="not the whole release"):
        assert places(scenery, strict=False).frame["category"].tolist() == ["bar", "bar"]


def test_places_accepts_any_spelling_of_a_category_and_matches_whole_names(scenery):
    assert (
        len(places(scenery, categories=["/f/forest/broadleaf", "forest-broadleaf", "ocean"])) == 3
    )
    with pytest.raises(ValueError, match="no category 'ocea' among 3; did you mean 'ocean'"):
        places(scenery, categories=["ocea"])


def test_places_leaves_out_the_files_behind_waterbirds(scenery):
    grounds = places(scenery, exclude=["/o/ocean/00000002.jpg", "/f/forest/broadleaf/00000007.jpg"])
    assert grounds.frame["category"].tolist() == ["bar", "ocean"] and grounds.skipped == {
        "excluded": 2
    }
    with pytest.raises(ValueError, match=r"no picture of \['bar'\] is left"):
        places(scenery, categories=["bar"], exclude=["/b/bar/00000001.jpg"])


def test_places_counts_categories_strictly(scenery):
    (scenery / "bap-world.json").unlink()
    with pytest.raises(ValueError, match="categories: 3, expected 365"):
        places(scenery)


def test_places_suggests_a_substitute_for_what_only_places205_has(tmp_path):
    save(tmp_path / "places365_standard/train/church-outdoor/1.jpg")
    declare(tmp_path)
    with pytest.raises(ValueError, match="'church/outdoor' is the suggested substitute"):
        places(tmp_path, categories=["abbey"])


def test_substitutes_stand_in_only_for_what_is_not_there_and_are_recorded(tmp_path):
    for name in ("church-outdoor", "kitchen", "restaurant_kitchen", "bar"):
        save(tmp_path / "places365_standard/train" / name / "1.jpg")
    declare(tmp_path)
    instead = {
        "/k/kitchenette": ["kitchen", "restaurant_kitchen"],
        "abbey": "church-outdoor",
        "bar": "kitchen",
    }
    grounds = places(
        tmp_path, categories=["bar", "kitchenette", "kitchen", "abbey"], substitutes=instead
    )
    assert grounds.frame["category"].tolist() == [
        "bar",
        "church/outdoor",
        "kitchen",
        "restaurant_kitchen",
    ]
    assert grounds.substitutes == {
        "kitchenette": ("kitchen", "restaurant_kitchen"),
        "abbey": ("church/outdoor",),
    }
    same = places(tmp_path)
    assert (
        same.frame.equals(grounds.frame)
        and not same.substitutes
        and same.fingerprint != grounds.fingerprint
    )
    with pytest.raises(ValueError, match="no category 'kitchn' among 4; did you mean 'kitchen'"):
        places(tmp_path, categories=["kitchenette"], substitutes={"kitchenette": "kitchn"})


@pytest.mark.parametrize("around", ["places205", "images256", "places205/images256", "."])
def test_a_places205_root_has_the_categories_that_places365_lacks(tmp_path, around):
    for name in ("a/abbey", "c/church/outdoor", "k/kitchenette", "k/kitchen"):
        save(tmp_path / around / name / "gsun_1.jpg")
    with pytest.warns(UserWarning, match="Places205 in .* categories: 4, expected 205"):
        grounds = places(
            tmp_path,
            release="places205",
            categories=["abbey", "kitchenette"],
            substitutes=SUBSTITUTES,
        )
    assert grounds.name == "places205" and grounds.substitutes == {}
    assert grounds.categories == ["abbey", "kitchenette"] and grounds.image(0).size == (6, 5)


def test_places205_refuses_what_it_cannot_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="places205 is missing. Places205: "):
        places(tmp_path, release="places205")
    with pytest.raises(ValueError, match="those of Places205 have other names"):
        places(tmp_path, release="places205", exclude=["/o/ocean/00000001.jpg"])
    for release, part in (("places205", "val"), ("places", "train")):
        with pytest.raises(
            ValueError, match="'train', 'val' of 'places365', 'train' of 'places205'"
        ):
            places(tmp_path, release=release, part=part)


def test_categories_that_are_the_beginning_or_the_end_of_others_stay_apart(tmp_path):
    for name in (
        "b/bar",
        "b/barn",
        "b/bridge",
        "b/bridge tower",
        "s/sky",
        "s/skyscraper",
        "k/kitchen",
        "r/restaurant_kitchen",
        "f/forest/broadleaf",
        "f/forest_path",
    ):
        save(tmp_path / "data_256" / name / "00000001.JPG")
        (tmp_path / "data_256" / name / ".DS_Store").write_text("x")
        (tmp_path / "data_256" / name / "._00000001.JPG").write_text("x")
    (tmp_path / "data_256/f/forest/.DS_Store").write_text("x")
    (tmp_path / "data_256/f/forest/about.txt").write_text("x")
    declare(
        tmp_path, places={"categories": 10, "train": 10, "train, smallest": 1, "train, largest": 1}
    )
    assert len(places(tmp_path)) == 10
    grounds = places(
        tmp_path, categories=["bar", "bridge", "sky", "kitchen"], exclude=["/b/barn/00000001.jpg"]
    )
    assert grounds.categories == ["bar", "bridge", "kitchen", "sky"] and len(grounds) == 4


def test_the_sizes_of_categories_are_compared_but_only_warn(tmp_path):
    save(tmp_path / "data_large/b/bar/00000001.jpg")
    declare(tmp_path, places={"categories": 1})
    places(tmp_path)
    assert {"train, smallest", "train, largest"} <= set(catalogue.source("places").unverified)


def test_places_sorts_the_flat_validation_folder_by_its_label_file(tmp_path):
    flat_scenes(tmp_path)
    grounds = places(tmp_path, part="val", categories=["forest/broadleaf"])
    assert grounds.frame["image"].tolist() == [
        f"val_256/Places365_val_0000000{number}.jpg" for number in (1, 3)
    ]
    (tmp_path / "places365_val.txt").unlink()
    with pytest.raises(FileNotFoundError, match="places365_val.txt is missing"):
        places(tmp_path, part="val")


@pytest.mark.parametrize(
    "file, old, new, message",
    [
        ("categories_places365.txt", "1", "0", "the number '0' stands in two rows"),
        ("categories_places365.txt", "/b/bar 0", "/b/bar", "row should be a name and the number"),
        ("places365_val.txt", "00000002.jpg", "00000001.jpg", "00000001.jpg' stands in two rows"),
        ("places365_val.txt", "Places365_val_00000002", "../../x", "is no name of a file below"),
        ("places365_val.txt", "00000002.jpg 0", "00000002.jpg 7", "has category 7, which"),
    ],
)
def test_places_names_the_file_and_the_row_that_is_wrong(tmp_path, file, old, new, message):
    flat_scenes(tmp_path)
    path = tmp_path / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=rf"{path}: .*{message}"):
        places(tmp_path, part="val")


def test_the_large_flat_validation_folder_is_read_too(tmp_path):
    save(tmp_path / "val_large/Places365_val_00000001.jpg")
    (tmp_path / "categories_places365.txt").write_text("/b/bar 0")
    (tmp_path / "places365_val.txt").write_text("Places365_val_00000001.jpg 0\n")
    declare(tmp_path)
    assert places(tmp_path, part="val").image(0).size == (6, 5)


def test_places_says_what_is_missing_and_which_parts_there_are(tmp_path):
    with pytest.raises(FileNotFoundError, match="places365standard_easyformat.tar"):
        places(tmp_path)
    with pytest.raises(ValueError, match="choices: 'train', 'val'"):
        places(tmp_path, part="test")


@pytest.mark.parametrize(
    "written, name",
    [
        ("/a/airfield", "airfield"),
        ("/f/forest/broadleaf", "forest/broadleaf"),
        ("forest-broadleaf", "forest/broadleaf"),
        ("forest/broadleaf", "forest/broadleaf"),
        ("a/airfield", "airfield"),
        ("tree-house", "tree-house"),
        ("bar", "bar"),
    ],
)
def test_a_category_has_one_name(written, name):
    assert normalise(written) == name


def test_there_are_75_names_with_two_parts():
    assert len(TWO_PARTS) == 75 and "lake/natural" in TWO_PARTS


@pytest.fixture
def metadata(tmp_path):
    """Twelve rows: per split one picture of every group."""
    waterbird_table(tmp_path)
    declare(tmp_path, waterbirds={"train": 4, "val": 4, "test": 4, "train_groups": [1, 1, 1, 1]})
    return tmp_path


def test_waterbirds_at_95_lists_every_picture_with_its_group(metadata):
    scenes = waterbirds(metadata)
    assert scenes.name == "waterbirds-95" and len(scenes) == 12
    assert scenes.select(split="test").groups.tolist() == [0, 1, 2, 3]
    assert scenes.frame["split"].tolist() == ["train"] * 4 + ["val"] * 4 + ["test"] * 4
    assert scenes.path(0) == metadata / "waterbird_complete95_forest2water2/0/0.jpg"


def test_waterbirds_at_100_drops_the_minority_rows_of_train_and_validation_only(metadata):
    scenes = waterbirds(metadata, correlation=100)
    assert (
        scenes.select(split="train").groups.tolist()
        == scenes.select(split="val").groups.tolist()
        == [0, 3]
    )
    assert scenes.select(split="test").groups.tolist() == [0, 1, 2, 3]
    assert scenes.skipped == {"minority rows of train and val": 4}
    with pytest.raises(ValueError, match="choices: 95, 100"):
        waterbirds(metadata, correlation=90)


def test_waterbirds_accepts_the_other_release_for_100_and_not_for_95(metadata):
    folder = metadata / "waterbird_complete95_forest2water2"
    other = folder.rename(metadata / "waterbird_1.0_forest2water2")
    assert len(waterbirds(other, correlation=100).select(split="train")) == 2
    with pytest.raises(ValueError, match="is the 100 % release"):
        waterbirds(other)


def test_the_other_release_has_its_own_name_and_counts(metadata):
    other = (metadata / "waterbird_complete95_forest2water2").rename(
        metadata / "waterbird_1.0_forest2water2"
    )
    assert waterbirds(other, correlation=100).name == "waterbirds-1.0"
    assert len(evaluation_paths(other)) == 8
    (metadata / "bap-world.json").unlink()
    with pytest.raises(
        ValueError, match="with 100 % in .*: train: 4, expected 4795; val: 4, expected 1199"
    ):
        waterbirds(other, correlation=100)
    with (
        pytest.warns(UserWarning, match="train: 4, expected 4795"),
        pytest.warns(
            NotTheOfficialDraw, match=r"groups \[1, 1, 1, 1\], the release has \[3694, 0, 0, 1101\]"
        ),
    ):
        waterbirds(other, correlation=100, strict=False)


def test_three_labels_that_are_wrong_in_the_release_stay(metadata):
    path = metadata / "waterbird_complete95_forest2water2/metadata.csv"
    names = [
        "021.Eastern_Towhee/a b.jpg",
        "088.Western_Meadowlark/1.JPG",
        "102.Western_Wood_Pewee/2.jpg",
    ]
    path.write_text(
        "\n".join(
            [
                ",".join(COLUMNS),
                *(f"{i},{name},1,2,1,/o/ocean/{i}.jpg" for i, name in enumerate(names, 1)),
            ]
        )
    )
    assert bird_labels(metadata, names).tolist() == [1, 1, 1] and evaluation_paths(metadata) == set(
        names
    )


def test_a_waterbirds_table_that_lists_a_bird_twice_is_refused(metadata):
    path = metadata / "waterbird_complete95_forest2water2/metadata.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, rows[1].replace("1,0/0", "77,0/0", 1)]))
    with pytest.raises(ValueError, match="img_filename '0/0.jpg' stands in two rows"):
        waterbirds(metadata)


def test_leakage_names_the_cub_paths_of_validation_and_test(metadata):
    assert evaluation_paths(metadata) == {
        f"{group}/{split}.jpg" for group in range(4) for split in (1, 2)
    }
    assert "/o/ocean/31.jpg" in used_backgrounds(metadata) and len(used_backgrounds(metadata)) == 12


def test_the_categories_that_are_evaluated_on_are_read_off_the_files_behind_the_birds(metadata):
    assert evaluation_categories(metadata) == ["ocean"]
    path = metadata / "waterbird_complete95_forest2water2/metadata.csv"
    path.write_text(path.read_text().replace("/o/ocean/3", "/f/forest/broadleaf/3"))
    assert evaluation_categories(metadata) == ["forest/broadleaf", "ocean"]


def test_what_a_pool_shares_with_waterbirds_is_counted_file_by_file(metadata):
    names = ["train/ocean/31.jpg", "train/ocean/99.jpg", "train/bar/31.jpg"]
    frame = pd.DataFrame({"image": names, "category": ["ocean", "ocean", "bar"]})
    found = overlap(metadata, Backgrounds("pool", metadata, frame))
    assert found.loc["ocean"].tolist() == [2, 1] and len(found) == 1
    apart = overlap(metadata, Backgrounds("pool", metadata, frame[2:]))
    assert apart.loc["ocean"].tolist() == [0, 0]


def test_bird_labels_are_those_of_the_table(metadata):
    assert bird_labels(metadata, ["3/0.jpg", "0/2.jpg", "2/1.jpg"]).tolist() == [1, 0, 1]
    with pytest.raises(
        ValueError, match="1 birds are not in the Waterbirds metadata, the first: 9/9.jpg"
    ):
        bird_labels(metadata, ["0/0.jpg", "9/9.jpg"])


def test_both_variants_list_the_same_pictures(metadata):
    first, second = (waterbirds(metadata, correlation=correlation) for correlation in (95, 100))
    assert first.key == second.key and first.fingerprint != second.fingerprint


def test_a_waterbirds_copy_with_other_groups_warns_and_with_other_splits_is_refused(metadata):
    declare(metadata, waterbirds={"train": 4, "train_groups": [2, 0, 1, 1]})
    with pytest.warns(
        NotTheOfficialDraw, match=r"groups \[1, 1, 1, 1\], the release has \[2, 0, 1, 1\]"
    ):
        waterbirds(metadata)
    declare(metadata, waterbirds={"train": 5})
    with pytest.raises(ValueError, match="train: 4, expected 5"):
        waterbirds(metadata)


def test_a_waterbirds_table_that_is_not_one_is_named(metadata):
    path = metadata / "waterbird_complete95_forest2water2/metadata.csv"
    path.write_text(path.read_text().replace("img_filename", "file"))
    with pytest.raises(ValueError, match=r"metadata.csv: has no column \['img_filename'\]"):
        waterbirds(metadata)
    path.write_text("img_id,img_filename,y,split,place,place_filename\n1,a.jpg,7,0,0,b.jpg\n")
    with pytest.raises(ValueError, match="metadata.csv: y is .*7"):
        evaluation_paths(metadata)


def test_own_objects_from_a_json_are_found_wherever_their_pictures_lie(tmp_path):
    (tmp_path / "labels.json").write_text(json.dumps(people()))
    (tmp_path / "captions.json").write_text(
        json.dumps({"annotations": [{"caption": "x"}], "images": []})
    )
    save(tmp_path / "deep/down/one.jpg", size=(20, 10))
    assert len(folders.objects(tmp_path)) == len(folders.objects(tmp_path / "labels.json")) == 3
    assert folders.objects(tmp_path).cutout(0).size == (6, 6)
    save(tmp_path / "other/one.jpg", size=(20, 10))
    with pytest.raises(ValueError, match="write the folder too"):
        folders.objects(tmp_path)


def test_a_folder_that_ends_in_json_and_a_hidden_json_are_no_annotations(tmp_path):
    (tmp_path / "labels.json").write_text(json.dumps(people()))
    save(tmp_path / "one.jpg", size=(20, 10))
    (tmp_path / "old.json").mkdir()
    (tmp_path / "._labels.json").write_bytes(b"\0\5\26\7")
    assert len(folders.objects(tmp_path)) == 3


def test_own_json_without_its_image_names_both(tmp_path):
    (tmp_path / "labels.json").write_text(json.dumps(people()))
    with pytest.raises(FileNotFoundError, match="labels.json lists one.jpg"):
        folders.objects(tmp_path)
    (tmp_path / "more.json").write_text(json.dumps(people()))
    with pytest.raises(ValueError, match=r"holds 2 annotation files \(labels.json, more.json\)"):
        folders.objects(tmp_path)


@pytest.mark.parametrize(
    "mask",
    ["cat.mask.png", "cat_mask.png", "cat.object.png", "masks/cat.png", "segmentations/cat.png"],
)
def test_own_images_are_paired_with_masks_of_the_same_name(tmp_path, mask):
    save(tmp_path / "pets" / "cat.jpg")
    save(tmp_path / "pets" / "dog.jpg")
    save(tmp_path / "pets" / mask, "L", colour=255)
    objects = folders.objects(tmp_path / "pets")
    assert objects.frame[["image", "mask", "label"]].values.tolist() == [["cat.jpg", mask, "pets"]]
    assert objects.skipped == {"picture without a mask": 1} and objects.cutout(0).size == (6, 5)


def test_own_masks_may_lie_beside_the_images_folder_with_the_same_sub_folders(tmp_path):
    for kind in ("cats", "dogs"):
        save(tmp_path / "pets/images" / kind / "1.jpg")
        save(tmp_path / "pets/masks" / kind / "1.png", "L", colour=255)
    for path in (tmp_path / "pets", tmp_path / "pets/images"):
        objects = folders.objects(path)
        assert objects.frame["label"].tolist() == ["cats", "dogs"]
        assert objects.frame["mask"].tolist() == [
            "masks/cats/1.png",
            "masks/dogs/1.png",
        ] and objects.cutout(1)


@pytest.mark.parametrize("mode", ["P", "L"])
def test_an_indexed_mask_gives_one_object_per_index(tmp_path, mode):
    save(tmp_path / "cat.jpg", size=(8, 4))
    index = np.zeros((4, 8), np.uint8)
    index[:2, :2], index[:, 4:7], index[:, 7] = 1, 2, 255
    mask = Image.fromarray(index)
    if mode == "P":
        mask = Image.fromarray(index, mode="L").convert("P")
        mask.putdata(index.ravel())
    mask.save(tmp_path / "cat.mask.png")
    objects = folders.objects(tmp_path)
    assert objects.frame["instance"].tolist() == [1, 2]
    assert [objects.cutout(i).size for i in range(2)] == [(2, 2), (3, 4)]


def test_own_cut_outs_are_pictures_with_transparency(tmp_path):
    cut = Image.new("RGBA", (9, 9))
    cut.paste((200, 0, 0, 255), (2, 3, 6, 8))
    (tmp_path / "red").mkdir()
    cut.save(tmp_path / "red/a.png")
    cut.save(tmp_path / "b.webp", lossless=True)
    save(tmp_path / "plain.jpg")
    (tmp_path / "broken.png").write_bytes(b"no")
    objects = folders.objects(tmp_path)
    assert objects.frame[["image", "label"]].values.tolist() == [
        ["b.webp", tmp_path.name],
        ["red/a.png", "red"],
    ]
    assert objects.cutout(0).size == (4, 5)
    assert objects.skipped == {"picture without transparency": 1, "truncated, or not a picture": 1}


def test_own_folders_say_what_was_found_and_what_is_accepted(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"nearest folder that exists: {tmp_path}"):
        folders.objects(tmp_path / "no/such")
    with pytest.raises(ValueError, match="found nothing.*accepted: a COCO json"):
        folders.objects(tmp_path)
    save(tmp_path / "plain.jpg")
    with pytest.raises(ValueError, match=r"found 1 x .jpg; no masks and no transparency"):
        folders.objects(tmp_path)
    with pytest.raises(ValueError, match="one file that is no COCO json"):
        folders.objects(tmp_path / "plain.jpg")
    with pytest.raises(ValueError, match="a folder of pictures is needed"):
        folders.backgrounds(tmp_path / "plain.jpg")


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "a b", "a-", "a.b", "B", "é"]), min_size=1, max_size=3),
        max_size=12,
    )
)
@settings(deadline=None)
def test_pictures_are_listed_folder_by_folder_whatever_the_names(names):
    with tempfile.TemporaryDirectory() as folder:
        for parts in names:
            path = Path(folder, *parts[:-1], f"{parts[-1]}.JPG")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        expected = sorted(path.relative_to(folder) for path in Path(folder).rglob("*.JPG"))
        assert directory.list_pictures(folder) == [path.as_posix() for path in expected]


def test_own_backgrounds_are_all_pictures_below_a_folder_but_not_masks(tmp_path):
    for name in ("a.jpg", "sea/b.png", "sea/deep/c.webp", "a.annotation.png", ".hidden/d.jpg"):
        save(tmp_path / name)
    grounds = folders.backgrounds(tmp_path)
    assert grounds.frame["category"].tolist() == [tmp_path.name, "sea", "sea"]
    assert grounds.skipped == {"mask by its name": 1}
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no pictures here or below"):
        folders.backgrounds(tmp_path / "empty")


@pytest.mark.parametrize("name", ["/etc/passwd.jpg", "../outside.jpg", "a/../../b.jpg"])
def test_a_waterbirds_picture_outside_its_folder_is_refused(metadata, name):
    path = metadata / "waterbird_complete95_forest2water2" / "metadata.csv"
    frame = pd.read_csv(path)
    frame.loc[0, "img_filename"] = name
    frame.to_csv(path, index=False)
    with pytest.raises(ValueError, match="metadata.csv: img_filename .* is no name of a file"):
        waterbirds(metadata)
