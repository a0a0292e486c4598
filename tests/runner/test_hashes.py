"""What decides a page is in its hash, and nothing else is."""

import nbformat
import pytest
import torch
import toy

from bap_core import sources
from bap_core.runner.hashes import hash_inputs, hash_notebook


def test_the_hash_of_the_inputs_sees_source_and_parameters(plan, notebook):
    key = hash_inputs(plan("mood=other")[0])
    assert key == hash_inputs(plan("mood=other")[0]) != hash_inputs(plan()[0])
    key = hash_inputs(plan()[0])
    notebook.write_text(toy.SOURCE.replace("before", "Before"))
    assert hash_inputs(plan()[0]) != key


@pytest.mark.parametrize("library", ["PIL", "open_clip", "numpy", "timm", "torch", "transformers"])
def test_the_hash_of_the_inputs_sees_another_version_of_a_library(plan, monkeypatch, library):
    key, installed = hash_inputs(plan()[0]), sources.versions()
    monkeypatch.setattr(sources, "versions", lambda: {**installed, library: "another"})
    assert library in installed and hash_inputs(plan()[0]) != key


def test_the_hash_of_the_inputs_sees_another_number_of_threads(plan):
    key, threads = hash_inputs(plan()[0]), torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        assert hash_inputs(plan()[0]) != key
    finally:
        torch.set_num_threads(threads)


def cells(*, source="x = 1", **metadata):
    return [nbformat.v4.new_code_cell(source, metadata=metadata)]


@pytest.mark.parametrize(
    "other",
    [
        cells(source="x = 2"),
        cells(source="x = 1  # one"),
        cells(tags=["hide-input"]),
        cells(mystnb={"image": {"alt": "Two curves"}}),
        [nbformat.v4.new_markdown_cell("x = 1")],
        [*cells(), *cells()],
    ],
)
def test_the_hash_of_a_notebook_sees_text_type_tags_alt_texts_and_number_of_its_cells(other):
    assert hash_notebook(other) != hash_notebook(cells())


def test_the_hash_of_a_notebook_does_not_see_what_executing_leaves():
    (executed,) = cells(papermill={"duration": 1.0}, tags=[])
    executed.execution_count = 3
    executed.outputs = [nbformat.v4.new_output("stream", text="1")]
    injected = cells(source="x = 5", tags=["injected-parameters"])
    assert hash_notebook([executed, *injected]) == hash_notebook(cells())
