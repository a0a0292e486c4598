"""The criteria that a claim's rule applies (`rules.RULES`): pure functions of samples (one value
per seed) and of K curves.

A difference counts only if it is larger than its standard error, sqrt(s_a^2/n_a + s_b^2/n_b),
wherever there is more than one seed to estimate it from.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from bap_core.metrics import power_law_slope

SMALLEST_RANK_CORRELATION = 0.9
# a difference that equals its error does not exceed it, whichever way the last bit falls
TIE = 1e-12


@dataclass(frozen=True)
class Sample:
    """Measurements of one quantity, one per seed: values (n,)."""

    values: tuple[float, ...]

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

    @property
    def error(self) -> float:
        """Standard error of the mean; 0 for a constant or a single seed."""
        return self.std / np.sqrt(len(self.values)) if len(self.values) > 1 else 0.0


def as_sample(value: float) -> Sample:
    """A fixed number (chance, a printed threshold) as a sample without spread."""
    return Sample((float(value),))


def read_sample(frame: pd.DataFrame, where: dict) -> Sample:
    """The values of the rows of a tidy frame that match every ``column: value`` of ``where``, one
    per seed.

    Rows of one seed (several encoders or splits) are averaged first. NaN values count as not
    measured.
    """
    rows = frame.loc[match_rows(frame, where)].dropna(subset=["value"])
    return Sample(tuple(rows.groupby("seed")["value"].mean()))


def match_rows(frame: pd.DataFrame, where: dict) -> pd.Series:
    """Boolean mask (N,) of the rows that match ``where``. ValueError for a column that the frame
    lacks.
    """
    if missing := set(where) - set(frame.columns):
        raise ValueError(f"claim filters on {sorted(missing)}, the frame has {list(frame.columns)}")
    mask = pd.Series(True, index=frame.index)
    for column, value in where.items():
        mask &= frame[column] == value
    return mask


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


def exceeds(a: Sample, b: Sample, *, margin: float = 0.0) -> bool:
    """Whether mean(a) - mean(b) is above ``margin`` by more than its standard error."""
    return bool(a.mean - b.mean - margin > np.hypot(a.error, b.error) + TIE)


def is_close(a: Sample, b: Sample, *, within: float) -> bool:
    """Whether the two means differ by at most ``within``. Spread is no excuse here: the means
    alone decide.
    """
    return bool(abs(a.mean - b.mean) <= within + TIE)


@dataclass(frozen=True)
class Trend:
    """How a curve goes with K: end minus start and its standard error, and the rank correlation
    of K with the mean.
    """

    gap: float
    error: float
    rank: float

    @property
    def rises(self) -> bool:
        """Whether the ends are apart upwards by more than the standard error and the order is
        kept (rank >= 0.9).
        """
        return bool(self.gap > self.error + TIE and self.rank >= SMALLEST_RANK_CORRELATION - TIE)


def fit_trend(ks: np.ndarray, values: np.ndarray) -> Trend:
    """The trend of a curve. ks (n,) increasing, values (seeds, n); Spearman's correlation is
    over the mean curve.
    """
    first, last = Sample(tuple(values[:, 0])), Sample(tuple(values[:, -1]))
    rank = cast(Any, spearmanr(ks, values.mean(axis=0))).statistic  # SciPy does not say its type
    return Trend(last.mean - first.mean, float(np.hypot(first.error, last.error)), float(rank))


def fit_slopes(ks: np.ndarray, values: np.ndarray) -> Sample:
    """Slope on log-log axes, one per seed: -1 for a 1/K decay. ks (n,), values (seeds, n), all
    positive.
    """
    return Sample(tuple(power_law_slope(ks, row) for row in values))


def is_within_noise(measured: Sample, value: float, std: float) -> bool:
    """Whether ``|measured - paper| <= 2 sqrt(std_paper^2 + std_measured^2)``, stds over the
    runs, in the value's units.
    """
    own = 0.0 if np.isnan(measured.std) else measured.std
    return bool(abs(measured.mean - value) <= 2 * np.hypot(std, own))
