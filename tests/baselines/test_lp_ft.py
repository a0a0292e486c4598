import numpy as np
import pytest
import small
import torch
import torch.nn.functional as F

from bap_core.baselines import LinearProbe, fine_tuning, lp_ft, tune_lp_ft
from bap_core.baselines.fine_tuning import Head, Recipe
from bap_core.baselines.picture_batches import PictureBatches
from bap_core.data import cache, images
from bap_core.encoders import features, training
from bap_core.evaluation import scoring
from bap_core.store import Checkpoint

QUICK = {"epochs": 3, "batch_size": 8, "lr": 1e-3, "head_lr": 1e-2, "warmup": 2}


@pytest.fixture
def scenes(tmp_path):
    return small.painted(tmp_path / "painted")


def weights(encoder):
    return {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}


def same(state, other):
    return state.keys() == other.keys() and all(
        torch.equal(state[name], other[name]) for name in state
    )


def start_of_tuning(monkeypatch, encoder, scenes, **settings):
    """Student, head and training pictures as stage 2 gets them."""
    seen, tune = [], lp_ft.fine_tune

    def look(student, head, train, **rest):
        seen.extend([weights(student), head, train])
        return tune(student, head, train, **rest)

    monkeypatch.setattr(lp_ft, "fine_tune", look)
    tune_lp_ft(encoder, scenes, seed=0, **QUICK | settings)
    return seen


# -- the two stages


def test_stage_one_leaves_every_tensor_of_the_encoder_as_it_was(home, tiny, scenes, monkeypatch):
    before = weights(tiny)
    student, _, _ = start_of_tuning(monkeypatch, tiny, scenes)
    assert same(student, before) and same(weights(tiny), before)


def test_fine_tuning_starts_from_the_head_of_a_probe_on_the_training_features(
    home, tiny, scenes, monkeypatch
):
    _, head, train = start_of_tuning(monkeypatch, tiny, scenes, batch_size=5, weight_decay=0.1)
    probe = LinearProbe(epochs=5, lr=1e-3, batch_size=5, weight_decay=0.1).fit(
        features.extract(tiny, train, unit=False), train.frame["label"], seed=0
    )
    assert torch.equal(head.weight, probe.coef_) and torch.equal(head.bias, probe.intercept_)
    assert train.frame["split"].unique() == ["train"]


@pytest.mark.parametrize(("class_weights", "read"), [(True, "raw"), (False, "raw"), (True, "unit")])
def test_the_first_loss_of_fine_tuning_is_that_of_the_probe(
    home, tiny, tmp_path, monkeypatch, class_weights, read
):
    scenes = small.painted(tmp_path / "uneven", train=(9, 3, 1, 3))
    result = {"epochs": 1, "batch_size": 100, "flips": False, "class_weights": class_weights}
    result |= {"features": read}
    _, head, train = start_of_tuning(monkeypatch, tiny, scenes, **result)
    y = torch.tensor(train.frame["label"].to_numpy())
    balance = torch.tensor([16 / (2 * 12), 16 / (2 * 4)]) if class_weights else None
    X = features.extract(tiny, train, unit=read == "unit")
    expected = F.cross_entropy(head.logits(X), y, weight=balance)
    assert tune_lp_ft(tiny, scenes, seed=0, **QUICK | result).losses == pytest.approx(
        [expected.item()], abs=1e-6
    )


def test_a_probe_of_separable_pictures_makes_no_mistake(home, tiny, tmp_path):
    scenes = small.painted(tmp_path / "separable", train=(20, 0, 0, 20))
    train = scenes.select(split="train")
    head = lp_ft.probe_head(tiny, scenes, seed=0, epochs=100, lr=1e-2, batch_size=8)
    X = features.extract(tiny, train, unit=False)
    assert (head.predict(X) == train.frame["label"]).all()


