"""Metrics as pure functions of arrays: no model, loader or device in here.

What was not measured is NaN with n = 0, never 0.0. Accuracies are fractions in [0, 1].
"""

import numpy as np
import pandas as pd

from bap_core.groups import group_counts, is_minority, whole_numbers

LARGEST = 1e100  # of what is measured: squares and their sums stay numbers


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
    counts = whole_numbers(train_counts, "train_counts")
    if counts.ndim != 1 or (counts < 0).any():
        raise ValueError(f"train_counts: expected (G,) counts, got {counts.tolist()}")
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
    accuracy = _numbers(accuracy, "accuracy", ndim=1, nan=True)
    if (accuracy < 0).any() or (accuracy > 1).any():
        raise ValueError(f"accuracy: expected fractions in [0, 1], got {accuracy.tolist()}")
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
    named = {"object_alone": object_alone, "background_alone": background_alone}
    rows = [_numbers(x, name, ndim=2) for name, x in {**named, "composite": composite}.items()]
    if len({row.shape for row in rows}) > 1:
        raise ValueError(f"expected (N, D) of one shape, got {[row.shape for row in rows]}")
    one, other, both = rows
    return np.sum(_unit(both) * _unit(_unit(one) + _unit(other)), axis=1)


def background_sensitivity_index(on_a, on_b, *, variance: str = "per_dimension") -> float:
    """Appendix D.1: shift of a class's centroid between backgrounds A and B over its spread.

    on_a (N, D), on_b (M, D): embeddings of one class on the two kinds of background. The paper does
    not define the variance of a vector: ``per_dimension`` averages it over the dimensions,
    ``total`` sums it, which makes the index smaller by sqrt(D). Table 12 prints 30 to 45 for
    untouched encoders. By the total a class's centroid would move 30 times as far as its pictures
    lie apart; by the average 30 / sqrt(512), 1.3 times.
    """
    if variance not in ("total", "per_dimension"):
        raise ValueError(f"variance={variance!r}; choices: 'total', 'per_dimension'")
    on_a, on_b = _numbers(on_a, "on_a", ndim=2), _numbers(on_b, "on_b", ndim=2)
    if not len(on_a) or not len(on_b) or on_a.shape[1] != on_b.shape[1]:
        raise ValueError(f"expected (N, D) and (M, D), got {on_a.shape} and {on_b.shape}")
    spread = on_a.var(axis=0) + on_b.var(axis=0)
    shift = np.linalg.norm(on_a.mean(axis=0) - on_b.mean(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(shift / np.sqrt(spread.sum() if variance == "total" else spread.mean()))


def class_sensitivity_index(on_a, on_b, label, *, variance: str = "per_dimension") -> float:
    """Appendix D.1 as it is reported: `background_sensitivity_index` of every class, averaged over
    the classes.

    on_a, on_b: (N, D), the same N objects on backgrounds A and on B; label: (N,) their classes. A
    class of one object has no spread and is left out. ValueError if all classes are such.
    """
    on_a, on_b = _numbers(on_a, "on_a", ndim=2), _numbers(on_b, "on_b", ndim=2)
    label = np.asarray(label, dtype=object)
    if label.ndim != 1 or not len(label) == len(on_a) == len(on_b):
        raise ValueError(f"{len(on_a)} and {len(on_b)} embeddings, labels {label.shape}")
    number, classes = pd.factorize(label)
    rows = [number == c for c in range(len(classes)) if (number == c).sum() > 1]
    if not rows:
        raise ValueError(f"none of {len(classes)} classes has two objects, so none has a spread")
    indices = [background_sensitivity_index(on_a[r], on_b[r], variance=variance) for r in rows]
    return float(np.mean(indices))


def residual_variance(backgrounds, population_mean, *, ks) -> np.ndarray:
    """Equation 6 and Appendix G: squared distance of the mean of the first K backgrounds to the
    population mean.

    backgrounds: (N, K_max, D), the background embeddings of N anchors in the order of compositing;
    population_mean: (D,); ks: increasing ints <= K_max. Returns (N, len(ks)).
    """
    backgrounds = _numbers(backgrounds, "backgrounds", ndim=3)
    mean = _numbers(population_mean, "population_mean", ndim=1)
    ks = whole_numbers(ks, "ks")
    if mean.shape != backgrounds.shape[2:]:
        raise ValueError(f"population_mean: {mean.shape}, backgrounds: {backgrounds.shape}")
    if not ks.size or ks.min() < 1 or ks.max() > backgrounds.shape[1] or (np.diff(ks) <= 0).any():
        raise ValueError(f"ks: {ks.tolist()} do not increase from 1 to {backgrounds.shape[1]}")
    running = np.cumsum(backgrounds, axis=1)
    means = np.stack([running[:, k - 1] / k for k in ks], axis=1)
    return np.sum((means - mean) ** 2, axis=2)


def power_law_slope(x, y) -> float:
    """Slope of the least-squares line through log y against log x: -1 for a 1/x decay. x, y:
    (N,) positive.
    """
    x, y = _numbers(x, "x", ndim=1), _numbers(y, "y", ndim=1)
    if x.shape != y.shape or len(set(x.tolist())) < 2 or min(x.min(), y.min()) <= 0:
        raise ValueError(
            f"x and y: expected two or more positive numbers each, of different x, got {x.shape} "
            f"and {y.shape}"
        )
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _numbers(values, name: str, *, ndim: int, nan: bool = False) -> np.ndarray:
    """Values as floats. ValueError that names the argument for text, another number of dimensions,
    or what is not finite or beyond `LARGEST` (nan: but NaN may be).
    """
    found = np.asarray(values)
    if found.dtype.kind not in "iufb" or found.ndim != ndim:
        raise ValueError(f"{name}: expected numbers in {ndim} dimensions, got {found.shape}")
    found = found.astype(float)
    if not ((np.abs(found) <= LARGEST) | (np.isnan(found) & nan)).all():
        raise ValueError(f"{name}: has a value that is not finite, or beyond {LARGEST:g}")
    return found


def _unit(x: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norm, out=np.full_like(x, np.nan), where=norm > 1e-12)


def _same_length(*columns) -> list[np.ndarray]:
    names = ("y_true", "y_pred", "group")
    arrays = [whole_numbers(column, name) for column, name in zip(columns, names)]
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1:
        raise ValueError(
            f"expected (N,) arrays of one length, got {[array.shape for array in arrays]}"
        )
    return arrays
