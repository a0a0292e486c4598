"""Groups: one number and one name for every pair of label and background (WILDS' vocabulary).

Waterbirds: label 0 landbird, 1 waterbird; background 0 land, 1 water; group = 2 * label +
background.
"""

import reprlib
from collections.abc import Sequence

import numpy as np


def group_id(label, background, *, n_backgrounds: int) -> np.ndarray:
    """Group numbers ``label * n_backgrounds + background``. label, background: (N,) int, background
    in 0..n_backgrounds-1 -> (N,) int64.
    """
    label, background = whole_numbers(label, "label"), whole_numbers(background, "background")
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
    label, background = np.divmod(whole_numbers(group, "group"), n_backgrounds)
    return label != background


def group_names(labels: Sequence[str], backgrounds: Sequence[str]) -> list[str]:
    """Names in the order of `group_id`: every label on every background, label first."""
    return [f"{label} on {background}" for label in labels for background in backgrounds]


def group_counts(group, *, n_groups: int) -> np.ndarray:
    """How many examples each group has: (N,) int in 0..n_groups-1 -> (G,) int64, zeros included.
    ValueError for another number.
    """
    group = whole_numbers(group, "group")
    if group.ndim != 1 or (group.size and not 0 <= group.min() <= group.max() < n_groups):
        raise ValueError(f"group: expected (N,) numbers in 0..{n_groups - 1}, got {_start(group)}")
    return np.bincount(group, minlength=n_groups)


def whole_numbers(values, name: str) -> np.ndarray:
    """Values as int64, in their shape. Nothing is rounded: ValueError that names the argument and
    the value for 0.5, NaN, text or what int64 cannot hold.
    """
    found = np.asarray(values)
    if found.dtype.kind in "iub" and found.dtype != np.uint64:
        return found.astype(np.int64)
    if not found.size:
        return found.astype(np.int64)
    try:
        numbers = found.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: expected whole numbers, got {_start(found)}") from None
    wrong = ~(np.isfinite(numbers) & (numbers == np.rint(numbers)) & (np.abs(numbers) < 2**53))
    if found.dtype.kind not in "iuf" or wrong.any():
        shown = found[wrong] if wrong.any() else found
        raise ValueError(f"{name}: expected whole numbers, got {_start(shown)}")
    return found.astype(np.int64)


def _start(values: np.ndarray) -> str:
    return reprlib.repr(values.ravel()[:5].tolist()) if values.size else f"shape {values.shape}"
