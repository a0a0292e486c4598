"""AFR, automatic feature reweighting (paper M.2; Qiu et al. 2023): the last layer again, on what
the first one got wrong.

::

    mu_i  ~  beta_{y_i} exp(-gamma p_i),   sum_i mu_i = 1
    minimise over W, b, started at (W_0, b_0)
        sum_i mu_i CE_i(W, b) + lambda (|W - W_0|^2 + |b - b_0|^2)

An ERM model with the head (W_0, b_0) is trained on a random 80 % of the training rows; p_i is the
probability that it gives the true class of row i of the other 20 %, which it never saw,
beta_c = n / n_c. The model is a linear head on the frozen encoder, or what LP-FT makes of the
encoder from the same 80 %. No group labels until gamma is
chosen: that is `selection.select`, on validation rows. mu sums to 1, so the loss is a sum; a mean
over rows would make the steps n times too short.

With features of unit norm a step of length lr * clip is small beside the head, which is why the
original's are read as they leave the tower; large gamma leaves few rows that count.
``head_change_`` and ``n_eff_`` say what happened.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core import runtime
from bap_core.baselines import checks
from bap_core.baselines.fine_tuning import Head
from bap_core.baselines.last_layer import missing_groups
from bap_core.baselines.linear_probe import LinearProbe
from bap_core.baselines.lp_ft import LPFT
from bap_core.baselines.scores import Scores
from bap_core.data.listings import LEFT_OUT
from bap_core.encoders.features import extract_split
from bap_core.evaluation.protocol import Predictions
from bap_core.evaluation.selection import Choice, select

GAMMAS = (0.0, 1.0, 3.0, 6.0, 10.0, 20.0)
ERM = LinearProbe(epochs=5)


@dataclass
class AFR(Scores):
    """The second stage for one gamma: an estimator over (N, D) features. decay is lambda; lr and
    balanced are the original's.

    Learns ``coef_`` (C, D), ``intercept_`` (C,), ``weight_`` (N,), which is mu, ``n_eff_``, the
    number of rows that it amounts to, 1 / sum(mu^2), and ``head_change_``, the Euclidean length of
    (W, b) - (W_0, b_0).
    """

    gamma: float
    balanced: bool = True
    decay: float = 0.0
    lr: float = 1e-2
    steps: int = 100
    clip: float = 1.0

    def fit(self, X: Tensor, y, *, head: LinearProbe) -> "AFR":
        """X: (N, D) float32, y: (N,) int: rows that ``head`` was not fitted on. Nothing is drawn at
        random.

        head: the ERM model's last layer, any object with ``coef_`` (C, D) and ``intercept_`` (C,).
        """
        X, y = checks.labelled(X, y)
        start = torch.cat([head.coef_, head.intercept_[:, None]], dim=1)
        checks.class_counts(y, n_classes=len(start))
        X = torch.cat([checks.fitting(X, width=start.shape[1] - 1), torch.ones(len(X), 1)], dim=1)
        p = torch.softmax(X @ start.T, dim=1)[torch.arange(len(y)), y]
        self.weight_ = weights(y, p, gamma=self.gamma, balanced=self.balanced)
        self.n_eff_ = float(1 / (self.weight_**2).sum())
        moved = self._descend(X, y, start)
        self.coef_, self.intercept_ = moved[:, :-1], moved[:, -1]
        self.head_change_ = float((moved - start).norm())
        return self

    def _descend(self, X: Tensor, y: Tensor, start: Tensor) -> Tensor:
        true, head = F.one_hot(y, len(start)), start.clone()
        for _ in range(self.steps):
            residual = self.weight_[:, None] * (torch.softmax(X @ head.T, dim=1) - true)
            gradient = residual.T @ X + 2 * self.decay * (head - start)
            head -= self.lr * gradient * (self.clip / gradient.norm()).clamp(max=1)
        return head

    def decision_function(self, X: Tensor) -> np.ndarray:
        """X: (N, D) -> (N, C) logits."""
        X = checks.fitting(X, width=self.coef_.shape[1])
        return F.linear(X, self.coef_, self.intercept_).numpy()


def weights(y: Tensor, p: Tensor, *, gamma: float, balanced: bool = True) -> Tensor:
    """mu: (N,) float32, sums to 1. y: (N,) int class numbers; p: (N,) probabilities of the true
    class in [0, 1].

    balanced: with beta_c = n / n_c, so that classes of different size start with the same total;
    otherwise beta = 1.
    """
    mu = torch.exp(-gamma * p)
    if balanced:
        mu = mu * (len(y) / torch.bincount(y).float())[y]
    return mu / mu.sum()


SECOND_STAGE = AFR(0.0)


@dataclass(frozen=True)
class TunedAFR:
    """AFR as a method: both stages, for the gamma that validation chooses.

    start: fine-tunes encoder and head on the first 80 %, as the ERM model; None for a linear head
    on frozen features. transferred: a gamma that was chosen elsewhere, for a set whose validation
    lacks a group; without it the method is left out there. gammas, erm: of `fit_stages`. features:
    as for `LinearProbe`. stage: the second stage's other settings, an `AFR` whose gamma does not
    count.
    """

    transferred: float | None = None
    start: LPFT | None = None
    gammas: tuple[float, ...] = GAMMAS
    erm: LinearProbe = field(default_factory=lambda: replace(ERM))
    stage: AFR = field(default_factory=lambda: replace(SECOND_STAGE))
    features: str = "raw"

    def run(self, encoder, scenes, *, seed: int) -> Predictions:
        """Notes: gamma, whether it was transferred, n_eff and how far the head went."""
        if self.transferred is None and (reason := missing_groups(scenes)):
            return Predictions(None, reason=reason)
        chosen = self.choose(encoder, scenes, seed=seed)
        fitted = chosen.estimator
        notes = {
            "gamma": chosen.setting,
            "gamma_transferred": float(chosen.transferred),
            "n_eff": fitted.n_eff_,
            "head_change": fitted.head_change_,
        }
        X = self._model(encoder, scenes, seed=seed)[0]("test")
        return Predictions(fitted.decision_function(X), notes)

    def choose(self, encoder, scenes, *, seed: int) -> Choice[float, AFR]:
        """AFR for every gamma on the training split, and the gamma that `selection.select` takes on
        the validation split. The choice's table shows every gamma; no test row is read.
        """
        train, val = scenes.select(split="train"), scenes.select(split="val")
        X, head = self._model(encoder, scenes, seed=seed)
        choices = {"gammas": self.gammas, "erm": self.erm, "stage": self.stage, "head": head}
        fitted = fit_stages(X("train"), train.frame["label"], seed=seed, **choices)
        return select(
            fitted,
            X("val"),
            val.frame["label"],
            val.groups,
            n_groups=len(scenes.group_names),
            transferred=self.transferred,
        )

    def _model(self, encoder, scenes, *, seed: int) -> tuple[Callable[[str], Tensor], Head | None]:
        """What gives the features of a split, and the head of the ERM model where it has one."""
        if self.start is None:
            unit = checks.is_unit(self.features)
            return partial(extract_split, encoder, scenes, unit=unit), None
        tuned = self.start.tune(encoder, without_rest(scenes, seed=seed), seed=seed)
        return partial(tuned.read, scenes), tuned.head


def divide(n: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """Numbers of the rows that the ERM model is trained on, (4 n // 5,), and of the others: drawn
    over all rows and not within classes.
    """
    order = torch.randperm(n, generator=runtime.generator(seed, "AFR split"))
    return order[: (4 * n) // 5], order[(4 * n) // 5 :]


def without_rest(scenes, *, seed: int):
    """``scenes`` whose training split is the first 80 % of `divide`; the others are left out."""
    splits = scenes.frame["split"].to_numpy(dtype=object, copy=True)
    train = np.flatnonzero(splits == "train")
    splits[train[divide(len(train), seed=seed)[1].numpy()]] = LEFT_OUT
    return replace(scenes, frame=scenes.frame.assign(split=splits))


def fit_stages(
    X: Tensor,
    y,
    *,
    seed: int,
    gammas: Iterable[float] = GAMMAS,
    erm: LinearProbe = ERM,
    stage: AFR = SECOND_STAGE,
    head=None,
) -> dict[float, AFR]:
    """gamma -> fitted `AFR`: one ERM head for all, then one second stage for each gamma.

    X: (N, D) float32, y: (N,) int, the training rows. The seed draws the split (`divide`) and the
    ERM head. erm: a probe whose settings the ERM head takes; stage: an `AFR` whose settings, but
    for gamma, the second stages take. head: instead of an ERM head fitted here, that of a model
    which was trained on the same first 80 %.
    """
    X, y = checks.labelled(X, y)
    first, rest = divide(len(y), seed=seed)
    head = head or replace(erm).fit(X[first], y[first], seed=seed)
    return {gamma: replace(stage, gamma=gamma).fit(X[rest], y[rest], head=head) for gamma in gammas}
