"""How far a figure would move with other objects: the bootstrap over objects."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bap_core import runtime

DRAWS = 200
LEVEL = 0.95
ENOUGH = 10  # objects, for an interval


@dataclass(frozen=True)
class Figure:
    """A figure and its interval at `LEVEL`, over other objects of the same kind, NaN where it is
    not known; n objects.
    """

    value: float
    low: float
    high: float
    n: int


def draw_weights(label: np.ndarray, *, seed: int) -> Tensor:
    """How often each object is drawn: (1 + `DRAWS`, N) float32, the first row once each. Classes
    keep their sizes.
    """
    draw = runtime.rng(seed, "audit objects")
    weights = np.zeros((DRAWS, len(label)), dtype=np.float32)
    for number in np.unique(label):
        rows = np.flatnonzero(label == number)
        weights[:, rows] = draw.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), DRAWS)
    return torch.from_numpy(np.concatenate([np.ones((1, len(label)), np.float32), weights]))


def figure(values: Tensor, *, n: int, turned: bool = False) -> Figure:
    """From the value of every draw, (1 + `DRAWS`,), the first of which is the figure itself.

    turned: the interval on the other side of the figure, as far, for a figure that fewer different
    objects make larger: draws have fewer than there are. Of fewer than `ENOUGH` objects the
    interval is not known.
    """
    found = values.double().numpy()
    value, known = float(found[0]), found[1:][np.isfinite(found[1:])]
    if n < ENOUGH or not len(known):
        return Figure(value, np.nan, np.nan, n)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = (2 * value - high, 2 * value - low) if turned else (low, high)
    return Figure(value, float(low), float(high), n)


def mean_over_objects(per_object: np.ndarray, weights: Tensor) -> Figure:
    """The mean of a value of every object, (N,)."""
    values = torch.from_numpy(np.asarray(per_object, dtype=np.float32))
    return figure(weights @ values / weights.sum(dim=1), n=len(values))
