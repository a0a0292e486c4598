"""What an audit measures on a grid of objects and backgrounds. Nothing here encodes a picture.

Intervals are over objects; the backgrounds are those that were given.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bap_core import runtime
from bap_core.audit.grid import Grid
from bap_core.audit.resampling import Figure, figure, mean_over_objects

_PAIRS = 100  # of backgrounds, for the index


def spread(grid: Grid) -> float:
    """Variance of all embeddings, summed over the dimensions: 0 where all are alike, at most 1."""
    return float(1 - grid.z.mean(dim=(0, 1)).square().sum())


def variance_shares(grid: Grid, weights: Tensor) -> dict[str, Figure]:
    """How much of the embeddings' variance the object explains, the background, and the two
    together beyond that: a two-way analysis of variance, summed over the dimensions. The three add
    up to 1.
    """
    n, b, d = grid.z.shape
    share = weights / weights.sum(dim=1, keepdim=True)
    behind = (share @ grid.z.reshape(n, b * d)).view(-1, b, d)
    centre = behind.mean(dim=1)
    of_object = grid.z.mean(dim=1)
    middle = centre.square().sum(dim=1)
    total = share @ grid.z.square().sum(dim=2).mean(dim=1) - middle
    by_background = behind.square().sum(dim=2).mean(dim=1) - middle
    by_object = share @ of_object.square().sum(dim=1) - middle
    parts = {"object": by_object, "background": by_background}
    parts["both together"] = total - by_object - by_background
    return {name: figure(part / total, n=n) for name, part in parts.items()}


def sensitivity(grid: Grid, weights: Tensor, *, seed: int) -> dict[str, Figure]:
    """The background sensitivity index (appendix D.1, variance per dimension) of every class with
    two objects, averaged over pairs of backgrounds.
    """
    b = grid.z.shape[1]
    first, second = np.triu_indices(b, k=1)
    chosen = runtime.rng(seed, "audit pairs").permutation(len(first))[:_PAIRS]
    first, second = torch.from_numpy(first[chosen]), torch.from_numpy(second[chosen])
    found = {}
    for number, name in enumerate(grid.classes):
        rows = torch.from_numpy(np.flatnonzero(grid.label == number))
        if len(rows) < 2:
            continue
        share = weights[:, rows] / weights[:, rows].sum(dim=1, keepdim=True)
        z = grid.z[rows]
        mean = (share @ z.reshape(len(rows), -1)).view(-1, *z.shape[1:])
        # unit norm: the variance summed over the dimensions is one minus the square of the mean
        spread = (1 - mean.square().sum(dim=2)).clamp(min=0) / z.shape[2]
        shift = (mean[:, first] - mean[:, second]).norm(dim=2)
        index = shift / (spread[:, first] + spread[:, second]).sqrt()
        found[name] = figure(index.mean(dim=1), n=len(rows), turned=True)
    return found


def nearest_neighbour(grid: Grid, weights: Tensor, *, seed: int) -> dict[str, Figure]:
    """How often the nearest other object is of the same class: all objects on one background
    ("kept"), and the one that asks on another background than all others ("swapped").
    """
    n, b, _ = grid.z.shape
    further = runtime.rng(seed, "audit swaps").integers(1, b, size=b)
    found = {}
    for name, asked_on in {"kept": np.arange(b), "swapped": (np.arange(b) + further) % b}.items():
        hits = np.zeros(n)
        for j, k in enumerate(asked_on.tolist()):
            near = grid.z[:, k] @ grid.z[:, j].T
            near.fill_diagonal_(-torch.inf)
            hits += grid.label[near.argmax(dim=1).numpy()] == grid.label
        found[name] = mean_over_objects(hits / b, weights)
    return found


def named_right(grid: Grid, weights: Tensor) -> dict[str, Figure]:
    """How often an object's class is the nearest one: on grey, on the backgrounds, and on every
    one of them.
    """
    alone = grid.right(grid.scores(grid.alone).argmax(dim=-1))
    on = grid.right(grid.scores(grid.z).argmax(dim=-1))
    found = {
        "on grey": alone,
        "on backgrounds": on.mean(axis=1),
        "on every background": on.all(axis=1),
    }
    return {name: mean_over_objects(values, weights) for name, values in found.items()}


def changes(grid: Grid) -> pd.DataFrame:
    """What becomes of every object's class when the background changes, a row each.

    Columns: ``object``; ``class``, its own; ``right``, the share of backgrounds on which it is
    found; ``taken_for``, the wrong class given most often, "" if none; ``wrong_on`` and
    ``right_on``, a background each, -1 if none.
    """
    scores = grid.scores(grid.z)
    said, right = scores.argmax(dim=-1).numpy(), grid.right(scores.argmax(dim=-1))
    rows = []
    for i, (answers, hits) in enumerate(zip(said, right)):
        wrong = answers[~hits]
        taken = int(np.bincount(wrong).argmax()) if len(wrong) else -1
        on = np.flatnonzero(answers == taken)
        rows.append(
            {
                "object": i,
                "class": grid.classes[grid.label[i]],
                "right": float(hits.mean()),
                "taken_for": grid.classes[taken] if taken >= 0 else "",
                "wrong_on": int(on[0]) if taken >= 0 else -1,
                "right_on": int(np.flatnonzero(hits)[0]) if hits.any() else -1,
            }
        )
    return pd.DataFrame(rows)


def attraction(grid: Grid) -> pd.DataFrame:
    """How strongly every background draws what is pasted on it, a row each, the strongest first.

    Columns: ``background``; ``pull``, how much nearer to the background alone its composites lie
    than the same objects on the others (cosine); ``right``, the share of objects found on it;
    ``to``, the class that is named more often on it than elsewhere, "" if none is.
    """
    n, b, _ = grid.z.shape
    near = torch.einsum("njd,kd->jk", grid.z, grid.behind) / n
    own = near.diagonal()
    pull = own - (near.sum(dim=0) - own) / max(1, b - 1)
    said = grid.scores(grid.z).argmax(dim=-1)
    counts = np.stack([np.bincount(column, minlength=len(grid.classes)) for column in said.T])
    surplus = counts - counts.mean(axis=0)
    frame = pd.DataFrame(
        {
            "background": np.arange(b),
            "pull": pull.numpy(),
            "right": grid.right(said).mean(axis=0),
            "to": [grid.classes[row.argmax()] if row.max() >= 0.05 * n else "" for row in surplus],
        }
    )
    return frame.sort_values("pull", ascending=False, kind="stable", ignore_index=True)


def holding_objects(grid: Grid) -> list[int]:
    """Backgrounds that look as much like one of the classes as half of the pictures which hold an
    object of it do; none for an encoder that reads nothing.
    """
    if grid.text is None:
        return []
    near = torch.einsum("nbd,nd->nb", grid.z, grid.text[grid.label])
    holds = [near[grid.label == number].median() for number in range(len(grid.classes))]
    alike = (grid.behind @ grid.text.T > torch.stack(holds)).any(dim=1)
    return torch.nonzero(alike).flatten().tolist()
