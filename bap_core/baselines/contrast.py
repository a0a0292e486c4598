"""PruSC's small balanced set and its contrastive loss (paper M.2): clusters of look-alikes should
break up.

    L_con = mean over positives p of anchor i of
            -log( e^s(i,p) / (sum_pos e^s(i,.) + sum_neg e^s(i,.)) )

s is the cosine over 0.07. Positives of i have its class and another cluster, negatives its cluster
and another class.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bap_core import runtime


def cluster_features(X: Tensor, *, k: int, seed: int) -> np.ndarray:
    """k-means of unit-norm features, all classes together. X: (N, D) -> (N,) int cluster numbers
    in 0..k-1.
    """
    from sklearn.cluster import KMeans  # slow to import, and no other method needs it

    draw = int(runtime.rng(seed, "clusters").integers(2**31))
    kmeans = KMeans(k, n_init=10, random_state=draw)  # pyright: ignore[reportArgumentType]: takes int
    return kmeans.fit_predict(X.numpy())


def task_rows(y: np.ndarray, cluster: np.ndarray, *, ratio: float, seed: int) -> np.ndarray:
    """Row numbers of the small balanced set: equally many of every class, and of every cluster
    within it, if they last.

    y, cluster: (N,) int -> (about ratio * N,) int64, each once. ValueError for a ratio outside (0,
    1] or too small.
    """
    n_classes = int(y.max()) + 1
    share = round(ratio * len(y)) // n_classes
    if not 0 < ratio <= 1 or share < 1:
        raise ValueError(
            f"ratio={ratio} of {len(y)} training pictures must lie in (0, 1] and give "
            "one or more a class"
        )
    chosen = []
    for label in range(n_classes):
        rows = runtime.rng(seed, "task", label).permutation(np.flatnonzero(y == label))
        # clusters give one row a turn as long as they have any
        turn = pd.Series(rows).groupby(cluster[rows]).cumcount()
        chosen.append(rows[np.argsort(turn, kind="stable")[:share]])
    return np.concatenate(chosen)


def pair_up(y: Tensor, cluster: Tensor) -> tuple[Tensor, Tensor]:
    """Who is whose positive and negative. y, cluster: (B,) int -> two (B, B) bool, row i for anchor
    i.

    An anchor that lacks either gets neither: it is skipped.
    """
    same_class, same_cluster = y[:, None] == y, cluster[:, None] == cluster
    positive, negative = same_class & ~same_cluster, same_cluster & ~same_class
    complete = (positive.any(dim=1) & negative.any(dim=1))[:, None]
    return positive & complete, negative & complete


def contrastive_loss(
    z: Tensor, positive: Tensor, negative: Tensor, *, temperature: float = 0.07
) -> Tensor:
    """L_con averaged over the anchors that have positives; 0 if none has. z: (B, D) unit norm;
    both: (B, B) bool.
    """
    anchors = positive.any(dim=1)
    if not anchors.any():
        return 0 * z.sum()
    s = (z @ z.T / temperature)[anchors]
    positive, negative = positive[anchors], negative[anchors]
    total = s.masked_fill(~(positive | negative), -torch.inf).logsumexp(dim=1, keepdim=True)
    return (((total - s) * positive).sum(dim=1) / positive.sum(dim=1)).mean()


def skipped_anchors(y: np.ndarray, cluster: np.ndarray, batches: Iterable[np.ndarray]) -> float:
    """Share of the anchors of all batches of row numbers that `pair_up` skips."""
    used = total = 0
    for rows in batches:
        positive, _ = pair_up(torch.as_tensor(y[rows]), torch.as_tensor(cluster[rows]))
        used, total = used + int(positive.any(dim=1).sum()), total + len(rows)
    return 1 - used / total
