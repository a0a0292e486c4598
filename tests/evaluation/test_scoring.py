import numpy as np
import pandas as pd
import pytest
import spurious_scenes

from bap_core.baselines import DFR
from bap_core.evaluation import evaluate, scoring
from bap_core.evaluation.protocol import Predictions, Result

NAMES = ["landbird on land", "landbird on water"]


def scored(**changes):
    arguments = {
        "y_true": [0, 0, 1, 1, 1],
        "y_pred": [0, 1, 1, 1, 1],
        "group": [0, 0, 1, 1, 1],
        "group_names": NAMES,
        "train_counts": [3, 1],
        "dataset": "toy",
        "encoder": "tiny",
        "method": "guess",
        "seed": 2,
    }
    return scoring.score(**arguments | changes)


def test_a_score_has_the_columns_of_the_house_and_values_counted_by_hand():
    frame = scored()
    assert list(frame.columns) == scoring.COLUMNS
    values = frame.set_index(["metric", "group"]).value
    assert values["average_accuracy", "all"] == 4 / 5
    assert values["worst_group_accuracy", "all"] == 0.5
    assert values["reweighted_accuracy", "all"] == pytest.approx((3 * 0.5 + 1) / 4)
    assert values["group_mean_accuracy", "all"] == pytest.approx((0.5 + 1) / 2)
    assert values["group_accuracy", "landbird on water"] == 1.0
    sizes = frame.set_index(["metric", "group"]).n
    assert sizes["average_accuracy", "all"] == 5 and sizes["worst_group_accuracy", "all"] == 2
    assert sizes["group_accuracy", "landbird on water"] == 3
    named = frame[["dataset", "encoder", "method", "seed", "split"]].drop_duplicates()
    assert named.to_numpy().tolist() == [["toy", "tiny", "guess", 2, "test"]]


def test_an_array_is_recorded_as_its_mean_and_standard_deviation():
    frame = scoring.record(
        {"additivity": np.array([0.2, 0.4])}, dataset="d", encoder="e", method="m", seed=0
    )
    assert frame.set_index("metric").value.to_dict() == pytest.approx(
        {"additivity": 0.3, "additivity_std": 0.1}
    )
    assert frame.n.tolist() == [2, 2]


def test_a_single_number_is_recorded_alone():
    frame = scoring.record(
        {"slope": -1.0}, dataset="d", encoder="e", method="m", seed=0, group="K=5"
    )
    assert frame[["metric", "value", "n", "group"]].values.tolist() == [["slope", -1.0, 1, "K=5"]]


@pytest.fixture
def birds(monkeypatch):
    return spurious_scenes.birds(monkeypatch)


def test_a_run_that_is_listed_twice_is_refused_by_name_and_not_averaged():
    first, second = (Result(scored(y_pred=y), None) for y in ([0, 0, 1, 1, 1], [1, 1, 0, 0, 0]))
    with pytest.raises(
        ValueError,
        match="measured more than once: toy / tiny / guess / 2 / test / "
        "all / average_accuracy; .* more",
    ):
        scoring.table([first, second])
    assert len(scoring.table([first, Result(scored(seed=3), None)])) == 2 * len(first.frame)


class Mistakes:
    """A method that is wrong of the first pictures of every group: how many, by group number."""

    def __init__(self, *wrong):
        self.wrong = wrong

    def run(self, encoder, scenes, *, seed):
        test = scenes.select(split="test")
        y_pred = test.frame["label"].to_numpy(copy=True)
        for group, n in enumerate(self.wrong):
            rows = (test.groups == group).nonzero()[0][:n]
            y_pred[rows] = 1 - y_pred[rows]
        return Predictions(np.eye(2)[y_pred])


def test_the_minority_groups_of_every_run_are_read_off_its_group_rows(birds):
    encoder, results = spurious_scenes.ENCODER, []
    for seed, wrong in enumerate([(9, 4, 2, 9), (9, 3, 6, 9)]):
        results += evaluate({"m": (encoder, Mistakes(*wrong))}, [birds], seed=seed)
    # of another set, and left out there
    other = spurious_scenes.without_minority(birds)
    results += evaluate(
        {"m": (encoder, Mistakes(8, 8, 8, 8)), "DFR": (encoder, DFR())}, [other], seed=1
    )
    found = scoring.minority_groups(scoring.table(results), birds)
    sizes = np.bincount(birds.select(split="test").groups)
    assert list(found.columns) == scoring.COLUMNS
    assert found.drop(columns="value").to_numpy().tolist() == [
        ["toy-95", "toy", "m", 0, "test", "minority", "minority_group_accuracy", sizes[1]],
        ["toy-95", "toy", "m", 1, "test", "minority", "minority_group_accuracy", sizes[2]],
    ]
    assert found["value"].tolist() == pytest.approx([1 - 4 / sizes[1], 1 - 6 / sizes[2]])


def test_the_size_that_is_given_is_that_of_the_minority_group_that_decides(birds):
    groups = {
        "landbird on land": (0.2, 3),
        "landbird on water": (0.9, 40),
        "waterbird on land": (0.2, 7),
        "waterbird on water": (1, 5),
    }
    frame = pd.DataFrame(
        [
            {
                "dataset": "toy-95",
                "encoder": "e",
                "method": "m",
                "seed": 0,
                "split": "test",
                "group": group,
                "metric": "group_accuracy",
                "value": value,
                "n": n,
            }
            for group, (value, n) in groups.items()
        ]
    )
    assert scoring.minority_groups(frame, birds)[["value", "n"]].values.tolist() == [[0.2, 7]]
    with pytest.raises(ValueError, match="without an example"):
        scoring.minority_groups(frame[frame["group"] != "landbird on water"], birds)
