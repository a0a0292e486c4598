import numpy as np
import pytest
import small
import torch
import torch.nn.functional as F

from bap_core.baselines import LinearProbe, ZeroShot
from bap_core.encoders import features


def blobs(n=400, seed=0):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 2, n)
    return F.normalize(
        torch.from_numpy(draw.normal(size=(n, 8)) + 3 * (2 * y[:, None] - 1)).float(), dim=1
    ), y


def test_a_probe_separates_two_blobs():
    X, y = blobs()
    probe = LinearProbe().fit(X, y, seed=0)
    assert (probe.predict(X) == y).mean() > 0.99


def test_class_weights_of_nine_to_one_labels_are_the_balanced_ones():
    X, _ = blobs(100)
    probe = LinearProbe(epochs=1).fit(X, [0] * 90 + [1] * 10, seed=0)
    assert probe.class_weight_.tolist() == pytest.approx([0.5556, 5.0], abs=1e-4)


def test_weighting_brings_an_intercept_to_even_odds():
    X, y = torch.zeros(200, 3), np.array([0] * 180 + [1] * 20)
    probe = LinearProbe(epochs=400, lr=1e-2, batch_size=200, weight_decay=0.0).fit(X, y, seed=0)
    assert torch.softmax(probe.intercept_, 0).tolist() == pytest.approx([0.5, 0.5], abs=1e-3)


def test_the_weighted_loss_is_what_resampling_to_even_classes_gives_in_expectation():
    X, y = (
        torch.randn(100, 8, generator=torch.Generator().manual_seed(0)),
        torch.tensor([0] * 90 + [1] * 10),
    )
    probe = LinearProbe(epochs=1).fit(X, y.numpy(), seed=0)
    logits = F.linear(X, probe.coef_, probe.intercept_)
    each = F.cross_entropy(logits, y, reduction="none")
    weighted = F.cross_entropy(logits, y, weight=probe.class_weight_)
    assert weighted == pytest.approx(float((each[:90].mean() + each[90:].mean()) / 2), rel=1e-5)
    sampler = torch.utils.data.WeightedRandomSampler(
        probe.class_weight_[y], 100_000, generator=torch.Generator().manual_seed(0)
    )
    drawn = torch.tensor(list(sampler))
    assert y[drawn].float().mean() == pytest.approx(0.5, abs=0.01)
    assert float(each[drawn].mean()) == pytest.approx(
        float(weighted), abs=4 * float(each[drawn].std()) / 100_000**0.5
    )


def test_even_classes_are_trained_as_without_weights():
    X, y = blobs()
    X, y = torch.cat([X[y == 0][:50], X[y == 1][:50]]), np.array([0] * 50 + [1] * 50)
    start, end = (LinearProbe(epochs=n, batch_size=100).fit(X, y, seed=0) for n in (0, 5))
    plain = torch.nn.Linear(8, 2)
    with torch.no_grad():
        plain.weight.copy_(start.coef_)
        plain.bias.copy_(start.intercept_)
    optimiser = torch.optim.AdamW(plain.parameters(), lr=5e-4, weight_decay=0.01)
    for _ in range(5):
        optimiser.zero_grad()
        F.cross_entropy(plain(X), torch.from_numpy(y)).backward()
        optimiser.step()
    assert end.class_weight_.tolist() == [1.0, 1.0]
    assert end.coef_.flatten().tolist() == pytest.approx(plain.weight.flatten().tolist(), abs=1e-6)
    assert end.intercept_.tolist() == pytest.approx(plain.bias.tolist(), abs=1e-6)


def test_a_probe_repeats_with_its_seed_and_changes_with_another():
    X, y = blobs()
    a, b, c = (LinearProbe(epochs=2).fit(X, y, seed=s).coef_ for s in (0, 0, 1))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_the_first_step_moves_every_weight_by_the_learning_rate_after_the_decay():
    X, y = blobs(100)
    start, moved = (LinearProbe(epochs=n, batch_size=100).fit(X, y, seed=0) for n in (0, 1))
    for name in ("coef_", "intercept_"):  # AdamW's first step is the sign of the gradient
        step = getattr(moved, name) - (1 - 5e-4 * 0.01) * getattr(start, name)
        assert step.abs().flatten().tolist() == pytest.approx([5e-4] * step.numel(), rel=1e-3)


def test_small_steps_keep_the_probe_near_its_start():
    """30 epochs of 4 batches of 128: at most 120 steps, all to the same side, of two blobs."""
    X, y = blobs(400)
    start, end = (LinearProbe(epochs=n).fit(X, y, seed=0).coef_ for n in (0, 30))
    moved = float((end - start).abs().max())
    assert 0.9 * 120 * 5e-4 < moved < 1.01 * 120 * 5e-4
    assert 0.9 * 8**-0.5 < start.abs().max() <= 8**-0.5


def test_a_probe_refuses_one_class_a_gap_and_broken_features():
    X, y = blobs(20)
    for labels in (np.zeros(20, int), np.full(20, 2)):
        with pytest.raises(ValueError, match="every class"):
            LinearProbe().fit(X, labels, seed=0)
    X[3, 0] = torch.nan
    with pytest.raises(ValueError, match="1 of 20 rows of the features"):
        LinearProbe().fit(X, y, seed=0)
    with pytest.raises(ValueError, match=r"\(N, D\) and \(N,\)"):
        LinearProbe().fit(X, y[:5], seed=0)


def test_a_probe_refuses_features_of_another_width():
    X, y = blobs()
    with pytest.raises(ValueError, match=r"\(N, 8\) is expected"):
        LinearProbe(epochs=1).fit(X, y, seed=0).predict(X[:, :5])


def test_zero_shot_takes_the_nearest_prototype_whatever_the_length_of_x():
    zero_shot = ZeroShot(torch.eye(3))
    X = torch.tensor([[0.1, 0.9, 0.2], [2.0, 1.0, 1.0]])
    assert zero_shot.predict(X).tolist() == zero_shot.predict(100 * X).tolist() == [1, 0]


def test_zero_shot_refuses_embeddings_of_another_width():
    with pytest.raises(ValueError, match="do not fit"):
        ZeroShot(torch.eye(3)).predict(torch.ones(2, 4))


@pytest.fixture
def scenes(tmp_path):
    return small.painted(tmp_path / "painted")


def test_raw_features_and_those_of_unit_norm_come_of_one_encoding(home, tiny, scenes):
    raw, unit = (features.extract(tiny, scenes, unit=unit) for unit in (False, True))
    assert torch.equal(unit, F.normalize(raw, dim=1))
    assert not torch.equal(raw, unit) and tiny.tally.encoded == len(scenes)


def test_a_probe_reads_what_it_is_told_to_and_refuses_another_word(home, tiny, scenes):
    y = scenes.select(split="train").frame["label"]
    for word, unit in {"raw": False, "unit": True}.items():
        probe = LinearProbe(epochs=3, features=word)
        X = {s: features.extract_split(tiny, scenes, s, unit=unit) for s in ("train", "test")}
        expected = LinearProbe(epochs=3).fit(X["train"], y, seed=0).predict(X["test"])
        assert (probe.run(tiny, scenes, seed=0).y_pred == expected).all()
    with pytest.raises(ValueError, match="features='normed'; choices: raw, unit"):
        LinearProbe(features="normed")
