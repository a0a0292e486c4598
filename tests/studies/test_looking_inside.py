"""What changes from picture to picture, counted by hand."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from bap_core import studies

MISSED = pd.DataFrame(
    {"Native (LP)": [False, True, False, True], "BAP (LP)": [False, False, True, True]}
)


def test_each_of_the_four_sides_has_its_name():
    sides = studies.changed_sides(MISSED, before="Native (LP)", after="BAP (LP)")
    assert sides.tolist() == list(studies.SIDES)


def test_the_way_back_swaps_what_turned():
    sides = studies.changed_sides(MISSED, before="BAP (LP)", after="Native (LP)")
    assert sides.tolist() == ["stayed right", "turned wrong", "turned right", "stayed wrong"]


def test_a_method_that_predicted_nothing_is_named_with_those_that_did():
    with pytest.raises(ValueError, match="'AFR' predicted nothing; there are Native"):
        studies.changed_sides(MISSED, before="AFR", after="BAP (LP)")


def test_the_nearest_comes_first_and_never_the_picture_itself():
    angles = torch.tensor([0.0, 0.1, 0.3, 3.0])
    z = torch.stack([angles.cos(), angles.sin()], dim=1)
    assert studies.nearest_pictures(z, [0, 3], k=2).tolist() == [[1, 2], [2, 1]]


def test_a_twin_with_the_same_embedding_is_another_picture():
    z = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert studies.nearest_pictures(z, [0, 1], k=1).tolist() == [[1], [0]]


def test_more_neighbours_than_pictures_are_refused():
    with pytest.raises(ValueError, match="k=2 of 1 other"):
        studies.nearest_pictures(torch.eye(2), [0], k=2)


@given(st.integers(3, 12), st.integers(0, 99))
def test_no_picture_that_was_left_out_lies_nearer_than_one_that_was_taken(n, seed):
    z = F.normalize(torch.randn(n, 4, generator=torch.Generator().manual_seed(seed)), dim=1)
    taken = studies.nearest_pictures(z, [0], k=n - 2)[0]
    left = np.setdiff1d(np.arange(1, n), taken)
    assert (z[left] @ z[0]).max() <= (z[taken] @ z[0]).min() + 1e-6
