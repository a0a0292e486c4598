"""How much a mean over runs changes with other test pictures: a paired bootstrap within groups.

Pictures are drawn anew within their groups, the same ones for every run and for both sides of a
comparison, so that what makes a picture hard for both of them cancels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from bap_core import runtime
from bap_core.groups import is_minority

DRAWS = 400


@dataclass(frozen=True, eq=False)
class Answers:
    """Which test pictures a method had right. correct: (runs, N) of 0 and 1, NaN where a picture is
    not in a run's test; group: (N,) int; seeds: of the runs; pictures: names (N,).
    """

    correct: np.ndarray
    group: np.ndarray
    seeds: tuple[int, ...]
    pictures: tuple[str, ...]

    def of_seeds(self, seeds: Sequence[int]) -> "Answers":
        """The answers of those runs alone."""
        kept = [row for row, seed in enumerate(self.seeds) if seed in seeds]
        chosen = tuple(self.seeds[row] for row in kept)
        return replace(self, correct=self.correct[kept], seeds=chosen)


Known = Mapping[tuple[str, str, str], Answers]  # by dataset, encoder and method


def read_answers(predictions: pd.DataFrame | None) -> Known:
    """The answers of every method on every set. predictions: rows as `predictions.answers` has
    them; without any, nothing is known.
    """
    if predictions is None or predictions.empty:
        return {}
    by_method = predictions.groupby(["dataset", "encoder", "method"], sort=False)
    return {cast(tuple, names): _read(rows) for names, rows in by_method}


def _read(rows: pd.DataFrame) -> Answers:
    right = (rows["prediction"] == rows["label"]).astype(float)
    wide = rows.assign(right=right).pivot(index="seed", columns="picture", values="right")
    group = rows.drop_duplicates("picture").set_index("picture")["group"]
    return Answers(
        wide.to_numpy(),
        group.loc[wide.columns].to_numpy(),
        tuple(int(seed) for seed in wide.index),
        tuple(map(str, wide.columns)),
    )


def draw_weights(pictures: Sequence[str], group: np.ndarray, *draws_of: str | int) -> np.ndarray:
    """How often each picture is drawn, (`DRAWS`, N) float: as many of every group as there are.

    draws_of: names the generator, so that the same claim gets the same draws again.
    """
    rng = runtime.rng(0, "bootstrap", *draws_of)
    weights = np.zeros((DRAWS, len(pictures)))
    for g in np.unique(group):
        rows = np.flatnonzero(group == g)
        weights[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=DRAWS)
    return weights


def group_accuracies(answers: Answers, weights: np.ndarray) -> np.ndarray:
    """Accuracy of every group, (draws, runs, groups), for weights (draws, N)."""
    there = ~np.isnan(answers.correct)
    right = np.where(there, answers.correct, 0.0)
    found = []
    for g in np.unique(answers.group):
        rows = answers.group == g
        # a draw can miss all of a small group's pictures in one run: it then counts as none right
        total = np.maximum(weights[:, rows] @ there[:, rows].T.astype(float), 1e-9)
        found.append(weights[:, rows] @ right[:, rows].T / total)
    return np.stack(found, axis=-1)


def _average(answers: Answers, weights: np.ndarray) -> np.ndarray:
    there = ~np.isnan(answers.correct)
    right = np.where(there, answers.correct, 0.0)
    return weights @ right.T / (weights @ there.T.astype(float))


def _minority(answers: Answers, weights: np.ndarray) -> np.ndarray:
    rare = is_minority(np.unique(answers.group), n_backgrounds=2)
    return group_accuracies(answers, weights)[..., rare].min(axis=-1)


# What the bootstrap knows: metric -> (answers, weights) -> (draws, runs).
METRICS: dict[str, Callable[[Answers, np.ndarray], np.ndarray]] = {
    "average_accuracy": _average,
    "group_mean_accuracy": lambda answers, weights: group_accuracies(answers, weights).mean(-1),
    "worst_group_accuracy": lambda answers, weights: group_accuracies(answers, weights).min(-1),
    "minority_group_accuracy": _minority,
}


def bootstrap(sides: Sequence[tuple[float, str, Answers]], *draws_of: str | int) -> float:
    """Standard error, from the test pictures, of ``sum of sign * mean over runs of metric``.

    sides: (sign, metric, answers). Pictures that several sides share are drawn together.
    """
    names: dict[str, int] = {}
    for _, _, answers in sides:
        names |= dict(zip(answers.pictures, answers.group.tolist()))
    pictures, group = list(names), np.array(list(names.values()))
    weights = draw_weights(pictures, group, *draws_of)
    place = {name: i for i, name in enumerate(pictures)}
    total = np.zeros(DRAWS)
    for sign, metric, answers in sides:
        columns = [place[name] for name in answers.pictures]
        total += sign * METRICS[metric](answers, weights[:, columns]).mean(axis=1)
    return float(total.std(ddof=1))
