"""AFR and DFR as methods: what they choose on validation rows, and where they are left out."""

import pytest
import spurious_scenes

from bap_core.baselines import AFR, DFR, LinearProbe, TunedAFR
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
def test_retraining_the_last_layer_beats_a_probe_on_the_toy(method, birds):
    probe, found = values(LinearProbe(), birds), values(method, birds)
    assert set(probe.index) <= set(found.index)
    assert found["worst_group_accuracy"] > probe["worst_group_accuracy"]


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
def test_where_validation_alone_lacks_a_group_that_is_the_reason(method, birds):
    frame = birds.frame.copy()
    rare = (frame["label"] != frame["background"]) & (frame["split"] == "val")
    frame.loc[rare, "split"] = "left out"
    made = method.run(ENCODER, spurious_scenes.with_frame(birds, frame), seed=0)
    assert made.y_pred is None and "has no landbird on water, no waterbird on land" in made.reason


def test_a_gamma_of_the_95_run_can_be_transferred_and_the_rows_say_so(birds):
    found = values(TunedAFR(transferred=6.0), spurious_scenes.without_minority(birds))
    assert found["gamma"] == 6 and found["gamma_transferred"] == 1
    assert 0 <= found["worst_group_accuracy"] <= 1


def test_settings_reach_both_stages_of_afr(birds):
    method = TunedAFR(gammas=(6.0,), erm=LinearProbe(epochs=1), stage=AFR(0.0, steps=0))
    few = method.choose(ENCODER, birds, seed=0)
    assert few.table["setting"].tolist() == [6] and few.estimator.head_change_ == 0


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
