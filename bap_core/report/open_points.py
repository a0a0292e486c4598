"""Where the paper is silent or contradicts itself, as pages: what was measured first, by size."""

import math
from collections.abc import Mapping
from html import escape

import pandas as pd

from bap_core.report import labels, paper_tables

NOT_YET = "not measured yet"


def render_ambiguities() -> str:
    """The open points of ``ambiguities.yml`` as Markdown: those with a measured change by its size,
    those that were looked into without one, and, folded, those that nobody has measured.
    """
    entries = paper_tables.ambiguities()
    sized = sorted((one for one in entries if "points" in one), key=lambda one: -one["points"])
    others = [one for one in entries if "points" not in one and NOT_YET not in one["measured"]]
    waiting = [one for one in entries if NOT_YET in one["measured"]]
    return "".join(
        [
            "## By how much they change a worst group\n\n",
            *(_section(one, f"{one['points']:g} points: ") for one in sized),
            "## Looked into, not in points\n\n",
            *map(_section, others),
            f"## Not measured yet\n\nThese {len(waiting)} are open. Click one to read it.\n\n",
            *map(_dropdown, waiting),
        ]
    )


def render_choices(notebook: str, judged: pd.DataFrame) -> str:
    """Claim by claim, the open points that touch the notebook and moved an accuracy, when they were
    measured, by more than the distance at which the claim is decided: made the other way, they
    could turn it. Folded Markdown with links, "" where there is none.

    judged: as of `claims.judge`, or of `evidence.claims_of`.
    """
    touching = [one for one in paper_tables.ambiguities() if notebook in one["touches"]]
    sized = sorted((one for one in touching if one.get("points")), key=lambda one: -one["points"])
    lines = []
    for name, rows in judged.groupby("id", sort=False):
        distance = min(map(_distance, rows["effect"]), default=math.inf)
        larger = [one for one in sized if one["points"] > distance]
        if larger:
            claim = f'<a href="#claim-{name}">{escape(rows["claim"].iloc[0])}</a>'
            links = ", ".join(map(_link, larger))
            lines.append(f"- {claim} Decided by {distance:.1f} points: {links}.\n")
    if not lines:
        return ""
    fence = "`" * 5
    title = "Open choices that could turn some of these"
    return f"{fence}{{dropdown}} {title}\n{''.join(lines)}{fence}\n\n"


def _distance(effect: Mapping | None) -> float:
    """Points between the measured difference and the nearest bound; inf for what is no accuracy."""
    if not isinstance(effect, Mapping) or not labels.is_accuracy(effect["metric"]):
        return math.inf
    return min(100 * abs(effect["mean"] - bound) for bound in effect["wanted"] if bound is not None)


def _link(entry: Mapping) -> str:
    return f"[{entry['where']}](ambiguity-{entry['id']}) ({entry['points']:g} points)"


def render_errata() -> str:
    """The contradictions of ``errata.yml`` as Markdown, one section per place in the paper."""
    return "".join(
        f"## {entry['where']}\n\n- **It says:** {entry['prints']}\n"
        f"- **Against it:** {entry['contradicts']}\n- **Here:** {entry['here']}\n\n"
        for entry in paper_tables.errata()
    )


def _section(entry: Mapping, size: str = "") -> str:
    anchor = f"(ambiguity-{entry['id']})=\n"
    return f"{anchor}### {size}{entry['where']}\n\n{_body(entry)}"


def _dropdown(entry: Mapping) -> str:
    fence = "`" * 5
    title = f"{entry['where']}: {entry['id'].replace('-', ' ')}"
    return f"{fence}{{dropdown}} {title}\n{_body(entry)}{fence}\n\n"


def _body(entry: Mapping) -> str:
    alternatives = "; ".join(entry["alternatives"]) or "none that we see"
    measured = "" if NOT_YET in entry["measured"] else entry["measured"]
    last = f"- **What it changed:** {measured}\n" if measured else ""
    return (
        f"{entry['unclear']}\n\n"
        f"- **Here:** {entry['default']}\n- **In the code:** {entry['keyword']}\n"
        f"- **Otherwise:** {alternatives}\n{last}\n"
    )
