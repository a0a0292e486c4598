"""Every table and figure of the paper has its place, and the front page counts its verdicts."""

from pathlib import Path

import bap_core
from bap_core.report import coverage, paper_tables

NOTEBOOKS = Path(bap_core.__file__).parent.parent / "notebooks"
ITEMS = [
    *(f"Table {number}" for number in range(1, 18)),
    *(f"Figure {number}" for number in range(1, 8)),
    *(f"Contribution {number}" for number in range(1, 5)),
]


def test_all_tables_figures_and_contributions_are_listed_once():
    assert [entry["item"] for entry in paper_tables.coverage()] == ITEMS


def test_the_page_of_every_item_calls_what_measures_it():
    wrong = []
    for entry in paper_tables.coverage():
        code = (NOTEBOOKS / f"{entry['notebook']}.py").read_text()
        if f"{entry['call']}(" not in code:
            wrong.append(entry["item"])
    assert not wrong


def test_the_page_of_every_table_shows_the_paper_s_own():
    wrong = []
    for entry in paper_tables.coverage():
        kind, number = entry["item"].split()
        code = (NOTEBOOKS / f"{entry['notebook']}.py").read_text()
        if kind == "Table" and f'report.paper_table("table{number}")' not in code:
            wrong.append(entry["item"])
    assert not wrong


def test_a_place_that_names_several_tables_cites_each():
    assert list(coverage.cited("Section 4, Tables 2, 8 and 9, Figure 1 (left)")) == [
        "Table 2",
        "Table 8",
        "Table 9",
        "Figure 1",
    ]
    assert list(coverage.cited("Section 3.2")) == []


def left(**verdicts):
    claims = [
        {"id": f"{verdict}-{n}", "encoder": "e", "where": "Tables 2 and 8", "verdict": verdict}
        for verdict, count in verdicts.items()
        for n in range(count)
    ]
    return {"scale": "micro", "claims": claims, "recorded": None, "notebook": "03_waterbirds"}


def test_verdicts_are_those_of_the_claims_that_cite_the_item():
    bundle = left(undecided=1, holds=2)
    assert coverage.count_verdicts(bundle, "Table 8") == {"holds": 2, "undecided": 1}
    assert coverage.count_verdicts(bundle, "Table 1") == {}
    assert coverage.count_verdicts({**bundle, "claims": []}, "Table 8") == {}


def test_the_matrix_links_to_pages_that_were_built_and_names_the_others():
    shown = coverage.render_coverage(
        {"03_waterbirds": left(holds=3)}, {"03_waterbirds": "3. Waterbirds"}, folder="pages"
    )
    row = "[3. Waterbirds](pages/03_waterbirds.ipynb) | micro scale | 3 holds |"
    assert f"| Table 8 | Waterbirds with a convolutional encoder | {row}" in shown
    assert "| 11_backbones | - | - |" in shown
    assert len(shown.splitlines()) == len(ITEMS) + 2
