"""The listings and the catalogue on toys counted by hand."""

import json
from dataclasses import FrozenInstanceError
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bap_core.data import Backgrounds, EmptyMask, Objects, Scenes, catalogue, images
from bap_core.encoders.features import extract


@pytest.fixture
def birds(tmp_path):
    """One 10 x 8 picture, red channel = column, mask of columns 2..5 and rows 1..3 with a soft
    rim; listed 5 times.
    """
    pixels = np.zeros((8, 10, 3), np.uint8)
    pixels[..., 0] = np.arange(10)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    mask = np.zeros((8, 10), np.uint8)
    mask[0:5, 1:7], mask[1:4, 2:6] = 51, 204
    Image.fromarray(mask).save(tmp_path / "m.png")
    rows = [
        {
            "image": "a.png",
            "mask": "m.png",
            "segmentation": None,
            "x": 0.5,
            "y": 1.0,
            "width": 3.2,
            "height": 2.0,
            "label": label,
            "super_class": "bird",
        }
        for label in ("gull", "gull", "gull", "tern", "wren")
    ]
    return Objects("birds", tmp_path, pd.DataFrame(rows))


def test_a_cut_out_is_the_tight_extent_of_the_mask_with_its_soft_values_as_alpha(birds):
    cut = np.asarray(birds.cutout(0))
    assert cut.shape == (3, 4, 4)
    assert cut[0, :, 0].tolist() == [2, 3, 4, 5] and (cut[..., 3] == 204).all()


def test_a_cut_out_by_the_box_of_the_file_starts_down_ends_up_and_keeps_the_rim(birds):
    cut = np.asarray(Objects("birds", birds.root, birds.frame, bbox_source="file").cutout(0))
    assert cut[0, :, 0].tolist() == [0, 1, 2, 3] and cut.shape[0] == 2  # x 0.5..3.7, y 1..3
    assert cut[0, :, 3].tolist() == [0, 51, 204, 204]


def test_a_box_is_clipped_to_the_picture_and_one_without_object_is_refused(birds):
    frame = birds.frame.assign(x=4.0, width=100.0, y=-3.0, height=100.0)
    assert Objects("birds", birds.root, frame, bbox_source="file").cutout(0).size == (6, 8)
    with pytest.raises(EmptyMask, match="its box holds no pixel of the mask"):
        Objects("birds", birds.root, frame.assign(x=7.0), bbox_source="file").cutout(0)
    with pytest.raises(EmptyMask, match="it has no box"):
        Objects("birds", birds.root, frame.assign(x=np.nan), bbox_source="file").cutout(0)


def test_labels_are_distinct_and_sorted_and_take_keeps_the_order(birds):
    assert birds.labels == ["gull", "tern", "wren"]
    assert birds.take([4, 0]).frame["label"].tolist() == ["wren", "gull"]
    assert birds.take(birds.frame["label"] == "gull").labels == ["gull"]


def test_a_sample_has_different_objects_and_follows_its_generator(birds):
    frame = birds.frame.assign(number=range(5))
    numbered = Objects("birds", birds.root, frame)
    first, again = (
        numbered.sample(4, rng=np.random.default_rng(1)).frame["number"].tolist() for _ in range(2)
    )
    assert first == again and len(set(first)) == 4
    with pytest.raises(ValueError, match=r"n=6 of 5; choose 1\.\.5"):
        birds.sample(6, rng=np.random.default_rng(0))


def test_a_balanced_sample_repeats_only_where_it_must(birds):
    numbered = Objects("birds", birds.root, birds.frame.assign(number=range(5)))
    drawn = numbered.sample(9, rng=np.random.default_rng(0), balance="label").frame
    assert drawn["label"].value_counts().to_dict() == {"gull": 3, "tern": 3, "wren": 3}
    assert drawn["number"].value_counts().to_dict() == {0: 1, 1: 1, 2: 1, 3: 3, 4: 3}
    four = numbered.sample(4, rng=np.random.default_rng(0), balance="label").frame
    assert sorted(four["label"].value_counts()) == [1, 1, 2]
    with pytest.raises(ValueError, match="balance='size'"):
        birds.sample(2, rng=np.random.default_rng(0), balance="size")