def test_a_tuned_encoder_predicts_from_what_its_head_was_tuned_on(home, tiny, scenes):
    test, found = scenes.select(split="test"), {}
    for read in ("raw", "unit"):
        tuned = tune_lp_ft(tiny, scenes, seed=0, **QUICK, features=read)
        X = features.extract(tuned.encoder, test, unit=read == "unit")
        assert (tuned.predict(test) == tuned.head.predict(X)).all()
        found[read] = tuned.head.fingerprint
    assert found["raw"] != found["unit"]


def test_features_by_another_word_are_refused_before_anything_is_tuned(home, tiny, scenes):
    with pytest.raises(ValueError, match="features='normed'; choices: raw, unit"):
        tune_lp_ft(tiny, scenes, seed=0, features="normed")
    assert not tiny.tally.encoded


def test_both_rates_rise_from_a_hundredth_to_step_200_and_fall_to_the_floor():
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimiser = torch.optim.AdamW(
        [{"params": [weights[0]], "lr": 5e-6}, {"params": [weights[1]], "lr": 1e-4}]
    )
    schedule, rates = Recipe().schedule(optimiser, 1140), []
    for _ in range(1140):
        rates.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        schedule.step()
    assert rates[0] == pytest.approx([5e-8, 1e-6])
    assert rates[100] == pytest.approx([0.505 * 5e-6, 0.505 * 1e-4])
    assert rates[200] == pytest.approx([5e-6, 1e-4])
    assert rates[200 + 470] == pytest.approx([(5e-6 + 1e-6) / 2, (1e-4 + 1e-6) / 2])
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([1e-6, 1e-6])


@pytest.mark.parametrize(
    ("steps", "top"), [(1, None), (2, 1), (3, 1), (100, 50), (399, 199), (400, 200), (1000, 200)]
)
def test_a_short_run_rises_for_half_of_its_steps_at_most(steps, top):
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule, rates = Recipe(lr=1.0, head_lr=1.0).schedule(optimiser, steps), []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert rates[0] == pytest.approx(0.01)
    assert top is None or rates.index(max(rates)) == top
    assert optimiser.param_groups[0]["lr"] <= rates[-1] or steps == 1


# -- what a run leaves


def test_the_loss_falls_the_tower_moves_and_the_rest_stands_still(home, tiny, scenes):
    before = weights(tiny)
    result = tune_lp_ft(tiny, scenes, seed=0, **QUICK | {"epochs": 12, "head_lr": 5e-2})
    assert result.losses[-1] < 0.5 * result.losses[0]
    moved = {
        name
        for name, tensor in weights(result.encoder).items()
        if not torch.equal(before[name], tensor)
    }
    assert moved and all(name.startswith("visual.") for name in moved)
    assert same(weights(tiny), before)
    assert not any(parameter.requires_grad for parameter in result.encoder.model.parameters())


def test_predictions_are_those_of_the_head_on_the_ordinary_features_and_can_be_scored(
    home, tiny, scenes
):
    result = tune_lp_ft(tiny, scenes, seed=0, **QUICK | {"epochs": 12})
    test = scenes.select(split="test")
    y_pred = result.predict(test)
    assert y_pred.shape == (12,) and y_pred.dtype == np.int64
    assert np.array_equal(y_pred, result.head.predict(features.extract(result.encoder, test)))
    frame = scoring.score(
        test.frame["label"],
        y_pred,
        test.groups,
        group_names=test.group_names,
        seed=0,
        train_counts=[1] * len(test.group_names),
        dataset=test.name,
        encoder=tiny.name,
        method="ERM (LP-FT)",
    )
    assert frame.value.between(0, 1).all()


def test_a_second_call_trains_nothing_and_gives_the_same(home, tiny, scenes, monkeypatch):
    first = tune_lp_ft(tiny, scenes, seed=0, **QUICK)
    monkeypatch.setattr(training, "train", None)
    second = tune_lp_ft(tiny, scenes, seed=0, **QUICK)
    assert first.encoder.fingerprint == second.encoder.fingerprint and first.losses == second.losses
    assert first.head.fingerprint == second.head.fingerprint
    assert sum(tiny.tally.needed.values()) == tiny.tally.encoded == len(scenes) + 3 * 24


