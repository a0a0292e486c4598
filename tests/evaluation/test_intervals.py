"""Intervals and the bootstrap: counted by hand, and by simulation: how often they are wrong."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bap_core.evaluation import intervals, sampling
from bap_core.evaluation.intervals import Interval, interval
from bap_core.evaluation.sampling import Answers

AVERAGE, WORST = "average_accuracy", "worst_group_accuracy"
SIMULATIONS = 250


def test_the_spread_over_runs_gives_students_interval():
    # mean 2, s = 1, n = 3: 4.303 / sqrt(3) = 2.484
    found = interval([1.0, 2.0, 3.0])
    assert (found.low, found.high) == pytest.approx((-0.484, 4.484), abs=1e-3)


def test_the_error_of_the_pictures_gives_the_normal_interval_however_many_runs_there_are():
    for n in (2, 10):
        assert interval([0.5] * n, sampling=0.1).reach == pytest.approx(0.196, abs=1e-3)


def test_both_parts_are_added_as_squares():
    by_run = interval([1.0, 3.0]).reach
    assert interval([1.0, 3.0], sampling=2.0).reach == pytest.approx(math.hypot(by_run, 3.92), 1e-3)


def test_one_run_says_nothing_of_what_is_trained_and_enough_of_what_is_not():
    assert math.isinf(interval([0.5], sampling=0.1).reach)
    assert interval([0.5], sampling=0.1, one_is_enough=True).reach == pytest.approx(0.196, abs=1e-3)
    with pytest.raises(ValueError, match="no values"):
        interval([])


@pytest.mark.parametrize(
    "mean, reach, above, within",
    [
        (0.3, 0.1, True, False),
        (-0.3, 0.1, False, False),
        (0.1, 0.2, None, None),
        (0.0, 0.0, False, True),  # equal is not more
        (0.0, 0.05, None, True),
        (0.0, math.inf, None, None),
    ],
)
def test_an_interval_lies_on_one_side_of_a_bound_on_the_other_or_on_both(
    mean, reach, above, within
):
    assert Interval(mean, reach).above(0.0) is above
    assert Interval(mean, reach).within(0.1) is within


def answers(correct, group):
    correct = np.asarray(correct, dtype=float)
    names = tuple(map(str, range(correct.shape[1])))
    return Answers(correct, np.asarray(group), tuple(range(len(correct))), names)


def test_metrics_of_the_sample_itself_are_the_plain_ones():
    found = answers([[1, 0, 1, 1, 0, 0, 1, 1]], [0, 0, 1, 1, 2, 2, 3, 3])
    weights = np.ones((1, 8))
    values = {
        name: float(metric(found, weights)[0, 0]) for name, metric in sampling.METRICS.items()
    }
    assert values == {
        "average_accuracy": 0.625,
        "group_mean_accuracy": 0.625,
        "worst_group_accuracy": 0.0,
        "minority_group_accuracy": 0.0,
    }


def test_a_picture_that_a_run_was_not_tested_on_counts_in_none_of_its_shares():
    found = answers([[1, np.nan, 1, 0], [1, 0, np.nan, 0]], [0, 0, 1, 1])
    shares = sampling.group_accuracies(found, np.ones((1, 4)))[0]
    assert shares.tolist() == [[1.0, 0.5], [0.5, 0.0]]


def test_the_bootstrap_of_a_share_has_the_error_of_a_share():
    rng = np.random.default_rng(0)
    found = answers([rng.random(800) < 0.7], np.zeros(800, dtype=int))
    share = found.correct.mean()
    error = sampling.bootstrap([(1.0, AVERAGE, found)], "a test")
    assert error == pytest.approx(math.sqrt(share * (1 - share) / 800), rel=0.1)


def test_two_methods_that_are_right_about_the_same_pictures_differ_without_error():
    rng = np.random.default_rng(0)
    found = answers([rng.random(100) < 0.7], np.repeat(range(4), 25))
    for metric in sampling.METRICS:
        assert sampling.bootstrap([(1.0, metric, found), (-1.0, metric, found)], "same") == 0


def test_the_same_claim_gets_the_same_draws_and_another_claim_gets_others():
    found = answers([np.arange(40) % 3 == 0], np.repeat(range(4), 10))
    one, again, other = (
        sampling.bootstrap([(1.0, AVERAGE, found)], name) for name in ("a", "a", "b")
    )
    assert one == again != other


def test_answers_are_read_from_predictions_by_seed_and_picture():
    frame = pd.DataFrame(
        [[0, "b", 1, 1, 0], [0, "a", 0, 0, 0], [1, "a", 0, 0, 1]],
        columns=["seed", "picture", "label", "group", "prediction"],
    )
    named = frame.assign(dataset="toy", encoder="tiny", method="probe")
    found = sampling.read_answers(named)["toy", "tiny", "probe"]
    assert found.pictures == ("a", "b") and found.group.tolist() == [0, 1]
    assert found.correct[0].tolist() == [1.0, 0.0]
    assert found.correct[1, 0] == 0.0 and np.isnan(found.correct[1, 1])
    assert found.of_seeds([1]).seeds == (1,) and len(found.of_seeds([1]).correct) == 1
    assert sampling.read_answers(None) == {}


def _verdict(rng, n, spread, metric, gain):
    """Two methods on 400 test pictures of four groups; a picture is as hard for both."""
    group, hard = np.repeat(range(4), 100), rng.normal(0.8, 1.5, 400)

    def method(better):
        of_run = rng.normal(0, spread, (n, 4))[:, group]
        return answers(rng.random((n, 400)) < 1 / (1 + np.exp(-(hard + of_run + better))), group)

    a, b, once = method(gain), method(0.0), np.ones((1, 400))
    measure = sampling.METRICS[metric]
    gaps = (measure(a, once) - measure(b, once))[0]
    tau = sampling.bootstrap([(1.0, metric, a), (-1.0, metric, b)], int(rng.integers(1 << 30)))
    return intervals.interval(gaps, sampling=tau).above(0.0)


@pytest.mark.parametrize("metric", [AVERAGE, WORST])
@pytest.mark.parametrize("spread", [0.0, 0.4])
@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_without_a_difference_holds_comes_out_in_at_most_three_of_a_hundred(
    monkeypatch, n, spread, metric
):
    monkeypatch.setattr(sampling, "DRAWS", 100)
    rng = np.random.default_rng([n, int(10 * spread), len(metric)])
    found = [_verdict(rng, n, spread, metric, 0.0) for _ in range(SIMULATIONS)]
    for wrong in (True, False):
        # at most what a rate of 3 % itself gives in 99 of 100 such simulations
        assert found.count(wrong) <= stats.binom.ppf(0.99, SIMULATIONS, 0.03)


@pytest.mark.parametrize("metric, least", [(AVERAGE, 0.9), (WORST, 0.6)])
def test_a_clear_difference_is_found_by_five_runs(monkeypatch, metric, least):
    monkeypatch.setattr(sampling, "DRAWS", 100)
    rng = np.random.default_rng(len(metric))
    found = [_verdict(rng, 5, 0.1, metric, 0.6) for _ in range(60)]
    assert found.count(True) >= least * 60 and found.count(False) == 0
