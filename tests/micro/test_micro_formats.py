"""The official folders of the datasets, as the micro world writes them."""

import csv
import json
from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as run_lengths

from bap_core import data, micro
from bap_core.micro import world
from bap_core.micro.drawing import textures
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.formats import coco, counteranimal, cub, dtd, nico, places, waterbirds
from bap_core.micro.formats.folders import render

TINY = world.World("tiny", photos=4, train=2, val=1, coco=12, counteranimal=1, nico=1, dtd=1)
# The 47 folders of dtd/images.
DTD = """banded blotchy braided bubbly bumpy chequered cobwebbed cracked crosshatched crystalline
dotted fibrous flecked freckled frilly gauzy grid grooved honeycombed interlaced knitted
lacelike lined marbled matted meshed paisley perforated pitted pleated polka-dotted porous
potholed scaly smeared spiralled sprinkled stained stratified striped studded swirly
veined waffled woven wrinkled zigzagged""".split()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    render(root, TINY, workers=2)
    return root


def _bytes(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def test_the_same_world_has_the_same_bytes_whatever_the_number_of_workers(tiny, tmp_path):
    render(tmp_path, TINY, workers=1)
    assert _bytes(tmp_path) == _bytes(tiny)


@pytest.mark.parametrize("writer", [counteranimal, nico, dtd], ids=["counteranimal", "nico", "dtd"])
def test_a_picture_depends_on_its_names_and_not_on_how_many_others_there_are(
    writer, tiny, tmp_path
):
    many = replace(TINY, counteranimal=2, nico=2, dtd=2)
    assert set(writer.plan(TINY)) < set(writer.plan(many))
    writer.write(tmp_path, many, workers=1)
    shared = [p for p in tmp_path.rglob("*.jpg") if (tiny / p.relative_to(tmp_path)).exists()]
    assert len(shared) == len(writer.plan(TINY)) > 0
    for path in shared:
        assert path.read_bytes() == (tiny / path.relative_to(tmp_path)).read_bytes()


def test_the_declared_counts_are_what_the_loaders_find(tiny):
    declared = json.loads((tiny / "bap-world.json").read_text())
    assert declared["version"] == micro.VERSION and len(declared["hash"]) == 20
    assert len(data.cub(tiny)) == declared["counts"]["cub"]["images"] == 4 * 24
    assert len(data.places(tiny)) == declared["counts"]["places"]["train"] == 2 * 40
    assert len(data.places(tiny, part="val")) == declared["counts"]["places"]["val"] == 40
    assert len(data.waterbirds(tiny)) == 4 * 24
    assert len(data.coco(tiny)) <= declared["counts"]["coco"]["train2017"] == 12
    assert declared["counts"]["counteranimal"] == {"classes": 4, "common": 4, "counter": 4}
    assert declared["counts"]["nico"] == {"contexts": 6, "classes": 7, "images": 42}
    assert declared["counts"]["dtd"] == {"classes": 47, "images": 47}


def test_a_world_that_is_no_folder_is_refused_with_the_known_names(tmp_path):
    with pytest.raises(FileNotFoundError, match="micro-smoke"):
        micro.resolve(tmp_path / "absent")
    assert micro.resolve(str(tmp_path)) == tmp_path


# CUB and Waterbirds.


def test_masks_have_the_size_of_their_photographs_and_six_levels(tiny):
    folder = tiny / "CUB_200_2011"
    for row in cub.plan(TINY)[::7]:
        photo = Image.open(folder / "images" / row.path)
        mask = Image.open((folder / "segmentations" / row.path).with_suffix(".png"))
        assert mask.mode == "L" and mask.size == photo.size and max(photo.size) == 128
        assert set(np.unique(np.asarray(mask))) <= {0, 51, 102, 153, 204, 255}
        assert (np.asarray(mask) > 100).sum() > 100


def test_boxes_are_whole_numbers_written_as_floats_around_the_bird(tiny):
    lines = (tiny / "CUB_200_2011" / "bounding_boxes.txt").read_text().splitlines()
    assert len(lines) == 96 and [int(line.split()[0]) for line in lines] == list(range(1, 97))
    for line in lines:
        x, y, width, height = map(float, line.split()[1:])
        assert all(word.endswith(".0") for word in line.split()[1:])
        assert 0 <= x <= x + width <= 128 and 0 <= y <= y + height <= 128


def test_waterbirds_metadata_has_the_official_columns_and_follows_the_recipe(tiny):
    with open(tiny / waterbirds.FOLDER / "metadata.csv", newline="") as file:
        table = csv.DictReader(file)
        assert tuple(table.fieldnames) == waterbirds.COLUMNS
        rows = list(table)
    assert [int(row["img_id"]) for row in rows] == list(range(1, 97))
    by_id = {row.image_id: row for row in cub.plan(TINY)}
    for row in rows:
        bird = by_id[int(row["img_id"])]
        assert (row["split"] == "2") == (not bird.is_train) and row["y"] == str(
            int(bird.species.is_water)
        )
        kinds = backgrounds.WATER if row["place"] == "1" else backgrounds.LAND
        assert row["place_filename"].rsplit("/", 1)[0] in {places.official_name(c) for c in kinds}
    assert len({row["place_filename"] for row in rows}) == len(rows)  # every scene is used once
    assert sum(row["split"] == "1" for row in rows) == round(0.2 * 48)


def test_places_follow_the_label_in_train_and_are_even_in_test():
    counts = waterbirds._counts(waterbirds.plan(replace(TINY, photos=100)))
    assert counts["test_groups"] == [300, 300, 300, 300]
    land_land, land_water, water_land, water_water = counts["train_groups"]
    assert land_water == round(0.05 * (land_land + land_water)) and water_land == round(
        0.05 * (water_land + water_water)
    )


def test_a_waterbird_is_the_photograph_inside_its_mask_and_the_scene_outside(tiny):
    row = waterbirds.plan(TINY)[10]
    made = np.asarray(Image.open(tiny / waterbirds.FOLDER / row["img_filename"]), dtype=int)
    photo = np.asarray(
        Image.open(tiny / "CUB_200_2011" / "images" / row["img_filename"]), dtype=int
    )
    mask = np.asarray(
        Image.open((tiny / "CUB_200_2011/segmentations" / row["img_filename"]).with_suffix(".png"))
    )
    assert np.abs(made - photo)[mask == 255].mean() < 8 < np.abs(made - photo)[mask == 0].mean()


def test_a_background_is_cropped_centrally_to_the_shape_it_fills():
    ramp = Image.fromarray(np.tile(np.arange(144, dtype=np.uint8)[:, None, None], (1, 144, 3)))
    rows = np.asarray(waterbirds.fit(ramp, (128, 64)))[:, 0, 0]
    assert rows[0] == pytest.approx(36, abs=2) and rows[-1] == pytest.approx(107, abs=2)


# CounterAnimal, NICO++ and DTD.


def test_counteranimal_has_the_folders_of_the_benchmark(tiny):
    folders = {
        p.relative_to(tiny / "LAION-final").as_posix() for p in (tiny / "LAION-final").glob("*/*")
    }
    assert folders == {
        "10 brambling/common-grass",
        "10 brambling/counter-sky",
        "16 bulbul/common-sky",
        "16 bulbul/counter-grass",
        "81 ptarmigan/common-snow",
        "81 ptarmigan/counter-grass",
        "83 prairie chicken/common-grass",
        "83 prairie chicken/counter-snow",
    }
    assert _pictures(tiny / "LAION-final") == 8


def test_the_two_birds_of_a_pair_mirror_each_other():
    for one, other in ((10, 16), (81, 83)):
        assert counteranimal.BACKGROUNDS[one] == counteranimal.BACKGROUNDS[other][::-1]


def test_nico_has_every_class_in_every_context_and_the_official_numbers(tiny):
    folder = tiny / "track_1" / "public_dg_0416" / "train"
    assert sorted(p.name for p in folder.iterdir()) == [
        "autumn",
        "dim",
        "grass",
        "outdoor",
        "rock",
        "water",
    ]
    assert all(
        {p.name for p in context.iterdir()} == set(nico.CLASSES) for context in folder.iterdir()
    )
    assert _pictures(folder) == 42
    assert json.loads((tiny / "dg_label_id_mapping.json").read_text()) == {
        "car": 0,
        "truck": 3,
        "motorcycle": 26,
        "bus": 33,
        "sailboat": 35,
        "ship": 40,
        "bicycle": 42,
    }


def test_the_four_pairs_use_each_class_that_is_written():
    assert len(nico.PAIRS) == 4 and {name for pair in nico.PAIRS for name in pair} == set(
        nico.CLASSES
    )


def test_dtd_has_its_47_classes_and_ten_partitions_in_thirds(tiny):
    assert (
        list(textures.CLASSES) == DTD == sorted(p.name for p in (tiny / "dtd" / "images").iterdir())
    )
    assert _pictures(tiny / "dtd") == 47
    assert (tiny / "dtd/images/polka-dotted/polka-dotted_0001.jpg").exists()
    lists = sorted(p.name for p in (tiny / "dtd" / "labels").iterdir())
    assert len(lists) == 31 and "labels_joint_anno.txt" in lists and "val10.txt" in lists
    assert (tiny / "dtd/labels/labels_joint_anno.txt").read_text().splitlines()[
        0
    ] == "banded/banded_0001.jpg banded"


def test_a_partition_of_dtd_holds_every_picture_once_and_differs_from_the_next():
    six = world.World("six", photos=2, train=1, val=1, coco=2, dtd=6)
    first, second = dtd.partition(six, 1), dtd.partition(six, 2)
    assert {part: len(paths) for part, paths in first.items()} == {
        "train": 94,
        "val": 94,
        "test": 94,
    }
    assert (
        sorted(chain.from_iterable(first.values())) == sorted(row.path for row in dtd.plan(six))
        and first != second
    )
    assert set(Counter(path.split("/")[0] for path in first["val"]).values()) == {2}


def _pictures(folder: Path) -> int:
    return sum(Image.open(path).mode == "RGB" for path in folder.rglob("*.jpg"))


# COCO.


def test_coco_has_one_crowd_and_its_polygons_and_run_lengths_agree_with_pycocotools(tiny):
    content = json.loads((tiny / "annotations" / "instances_train2017.json").read_text())
    assert (
        len(content["categories"]) == 80
        and {"id": 16, "name": "bird", "supercategory": "animal"} in content["categories"]
    )
    assert [a["iscrowd"] for a in content["annotations"]].count(1) == 1
    for entry in content["annotations"]:
        shape = entry["segmentation"]
        encoded = (
            run_lengths.frPyObjects(shape, *shape["size"])
            if entry["iscrowd"]
            else run_lengths.merge(run_lengths.frPyObjects(shape, 120, 160))
        )
        assert run_lengths.area(encoded) == pytest.approx(entry["area"], rel=0.12, abs=12)
    for image in content["images"]:
        assert len(image["file_name"]) == 16
        assert Image.open(tiny / "train2017" / image["file_name"]).size == (
            image["width"],
            image["height"],
        )


def test_coco_has_persons_and_all_nine_vehicles_among_its_birds(tiny):
    possible = {coco._category(kind) for kinds in coco._SHOWN for kind in kinds}
    assert possible == {
        *("bird", "person", "bicycle", "car", "motorcycle"),
        *("airplane", "bus", "train", "truck", "boat"),  # ship and sailboat are both boats
    }
    content = json.loads((tiny / "annotations" / "instances_train2017.json").read_text())
    names = {entry["id"]: entry["name"] for entry in content["categories"]}
    shown = {
        names[entry["category_id"]] for entry in content["annotations"] if not entry["iscrowd"]
    }
    assert {"person"} < shown <= possible


def test_run_lengths_count_columns_first_and_start_with_zeros():
    assert coco.run_lengths(np.array([[1, 0], [1, 1]], dtype=bool)) == [0, 2, 1, 1]
    assert coco.run_lengths(np.zeros((2, 2), dtype=bool)) == [4]


def test_outlines_keep_solid_parts_and_leave_out_holes_and_specks():
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:12, 2:12] = True
    mask[5:8, 5:8] = False
    mask[17, 17] = True
    (outline,) = coco.outlines(mask)
    assert min(outline) == pytest.approx(2, abs=0.51) and max(outline) == pytest.approx(
        12, abs=0.51
    )
