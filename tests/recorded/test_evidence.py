"""A page beside what is recorded for it."""

import json

import pandas as pd
import pytest
from honest_page import bundle, draw, executed, job_in, source

from bap_core.recorded import find_records
from bap_core.report import evidence, summary, tables
from bap_core.runner import hashes, verify
from bap_core.runner.recording import add
from bap_core.runner.results import write_results

JUDGED = pd.DataFrame(
    {
        "id": ["first", "second"],
        "encoder": "tiny",
        "claim": ["One", "Two"],
        "where": "Table 2",
        "compared": "WGA",
        "paper": "90.0",
        "measured": ["+1.0", "+2.0"],
        "verdict": ["undecided", "holds"],
        "reason": "",
    }
)
RECORDED = JUDGED.iloc[:1].assign(measured="+5.0", verdict="holds")
OTHER = RECORDED.assign(encoder="large", measured="-1.0", verdict="does not hold")


def test_the_recorded_verdict_counts_and_the_builds_stands_beside_it():
    found = evidence.in_force(JUDGED, pd.concat([RECORDED, OTHER]))
    shown = found[["id", "encoder", "recorded", "verdict", "build", "build_verdict"]]
    assert shown.to_numpy().tolist() == [
        ["first", "tiny", "+5.0", "holds", "+1.0", "undecided"],
        ["first", "large", "-1.0", "does not hold", "", ""],
        ["second", "tiny", "", "holds", "+2.0", "holds"],
    ]


def test_the_table_says_what_is_recorded_and_whether_the_code_has_moved_on():
    recorded = {"about": "by me", "moved": ["method"], "claims": RECORDED.to_dict("records")}
    table = tables.claims_table(JUDGED, "micro", recorded)
    assert list(table.frame.columns) == ["encoder", "paper", "recorded", "verdict", "this build"]
    assert "Recorded by me. It is older than the code: method changed since." in table.caption
    assert table.frame["this build"].tolist() == [("+1.0", "undecided"), ("+2.0", "holds")]
    assert table.frame["recorded"].tolist() == ["+5.0", "-"]
    alone = tables.claims_table(JUDGED, "micro")
    assert list(alone.frame.columns) == ["encoder", "paper", "measured", "verdict"]


@pytest.fixture
def recorded(finished, results):
    """What a page of the same scale shows as recorded."""
    add.add(finished(), by="me")
    return evidence.recorded_for("03_waterbirds", "micro")


def test_a_page_has_the_record_of_its_notebook_and_scale_or_none(recorded):
    assert recorded["name"].startswith("long/03_waterbirds/") and recorded["moved"] == []
    wanted = bundle()["claims"]
    assert [row["verdict"] for row in recorded["claims"]] == [row["verdict"] for row in wanted]
    assert evidence.recorded_for("03_waterbirds", "smoke") is None
    assert evidence.recorded_for("01_additivity", "micro") is None


def test_a_record_is_judged_once_and_again_when_it_or_the_package_changed(recorded, monkeypatch):
    (record,) = find_records()
    judge, judged = evidence.claims.judge, []
    monkeypatch.setattr(evidence.claims, "judge", lambda *given: judged.append(1) or judge(*given))
    first = evidence.judge_record(record)
    assert not judged  # the page was told when it was made
    monkeypatch.setattr(evidence.sources, "source_hash", lambda: "another")
    for _ in range(2):
        pd.testing.assert_frame_equal(evidence.judge_record(record), first)
    assert len(judged) == 1
    path = record.folder / "metrics.csv"
    path.write_text(path.read_text() + "\n")
    evidence.judge_record(record)
    assert len(judged) == 2


def test_a_page_that_shows_another_record_than_there_is_is_refused(recorded, tmp_path):
    def page(what):
        found = bundle() | {"recorded": what}
        notebook, job = executed(found), job_in(tmp_path)
        for cell, data in zip(notebook.cells[4:], draw(found, [c.source for c in source()[3:]])):
            cell.outputs[0].data.update(data)
        write_results(job, notebook, "key")
        return verify.find_problems(job)

    other = json.loads(json.dumps(recorded))
    other["claims"][0]["verdict"] = "does not hold"
    assert page(recorded) == []
    for wrong in (None, other):
        assert page(wrong) == ["what is recorded for it is something else by now: run it again"]


def test_a_new_record_makes_the_page_of_its_notebook_out_of_date(finished, results, tmp_path):
    job = job_in(tmp_path)
    before = hashes.hash_inputs(job)
    add.add(finished(), by="me")
    assert hashes.hash_inputs(job) != before


def test_the_front_page_and_the_list_of_claims_show_the_records(recorded, monkeypatch):
    found = {"03_waterbirds": bundle() | {"recorded": recorded}}
    wanted = tuple(dict.fromkeys(claim["id"] for claim in recorded["claims"]))[:2]
    monkeypatch.setattr(summary, "HEADLINES", wanted)
    for shown in (
        summary.render_headline(found),
        summary.render_claims(found, {"03_waterbirds": "3"}, folder="pages"),
    ):
        assert ">this build<" in shown and "Recorded" in shown
    assert "long/03_waterbirds" in summary.render_headline(found)


def test_a_run_at_paper_scale_stands_on_the_pages_of_a_book_of_another_scale(finished, results):
    add.add(finished(lambda left: left.update(scale="paper"), profile="paper"), by="a stranger")
    found = {"03_waterbirds": bundle()}
    shown = summary.render_claims(found, {"03_waterbirds": "3"}, folder="pages")
    assert "Paper scale" in shown and "by a stranger" in shown
    assert "paper/03_waterbirds" in summary.render_headline(found)
    assert evidence.recorded_at_paper_scale(bundle() | {"scale": "paper"}) is None


def test_every_recorded_run_is_listed_with_its_verdicts(recorded):
    shown = summary.render_records()
    assert "long/03_waterbirds" in shown and "2026-01-01-aaaaaaaaaa" in shown
    assert "as it is now" in shown and "by me on 2026-01-01" in shown


def test_without_a_record_the_list_says_how_one_is_made(results):
    assert "bap results add" in summary.render_records()
