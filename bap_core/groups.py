"""Groups: one number and one name for every pair of label and background (WILDS' vocabulary).

Waterbirds: label 0 landbird, 1 waterbird; background 0 land, 1 water; group = 2 * label +
background.
"""

from collections.abc import Sequence

import numpy as np


def group_id(label, background, *, n_backgrounds: int) -> np.ndarray:
    """Group numbers ``label * n_backgrounds + background``. label, background: (N,) int, background
    in 0..n_backgrounds-1 -> (N,) int64.
    """
    label, background = np.asarray(label, dtype=np.int64), np.asarray(background, dtype=np.int64)
    if label.shape != background.shape:
        raise ValueError(
            f"label {label.shape} and background {background.shape} must have the same shape"
        )
    if label.size and (
        label.min() < 0 or background.min() < 0 or background.max() >= n_backgrounds
    ):
        raise ValueError(f"labels must be >= 0 and backgrounds in 0..{n_backgrounds - 1}")
    return label * n_backgrounds + background


def is_minority(group, *, n_backgrounds: int) -> np.ndarray:
    """Whether a group's class i is on another background than its usual one, i. group: (N,) int
    -> (N,) bool.
    """
    label, background = np.divmod(np.asarray(group, dtype=np.int64), n_backgrounds)
    return label != background


def group_names(labels: Sequence[str], backgrounds: Sequence[str]) -> list[str]:
    """Names in the order of `group_id`: every label on every background, label first."""
    return [f"{label} on {background}" for label in labels for background in backgrounds]


def group_counts(group, *, n_groups: int) -> np.ndarray:
    """How many examples each group has: (N,) int -> (G,) int64, zeros included."""
    return np.bincount(np.asarray(group, dtype=np.int64), minlength=n_groups)
