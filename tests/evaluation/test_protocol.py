"""One call evaluates every method, on a toy whose answer is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import spurious_scenes

from bap_core import evaluation
from bap_core.baselines import DFR, LinearProbe, TunedAFR
from bap_core.evaluation import Predictions, scoring


@pytest.fixture
def birds(monkeypatch):
    return spurious_scenes.birds(monkeypatch)


OTHER = SimpleNamespace(name="other")


def evaluated(scenes, *, seed=0, encoder=spurious_scenes.ENCODER, **methods):
    named = {name: (encoder, method) for name, method in methods.items()}
    return evaluation.evaluate(named, [scenes], seed=seed)


class Says:
    """A method that says one class of every picture, and one number about itself. met: whom it
    was run with.
    """

    def __init__(self, label):
        self.label, self.met = label, []

    def run(self, encoder, scenes, *, seed):
        self.met.append((encoder.name, scenes.name))
        y_pred = np.full(len(scenes.select(split="test")), self.label)
        return Predictions(np.eye(2)[y_pred], {"seed_seen": float(seed)})


class Refuses:
    def run(self, encoder, scenes, *, seed):
        return Predictions(None, reason="left out: it does not want to")


def test_every_method_meets_every_set_with_its_encoder_under_its_name_with_its_notes(birds):
    zero, one = Says(0), Says(1)
    results = evaluation.evaluate(
        {"zero": (spurious_scenes.ENCODER, zero), "one": (OTHER, one)},
        [birds, spurious_scenes.without_minority(birds)],
        seed=7,
    )
    assert zero.met == [("toy", "toy-95"), ("toy", "toy-100")]
    assert one.met == [("other", "toy-95"), ("other", "toy-100")]
    frame = evaluation.table(results)
    runs = frame[["dataset", "encoder", "method", "seed"]].drop_duplicates().to_numpy().tolist()
    assert runs == [
        ["toy-95", "toy", "zero", 7],
        ["toy-95", "other", "one", 7],
        ["toy-100", "toy", "zero", 7],
        ["toy-100", "other", "one", 7],
    ]
    whole = frame[(frame["dataset"] == "toy-95") & (frame["group"] == "all")]
    values = whole.set_index(["method", "metric"])["value"]
    right = np.mean(birds.select(split="test").frame["label"] == 0)
    assert values["zero", "average_accuracy"] == pytest.approx(right)
    assert values["one", "average_accuracy"] == pytest.approx(1 - right)
    assert right != 0.5 and values["one", "seed_seen"] == 7


def test_a_method_that_is_left_out_has_rows_without_values_and_its_reason(birds):
    (result,) = evaluated(birds, no=Refuses())
    assert result.y_pred is None
    assert result.frame["metric"].tolist() == list(scoring.ACCURACIES)
    assert result.frame["value"].isna().all() and (result.frame["n"] == 0).all()
    assert set(result.frame["reason"]) == {"left out: it does not want to"}


def test_mistakes_are_listed_per_method_for_one_run_and_no_other(birds):
    results = [
        *evaluated(birds, seed=1, zero=Says(0), one=Says(1), no=Refuses()),
        *evaluated(birds, seed=0, zero=Says(1), of_seed_0=Says(0)),
        *evaluated(birds, seed=1, encoder=OTHER, zero=Says(1), of_other=Says(0)),
        *evaluated(
            spurious_scenes.without_minority(birds), seed=1, zero=Says(1), of_toy_100=Says(0)
        ),
    ]
    found = evaluation.find_mistakes(results, birds, encoder="toy", seed=1)
    truth = birds.select(split="test").frame["label"]
    assert found.columns.tolist() == ["zero", "one"] and found.dtypes.eq(bool).all()
    assert found["zero"].tolist() == (truth == 1).tolist()
    assert found["one"].tolist() == (truth == 0).tolist()
    with pytest.raises(ValueError, match="no result for toy-95 with other and seed 0"):
        evaluation.find_mistakes(results, birds, encoder="other")


def test_mistakes_add_up_to_the_score(birds):
    (result,) = evaluated(birds, AFR=TunedAFR())
    found = evaluation.find_mistakes([result], birds, encoder="toy")
    score = spurious_scenes.values(result)["average_accuracy"]
    assert 0 < score < 1 and 1 - found["AFR"].mean() == pytest.approx(score)


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
    probe, dfr, afr = LinearProbe(epochs=1), DFR(n_retrains=1), TunedAFR()
    results = evaluated(birds, LP=probe, DFR=dfr, AFR=afr)
    assert all(result.y_pred is not None for result in results)
    assert not any(hasattr(method, "coef_") for method in (probe, dfr, afr.erm, afr.stage))


def test_seeds_reach_the_methods(birds):
    first, second, again = (
        evaluated(birds, seed=seed, LP=LinearProbe(epochs=1))[0].frame["value"]
        for seed in (0, 1, 0)
    )
    assert first.equals(again) and not first.equals(second)
