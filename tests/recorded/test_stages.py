"""Which stages a notebook stands on, and when they have moved on."""

from nbformat.v4 import new_code_cell, new_markdown_cell

from bap_core import sources
from bap_core.recorded import stages

CELLS = [
    new_markdown_cell("from bap_core import baselines"),
    new_code_cell(
        "from bap_core import data, report, runtime\nfrom bap_core.method import anchors"
    ),
    new_code_cell("%matplotlib inline\nimport bap_core.encoders.prompts"),
    new_code_cell("%%bash\nls *.png"),
]


def test_the_stages_are_the_rooms_that_make_numbers_and_that_the_code_imports():
    found = stages.versions(CELLS)
    assert list(found) == ["data", "encoders", "method"]
    assert found["data"] == sources.code("bap_core.data")


def test_a_stage_has_moved_if_its_code_is_another_or_gone():
    now = stages.versions(CELLS)
    assert stages.moved(now) == []
    assert stages.moved({**now, "method": "0" * 20, "cooking": "1" * 20}) == ["method", "cooking"]
