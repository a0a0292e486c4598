from functools import cache

import numpy as np
import pytest
import small
import torch
from hypothesis import given
from hypothesis import strategies as st
from spurious import erm, toy, worst_group

from bap_core.baselines import AFR, LPFT, LinearProbe, TunedAFR
from bap_core.baselines.afr import GAMMAS, fit_stages, weights, without_rest
from bap_core.data.listings import LEFT_OUT
from bap_core.encoders import features


def head(coef, intercept):
    probe = LinearProbe()
    probe.coef_, probe.intercept_ = (
        torch.tensor(coef, dtype=torch.float32),
        torch.tensor(intercept, dtype=torch.float32),
    )
    return probe


@cache
def staged(seed):
    """A toy's ERM head on 80 % of its training rows, the other 20 %, and its test rows."""
    data = toy(seed)
    return erm(data.train.take(slice(3200))), data.train.take(slice(3200, None)), data.test


def curve(seed, gammas, **settings):
    first, rest, test = staged(seed)
    return [
        worst_group(AFR(gamma, **settings).fit(rest.X, rest.y, head=first), test)
        for gamma in gammas
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_worst_group_rises_with_gamma_and_then_falls(seed):
    found = curve(seed, GAMMAS)
    best = int(np.argmax(found))
    assert 0 < best < len(GAMMAS) - 1 and found[best] > 0.9
    assert found[: best + 1] == sorted(found[: best + 1])
    assert found[-1] < found[best] - 0.05


def test_the_toys_figures_lie_in_the_ranges_worked_out_beforehand():
    # They are for one logit at lr 0.02 and clip 1. Two logits move apart twice as fast and have a
    # gradient sqrt(2) longer.
    settings = {"lr": 0.01, "clip": 2**0.5}
    seeds = range(11)
    found = {"ERM": [worst_group(staged(seed)[0], staged(seed)[2]) for seed in seeds]}
    for gamma in (0, 3, 6, 20):
        found[gamma] = [curve(seed, [gamma], **settings)[0] for seed in seeds]
    found["500 steps"] = [curve(seed, [20], steps=500, **settings)[0] for seed in seeds]
    ranges = {
        "ERM": (0.33, 0.40),
        0: (0.41, 0.51),
        3: (0.86, 0.95),
        6: (0.92, 0.98),
        20: (0.73, 0.80),
        "500 steps": (0, 0.31),
    }
    for name, (low, high) in ranges.items():
        assert low <= np.median(found[name]) <= high, name


def test_large_gamma_leaves_few_rows_that_count():
    first, rest, _ = staged(0)
    n_eff = [AFR(gamma, steps=0).fit(rest.X, rest.y, head=first).n_eff_ for gamma in GAMMAS]
    assert n_eff == sorted(n_eff, reverse=True) and n_eff[0] > 790 and n_eff[-1] < 7


def test_without_gamma_and_balance_every_row_counts_the_same():
    first, rest, _ = staged(0)
    afr = AFR(0.0, balanced=False, steps=0).fit(rest.X, rest.y, head=first)
    assert torch.equal(afr.weight_, torch.full((800,), 1 / 800)) and afr.n_eff_ == pytest.approx(
        800
    )


def test_balanced_classes_have_equal_totals():
    y = torch.tensor([0] * 9 + [1] * 3 + [2] * 1)
    mu = weights(y, torch.rand(13, generator=torch.Generator().manual_seed(0)), gamma=0.0)
    assert [float(mu[y == c].sum()) for c in range(3)] == pytest.approx([1 / 3] * 3)


def test_two_rows_of_one_class_counted_by_hand():
    mu = weights(torch.tensor([0, 0]), torch.tensor([0.9, 0.1]), gamma=10.0)
    assert float(mu[1] / mu[0]) == pytest.approx(2980.96, rel=1e-4)  # exp(8)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1, width=32)), min_size=1, max_size=50),
    st.floats(0, 50),
    st.booleans(),
)
def test_weights_sum_to_one(rows, gamma, balanced):
    y, p = map(torch.tensor, zip(*rows))
    mu = weights(y, p, gamma=gamma, balanced=balanced)
    assert float(mu.sum()) == pytest.approx(1, abs=1e-5) and (mu >= 0).all()


def test_one_step_counted_by_hand_sums_the_weighted_losses():
    # p = 1/2 everywhere and mu = 1/2: the gradient is (-1/2, 1/2) for W and 0 for b. A mean would
    # halve it.
    afr = AFR(6.0, steps=1, lr=0.1).fit(
        torch.tensor([[1.0], [-1.0]]), [0, 1], head=head([[0.0], [0.0]], [0.0, 0.0])
    )
    assert afr.coef_.flatten().tolist() == pytest.approx(
        [0.05, -0.05]
    ) and afr.intercept_.tolist() == [0, 0]
    assert afr.head_change_ == pytest.approx(0.05 * 2**0.5)


def test_a_long_gradient_is_clipped_to_length_one():
    X = torch.tensor([[100.0], [-100.0]])
    afr = AFR(6.0, steps=1, lr=0.1).fit(X, [0, 1], head=head([[0.0], [0.0]], [0.0, 0.0]))
    assert afr.head_change_ == pytest.approx(0.1)


