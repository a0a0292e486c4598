"""Predictions and other measurements as one tidy frame; tables, figures and claims only read it."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from bap_core import metrics
from bap_core.groups import group_counts, is_minority
from bap_core.tidy import COLUMNS, RUN, joined

# Over all groups, as `score` gives them.
ACCURACIES = (
    "average_accuracy",
    "reweighted_accuracy",
    "group_mean_accuracy",
    "worst_group_accuracy",
)


def table(results: Iterable) -> pd.DataFrame:
    """The rows of all results as one tidy frame. ValueError if a run is among them twice."""
    return joined(result.frame for result in results)


def score(
    y_true,
    y_pred,
    group,
    *,
    group_names: Sequence[str],
    train_counts,
    dataset: str,
    encoder: str,
    method: str,
    seed: int,
    split: str = "test",
) -> pd.DataFrame:
    """Accuracy over all groups in four ways, and the accuracy of every group, as rows of `COLUMNS`.

    y_true, y_pred, group: (N,) int; train_counts: training examples of every group, whose shares
    weight ``reweighted_accuracy``; ``group_mean_accuracy`` weights all groups alike. Accuracies are
    fractions.
    """
    n_groups, n = len(group_names), len(y_true)
    per_group = metrics.group_accuracy(y_true, y_pred, group, n_groups=n_groups)
    worst = metrics.worst_group_accuracy(y_true, y_pred, group, n_groups=n_groups)
    reweighted = metrics.reweighted_accuracy(y_true, y_pred, group, train_counts=train_counts)
    smallest = int(per_group.n[per_group.accuracy.idxmin()])
    values = [
        ("all", "average_accuracy", metrics.average_accuracy(y_true, y_pred), n),
        ("all", "reweighted_accuracy", reweighted, n),
        ("all", "group_mean_accuracy", per_group.accuracy.mean(), n),
        ("all", "worst_group_accuracy", worst, smallest),
    ]
    values += [
        (group_names[g], "group_accuracy", accuracy, n)
        for g, n, accuracy in per_group.itertuples(index=False)
    ]
    names = {"dataset": dataset, "encoder": encoder, "method": method, "seed": seed, "split": split}
    rows = [names | {"group": g, "metric": m, "value": v, "n": n} for g, m, v, n in values]
    return pd.DataFrame(rows, columns=COLUMNS)


def score_run(answers: pd.DataFrame, group_names: Sequence[str] | None = None) -> pd.DataFrame:
    """`score` of one run's answers, as `predictions.answers` has them.

    group_names: of all groups, if one of them may have no test picture.
    """
    known = answers.drop_duplicates("group").set_index("group")
    n_groups = len(group_names) if group_names else answers["group"].to_numpy().max() + 1
    numbers = range(n_groups)
    return score(
        answers["label"],
        answers["prediction"],
        answers["group"],
        group_names=group_names or known["group_name"].reindex(numbers).tolist(),
        train_counts=known["n_train"].reindex(numbers, fill_value=0).tolist(),
        **{name: answers[name].iloc[0] for name in RUN},
    )


def score_test(scenes, answers: pd.DataFrame, notes: Mapping[str, float]) -> pd.DataFrame:
    """`score_run` of what a method answered for ``scenes``, then a row for every note."""
    frame, names = score_run(answers, scenes.group_names), answers.iloc[0][RUN].to_dict()
    noted = [record(notes, **names)] if notes else []
    return pd.concat([frame, *noted], ignore_index=True)


def score_left_out(scenes, reason: str, **names) -> pd.DataFrame:
    """The rows of a method that was not run: NaN accuracies over no rows, and a column ``reason``.

    names: encoder, method, seed.
    """
    unknown: dict[str, float] = dict.fromkeys(ACCURACIES, float("nan"))
    return record(unknown, dataset=scenes.name, split="test", **names).assign(n=0, reason=reason)


def minority_groups(frame: pd.DataFrame, scenes) -> pd.DataFrame:
    """For every run of ``frame`` on ``scenes``: a row ``minority_group_accuracy``, read off its
    rows ``group_accuracy``.

    n is the size of the group that decides. ValueError as in `metrics.minority_group_accuracy`.
    """
    names, n_backgrounds = scenes.group_names, len(scenes.backgrounds)
    minority = [name for g, name in enumerate(names) if is_minority(g, n_backgrounds=n_backgrounds)]
    rows = frame[(frame["dataset"] == scenes.name) & (frame["metric"] == "group_accuracy")]
    found, keys = [], ["dataset", "encoder", "method", "seed", "split"]
    for _, run in rows.groupby(keys, sort=False):
        groups = run.set_index("group")
        accuracy = groups["value"].reindex(names)
        value = metrics.minority_group_accuracy(accuracy, n_backgrounds=n_backgrounds)
        worst = min(minority, key=accuracy.to_dict().__getitem__)
        n = int(groups["n"].to_dict()[worst])
        named = run.iloc[0][keys].tolist()
        found.append((*named, "minority", "minority_group_accuracy", value, n))
    return pd.DataFrame(found, columns=COLUMNS)


def record(
    values: Mapping[str, Sequence[float] | float],
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
        measured = np.asarray(value, dtype=float)
        rows.append((metric, float(measured.mean()), measured.size))
        if measured.ndim:
            rows.append((f"{metric}_std", float(measured.std()), measured.size))
    names = {"dataset": dataset, "encoder": encoder, "method": method, "seed": seed, "split": split}
    named = [
        names | {"group": group, "metric": metric, "value": value, "n": n}
        for metric, value, n in rows
    ]
    return pd.DataFrame(named, columns=COLUMNS)


def count_in_bins(
    measured: Mapping[str, Mapping[str, np.ndarray]], *, metrics: Sequence[str], n: int = 60
) -> dict:
    """The distributions behind the means of `record`, in ``n`` equal bins from the lowest of all
    values to the highest: ``edges`` (n + 1,), and ``counts`` (n,) by encoder and metric, as lists.

    measured: encoder -> metric -> its values.
    """
    chosen = [(encoder, metric) for encoder in measured for metric in metrics]
    values = {pair: np.asarray(measured[pair[0]][pair[1]], dtype=float) for pair in chosen}
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins=n)
    counts = {encoder: {} for encoder in measured}
    for (encoder, metric), found in values.items():
        counts[encoder][metric] = np.histogram(found, edges)[0].tolist()
    return {"edges": edges.tolist(), "counts": counts}


def absent_groups(scenes, split: str) -> list[str]:
    """Names of the groups that have no row in ``split``."""
    groups = scenes.select(split=split).groups
    counts = group_counts(groups, n_groups=len(scenes.group_names))
    return [name for name, n in zip(scenes.group_names, counts) if n == 0]
