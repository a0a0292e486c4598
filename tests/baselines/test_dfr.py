from dataclasses import replace

import numpy as np
import pytest
import small
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler
from spurious import N_GROUPS, erm, toy, worst_group

from bap_core.baselines import DFR, LPFT, TunedAFR, dfr
from bap_core.baselines.dfr import balanced_rows


def fitted(rows, *, seed=0, scale_on=None, **settings):
    return DFR(**settings).fit(
        rows.X, rows.y, rows.group, n_groups=N_GROUPS, seed=seed, scale_on=scale_on
    )


@pytest.mark.parametrize(
    "settings", [{}, {"n_retrains": 20, "refit_on": "all"}], ids=["BAP", "original"]
)
@pytest.mark.parametrize("seed", range(5))
def test_dfr_reads_the_label_where_erm_reads_the_place(seed, settings):
    data = toy(seed)
    assert worst_group(erm(data.train.take(slice(3200))), data.test) < 0.5
    head = fitted(data.val, seed=seed, **settings)
    assert 0.987 <= worst_group(head, data.test) <= 0.993
    assert abs(head.coef_[1] / head.coef_[0]) <= 0.04


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 9))
def test_a_balanced_subset_has_as_many_different_rows_of_every_group_as_the_smallest(more, seed):
    group = np.array([0, 1, 2, 3, *more])
    rows = balanced_rows(group, n_groups=4, rng=np.random.default_rng(seed))
    assert np.bincount(group[rows]).tolist() == [np.bincount(group).min()] * 4
    assert len(set(rows)) == len(rows)


def of_equal_groups(n=40):
    """A toy's validation rows with n of each group: every balanced subset holds them all."""
    val = toy(0).val
    return val.take(np.concatenate([(val.group == g).nonzero()[0][:n] for g in range(N_GROUPS)]))


def test_one_retrain_is_one_fit_at_the_optimum_of_the_stated_objective():
    rows, C = of_equal_groups(), 0.1
    head = fitted(rows, Cs=(C,), n_retrains=1, refit_on="all")
    Z = np.column_stack(
        [(rows.X.numpy() - rows.X.numpy().mean(0)) / rows.X.numpy().std(0), np.ones(len(rows.y))]
    )
    w = np.append(head.coef_, head.intercept_)  # the intercept is one more penalised weight
    slope = C * Z.T @ (1 / (1 + np.exp(-Z @ w)) - rows.y)
    assert slope[w != 0] == pytest.approx(-np.sign(w[w != 0]), abs=0.01)
    assert (np.abs(slope[w == 0]) <= 1.01).all()
    assert (w == 0).sum() > 10, "an L1 penalty leaves most noise out"


def test_where_every_draw_is_the_whole_set_more_retrains_change_nothing():
    one, ten = (fitted(of_equal_groups(), Cs=(0.1,), n_retrains=r, refit_on="all") for r in (1, 10))
    assert ten.coef_ == pytest.approx(one.coef_, abs=1e-3)


def test_the_penalty_holds_the_intercept_at_zero_until_c_frees_it():
    # two groups of class 0, one of class 1, and features that say nothing
    y = np.array([0] * 40 + [1] * 20)
    # 10 rows a group: the slope at zero is C * (20 - 10) / 2
    for C, intercept in ((0.09, 0), (1e5, np.log(1 / 2))):
        head = DFR(Cs=(C,), refit_on="all").fit(
            torch.zeros(60, 3), y, np.repeat([0, 1, 2], 20), n_groups=3, seed=0
        )
        assert head.intercept_ == pytest.approx(intercept, abs=1e-3) and not head.coef_.any()


def test_the_final_fits_use_the_second_half_or_all_and_scale_on_what_they_are_given():
    data = toy(0, n_train=500)
    seen = [
        fitted(data.val, **settings).scaler_.n_samples_seen_
        for settings in ({}, {"refit_on": "all"}, {"scale_on": data.train.X})
    ]
    assert seen == [600, 1200, 500]


def test_either_solver_finds_the_same_head_but_for_the_intercept_that_one_of_them_penalises():
    rows = of_equal_groups()
    heads = [fitted(rows, Cs=(0.7,), n_retrains=1, solver=name) for name in dfr.SOLVERS]
    one, other = (head.coef_ / np.linalg.norm(head.coef_) for head in heads)
    assert one @ other > 0.999
    with pytest.raises(ValueError, match="solver='lbfgs'; choices: .'liblinear', 'saga'."):
        fitted(rows, solver="lbfgs")


