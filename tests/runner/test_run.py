"""The runner on a toy notebook: what it files, what it leaves alone, what it does not touch."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
import toy
from waiting import LONG, is_alive, wait_until

from bap_core.recorded.bundle import MIME, read_bundle
from bap_core.runner import execute, planning, verify
from bap_core.runner.planning import Job
from bap_core.runner.progress_line import read_times
from bap_core.runner.results import BESIDE, is_up_to_date, write_results
from bap_core.runner.run import run_jobs


def launch(jobs, **choices):
    shown = io.StringIO()
    return run_jobs(jobs, show=shown, **choices), shown.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_a_run_files_page_metrics_and_provenance_and_a_second_run_does_nothing(plan, tmp_path):
    (job,) = plan()
    failures, shown = launch([job])
    assert not failures and "03_toy  done in" in shown
    made = {*BESIDE, "provenance.json"}
    assert set(files(job.folder)) == made
    assert len(read_times(job.folder.parent / ".03_toy.times.json")) == 6  # and the parameters
    page = nbformat.read(job.folder / "executed.ipynb", as_version=4)
    printed = next(
        o.text for c in page.cells for o in c.get("outputs", []) if o.output_type == "stream"
    )
    assert printed.startswith(f"{sys.executable} smoke ")
    assert (
        str(Path.home()) not in printed.split()[-1]
        and page.metadata.papermill.parameters["seeds"] == 1
    )
    assert str(tmp_path) not in (job.folder / "executed.ipynb").read_text()
    rows = list(csv.DictReader((job.folder / "metrics.csv").open()))
    assert [row["value"] for row in rows] == ["0.1", ""] and rows[0]["metric"] == "additivity"
    provenance = json.loads((job.folder / "provenance.json").read_text())
    assert provenance["parameters"] == job.parameters and provenance["profile"] == "smoke"
    before = files(job.folder)
    failures, shown = launch(plan())
    assert not failures and "up to date" in shown and files(job.folder) == before


def test_a_result_that_was_touched_is_not_up_to_date(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            "x",
            outputs=[
                nbformat.v4.new_output(
                    "display_data",
                    {MIME: {"metrics": [{"value": 1 / 3}], "predictions": [], "scale": "micro"}},
                )
            ],
        )
    ]
    job = Job(Path("03_toy.py"), "smoke", notebook, (), {}, {}, tmp_path / "03_toy")
    write_results(job, notebook, "key")
    assert is_up_to_date(job.folder, "key") and not is_up_to_date(job.folder, "other")
    assert "0.3333333333333333" in (job.folder / "metrics.csv").read_text()
    (job.folder / "metrics.csv").write_text("value\n9\n")
    assert not is_up_to_date(job.folder, "key") and not is_up_to_date(tmp_path / "nowhere", "key")


def test_a_failing_cell_is_named_kept_apart_and_leaves_the_good_result_untouched(plan, notebook):
    (job,) = plan()
    write_results(job, _stamped(), "old")
    before = files(job.folder)
    notebook.write_text(toy.SOURCE.replace('mood: str = "good"', 'mood: str = "bad"'))
    failures, shown = launch(plan())
    assert (
        len(failures) == 1
        and "ValueError: asked to fail" in shown
        and 'raise ValueError("asked to fail")' in shown
    )
    after = files(job.folder)
    assert b"before" in after.pop("failed.ipynb") and after == before


def _stamped():
    output = nbformat.v4.new_output("display_data", {MIME: {"metrics": [], "predictions": []}})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[output])])


def test_the_page_has_exactly_the_parameters_that_the_run_was_asked_for(tmp_path):
    (job,) = planning.plan(
        [str(toy.write(tmp_path, source=toy.PAGE))],
        profile="smoke",
        overrides=["lr=3e-5", "names=a,b"],
        out=tmp_path / "runs",
    )
    assert launch([job])[0] == []
    page = nbformat.read(job.folder / "executed.ipynb", as_version=4)
    left = read_bundle(page)
    # not the annotated `note`, which stands above the parameters
    assert left["parameters"] == {"seeds": 1, "lr": 3e-5, "names": ["a", "b"]} == job.parameters
    assert list(verify.facts.check_parameters(job, page, left)) == []


def test_a_cell_that_changes_a_parameter_behind_the_run_fails_and_names_it(tmp_path):
    source = toy.PAGE.replace("# ---- between", "lr = 1.0")
    (job,) = planning.plan(
        [str(toy.write(tmp_path, source=source))], profile="smoke", out=tmp_path / "runs"
    )
    (failure,), _ = launch([job])
    assert "parameter lr is 1.0 now, but was 0.001 when the page was opened" in str(failure)
    assert not (job.folder / "executed.ipynb").exists()


def test_a_notebook_without_a_stamp_fails(plan):
    failures, shown = launch(plan("mood=silent"))
    assert len(failures) == 1 and "left no stamp" in shown


def test_a_cell_that_takes_too_long_is_stopped(plan, monkeypatch):
    monkeypatch.setitem(execute.CELL_SECONDS, "smoke", 2)
    failures, shown = launch(plan("mood=slow"))
    assert len(failures) == 1 and "took longer than this profile allows" in shown


def command(notebook, out, *more):
    code = "import sys; from bap_core.cli import main; sys.exit(main())"
    arguments = ["run", str(notebook), "--profile", "smoke", "--out", str(out), *more]
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(sys.path), "TOY_ASLEEP": str(out.parent / "asleep")},
        start_new_session=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_to_end_stops_the_kernel_and_leaves_no_file(notebook, tmp_path, number, code):
    process = command(notebook, tmp_path / "runs", "-p", "mood=slow")
    while "start" not in process.stderr.readline():
        assert process.poll() is None
    wait_until((tmp_path / "asleep").exists, "the cell sleeps", process.pid)
    kernels = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    shown = process.stderr.read()
    assert process.wait(timeout=LONG) == code and "Traceback" not in shown
    assert ("stopped" in shown) == (number == signal.SIGINT)
    assert kernels
    wait_until(lambda: not any(is_alive(kernel.pid) for kernel in kernels), "the kernel ends")
    assert [
        path.name
        for path in (tmp_path / "runs" / "smoke").iterdir()
        if not path.name.endswith(".lock")
    ] == []


TELLING = """
import time
import tqdm.std
from bap_core import runtime
tqdm.std.time = iter(range(10**6)).__next__  # a clock that goes on by a second at every look
shares = [open(os.environ["BAP_BAR"]).read() for i in runtime.progress(range(4)) if i]
assert shares == ["25 %", "50 %", "75 %"], shares
"""


def test_a_bar_in_a_cell_tells_the_run_how_far_it_is(plan, notebook):
    notebook.write_text(toy.SOURCE.replace('if mood == "bad":', TELLING + 'if mood == "bad":'))
    failures, shown = launch(plan())
    assert not failures, shown


def test_two_runs_at_once_execute_once(notebook, tmp_path):
    both = [command(notebook, tmp_path / "runs") for _ in range(2)]
    shown = [process.communicate(timeout=LONG)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (
        sum("done in" in text for text in shown) == 1
        and sum("up to date" in text for text in shown) == 1
    )
