"""The methods of a table, called together on a tiny encoder and painted pictures."""

import numpy as np
import pytest
import small
import torch

from bap_core.baselines import (
    LPFT,
    MSAE,
    LinearProbe,
    compared_methods,
    embed_texts,
    train_autoencoder,
)
from bap_core.data import Scenes
from bap_core.encoders import training
from bap_core.evaluation import evaluate
from bap_core.report.labels import METHODS

RECIPE = {"epochs": 2, "batch_size": 8, "lr": 1e-3, "head_lr": 1e-2}
LP_FT = LPFT(RECIPE, probe_epochs=2)
MASKS = {"clusters": 3, "ratio": 1.0, "epochs": 2, "batch_size": 8, "lr": 0.2}
PROBE = LinearProbe(epochs=20, lr=0.1)  # learns enough on the painted pictures to say both classes
SAE = {"expansion": 2, "levels": (8, 32), "steps": 5}


@pytest.fixture
def scenes(tmp_path):
    counts = {"train": (40, 10, 10, 40), "val": (8, 8, 8, 8)}
    return small.painted(tmp_path / "painted", **counts)


@pytest.fixture
def sae(home, tiny, shapes):
    return train_autoencoder(tiny, shapes, n=50, seed=0, **SAE)[0]


def test_too_few_composites_to_hold_some_out_are_refused(home, tiny, shapes):
    with pytest.raises(ValueError, match="n=9 composites: a fifth is held out"):
        train_autoencoder(tiny, shapes, n=9, seed=0, **SAE)


def methods(tiny, scenes, sae, **choices):
    text = embed_texts(tiny, scenes.labels, scenes.backgrounds)
    encoders = dict.fromkeys(("Native", "Control", "BAP"), tiny)
    return compared_methods(encoders, text, sae, probe=PROBE, **choices)


def with_test_labels_hidden(scenes):
    """Test labels and groups of no class: who fits on one is refused or says something else."""
    frame = scenes.frame.copy()
    frame.loc[frame["split"] == "test", ["label", "group"]] = 99
    return Scenes(scenes.name, scenes.root, frame, scenes.labels, scenes.backgrounds)


def test_texts_of_a_task_name_its_classes_and_its_backgrounds(tiny):
    text = embed_texts(tiny, ("gull", "tern"), ("sea", "sky"), templates=["a {}."])
    assert text.concepts == ("sea background", "sky background")
    prototypes = tiny.encode_text(["a gull.", "a tern."])
    assert torch.allclose(text.prototypes, prototypes, atol=1e-6)
    bare = tiny.encode_text([*text.concepts, "gull", "tern"])
    assert torch.allclose(text.harmful[0], bare[0] - bare[1], atol=1e-6)
    assert torch.allclose(text.helpful[0], bare[2] - bare[3], atol=1e-6)
    seen = tiny.encode_text(["a photo of a sea background", "a photo without a sky background"])
    assert torch.allclose(text.present[0], seen[0], atol=1e-6)
    assert torch.allclose(text.absent[1], seen[1], atol=1e-6)


def test_the_autoencoder_never_trains_on_what_it_is_measured_on_and_is_made_once(
    home, tiny, shapes, monkeypatch
):
    seen, fit = [], MSAE.fit
    monkeypatch.setattr(
        MSAE, "fit", lambda self, X, seed: seen.append(X) or fit(self, X, seed=seed)
    )
    measured, quality = [], MSAE.quality
    monkeypatch.setattr(MSAE, "quality", lambda self, X: measured.append(X) or quality(self, X))
    first, found = train_autoencoder(tiny, shapes, n=50, seed=0, **SAE)
    assert [len(X) for X in seen + measured] == [40, 10]
    assert found == pytest.approx(quality(first, measured[0]))
    second, again = train_autoencoder(tiny, shapes, n=50, seed=0, **SAE)
    assert len(seen) == 1 and again == found
    assert tiny.tally.encoded == 50 == sum(tiny.tally.needed.values())
    latents = first.encode(measured[0])
    assert torch.equal(latents, second.encode(measured[0]))
    assert torch.equal(first.decode(latents), second.decode(latents))
    (drawn,) = shapes.seen
    composites = tiny.encode_images(shapes.batch(*map(np.array, drawn)))
    assert torch.allclose(torch.cat(measured + seen), composites, atol=1e-6)  # each is in one part


