import numpy as np
import pytest

from bap_core.groups import group_counts, group_id, group_names, is_minority


def test_the_four_waterbirds_groups_have_their_published_numbers_and_names():
    numbers = group_id([0, 0, 1, 1], [0, 1, 0, 1], n_backgrounds=2)
    names = group_names(["landbird", "waterbird"], ["land", "water"])
    assert numbers.tolist() == [0, 1, 2, 3]
    assert [names[g] for g in numbers] == [
        "landbird on land",
        "landbird on water",
        "waterbird on land",
        "waterbird on water",
    ]


def test_groups_of_three_backgrounds_count_label_first():
    assert group_id([2], [1], n_backgrounds=3).tolist() == [7]


def test_a_minority_group_is_a_class_off_its_usual_background():
    assert is_minority([0, 1, 2, 3], n_backgrounds=2).tolist() == [False, True, True, False]
    assert is_minority(
        group_id([2, 2, 2], [0, 1, 2], n_backgrounds=3), n_backgrounds=3
    ).tolist() == [True, True, False]
    assert not is_minority(0, n_backgrounds=2)


def test_a_background_beyond_the_last_is_refused():
    with pytest.raises(ValueError, match="backgrounds in 0..1"):
        group_id([0], [2], n_backgrounds=2)


def test_labels_and_backgrounds_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="same shape"):
        group_id([0, 1], [0], n_backgrounds=2)


def test_counts_keep_empty_groups():
    assert group_counts(np.array([0, 0, 3]), n_groups=5).tolist() == [2, 0, 0, 1, 0]