def test_no_steps_return_the_erm_head():
    first, rest, test = staged(0)
    afr = AFR(6.0, steps=0).fit(rest.X, rest.y, head=first)
    assert torch.equal(afr.coef_, first.coef_) and torch.equal(afr.intercept_, first.intercept_)
    assert (afr.predict(test.X) == first.predict(test.X)).all() and afr.head_change_ == 0


def test_a_large_lambda_returns_to_the_erm_head():
    first, rest, _ = staged(0)
    changes = [
        AFR(6.0, decay=decay, lr=lr, steps=300).fit(rest.X, rest.y, head=first).head_change_
        for decay, lr in ((0.0, 1e-2), (1.0, 1e-2), (40.0, 1e-2), (4e3, 1e-4))
    ]
    assert changes == sorted(changes, reverse=True)
    assert changes[-1] < 1e-3 < 0.5 < changes[0]


def test_the_erm_head_and_the_second_stage_share_the_rows_four_to_one(monkeypatch):
    rows = {"ERM": [], "AFR": []}
    for cls, name in ((LinearProbe, "ERM"), (AFR, "AFR")):

        def note(self, X, y, *, name=name, fit=cls.fit, **rest):
            rows[name].append(sorted(X[:, 0].tolist()))
            return fit(self, X, y, **rest)

        monkeypatch.setattr(cls, "fit", note)
    X = torch.stack([torch.arange(203.0), torch.ones(203)], dim=1)
    fit_stages(X, np.arange(203) % 2, seed=0, gammas=(0.0, 6.0))
    (first,), (rest, again) = rows["ERM"], rows["AFR"]
    assert rest == again and len(first) == 162 and sorted(first + rest) == list(range(203))
    assert first != list(range(162)), "the split is a random one"


def test_the_probe_that_lends_its_settings_stays_unfitted():
    data = toy(0, n_train=300).train
    probe = LinearProbe(epochs=1, lr=1e-3)
    fit_stages(data.X, data.y, seed=0, gammas=(0.0,), erm=probe)
    assert not hasattr(probe, "coef_")


def test_a_class_that_the_fifth_lacks_and_a_head_of_another_width_are_refused():
    first = head(np.zeros((2, 3)), np.zeros(2))
    with pytest.raises(ValueError, match=r"every class of 2.*\[4, 0\]"):
        AFR(1.0).fit(torch.ones(4, 3), [0, 0, 0, 0], head=first)
    with pytest.raises(ValueError, match=r"\(N, 3\) is expected"):
        AFR(1.0).fit(torch.ones(4, 5), [0, 1, 0, 1], head=first)


# -- the ERM model is what LP-FT makes of the encoder

START = LPFT({"epochs": 1, "batch_size": 8, "lr": 1e-3, "head_lr": 1e-2}, probe_epochs=2)


@pytest.fixture
def scenes(tmp_path):
    counts = {"train": (40, 10, 10, 40), "val": (8, 8, 8, 8)}
    return small.painted(tmp_path / "painted", **counts)


def test_the_fine_tuned_model_is_trained_on_the_80_percent_and_reweighted_on_the_others(
    home, tiny, scenes, monkeypatch
):
    tuned_on, fitted_on, tune, fit = [], [], LPFT.tune, AFR.fit
    monkeypatch.setattr(
        LPFT,
        "tune",
        lambda self, encoder, part, seed: (
            tuned_on.append(part) or tune(self, encoder, part, seed=seed)
        ),
    )
    monkeypatch.setattr(
        AFR,
        "fit",
        lambda self, X, y, head: fitted_on.append((X, head)) or fit(self, X, y, head=head),
    )
    chosen = TunedAFR(start=START, gammas=(0.0, 6.0)).choose(tiny, scenes, seed=0)
    (part,), (X, head) = tuned_on, fitted_on[0]
    assert len(part.select(split="train")) == 80 and len(X) == 20 and len(fitted_on) == 2
    train = np.flatnonzero(scenes.frame["split"] == "train")
    unseen = train[(part.frame["split"] == LEFT_OUT).to_numpy()[train]]
    model = START.tune(tiny, part, seed=0)
    assert head.fingerprint == model.head.fingerprint
    of_unseen = features.extract(model.encoder, scenes, unit=False)[torch.from_numpy(unseen)]
    in_order = [sorted(rows.sum(dim=1).tolist()) for rows in (X, of_unseen)]
    assert in_order[0] == pytest.approx(in_order[1], abs=1e-5)
    assert chosen.estimator.coef_.shape == head.weight.shape


def test_what_is_left_out_for_reweighting_is_another_draw_for_another_seed(scenes):
    first, again, other = (without_rest(scenes, seed=seed).frame["split"] for seed in (0, 0, 1))
    assert first.equals(again) and not first.equals(other)
    assert (first[scenes.frame["split"] != "train"] != LEFT_OUT).all()


def test_with_no_second_stage_it_says_what_the_fine_tuned_model_says(home, tiny, scenes):
    stage = AFR(0.0, steps=0)
    said = TunedAFR(start=START, stage=stage, gammas=(0.0,)).run(tiny, scenes, seed=0).y_pred
    model = START.tune(tiny, without_rest(scenes, seed=0), seed=0)
    assert (said == model.predict(scenes.select(split="test"))).all()
