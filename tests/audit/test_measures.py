"""An audit's figures on grids of which the answer is known."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from bap_core import metrics
from bap_core.audit import Grid, measures
from bap_core.audit.resampling import draw_weights, figure, mean_over_objects


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def grid(z, label, *, behind=None, text=None, alone=None):
    label = np.asarray(label)
    classes = [f"class {number}" for number in range(label.max() + 1)]
    alone = z.mean(dim=1) if alone is None else alone
    behind = z.mean(dim=0) if behind is None else behind
    return Grid(z, F.normalize(alone, dim=-1), F.normalize(behind, dim=-1), label, classes, text)


def whole(label):
    return draw_weights(np.asarray(label), seed=0)


def test_sums_of_object_and_background_leave_nothing_to_both_together():
    z = drawn(12, 1, 8) + 2 * drawn(1, 5, 8, seed=1)
    found = measures.variance_shares(grid(z, [0] * 12), whole([0] * 12))
    by_object, by_background = (
        z.mean(dim=1 - axis).var(dim=0, unbiased=False).sum() for axis in (0, 1)
    )
    assert found["both together"].value == pytest.approx(0, abs=1e-5)
    share = by_object / (by_object + by_background)
    assert found["object"].value == pytest.approx(float(share), abs=1e-5)


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 99))
def test_the_three_shares_add_up_to_one_and_none_is_negative(n, b, seed):
    z = F.normalize(drawn(n, b, 4, seed=seed), dim=-1)
    shares = measures.variance_shares(grid(z, [0] * n), whole([0] * n))
    values = [one.value for one in shares.values()]
    assert sum(values) == pytest.approx(1, abs=1e-4) and min(values) > -1e-4


def test_an_encoder_that_sees_backgrounds_alone_has_all_its_variance_there():
    z = drawn(1, 5, 8).expand(6, 5, 8).contiguous()
    found = measures.variance_shares(grid(z, [0] * 6), whole([0] * 6))
    assert found["background"].value == pytest.approx(1, abs=1e-5)


def test_the_index_is_the_papers_averaged_over_pairs_of_backgrounds():
    z = F.normalize(drawn(7, 3, 6) + 1, dim=-1)
    label = [0, 0, 0, 0, 1, 1, 2]
    found = measures.sensitivity(grid(z, label), whole(label), seed=0)
    assert list(found) == ["class 0", "class 1"]  # one object has no spread
    for number, rows in enumerate((slice(0, 4), slice(4, 6))):
        pairs = [
            metrics.background_sensitivity_index(z[rows, a], z[rows, b])
            for a, b in ((0, 1), (0, 2), (1, 2))
        ]
        assert found[f"class {number}"].value == pytest.approx(np.mean(pairs), rel=1e-4)


def test_neighbours_of_an_encoder_of_objects_are_right_whatever_they_stand_on():
    label = [0, 0, 1, 1]
    z = F.one_hot(torch.tensor(label), 2).float()[:, None].expand(4, 3, 2).contiguous()
    found = measures.nearest_neighbour(grid(z, label), whole(label), seed=0)
    assert found["kept"].value == found["swapped"].value == 1


def test_a_swapped_background_misleads_who_looks_at_it():
    """Classes lie apart along one axis, and one of two backgrounds moves everything along it."""
    label = [0, 0, 1, 1]
    z = torch.tensor([[0.0, 10], [1, 11], [10, 20], [11, 21]])  # (object, background)
    angle = z / 30
    found = measures.nearest_neighbour(
        grid(torch.stack([angle.cos(), angle.sin()], dim=-1), label), whole(label), seed=0
    )
    assert found["kept"].value == 1 and found["swapped"].value == 0.5


TEXT = torch.eye(3)[:2]  # two classes; the third axis is the background's


def told(*rows):
    """Objects on two backgrounds, as (own class, other class, background) each."""
    return F.normalize(torch.tensor(rows, dtype=torch.float32), dim=-1)


MIXED = told(
    [[3, 1, 0], [3, 1, 0]],  # always right
    [[3, 1, 0], [1, 3, 0]],  # wrong on the second
    [[3, 1, 0], [3, 1, 0]],  # of the other class: never right
)


def test_what_becomes_of_every_object_is_counted_with_a_background_of_each_kind():
    found = measures.changes(grid(MIXED, [0, 0, 1], text=TEXT))
    assert found["right"].tolist() == [1.0, 0.5, 0.0]
    assert found["taken_for"].tolist() == ["", "class 1", "class 0"]
    assert found["wrong_on"].tolist() == [-1, 1, 0] and found["right_on"].tolist() == [0, 0, -1]


def test_accuracies_by_name_are_those_counted_by_hand():
    found = measures.named_right(grid(MIXED, [0, 0, 1], text=TEXT), whole([0, 0, 1]))
    assert found["on backgrounds"].value == pytest.approx(0.5)
    assert found["on every background"].value == pytest.approx(1 / 3)
    assert found["on grey"].value == pytest.approx(2 / 3)


def test_without_text_a_class_is_the_mean_of_its_other_objects():
    z = told([[1, 0, 0]], [[1, 0.1, 0]], [[0, 1, 0]], [[0.1, 1, 0]])
    one = grid(z, [0, 0, 1, 1])
    assert one.scores(z).argmax(dim=-1).flatten().tolist() == [0, 0, 1, 1]
    odd = told([[1, 0, 0]], [[0, 1, 0]], [[0, 1, 0]], [[0, 1, 0]])
    # its own class without it lies with the others: the object itself does not vote
    assert grid(odd, [0, 0, 1, 1]).scores(odd)[0, 0, 0] == pytest.approx(0)


def test_the_background_that_draws_its_pictures_most_comes_first():
    z = told([[3, 1, 0], [1, 1, 5]], [[1, 3, 0], [1, 1, 5]])
    found = measures.attraction(grid(z, [0, 1], behind=told([0, 1, 1], [0, 0, 1]), text=TEXT))
    assert found["background"].tolist() == [1, 0] and found["pull"][0] > 0.8
    assert found["right"].tolist() == [0.5, 1.0] and found["to"].tolist()[0] == "class 0"


def test_a_background_that_looks_like_a_class_is_named_and_an_empty_one_is_not():
    behind = told([3, 0, 0], [0, 0, 1])
    found = measures.holding_objects(grid(MIXED, [0, 0, 1], behind=behind, text=TEXT))
    assert found == [0]
    assert measures.holding_objects(grid(MIXED, [0, 0, 1], behind=behind)) == []


def test_draws_keep_the_size_of_every_class_and_the_first_is_everybody_once():
    weights = draw_weights(np.array([0, 0, 0, 1, 1]), seed=0)
    assert weights[0].tolist() == [1] * 5
    assert (weights[:, :3].sum(dim=1) == 3).all() and (weights[:, 3:].sum(dim=1) == 2).all()


def test_an_interval_needs_ten_objects_and_covers_its_figure():
    few = mean_over_objects(np.array([0.0, 1.0]), whole([0, 0]))
    assert few.value == 0.5 and np.isnan(few.low)
    many = mean_over_objects(np.arange(20) / 20, whole([0] * 20))
    assert many.low < many.value < many.high


def test_a_turned_interval_lies_on_the_other_side():
    values = torch.cat([torch.tensor([5.0]), torch.linspace(5, 7, 101)])
    assert figure(values, n=50, turned=True).high == pytest.approx(4.95, abs=0.01)


def test_intervals_of_a_mean_hold_the_truth_about_as_often_as_they_say():
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        one = mean_over_objects(draw.random(40), whole([0] * 40))
        held += one.low <= 0.5 <= one.high
    assert 175 <= held <= 200
