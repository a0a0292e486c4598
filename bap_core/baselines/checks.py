"""What every estimator over features asks of its input, at the door."""

import numpy as np
import torch
from torch import Tensor

FEATURES = ("raw", "unit")


def is_unit(features: str) -> bool:
    """Whether ``features`` are to be of unit norm ("unit"), or as they leave the tower ("raw").
    ValueError for another word.
    """
    if features not in FEATURES:
        raise ValueError(f"features={features!r}; choices: {', '.join(FEATURES)}")
    return features == "unit"


def labelled(X: Tensor, y) -> tuple[Tensor, Tensor]:
    """Features (N, D) and labels (N,) int that belong together, N >= 1; labels as an int64 copy."""
    y = torch.tensor(np.asarray(y), dtype=torch.int64)  # a copy: pandas lends read-only memory
    if X.ndim != 2 or y.shape != X.shape[:1] or len(y) == 0:
        raise ValueError(
            f"features {tuple(X.shape)} and labels {tuple(y.shape)} must be (N, D) and (N,), N >= 1"
        )
    if y.min() < 0:
        raise ValueError(f"labels are class numbers from 0 up; the lowest is {int(y.min())}")
    return finite(X), y


def class_counts(y: Tensor, *, n_classes: int | None = None) -> Tensor:
    """Examples of every class: (N,) int64 -> (C,). ValueError if there is one class only, or a
    class without examples.

    n_classes: C, if not the highest label tells it.
    """
    counts = torch.bincount(y, minlength=n_classes or 0)
    if len(counts) < 2 or (counts == 0).any() or len(counts) > (n_classes or len(counts)):
        known = f" of {n_classes}" if n_classes else ""
        raise ValueError(
            f"examples of every class{known} are needed; counts per class: {counts.tolist()}"
        )
    return counts


def class_weights(y: Tensor, *, n_classes: int) -> Tensor:
    """w_c = n / (C n_c), which gives all classes the same total: (N,) int64 -> (C,) float32, on the
    device of ``y``. A class without an example has no use for its weight.
    """
    return len(y) / (n_classes * torch.bincount(y, minlength=n_classes).clamp(min=1).float())


def fitting(X: Tensor, *, width: int, what: str = "features") -> Tensor:
    """X, if it is (N, width), N >= 1, and finite; an error names ``what`` it is otherwise."""
    if X.ndim != 2 or X.shape[1] != width or not len(X):
        raise ValueError(f"{what} {tuple(X.shape)} do not fit: (N, {width}) is expected, N >= 1")
    return finite(X, what=what)


def finite(X: Tensor, *, what: str = "features") -> Tensor:
    """X, if none of its rows holds a NaN or an infinity; an error names ``what`` it is
    otherwise.
    """
    if not torch.isfinite(X).all():
        raise ValueError(
            f"{int((~torch.isfinite(X)).any(dim=1).sum())} of {len(X)} rows of the "
            f"{what} are not finite"
        )
    return X
