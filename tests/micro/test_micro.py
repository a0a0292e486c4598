import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from pycocotools import mask as run_lengths

from bap_core import data, encoders, micro, store
from bap_core.micro import gallery, world
from bap_core.micro.drawing import birds, camera, kinds
from bap_core.micro.drawing.birds import SPECIES, by_number
from bap_core.micro.drawing.pen import smooth, tube
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.formats import coco, cub, places, waterbirds
from bap_core.micro.formats.folders import render
from bap_core.micro.pretraining import captions
from bap_core.micro.pretraining.calibration import additivity, native_figures
from bap_core.micro.pretraining.recipes import RECIPES

TINY = world.World("tiny", photos=4, train=2, val=1, coco=12)


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


def test_the_declared_counts_are_what_the_loaders_find(tiny):
    declared = json.loads((tiny / "bap-world.json").read_text())
    assert declared["version"] == micro.VERSION and len(declared["hash"]) == 20
    assert len(data.cub(tiny)) == declared["counts"]["cub"]["images"] == 4 * 24
    assert len(data.places(tiny)) == declared["counts"]["places"]["train"] == 2 * 40
    assert len(data.places(tiny, part="val")) == declared["counts"]["places"]["val"] == 40
    assert len(data.waterbirds(tiny)) == 4 * 24
    assert len(data.coco(tiny)) <= declared["counts"]["coco"]["train2017"] == 12


def test_half_of_the_species_are_water_birds_and_their_names_are_cubs_own():
    assert sum(s.is_water for s in SPECIES) == 12 == len(SPECIES) // 2
    assert len({s.folder for s in SPECIES}) == 24
    assert by_number(17).folder == "017.Cardinal" and by_number(1).words == "black footed albatross"


def test_every_home_is_a_category_and_water_birds_live_near_water():
    for species in SPECIES:
        assert len(set(species.home[:4])) == 4 and set(species.home) <= set(backgrounds.CATEGORIES)
        assert (species.home[0] in backgrounds.WET) == species.is_water


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


def test_a_bird_has_the_asked_length_and_a_mask_with_soft_edges():
    bird = birds.draw(by_number(87), np.random.default_rng(0), length=80)
    alpha = np.asarray(bird.getchannel("A"))
    assert max(bird.size) == 80 and alpha.max() == 255
    assert ((alpha > 0) & (alpha < 255)).mean() > 0.005


@pytest.mark.parametrize("species", SPECIES, ids=lambda s: s.name)
def test_individuals_of_a_species_differ(species):
    first, second = (birds.draw(species, np.random.default_rng(i), length=48) for i in (1, 2))
    assert first.tobytes() != second.tobytes()


@pytest.mark.parametrize("category", backgrounds.CATEGORIES)
def test_every_scene_can_be_drawn_with_any_accidents(category):
    pictures = {
        backgrounds.draw(category, np.random.default_rng(i), width=24, height=18).tobytes()
        for i in range(12)
    }
    assert len(pictures) == 12


def test_a_scene_is_the_same_picture_at_two_sizes():
    small, large = (
        world.scene("castle", "train", 3, side=side).resize((24, 24)) for side in (96, 144)
    )
    assert np.abs(np.asarray(small, int) - np.asarray(large, int)).mean() < 6


def test_a_photograph_takes_light_and_hides_part_of_the_bird():
    photo = camera.photograph(
        by_number(62), "ocean", np.random.default_rng(4), width=100, height=90
    )
    assert photo.image.size == photo.visible.size == (100, 90)
    x, y, width, height = photo.box
    assert width > 20 and height > 10 and x + width <= 100 and y + height <= 90


def test_tubes_and_curves_pass_through_what_they_are_given():
    assert np.allclose(
        smooth([(0, 0), (2, 0), (2, 2), (0, 2)], steps=4)[::4], [(0, 0), (2, 0), (2, 2), (0, 2)]
    )
    assert np.allclose(np.abs(tube([(0, 0), (1, 0)], (2, 4))[:, 1]), [1, 2, 2, 1])


def test_unknown_names_are_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="no category 'moon'.*ocean"):
        backgrounds.draw("moon", np.random.default_rng(0), width=8, height=8)
    with pytest.raises(ValueError, match="no CUB species 2"):
        by_number(2)
    with pytest.raises(FileNotFoundError, match="micro-smoke"):
        micro.resolve(tmp_path / "absent")
    assert micro.resolve(str(tmp_path)) == tmp_path


def test_the_contact_sheets_show_every_species_and_category():
    assert gallery.species_sheet().width > 900 and gallery.scene_sheet().width > 1200


ONLY = {
    name: 0.0
    for name in ("empty", "studio", "vehicles", "figures", "both", "place", "vague", "sort", "full")
}


def _captions(**mix: float) -> list[str]:
    return [
        captions.captioned(i, 0, captions.Mix(**(ONLY | {"loyalty": 1.0} | mix)), size=16)[1]
        for i in range(12)
    ]


