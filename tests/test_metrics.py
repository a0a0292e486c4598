import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bap_core import metrics

# Eight examples: groups 0,0,0 | 1 | 2,2 | 3,3 with 3, 0, 1, 2 right answers.
TRUE = [0, 0, 0, 0, 1, 1, 1, 1]
PRED = [0, 0, 0, 1, 1, 0, 1, 1]
GROUP = [0, 0, 0, 1, 2, 2, 3, 3]


def test_group_accuracies_counted_by_hand():
    table = metrics.group_accuracy(TRUE, PRED, GROUP, n_groups=5)
    assert table.n.tolist() == [3, 1, 2, 2, 0]
    assert table.accuracy[:4].tolist() == [1.0, 0.0, 0.5, 1.0]
    assert np.isnan(table.accuracy[4])


def test_average_and_worst_group_accuracy_counted_by_hand():
    assert metrics.average_accuracy(TRUE, PRED) == 6 / 8
    assert metrics.worst_group_accuracy(TRUE, PRED, GROUP, n_groups=4) == 0.0


def test_reweighted_accuracy_uses_the_training_shares():
    value = metrics.reweighted_accuracy(TRUE, PRED, GROUP, train_counts=[90, 5, 0, 5])
    assert value == pytest.approx((90 * 1 + 5 * 0 + 5 * 1) / 100)


def test_an_empty_group_has_no_worst_case():
    with pytest.raises(ValueError, match="group 4 of 5"):
        metrics.worst_group_accuracy(TRUE, PRED, GROUP, n_groups=5)


def test_the_worse_minority_group_is_that_of_two_whatever_the_usual_ones_do():
    assert metrics.minority_group_accuracy([0.0, 0.9, 0.7, 0.2], n_backgrounds=2) == 0.7
    assert metrics.minority_group_accuracy([np.nan, 0.9, 0.7, np.nan], n_backgrounds=2) == 0.7
    # a third class has no usual background
    assert metrics.minority_group_accuracy([0.1, 0.9, 0.8, 0.6, 0.1, 0.7], n_backgrounds=2) == 0.1
    assert metrics.minority_group_accuracy([0.1, 0.9, 0.8, 0.6, 0.1, 0.7], n_backgrounds=3) == 0.6


def test_a_minority_group_without_an_example_is_refused_and_so_are_groups_without_any():
    with pytest.raises(
        ValueError, match=r"minority groups are \[1, 2\]; without an example: \[2\]"
    ):
        metrics.minority_group_accuracy([1.0, 0.5, np.nan, 1.0], n_backgrounds=2)
    with pytest.raises(ValueError, match=r"of 1 groups, the minority groups are \[\]"):
        metrics.minority_group_accuracy([1.0], n_backgrounds=2)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), min_size=8, max_size=60
    )
)
def test_the_worst_group_is_never_above_the_worse_minority_group(rows):
    rows += [(y, background, 0) for y in (0, 1) for background in (0, 1)]
    y, background, p = map(np.array, zip(*rows))
    table = metrics.group_accuracy(y, p, 2 * y + background, n_groups=4)
    assert (
        table.accuracy.min()
        <= metrics.minority_group_accuracy(table.accuracy, n_backgrounds=2)
        <= 1
    )


def test_no_examples_is_nan_and_not_zero():
    assert np.isnan(metrics.average_accuracy([], []))


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="one length"):
        metrics.average_accuracy([0, 1], [0])


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 3)), min_size=1, max_size=60
    )
)
def test_the_worst_group_is_never_above_the_average(rows):
    y, p, g = map(list, zip(*rows))
    present = sorted(set(g))
    g = [present.index(x) for x in g]
    assert (
        metrics.worst_group_accuracy(y, p, g, n_groups=len(present))
        <= metrics.average_accuracy(y, p) + 1e-12
    )


def test_additivity_is_one_for_a_sum_and_cos_45_for_one_part():
    a, b = np.array([[1.0, 0, 0]]), np.array([[0, 1.0, 0]])
    assert metrics.additivity(a, b, a + b) == pytest.approx(1)
    assert metrics.additivity(a, b, a) == pytest.approx(np.cos(np.pi / 4))
    assert metrics.additivity(a, b, [[0, 0, 1.0]]) == pytest.approx(0)


def test_additivity_ignores_the_length_of_its_vectors():
    draw = np.random.default_rng(0)
    a, b, c = draw.normal(size=(3, 7, 5))
    assert metrics.additivity(3 * a, 0.1 * b, 9 * c) == pytest.approx(metrics.additivity(a, b, c))


def test_additivity_of_parts_that_cancel_is_nan():
    assert np.isnan(metrics.additivity([[1.0, 0]], [[-1.0, 0]], [[1.0, 0]])[0])


def test_bsi_counted_by_hand_and_its_two_variances():
    # shift 3, variance (0, 1) each
    on_a, on_b = np.array([[0.0, 1], [0, -1]]), np.array([[3.0, 1], [3, -1]])
    assert metrics.background_sensitivity_index(on_a, on_b) == pytest.approx(3 / np.sqrt(1))
    assert metrics.background_sensitivity_index(on_a, on_b, variance="total") == pytest.approx(
        3 / np.sqrt(2)
    )


