"""The one result type: a tidy frame, a row per measurement. Methods make it, tables, figures and
claims only read it. Beside it, a row per picture: what was answered.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

RUN = ["dataset", "encoder", "method", "seed"]
# What was measured of whom. One run measures each of these once.
KEYS = [*RUN, "split", "group", "metric"]
COLUMNS = [*KEYS, "value", "n"]
ANSWERS = [*RUN, "picture", "label", "group", "group_name", "n_train", "prediction", "score"]


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all frames as one. ValueError, as of `refuse_repeated`, if a measurement is
    there twice.
    """
    frame = pd.concat(list(frames), ignore_index=True)
    refuse_repeated(frame)
    return frame


def refuse_repeated(frame: pd.DataFrame) -> None:
    """ValueError that names the measurements which stand in the frame more than once.

    Tables average the rows of one seed, so a second measurement under the same names would change a
    number in silence. It happens when a cell that adds to a list is run again.
    """
    repeated = frame.loc[frame.duplicated(KEYS, keep=False)]
    if repeated.empty:
        return
    names = [" / ".join(map(str, row)) for row in repeated[KEYS].drop_duplicates().to_numpy()]
    shown = "; ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    raise ValueError(
        f"measured more than once: {shown}. A cell that adds to a list was run twice: run the cell "
        "that makes the list first, or give the second measurement another method's name or seed"
    )


def strongest(
    frame: pd.DataFrame, methods: Sequence[str], *, metric: str = "worst_group_accuracy"
) -> dict[tuple[str, str], str]:
    """Of several readings of one method, such as "AFR" and "AFR (ERM)", the best for every
    (dataset, encoder): the highest mean of ``metric`` over all groups and runs; of equals, the one
    that ``methods`` names first.

    It is told by the test rows and favours the readings: who is to beat the method has to beat its
    best one, on each encoder and set. Where none of them was measured there is no entry.
    """
    of_all = (frame["metric"] == metric) & (frame["group"] == "all")
    rows = frame.loc[of_all & frame["method"].isin(methods)].dropna(subset=["value"])
    means = rows.groupby(["dataset", "encoder", "method"])["value"].mean().unstack("method")
    best = means.reindex(columns=[name for name in methods if name in means]).idxmax(axis=1)
    return {(str(dataset), str(encoder)): name for (dataset, encoder), name in best.items()}
