"""Where the paper is silent or contradicts itself, as pages: what was measured first, by size."""

from collections.abc import Mapping

from bap_core.report import paper_tables

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


def render_choices(notebook: str) -> str:
    """The open points that touch a notebook and changed something by a point or more when they were
    measured, the largest first, with links; Markdown, "" where there is none.
    """
    touching = [one for one in paper_tables.ambiguities() if notebook in one["touches"]]
    sized = [one for one in touching if one.get("points", 0.0) >= 1]
    links = [
        f"[{one['where']}](ambiguity-{one['id']}) ({one['points']:g} points)"
        for one in sorted(sized, key=lambda one: -one["points"])
    ]
    return f"Open choices that could turn some of these: {', '.join(links)}.\n\n" if links else ""


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
