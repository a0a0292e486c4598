"""Claims with verdicts: the paper's statement, what was measured, and whether it holds.

At micro scale, and on one's own pictures, only directions are judged: *holds*, *does not hold*,
*not testable here*. At paper scale values are: *reproduced* (direction and every printed value
within noise), *not reproduced*, *not run*. Random weights prove that the path runs; nothing is
judged on them. An encoder that the paper does not have is compared with none of its values, at
whichever scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bap_core.encoders.checkpoints import UNKNOWN, Identity
from bap_core.report import labels, paper_tables, rules

COLUMNS = ["id", "encoder", "claim", "where", "compared", "paper", "measured", "verdict", "reason"]
HELD = ("holds", "reproduced")
FAILED = ("does not hold", "not reproduced")


@dataclass(frozen=True)
class Outcome:
    """What a rule found: whether it held (None: not measured), the measured values in words, the
    reason.
    """

    held: bool | None
    measured: str
    reason: str = ""


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
        **{
            part: frame["encoder"].map(
                {name: getattr(identity, part) for name, identity in known.items()}
            )
            for part in ("family", "kind")
        }
    )
    rows = []
    for claim in of_notebook(notebook):
        for encoder in [None] if claim.get("across") else _encoders(known, claim):
            part = frame if encoder is None else frame[frame["encoder"] == encoder]
            rows.append(_row(part, claim, encoder, known.get(encoder), scale))
    return pd.DataFrame(rows, columns=COLUMNS)


def of_notebook(notebook: str) -> list[dict]:
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
    frame: pd.DataFrame, claim: dict, encoder: str | None, identity: Identity | None, scale: str
) -> dict:
    """identity: of the encoder; None for a claim across all of them."""
    family, convolutional = (identity.family, identity.convolutional) if identity else (None, False)
    values = {
        side: printed_value(claim, side, family, convolutional=convolutional) for side in ("a", "b")
    }
    judged = (
        RULES[claim["rule"]](frame, claim)
        if scale != "random"
        else Outcome(None, labels.EMPTY, "random weights")
    )
    return {
        "id": claim["id"],
        "encoder": encoder or "all",
        "claim": claim["claim"],
        "where": claim["where"],
        "compared": _compared_words(claim),
        "paper": _paper_words(claim, values),
        "measured": judged.measured,
        **_verdict(frame, claim, values, judged, scale, of_the_paper=family != UNKNOWN),
    }


def _verdict(
    frame, claim: dict, values: dict, outcome: Outcome, scale: str, *, of_the_paper: bool
) -> dict:
    if scale != "paper" or not of_the_paper:
        verdict = {None: "not testable here", True: "holds", False: "does not hold"}[outcome.held]
        return {"verdict": verdict, "reason": outcome.reason}
    if outcome.held is None:
        return {"verdict": "not run", "reason": outcome.reason}
    off = [
        side
        for side, value in values.items()
        if value and not _within_noise(frame, claim, side, value)
    ]
    outside = [f"{_term_words(claim[side])}: outside the noise" for side in off]
    verdict = "reproduced" if outcome.held and not off else "not reproduced"
    return {"verdict": verdict, "reason": "; ".join(filter(None, [outcome.reason, *outside]))}


def _within_noise(frame, claim: dict, side: str, value: tuple[float, float]) -> bool:
    return rules.within_noise(rules.sample(frame, claim[side]), *value)


def printed_value(
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
    table = paper_tables.tables([names] if isinstance(names, str) else names).query(
        "convolutional == @convolutional"
    )
    if table.empty or family is not None and family not in set(table.get("family", [family])):
        return None
    where = {"family": family, **where, **claim["printed"]}
    rows = table.loc[
        rules.matching(table, {key: where[key] for key in table.columns.intersection(list(where))})
    ]
    if len(rows) != 1:
        raise ValueError(
            f"claim {claim['id']!r}, side {side}: {len(rows)} rows of {names} match {where}"
        )
    row, unit = rows.iloc[0], 100 if rows.iloc[0]["unit"] == "percent" else 1
    std = (
        0.0
        if where["metric"] in paper_tables.claims()["spread_is_not_error"]
        else row["std"] / unit
    )
    return row["value"] / unit, max(std, paper_tables.claims()["noise"].get(where["metric"], 0.0))


def _paper_words(claim: dict, values: dict) -> str:
    if "says" in claim:
        return claim["says"]
    metric = claim["a"]["metric"]
    words = [labels.number(value[0], metric) for value in values.values() if value]
    if isinstance(claim.get("b"), (int, float)) and claim["rule"] != "slope":
        words.append(f"{labels.number(claim['b'], metric)} (threshold)")
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


def _term_words(term: dict) -> str:
    return (
        " ".join(str(term[key]) for key in ("family", "kind", "method", "dataset") if key in term)
        or term["metric"]
    )


# -- one function per rule of claims.yml: (frame, claim) -> Outcome --------------------------------


def _two_samples(frame, claim) -> tuple[rules.Sample, rules.Sample]:
    b = claim["b"]
    return rules.sample(frame, claim["a"]), rules.sample(frame, b) if isinstance(
        b, dict
    ) else rules.constant(b)


def _compared(frame, claim, holds) -> Outcome:
    a, b = _two_samples(frame, claim)
    for term, found in ((claim["a"], a), (claim["b"], b)):
        if not found.values:
            return Outcome(None, labels.EMPTY, f"no measurement of {_term_words(term)}")
    metric = claim["a"]["metric"]
    words = labels.spread(a.mean, a.std, metric)
    if isinstance(claim["b"], dict):
        words += f" vs\N{NO-BREAK SPACE}{labels.spread(b.mean, b.std, metric)}"
    return Outcome(holds(a, b), words, _difference(a, b, claim))


def _difference(a: rules.Sample, b: rules.Sample, claim: dict) -> str:
    metric, gap, error = claim["a"]["metric"], a.mean - b.mean, (a.error**2 + b.error**2) ** 0.5
    sign = "+" if gap > 0 else ""
    words = f"difference {sign}{labels.number(gap, metric, beside=a.mean)}"
    for key, verb in (("margin", "needed"), ("within", "allowed")):
        words += (
            f" ({labels.number(claim[key], metric, beside=a.mean)} {verb})" if key in claim else ""
        )
    if len(a.values) == 1:
        return f"{words}, one seed: no spread known"
    return f"{words}, standard error {labels.number(error, metric, beside=a.mean)}"


def _above(frame, claim) -> Outcome:
    return _compared(
        frame, claim, lambda a, b: rules.exceeds(a, b, margin=claim.get("margin", 0.0))
    )


def _below(frame, claim) -> Outcome:
    return _compared(
        frame, claim, lambda a, b: rules.exceeds(b, a, margin=claim.get("margin", 0.0))
    )


def _close(frame, claim) -> Outcome:
    return _compared(frame, claim, lambda a, b: rules.close(a, b, within=claim["within"]))


def _on_curve(frame, claim, decide) -> Outcome:
    ks, values = rules.curve(frame, claim["a"])
    if len(ks) < 3 or len(values) == 0:
        return Outcome(
            None,
            labels.EMPTY,
            f"{claim['a']['metric']} at {len(ks)} values of K; a curve needs three",
        )
    return decide(ks, values)


def _trend(frame, claim, sign: int) -> Outcome:
    def decide(ks, values):
        found, metric = rules.trend(ks, sign * values), claim["a"]["metric"]
        mean = [labels.number(value, metric) for value in values.mean(axis=0)]
        words = f"{mean[0]} at K = {ks[0]:.0f}, {mean[-1]} at K = {ks[-1]:.0f}"
        error = labels.number(found.error, metric, beside=found.gap)
        return Outcome(
            found.rises, words, f"standard error {error}, rank correlation {sign * found.rank:.2f}"
        )

    return _on_curve(frame, claim, decide)


def _slope(frame, claim) -> Outcome:
    def decide(ks, values):
        found = rules.slopes(ks, values)
        held = rules.close(found, rules.constant(claim["b"]), within=claim["within"])
        return Outcome(
            held,
            f"slope {labels.spread(found.mean, found.std, 'slope')}",
            f"{claim['within']} allowed",
        )

    return _on_curve(frame, claim, decide)


RULES = {
    "above": _above,
    "below": _below,
    "close": _close,
    "rises": lambda frame, claim: _trend(frame, claim, +1),
    "falls": lambda frame, claim: _trend(frame, claim, -1),
    "slope": _slope,
}
