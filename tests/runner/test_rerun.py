"""A page is executed again, and its metrics are compared with those that it shows."""

import io

import nbformat
import pytest
import toy

from bap_core.recorded.bundle import read_bundle
from bap_core.runner import planning, verify
from bap_core.runner.results import write_results
from bap_core.runner.run import run_jobs
from bap_core.runner.verify import rerun

ROW = {"dataset": "toy", "encoder": "e", "method": "m", "seed": 0, "split": "test", "group": "all"}


def rows(value, method="m") -> list[dict]:
    return [{**ROW, "method": method, "metric": "additivity", "value": value, "n": 1}]


def test_a_page_that_is_executed_again_must_give_the_same_metrics(tmp_path):
    (job,) = planning.plan(
        [str(toy.write(tmp_path, source=toy.PAGE))], profile="smoke", out=tmp_path / "runs"
    )
    assert run_jobs([job], show=io.StringIO()) == []
    shown = io.StringIO()
    assert verify.run_again(job, show=shown) == []
    assert "compared to the last digit, on the same machine" in shown.getvalue()
    page = nbformat.read(job.folder / "executed.ipynb", as_version=4)
    read_bundle(page)["metrics"][0]["value"] *= 1.001
    write_results(job, page, "key")
    (problem,) = verify.run_again(job, show=io.StringIO())
    assert "additivity: the page says 0.1001" in problem and problem.endswith("the run 0.1")


@pytest.mark.parametrize(
    "shown, found, exactly, differ",
    [
        (0.5, 0.5, True, 0), (0.5, 0.5 + 1e-9, True, 1), (0.5, 0.519, False, 0),
        (0.5, 0.521, False, 1), (50, 50.9, False, 0), (50, 51.1, False, 1), (None, None, True, 0),
        (None, 0.5, False, 1), (0.5, None, False, 1),
    ],
)  # fmt: skip
def test_values_agree_to_the_last_digit_or_within_the_tolerance(shown, found, exactly, differ):
    assert len(list(rerun.compare(rows(shown), rows(found), exactly=exactly))) == differ


@pytest.mark.parametrize("method, differ", [("DIAL", 0), ("PruSC, 0.5 from 0.2", 0), ("BAP", 1)])
def test_methods_in_which_the_last_bit_chooses_may_move_further(method, differ):
    shown, found = rows(0.5, method), rows(0.59, method)
    assert len(list(rerun.compare(shown, found, exactly=False))) == differ
    assert len(list(rerun.compare(shown, found, exactly=True))) == 1


def test_a_measurement_that_only_one_of_them_has_differs():
    assert len(list(rerun.compare(rows(0.5), [], exactly=False))) == 1
    assert len(list(rerun.compare([], rows(0.5), exactly=False))) == 1