@pytest.mark.parametrize(
    "change",
    [
        {"lr": 2e-3},
        {"warmup": 3},
        {"flips": False},
        {"class_weights": False},
        {"probe_epochs": 6},
        {"probe_lr": 2e-3},
        {"seed": 1},
    ],
)
def test_every_choice_has_a_result_of_its_own(home, tiny, tmp_path, change):
    scenes = small.painted(tmp_path / "uneven", train=(9, 3, 2, 2))
    one, other = (tune_lp_ft(tiny, scenes, **{"seed": 0} | QUICK | extra) for extra in ({}, change))
    assert one.encoder.fingerprint != other.encoder.fingerprint
    assert len(list(home.glob("store/tuned/*.safetensors"))) == 2


def test_two_correlations_never_share_a_result_but_share_the_frozen_features(home, tiny, scenes):
    full = scenes.frame.copy()
    full.loc[(full["split"] == "train") & (full["label"] != full["background"]), "split"] = (
        "left out"
    )
    results = [
        tune_lp_ft(tiny, each, seed=0, **QUICK)
        for each in (
            scenes,
            type(scenes)("painted-100", scenes.root, full, scenes.labels, scenes.backgrounds),
        )
    ]
    assert results[0].encoder.fingerprint != results[1].encoder.fingerprint
    assert len(list(home.glob("store/features/*.safetensors"))) == 1


def test_the_same_seed_gives_the_same_weights_twice(home, tiny, scenes, monkeypatch, tmp_path):
    first = tune_lp_ft(tiny, scenes, seed=0, **QUICK)
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "another"))
    second = tune_lp_ft(tiny, scenes, seed=0, **QUICK)
    assert first.losses == second.losses and first.encoder.fingerprint == second.encoder.fingerprint


def test_an_interrupted_run_resumes_to_the_same_weights(home, tiny, scenes, monkeypatch, tmp_path):
    whole = tune_lp_ft(tiny, scenes, seed=0, **QUICK)
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "another"))
    interrupt(monkeypatch, after=2 * 3)
    with pytest.raises(KeyboardInterrupt):
        tune_lp_ft(tiny, scenes, seed=0, **QUICK)
    before = tiny.tally.encoded
    resumed = tune_lp_ft(tiny, scenes, seed=0, **QUICK)
    assert tiny.tally.encoded - before == 24  # one epoch was left
    assert (
        resumed.losses == whole.losses and resumed.encoder.fingerprint == whole.encoder.fingerprint
    )
    assert resumed.head.fingerprint == whole.head.fingerprint


def interrupt(monkeypatch, *, after):
    """Checkpoint every step, and stop once after so many of them."""
    save, calls = Checkpoint.save, []

    def stop(*args):
        save(*args)
        calls.append(1)
        if len(calls) == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(Checkpoint, "save", stop)


@pytest.mark.parametrize("kind", ["convolutional", "siglip"])
def test_towers_of_every_kind_are_tuned(home, scenes, kind):
    encoder = small.encoder(kind)
    result = tune_lp_ft(encoder, scenes, seed=0, **QUICK)
    assert result.encoder.image_tower.state_dict().keys() == encoder.image_tower.state_dict().keys()
    assert result.encoder.fingerprint != encoder.fingerprint
    assert set(result.predict(scenes.select(split="test"))) <= {0, 1}


def test_statistics_of_batch_norms_stay_those_of_the_pre_training(home, scenes):
    encoder = small.encoder("convolutional")
    after = tune_lp_ft(encoder, scenes, seed=0, **QUICK).encoder.image_tower.state_dict()
    before = encoder.image_tower.state_dict()
    fixed = [
        name
        for name in before
        if name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    ]
    assert fixed and all(torch.equal(before[name], after[name]) for name in fixed)
    assert not torch.equal(before["bn1.weight"], after["bn1.weight"])


# -- pictures in passes


def test_every_epoch_shows_each_picture_once_in_a_new_order():
    batches = PictureBatches(range(10), 32, epochs=2, batch_size=4, seed=0)
    orders = [
        np.concatenate([rows for rows, _ in batches.rows(number)]).tolist() for number in (0, 1)
    ]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(10)) and orders[0] != orders[1]
    assert [len(rows) for rows, _ in batches.rows(0)] == [4, 4, 2] and batches.steps == 6