def test_nouns_cannot_be_changed_and_say_which_columns_they_need(birds):
    with pytest.raises(FrozenInstanceError):
        birds.name = "other"
    with pytest.raises(ValueError, match=r"no column \['category'\]"):
        Backgrounds("grounds", birds.root, pd.DataFrame({"image": ["a.png"]}))
    with pytest.raises(ValueError, match="choices: 'mask', 'file'"):
        Objects("birds", birds.root, birds.frame, bbox_source="box")


def test_the_fingerprint_follows_names_labels_and_contents_but_not_the_folder(birds, tmp_path):
    same = Objects("birds", tmp_path, birds.frame.copy()).fingerprint
    assert birds.fingerprint == same
    assert birds.take([0, 1]).fingerprint != same
    assert Objects("birds", tmp_path, birds.frame.assign(label="crow")).fingerprint != same
    assert Objects("birds", tmp_path, birds.frame, bbox_source="file").fingerprint != same
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("a.png", "m.png"):
        (elsewhere / name).write_bytes((tmp_path / name).read_bytes())
    assert Objects("birds", elsewhere, birds.frame).fingerprint == same
    there = Objects("birds", elsewhere, birds.frame)
    for name in ("a.png", "m.png"):  # as long as before
        content = (elsewhere / name).read_bytes()
        (elsewhere / name).write_bytes(bytes([*content[:-1], content[-1] ^ 1]))
        assert there.fingerprint != same, "the listing was there before its file changed"
        (elsewhere / name).write_bytes(content)
        assert there.fingerprint == same


@pytest.mark.parametrize("row", [0, 9_999, 10_000, 10_001])
def test_the_fingerprint_is_that_of_the_whole_columns_however_long_they_are(tmp_path, row):
    frame = pd.DataFrame({"image": "a.png", "category": [{"a": [i, None]} for i in range(10_002)]})
    other = frame.copy()
    other.at[row, "category"] = {"a": [row, 0]}
    one, two = (Backgrounds("grounds", tmp_path, each).fingerprint for each in (frame, other))
    assert one != two and one == Backgrounds("grounds", tmp_path, frame).fingerprint


def test_a_background_pool_with_substitutes_is_another_pool(tmp_path):
    frame = pd.DataFrame({"image": ["a.png"], "category": ["church"]})
    plain, instead = (
        Backgrounds("grounds", tmp_path, frame, substitutes=used)
        for used in ({}, {"abbey": ("church",)})
    )
    assert plain.fingerprint != instead.fingerprint and instead.take([0]).substitutes == {
        "abbey": ("church",)
    }


def test_scenes_are_selected_by_split_and_name_their_groups(tmp_path):
    frame = pd.DataFrame(
        {
            "image": list("abcd"),
            "label": [0, 0, 1, 1],
            "background": [0, 1, 0, 1],
            "split": ["train", "train", "val", "test"],
            "group": range(4),
        }
    )
    scenes = Scenes("toys", tmp_path, frame, ("landbird", "waterbird"), ("land", "water"))
    assert scenes.group_names == [
        "landbird on land",
        "landbird on water",
        "waterbird on land",
        "waterbird on water",
    ]
    assert (
        scenes.select(split="train").groups.tolist() == [0, 1]
        and len(scenes.select(split="val")) == 1
    )
    with pytest.raises(ValueError, match="choices: .*'train', 'val', 'test'"):
        scenes.select(split="dev")


def test_counts_left_out_are_kept_without_zeros(birds):
    assert Objects("birds", birds.root, birds.frame, skipped={"crowd": 2, "tiny": 0}).skipped == {
        "crowd": 2
    }


def test_a_square_keeps_the_centre_of_the_picture():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert (images.square(Image.fromarray(wide), 10) == 200).all()
    assert images.square(Image.fromarray(wide), 7).shape == (3, 7, 7)


def test_a_square_equals_pils_own_resize_where_nothing_is_cropped():
    picture = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    )
    assert np.array_equal(
        images.square(picture, 56).transpose(1, 2, 0),
        np.asarray(picture.resize((56, 56), Image.Resampling.BICUBIC)),
    )


