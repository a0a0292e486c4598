"""Metrics as pure functions of arrays: no model, loader or device in here.

What was not measured is NaN with n = 0, never 0.0. Accuracies are fractions in [0, 1].
"""

import numpy as np
import pandas as pd

from bap_core.groups import group_counts, is_minority


def group_accuracy(y_true, y_pred, group, *, n_groups: int) -> pd.DataFrame:
    """Accuracy of every group, one row each (also for empty ones: NaN, n = 0).

    y_true, y_pred, group: (N,) int. Returns columns ``group, n, accuracy``.
    """
    y_true, y_pred, group = _same_length(y_true, y_pred, group)
    n = group_counts(group, n_groups=n_groups)
    correct = np.bincount(group, weights=y_true == y_pred, minlength=n_groups)
    accuracy = np.divide(correct, n, out=np.full(n_groups, np.nan), where=n > 0)
    return pd.DataFrame({"group": np.arange(n_groups), "n": n, "accuracy": accuracy})


def average_accuracy(y_true, y_pred) -> float:
    """Share of right predictions; NaN without examples. y_true, y_pred: (N,) int."""
    y_true, y_pred = _same_length(y_true, y_pred)
    return float(np.mean(y_true == y_pred)) if len(y_true) else float("nan")


def reweighted_accuracy(y_true, y_pred, group, *, train_counts) -> float:
    """Group accuracies averaged with the shares of the training groups, as group DRO and WILDS
    report Waterbirds.

    train_counts: (G,) training examples per group. NaN if a group with weight has no test example.
    """
    counts = np.asarray(train_counts, dtype=float)
    accuracy = group_accuracy(y_true, y_pred, group, n_groups=len(counts)).accuracy.to_numpy()
    held = counts > 0
    return float(np.average(accuracy[held], weights=counts[held])) if held.any() else float("nan")


def worst_group_accuracy(y_true, y_pred, group, *, n_groups: int) -> float:
    """Lowest accuracy over the G groups. ValueError if a group is empty: its worst case was not
    measured.
    """
    per_group = group_accuracy(y_true, y_pred, group, n_groups=n_groups)
    if (per_group.n == 0).any():
        raise ValueError(
            f"group {int(per_group.group[per_group.n == 0].iloc[0])} of {n_groups} has no example"
        )
    return float(per_group.accuracy.min())


def minority_group_accuracy(accuracy, *, n_backgrounds: int) -> float:
    """Lowest accuracy over the minority groups alone, which `groups.is_minority` tells.

    accuracy: (G,) of all groups in the order of their numbers. Of a pair of classes that is trained
    at full correlation the other groups are a held-out fifth, which can be a few pictures.
    ValueError if a minority group is empty (NaN), or if there is none.
    """
    accuracy = np.asarray(accuracy, dtype=float)
    minority = np.flatnonzero(is_minority(np.arange(len(accuracy)), n_backgrounds=n_backgrounds))
    empty = minority[np.isnan(accuracy[minority])]
    if not len(minority) or len(empty):
        raise ValueError(
            f"of {len(accuracy)} groups, the minority groups are {minority.tolist()}; "
            f"without an example: {empty.tolist()}"
        )
    return float(accuracy[minority].min())


def additivity(object_alone, background_alone, composite) -> np.ndarray:
    """Equation 1: cosine between a composite's embedding and the sum of its parts' embeddings.

    All (N, D); rows are brought to unit norm first, as in the paper. Returns (N,) in [-1, 1]; NaN
    where the parts cancel.
    """
    parts = _unit(object_alone) + _unit(background_alone)
    return np.sum(_unit(composite) * _unit(parts), axis=1)


def background_sensitivity_index(on_a, on_b, *, variance: str = "total") -> float:
    """Appendix D.1: shift of a class's centroid between backgrounds A and B over its spread.

    on_a (N, D), on_b (M, D): embeddings of one class on the two kinds of background. The paper does
    not define the variance of a vector: ``total`` sums it over dimensions (no unit of D in the
    result), ``per_dimension`` averages it, which multiplies the index by sqrt(D).
    """
    if variance not in ("total", "per_dimension"):
        raise ValueError(f"variance={variance!r}; choices: 'total', 'per_dimension'")
    on_a, on_b = np.asarray(on_a, dtype=float), np.asarray(on_b, dtype=float)
    spread = on_a.var(axis=0) + on_b.var(axis=0)
    shift = np.linalg.norm(on_a.mean(axis=0) - on_b.mean(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(shift / np.sqrt(spread.sum() if variance == "total" else spread.mean()))


def residual_variance(backgrounds, population_mean, *, ks) -> np.ndarray:
    """Equation 6 and Appendix G: squared distance of the mean of the first K backgrounds to the
    population mean.

    backgrounds: (N, K_max, D), the background embeddings of N anchors in the order of compositing;
    population_mean: (D,); ks: increasing ints <= K_max. Returns (N, len(ks)).
    """
    running = np.cumsum(np.asarray(backgrounds, dtype=float), axis=1)
    means = np.stack([running[:, k - 1] / k for k in ks], axis=1)
    return np.sum((means - np.asarray(population_mean, dtype=float)) ** 2, axis=2)


def power_law_slope(x, y) -> float:
    """Slope of the least-squares line through log y against log x: -1 for a 1/x decay. x, y:
    (N,) positive.
    """
    return float(
        np.polyfit(np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float)), 1)[0]
    )


def _unit(x) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norm, out=np.full_like(x, np.nan), where=norm > 1e-12)


def _same_length(*columns) -> list[np.ndarray]:
    arrays = [np.asarray(column, dtype=np.int64) for column in columns]
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1:
        raise ValueError(
            f"expected (N,) arrays of one length, got {[array.shape for array in arrays]}"
        )
    return arrays
