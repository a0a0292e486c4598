"""The line of a run: where it is, under which heading, how far, and for how much longer."""

import io
import json
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from bap_core.runner import progress_line
from bap_core.runner.progress_line import ProgressLine, find_heading, read_times

CELLS = [
    new_markdown_cell("# Birds\n\nWhat they do."),
    new_code_cell("look()"),
    new_markdown_cell("No heading.\n\n## Training\n\n```\n# a comment\n```"),
    new_code_cell("train()"),
]


class Clock:
    """Stands until it is moved."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress_line, "time", clock)
    return clock


def line(folder: Path) -> ProgressLine:
    files = {"bar": folder / "bar", "times": folder / "times.json"}
    return ProgressLine("03_toy", cells=CELLS, stream=io.StringIO(), **files)


def go_to(shown: ProgressLine, number: int) -> None:
    shown.at(number, CELLS[number - 1])


def test_the_line_names_the_cell_its_nearest_heading_and_the_share_of_its_bar(clock, tmp_path):
    shown = line(tmp_path)
    assert shown.describe() == "03_toy  start  0:00"
    go_to(shown, 1)
    go_to(shown, 2)
    clock.now += 84
    assert shown.describe() == "03_toy  cell 2/4  Birds  1:24"
    go_to(shown, 3)
    go_to(shown, 4)
    (tmp_path / "bar").write_text("43 %")
    assert shown.describe() == "03_toy  cell 4/4  Training  43 %  1:24"


def test_a_second_run_says_how_much_longer_it_takes_by_the_times_of_the_first(clock, tmp_path):
    with line(tmp_path) as shown:
        for number, seconds in enumerate((0, 30, 0, 90), 1):
            go_to(shown, number)
            clock.now += seconds
    shown = line(tmp_path)
    assert shown.describe().endswith("start  0:00, about 2:00 left")
    go_to(shown, 2)
    clock.now += 10
    assert shown.describe().endswith("0:10, about 1:50 left")
    clock.now += 50  # the cell takes longer than it did
    assert shown.describe().endswith("1:00, about 1:30 left")
    go_to(shown, 4)
    clock.now += 100
    assert shown.describe().endswith("cell 4/4  2:40")


def test_a_run_that_failed_leaves_the_times_of_the_last_one_that_did_not(clock, tmp_path):
    (tmp_path / "times.json").write_text('{"a": 1.5}')
    with pytest.raises(ValueError), line(tmp_path) as shown:
        go_to(shown, 1)
        raise ValueError
    assert read_times(tmp_path / "times.json") == {"a": 1.5}


@pytest.mark.parametrize("content", [None, b"", b"[1]", b'{"a": null}', b'{"a": "x"}', b"\xff"])
def test_times_that_cannot_be_read_are_none_and_those_that_cannot_be_kept_stop_nothing(
    content, clock, tmp_path
):
    if content is not None:
        (tmp_path / "times.json").write_bytes(content)
    assert read_times(tmp_path / "times.json") == {}
    (tmp_path / "file").touch()
    progress_line.write_times(tmp_path / "file" / "times.json", {"a": 1.0})


def test_in_a_terminal_the_line_fits_its_width_and_in_a_log_it_stands_for_itself(
    clock, tmp_path, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "20")
    screen, log = io.StringIO(), io.StringIO()
    screen.isatty = lambda: True
    for stream in (screen, log):
        files = {"bar": tmp_path / "bar", "times": tmp_path / "times.json"}
        with ProgressLine("03_a_long_name_of_a_toy", cells=CELLS, stream=stream, **files):
            pass
    assert screen.getvalue() == "\r\033[K03_a_long_name_of_a\r\033[K"
    assert log.getvalue() == "03_a_long_name_of_a_toy  start  0:00\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [("# One\n### Two  ", "Two"), ("#no", ""), ("text", ""), ("# " + "x" * 41, "x" * 39 + "…")],
)
def test_the_last_heading_of_a_cell_counts_and_long_ones_are_cut(source, found):
    assert find_heading(new_markdown_cell(source)) == found
    assert find_heading(new_code_cell(source)) == ""


def test_the_times_hold_seconds_by_cell(clock, tmp_path):
    with line(tmp_path) as shown:
        go_to(shown, 2)
        clock.now += 1.26
    assert list(json.loads((tmp_path / "times.json").read_text()).values()) == [1.3]
