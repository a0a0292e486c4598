"""Predictions and other measurements as one tidy frame; tables, figures and claims only read it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from bap_core import metrics
from bap_core.features import extract
from bap_core.groups import group_counts
from bap_core.methods import DFR, LinearProbe, ZeroShot
from bap_core.methods.afr import both_stages
from bap_core.selection import Choice, select

COLUMNS = ["dataset", "encoder", "method", "seed", "split", "group", "metric", "value", "n"]
ACCURACIES = ("average_accuracy", "reweighted_accuracy", "worst_group_accuracy")  # over all groups, as `score` gives them


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


def dfr(encoder, scenes, *, method: str, seed: int, scale_on: str = "val", **settings) -> pd.DataFrame:
    """Test rows of `DFR`, fitted on the validation split of ``scenes`` with its groups. settings: `DFR`'s.

    scale_on: whose mean and spread standardise the final fits, the validation rows they are drawn from ("val") or the
    training split ("train"). If validation lacks a group, the accuracies are NaN, and a column ``reason`` says why.
    """
    if scale_on not in ("val", "train"):
        raise ValueError(f"scale_on={scale_on!r}; choices: 'val', 'train'")
    if reason := _lacking(scenes):
        return _left_out(scenes, reason, encoder=encoder.name, method=method, seed=seed)
    val = scenes.select(split="val")
    fitted = DFR(**settings).fit(_features(encoder, scenes, "val"), val.frame["label"], val.groups,
                                 n_groups=len(scenes.group_names), seed=seed,
                                 scale_on=_features(encoder, scenes, "train") if scale_on == "train" else None)
    return _scored(scenes, fitted.predict(_features(encoder, scenes, "test")),
                   encoder=encoder.name, method=method, seed=seed)


def afr(encoder, scenes, *, method: str, seed: int, carried: float | None = None, **settings) -> pd.DataFrame:
    """Test rows of AFR with the gamma that `choose_afr` gives, and that gamma, n_eff and the head's change as rows.

    If validation lacks a group, the accuracies are NaN, and a column ``reason`` says why; with ``carried``, a gamma
    chosen at 95 %, they are measured, and the row ``gamma_carried`` is 1.
    """
    names = {"encoder": encoder.name, "method": method, "seed": seed}
    if carried is None and (reason := _lacking(scenes)):
        return _left_out(scenes, reason, **names)
    chosen = choose_afr(encoder, scenes, seed=seed, carried=carried, **settings)
    fitted = chosen.estimator
    found = {"gamma": chosen.setting, "gamma_carried": float(chosen.carried), "n_eff": fitted.n_eff_,
             "head_change": fitted.head_change_}
    return pd.concat([_scored(scenes, fitted.predict(_features(encoder, scenes, "test")), **names),
                      record(found, dataset=scenes.name, split="train", **names)], ignore_index=True)


def choose_afr(encoder, scenes, *, seed: int, carried: float | None = None, **settings) -> Choice:
    """AFR for every gamma on the training split, and the gamma that `selection.select` takes on the validation split.

    settings: those of `methods.afr.both_stages`. The choice's table shows every gamma; no test row is read.
    """
    train, val = scenes.select(split="train"), scenes.select(split="val")
    fitted = both_stages(_features(encoder, scenes, "train"), train.frame["label"], seed=seed, **settings)
    return select(fitted, _features(encoder, scenes, "val"), val.frame["label"], val.groups,
                  n_groups=len(scenes.group_names), carried=carried)


def _features(encoder, scenes, split: str):
    """Rows of one split, from features of the whole set: sets that differ only in their splits share one encoding."""
    return extract(encoder, scenes)[torch.tensor((scenes.frame["split"] == split).to_numpy())]


def _scored(scenes, y_pred, **names) -> pd.DataFrame:
    train, test = scenes.select(split="train"), scenes.select(split="test")
    return score(test.frame["label"], y_pred, test.groups, group_names=scenes.group_names, train_group=train.groups,
                 dataset=scenes.name, **names)


def _lacking(scenes) -> str:
    """Why last-layer retraining is left out here: the groups that validation lacks; empty if it has them all."""
    counts = group_counts(scenes.select(split="val").groups, n_groups=len(scenes.group_names))
    empty = [name for name, n in zip(scenes.group_names, counts) if n == 0]
    return f"left out: it needs every group in validation, and {scenes.name} has no {', no '.join(empty)}" if empty else ""


def _left_out(scenes, reason: str, **names) -> pd.DataFrame:
    rows = record(dict.fromkeys(ACCURACIES, float("nan")), dataset=scenes.name, split="test", **names)
    return rows.assign(n=0, reason=reason)
