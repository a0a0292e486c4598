"""The methods of a table, called together on a tiny encoder and painted pictures."""

import numpy as np
import pytest
import small
import torch

from bap_core.baselines import MSAE
from bap_core.data import Scenes
from bap_core.evaluation import protocol, scoring

RECIPE = {"epochs": 2, "batch_size": 8, "lr": 1e-3, "head_lr": 1e-2, "probe_epochs": 2}
MASKS = {"clusters": 3, "ratio": 1.0, "epochs": 2, "batch_size": 8, "lr": 0.2}
SAE = {"expansion": 2, "levels": (8, 32), "steps": 5}


@pytest.fixture
def scenes(tmp_path):
    return small.painted(tmp_path / "painted")


@pytest.fixture
def words(tiny, scenes):
    return protocol.text_embeddings(tiny, scenes.labels, scenes.backgrounds)


def with_test_labels_flipped(scenes):
    frame = scenes.frame.copy()
    test = frame["split"] == "test"
    frame.loc[test, "label"] = 1 - frame.loc[test, "label"]
    return Scenes(scenes.name, scenes.root, frame, scenes.labels, scenes.backgrounds)


def names(results):
    return [result.frame["method"].iloc[0] for result in results]


def test_texts_of_a_task_name_its_classes_and_its_places(tiny):
    words = protocol.text_embeddings(tiny, ("gull", "tern"), ("sea", "sky"), templates=["a {}."])
    prototypes = tiny.encode_text(["a gull.", "a tern."])
    assert torch.allclose(words.prototypes, prototypes, atol=1e-6)
    bare = tiny.encode_text(["sea background", "sky background", "gull", "tern"])
    assert torch.allclose(words.harmful[0], bare[0] - bare[1], atol=1e-6)
    assert torch.allclose(words.helpful[0], bare[2] - bare[3], atol=1e-6)
    seen = tiny.encode_text(["a photo of a sea background", "a photo without a sky background"])
    assert torch.allclose(words.present[0], seen[0], atol=1e-6) and torch.allclose(
        words.absent[1], seen[1], atol=1e-6
    )


def test_the_autoencoder_never_trains_on_what_it_is_measured_on_and_is_made_once(
    home, tiny, shapes, monkeypatch
):
    seen, fit = [], MSAE.fit
    monkeypatch.setattr(
        MSAE, "fit", lambda self, X, seed: seen.append(X) or fit(self, X, seed=seed)
    )
    measured, quality = [], MSAE.quality
    monkeypatch.setattr(MSAE, "quality", lambda self, X: measured.append(X) or quality(self, X))
    first, found = protocol.autoencoder(tiny, shapes, n=50, seed=0, **SAE)
    assert [len(X) for X in seen + measured] == [40, 10]
    assert found == pytest.approx(quality(first, measured[0]))
    second, again = protocol.autoencoder(tiny, shapes, n=50, seed=0, **SAE)
    assert (
        len(seen) == 1
        and again == found
        and tiny.tally.encoded == 50 == sum(tiny.tally.needed.values())
    )
    assert torch.equal(first.encode(measured[0]), second.encode(measured[0]))
    assert torch.equal(
        first.decode(first.encode(measured[0])), second.decode(second.encode(measured[0]))
    )


@pytest.fixture
def coder(home, tiny, shapes):
    return protocol.autoencoder(tiny, shapes, n=50, seed=0, **SAE)[0]


def test_what_trains_nothing_says_the_same_for_every_seed_and_reads_no_label(
    tiny, scenes, words, coder
):
    first, second = (
        protocol.without_training(tiny, scenes, words, coder, seed=seed) for seed in (0, 1)
    )
    blind = protocol.without_training(tiny, with_test_labels_flipped(scenes), words, coder, seed=0)
    assert names(first) == ["Native (ZS)", "RoboShot", "DIAL"]
    for a, b, c in zip(first, second, blind):
        assert a.frame.drop(columns="seed").equals(b.frame.drop(columns="seed"))
        assert np.array_equal(a.y_pred, b.y_pred) and np.array_equal(a.y_pred, c.y_pred)
    assert {"candidates", "latents", "head_cosine", "reconstruction_accuracy"} < set(
        first[2].frame["metric"]
    )


def test_probes_are_named_after_their_encoders_and_read_no_test_label(home, tiny, scenes):
    results = protocol.probed({"Native": tiny, "BAP": tiny}, scenes, seed=0, epochs=2)
    blind = protocol.probed({"Native": tiny}, with_test_labels_flipped(scenes), seed=0, epochs=2)
    assert names(results) == ["Native (LP)", "BAP (LP)"]
    assert np.array_equal(results[0].y_pred, results[1].y_pred) and np.array_equal(
        results[0].y_pred, blind[0].y_pred
    )


def test_reweighting_reads_no_test_label(home, tiny, tmp_path):
    scenes = small.painted(tmp_path / "more", train=(40, 10, 10, 40), val=(8, 8, 8, 8))
    results, blind = (
        protocol.reweighted(tiny, given, seed=0)
        for given in (scenes, with_test_labels_flipped(scenes))
    )
    assert names(results) == ["AFR", "DFR"]
    assert all(np.array_equal(a.y_pred, b.y_pred) for a, b in zip(results, blind))


def test_reweighting_is_left_out_where_training_lacks_a_group_though_validation_has_it(
    home, tiny, tmp_path
):
    scenes = small.painted(tmp_path / "full", train=(20, 0, 0, 20), val=(8, 8, 8, 8))
    results = protocol.reweighted(tiny, scenes, seed=3)
    assert names(results) == ["AFR", "DFR"] and [result.y_pred for result in results] == [
        None,
        None,
    ]
    for result in results:
        assert result.frame["value"].isna().all() and set(result.frame["metric"]) == set(
            scoring.ACCURACIES
        )
        assert set(result.frame["reason"]) == {
            "left out as in the paper: painted is trained "
            "without red on blue background and "
            "without blue on red background"
        }
        assert set(result.frame["seed"]) == {3}
    assert tiny.tally.encoded == 0


def test_fine_tuning_is_done_once_for_three_methods_and_reads_no_test_label(
    home, tiny, scenes, words, monkeypatch
):
    tuned, tune = [], protocol.tune_lp_ft
    monkeypatch.setattr(
        protocol, "tune_lp_ft", lambda *data, **rest: tuned.append(tune(*data, **rest)) or tuned[-1]
    )
    averaged, average = [], protocol.average_wise_ft
    monkeypatch.setattr(
        protocol, "average_wise_ft", lambda *data: averaged.append(data[1]) or average(*data)
    )
    results = protocol.fine_tuned(tiny, scenes, words, seed=0, recipe=RECIPE, masks=MASKS)
    assert names(results) == ["ERM (LP-FT)", "WiSE-FT", "PruSC"] and averaged == tuned
    noted = results[2].frame.set_index("metric")["value"]
    assert 0 < noted["kept"] < 1 and 0 <= noted["skipped_anchors"] <= 1
    blind = protocol.fine_tuned(
        tiny, with_test_labels_flipped(scenes), words, seed=0, recipe=RECIPE, masks=MASKS
    )
    assert all(np.array_equal(a.y_pred, b.y_pred) for a, b in zip(results, blind))
