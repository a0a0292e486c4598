"""What each rule of ``claims.yml`` finds in a tidy frame: one function per rule."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bap_core.report import criteria, labels


@dataclass(frozen=True)
class Outcome:
    """What a rule found: whether it held (None: not measured), the measured values in words, the
    reason.
    """

    held: bool | None
    measured: str
    reason: str = ""


def describe(term: dict) -> str:
    """Who or what is measured on one side of a claim: encoders, method and data set, else the
    metric.
    """
    named = [str(term[key]) for key in ("family", "kind", "method", "dataset") if key in term]
    return " ".join(named) or term["metric"]


def _compare(
    frame: pd.DataFrame, claim: dict, holds: Callable[[criteria.Sample, criteria.Sample], bool]
) -> Outcome:
    terms, samples = (claim["a"], claim["b"]), []
    for term in terms:
        found = (
            criteria.read_sample(frame, term)
            if isinstance(term, dict)
            else criteria.as_sample(term)
        )
        if not found.values:
            return Outcome(None, labels.EMPTY, f"no measurement of {describe(term)}")
        samples.append(found)
    words = [
        labels.format_spread(found.mean, found.std, claim["a"]["metric"])
        for term, found in zip(terms, samples)
        if isinstance(term, dict)
    ]
    a, b = samples
    return Outcome(holds(a, b), " vs\N{NO-BREAK SPACE}".join(words), _difference(a, b, claim))


def _difference(a: criteria.Sample, b: criteria.Sample, claim: dict) -> str:
    def written(value: float) -> str:
        return labels.format_number(value, claim["a"]["metric"], beside=a.mean)

    gap = a.mean - b.mean
    words = f"difference {'+' if gap > 0 else ''}{written(gap)}"
    for key, verb in (("margin", "needed"), ("within", "allowed")):
        words += f" ({written(claim[key])} {verb})" if key in claim else ""
    if len(a.values) == 1:
        return f"{words}, one seed: no spread known"
    return f"{words}, standard error {written((a.error**2 + b.error**2) ** 0.5)}"


def _above(frame: pd.DataFrame, claim: dict) -> Outcome:
    margin = claim.get("margin", 0.0)
    return _compare(frame, claim, lambda a, b: criteria.exceeds(a, b, margin=margin))


def _below(frame: pd.DataFrame, claim: dict) -> Outcome:
    margin = claim.get("margin", 0.0)
    return _compare(frame, claim, lambda a, b: criteria.exceeds(b, a, margin=margin))


def _close(frame: pd.DataFrame, claim: dict) -> Outcome:
    return _compare(frame, claim, lambda a, b: criteria.is_close(a, b, within=claim["within"]))


def _on_curve(
    frame: pd.DataFrame, claim: dict, decide: Callable[[np.ndarray, np.ndarray], Outcome]
) -> Outcome:
    ks, values = criteria.read_curve(frame, claim["a"])
    if len(ks) < 3 or len(values) == 0:
        reason = f"{claim['a']['metric']} at {len(ks)} values of K; a curve needs three"
        return Outcome(None, labels.EMPTY, reason)
    return decide(ks, values)


def _trend(frame: pd.DataFrame, claim: dict, sign: int) -> Outcome:
    def decide(ks, values):
        found, metric = criteria.fit_trend(ks, sign * values), claim["a"]["metric"]
        mean = [labels.format_number(value, metric) for value in values.mean(axis=0)]
        words = f"{mean[0]} at K = {ks[0]:.0f}, {mean[-1]} at K = {ks[-1]:.0f}"
        error = labels.format_number(found.error, metric, beside=found.gap)
        reason = f"standard error {error}, rank correlation {sign * found.rank:.2f}"
        return Outcome(found.rises, words, reason)

    return _on_curve(frame, claim, decide)


def _slope(frame: pd.DataFrame, claim: dict) -> Outcome:
    def decide(ks, values):
        found = criteria.fit_slopes(ks, values)
        held = criteria.is_close(found, criteria.as_sample(claim["b"]), within=claim["within"])
        words = f"slope {labels.format_spread(found.mean, found.std, 'slope')}"
        return Outcome(held, words, f"{claim['within']} allowed")

    return _on_curve(frame, claim, decide)


# What a claim's ``rule`` names: (frame, claim) -> Outcome.
RULES: dict[str, Callable[[pd.DataFrame, dict], Outcome]] = {
    "above": _above,
    "below": _below,
    "close": _close,
    "rises": lambda frame, claim: _trend(frame, claim, +1),
    "falls": lambda frame, claim: _trend(frame, claim, -1),
    "slope": _slope,
}
