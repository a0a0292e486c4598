"""How far a measured difference can be trusted: an interval that knows runs and test pictures.

A difference D is measured once per run, always on the same test pictures. Two things could have
come out otherwise: the run (its start, its order, its composites) and the pictures. The first is
seen in the spread over the runs and averages out, the second does not, however many runs there are:

    mean(D) +- sqrt((t s / sqrt(n))^2 + (1.96 tau)^2)

s: standard deviation of D over n runs; t: Student's 97.5 % point of n - 1 degrees of freedom; tau:
standard error of mean(D) from the test pictures (`sampling`). Each part alone gives the usual 95 %
interval. Chosen by a simulation, which is among the tests: one t interval over both variances, with
Welch's degrees of freedom, says "holds" without a difference in 4 % of cases at two runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and how far it reaches to either side, at `LEVEL`. reach is infinite where nothing
    is known of the spread.
    """

    mean: float
    reach: float

    @property
    def low(self) -> float:
        """Lower end."""
        return self.mean - self.reach

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + self.reach

    def above(self, bound: float) -> bool | None:
        """Whether all of it lies above ``bound``: True, False if all lies below, else None. What
        has no width and lies on the bound is not above it.
        """
        if self.low > bound + _TIE:
            return True
        return False if self.high < bound - _TIE or self.reach == 0 else None

    def within(self, bound: float) -> bool | None:
        """Whether all of it lies within ``bound`` of zero: True, False if none does, else None."""
        if max(abs(self.low), abs(self.high)) <= bound + _TIE:
            return True
        return False if self.low > bound + _TIE or self.high < -bound - _TIE else None


_TIE = 1e-12  # a value that equals a bound does not exceed it, whichever way the last bit falls


def interval(
    values: Sequence[float], *, sampling: float = 0.0, one_is_enough: bool = False
) -> Interval:
    """The interval around the mean of ``values``, one per run.

    sampling: tau, the standard error from the test pictures. one_is_enough: nothing was trained, so
    a single run has no other spread than that of its pictures; else a single run says nothing and
    the interval is infinite. ValueError without values.
    """
    found = np.asarray(values, dtype=float)
    n = len(found)
    if not n:
        raise ValueError("no values, so no interval")
    by_picture = float(stats.norm.ppf(0.5 + LEVEL / 2)) * sampling
    if n == 1:
        return Interval(float(found[0]), by_picture if one_is_enough else math.inf)
    by_run = float(stats.t.ppf(0.5 + LEVEL / 2, n - 1)) * found.std(ddof=1) / math.sqrt(n)
    return Interval(float(found.mean()), math.hypot(by_run, by_picture))
