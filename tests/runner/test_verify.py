"""The publish gate: a whole page passes, and each single lie or omission is named."""

import json

import nbformat
import pytest
from honest_page import PARAMETERS, bundle, executed, job_in
from nbformat.v4 import new_output

from bap_core.runner import verify
from bap_core.runner.results import write_results


@pytest.fixture
def job(tmp_path):
    return job_in(tmp_path)


def published(job, *, change=lambda notebook: None, found=None) -> list[str]:
    notebook = executed(found or bundle())
    change(notebook)
    write_results(job, notebook, "key")
    return verify.find_problems(job)


def test_a_whole_page_passes(job):
    assert published(job) == []


def test_a_page_that_was_found_whole_is_not_taken_apart_again(job, monkeypatch):
    assert published(job) == []
    monkeypatch.setattr(verify, "_make_checks", lambda *_: pytest.fail("it is taken apart"))
    assert verify.find_problems(job) == []


@pytest.mark.parametrize("name", ["metrics.csv", "provenance.json", "executed.ipynb"])
def test_a_page_that_was_found_whole_and_changed_since_is_taken_apart_again(job, name):
    assert published(job) == []
    path = job.folder / name
    path.write_text(path.read_text().replace("0", "1"))
    assert verify.find_problems(job) != []


def test_a_page_that_was_found_whole_is_taken_apart_again_by_other_code(job, monkeypatch):
    assert published(job) == []
    monkeypatch.setattr(verify, "hash_inputs", lambda job: "of another package")
    monkeypatch.setattr(verify, "_make_checks", lambda *_: {"it": lambda: ["it is taken apart"]})
    assert verify.find_problems(job) == ["it is taken apart"] == verify.find_problems(job)


def test_a_page_is_checked_where_nothing_can_be_kept(job, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("nothing can be made below it")
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "a file"))
    assert published(job) == []
    (job.folder / "metrics.csv").write_text("other")
    assert verify.find_problems(job) != []


def test_a_page_that_was_never_made_is_refused(job):
    assert verify.find_problems(job) == ["it has no result: run `bap run` first"]


def _failed(notebook):
    notebook.metadata.papermill["exception"] = True


def _error_output(notebook):
    notebook.cells[3].outputs.append(
        new_output("error", ename="ValueError", evalue="no", traceback=[])
    )


def _not_executed(notebook):
    notebook.cells[3].execution_count = None


def _no_alt(notebook):
    notebook.cells[3].metadata.pop("mystnb")


def _html_image_without_alt(notebook):
    notebook.cells[3].outputs.append(
        new_output("display_data", {"text/html": '<img src="data:,">'})
    )


def _no_banner(notebook):
    notebook.cells[4].outputs = []


def _other_injection(notebook):
    notebook.metadata.papermill["parameters"] = {**PARAMETERS, "seeds": 9}


def _other_source(notebook):
    notebook.cells[0].source = "# Another page"


@pytest.mark.parametrize(
    "change, part",
    [
        (_failed, "a cell of it failed"),
        (_error_output, "cell 4 ended in ValueError: no"),
        (_not_executed, "cell 4 was not executed"),
        (_no_alt, "cell 4 shows a picture without alt text"),
        (_html_image_without_alt, "HTML image without alt"),
        (_no_banner, "cell 5 shows nothing of what it draws: 'page.banner(model)'"),
        (_other_injection, "parameter seeds: profile smoke gives 2, papermill injected 9"),
        (_other_source, "cells are not those of 03_waterbirds.py"),
    ],
)
def test_a_page_with_one_fault_is_refused_and_the_fault_is_named(job, change, part):
    found = published(job, change=change)
    assert part in found[0]
    # an alt text is part of the source as well
    assert len(found) == (2 if change is _no_alt else 1)


def changed(**parts) -> dict:
    found = bundle()
    for name, value in parts.items():
        found[name] = {**found[name], **value} if isinstance(value, dict) else value
    return found


@pytest.mark.parametrize(
    "parts, part",
    [
        ({"parameters": {"seeds": 5}}, "parameter seeds: profile smoke gives 2, the stamp says 5"),
        ({"stamp": {"source_hash": "0"}}, "bap_core was 0 when it ran"),
        ({"stamp": {"commit": None}}, "names no commit"),
        ({"claims": []}, "the page says None"),
    ],
)
def test_a_stamp_that_says_something_else_is_refused(job, parts, part):
    problems = published(job, found=changed(**parts))
    assert problems and any(part in problem for problem in problems)


def test_a_verdict_that_its_metrics_do_not_give_is_refused(job):
    found = bundle()
    found["claims"][0]["verdict"] = "reproduced"
    (problem,) = published(job, found=found)
    assert found["claims"][0]["id"] in problem and "the page says 'reproduced'" in problem


def test_weights_other_than_the_shipped_ones_are_refused(job, monkeypatch):
    monkeypatch.setattr(verify.facts.encoders, "micro_names", lambda: ["tiny"])
    monkeypatch.setattr(verify.facts, "_fingerprint_weights", lambda name: "1")
    (problem,) = published(job)
    assert "the weights of tiny are 1 now; its stamp says 0" in problem


def test_files_beside_the_page_must_say_the_same(job):
    published(job)
    (job.folder / "metrics.csv").write_text("value\n1\n")
    assert [
        problem
        for problem in verify.find_problems(job)
        if "metrics.csv beside it holds other numbers" in problem
    ]
    recorded = json.loads((job.folder / "provenance.json").read_text())
    recorded["scale"] = "paper"
    (job.folder / "provenance.json").write_text(json.dumps(recorded))
    assert "provenance.json beside it holds another 'scale'" in verify.find_problems(job)


def test_an_edited_page_is_refused(job):
    published(job)
    path = job.folder / "executed.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3].outputs[0].data["text/plain"] = "edited"
    nbformat.write(notebook, path)
    assert verify.find_problems(job) == ["executed.ipynb was changed after the run"]


def test_announce_lists_each_page_with_its_problems(capsys):
    assert not verify.announce({"01": [], "02": ["it has no stamp"]}) and verify.announce(
        {"01": []}
    )
    assert "01  verified\n02  refused\n    it has no stamp\n" in capsys.readouterr().err
