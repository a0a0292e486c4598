"""Drawing evenly over the margins of a guess (paper, appendix L.3): bins of ``|M|``, and one row
from each of them in turn.
"""

import numpy as np
import pandas as pd


def margin_bins(
    margin, *, bounds: tuple[float, float] = (0.20, 0.99), n_bins: int = 15
) -> np.ndarray:
    """Bin of every absolute margin: (N,) float in [-1, 1] -> (N,) int64 in 0..n_bins-1, -1 outside
    the bounds (L.3).

    Bins are equally wide; both bounds belong to the set, and an inner edge to the bin above it.
    """
    low, high = bounds
    if not 0 <= low < high <= 1 or n_bins < 1:
        raise ValueError(
            f"bounds={bounds}, n_bins={n_bins}; needed: 0 <= low < high <= 1 and at least one bin"
        )
    size = np.abs(np.asarray(margin, dtype=np.float64))
    numbers = np.minimum(np.digitize(size, np.linspace(low, high, n_bins + 1)) - 1, n_bins - 1)
    return np.where((size >= low) & (size <= high), numbers, -1)


def round_robin(bins, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """``n`` row numbers in the order drawn, one from each bin in turn, a random one (L.3). bins:
    (N,) int, -1 for none.

    A bin that is used up is passed over. The last round may not reach every bin; chance decides
    which. ValueError if fewer than ``n`` rows have a bin.
    """
    bins = np.asarray(bins, dtype=np.int64)
    rows = rng.permutation(np.flatnonzero(bins >= 0))
    if not 1 <= n <= len(rows):
        raise ValueError(f"n={n} of {len(rows)} rows that have a bin")
    turn = pd.Series(bins[rows]).groupby(bins[rows]).cumcount().to_numpy()
    return rows[np.lexsort((rng.random(len(rows)), turn))[:n]]