def test_all_rows_of_the_tables_are_there_and_none_reads_a_test_label(
    tiny, scenes, sae, tmp_path, monkeypatch
):
    rows = methods(tiny, scenes, sae, fine_tuned=LP_FT, masks=MASKS)
    assert set(rows) == set(METHODS) - {"Native", "BAP"}
    results = evaluate(rows, [scenes], seed=0)
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "another"))  # nothing is kept from before
    hidden = with_test_labels_hidden(scenes)
    blind = [method.run(encoder, hidden, seed=0) for encoder, method in rows.values()]
    assert [result.frame["method"].iloc[0] for result in results] == list(rows)
    assert all(np.array_equal(a.y_pred, b.y_pred) for a, b in zip(results, blind))
    said = {name: set(result.y_pred) for name, result in zip(rows, results)}
    learned = ("Native (LP)", "Control (LP)", "BAP (LP)", "DFR")
    learned += ("ERM (LP-FT)", "WiSE-FT", "PruSC", "DFR (ERM)", "AFR (ERM)")
    assert all(said[name] == {0, 1} for name in learned)  # who says one class cannot give it away
    metrics = {name: set(r.frame["metric"]) for name, r in zip(rows, results)}
    dials = {"candidates", "latents", "head_cosine", "reconstruction_accuracy"}
    assert dials < metrics["DIAL"] and {"kept", "skipped_anchors"} < metrics["PruSC"]


def test_rows_can_be_left_out(tiny, scenes, sae):
    always = {"Native (ZS)", "RoboShot", "DIAL", "BAP (ZS)"}
    always |= {"Native (LP)", "Control (LP)", "BAP (LP)"}
    assert set(methods(tiny, scenes, sae, last_layer=False)) == always
    assert set(methods(tiny, scenes, sae)) == always | {"AFR", "DFR"}
    both = methods(tiny, scenes, sae, fine_tuned=LP_FT)
    assert {"AFR (ERM)", "DFR (ERM)"} < set(both)
    fine_tuned = methods(tiny, scenes, sae, last_layer=False, fine_tuned=LP_FT)
    assert set(fine_tuned) == always | {"ERM (LP-FT)", "WiSE-FT", "PruSC"}


def test_a_row_has_the_encoder_of_its_name_and_else_the_untouched_one(tiny, scenes, sae):
    text, probe = embed_texts(tiny, scenes.labels, scenes.backgrounds), LinearProbe(epochs=2)
    encoders = {name: tiny.student() for name in ("Native", "Control", "BAP")}
    rows = compared_methods(encoders, text, sae, probe=probe, fine_tuned=LP_FT)
    others = {"Control (LP)": "Control", "BAP (LP)": "BAP", "BAP (ZS)": "BAP"}
    for name, (encoder, _) in rows.items():
        assert encoder is encoders[others.get(name, "Native")], name
    assert all(rows[f"{name} (LP)"][1] is probe for name in encoders)
    assert rows["BAP (ZS)"][1].prototypes is text.prototypes


def test_what_trains_nothing_says_the_same_for_every_seed(tiny, scenes, sae):
    rows = methods(tiny, scenes, sae)
    fixed = {name: rows[name] for name in ("Native (ZS)", "RoboShot", "DIAL", "BAP (ZS)")}
    for a, b in zip(*(evaluate(fixed, [scenes], seed=seed) for seed in (0, 1))):
        assert a.frame.drop(columns="seed").equals(b.frame.drop(columns="seed"))
        assert np.array_equal(a.y_pred, b.y_pred)


def test_fine_tuning_is_done_once_for_four_methods_and_once_more_for_afr(
    tiny, scenes, sae, monkeypatch
):
    done, train = [], training.train
    monkeypatch.setattr(
        training,
        "train",
        lambda *data, label, **rest: done.append(label) or train(*data, label=label, **rest),
    )
    rows = methods(tiny, scenes, sae, fine_tuned=LP_FT, masks=MASKS)
    names = ("ERM (LP-FT)", "WiSE-FT", "PruSC", "DFR (ERM)", "AFR (ERM)")
    evaluate({name: rows[name] for name in names}, [scenes], seed=0)
    # AFR's model is trained on four fifths of the rows, and so is another
    assert done == ["LP-FT", "PruSC masks", "PruSC", "LP-FT"]
    assert tiny.tally.encoded == sum(tiny.tally.needed.values())
