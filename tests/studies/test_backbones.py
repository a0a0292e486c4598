"""The range over encoders, counted by hand."""

import pandas as pd
import pytest

from bap_core import tidy
from bap_core.studies import range_over


def frame(**values):
    rows = [
        [
            "waterbirds-100",
            encoder,
            "BAP (LP)",
            seed,
            "test",
            "all",
            "worst_group_accuracy",
            value,
            9,
        ]
        for encoder, found in values.items()
        for seed, value in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=tidy.COLUMNS)


def test_the_range_is_the_best_minus_the_worst_of_every_run():
    found = range_over(frame(a=(0.5, 0.9), b=(0.8, 0.7), c=(0.6, 0.8)), ["a", "b", "c"])
    assert found["value"].tolist() == pytest.approx([0.3, 0.2]) and set(found["n"]) == {3}
    assert set(found["metric"]) == {"range_of_worst_group_accuracy"} and set(found["encoder"]) == {
        "a"
    }


def test_encoders_that_are_not_asked_for_do_not_count_and_one_that_is_missing_leaves_no_range():
    known = frame(a=(0.5,), b=(0.6,), c=(0.0,))
    assert range_over(known, ["a", "b"])["value"].tolist() == pytest.approx([0.1])
    assert range_over(known, ["a", "d"]).empty


def test_a_range_of_one_encoder_is_refused():
    with pytest.raises(ValueError, match="two encoders"):
        range_over(frame(a=(0.5,)), ["a"])
