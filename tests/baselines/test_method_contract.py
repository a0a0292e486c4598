"""What every estimator over features keeps, whatever it does inside. A new method is one entry
in `METHODS`.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from spurious import N_GROUPS, Toy, toy

from bap_core.baselines import DFR, DIAL, MSAE, LinearProbe, RoboShot, ZeroShot
from bap_core.baselines.afr import fit_stages
from bap_core.evaluation.selection import select


@dataclass(frozen=True)
class Method:
    """How to build and fit it on a toy, with a seed; the splits whose labels, and whose groups,
    it may read.
    """

    fit: Callable[[Toy, int], object]
    labels_of: tuple[str, ...] = ()
    groups_of: tuple[str, ...] = ()


def afr(data: Toy, seed: int):
    fitted = fit_stages(data.train.X, data.train.y, seed=seed)
    return select(fitted, data.val.X, data.val.y, data.val.group, n_groups=N_GROUPS).estimator


HEAD, BACKGROUNDS = (torch.stack([-torch.eye(20)[i], torch.eye(20)[i]]) for i in (0, 1))


def dial(data: Toy, seed: int):
    sae = MSAE(expansion=2, levels=(8, 40), steps=30).fit(data.train.X, seed=seed)
    return DIAL(sae, HEAD, BACKGROUNDS, -BACKGROUNDS).fit(data.val.X)


METHODS = {
    "ZeroShot": Method(lambda data, seed: ZeroShot(HEAD)),
    "RoboShot": Method(lambda data, seed: RoboShot(HEAD, BACKGROUNDS[:1], torch.eye(20)[2:3])),
    "DIAL": Method(dial),
    "LinearProbe": Method(
        lambda data, seed: LinearProbe().fit(data.train.X, data.train.y, seed=seed), ("train",)
    ),
    "DFR": Method(
        lambda data, seed: DFR().fit(
            data.val.X, data.val.y, data.val.group, n_groups=N_GROUPS, seed=seed
        ),
        ("val",),
        ("val",),
    ),
    "AFR": Method(afr, ("train",), ("val",)),
}
DATA = toy(0, n_train=500, n_val=300, n_test=200)

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
LEARNERS = {name: method for name, method in METHODS.items() if method.labels_of}
every_learner = pytest.mark.parametrize("method", LEARNERS.values(), ids=LEARNERS)
GROUPED = {name: method for name, method in METHODS.items() if method.groups_of}
every_grouped = pytest.mark.parametrize("method", GROUPED.values(), ids=GROUPED)


def learned(estimator) -> dict:
    return {name: value for name, value in vars(estimator).items() if name.endswith("_")}


def equal(a, b) -> bool:
    if torch.is_tensor(a):
        return torch.equal(a, b)
    if isinstance(a, (np.ndarray, int, float)):
        return np.array_equal(a, b)
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    return (
        all(equal(x, vars(b)[name]) for name, x in vars(a).items())
        if hasattr(a, "__dict__")
        else a == b
    )


@every_method
def test_predictions_are_class_numbers_one_per_row(method):
    estimator = method.fit(DATA, 0)
    for n in (1, 200):
        y_pred = estimator.predict(DATA.test.X[:n])
        assert isinstance(y_pred, np.ndarray) and y_pred.dtype == np.int64 and y_pred.shape == (n,)
        assert set(y_pred) <= {0, 1}


@every_method
def test_predictions_go_with_their_rows(method):
    estimator, order = method.fit(DATA, 0), np.random.default_rng(0).permutation(200)
    assert np.array_equal(
        estimator.predict(DATA.test.X[order]), estimator.predict(DATA.test.X)[order]
    )


@every_method
def test_what_is_learned_ends_in_an_underscore_and_settings_stay_as_given(method):
    estimator = method.fit(DATA, 0)
    settings = {field.name for field in dataclasses.fields(estimator)}
    assert settings | set(learned(estimator)) == set(vars(estimator))
    assert not any(name.endswith("_") for name in settings)
    if method.labels_of:
        assert learned(estimator)


@every_method
def test_the_seed_alone_decides_and_the_global_generators_are_left_alone(method):
    torch.manual_seed(1)
    np.random.seed(1)
    first = method.fit(DATA, 3)
    states = torch.get_rng_state(), np.random.get_state()[1].copy()
    torch.manual_seed(1)
    np.random.seed(1)
    assert torch.equal(states[0], torch.get_rng_state()) and np.array_equal(
        states[1], np.random.get_state()[1]
    )
    torch.manual_seed(2)
    np.random.seed(2)
    second = method.fit(DATA, 3)
    for name, value in learned(first).items():
        assert equal(value, learned(second)[name]), name
    assert np.array_equal(first.predict(DATA.test.X), second.predict(DATA.test.X))


@every_method
def test_fitting_and_predicting_change_no_input(method):
    data = toy(0, n_train=500, n_val=300, n_test=200)
    method.fit(data, 0).predict(data.test.X)
    for split in ("train", "val", "test"):
        for name, value in vars(getattr(data, split)).items():
            assert equal(value, getattr(getattr(DATA, split), name)), f"{split}.{name}"


class Poison:
    """Labels that nobody may read."""

    def __getattribute__(self, name):
        raise AssertionError(f"a label was read ({name})")

    def __len__(self):
        raise AssertionError("labels were counted")

    __iter__ = __getitem__ = __eq__ = __array__ = __len__


@every_method
def test_labels_and_groups_that_a_method_has_no_right_to_are_not_read(method):
    poisoned = DATA
    for split in ("train", "val", "test"):
        if split not in method.labels_of + method.groups_of:
            poisoned = poisoned.changed(split, y=Poison())
        if split not in method.groups_of:
            poisoned = poisoned.changed(split, group=Poison())
    assert np.array_equal(
        method.fit(poisoned, 0).predict(DATA.test.X), method.fit(DATA, 0).predict(DATA.test.X)
    )


@every_method
def test_features_of_another_shape_are_refused(method):
    estimator = method.fit(DATA, 0)
    for X in (DATA.test.X[:, :7], DATA.test.X[0], DATA.test.X[None]):
        with pytest.raises(ValueError, match="do not fit"):
            estimator.predict(X)


@every_method
def test_features_that_are_not_finite_are_refused_in_prediction(method):
    X = DATA.test.X.clone()
    X[3, 1], X[5, 2] = torch.nan, torch.inf
    with pytest.raises(ValueError, match="2 of 200 rows of the features are not finite"):
        method.fit(DATA, 0).predict(X)


@every_learner
def test_features_that_are_not_finite_are_refused_in_fitting(method):
    data = DATA
    for split in method.labels_of:
        X = getattr(data, split).X.clone()
        X[3, 1] = torch.nan
        data = data.changed(split, X=X)
    with pytest.raises(ValueError, match="rows of the features are not finite"):
        method.fit(data, 0)


@every_learner
def test_labels_that_do_not_match_the_features_are_refused(method):
    for wrong in (lambda y: y[:-1], lambda y: y[:, None], lambda y: y[:0]):
        data = DATA
        for split in method.labels_of:
            data = data.changed(split, y=wrong(getattr(data, split).y))
        with pytest.raises(ValueError, match=r"must be \(N, D\) and \(N,\)"):
            method.fit(data, 0)


@every_learner
@pytest.mark.parametrize("only", [0, 1])
def test_one_class_only_is_refused(method, only):
    data = DATA
    for split in method.labels_of:
        data = data.changed(split, y=np.full_like(getattr(data, split).y, only))
    with pytest.raises(ValueError, match="every class"):
        method.fit(data, 0)


@every_learner
def test_labels_below_zero_are_refused(method):
    data = DATA
    for split in method.labels_of:
        data = data.changed(split, y=getattr(data, split).y - 1)
    with pytest.raises(ValueError, match="from 0 up"):
        method.fit(data, 0)


@every_grouped
@pytest.mark.parametrize("missing", range(N_GROUPS))
def test_an_empty_group_is_refused_by_its_number(method, missing):
    data = DATA
    for split in method.groups_of:
        rows = getattr(data, split)
        data = data.changed(split, **vars(rows.take(rows.group != missing)))
    with pytest.raises(ValueError, match=rf"groups \[{missing}\].*'-'"):
        method.fit(data, 0)
