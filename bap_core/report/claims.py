"""Claims with verdicts: the paper's statement, what was measured, and whether it holds.

A verdict comes from a 95 % interval (`evaluation.intervals`) and can come out three ways: *holds*,
*does not hold*, *undecided*; or *not testable here*. At micro scale, and on one's own pictures,
only directions are judged. At paper scale values are, by equivalence: *reproduced* if the direction
holds and every measured value lies, with all of its interval, within a margin of the printed one;
*not reproduced* if the direction does not hold or a value lies outside; else *undecided*.
The margin is fixed beforehand: twice the printed spread and the error of a share of so many test
pictures, taken together. A claim without a printed value is never reproduced, it holds or not.
Random weights prove that the path runs; nothing is judged on them, nor on a world that is too small
to mean anything. An encoder that the paper does not have is compared with none of its values.
"""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from bap_core import tidy
from bap_core.encoders.checkpoints import UNKNOWN, Identity
from bap_core.evaluation import sampling
from bap_core.report import criteria, labels, paper_tables, printed, rules, series

# Scales at which nothing is judged, and why.
UNJUDGED = {
    "random": "random weights",
    "smoke": "a world too small to mean anything",
    "toy": "an encoder that has seen drawings only, on photographs",
}
UNTESTED = "not testable here"  # nothing was measured that a claim could be judged by
# What is no evidence, or weak, and says so.
REMARKS = {
    "check": "a check of the arithmetic, no evidence",
    "calibrated": "the micro world was calibrated on this figure, no evidence there",
    "in_sample": "on the pictures that were trained on",
}
COLUMNS = ["id", "encoder", "claim", "where", "compared", "paper", "measured", "verdict"]
COLUMNS += ["reason", "effect"]