def test_about_half_of_the_pictures_are_mirrored_or_none():
    def mirrored(**flips):
        batches = PictureBatches(range(2000), 32, epochs=1, batch_size=64, seed=0, **flips)
        return np.concatenate([turned for _, turned in batches.rows(0)])

    assert abs(mirrored().mean() - 0.5) < 0.05
    assert not mirrored(flips=False).any()


def test_a_batch_is_the_square_of_each_picture_mirrored_where_asked(scenes):
    batches = PictureBatches(scenes, 32, epochs=1, batch_size=8, seed=0)
    (rows, turned), (numbers, made) = next(batches.rows(0)), next(batches.epoch(0))
    assert numbers.tolist() == rows.tolist() and set(turned.tolist()) == {False, True}
    for i, mirrored, found in zip(rows, turned, made.numpy()):
        square = images.square(scenes.image(i), 32)
        assert np.array_equal(found, square[..., ::-1] if mirrored else square)


def test_pictures_are_read_once_within_the_limit_of_memory(scenes, monkeypatch):
    read, opened = images.read_rgb, []
    monkeypatch.setattr(images, "read_rgb", lambda path: opened.append(path) or read(path))
    eight = scenes.take(np.arange(8))
    for limit, expected in ((8 * 3 * 32 * 32, 8), (0, 16)):
        opened.clear()
        kept = cache.ImageCache(limit)
        monkeypatch.setattr(cache, "image_cache", lambda kept=kept: kept)
        batches = PictureBatches(eight, 32, epochs=2, batch_size=8, seed=0)
        (_, first), (_, second) = next(batches.epoch(0)), next(batches.epoch(0))
        assert torch.equal(first, second) and len(opened) == expected


# -- refusals


def test_a_class_without_training_pictures_is_refused_with_the_counts(home, tiny, tmp_path):
    scenes = small.painted(tmp_path / "one", train=(3, 3, 0, 0))
    with pytest.raises(ValueError, match=r"painted: .*every class.*'red': 6, 'blue': 0"):
        tune_lp_ft(tiny, scenes, seed=0, **QUICK)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"lr": 1e-7}, "lr_min=1e-06 must lie between 0 and both lr=1e-07"),
        ({"warmup": 0}, "warmup=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_numbers_that_make_no_run_are_refused(home, tiny, scenes, choice, message):
    with pytest.raises(ValueError, match=message):
        tune_lp_ft(tiny, scenes, seed=0, **QUICK | choice)


def test_a_misspelt_choice_is_refused(home, tiny, scenes):
    with pytest.raises(TypeError, match="epoch"):
        tune_lp_ft(tiny, scenes, seed=0, epoch=3)


def test_a_broken_picture_is_named(home, tiny, scenes):
    features.extract(tiny, scenes)
    (scenes.root / "train-1-0.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="train-1-0.png"):
        tune_lp_ft(
            tiny,
            type(scenes)(scenes.name, scenes.root, scenes.frame, scenes.labels, scenes.backgrounds),
            seed=0,
            **QUICK,
        )
    assert not list(home.glob("store/tuned/*.safetensors"))


def test_a_head_refuses_features_of_another_width():
    with pytest.raises(ValueError, match="16 dimensions"):
        Head(torch.ones(2, 16), torch.zeros(2)).predict(torch.ones(3, 8))


def test_heads_that_differ_in_a_value_have_another_fingerprint():
    assert (
        Head(torch.ones(2, 3), torch.zeros(2)).fingerprint
        == Head(torch.ones(2, 3), torch.zeros(2)).fingerprint
    )
    assert (
        Head(torch.ones(2, 3), torch.zeros(2)).fingerprint
        != Head(torch.ones(2, 3), torch.ones(2)).fingerprint
    )
    assert fine_tuning.fingerprint({"a": torch.ones(2)}) != fine_tuning.fingerprint(
        {"b": torch.ones(2)}
    )
