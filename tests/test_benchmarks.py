"""The table of the page "How fast": what it calls met, what it keeps, and how it is shown."""

import re
from pathlib import Path

import pandas as pd
import pytest

from bap_core import encoders
from bap_core.report import summary
from benchmarks import projection, table


@pytest.mark.parametrize(
    ("values", "goal", "met"),
    [
        ([0.9, 0.96, 1.2], ">= 0.95", True),
        ([0.9, 0.94, 1.2], ">= 0.95", False),
        ([0.2, 0.3, 9.0], "<= 0.3", True),
        ([0.31], "<= 0.3", False),
        ([5.0], "", None),
    ],
)
def test_the_median_meets_a_goal_or_does_not(values, goal, met):
    row = table.Row("what", values, goal)
    assert row.is_met is met
    assert ("NOT MET" in str(row)) == (met is False)


def test_a_ratio_is_our_speed_over_the_bare_one_after_a_warm_up():
    seconds = iter([(100.0, 1.0, 10), (2.0, 1.0, 10), (4.0, 3.0, 10), (1.0, 1.0, 10)])
    row = table.compare("ours / bare", ">= 0.7", lambda: next(seconds), repeats=3)
    assert row.values == [0.5, 0.75, 1.0] and row.is_met
    assert row.note == "5/s over 10/s"


def test_a_later_run_on_the_same_machine_takes_the_place_of_an_earlier_one(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "RECORD", tmp_path / "speed.csv")
    table.write([table.Row("a", [1.0], ">= 1"), table.Row("b", [2.0], "")], encoder="one")
    table.write([table.Row("a", [3.0], ">= 1")], encoder="two")
    table.write([table.Row("a", [5.0], ">= 1")], encoder="one")
    kept = pd.read_csv(table.RECORD, keep_default_na=False)
    assert sorted(zip(kept["measured"], kept["median"])) == [("a", 3.0), ("a", 5.0)]


def test_the_page_has_a_table_for_each_machine_and_says_what_is_met(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "RECORD", tmp_path / "speed.csv")
    assert "Nothing is recorded yet" in summary.render_speed(table.RECORD)
    rows = [table.Row("fast", [1.0], ">= 1"), table.Row("slow", [9.0, 7.0, 8.0], "<= 1", "s")]
    table.write(rows, encoder="one")
    table.write(rows, encoder="two")
    shown = summary.render_speed(table.RECORD)
    assert shown.count("<table") == 2 and shown.count(">yes<") == shown.count(">no<") == 2
    assert "8.000 s" in shown and "7.000 to 9.000" in shown


def test_the_projection_counts_every_composite_of_the_alignment_and_of_the_control():
    forward, trained = projection.count_pictures()
    assert trained > 2 * 5_000 * 5 * 30  # N, M and epochs of Table 17, twice
    assert forward > 5_000 * 10  # N and K


def test_how_far_says_what_the_projection_counts():
    page = (Path(__file__).parents[1] / "book" / "how_far.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| ([^|]+) \| ([\d,.]+)[^|]*\|$", page, flags=re.MULTILINE))
    forward, trained = projection.count_pictures()
    assert said["pictures that are only encoded"] == f"{forward / 1e6:.2f}"
    assert said["pictures forward and backward"] == f"{trained / 1e6:.2f}"
    each = projection.count_operations(encoders.load("ViT-B-16:random"))
    assert said["of a ViT-B/16, forward"] == f"{each / 1e9:.1f}"
    hours = projection.project_hours(each)
    assert said["hours on an L40S, the paper's GPU, projected"] == f"{hours['L40S']:.2f}"
    assert said["hours on an H100, projected"] == f"{hours['H100']:.2f}"
    assert f"of which {projection.SHARE:.0%} are".replace("%", " %") in page.replace("\n", " ")


def test_how_fast_says_of_other_ways_what_was_measured():
    measured = pd.read_csv(table.RECORD, keep_default_na=False).set_index("measured")["median"]
    gains = measured[measured.index.str.fullmatch("a step: .* / as it is")]
    said = (table.RECORD.parent / "how_fast.md").read_text(encoding="utf-8").replace("\n", " ")
    assert f"{gains.pop('a step: twice the threads / as it is'):.2f} times as fast" in said
    assert f"gains the most, {gains.pop('a step: compiled / as it is'):.2f}, needs" in said
    assert len(gains) == 5 and gains.max() < 1.1  # "None of the others gains a tenth"
    assert gains["a step: two students in one / as it is"] < 1