def test_every_c_is_tried_and_the_first_with_the_best_worst_group_is_kept():
    head = fitted(toy(0).val)
    assert head.tuning_["setting"].tolist() == list(DFR().Cs)
    assert head.tuning_["setting"][head.tuning_["worst_group_accuracy"].argmax()] == head.C_


def test_tuning_fits_on_one_half_and_measures_on_the_other_which_is_kept_for_the_final_fits(
    monkeypatch,
):
    fits, measured, select = [], [], dfr.select

    class Noting(StandardScaler):
        def fit(self, X, y=None):
            fits.append(set(X[:, 0]))
            return super().fit(X)

    monkeypatch.setattr(dfr, "_scaler", Noting)
    monkeypatch.setattr(
        dfr,
        "select",
        lambda candidates, X, *rest, **more: (
            measured.append(set(X[:, 0])) or select(candidates, X, *rest, **more)
        ),
    )
    fitted(toy(0).val)
    *tuning, final = fits
    assert len(tuning) == 7 and all(rows.isdisjoint(measured[0]) for rows in tuning)
    assert final == measured[0] and len(final) == 600


def test_units_of_the_features_do_not_matter():
    data = toy(0, n_test=500)
    scale, shift = torch.logspace(-3, 3, 20), torch.arange(20)
    other = fitted(replace(data.val, X=data.val.X * scale + shift))
    assert (
        other.predict(data.test.X * scale + shift) == fitted(data.val).predict(data.test.X)
    ).mean() > 0.995


@pytest.mark.parametrize("missing", range(N_GROUPS))
def test_an_empty_group_is_refused_and_the_message_names_it_and_the_dash(missing):
    val = toy(0).val
    with pytest.raises(ValueError, match=rf"groups \[{missing}\].*100 %.*left out \('-'\)"):
        fitted(val.take(val.group != missing))


def test_a_group_with_one_row_is_in_one_half_only_and_refused():
    val = toy(0).val
    with pytest.raises(ValueError, match=r"groups \[2\] among 4\d\d rows.*either half"):
        fitted(
            val.take(np.append((val.group != 2).nonzero()[0], (val.group == 2).nonzero()[0][:1]))
        )


def test_three_classes_and_unknown_choices_are_refused():
    val = toy(0).val
    with pytest.raises(ValueError, match=r"every class of 2 .*counts per class: \[\d+, \d+, 1\]"):
        DFR().fit(val.X, np.append(val.y[1:], 2), val.group, n_groups=N_GROUPS, seed=0)
    with pytest.raises(ValueError, match="'first half'; choices"):
        fitted(val, refit_on="first half")
    with pytest.raises(ValueError, match="n_retrains=0"):
        fitted(val, n_retrains=0)
    with pytest.raises(ValueError, match=r"numbers in 0\.\.2"):
        DFR().fit(val.X, val.y, val.group, n_groups=3, seed=0)


def test_on_a_fine_tuned_encoder_it_reads_what_the_head_of_that_encoder_reads(home, tiny, tmp_path):
    scenes = small.painted(tmp_path / "painted", train=(8, 4, 4, 8), val=(8, 8, 8, 8))
    for read in ("raw", "unit"):
        recipe = {"epochs": 1, "batch_size": 8, "lr": 1e-3, "head_lr": 1e-2, "features": read}
        start = LPFT(recipe, probe_epochs=2)
        tuned = start.tune(tiny, scenes, seed=0).encoder
        expected = DFR(features=read).run(tuned, scenes, seed=0).y_pred
        assert (DFR(start=start).run(tiny, scenes, seed=0).y_pred == expected).all()


def test_nothing_is_fine_tuned_for_a_set_on_which_it_is_left_out(home, tiny, tmp_path):
    scenes = small.painted(tmp_path / "painted", train=(8, 0, 0, 8))
    for method in (DFR(start=LPFT()), TunedAFR(start=LPFT())):
        left_out = method.run(tiny, scenes, seed=0)
        assert left_out.y_pred is None and left_out.reason.startswith("left out as in the paper")
    assert not tiny.tally.encoded
