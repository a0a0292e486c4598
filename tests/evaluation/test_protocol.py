"""One call evaluates every method: on a toy whose answer is known, and on painted pictures."""

import numpy as np
import pytest
import spurious_scenes

from bap_core import evaluation
from bap_core.baselines import DFR, LinearProbe, TunedAFR
from bap_core.evaluation import Predictions, scoring


@pytest.fixture
def birds(monkeypatch):
    return spurious_scenes.birds(monkeypatch)


def evaluated(scenes, *, seed=0, **methods):
    named = {name: (spurious_scenes.ENCODER, method) for name, method in methods.items()}
    return evaluation.evaluate(named, [scenes], seed=seed)


class Says:
    """A method that says one class of every picture, and one number about itself."""

    def __init__(self, label):
        self.label = label

    def run(self, encoder, scenes, *, seed):
        y_pred = np.full(len(scenes.select(split="test")), self.label)
        return Predictions(y_pred, {"seed_seen": float(seed)})


class Refuses:
    def run(self, encoder, scenes, *, seed):
        return Predictions(None, reason="left out: it does not want to")


def test_every_method_meets_every_set_under_its_name_with_its_notes(birds):
    other = spurious_scenes.without_minority(birds)
    results = evaluation.evaluate(
        {"zero": (spurious_scenes.ENCODER, Says(0)), "one": (spurious_scenes.ENCODER, Says(1))},
        [birds, other],
        seed=7,
    )
    frame = evaluation.table(results)
    runs = frame[["dataset", "method"]].drop_duplicates().to_numpy().tolist()
    assert runs == [[name, method] for name in ("toy-95", "toy-100") for method in ("zero", "one")]
    values = frame[frame["dataset"] == "toy-95"].set_index(["method", "metric"])["value"]
    right = np.mean(birds.select(split="test").frame["label"] == 0)
    assert values["zero", "average_accuracy"] == pytest.approx(right)
    assert values["one", "average_accuracy"] == pytest.approx(1 - right)
    assert values["one", "seed_seen"] == 7 and set(frame["encoder"]) == {"toy"}


def test_a_method_that_is_left_out_has_rows_without_values_and_its_reason(birds):
    (result,) = evaluated(birds, no=Refuses())
    assert result.y_pred is None
    assert result.frame["metric"].tolist() == list(scoring.ACCURACIES)
    assert result.frame["value"].isna().all() and (result.frame["n"] == 0).all()
    assert set(result.frame["reason"]) == {"left out: it does not want to"}


def test_mistakes_are_listed_per_method_for_one_run_and_add_up_to_the_score(birds):
    results = [
        *evaluated(birds, seed=0, LP=LinearProbe()),
        *evaluated(birds, seed=1, LP=LinearProbe(), DFR=DFR()),
        *evaluated(spurious_scenes.without_minority(birds), seed=1, DFR=DFR()),
    ]
    found = evaluation.find_mistakes(results, birds, encoder="toy", seed=1)
    assert found.columns.tolist() == ["LP", "DFR"] and found.shape == (400, 2)
    assert found.dtypes.eq(bool).all()
    for name, result in zip(found, results[1:]):
        score = spurious_scenes.values(result)["average_accuracy"]
        assert 1 - found[name].mean() == pytest.approx(score)
    with pytest.raises(ValueError, match="no result for toy-95 with other and seed 0"):
        evaluation.find_mistakes(results, birds, encoder="other")


@pytest.mark.parametrize("method", [LinearProbe(), DFR(), TunedAFR()], ids=["LP", "DFR", "AFR"])
def test_flipped_test_labels_turn_the_score_over_and_change_nothing_else(method, birds):
    frame = birds.frame.copy()
    test = frame["split"] == "test"
    frame.loc[test, "label"] = 1 - frame["label"][test]
    flipped = spurious_scenes.with_frame(birds, frame)
    right, wrong = evaluated(birds, m=method)[0], evaluated(flipped, m=method)[0]
    assert np.array_equal(right.y_pred, wrong.y_pred)
    a, b = spurious_scenes.values(right), spurious_scenes.values(wrong)
    assert b["average_accuracy"] == pytest.approx(1 - a["average_accuracy"])
    noted = ["gamma", "n_eff", "head_change"]
    assert a.reindex(noted).equals(b.reindex(noted))


def test_a_method_is_not_changed_by_a_run(birds):
    probe, dfr = LinearProbe(epochs=1), DFR(n_retrains=1)
    evaluated(birds, LP=probe, DFR=dfr)
    assert not hasattr(probe, "coef_") and not hasattr(dfr, "coef_")


def test_seeds_reach_the_methods(birds):
    first, second, again = (
        evaluated(birds, seed=seed, LP=LinearProbe(epochs=1))[0].frame["value"]
        for seed in (0, 1, 0)
    )
    assert first.equals(again) and not first.equals(second)
