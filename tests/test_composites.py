"""A set whose pictures are composed when they are asked for."""

import numpy as np
import pandas as pd
import pytest
import torch

from bap_core import features
from bap_core.composites import Composites


def listed(shapes, **columns):
    frame = pd.DataFrame({"object": [0, 5, 2, 0], "background": [11, 3, 3, 0], "label": [0, 1, 0, 0], "place": [0, 1, 1, 1],
                          "split": ["train", "train", "test", "left out"], "group": [0, 3, 1, 1]})
    return Composites("toys", "data", frame.assign(**columns), ("a", "b"), ("up", "down"), compositor=shapes)


def test_a_picture_is_the_composite_of_its_row(shapes):
    scenes = listed(shapes)
    expected = shapes.batch(np.array([5]), np.array([3]))[0]
    assert np.array_equal(np.asarray(scenes.image(1)).transpose(2, 0, 1), expected.numpy())
    assert scenes.image(1).mode == "RGB" and scenes.group_names[3] == "b on down"


def test_features_of_composites_are_those_of_the_compositors_batches_to_the_bit(home, tiny, shapes):
    z = features.extract(tiny, listed(shapes))
    assert torch.equal(z, tiny.encode_images(shapes.batch(np.array([0, 5, 2, 0]), np.array([11, 3, 3, 0]))))


def test_sets_that_differ_in_splits_alone_share_their_encoding_and_not_their_fingerprint(home, tiny, shapes):
    one, other = listed(shapes), listed(shapes, split="train")
    features.extract(tiny, one)
    features.extract(tiny, other)
    assert tiny.tally.encoded == 4 == sum(tiny.tally.needed.values())
    assert one.pictures == other.pictures and one.fingerprint != other.fingerprint


def test_other_pairs_or_another_compositor_are_other_pictures(shapes):
    one = listed(shapes)
    assert one.pictures != listed(shapes, background=[11, 3, 3, 1]).pictures
    again = listed(shapes)
    shapes.fingerprint = "other shapes"
    assert again.pictures != one.pictures and again.fingerprint != listed(shapes, label=1).fingerprint


def test_a_split_keeps_its_composites(shapes):
    test = listed(shapes).select(split="test")
    assert len(test) == 1 and test.groups.tolist() == [1]
    assert np.array_equal(np.asarray(test.image(0)), np.asarray(listed(shapes).image(2)))


@pytest.mark.parametrize(("column", "number"), [("object", 6), ("background", 12), ("background", -1)])
def test_a_number_that_the_compositor_lacks_is_refused(shapes, column, number):
    with pytest.raises(ValueError, match=f"toys: {column} numbers .*, but there are"):
        listed(shapes, **{column: [0, 1, 2, number]})
