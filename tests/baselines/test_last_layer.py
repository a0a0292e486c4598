"""AFR and DFR as methods: what they choose on validation rows, and where they are left out."""

import numpy as np
import pytest
import spurious_scenes
import torch

from bap_core.baselines import AFR, DFR, LinearProbe, TunedAFR
from bap_core.encoders.features import extract_split
from bap_core.evaluation import evaluate

ENCODER = spurious_scenes.ENCODER
LAST_LAYERS = pytest.mark.parametrize("method", [DFR(), TunedAFR()], ids=["DFR", "AFR"])


@pytest.fixture
def birds(monkeypatch):
    return spurious_scenes.birds(monkeypatch)


def values(method, scenes):
    (result,) = evaluate({"m": (ENCODER, method)}, [scenes], seed=0)
    return spurious_scenes.values(result)


@LAST_LAYERS
def test_retraining_the_last_layer_beats_a_probe_on_the_toy_by_far(method, birds):
    probe, found = values(LinearProbe(), birds), values(method, birds)
    assert set(probe.index) <= set(found.index)
    assert found["worst_group_accuracy"] > probe["worst_group_accuracy"] + 0.5


def test_afr_predicts_with_the_gamma_that_validation_chose(birds):
    made, choice = (
        TunedAFR().run(ENCODER, birds, seed=0),
        TunedAFR().choose(ENCODER, birds, seed=0),
    )
    X = extract_split(ENCODER, birds, "test")
    first = TunedAFR(gammas=(0.0,)).choose(ENCODER, birds, seed=0).estimator
    assert np.array_equal(made.y_pred, choice.estimator.predict(X))
    assert not np.array_equal(made.y_pred, first.predict(X))


def test_afr_records_its_gamma_its_effective_rows_and_how_far_the_head_went(birds):
    found, choice = values(TunedAFR(), birds), TunedAFR().choose(ENCODER, birds, seed=0)
    assert found["gamma"] == choice.setting and found["gamma_transferred"] == 0
    assert found["n_eff"] == choice.estimator.n_eff_
    assert found["head_change"] == choice.estimator.head_change_
    assert choice.table["setting"].tolist() == [0, 1, 3, 6, 10, 20]
    assert choice.table["chosen"].sum() == 1


@LAST_LAYERS
def test_without_minority_rows_the_last_layers_are_left_out_with_the_reason(method, birds):
    made = method.run(ENCODER, spurious_scenes.without_minority(birds), seed=0)
    assert made.y_pred is None
    assert made.reason == (
        "left out as in the paper: toy-100 is trained without landbird on water and without "
        "waterbird on land"
    )


@LAST_LAYERS
@pytest.mark.parametrize(
    ("split", "reason"),
    [
        ("train", "is trained without landbird on water and without waterbird on land"),
        ("val", "has no landbird on water, no waterbird on land"),
    ],
)
def test_one_split_that_lacks_a_group_is_reason_enough(method, birds, split, reason):
    scenes = spurious_scenes.without_minority(birds, splits=(split,))
    made = method.run(ENCODER, scenes, seed=0)
    assert made.y_pred is None and made.reason.endswith(reason)


def test_a_gamma_of_the_95_run_can_be_transferred_and_the_rows_say_so(birds):
    scenes = spurious_scenes.without_minority(birds)
    six, twenty = (values(TunedAFR(transferred=gamma), scenes) for gamma in (6.0, 20.0))
    assert six["gamma"] == 6 and twenty["gamma"] == 20
    assert six["gamma_transferred"] == twenty["gamma_transferred"] == 1
    assert six["n_eff"] > twenty["n_eff"]  # a larger gamma leaves fewer rows that count


def test_settings_reach_both_stages_of_afr(birds):
    one, two = (
        TunedAFR(gammas=(6.0,), erm=LinearProbe(epochs=epochs), stage=AFR(0.0, steps=0)).choose(
            ENCODER, birds, seed=0
        )
        for epochs in (1, 2)
    )
    assert one.table["setting"].tolist() == [6] and one.estimator.head_change_ == 0
    assert not torch.equal(one.estimator.coef_, two.estimator.coef_)  # of the first stage as it is


def test_dfr_scales_on_the_split_that_it_is_told_and_refuses_another(birds, monkeypatch):
    fitted, fit = [], DFR.fit
    monkeypatch.setattr(
        DFR, "fit", lambda self, *data, **rest: fitted.append(fit(self, *data, **rest)) or self
    )
    for split in ("train", "val"):
        values(DFR(scale_on=split, n_retrains=1), birds)
    assert [dfr.scaler_.n_samples_seen_ for dfr in fitted] == [1000, 200]
    assert {dfr.n_retrains for dfr in fitted} == {1}
    with pytest.raises(ValueError, match="'test'; choices"):
        values(DFR(scale_on="test"), birds)
