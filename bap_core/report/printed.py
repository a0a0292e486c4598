"""What the paper prints for the two sides of a claim, and what the claim compares as one number:
the measured difference beside the printed one.
"""

import math

import pandas as pd

from bap_core.encoders import checkpoints
from bap_core.evaluation.intervals import Interval
from bap_core.report import criteria, paper_tables

DIGITS = 6  # of an effect: what a bundle keeps of its metrics could change the last ones


def find_printed(
    claim: dict,
    side: str,
    family: str | None,
    *,
    convolutional: bool = False,
    backbone: str = "",
    checkpoint: str = "",
) -> tuple[float, float] | None:
    """The paper's value and standard deviation (with the floor of ``noise``) for one side of a
    claim.

    In the units of the tidy frame: percent become fractions. backbone: the encoder's row in a table
    that has one for every architecture; "" for that of the claim. checkpoint: its name, NAME or
    NAME:WEIGHTS, by which it has a row in a table of checkpoints. None if the claim prints none, or
    not for this family, this kind of encoder or this checkpoint.
    """
    where = claim.get(side)
    if "printed" not in claim or not isinstance(where, dict):
        return None
    names = claim["printed"]["table"]
    table = paper_tables.tables([names] if isinstance(names, str) else names)
    own_row, short = {}, checkpoint.partition(":")[0]
    if "checkpoint" in table and short in checkpoints.known():
        if short not in set(table["checkpoint"]):
            return None
        rows = table.loc[table["checkpoint"] == short, "architecture"]
        own_row = {"architecture": rows.iloc[0], "checkpoint": short}
    elif backbone and "architecture" in claim["printed"]:
        own_row = {"architecture": backbone}
    if not own_row:
        table = table.loc[table["convolutional"] == convolutional]
    if table.empty or (
        family is not None and "family" in table and family not in set(table["family"])
    ):
        return None
    where = {"family": family, **where, **claim["printed"], **own_row}
    if isinstance(where.get("method"), list):  # readings of one method, the printed one first
        where["method"] = where["method"][0]
    wanted = {key: value for key, value in where.items() if key in table}
    rows = table.loc[criteria.match_rows(table, wanted)]
    if len(rows) != 1:
        raise ValueError(
            f"claim {claim['id']!r}, side {side}: {len(rows)} rows of {names} match {where}"
        )
    if rows["value"].isna().all():
        return None
    row, metric, known = rows.iloc[0], where["metric"], paper_tables.claims()
    unit = 100 if row["unit"] == "percent" else 1
    unstated = metric in known["spread_is_not_error"] or pd.isna(row["std"])
    std = 0.0 if unstated else row["std"] / unit
    return row["value"] / unit, max(std, known["noise"].get(metric, 0.0))


def effect(
    claim: dict, gap: Interval | None, values: dict[str, tuple[float, float] | None]
) -> dict | None:
    """What a claim compares as one number, in the unit of its metric: ``mean`` and ``reach`` of the
    measured difference a - b (reach None: one run, nothing is known of its spread), the same
    difference as the paper prints it (``paper``, None where it does not), and the bounds
    ``wanted`` between which all of the interval has to lie, each None if it is open.

    gap: the interval; None, and then the answer is, where nothing was measured or a claim compares
    more than one number. values: `find_printed` of both sides.
    """
    if gap is None:
        return None
    return {
        "metric": "slope" if claim["rule"] == "slope" else claim["a"]["metric"],
        "mean": round(gap.mean, DIGITS),
        "reach": round(gap.reach, DIGITS) if math.isfinite(gap.reach) else None,
        "wanted": _wanted(claim),
        "paper": _printed_difference(claim, values),
    }


def _wanted(claim: dict) -> list[float | None]:
    if "within" in claim:
        return [-claim["within"], claim["within"]]
    margin = claim.get("margin", 0.0)
    return [None, -margin] if claim["rule"] in ("below", "falls") else [margin, None]


def _printed_difference(claim: dict, values: dict) -> float | None:
    sides = []
    for side in ("a", "b"):
        where = claim.get(side)
        if isinstance(where, dict) and values[side]:
            sides.append(values[side][0] * where.get("times", 1))
        elif isinstance(where, int | float):
            sides.append(where)
    return round(sides[0] - sides[1], DIGITS) if len(sides) == 2 else None
