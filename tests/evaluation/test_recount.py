"""Measurements against the predictions that they were counted from."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bap_core.evaluation import scoring
from bap_core.evaluation.recount import recount


def answers(right, seed=0, method="Native (LP)"):
    """One run on four groups with as many pictures each: which of them it had right."""
    n = len(right)
    group = np.arange(n) % 4
    return pd.DataFrame(
        {
            "dataset": "toy",
            "encoder": "tiny",
            "method": method,
            "seed": seed,
            "picture": [f"{i}.jpg" for i in range(n)],
            "label": group // 2,
            "group": group,
            "group_name": [f"group {g}" for g in group],
            "n_train": 10 * (group + 1),
            "prediction": np.where(right, group // 2, 1 - group // 2),
            "score": 0.5,
        }
    )


RUNS = [answers([1, 0, 1, 1, 1, 1, 0, 1]), answers([1, 1, 1, 1, 0, 1, 0, 1], seed=1)]


def measured(runs):
    return pd.concat([scoring.score_run(run) for run in runs], ignore_index=True)


@given(st.lists(st.booleans(), min_size=4, max_size=40))
def test_what_was_counted_from_predictions_is_what_they_give(right):
    run = answers(right)
    assert list(recount(scoring.score_run(run), run)) == []


@pytest.mark.parametrize("metric", [*scoring.ACCURACIES, "group_accuracy"])
@pytest.mark.parametrize("column, change", [("value", 0.01), ("n", 1)])
def test_no_accuracy_and_no_number_of_pictures_can_be_another(metric, column, change):
    frame = measured(RUNS)
    row = frame.index[frame["metric"] == metric][-1]
    frame.loc[row, column] += change
    (line,) = recount(frame, pd.concat(RUNS))
    assert line.startswith(f"toy / tiny / Native (LP) / 1: {metric} of")


def test_what_was_measured_without_predictions_and_predicted_without_a_measurement_is_named():
    assert list(recount(measured(RUNS), RUNS[0])) == [
        "toy / tiny / Native (LP) / 1: accuracies without a prediction"
    ]
    assert list(recount(measured(RUNS[:1]), pd.concat(RUNS))) == [
        "toy / tiny / Native (LP) / 1: predictions without a measurement"
    ]


def test_a_group_that_the_predictions_do_not_have_is_named():
    frame = measured(RUNS[:1])
    frame.loc[frame["metric"] == "group_accuracy", "group"] = "another"
    assert len(list(recount(frame, RUNS[0]))) == 4


def test_a_method_that_was_left_out_needs_no_predictions():
    frame = measured(RUNS[:1]).assign(method="AFR", value=np.nan)
    assert list(recount(pd.concat([frame, measured(RUNS[:1])]), RUNS[0])) == []
