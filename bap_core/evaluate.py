"""Predictions and other measurements as one tidy frame; tables, figures and claims only read it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from bap_core import metrics
from bap_core.features import extract
from bap_core.groups import group_counts
from bap_core.methods import LinearProbe, ZeroShot

COLUMNS = ["dataset", "encoder", "method", "seed", "split", "group", "metric", "value", "n"]


def score(y_true, y_pred, group, *, group_names: Sequence[str], train_group, dataset: str, encoder: str,
          method: str, seed: int, split: str = "test") -> pd.DataFrame:
    """Average, reweighted and worst-group accuracy, and the accuracy of every group, as rows of `COLUMNS`.

    y_true, y_pred, group: (N,) int; train_group: group numbers of the training examples, whose shares weight
    ``reweighted_accuracy``. Accuracies are fractions.
    """
    n_groups = len(group_names)
    per_group = metrics.group_accuracy(y_true, y_pred, group, n_groups=n_groups)
    counts = group_counts(train_group, n_groups=n_groups)
    values = [
        ("all", "average_accuracy", metrics.average_accuracy(y_true, y_pred), len(y_true)),
        ("all", "reweighted_accuracy", metrics.reweighted_accuracy(y_true, y_pred, group, train_counts=counts),
         len(y_true)),
        ("all", "worst_group_accuracy", metrics.worst_group_accuracy(y_true, y_pred, group, n_groups=n_groups),
         int(per_group.n[per_group.accuracy.idxmin()])),
    ] + [(group_names[g], "group_accuracy", accuracy, n) for g, n, accuracy in per_group.itertuples(index=False)]
    names = {"dataset": dataset, "encoder": encoder, "method": method, "seed": seed, "split": split}
    return pd.DataFrame([names | {"group": g, "metric": m, "value": v, "n": n} for g, m, v, n in values])[COLUMNS]


def record(values: dict[str, Sequence[float] | float], *, dataset: str, encoder: str, method: str, seed: int,
           split: str = "all", group: str = "all") -> pd.DataFrame:
    """Rows of `COLUMNS` for measurements that are not accuracies: each value is a number, or an array to average.

    A metric given as an array also gets a ``<metric>_std`` row, its standard deviation over the n measurements.
    """
    rows = []
    for metric, value in values.items():
        value = np.asarray(value, dtype=float)
        rows.append((metric, float(value.mean()), value.size))
        if value.ndim:
            rows.append((f"{metric}_std", float(value.std()), value.size))
    names = {"dataset": dataset, "encoder": encoder, "method": method, "seed": seed, "split": split, "group": group}
    return pd.DataFrame([names | {"metric": m, "value": v, "n": n} for m, v, n in rows])[COLUMNS]


def zero_shot(encoder, scenes, prototypes, *, method: str, seed: int) -> pd.DataFrame:
    """Zero-shot rows on the test split. scenes: `Scenes`; prototypes: (C, D), one per label, in order."""
    return _scored(scenes, ZeroShot(prototypes).predict(_features(encoder, scenes, "test")),
                   encoder=encoder.name, method=method, seed=seed)


def probe(encoder, scenes, *, method: str, seed: int, **settings) -> pd.DataFrame:
    """Test rows of a linear probe fitted on the training split of ``scenes``. settings: `LinearProbe`'s."""
    train = scenes.select(split="train")
    fitted = LinearProbe(**settings).fit(_features(encoder, scenes, "train"), train.frame["label"], seed=seed)
    return _scored(scenes, fitted.predict(_features(encoder, scenes, "test")),
                   encoder=encoder.name, method=method, seed=seed)


def _features(encoder, scenes, split: str):
    """Rows of one split, from features of the whole set: sets that differ only in their splits share one encoding."""
    return extract(encoder, scenes)[torch.from_numpy((scenes.frame["split"] == split).to_numpy())]


def _scored(scenes, y_pred, **names) -> pd.DataFrame:
    train, test = scenes.select(split="train"), scenes.select(split="test")
    return score(test.frame["label"], y_pred, test.groups, group_names=scenes.group_names, train_group=train.groups,
                 dataset=scenes.name, **names)
