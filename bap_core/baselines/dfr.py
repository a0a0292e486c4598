"""DFR, deep feature reweighting (paper M.2; Kirichenko et al. 2023): the last layer again, on
group-balanced held-out rows.

::

    minimise over w, b   |w|_1 + |b| + C sum_i log(1 + exp(-(2 y_i - 1) (w . x_i + b)))

The features are those of the untouched encoder, or of what LP-FT makes of it ("a fully trained ERM
model"). An upper bound: it is told the group of every validation row. Validation is cut into random
halves. On the first, balanced over the groups, one head is fitted for every C; the worst group of
the second chooses C. The final head is the mean of R heads, each fitted on another balanced draw,
from the second half as BAP says, or from all of validation as the original does:
``DFR(n_retrains=20, refit_on="all").fit(..., scale_on=X_train)``.

The solver is liblinear, the original's, unless ``solver="saga"`` is asked for. Liblinear takes the
intercept for one more feature and penalises it, hence ``|b|`` above. With as many rows of either
class, as in balanced groups, that matters little; with fewer of one class and a small C it holds
the intercept at zero. Saga leaves it out of the penalty.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from torch import Tensor

from bap_core import runtime
from bap_core.baselines import checks
from bap_core.baselines.last_layer import missing_groups
from bap_core.baselines.lp_ft import LPFT
from bap_core.baselines.scores import Scores
from bap_core.encoders.features import extract_split
from bap_core.evaluation.protocol import Predictions
from bap_core.evaluation.selection import select
from bap_core.groups import group_counts

REFIT_ON = ("second half", "all")
SCALE_ON = ("val", "train")
SOLVERS = ("liblinear", "saga")


@dataclass
class DFR(Scores):
    """Estimator over (N, D) features of two classes.

    Learns ``C_``, ``tuning_`` (frame: setting, worst-group accuracy on the second half),
    ``scaler_``, and the mean head over standardised features: ``coef_`` (D,) and ``intercept_``;
    class 1 where ``x . coef_ + intercept_ > 0``. As a method: scale_on, whose mean and spread
    standardise the final fits, the validation rows they are drawn from ("val") or the training
    split ("train"); features, as for `LinearProbe`; start, which fine-tunes the encoder first,
    on all training rows, and then says which features are read.
    """

    Cs: tuple[float, ...] = (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01)
    n_retrains: int = 10
    refit_on: str = "second half"
    scale_on: str = "val"
    solver: str = "liblinear"
    features: str = "raw"
    start: LPFT | None = None

    def run(self, encoder, scenes, *, seed: int) -> Predictions:
        """Fitted on the validation rows with their groups; left out where a group is missing."""
        if self.scale_on not in SCALE_ON:
            raise ValueError(f"scale_on={self.scale_on!r}; choices: {list(SCALE_ON)}")
        if reason := missing_groups(scenes):
            return Predictions(None, reason=reason)
        val, unit = scenes.select(split="val"), checks.is_unit(self.features)
        X = partial(extract_split, encoder, scenes, unit=unit)
        if self.start is not None:
            X = partial(self.start.tune(encoder, scenes, seed=seed).read, scenes)
        fitted = replace(self).fit(
            X("val"),
            val.frame["label"],
            val.groups,
            n_groups=len(scenes.group_names),
            seed=seed,
            scale_on=X("train") if self.scale_on == "train" else None,
        )
        return Predictions(fitted.decision_function(X("test")))

    def fit(
        self, X: Tensor, y, group, *, n_groups: int, seed: int, scale_on: Tensor | None = None
    ) -> "DFR":
        """X: (N, D) validation features; y: (N,) 0 or 1; group: (N,) int in 0..n_groups-1, every
        group present.

        scale_on: (M, D) rows whose mean and spread standardise the final fits; by default those
        they are drawn from.
        """
        X_, y, group = self._checked(X, y, group, n_groups)
        first, second = np.array_split(runtime.rng(seed, "DFR halves").permutation(len(y)), 2)
        for half in (first, second):
            _refuse_empty(group[half], n_groups)
        tuned = self._tune(X_, y, group, first, second, n_groups=n_groups, seed=seed)
        self.C_, self.tuning_ = tuned.setting, tuned.table
        rows = second if self.refit_on == "second half" else np.arange(len(y))
        self.scaler_ = _scaler().fit(
            X_[rows]
            if scale_on is None
            else checks.fitting(scale_on, width=X_.shape[1]).double().numpy()
        )
        scaled = self.scaler_.transform(X_)
        fits = []
        for r in range(self.n_retrains):
            draw = runtime.rng(seed, "DFR retrain", r)
            drawn = rows[balanced_rows(group[rows], n_groups=n_groups, rng=draw)]
            fits.append(self._logistic(self.C_, draw).fit(scaled[drawn], y[drawn]))
        self.coef_ = np.mean([fit.coef_[0] for fit in fits], axis=0)
        self.intercept_ = float(np.mean([fit.intercept_[0] for fit in fits]))
        return self

    def decision_function(self, X: Tensor) -> np.ndarray:
        """X: (N, D) -> (N, 2): 0 for class 0, the distance from the mean head for class 1."""
        scaled = self.scaler_.transform(checks.fitting(X, width=len(self.coef_)).double().numpy())
        distance = scaled @ self.coef_ + self.intercept_
        return np.stack([np.zeros_like(distance), distance], axis=1)

    def _checked(self, X, y, group, n_groups) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self.refit_on not in REFIT_ON:
            raise ValueError(f"refit_on={self.refit_on!r}; choices: {list(REFIT_ON)}")
        if self.solver not in SOLVERS:
            raise ValueError(f"solver={self.solver!r}; choices: {list(SOLVERS)}")
        if self.n_retrains < 1:
            raise ValueError(f"n_retrains={self.n_retrains}: the mean needs at least one fit")
        X, y = checks.labelled(X, y)
        checks.class_counts(y, n_classes=2)
        group = np.asarray(group, dtype=np.int64)
        if group.shape != tuple(y.shape) or group.min() < 0 or group.max() >= n_groups:
            raise ValueError(f"group must be ({len(y)},) numbers in 0..{n_groups - 1}")
        _refuse_empty(group, n_groups)
        return X.double().numpy(), y.numpy(), group

    def _logistic(self, C: float, draw: np.random.Generator):
        from sklearn.linear_model import LogisticRegression

        state = int(draw.integers(2**31))
        # saga needs the steps, liblinear converges long before
        return LogisticRegression(
            C=C, l1_ratio=1, solver=self.solver, random_state=state, max_iter=20_000
        )

    def _tune(self, X, y, group, first, second, *, n_groups, seed):
        from sklearn.pipeline import make_pipeline

        draw = runtime.rng(seed, "DFR tuning")
        drawn = first[balanced_rows(group[first], n_groups=n_groups, rng=draw)]
        fitted = {
            C: make_pipeline(_scaler(), self._logistic(C, draw)).fit(X[drawn], y[drawn])
            for C in self.Cs
        }
        return select(fitted, X[second], y[second], group[second], n_groups=n_groups)


def balanced_rows(group, *, n_groups: int, rng: np.random.Generator) -> np.ndarray:
    """Row numbers of a random subset with as many rows of every group as the smallest has: (N,) int
    -> (G * n_min,).

    ValueError if a group has no row.
    """
    _refuse_empty(group, n_groups)
    smallest = group_counts(group, n_groups=n_groups).min()
    return np.concatenate(
        [rng.permutation((group == g).nonzero()[0])[:smallest] for g in range(n_groups)]
    )


def _refuse_empty(group, n_groups: int) -> None:
    if empty := (group_counts(group, n_groups=n_groups) == 0).nonzero()[0].tolist():
        raise ValueError(
            f"no example of groups {empty} among {len(group)} rows: DFR balances its "
            f"rows over all {n_groups} "
            "groups, in either half of validation. At 100 % correlation there are no "
            "minority rows, and DFR "
            "is left out ('-')"
        )


def _scaler():
    # here, not above: a page that fits no DFR need not wait for it
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()
