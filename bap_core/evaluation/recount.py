"""Whether measurements are those of their predictions: every accuracy is counted again."""

from collections.abc import Iterator
from typing import Any, cast

import pandas as pd

from bap_core.evaluation import scoring
from bap_core.tidy import RUN

SAME = 1e-9  # apart from the last digits that JSON and CSV keep
COUNTED = (*scoring.ACCURACIES, "group_accuracy")


def recount(metrics: pd.DataFrame, predictions: pd.DataFrame) -> Iterator[str]:
    """A line for every test accuracy, over all groups or of one, that its predictions do not give,
    or whose number of pictures they do not give. Nothing may be measured without predictions, and
    nothing predicted without being measured.
    """
    told = metrics.loc[(metrics["split"] == "test") & metrics["metric"].isin(COUNTED)]
    measured, runs = _by_run(told), _by_run(predictions)
    for key in dict.fromkeys([*measured, *runs]):
        what = " / ".join(map(str, key))
        if key not in measured:
            yield f"{what}: predictions without a measurement"
        elif key in runs:
            counted = scoring.score_run(runs[key])
            yield from (f"{what}: {line}" for line in _compare(measured[key], counted))
        elif len(measured[key].dropna(subset=["value"])):
            yield f"{what}: accuracies without a prediction"


def _by_run(frame: pd.DataFrame) -> dict[tuple, pd.DataFrame]:
    return {cast(tuple, key): rows for key, rows in frame.groupby(RUN, sort=False)}


def _compare(measured: pd.DataFrame, counted: pd.DataFrame) -> Iterator[str]:
    where = ["group", "metric"]
    both = measured.merge(counted, on=where, how="left", suffixes=("", "_counted"))
    for row in cast(list[dict[str, Any]], both.dropna(subset=["value"]).to_dict("records")):
        close = abs(row["value"] - row["value_counted"]) <= SAME
        if not close or row["n"] != row["n_counted"]:
            said = f"{row['metric']} of {row['group']} is {row['value']} of {row['n']} pictures"
            yield f"{said}, its predictions give {row['value_counted']} of {row['n_counted']}"
