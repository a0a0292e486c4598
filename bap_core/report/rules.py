"""What each rule of ``claims.yml`` finds in a tidy frame: one function per rule."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bap_core.evaluation.intervals import Interval, interval
from bap_core.evaluation.sampling import Known
from bap_core.report import criteria, labels, uncertainty


@dataclass(frozen=True)
class Outcome:
    """What a rule found: `criteria.HOLDS`, `FAILS` or `UNDECIDED` (None: not measured), the
    measured values in words, the reason, and the interval that decided, where it was one.
    """

    verdict: str | None
    measured: str
    reason: str = ""
    gap: Interval | None = None


def describe(term: dict) -> str:
    """Who or what is measured on one side of a claim: encoders, method and data set, else the
    metric.
    """
    named = [str(term[key]) for key in ("family", "kind", "method", "dataset") if key in term]
    return " ".join(named) or term["metric"]


def interval_of(
    frame: pd.DataFrame, sides: list[uncertainty.Side], found: criteria.Sample, answers: Known
) -> Interval:
    """The interval around the mean of ``found``, a value per seed of what the sides add up to.

    An accuracy says something of a method, which another run could have trained otherwise. A mean
    with a stated spread says something of the encoder at hand, and has an interval after one run.
    """
    tau = uncertainty.sampling_error(frame, sides, found.seeds, answers)
    of_a_method = any(labels.is_accuracy(where["metric"]) for _, where in sides)
    return interval(found.values, sampling=tau, one_is_enough=tau > 0 and not of_a_method)


def _compare(
    frame: pd.DataFrame, claim: dict, answers: Known, decide: Callable[[Interval], bool | None]
) -> Outcome:
    terms, samples = (claim["a"], claim["b"]), []
    for term in terms:
        measured = isinstance(term, dict)
        found = criteria.read_sample(frame, term) if measured else criteria.as_sample(term)
        if not found.values:
            return Outcome(None, labels.EMPTY, f"no measurement of {describe(term)}")
        samples.append(found)
    words = " vs\N{NO-BREAK SPACE}".join(
        _spread(found, term) for term, found in zip(terms, samples) if isinstance(term, dict)
    )
    gaps = criteria.differences(*samples)
    if not gaps.values:
        return Outcome(None, words, "no seed has both")
    sides: list[uncertainty.Side] = [
        (sign * term.get("times", 1), term)
        for sign, term in zip((1.0, -1.0), terms)
        if isinstance(term, dict)
    ]
    gap = interval_of(frame, sides, gaps, answers)
    verdict = criteria.in_words(decide(gap))
    return Outcome(verdict, words, explain(gap, claim, verdict), gap)


def _spread(found: criteria.Sample, term: dict) -> str:
    """Mean and spread of what was measured, before it is multiplied."""
    times = term.get("times", 1)
    return labels.format_spread(found.mean / times, found.std / times, term["metric"])


def explain(gap: Interval, claim: dict, verdict: str) -> str:
    """The difference, what was asked of it, how far it can be trusted, and, where that is not far
    enough, the smallest one that this run could have seen.
    """
    metric = claim["a"]["metric"]

    largest = abs(gap.mean) if math.isinf(gap.reach) else max(abs(gap.low), abs(gap.high))

    def written(value: float) -> str:
        number = labels.format_number(value, metric, beside=largest)
        return f"+{number}" if value > 0 else number

    words = f"difference {written(gap.mean)}"
    for key, verb in (("margin", "needed"), ("within", "allowed")):
        if key in claim:
            words += f" ({labels.format_number(claim[key], metric)} {verb})"
    if math.isinf(gap.reach):
        return f"{words}, one seed: nothing is known of the spread"
    words += f", 95 % interval {written(gap.low)} to {written(gap.high)}"
    if verdict != criteria.UNDECIDED:
        return words
    if "within" in claim:
        wide = labels.format_number(gap.reach, metric)
        return f"{words}: this run tells no differences apart that are below {wide}"
    smallest = labels.format_number(claim.get("margin", 0.0) + gap.reach, metric)
    return f"{words}: a difference of {smallest} or more would have been seen"


def _above(frame: pd.DataFrame, claim: dict, answers: Known) -> Outcome:
    margin = claim.get("margin", 0.0)
    return _compare(frame, claim, answers, lambda gap: gap.above(margin))


def _below(frame: pd.DataFrame, claim: dict, answers: Known) -> Outcome:
    margin = claim.get("margin", 0.0)

    def decide(gap: Interval) -> bool | None:
        return Interval(-gap.mean, gap.reach).above(margin)

    return _compare(frame, claim, answers, decide)


def _close(frame: pd.DataFrame, claim: dict, answers: Known) -> Outcome:
    return _compare(frame, claim, answers, lambda gap: gap.within(claim["within"]))


def _most(frame: pd.DataFrame, claim: dict, answers: Known) -> Outcome:
    """`_above` on every data set that has both sides: decided once more than half of them are."""
    names = sorted(frame.loc[criteria.match_rows(frame, claim["a"]), "dataset"].unique())
    found = {}
    for name in names:
        here = {**claim, **{side: {**claim[side], "dataset": name} for side in ("a", "b")}}
        found[name] = _above(frame, here, answers)
    told = [one for one in found.values() if one.verdict]
    if not told:
        return Outcome(None, labels.EMPTY, f"no measurement of {describe(claim['a'])}")
    verdicts = [one.verdict for one in told]
    counts = {word: verdicts.count(word) for word in criteria.VERDICTS}
    held = next((word for word in criteria.VERDICTS[:2] if 2 * counts[word] > len(told)), None)
    words = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
    measured = "; ".join(f"{labels.label(n)}: {one.measured}" for n, one in found.items())
    return Outcome(held or criteria.UNDECIDED, measured, f"of {len(told)} data sets: {words}")


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
        verdict = criteria.in_words(found.rises)
        gap = Interval(sign * found.gap.mean, found.gap.reach)
        reason = f"{explain(gap, claim, verdict)}, rank correlation {sign * found.rank:.2f}"
        return Outcome(verdict, words, reason, gap)

    return _on_curve(frame, claim, decide)


def _slope(frame: pd.DataFrame, claim: dict, answers: Known) -> Outcome:
    def decide(ks, values):
        found = criteria.fit_slopes(ks, values)
        gap = interval(criteria.differences(found, criteria.as_sample(claim["b"])).values)
        words = f"slope {labels.format_spread(found.mean, found.std, 'slope')}"
        verdict = criteria.in_words(gap.within(claim["within"]))
        reason = explain(gap, {**claim, "a": {"metric": "slope"}}, verdict)
        return Outcome(verdict, words, reason, gap)

    return _on_curve(frame, claim, decide)


# What a claim's ``rule`` names: (frame, claim, answers) -> Outcome.
RULES: dict[str, Callable[[pd.DataFrame, dict, Known], Outcome]] = {
    "above": _above,
    "below": _below,
    "close": _close,
    "most": _most,
    "rises": lambda frame, claim, _: _trend(frame, claim, +1),
    "falls": lambda frame, claim, _: _trend(frame, claim, -1),
    "slope": _slope,
}
