"""Standard errors, from the test pictures, of what a claim compares.

Where predictions are at hand the pictures are drawn anew for both sides at once (`sampling`);
otherwise each side has the error of a share of n pictures, or of a mean whose spread the frame
states, and the two are added as if they were of different pictures, which is never too little.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bap_core.evaluation import sampling
from bap_core.report import criteria, labels

Side = tuple[float, Mapping]  # sign, and the filter of a claim
_RUN = ["dataset", "encoder", "method"]
_RANGE = "range_of_"  # a largest value minus a smallest one: the error of a difference


def sampling_error(
    frame: pd.DataFrame, sides: Sequence[Side], seeds: Sequence[int], answers: sampling.Known
) -> float:
    """Standard error of ``sum of sign * mean over seeds``; 0 where nothing is known of it."""
    measured = [_rows(frame, where, seeds) for _, where in sides]
    drawn = [_with_answers(side, rows, answers) for side, rows in zip(sides, measured)]
    if all(drawn):
        named = sorted(str(dict(where)) for _, where in sides)
        return sampling.bootstrap([one for found in drawn for one in found], *named)
    errors = (abs(sign) * _own_error(frame, rows) for (sign, _), rows in zip(sides, measured))
    return math.hypot(*errors)


def _rows(frame: pd.DataFrame, where: Mapping, seeds: Sequence[int]) -> pd.DataFrame:
    rows = frame.loc[criteria.match_rows(frame, dict(where))].dropna(subset=["value"])
    return rows[rows["seed"].isin(list(seeds))]


def _with_answers(side: Side, rows: pd.DataFrame, answers: sampling.Known) -> list:
    """Sign, metric and answers of every method that is meant; empty if they are not all known."""
    (sign, where), seeds = side, rows["seed"].unique().tolist()
    runs = [tuple(names) for names in rows[_RUN].drop_duplicates().to_numpy().tolist()]
    if where["metric"] not in sampling.METRICS or not set(runs) <= set(answers):
        return []
    return [(sign / len(runs), where["metric"], answers[run].of_seeds(seeds)) for run in runs]


def _own_error(frame: pd.DataFrame, rows: pd.DataFrame) -> float:
    """Root of the mean variance of the rows: seeds share their pictures, so more of them do not
    make it smaller.
    """
    if rows.empty:
        return 0.0
    if rows["metric"].iloc[0].startswith(_RANGE):
        return math.sqrt(2) * _own_error(frame, _behind_range(frame, rows))
    if labels.is_accuracy(rows["metric"].iloc[0]):
        # one right and one wrong picture more, so that 0 of n is not without error
        n = rows["n"].to_numpy(dtype=float)
        share = (rows["value"].to_numpy() * n + 1) / (n + 2)
        return float(np.sqrt(np.mean(share * (1 - share) / n)))
    return _stated_error(frame, rows)


def _behind_range(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose largest and smallest value make a range; its own n counts encoders, no
    pictures.
    """
    keys = ["dataset", "method", "seed", "split", "group"]
    metric = rows["metric"].iloc[0].removeprefix(_RANGE)
    same = frame[(frame["metric"] == metric) & frame["value"].notna()]
    return rows[keys].merge(same, on=keys)


def _stated_error(frame: pd.DataFrame, rows: pd.DataFrame) -> float:
    """By the rows ``<metric>_std`` beside them: the spread of n measurements over the root of n."""
    keys = [*_RUN, "seed", "split", "group"]
    spread = frame[frame["metric"] == f"{rows['metric'].iloc[0]}_std"]
    errors = spread.set_index(keys)["value"] ** 2 / spread.set_index(keys)["n"]
    found = errors.reindex(rows.set_index(keys).index).dropna()
    return float(np.sqrt(found.mean())) if len(found) else 0.0
