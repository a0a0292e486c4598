"""A set whose pictures are composed when they are asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from on_disk import save

from bap_core.data import Backgrounds, Objects
from bap_core.encoders import features
from bap_core.people import design
from bap_core.people import scenes as composites
from bap_core.people.scenes import Composites


def listed(shapes, **columns):
    frame = pd.DataFrame(
        {
            "object_row": [0, 5, 2, 0],
            "background_row": [11, 3, 3, 0],
            "label": [0, 1, 0, 0],
            "background": [0, 1, 1, 1],
            "split": ["train", "train", "test", "left out"],
            "group": [0, 3, 1, 1],
        }
    )
    return Composites(
        "toys", Path("data"), frame.assign(**columns), ("a", "b"), ("up", "down"), compositor=shapes
    )


def test_a_picture_is_the_composite_of_its_row(shapes):
    scenes = listed(shapes)
    expected = shapes.batch(np.array([5]), np.array([3]))[0]
    assert np.array_equal(np.asarray(scenes.image(1)).transpose(2, 0, 1), expected.numpy())
    assert scenes.image(1).mode == "RGB" and scenes.group_names[3] == "b on down"


def test_features_of_composites_are_those_of_the_compositors_batches_to_the_bit(home, tiny, shapes):
    z = features.extract(tiny, listed(shapes))
    assert torch.equal(
        z, tiny.encode_images(shapes.batch(np.array([0, 5, 2, 0]), np.array([11, 3, 3, 0])))
    )


def test_sets_that_differ_in_splits_alone_share_their_encoding_and_not_their_fingerprint(
    home, tiny, shapes
):
    one, other = listed(shapes), listed(shapes, split="train")
    features.extract(tiny, one)
    features.extract(tiny, other)
    assert tiny.tally.encoded == 4 == sum(tiny.tally.needed.values())
    assert one.key == other.key and one.fingerprint != other.fingerprint


def test_other_pairs_or_another_compositor_are_other_pictures(shapes):
    one = listed(shapes)
    assert one.key != listed(shapes, background_row=[11, 3, 3, 1]).key
    again = listed(shapes)
    shapes.fingerprint = "other shapes"
    assert again.key != one.key and again.fingerprint != listed(shapes, label=1).fingerprint


def test_a_split_keeps_its_composites(shapes):
    test = listed(shapes).select(split="test")
    assert len(test) == 1 and test.groups.tolist() == [1]
    assert np.array_equal(np.asarray(test.image(0)), np.asarray(listed(shapes).image(2)))


@pytest.mark.parametrize(
    ("column", "number"), [("object_row", 6), ("background_row", 12), ("background_row", -1)]
)
def test_a_number_that_the_compositor_lacks_is_refused(shapes, column, number):
    with pytest.raises(ValueError, match=f"toys: {column} numbers .*, but there are"):
        listed(shapes, **{column: [0, 1, 2, number]})


LABELS = ("round", "square")


@pytest.fixture
def crowd(tmp_path):
    """Twenty training and eight test persons of each label, each a block of its own colour; one
    cannot be cut out.
    """
    n = 57
    for i in range(n):
        save(tmp_path / f"person{i}.png", "RGBA", (8, 12), (4 * i, 20, 200, 255 if i else 0))
    split = ["train"] + ["train", "train"] * 20 + ["test", "test"] * 8
    frame = pd.DataFrame(
        {
            "image": [f"person{i}.png" for i in range(n)],
            "mask": None,
            "segmentation": None,
            "x": 0,
            "y": 0,
            "width": 8,
            "height": 12,
            "label": ["round"] + [*LABELS] * 28,
            "super_class": "person",
            "split": split,
        }
    )
    return Objects("coco", tmp_path, frame)


@pytest.fixture
def scenery(tmp_path):
    rows = [(f"{category}{i}.png", category) for category in design.CATEGORIES for i in range(5)]
    for nth, (image, _) in enumerate(rows):
        save(tmp_path / image, size=(32, 32), colour=(10 * nth, 240, 10))
    return Backgrounds("places", tmp_path, pd.DataFrame(rows, columns=["image", "category"]))


def placed(crowd, scenery, **choices):
    with pytest.warns(UserWarning, match="1 pictures cannot be used"):
        return composites.compose(
            crowd,
            scenery,
            size=32,
            labels=LABELS,
            words=("disc", "box"),
            n_val=1,
            seed=0,
            **choices,
        )


def test_the_people_are_placed_after_those_who_cannot_be_cut_out_are_gone(crowd, scenery):
    sets = placed(crowd, scenery)
    assert [scenes.name for scenes in sets] == ["coco-gender-95", "coco-gender-100"]
    for scenes in sets:
        persons = scenes.compositor.objects.frame
        assert len(persons) == 56 and max(scenes.frame["object_row"]) == 55
        assert [
            LABELS.index(persons["label"].iloc[i]) for i in scenes.frame["object_row"]
        ] == scenes.frame["label"].tolist()
        names = [persons["split"].iloc[i] for i in scenes.frame["object_row"]]
        assert {(name, split) for name, split in zip(names, scenes.frame["split"])} >= {
            ("train", "train"),
            ("test", "val"),
        }
        assert not {("train", "test"), ("test", "train")} & set(zip(names, scenes.frame["split"]))
    assert sets[0].group_names[1] == "disc on kitchen" and sets[0].key == sets[1].key


def test_a_person_fills_three_quarters_of_the_picture(crowd, scenery):
    scenes = placed(crowd, scenery)[0]
    pixels = np.asarray(scenes.image(0)).astype(int)
    person = pixels[..., 2] > 105  # blue, where the scene has none
    assert np.ptp(np.flatnonzero(person.any(axis=1))) + 1 == 24


def test_choices_reach_the_placements(crowd, scenery):
    (one,) = placed(crowd, scenery, correlations=[95], both=True)
    assert np.bincount(one.groups[one.frame["split"] == "test"]).tolist() == [7] * 4


def test_for_the_eye_a_set_keeps_its_rows_and_real_persons_are_silhouettes_and_drawn_ones_not(
    crowd, scenery
):
    scenes = placed(crowd, scenery)[0]
    shown = composites.make_visible(scenes, size=64)
    assert shown.frame.equals(scenes.frame) and shown.image(3).size == (64, 64)
    assert shown.image(3).getpixel((32, 32)) == design.SHADE
    assert shown.image(3).getpixel((1, 1)) == scenes.image(3).getpixel((1, 1))
    assert scenes.square(3, 32)[2, 16, 16] == 200  # what an encoder gets is not touched
    scenes = placed(replace(crowd, origin="micro"), scenery)[0]
    assert composites.make_visible(scenes, size=64).image(3).getpixel((32, 32)) == scenes.image(
        3
    ).getpixel((16, 16))