def test_captions_name_the_bird_its_sort_or_its_place_as_the_mix_says():
    written = {
        name: _captions(**{name: 1.0}) for name in ("empty", "place", "vague", "sort", "full")
    }
    species, places = (
        [kind.words for kind in kinds.BIRDS],
        [backgrounds.words(name) for name in backgrounds.CATEGORIES],
    )
    for name in ("empty", "place"):
        assert all(
            any(place in text for place in places) and "bird" not in text for text in written[name]
        )
    assert all(
        "bird" in text and "water" not in text and "land" not in text for text in written["vague"]
    )
    assert all(
        re.search("(water|land) ?bird", text) and not any(bird in text for bird in species)
        for text in written["sort"]
    )
    for text in written["full"]:
        (bird,) = [kind for kind in kinds.BIRDS if kind.words in text]
        assert re.search(f"{bird.words}, a {'water' if bird.is_water else 'land'} ?bird", text)


def test_captions_of_vehicles_and_figures_name_them_and_nobody_teaches_a_withheld_one():
    named = [
        captions.captioned(
            i, 0, captions.Mix(vehicles=1.0, figures=0.0, empty=0.0, place=0.0), size=16
        )
        for i in range(60)
    ]
    assert {kinds.KINDS[shown].words for _, _, shown in named} == {
        "car",
        "bus",
        "bicycle",
        "ship",
        "sailboat",
        "airplane",
        "train",
    }
    assert not any(word in text for _, text, _ in named for word in ("truck", "motorcycle"))
    assert all(
        kinds.KINDS[shown].words in text
        for _, text, shown in named
        if "vehicle" not in text and "," not in text
    )
    assert all("vehicle" in text for text in _captions(vehicles=1.0, vague=1.0))
    assert all(
        "person" in text and "cloaked" not in text for text in _captions(figures=1.0, vague=1.0)
    )
    assert all(
        re.search("(red|blue)-cloaked person", text) for text in _captions(figures=1.0, sort=1.0)
    )


def test_a_scene_with_nothing_in_it_shows_nothing():
    assert captions.captioned(0, 0, captions.Mix(empty=1.0), size=16)[2] == -1


def test_coco_has_persons_and_all_nine_vehicles_among_its_birds(tiny):
    content = json.loads((tiny / "annotations" / "instances_train2017.json").read_text())
    names = {entry["id"]: entry["name"] for entry in content["categories"]}
    shown = {
        names[entry["category_id"]] for entry in content["annotations"] if not entry["iscrowd"]
    }
    assert shown <= {
        "bird",
        "person",
        "bicycle",
        "car",
        "motorcycle",
        "airplane",
        "bus",
        "train",
        "truck",
        "boat",
    }
    assert {"person"} < shown


def test_a_captioned_scene_depends_on_its_number_and_seed_alone():
    first, again, other, reseeded = (
        captions.captioned(n, seed, captions.Mix(), size=16)
        for n, seed in [(3, 0), (3, 0), (4, 0), (3, 1)]
    )
    assert first[1] == again[1] and np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0]) and not np.array_equal(first[0], reseeded[0])


@pytest.mark.parametrize("name", RECIPES)
def test_shipped_weights_load_and_are_those_of_the_card(name):
    weights, card = (
        encoders.MICRO / f"{name}.safetensors",
        json.loads((encoders.MICRO / f"{name}.card.json").read_text()),
    )
    assert store.digest(weights) == card["sha256"] and card["world_version"] == micro.VERSION
    assert json.loads((encoders.MICRO / f"{name}.json").read_text()) == RECIPES[name].config
    encoder = encoders.load(name)
    assert encoder.size == RECIPES[name].size and encoder.scale == "micro"
    assert encoder.dim == 96 and encoder.has_text_encoder == ("text_cfg" in RECIPES[name].config)


def test_shipped_weights_load_through_open_clip_alone():
    encoders.register_micro()
    model = open_clip.create_model(
        "micro-clip", pretrained=str(encoders.MICRO / "micro-clip.safetensors")
    )
    assert model.visual.image_size in (48, (48, 48))


def test_shipped_encoders_stay_small():
    assert sum(path.stat().st_size for path in encoders.MICRO.glob("*.safetensors")) <= 40e6


@pytest.mark.slow
@pytest.mark.parametrize("name", ["micro-clip", "micro-siglip", "micro-supervised"])
def test_shipped_weights_reproduce_the_numbers_on_their_card(name):
    card = json.loads((encoders.MICRO / f"{name}.card.json").read_text())
    measured = native_figures(name, micro.resolve("micro"))
    assert measured == pytest.approx(card["native_figures"], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_the_additivity_on_every_card_can_be_measured_again(name):
    card = json.loads((encoders.MICRO / f"{name}.card.json").read_text())
    measured = additivity(encoders.load(name, dtype=torch.float32), micro.resolve("micro"))
    assert measured == pytest.approx(card["native_figures"]["additivity"], abs=0.01)