def test_the_smart_crop_cuts_both_ends_of_the_longer_side_and_keeps_the_shorter_whole():
    pixels = np.random.default_rng(0).integers(0, 256, (10, 16, 3), dtype=np.uint8)
    for margin in ((3, 0.4), (99, 0.2)):  # 3 pixels; a fifth of 16, rounded down
        wide = images.smart_square(Image.fromarray(pixels), 10, margin=margin)
        tall = images.smart_square(Image.fromarray(pixels.transpose(1, 0, 2)), 10, margin=margin)
        assert np.array_equal(wide.transpose(1, 2, 0), pixels[:, 3:13])
        assert np.array_equal(tall, wide.transpose(0, 2, 1))


@pytest.mark.parametrize(
    "longer, cut", [(1200, 50), (501, 50), (500, 50), (499, 49), (112, 11), (19, 1)]
)
def test_the_smart_crop_takes_the_papers_50_pixels_and_a_tenth_of_small_pictures(longer, cut):
    kept = longer - 2 * cut  # with this height nothing is resized
    pixels = np.random.default_rng(0).integers(0, 256, (kept, longer, 3), dtype=np.uint8)
    made = images.smart_square(Image.fromarray(pixels), kept)
    assert np.array_equal(made.transpose(1, 2, 0), pixels[:, cut : longer - cut])


def test_the_smart_crop_squashes_what_is_left_and_cuts_nothing_of_a_square():
    picture = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    )
    assert np.array_equal(images.smart_square(picture, 60), images.square(picture, 60))
    wide = picture.resize((120, 60))
    squashed = wide.crop((12, 0, 108, 60)).resize((24, 24), Image.Resampling.BICUBIC)
    assert np.array_equal(images.smart_square(wide, 24).transpose(1, 2, 0), np.asarray(squashed))


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(0, 60), st.floats(0, 0.5, exclude_max=True)
)
def test_the_smart_crop_leaves_something_of_every_picture(width, height, pixels, share):
    picture = Image.new("RGB", (width, height), (7, 8, 9))
    made = images.smart_square(picture, 4, margin=(pixels, share))
    assert made.shape == (3, 4, 4) and (made == np.array([7, 8, 9]).reshape(3, 1, 1)).all()


@pytest.mark.parametrize("margin", [(-1, 0.1), (50, 0.5), (50, -0.1)])
def test_a_margin_that_leaves_nothing_is_refused(margin):
    with pytest.raises(ValueError, match="pixels of at least 0, and a share of the side in"):
        images.smart_square(Image.new("RGB", (6, 5)), 4, margin=margin)


def test_scenes_are_fitted_by_their_own_crop_which_their_fingerprints_know(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (10, 16, 3), dtype=np.uint8)).save(
        tmp_path / "a.png"
    )
    frame = pd.DataFrame(
        {"image": ["a.png"], "label": [0], "background": [0], "split": ["test"], "group": [0]}
    )
    plain, smart, other = (
        Scenes("toys", tmp_path, frame, ("a", "b"), ("p", "q"), margin=margin)
        for margin in (None, (2, 0.4), (1, 0.4))
    )
    assert np.array_equal(plain.square(0, 10), images.square(plain.image(0), 10))
    assert np.array_equal(
        smart.square(0, 10), images.smart_square(plain.image(0), 10, margin=(2, 0.4))
    )
    assert not np.array_equal(smart.square(0, 10), plain.square(0, 10))
    assert len({scenes.key for scenes in (plain, smart, other)}) == 3
    assert len({scenes.fingerprint for scenes in (plain, smart, other)}) == 3
    assert smart.select(split="test").margin == (2, 0.4)


