"""Predictions and other measurements as one tidy frame; tables, figures and claims only read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from bap_core import metrics
from bap_core.baselines import DFR, LinearProbe
from bap_core.baselines.afr import both_stages
from bap_core.encoders.features import extract
from bap_core.groups import group_counts, is_minority
from bap_core.selection import Choice, select
from bap_core.tidy import COLUMNS, joined

# Over all groups, as `score` gives them.
ACCURACIES = (
    "average_accuracy",
    "reweighted_accuracy",
    "group_mean_accuracy",
    "worst_group_accuracy",
)


@dataclass(frozen=True, eq=False)
class Result:
    """What one method did on one set of scenes in one run.

    frame: its rows of `COLUMNS`. y_pred: class numbers of the test rows, (N,) int64; None where the
    method was left out.
    """

    frame: pd.DataFrame
    y_pred: np.ndarray | None


def table(results: Iterable[Result]) -> pd.DataFrame:
    """The rows of all results as one tidy frame. ValueError if a run is among them twice."""
    return joined(result.frame for result in results)


def wrong(results: Iterable[Result], scenes, *, encoder: str, seed: int = 0) -> pd.DataFrame:
    """Which test rows of ``scenes`` a run got wrong: (N, methods) bool, for the methods that
    predicted any.

    ValueError if there is no such run.
    """
    truth, columns = scenes.select(split="test").frame["label"].to_numpy(), {}
    for result in results:
        run = result.frame.iloc[0]
        if (run.dataset, run.encoder, run.seed) == (
            scenes.name,
            encoder,
            seed,
        ) and result.y_pred is not None:
            columns[run.method] = result.y_pred != truth
    if not columns:
        raise ValueError(f"no result for {scenes.name} with {encoder} and seed {seed}")
    return pd.DataFrame(columns)


def score(
    y_true,
    y_pred,
    group,
    *,
    group_names: Sequence[str],
    train_group,
    dataset: str,
    encoder: str,
    method: str,
    seed: int,
    split: str = "test",
) -> pd.DataFrame:
    """Accuracy over all groups in four ways, and the accuracy of every group, as rows of `COLUMNS`.

    y_true, y_pred, group: (N,) int; train_group: group numbers of the training examples, whose
    shares weight ``reweighted_accuracy``; ``group_mean_accuracy`` weights all groups alike.
    Accuracies are fractions.
    """
    n_groups = len(group_names)
    per_group = metrics.group_accuracy(y_true, y_pred, group, n_groups=n_groups)
    counts = group_counts(train_group, n_groups=n_groups)
    values = [
        ("all", "average_accuracy", metrics.average_accuracy(y_true, y_pred), len(y_true)),
        (
            "all",
            "reweighted_accuracy",
            metrics.reweighted_accuracy(y_true, y_pred, group, train_counts=counts),
            len(y_true),
        ),
        ("all", "group_mean_accuracy", per_group.accuracy.mean(), len(y_true)),
        (
            "all",
            "worst_group_accuracy",
            metrics.worst_group_accuracy(y_true, y_pred, group, n_groups=n_groups),
            int(per_group.n[per_group.accuracy.idxmin()]),
        ),
    ] + [
        (group_names[g], "group_accuracy", accuracy, n)
        for g, n, accuracy in per_group.itertuples(index=False)
    ]
    names = {"dataset": dataset, "encoder": encoder, "method": method, "seed": seed, "split": split}
    return pd.DataFrame(
        [names | {"group": g, "metric": m, "value": v, "n": n} for g, m, v, n in values]
    )[COLUMNS]


def minority_groups(frame: pd.DataFrame, scenes) -> pd.DataFrame:
    """For every run of ``frame`` on ``scenes``: a row ``minority_group_accuracy``, read off its
    rows ``group_accuracy``.

    n is the size of the group that decides. ValueError as in `metrics.minority_group_accuracy`.
    """
    names, n_backgrounds = scenes.group_names, len(scenes.backgrounds)
    counter = [name for g, name in enumerate(names) if is_minority(g, n_backgrounds=n_backgrounds)]
    rows = frame[(frame["dataset"] == scenes.name) & (frame["metric"] == "group_accuracy")]
    found, keys = [], ["dataset", "encoder", "method", "seed", "split"]
    for run, groups in rows.set_index("group").groupby(keys, sort=False):
        value = metrics.minority_group_accuracy(
            groups["value"].reindex(names), n_backgrounds=n_backgrounds
        )
        n = int(groups["n"][groups["value"][counter].idxmin()])
        found.append((*run, "counter", "minority_group_accuracy", value, n))
    return pd.DataFrame(found, columns=COLUMNS)


def record(
    values: dict[str, Sequence[float] | float],
    *,
    dataset: str,
    encoder: str,
    method: str,
    seed: int,
    split: str = "all",
    group: str = "all",
) -> pd.DataFrame:
    """Rows of `COLUMNS` for measurements that are not accuracies: each value is a number, or an
    array to average.

    A metric given as an array also gets a ``<metric>_std`` row, its standard deviation over the n
    measurements.
    """
    rows = []
    for metric, value in values.items():
        value = np.asarray(value, dtype=float)
        rows.append((metric, float(value.mean()), value.size))
        if value.ndim:
            rows.append((f"{metric}_std", float(value.std()), value.size))
    names = {
        "dataset": dataset,
        "encoder": encoder,
        "method": method,
        "seed": seed,
        "split": split,
        "group": group,
    }
    return pd.DataFrame([names | {"metric": m, "value": v, "n": n} for m, v, n in rows])[COLUMNS]


def predicted(
    encoder, scenes, estimator, *, method: str, seed: int, unit: bool = True, **notes: float
) -> Result:
    """Result of an estimator that stands ready, such as `ZeroShot`, on the test features. notes:
    numbers to record.

    unit: on features of unit norm, or as they leave the tower.
    """
    return _scored(
        scenes,
        estimator.predict(features(encoder, scenes, "test", unit=unit)),
        notes,
        encoder=encoder.name,
        method=method,
        seed=seed,
    )


def tuned(fitted, scenes, *, method: str, seed: int, **notes: float) -> Result:
    """Result of a `fine_tuning.Tuned`, an encoder with its own head. Only test pictures are
    encoded. notes: as above.
    """
    return _scored(
        scenes,
        fitted.predict(scenes.select(split="test")),
        notes,
        encoder=fitted.encoder.name,
        method=method,
        seed=seed,
    )


def probe(encoder, scenes, *, method: str, seed: int, unit: bool = True, **settings) -> Result:
    """Result of a linear probe fitted on the training split of ``scenes``. settings:
    `LinearProbe`'s.

    unit: on features of unit norm, or as they leave the tower (the paper does not say).
    """
    train = scenes.select(split="train")
    fitted = LinearProbe(**settings).fit(
        features(encoder, scenes, "train", unit=unit), train.frame["label"], seed=seed
    )
    return predicted(encoder, scenes, fitted, method=method, seed=seed, unit=unit)


def dfr(
    encoder, scenes, *, method: str, seed: int, scale_on: str = "val", unit: bool = True, **settings
) -> Result:
    """Result of `DFR`, fitted on the validation split of ``scenes`` with its groups. settings:
    `DFR`'s.

    scale_on: whose mean and spread standardise the final fits, the validation rows they are drawn
    from ("val") or the training split ("train"). unit: as for `probe`. If validation lacks a group,
    the accuracies are NaN, and a column ``reason`` says why.
    """
    if scale_on not in ("val", "train"):
        raise ValueError(f"scale_on={scale_on!r}; choices: 'val', 'train'")
    if reason := _lacking(scenes):
        return left_out(scenes, reason, encoder=encoder.name, method=method, seed=seed)
    val = scenes.select(split="val")
    fitted = DFR(**settings).fit(
        features(encoder, scenes, "val", unit=unit),
        val.frame["label"],
        val.groups,
        n_groups=len(scenes.group_names),
        seed=seed,
        scale_on=features(encoder, scenes, "train", unit=unit) if scale_on == "train" else None,
    )
    return predicted(encoder, scenes, fitted, method=method, seed=seed, unit=unit)


def afr(
    encoder,
    scenes,
    *,
    method: str,
    seed: int,
    transferred: float | None = None,
    unit: bool = True,
    **settings,
) -> Result:
    """Result of AFR with the gamma that `choose_afr` gives; that gamma, n_eff and the head's change
    are recorded.

    If validation lacks a group, the accuracies are NaN, and a column ``reason`` says why; with
    ``transferred``, a gamma chosen at 95 %, they are measured, and the row ``gamma_transferred`` is
    1. unit: as for `probe`.
    """
    names = {"encoder": encoder.name, "method": method, "seed": seed}
    if transferred is None and (reason := _lacking(scenes)):
        return left_out(scenes, reason, **names)
    chosen = choose_afr(encoder, scenes, seed=seed, transferred=transferred, unit=unit, **settings)
    fitted = chosen.estimator
    return predicted(
        encoder,
        scenes,
        fitted,
        method=method,
        seed=seed,
        unit=unit,
        gamma=chosen.setting,
        gamma_transferred=float(chosen.transferred),
        n_eff=fitted.n_eff_,
        head_change=fitted.head_change_,
    )


def choose_afr(
    encoder, scenes, *, seed: int, transferred: float | None = None, unit: bool = True, **settings
) -> Choice:
    """AFR for every gamma on the training split, and the gamma that `selection.select` takes on the
    validation split.

    settings: those of `baselines.afr.both_stages`. The choice's table shows every gamma; no test
    row is read.
    """
    train, val = scenes.select(split="train"), scenes.select(split="val")
    fitted = both_stages(
        features(encoder, scenes, "train", unit=unit), train.frame["label"], seed=seed, **settings
    )
    return select(
        fitted,
        features(encoder, scenes, "val", unit=unit),
        val.frame["label"],
        val.groups,
        n_groups=len(scenes.group_names),
        transferred=transferred,
    )


def features(encoder, scenes, split: str, *, unit: bool = True):
    """Features of one split, (N, D), out of those of the whole set: sets that differ in splits
    alone share one encoding.

    unit: as for `features.extract`.
    """
    return extract(encoder, scenes, unit=unit)[
        torch.tensor((scenes.frame["split"] == split).to_numpy())
    ]


def absent_groups(scenes, split: str) -> list[str]:
    """Names of the groups that have no row in ``split``."""
    counts = group_counts(scenes.select(split=split).groups, n_groups=len(scenes.group_names))
    return [name for name, n in zip(scenes.group_names, counts) if n == 0]


def left_out(scenes, reason: str, *, encoder: str, method: str, seed: int) -> Result:
    """The result of a method that was not run: NaN accuracies over no rows, and a column
    ``reason``.
    """
    rows = record(
        dict.fromkeys(ACCURACIES, float("nan")),
        dataset=scenes.name,
        split="test",
        encoder=encoder,
        method=method,
        seed=seed,
    )
    return Result(rows.assign(n=0, reason=reason), None)


def _scored(scenes, y_pred, notes: Mapping[str, float], **names) -> Result:
    train, test = scenes.select(split="train"), scenes.select(split="test")
    frame = score(
        test.frame["label"],
        y_pred,
        test.groups,
        group_names=scenes.group_names,
        train_group=train.groups,
        dataset=scenes.name,
        **names,
    )
    noted = [record(notes, dataset=scenes.name, **names)] if notes else []
    return Result(pd.concat([frame, *noted], ignore_index=True), y_pred)


def _lacking(scenes) -> str:
    """Why last-layer retraining cannot be had here: the groups that validation lacks; empty if
    it has them all.
    """
    absent = ", no ".join(absent_groups(scenes, "val"))
    return (
        f"left out: it needs every group in validation, and {scenes.name} has no {absent}"
        if absent
        else ""
    )
