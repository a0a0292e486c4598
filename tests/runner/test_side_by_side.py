"""Notebooks at once: they really run at the same time, and each ends as it would alone."""

import io
import os
import signal
import subprocess
import sys

import psutil
import pytest
import toy
from waiting import LONG, is_alive, wait_until

from bap_core.runner import planning, side_by_side
from bap_core.runner.run import run_jobs
from bap_core.runner.side_by_side import run_side_by_side

# goes on only while the other one of two runs, too
MEETING = """
import pathlib
here = pathlib.Path(os.environ["TOY_MEETING"])
(here / f"seeds {seeds}").touch()
while len(list(here.iterdir())) < 2:
    time.sleep(0.05)
"""


@pytest.fixture
def make_jobs(tmp_path):
    """Plan the toy notebook with two parameters each, so that the jobs differ."""
    notebook = toy.write(tmp_path)

    def make(*overrides, source=toy.SOURCE):
        notebook.write_text(source)
        return [
            job
            for given in overrides
            for job in planning.plan(
                [str(notebook)], profile="smoke", overrides=given, out=tmp_path / "runs"
            )
        ]

    return make


def launch(jobs, **choices):
    shown = io.StringIO()
    return run_side_by_side(jobs, show=shown, **choices), shown.getvalue()


def test_two_notebooks_run_at_the_same_time(make_jobs, tmp_path, monkeypatch):
    (tmp_path / "met").mkdir()
    monkeypatch.setenv("TOY_MEETING", str(tmp_path / "met"))
    source = toy.SOURCE.replace('if mood == "bad":', MEETING + 'if mood == "bad":')
    failures, shown = launch(make_jobs(["seeds=1"], ["seeds=2"], source=source), at_once=2)
    assert not failures and shown.count("done in") == 2


def test_what_is_made_side_by_side_is_what_is_made_alone_and_then_up_to_date(
    make_jobs, monkeypatch
):
    jobs = make_jobs(["seeds=1"], ["seeds=2"])
    assert launch(jobs, at_once=2)[0] == []
    together = [(job.folder / "metrics.csv").read_bytes() for job in jobs]
    assert run_jobs(jobs, force=True, show=io.StringIO()) == []
    assert together == [(job.folder / "metrics.csv").read_bytes() for job in jobs]
    monkeypatch.setattr(side_by_side.subprocess, "Popen", None)  # no process for them
    failures, shown = launch(jobs, at_once=2)
    assert not failures and shown.count("up to date") == 2


def test_a_failure_is_told_and_leaves_the_other_notebook_its_result(make_jobs):
    bad, good = make_jobs(["mood=bad"], ["seeds=2"])
    failures, shown = launch([bad, good], at_once=2)
    assert len(failures) == 1 and "ValueError: asked to fail" in shown
    assert not (bad.folder / "metrics.csv").exists() and (good.folder / "metrics.csv").exists()


def test_a_notebook_whose_process_is_killed_says_so_and_what_may_help(make_jobs):
    source = toy.SOURCE.replace("time.sleep(600)", "os.kill(os.getppid(), 9)")
    failures, shown = launch(make_jobs(["mood=slow"], ["seeds=2"], source=source), at_once=2)
    assert len(failures) == 1 and "03_toy was killed (signal 9)" in shown and "--jobs 1" in shown


TOGETHER = """
import torch
from bap_core import together
assert together.count() == 2 and together.total(torch.tensor(seeds)) == 2 * seeds
if mood == "lonely" and not together.is_first():
    os.kill(os.getpid(), 9)
together.wait()
"""


def test_a_notebook_is_executed_by_two_processes_and_filed_by_the_first(make_jobs, monkeypatch):
    monkeypatch.setenv("BAP_DEVICE", "cpu")
    source = toy.SOURCE.replace('if mood == "bad":', TOGETHER + 'if mood == "bad":')
    (job,) = make_jobs(["seeds=2"], source=source)
    failures, shown = launch([job], together=2)
    assert not failures and shown.count("done in") == 1
    assert (job.folder / "metrics.csv").exists()


def test_a_companion_that_dies_ends_the_run_with_one_sentence(make_jobs, monkeypatch):
    monkeypatch.setenv("BAP_DEVICE", "cpu")
    source = toy.SOURCE.replace('if mood == "bad":', TOGETHER + 'if mood == "bad":')
    (job,) = make_jobs(["mood=lonely"], source=source)
    (failure,), _ = launch([job], together=2)
    assert "ConnectionError: another process of this run has ended" in str(failure)
    assert not (job.folder / "metrics.csv").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_end_ends_all_that_run_and_starts_no_more(make_jobs, tmp_path, number, code):
    make_jobs()
    for name in ("04_toy", "05_toy"):
        (tmp_path / "notebooks" / f"{name}.py").write_text(toy.SOURCE)
    (tmp_path / "notebooks" / "profiles" / "smoke.yml").write_text("all: {mood: slow}\n")
    names = [str(path) for path in sorted((tmp_path / "notebooks").glob("*.py"))]
    run = ["run", *names, "--profile", "smoke", "--jobs", "2", "--out", str(tmp_path / "runs")]
    process = subprocess.Popen(
        [sys.executable, "-m", "bap_core.cli", *run],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(sys.path), "TOY_ASLEEP": str(tmp_path / "asleep")},
        start_new_session=True,
    )
    wait_until((tmp_path / "asleep").exists, "a cell sleeps", process.pid)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)  # to this one alone: its children hear of it from it
    shown = process.stderr.read()
    assert process.wait(timeout=LONG) == code and "Traceback" not in shown
    assert "05_toy" not in shown and "killed" not in shown and children
    wait_until(lambda: not any(is_alive(child.pid) for child in children), "all end")