def test_features_of_scenes_see_what_their_crop_keeps(tmp_path, home, tiny):
    pixels = np.full((32, 64, 3), 90, np.uint8)
    pixels[:, 56:] = 255  # what only the smart crop of a tenth of 64 still sees: columns 56 and 57
    Image.fromarray(pixels).save(tmp_path / "a.png")
    frame = pd.DataFrame(
        {"image": ["a.png"], "label": [0], "background": [0], "split": ["test"], "group": [0]}
    )
    centre, smart = (
        Scenes("toys", tmp_path, frame, ("a", "b"), ("p", "q"), margin=margin)
        for margin in (None, (50, 0.1))
    )
    plain = tiny.encode_images(torch.full((1, 3, 32, 32), 90, dtype=torch.uint8))
    assert torch.allclose(extract(tiny, centre), plain, atol=1e-6)
    assert not torch.allclose(extract(tiny, smart), plain, atol=1e-3)


def test_an_unknown_dataset_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="known: .*'cub'"):
        catalogue.source("imagenet")


def test_a_missing_folder_names_path_download_and_command(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        catalogue.find(tmp_path, "cub", having="images.txt")
    for part in (
        str(tmp_path / "CUB_200_2011" / "images.txt"),
        "CUB_200_2011.tgz",
        "segmentations.tgz",
        "bap doctor",
    ):
        assert part in str(error.value)


def test_counts_are_the_official_ones_unless_the_folder_declares_another_world(tmp_path):
    assert catalogue.expected(tmp_path, "cub")["images"] == 11788
    with pytest.raises(ValueError, match="images: 3, expected 11788"):
        catalogue.check_counts(tmp_path, "cub", {"images": 3}, strict=True)
    with pytest.warns(UserWarning, match="images: 3, expected 11788"):
        catalogue.check_counts(tmp_path, "cub", {"images": 3}, strict=False)
    (tmp_path / "bap-world.json").write_text(
        json.dumps({"name": "micro", "counts": {"cub": {"images": 3}}})
    )
    catalogue.check_counts(tmp_path, "cub", {"images": 3}, strict=True)
    assert catalogue.expected(tmp_path / "CUB_200_2011", "cub") == {"images": 3}


def test_counts_from_hearsay_only_warn(tmp_path):
    with pytest.warns(UserWarning, match="train: 5, expected 1803460"):
        catalogue.check_counts(tmp_path, "places", {"train": 5}, strict=True)


def test_the_official_groups_of_waterbirds_add_up():
    counts = catalogue.CATALOGUE["waterbirds"].counts
    assert all(
        sum(counts[f"{split}_groups"]) == counts[split] for split in ("train", "val", "test")
    )


def test_at_most_draws_the_same_rows_as_the_number_that_there_is(birds):
    draw = partial(np.random.default_rng, 3)
    for at_most, n in ((2, 2), (5, 5), (900, 5)):
        for balance in (None, "label"):
            wanted = birds.sample(n, rng=draw(), balance=balance).frame
            assert birds.sample(at_most=at_most, rng=draw(), balance=balance).frame.equals(wanted)
    grounds = birds.frame.assign(category="x")[["image", "category"]]
    listed = Backgrounds("grounds", birds.root, grounds)
    assert listed.sample(at_most=9, rng=draw()).frame.equals(listed.sample(5, rng=draw()).frame)


@pytest.mark.parametrize("choice", [{}, {"n": 2, "at_most": 2}])
def test_a_sample_has_one_size(birds, choice):
    with pytest.raises(ValueError, match="give one of the two"):
        birds.sample(rng=np.random.default_rng(0), **choice)


def test_of_every_group_as_many_are_shown_as_asked_or_all_that_there_are(tmp_path):
    group = [0, 3, 0, 1, 0, 3, 0, 0]  # five, one, none and two pictures
    frame = pd.DataFrame(
        {"image": "a.png", "label": 0, "background": 0, "split": "test", "group": group}
    )
    scenes = Scenes("toys", tmp_path, frame, ("a", "b"), ("up", "down"))
    shown = scenes.per_group(2)
    assert scenes.groups[shown].tolist() == [0, 0, 1, 3, 3] and len(set(shown.tolist())) == 5
    assert shown.tolist() == scenes.per_group(2, seed=0).tolist()
    assert len({tuple(scenes.per_group(1, seed=seed)[:1].tolist()) for seed in range(40)}) == 5
    with pytest.raises(ValueError, match="n=0"):
        scenes.per_group(0)