def test_the_index_of_classes_is_the_mean_of_theirs_and_not_that_of_all_at_once():
    # both classes move by 3; within them the variance is 1 in one of two dimensions, or 4
    one, other = np.array([[0.0, 1], [0, -1]]), np.array([[90.0, 2], [90, -2]])
    on_a, label = np.concatenate([one, other]), ["one", "one", "other", "other"]
    on_b = on_a + [3, 0]
    expected = (3 / np.sqrt(1) + 3 / np.sqrt(4)) / 2
    assert metrics.class_sensitivity_index(on_a, on_b, label) == pytest.approx(expected)
    total = metrics.class_sensitivity_index(on_a, on_b, label, variance="total")
    assert total == pytest.approx(expected / np.sqrt(2))
    assert metrics.background_sensitivity_index(on_a, on_b) < 0.1 * expected
    shuffled = [2, 0, 3, 1]
    again = metrics.class_sensitivity_index(
        on_a[shuffled], on_b[shuffled], np.array(label)[shuffled]
    )
    assert again == pytest.approx(expected)


def test_a_class_of_one_object_has_no_index_and_without_a_class_of_two_there_is_none():
    on_a = np.array([[0.0, 1], [0, -1], [5, 5]])
    found = metrics.class_sensitivity_index(on_a, on_a + [3, 0], [0, 0, 1])
    assert found == pytest.approx(3)
    with pytest.raises(ValueError, match="none of 3 classes has two objects"):
        metrics.class_sensitivity_index(on_a, on_a, [0, 1, 2])
    with pytest.raises(ValueError, match=r"3 and 3 embeddings, labels \(2,\)"):
        metrics.class_sensitivity_index(on_a, on_a, [0, 1])


def test_bsi_of_equal_clouds_is_zero_and_does_not_know_which_is_which():
    draw = np.random.default_rng(1)
    a, b = draw.normal(size=(9, 4)), draw.normal(size=(7, 4))
    assert metrics.background_sensitivity_index(a, a) == 0
    assert metrics.background_sensitivity_index(a, b) == pytest.approx(
        metrics.background_sensitivity_index(b, a)
    )


def test_bsi_refuses_an_unknown_variance():
    with pytest.raises(ValueError, match="per_dimension"):
        metrics.background_sensitivity_index(np.eye(2), np.eye(2), variance="sum")


def test_residual_variance_counted_by_hand():
    backgrounds = np.array([[[2.0, 0], [0, 0], [4, 3]]])
    values = metrics.residual_variance(backgrounds, [0.0, 0], ks=[1, 2, 3])
    assert values.tolist() == [[4.0, 1.0, 2**2 + 1**2]]


def test_residual_variance_of_independent_backgrounds_falls_as_one_over_k():
    backgrounds = np.random.default_rng(0).normal(size=(4000, 32, 3))
    ks = [1, 2, 4, 8, 16, 32]
    values = metrics.residual_variance(backgrounds, np.zeros(3), ks=ks).mean(axis=0)
    assert metrics.power_law_slope(ks, values) == pytest.approx(-1, abs=0.03)


def test_power_law_slope_is_exact_on_a_power_law():
    assert metrics.power_law_slope([1, 2, 4, 8], [5, 5 / 4, 5 / 16, 5 / 64]) == pytest.approx(-2)


@pytest.mark.parametrize(
    "odd", [[0.5, 1], [float("nan"), 1], ["a", "b"], [None, 1], [2**63, 1], [1e300, 0]]
)
def test_labels_that_are_no_whole_numbers_are_refused_and_named(odd):
    with pytest.raises(ValueError, match="y_pred: expected whole numbers, got"):
        metrics.group_accuracy([0, 1], odd, [0, 1], n_groups=2)
    with pytest.raises(ValueError, match="y_true: expected whole numbers"):
        metrics.average_accuracy(odd, [0, 1])


@pytest.mark.parametrize("group", [[0, 2], [-1, 0]])
def test_a_group_that_there_is_not_is_refused(group):
    with pytest.raises(ValueError, match="group: expected .* numbers in 0..1"):
        metrics.group_accuracy([0, 1], [0, 1], group, n_groups=2)


def test_whole_numbers_written_as_floats_are_taken():
    assert metrics.average_accuracy([0.0, 1.0], [0, 0]) == 0.5


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.additivity([[1.0, 0]], [[1.0, 0]], [[1.0, 0, 0]]),
        lambda: metrics.additivity([1.0], [1.0], [1.0]),
        lambda: metrics.background_sensitivity_index([[1.0]], [[1.0, 2.0]]),
        lambda: metrics.background_sensitivity_index([[float("inf")]], [[1.0]]),
        lambda: metrics.residual_variance([[[1.0]]], [1.0], ks=[2]),
        lambda: metrics.residual_variance([[[1.0]]], [1.0, 2.0], ks=[1]),
        lambda: metrics.power_law_slope([1, 2], [1, -1]),
        lambda: metrics.power_law_slope([1, 1], [1, 2]),
        lambda: metrics.reweighted_accuracy([0], [0], [0], train_counts=[-1.0, 2.0]),
    ],
)
def test_arguments_that_do_not_fit_each_other_are_refused(call):
    with pytest.raises(ValueError, match="expected|finite|negative|increase|population_mean"):
        call()
