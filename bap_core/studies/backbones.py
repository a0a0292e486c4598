"""How much a result depends on the encoder that one begins with (paper appendix C, Tables 10 and
11).
"""

from collections.abc import Sequence

import pandas as pd

from bap_core.tidy import COLUMNS


def range_over(
    frame: pd.DataFrame, encoders: Sequence[str], *, metric: str = "worst_group_accuracy"
) -> pd.DataFrame:
    """For every method, data set and run, the largest value over ``encoders`` minus the smallest:
    tidy rows ``range_of_<metric>`` under the name of the first, n the number of encoders.

    A method that one of them lacks has no row. ValueError for fewer than two encoders.
    """
    if len(encoders) < 2:
        raise ValueError(f"a range needs two encoders, got {list(encoders)}")
    rows = frame.loc[(frame["metric"] == metric) & frame["encoder"].isin(encoders)]
    keys = ["dataset", "method", "seed", "split", "group"]
    wide = rows.pivot(index=keys, columns="encoder", values="value").dropna()
    if set(wide.columns) != set(encoders):
        return pd.DataFrame(columns=COLUMNS)
    found = (wide.max(axis=1) - wide.min(axis=1)).rename("value").reset_index()
    named = {"encoder": encoders[0], "metric": f"range_of_{metric}", "n": len(encoders)}
    return found.assign(**named)[COLUMNS]
