from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from spurious import toy

from bap_core.baselines import DFR, LinearProbe
from bap_core.data import Scenes
from bap_core.evaluation import scoring

NAMES = ["landbird on land", "landbird on water"]


def scored(**changes):
    arguments = {
        "y_true": [0, 0, 1, 1],
        "y_pred": [0, 1, 1, 1],
        "group": [0, 0, 1, 1],
        "group_names": NAMES,
        "train_group": [0, 0, 0, 1],
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
    assert values["average_accuracy", "all"] == 0.75
    assert values["worst_group_accuracy", "all"] == 0.5
    assert values["reweighted_accuracy", "all"] == pytest.approx((3 * 0.5 + 1) / 4)
    assert values["group_mean_accuracy", "all"] == pytest.approx((0.5 + 1) / 2)
    assert values["group_accuracy", "landbird on water"] == 1.0
    assert frame.set_index("metric").n["worst_group_accuracy"] == 2


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
    """Scenes over a toy's rows, whose encoder gives the toy's features."""
    data = toy(0, n_train=1000, n_val=400, n_test=400)
    splits = {name: getattr(data, name) for name in ("train", "val", "test")}
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "image": "none",
                    "label": rows.y,
                    "background": rows.group % 2,
                    "split": name,
                    "group": rows.group,
                }
            )
            for name, rows in splits.items()
        ],
        ignore_index=True,
    )
    features = torch.cat([rows.X for rows in splits.values()])
    monkeypatch.setattr(scoring, "extract", lambda encoder, scenes, unit: features)
    return Scenes("toy-95", "nowhere", frame, ("landbird", "waterbird"), ("land", "water"))


ENCODER = SimpleNamespace(name="toy")
LAST_LAYERS = pytest.mark.parametrize("function", [scoring.dfr, scoring.afr])


def without_minority(scenes):
    frame = scenes.frame.copy()
    frame.loc[(frame["label"] != frame["background"]) & (frame["split"] != "test"), "split"] = (
        "left out"
    )
    return Scenes("toy-100", "nowhere", frame, scenes.labels, scenes.backgrounds)


def values(result):
    frame = result.frame
    return frame[frame["group"] == "all"].set_index("metric")["value"]


def test_dfr_and_afr_give_the_rows_of_a_probe_and_beat_it_on_the_toy(birds):
    probe = scoring.probe(ENCODER, birds, method="LP", seed=0)
    for function, name in ((scoring.dfr, "DFR"), (scoring.afr, "AFR")):
        result = function(ENCODER, birds, method=name, seed=0)
        assert list(result.frame.columns) == scoring.COLUMNS
        assert set(probe.frame["metric"]) <= set(result.frame["metric"]) and set(
            result.frame["method"]
        ) == {name}
        assert values(result)["worst_group_accuracy"] > values(probe)["worst_group_accuracy"]


def test_mistakes_are_listed_per_method_for_one_run_and_add_up_to_the_score(birds):
    results = [scoring.probe(ENCODER, birds, method="LP", seed=seed) for seed in (0, 1)]
    results += [
        scoring.dfr(ENCODER, birds, method="DFR", seed=1),
        scoring.dfr(ENCODER, without_minority(birds), method="DFR", seed=1),
    ]
    found = scoring.wrong(results, birds, encoder="toy", seed=1)
    assert (
        found.columns.tolist() == ["LP", "DFR"]
        and found.shape == (400, 2)
        and found.dtypes.eq(bool).all()
    )
    for name, result in zip(found, results[1:]):
        assert 1 - found[name].mean() == pytest.approx(values(result)["average_accuracy"])
    assert len(scoring.table(results)) == sum(len(result.frame) for result in results)
    with pytest.raises(ValueError, match="no result for toy-95 with other and seed 0"):
        scoring.wrong(results, birds, encoder="other")


def test_a_run_that_is_listed_twice_is_refused_by_name_and_not_averaged():
    first, second = (scoring.Result(scored(y_pred=y), None) for y in ([0, 0, 1, 1], [1, 1, 0, 0]))
    with pytest.raises(
        ValueError,
        match="measured more than once: toy / tiny / guess / 2 / test / "
        "all / average_accuracy; .* more",
    ):
        scoring.table([first, second])
    assert len(scoring.table([first, scoring.Result(scored(seed=3), None)])) == 2 * len(first.frame)


