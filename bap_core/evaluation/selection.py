"""Selection (paper M.2): of several fitted candidates, the one whose worst group is best on
validation rows.

A step of its own, and visible: it is given validation rows and nothing else, and returns what it
saw of every candidate. The test split is read once, by the table.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import pandas as pd

from bap_core import metrics
from bap_core.groups import group_counts

S = TypeVar("S", bound=Hashable)
E = TypeVar("E")  # fitted, with ``predict(X) -> (N,) int64``


@dataclass(frozen=True)
class Choice(Generic[S, E]):
    """The chosen ``setting`` with its fitted ``estimator``, and how it came about.

    table: a row per candidate, in the order given: setting, worst_group_accuracy (NaN where
    validation lacks a group), average_accuracy, chosen. transferred: True where the setting was
    brought from another run.
    """

    setting: S
    estimator: E
    table: pd.DataFrame
    transferred: bool


def select(
    candidates: Mapping[S, E], X, y, group, *, n_groups: int, transferred: S | None = None
) -> Choice[S, E]:
    """The candidate with the highest worst-group accuracy on validation rows; of equals, the first.

    candidates: setting -> fitted estimator; X: what their ``predict`` takes, N rows; y, group: (N,)
    int. transferred: a setting that was chosen elsewhere. It is needed where validation lacks a
    group (at 100 % correlation it has no minority rows, and the paper does not say how it tuned
    there), and refused where it does not.
    """
    if not candidates:
        raise ValueError("nothing to choose from: candidates is empty")
    empty = (group_counts(group, n_groups=n_groups) == 0).nonzero()[0].tolist()
    if empty and transferred is None:
        raise ValueError(
            f"validation has no example of groups {empty}, so its worst group cannot "
            "be measured: leave the "
            "method out ('-'), or give the setting chosen at 95 % correlation as "
            "transferred="
        )
    if not empty and transferred is not None:
        raise ValueError(
            f"transferred={transferred!r}, but validation has every group: choose on it, without "
            "transferred="
        )
    if transferred is not None and transferred not in candidates:
        raise ValueError(
            f"transferred={transferred!r} is not among the candidates; choices: {list(candidates)}"
        )
    table = _table(candidates, X, y, group, n_groups)
    setting = (
        list(candidates)[table["worst_group_accuracy"].argmax()]
        if transferred is None
        else transferred
    )
    table["chosen"] = [candidate == setting for candidate in candidates]
    return Choice(setting, candidates[setting], table, transferred=transferred is not None)


def _table(candidates: Mapping, X, y, group, n_groups: int) -> pd.DataFrame:
    rows = []
    for setting, estimator in candidates.items():
        y_pred = estimator.predict(X)
        worst = metrics.group_accuracy(y, y_pred, group, n_groups=n_groups).accuracy.min(
            skipna=False
        )
        rows.append(
            {
                "setting": setting,
                "worst_group_accuracy": worst,
                "average_accuracy": metrics.average_accuracy(y, y_pred),
            }
        )
    return pd.DataFrame(rows)