def judge(
    frame: pd.DataFrame,
    notebook: str,
    scale: str,
    identities: Mapping[str, Identity],
    predictions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every claim of a notebook against a tidy frame, one row per claim and encoder; columns
    `COLUMNS`.

    scale: a name of `labels.SCALES`. predictions: `evaluation.predictions` of the same runs, by
    which two methods are compared picture by picture; without them each is given the error of a
    share of n. identities: encoder name -> what it is in the paper's words; an encoder that is not
    among them is unknown. ValueError for another scale or a notebook without claims.
    """
    if scale not in labels.SCALES:
        raise ValueError(f"unknown scale {scale!r}; known: {', '.join(labels.SCALES)}")
    known = {name: identities.get(name, Identity()) for name in frame["encoder"].unique()}
    frame = frame.assign(
        family=[known[name].family for name in frame["encoder"]],
        kind=[known[name].kind for name in frame["encoder"]],
    )
    rows, answers = [], sampling.read_answers(predictions)
    for claim in read_claims(notebook):
        if claim.get("across"):
            rows.append(_row(frame, claim, "all", None, scale, answers))
            continue
        for encoder in _encoders(frame, known, claim):
            part = frame.loc[frame["encoder"] == encoder]
            rows.append(_row(part, claim, encoder, known[encoder], scale, answers))
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


def _encoders(frame: pd.DataFrame, known: Mapping[str, Identity], claim: dict) -> Iterable[str]:
    """Whom a claim is about: every encoder, or those of the kind or family that it names; of these
    those that its figure was measured of at all, if it was of any.
    """
    kind, family = claim["a"].get("kind"), claim["a"].get("family")
    named = [
        name
        for name, identity in known.items()
        if kind in (None, identity.kind) and family in (None, identity.family)
    ]
    asked = [frame[key] == claim["a"][key] for key in ("dataset", "metric") if key in claim["a"]]
    there = set(frame.loc[pd.concat(asked, axis=1).all(axis=1), "encoder"]) if asked else set()
    return [name for name in named if name in there] or named


def _row(
    frame: pd.DataFrame,
    claim: dict,
    encoder: str,
    identity: Identity | None,
    scale: str,
    answers: sampling.Known,
) -> dict:
    """identity: of the encoder; None for a claim across all of them."""
    measured = _with_methods_at_hand(frame, claim, encoder)
    family = identity.family if identity else None
    own = {}
    if identity:
        own = {"convolutional": identity.convolutional, "backbone": identity.backbone}
        own["checkpoint"] = encoder
    values = {side: printed.find_printed(claim, side, family, **own) for side in ("a", "b")}
    if scale == "random":
        found = rules.Outcome(None, labels.EMPTY, UNJUDGED[scale])
    else:
        found = rules.RULES[claim["rule"]](frame, measured, answers)
    if scale != "paper" or family == UNKNOWN:
        verdict, reason = _direction(found, scale)
    else:
        verdict, reason = _equivalence(frame, measured, values, found, answers)
    return {
        "id": claim["id"],
        "encoder": encoder,
        "claim": claim["claim"],
        "where": "; ".join(
            [claim["where"], *(REMARKS[flag] for flag in REMARKS if claim.get(flag))]
        ),
        "compared": _compared_words(measured),
        "paper": _paper_words(claim, values),
        "measured": found.measured,
        "verdict": verdict,
        "reason": reason,
        "effect": printed.effect(claim, found.gap, values),
    }


def _with_methods_at_hand(frame: pd.DataFrame, claim: dict, encoder: str) -> dict:
    """The claim about methods of this frame: of several readings of one the strongest on this
    encoder (the first where none was measured), and of a series the member that is meant.
    """
    sides = {}
    for side in ("a", "b"):
        where = claim.get(side)
        if not isinstance(where, dict) or "method" not in where:
            continue
        found = where["method"]
        readings: list[str] = found if isinstance(found, list) else [found]
        best = tidy.strongest(frame, readings) if readings[1:] else {}
        method = best.get((where.get("dataset", ""), encoder), readings[0])
        sides[side] = {**where, "method": series.resolve(frame["method"], method)}
    return {**claim, **sides}


def _direction(found: rules.Outcome, scale: str) -> tuple[str, str]:
    if scale in UNJUDGED:
        return "not judged", UNJUDGED[scale]
    return found.verdict or UNTESTED, found.reason


def _equivalence(
    frame: pd.DataFrame, claim: dict, values: dict, found: rules.Outcome, answers: sampling.Known
) -> tuple[str, str]:
    """Verdict and reason against the printed values of the sides that have one."""
    if found.verdict is None:
        return "not run", found.reason
    stated = {side: value for side, value in values.items() if value}
    if not stated:
        return found.verdict, found.reason
    lying, reasons = [], [found.reason]
    for side, value in stated.items():
        where = {key: wanted for key, wanted in claim[side].items() if key != "times"}
        near, words = _compare_with_printed(frame, where, value, answers)
        lying.append(near)
        reasons += [] if near else [words]
    reason = "; ".join(filter(None, reasons))
    if found.verdict == criteria.FAILS or False in lying:
        return "not reproduced", reason
    if found.verdict == criteria.HOLDS and all(lying):
        return "reproduced", reason
    return criteria.UNDECIDED, reason


def _compare_with_printed(
    frame: pd.DataFrame, where: dict, stated: tuple[float, float], answers: sampling.Known
) -> tuple[bool | None, str]:
    """Whether the interval of what was measured lies within the margin of the printed value (None:
    partly), and in words.
    """
    value, std = stated
    sample, metric = criteria.read_sample(frame, where), where["metric"]
    margin = equivalence_margin(value, std, metric, _test_pictures(frame, where))
    off = criteria.differences(sample, criteria.as_sample(value))
    gap = rules.interval_of(frame, [(1.0, where)], off, answers)
    near = gap.within(margin)
    low, high, allowed = (
        labels.format_number(number, metric)
        for number in (value + gap.low, value + gap.high, margin)
    )
    side = "outside" if near is False else "not wholly inside"
    return near, (
        f"{rules.describe(where)}: interval {low} to {high}, {side} of {allowed} around the "
        f"printed {labels.format_number(value, metric)}"
    )


def equivalence_margin(value: float, std: float, metric: str, n: int) -> float:
    """How far from a printed value counts as the same: twice the printed spread (with its floor)
    and, for a share of n test pictures, the error of that share.

    It knows nothing of what was measured, so a noisy run cannot widen it.
    """
    by_picture = math.sqrt(value * (1 - value) / n) if labels.is_accuracy(metric) and n else 0.0
    return 2 * math.hypot(std, by_picture)


def _test_pictures(frame: pd.DataFrame, where: dict) -> int:
    return int(frame.loc[criteria.match_rows(frame, where), "n"].min())


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
    named = ("family", "kind", "metric", "method", "group", "dataset")
    differing = [key for key in named if a.get(key) != b.get(key)]
    shared = [labels.label(a[key]) for key in named[2:] if key in a and key not in differing]
    sides = [
        " ".join(labels.label(side[key]) for key in differing if key in side) for side in (a, b)
    ]
    sides[1] = f"{b['times']:g} x {sides[1]}" if "times" in b else sides[1]
    return ", ".join([*shared, " vs ".join(sides)])
