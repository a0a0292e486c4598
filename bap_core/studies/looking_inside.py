"""What an alignment changes, picture by picture: which ones a method gets right now that it got
wrong before, and what lies next to a picture in the embedding space.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

SIDES = ("stayed right", "turned right", "turned wrong", "stayed wrong")


def changed_sides(missed: pd.DataFrame, *, before: str, after: str) -> pd.Series:
    """For every picture what became of it between two methods, one of `SIDES`: a categorical (N,).

    missed: (N, methods) bool, from `evaluation.find_mistakes`. ValueError with the choices if one
    of the methods predicted nothing.
    """
    if lacking := [name for name in (before, after) if name not in missed]:
        raise ValueError(f"{lacking[0]!r} predicted nothing; there are {', '.join(missed)}")
    was, now = missed[before].to_numpy(), missed[after].to_numpy()
    number = np.select([~was & ~now, was & ~now, ~was & now], [0, 1, 2], 3)
    return pd.Series(pd.Categorical.from_codes(number, list(SIDES)), name="side")


def nearest_pictures(z: Tensor, chosen: Sequence[int], *, k: int) -> np.ndarray:
    """The ``k`` other pictures that lie nearest to each chosen one, the nearest first: (Q, k) int64
    rows of ``z``.

    z: (N, D), unit norm. ValueError for fewer than k others.
    """
    if k >= len(z):
        raise ValueError(f"k={k} of {len(z) - 1} other pictures")
    rows = torch.as_tensor(list(chosen))
    cosines = z[rows] @ z.T
    cosines[torch.arange(len(rows)), rows] = -torch.inf
    return cosines.topk(k, dim=1).indices.numpy()
