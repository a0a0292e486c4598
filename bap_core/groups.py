"""Groups: one number and one name for every pair of label and place (WILDS' vocabulary).

Waterbirds: label 0 landbird, 1 waterbird; place 0 land, 1 water; group = 2 * label + place.
"""

from collections.abc import Sequence

import numpy as np


def group_id(label, place, *, n_places: int) -> np.ndarray:
    """Group numbers ``label * n_places + place``. label, place: (N,) int, place in 0..n_places-1
    -> (N,) int64.
    """
    label, place = np.asarray(label, dtype=np.int64), np.asarray(place, dtype=np.int64)
    if label.shape != place.shape:
        raise ValueError(f"label {label.shape} and place {place.shape} must have the same shape")
    if label.size and (label.min() < 0 or place.min() < 0 or place.max() >= n_places):
        raise ValueError(f"labels must be >= 0 and places in 0..{n_places - 1}")
    return label * n_places + place


def is_counter(group, *, n_places: int) -> np.ndarray:
    """Whether a group's class i is elsewhere than in its usual place i. group: (N,) int -> (N,)
    bool.
    """
    label, place = np.divmod(np.asarray(group, dtype=np.int64), n_places)
    return label != place


def group_names(labels: Sequence[str], places: Sequence[str]) -> list[str]:
    """Names in the order of `group_id`: every label on every place, label first."""
    return [f"{label} on {place}" for label in labels for place in places]


def group_counts(group, *, n_groups: int) -> np.ndarray:
    """How many examples each group has: (N,) int -> (G,) int64, zeros included."""
    return np.bincount(np.asarray(group, dtype=np.int64), minlength=n_groups)
