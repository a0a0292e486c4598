"""Where each table, figure and contribution of the paper has its place in the book, and how the
claims that cite it came out there.
"""

import re
from collections.abc import Iterator, Mapping

from bap_core.report import evidence, html, labels, paper_tables


def render_coverage(found: Mapping[str, dict], titles: Mapping[str, str], *, folder: str) -> str:
    """A row per item of ``coverage.yml``, with a link to its page, the scale there, and the
    verdicts of the claims that cite it; Markdown with HTML.

    found, titles: bundles and titles of the pages by name; folder: where the pages lie.
    """
    lines = ["| of the paper | what | page | scale | verdicts |", "|---|---|---|---|---|"]
    for entry in paper_tables.coverage():
        name = entry["notebook"]
        page = f"[{titles[name]}]({folder}/{name}.ipynb)" if name in found else name
        scale = labels.SCALES[found[name]["scale"]] if name in found else labels.EMPTY
        verdicts = count_verdicts(found[name], entry["item"]) if name in found else {}
        words = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
        words = words or labels.EMPTY
        lines.append(f"| {entry['item']} | {entry['what']} | {page} | {scale} | {words} |")
    return "\n".join(lines) + "\n"


def count_verdicts(bundle: Mapping, item: str) -> dict[str, int]:
    """Verdict -> how many claims of the page that cite ``item``, such as ``Table 2``, came out so;
    a contribution is cited by no claim.
    """
    judged = evidence.claims_of(bundle)
    if judged.empty:
        return {}
    cites = judged["where"].map(lambda where: item in set(cited(where)))
    counts = judged.loc[cites, "verdict"].value_counts()
    return {verdict: int(counts[verdict]) for verdict in html.PILLS if verdict in counts}


def cited(where: str) -> Iterator[str]:
    """The tables and figures that a place in the paper names: "Tables 2 and 8" are two."""
    pattern = r"(Table|Figure)s? (\d+(?:(?:, | and |, and )\d+)*)"
    for kind, numbers in re.findall(pattern, where):
        yield from (f"{kind} {number}" for number in re.findall(r"\d+", numbers))
