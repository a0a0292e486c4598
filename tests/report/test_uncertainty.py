"""The error that test pictures leave on what is no accuracy itself."""

import math

import pandas as pd
import pytest

from bap_core import tidy
from bap_core.report import uncertainty
from bap_core.studies import range_over

WORST = "worst_group_accuracy"


def rows(n, **values):
    found = [
        ["waterbirds-100", encoder, "BAP (LP)", seed, "test", "all", WORST, value, n]
        for encoder, value in values.items()
        for seed in (0, 1)
    ]
    return pd.DataFrame(found, columns=tidy.COLUMNS)


def error(frame, metric):
    where = {"method": "BAP (LP)", "metric": metric}
    return uncertainty.sampling_error(frame, [(1.0, where)], [0, 1], {})


@pytest.mark.parametrize("n", [98, 998])
def test_a_range_over_encoders_has_the_error_of_a_difference_of_two_accuracies(n):
    measured = rows(n, a=0.5, b=0.5, c=0.5)
    frame = pd.concat([measured, range_over(measured, ["a", "b", "c"])])
    assert error(frame, f"range_of_{WORST}") == pytest.approx(math.sqrt(2 * 0.25 / n))
    assert error(measured, WORST) == pytest.approx(math.sqrt(0.25 / n))


def test_more_encoders_do_not_make_the_error_of_their_range_that_of_few_pictures():
    two, five = rows(500, a=0.8, b=0.8), rows(500, a=0.8, b=0.8, c=0.8, d=0.8, e=0.8)
    ranges = [range_over(two, ["a", "b"]), range_over(five, list("abcde"))]
    found = [
        error(pd.concat([measured, made]), f"range_of_{WORST}")
        for measured, made in zip((two, five), ranges)
    ]
    assert found[0] == pytest.approx(found[1]) and found[0] < 0.03
