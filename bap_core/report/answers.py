"""The answer first: what a page asks, what the paper answers, and what was measured, in a box for
the top of the page in the book. What was measured is written from the verdicts of the page.
"""

from collections.abc import Mapping
from html import escape

import pandas as pd

from bap_core.recorded.bundle import to_records
from bap_core.report import claims, evidence, forest, labels, paper_tables

HELD, FAILED = ("holds", "reproduced"), ("does not hold", "not reproduced")
UNTESTED = (claims.UNTESTED, "not run")


def render_answer(left: Mapping) -> str:
    """The box for the page with the bundle ``left``, as one line of HTML.

    Where nothing is judged (random weights, a world too small to mean anything) it says so instead
    of an answer.
    """
    said = paper_tables.questions()[left["notebook"]]
    judged = evidence.claims_of(left)
    lines = {"Question": said["question"], "The paper": said["paper"]}
    picture = ""
    if left["scale"] in claims.UNJUDGED:
        lines["Here"] = f"Nothing is judged: {claims.UNJUDGED[left['scale']]}."
    else:
        shown = judged.loc[judged["id"].isin(said["leading"])]
        at = f"At {labels.SCALES[left['scale']]}, in {_made_in(left, shown)}."
        lines["Here"] = f"{sum_up(judged, said['leading'])} {at}"
        picture = forest.tally(judged["verdict"].tolist()) + forest.draw(shown, to="")
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in lines.items())
    return f'<div class="bap-answer"><dl>{rows}</dl>{picture}</div>'


def _made_in(left: Mapping, shown: pd.DataFrame) -> str:
    """Whose verdicts are shown: a claim can be younger than the recorded run."""
    from_record = [] if left["recorded"] is None else [said != "" for said in shown["recorded"]]
    if not any(from_record):
        return "this build"
    return "a recorded run" if all(from_record) else "a recorded run and, what it lacks, this build"


def sum_up(judged: pd.DataFrame, leading: list[str]) -> str:
    """How the leading claims came out, in a sentence that counts a verdict per encoder."""
    verdicts = judged.loc[judged["id"].isin(leading), "verdict"]
    verdicts = verdicts[~verdicts.isin(UNTESTED)]
    if verdicts.empty:
        return "Nothing was measured that could decide it."
    held = int(verdicts.isin(HELD).sum())
    counts = f"{held} of {len(verdicts)} verdicts"
    if held == len(verdicts):
        return f"All that decides it holds: {counts}."
    if held:
        return f"Part of what decides it holds: {counts}."
    return f"Nothing that decides it holds: {counts}."


def render_whole(found: Mapping[str, Mapping]) -> str:
    """How the claims of all pages came out, in a sentence and a bar; HTML, "" before any page."""
    judged = [left for left in found.values() if left["scale"] not in claims.UNJUDGED]
    verdicts = [verdict for left in judged for verdict in evidence.claims_of(left)["verdict"]]
    if not verdicts:
        return ""
    held = sum(verdict in HELD for verdict in verdicts)
    against = sum(verdict in FAILED for verdict in verdicts)
    at = " and ".join(dict.fromkeys(labels.SCALES[left["scale"]] for left in judged))
    return (
        f'<div class="bap-answer"><p><strong>Does it work?</strong> At {at} {held} of '
        f"{len(verdicts)} verdicts are as the paper says, {against} go against it, and the others "
        f"are open. A verdict is one claim on one encoder.</p>{forest.tally(verdicts)}</div>\n"
    )


def render_against(found: Mapping[str, Mapping], titles: Mapping[str, str], *, folder: str) -> str:
    """An honest line for every page with claims that do not hold: how many, and which do not hold
    for any encoder; Markdown. folder: where the pages lie.
    """
    lines = []
    for name, left in found.items():
        judged = [] if left["scale"] in claims.UNJUDGED else to_records(evidence.claims_of(left))
        failed = [row for row in judged if row["verdict"] in FAILED]
        if not failed:
            continue
        others = {row["id"] for row in judged if row["verdict"] not in FAILED}
        never = dict.fromkeys(row["claim"] for row in failed if row["id"] not in others)
        for_none = f" For no encoder: {' '.join(f'*{claim}*' for claim in never)}" if never else ""
        link = f"[{titles[name]}]({folder}/{name}.ipynb)"
        lines.append(f"- {link}: {len(failed)} of {len(judged)} do not hold.{for_none}\n")
    return "".join(lines) or "No claim is known not to hold.\n"
