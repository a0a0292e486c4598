"""The bundle: found in a notebook's outputs, written as CSV, and made without drawing anything."""

import json

import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bap_core.recorded.bundle import (
    MIME,
    find_outputs,
    metrics_csv,
    read_bundle,
    read_handed_over,
    to_environment,
    to_records,
)


def test_the_last_stamp_of_a_page_counts_and_a_page_without_one_has_no_bundle():
    outputs = [new_output("display_data", {MIME: {"n": n}, "text/plain": "stamp"}) for n in (1, 2)]
    cells = [new_code_cell("x", outputs=[output]) for output in outputs]
    cells.append(new_markdown_cell("The end"))
    assert read_bundle(new_notebook(cells=cells)) == {"n": 2}
    assert read_bundle(new_notebook(cells=cells[2:])) is None


def test_outputs_are_found_by_kind_with_the_number_of_their_cell():
    picture = new_output("display_data", {"image/png": "a", "text/html": "b"})
    printed = new_output("stream", text="c")
    cells = [new_markdown_cell("Words"), new_code_cell("x", outputs=[printed, picture])]
    notebook = new_notebook(cells=cells)
    assert list(find_outputs(notebook, "image/")) == [(2, "a")]
    assert list(find_outputs(notebook, "text/html")) == [(2, "b")]


def test_metrics_are_written_in_the_columns_of_the_tidy_frame_and_further_ones_after_them():
    rows = [{"n": 1, "value": 1 / 3, "extra": "x"}, {"value": None}]
    assert metrics_csv({"metrics": rows}).splitlines() == [
        "dataset,encoder,method,seed,split,group,metric,value,n,extra",
        ",,,,,,,0.3333333333333333,1,x",
        ",,,,,,,,,",
    ]


def test_what_is_missing_in_a_frame_is_none_in_its_records():
    frame = pd.DataFrame({"value": [0.5, float("nan")], "reason": [None, "left out"]})
    assert to_records(frame) == [
        {"value": 0.5, "reason": None},
        {"value": None, "reason": "left out"},
    ]
    assert to_records(frame[:0]) == []


def test_parameters_come_through_the_environment_as_they_were(monkeypatch, tmp_path):
    monkeypatch.delenv("BAP_PARAMETERS", raising=False)
    assert read_handed_over() is None
    parameters = {"lr": 0.1 + 0.2, "one": 1.0, "n": 1, "on": True, "ks": [], "name": 'a "b" ä'}
    for name, text in to_environment("smoke", parameters, tmp_path / "used").items():
        monkeypatch.setenv(name, text)
    found = read_handed_over()
    assert found == parameters and json.dumps(found) == json.dumps(parameters)
    assert [type(value) for value in found.values()] == [float, float, int, bool, list, str]
