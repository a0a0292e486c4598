import numpy as np
import pytest

from bap_core import evaluate

NAMES = ["landbird on land", "landbird on water"]


def scored(**changes):
    arguments = {"y_true": [0, 0, 1, 1], "y_pred": [0, 1, 1, 1], "group": [0, 0, 1, 1], "group_names": NAMES,
                 "train_group": [0, 0, 0, 1], "dataset": "toy", "encoder": "tiny", "method": "guess", "seed": 2}
    return evaluate.score(**arguments | changes)


def test_a_score_has_the_columns_of_the_house_and_values_counted_by_hand():
    frame = scored()
    assert list(frame.columns) == evaluate.COLUMNS
    values = frame.set_index(["metric", "group"]).value
    assert values["average_accuracy", "all"] == 0.75
    assert values["worst_group_accuracy", "all"] == 0.5
    assert values["reweighted_accuracy", "all"] == pytest.approx((3 * 0.5 + 1) / 4)
    assert values["group_accuracy", "landbird on water"] == 1.0
    assert frame.set_index("metric").n["worst_group_accuracy"] == 2


def test_an_array_is_recorded_as_its_mean_and_standard_deviation():
    frame = evaluate.record({"additivity": np.array([0.2, 0.4])}, dataset="d", encoder="e", method="m", seed=0)
    assert frame.set_index("metric").value.to_dict() == pytest.approx({"additivity": 0.3, "additivity_std": 0.1})
    assert frame.n.tolist() == [2, 2]


def test_a_single_number_is_recorded_alone():
    frame = evaluate.record({"slope": -1.0}, dataset="d", encoder="e", method="m", seed=0, group="K=5")
    assert frame[["metric", "value", "n", "group"]].values.tolist() == [["slope", -1.0, 1, "K=5"]]
