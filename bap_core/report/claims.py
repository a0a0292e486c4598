"""Claims with verdicts: the paper's statement, what was measured, and whether it holds.

At micro scale, and on one's own pictures, only directions are judged: *holds*, *does not hold*,
*not testable here*. At paper scale values are: *reproduced* (direction and every printed value
within noise), *not reproduced*, *not run*. Random weights prove that the path runs; nothing is
judged on them. An encoder that the paper does not have is compared with none of its values, at
whichever scale.
"""

from collections.abc import Mapping

import pandas as pd

from bap_core.encoders.checkpoints import UNKNOWN, Identity
from bap_core.report import criteria, labels, paper_tables, rules

COLUMNS = ["id", "encoder", "claim", "where", "compared", "paper", "measured", "verdict", "reason"]


def judge(
    frame: pd.DataFrame, notebook: str, scale: str, identities: Mapping[str, Identity]
) -> pd.DataFrame:
    """Every claim of a notebook against a tidy frame, one row per claim and encoder; columns
    `COLUMNS`.

    scale: ``micro``, ``own``, ``paper`` or ``random``. identities: encoder name -> what it is in
    the paper's words; an encoder that is not among them is unknown. ValueError for another scale or
    a notebook without claims.
    """
    if scale not in labels.SCALES:
        raise ValueError(f"unknown scale {scale!r}; known: {', '.join(labels.SCALES)}")
    known = {name: identities.get(name, Identity()) for name in frame["encoder"].unique()}
    frame = frame.assign(
        family=[known[name].family for name in frame["encoder"]],
        kind=[known[name].kind for name in frame["encoder"]],
    )
    rows = []
    for claim in read_claims(notebook):
        if claim.get("across"):
            rows.append(_row(frame, claim, "all", None, scale))
            continue
        for encoder in _encoders(known, claim):
            part = frame.loc[frame["encoder"] == encoder]
            rows.append(_row(part, claim, encoder, known[encoder], scale))
    return pd.DataFrame(rows, columns=COLUMNS)


def read_claims(notebook: str) -> list[dict]:
    """The entries of ``claims.yml`` for one notebook. ValueError with the known names if there
    are none.
    """
    entries = paper_tables.claims()["claims"]
    found = [claim for claim in entries if claim["notebook"] == notebook]
    if not found:
        known = dict.fromkeys(claim["notebook"] for claim in entries)
        raise ValueError(
            f"claims.yml has no claim for notebook {notebook!r}; it has: {', '.join(known)}"
        )
    return found


def _encoders(known: Mapping[str, Identity], claim: dict) -> list[str]:
    """Whom a claim is about: every encoder, or those of the kind or family that it names."""
    kind, family = claim["a"].get("kind"), claim["a"].get("family")
    return [
        name
        for name, identity in known.items()
        if kind in (None, identity.kind) and family in (None, identity.family)
    ]


def _row(
    frame: pd.DataFrame, claim: dict, encoder: str, identity: Identity | None, scale: str
) -> dict:
    """identity: of the encoder; None for a claim across all of them."""
    family, convolutional = (identity.family, identity.convolutional) if identity else (None, False)
    values = {
        side: find_printed(claim, side, family, convolutional=convolutional) for side in ("a", "b")
    }
    if scale == "random":
        found = rules.Outcome(None, labels.EMPTY, "random weights")
    else:
        found = rules.RULES[claim["rule"]](frame, claim)
    return {
        "id": claim["id"],
        "encoder": encoder,
        "claim": claim["claim"],
        "where": claim["where"],
        "compared": _compared_words(claim),
        "paper": _paper_words(claim, values),
        "measured": found.measured,
        **_verdict(frame, claim, values, found, scale, of_the_paper=family != UNKNOWN),
    }


def _verdict(
    frame: pd.DataFrame,
    claim: dict,
    values: dict,
    outcome: rules.Outcome,
    scale: str,
    *,
    of_the_paper: bool,
) -> dict:
    if scale != "paper" or not of_the_paper:
        verdict = {None: "not testable here", True: "holds", False: "does not hold"}[outcome.held]
        return {"verdict": verdict, "reason": outcome.reason}
    if outcome.held is None:
        return {"verdict": "not run", "reason": outcome.reason}
    off = [
        side
        for side, value in values.items()
        if value and not criteria.is_within_noise(criteria.read_sample(frame, claim[side]), *value)
    ]
    outside = [f"{rules.describe(claim[side])}: outside the noise" for side in off]
    verdict = "reproduced" if outcome.held and not off else "not reproduced"
    return {"verdict": verdict, "reason": "; ".join(filter(None, [outcome.reason, *outside]))}


def find_printed(
    claim: dict, side: str, family: str | None, *, convolutional: bool = False
) -> tuple[float, float] | None:
    """The paper's value and standard deviation (with the floor of ``noise``) for one side of a
    claim.

    In the units of the tidy frame: percent become fractions. None if the claim prints none, or not
    for this family or this kind of encoder.
    """
    where = claim.get(side)
    if "printed" not in claim or not isinstance(where, dict):
        return None
    names = claim["printed"]["table"]
    table = paper_tables.tables([names] if isinstance(names, str) else names)
    table = table.loc[table["convolutional"] == convolutional]
    if table.empty or (
        family is not None and "family" in table and family not in set(table["family"])
    ):
        return None
    where = {"family": family, **where, **claim["printed"]}
    wanted = {key: value for key, value in where.items() if key in table}
    rows = table.loc[criteria.match_rows(table, wanted)]
    if len(rows) != 1:
        raise ValueError(
            f"claim {claim['id']!r}, side {side}: {len(rows)} rows of {names} match {where}"
        )
    row, metric, known = rows.iloc[0], where["metric"], paper_tables.claims()
    unit = 100 if row["unit"] == "percent" else 1
    std = 0.0 if metric in known["spread_is_not_error"] else row["std"] / unit
    return row["value"] / unit, max(std, known["noise"].get(metric, 0.0))


def _paper_words(claim: dict, values: dict) -> str:
    if "says" in claim:
        return claim["says"]
    metric = claim["a"]["metric"]
    words = [labels.format_number(value[0], metric) for value in values.values() if value]
    if isinstance(claim.get("b"), (int, float)) and claim["rule"] != "slope":
        words.append(f"{labels.format_number(claim['b'], metric)} (threshold)")
    return " vs\N{NO-BREAK SPACE}".join(words) or labels.EMPTY


def _compared_words(claim: dict) -> str:
    """Which quantities stand on the two sides, such as ``WGA: BAP (LP) vs Native (LP),
    Waterbirds, 100 %``.
    """
    a, b = claim["a"], claim.get("b")
    if not isinstance(b, dict):
        return ", ".join(
            labels.label(a[key]) for key in ("metric", "method", "dataset") if key in a
        )
    differing = [
        key for key in ("family", "kind", "metric", "method", "dataset") if a.get(key) != b.get(key)
    ]
    shared = [
        labels.label(a[key])
        for key in ("metric", "method", "dataset")
        if key in a and key not in differing
    ]
    sides = [" ".join(labels.label(side[key]) for key in differing) for side in (a, b)]
    return ", ".join([*shared, " vs ".join(sides)])
