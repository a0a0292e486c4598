"""What a claim's rule (`rules.RULES`) reads off a tidy frame: samples of one value per seed, curves
over K, and the three ways in which an interval can lie to a bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from bap_core.evaluation.intervals import Interval, interval
from bap_core.metrics import power_law_slope

VERDICTS = HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
SMALLEST_RANK_CORRELATION = 0.9
_TIE = 1e-12


@dataclass(frozen=True)
class Sample:
    """Measurements of one quantity, one per seed: values (n,) and their seeds. A fixed number
    (chance, a printed threshold) has no seeds.
    """

    values: tuple[float, ...]
    seeds: tuple[int, ...] = ()

    @property
    def mean(self) -> float:
        """Mean over the seeds; NaN if nothing was measured."""
        return float(np.mean(self.values)) if self.values else float("nan")

    @property
    def std(self) -> float:
        """Standard deviation over the seeds (n - 1); NaN for one seed, which says nothing about
        spread.
        """
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")


def as_sample(value: float) -> Sample:
    """A fixed number as a sample without seeds."""
    return Sample((float(value),))


def read_sample(frame: pd.DataFrame, where: dict) -> Sample:
    """The values of the rows of a tidy frame that match every ``column: value`` of ``where``, one
    per seed.

    Rows of one seed (several encoders or splits) are averaged first. NaN values count as not
    measured. ``times`` in ``where`` is no column: the values are multiplied by it.
    """
    rows = frame.loc[match_rows(frame, where)].dropna(subset=["value"])
    found = rows.groupby("seed")["value"].mean() * where.get("times", 1)
    return Sample(tuple(found), tuple(int(cast(Any, seed)) for seed in found.index))


def match_rows(frame: pd.DataFrame, where: dict) -> pd.Series:
    """Boolean mask (N,) of the rows that match ``where``, but for its ``times``. ValueError for a
    column that the frame lacks.
    """
    where = {column: value for column, value in where.items() if column != "times"}
    if missing := set(where) - set(frame.columns):
        raise ValueError(f"claim filters on {sorted(missing)}, the frame has {list(frame.columns)}")
    mask = pd.Series(True, index=frame.index)
    for column, value in where.items():
        mask &= frame[column] == value
    return mask


def differences(a: Sample, b: Sample) -> Sample:
    """a - b, seed by seed, for the seeds that both have; a fixed number is taken from every one."""
    if not b.seeds:
        return Sample(tuple(value - b.mean for value in a.values), a.seeds)
    of_b = dict(zip(b.seeds, b.values))
    shared = [(seed, value) for seed, value in zip(a.seeds, a.values) if seed in of_b]
    return Sample(
        tuple(value - of_b[seed] for seed, value in shared), tuple(seed for seed, _ in shared)
    )


def read_curve(frame: pd.DataFrame, where: dict) -> tuple[np.ndarray, np.ndarray]:
    """A quantity against K: ks (n,) increasing, values (seeds, n). The K of a row stands in
    ``group`` as ``K=10``.
    """
    rows = frame.loc[match_rows(frame, where)].dropna(subset=["value"])
    rows = rows.assign(k=read_k(rows["group"]))
    wide = rows.pivot_table(index="seed", columns="k", values="value").dropna(axis=1)
    return wide.columns.to_numpy(dtype=float), wide.to_numpy(dtype=float)


def read_k(group: pd.Series) -> pd.Series:
    """K (int) of group names such as ``K=10``. ValueError for another name."""
    found = group.astype(str).str.extract(r"^K=(\d+)$")[0]
    if found.isna().any():
        raise ValueError(f"group {group.loc[found.isna()].iloc[0]!r} is not of the form 'K=10'")
    return found.astype(int)


def in_words(decided: bool | None) -> str:
    """The verdict for an interval that lies on the right side, on the wrong one, or on both."""
    return {True: HOLDS, False: FAILS, None: UNDECIDED}[decided]


@dataclass(frozen=True)
class Trend:
    """How a curve goes with K: the interval of end minus start, and the rank correlation of K
    with the mean.
    """

    gap: Interval
    rank: float

    @property
    def rises(self) -> bool | None:
        """True if the end lies surely above the start and the order is kept (rank >= 0.9), False
        if it lies surely below, else None.
        """
        above = self.gap.above(0.0)
        return None if above and self.rank < SMALLEST_RANK_CORRELATION - _TIE else above


def fit_trend(ks: np.ndarray, values: np.ndarray) -> Trend:
    """The trend of a curve. ks (n,) increasing, values (seeds, n); Spearman's correlation is
    over the mean curve.
    """
    rank = cast(Any, spearmanr(ks, values.mean(axis=0))).statistic  # SciPy does not say its type
    return Trend(interval((values[:, -1] - values[:, 0]).tolist()), float(rank))


def fit_slopes(ks: np.ndarray, values: np.ndarray) -> Sample:
    """Slope on log-log axes, one per seed: -1 for a 1/K decay. ks (n,), values (seeds, n), all
    positive.
    """
    slopes: Sequence[float] = [power_law_slope(ks, row) for row in values]
    return Sample(tuple(slopes), tuple(range(len(slopes))))
