"""A spurious correlation as numbers: x_0 carries the label, x_1 the background three times as
strongly, the rest is noise.

On the training rows background follows label; on validation and test rows it does not. The best
worst-group accuracy there is Phi(1 / 0.4) = 0.9938: x_0 alone decides.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from bap_core import metrics
from bap_core.baselines import LinearProbe

N_GROUPS = 4


@dataclass(frozen=True)
class Rows:
    """X: (N, 20) float32; y: (N,) 0 or 1; group: (N,) 2 * label + background."""

    X: Tensor
    y: np.ndarray
    group: np.ndarray

    def take(self, rows) -> "Rows":
        return Rows(self.X[rows], self.y[rows], self.group[rows])


@dataclass(frozen=True)
class Toy:
    train: Rows
    val: Rows
    test: Rows

    def changed(self, split: str, **columns) -> "Toy":
        """The same toy with other columns in one split."""
        return replace(self, **{split: replace(getattr(self, split), **columns)})


def toy(
    seed: int,
    *,
    n_train: int = 4000,
    n_val: int = 1200,
    n_test: int = 8000,
    correlation: float = 0.95,
) -> Toy:
    draw = np.random.default_rng(seed)
    return Toy(
        *(_rows(draw, n, p) for n, p in ((n_train, correlation), (n_val, 0.5), (n_test, 0.5)))
    )


def _rows(draw, n: int, correlation: float) -> Rows:
    y = draw.integers(0, 2, n)
    background = np.where(draw.random(n) < correlation, y, 1 - y)
    X = draw.normal(size=(n, 20))
    X[:, 0] = 2 * y - 1 + 0.4 * X[:, 0]
    X[:, 1] = 3 * (2 * background - 1) + 0.4 * X[:, 1]
    return Rows(torch.from_numpy(X).float(), y, 2 * y + background)


def erm(rows: Rows) -> LinearProbe:
    """A logistic head after 50 full-batch steps of 0.5 from zero, with the learned names of a
    probe.
    """
    X, y = torch.cat([rows.X, torch.ones(len(rows.X), 1)], dim=1), torch.from_numpy(rows.y).float()
    w = torch.zeros(X.shape[1])
    for _ in range(50):
        w -= 0.5 * X.T @ (torch.sigmoid(X @ w) - y) / len(y)
    head = LinearProbe()
    both = torch.stack([-w / 2, w / 2])
    head.coef_, head.intercept_ = both[:, :-1], both[:, -1]
    return head


def worst_group(estimator, rows: Rows) -> float:
    return metrics.worst_group_accuracy(
        rows.y, estimator.predict(rows.X), rows.group, n_groups=N_GROUPS
    )