def test_the_counter_groups_of_every_run_are_read_off_its_group_rows(birds):
    results = [scoring.probe(ENCODER, birds, method="LP", seed=seed) for seed in (0, 1)]
    # of another set, and left out
    results += [scoring.dfr(ENCODER, without_minority(birds), method="DFR", seed=1)]
    frame = scoring.table(results)
    found = scoring.minority_groups(frame, birds)
    assert (
        list(found.columns) == scoring.COLUMNS
        and found["seed"].tolist() == [0, 1]
        and set(found["method"]) == {"LP"}
    )
    assert set(found["metric"]) == {"minority_group_accuracy"} and set(found["dataset"]) == {
        "toy-95"
    }
    rows = frame[(frame["metric"] == "group_accuracy") & (frame["seed"] == 0)].set_index("group")
    worse = rows.loc[["landbird on water", "waterbird on land"]].sort_values("value").iloc[0]
    assert found[["value", "n"]].iloc[0].tolist() == [worse["value"], worse["n"]]


def test_the_size_that_is_given_is_that_of_the_counter_group_that_decides(birds):
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


def test_afr_records_its_gamma_its_effective_rows_and_how_far_the_head_went(birds):
    found, choice = (
        values(scoring.afr(ENCODER, birds, method="AFR", seed=0)),
        scoring.choose_afr(ENCODER, birds, seed=0),
    )
    assert found["gamma"] == choice.setting and found["gamma_transferred"] == 0
    assert (
        found["n_eff"] == choice.estimator.n_eff_
        and found["head_change"] == choice.estimator.head_change_
    )
    assert (
        choice.table["setting"].tolist() == [0, 1, 3, 6, 10, 20]
        and choice.table["chosen"].sum() == 1
    )


@LAST_LAYERS
def test_flipped_test_labels_turn_the_score_over_and_change_nothing_else(function, birds):
    frame = birds.frame.copy()
    test = frame["split"] == "test"
    frame.loc[test, "label"] = 1 - frame["label"][test]
    flipped = Scenes("toy-95", "nowhere", frame, birds.labels, birds.backgrounds)
    right, wrong = (
        values(function(ENCODER, scenes, method="m", seed=0)) for scenes in (birds, flipped)
    )
    assert wrong["average_accuracy"] == pytest.approx(1 - right["average_accuracy"])
    learned = ["gamma", "n_eff", "head_change"]
    assert right.reindex(learned).equals(wrong.reindex(learned))


@LAST_LAYERS
def test_without_minority_rows_the_last_layers_are_left_out_with_the_reason(function, birds):
    result = function(ENCODER, without_minority(birds), method="m", seed=0)
    frame = result.frame
    assert result.y_pred is None
    assert frame["metric"].tolist() == list(scoring.ACCURACIES)
    assert frame["value"].isna().all() and (frame["n"] == 0).all()
    assert (
        frame["reason"].str.contains("toy-100 has no landbird on water, no waterbird on land").all()
    )


def test_a_gamma_of_the_95_run_can_be_carried_over_and_the_rows_say_so(birds):
    found = values(
        scoring.afr(ENCODER, without_minority(birds), method="AFR", seed=0, transferred=6.0)
    )
    assert (
        found["gamma"] == 6
        and found["gamma_transferred"] == 1
        and 0 <= found["worst_group_accuracy"] <= 1
    )


def test_settings_reach_afr(birds):
    few = scoring.choose_afr(
        ENCODER, birds, seed=0, gammas=[6.0], erm=LinearProbe(epochs=1), steps=0
    )
    assert few.table["setting"].tolist() == [6] and few.estimator.head_change_ == 0


def test_dfr_scales_on_the_split_that_it_is_told_and_refuses_another(birds, monkeypatch):
    fitted, fit = [], DFR.fit
    monkeypatch.setattr(
        DFR, "fit", lambda self, *data, **rest: fitted.append(fit(self, *data, **rest)) or self
    )
    for split in ("train", "val"):
        scoring.dfr(ENCODER, birds, method="DFR", seed=0, scale_on=split, n_retrains=1)
    assert [dfr.scaler_.n_samples_seen_ for dfr in fitted] == [1000, 200]
    assert {dfr.n_retrains for dfr in fitted} == {1}
    with pytest.raises(ValueError, match="'test'; choices"):
        scoring.dfr(ENCODER, birds, method="DFR", seed=0, scale_on="test")
