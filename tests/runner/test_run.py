"""The launcher on a toy notebook: what it files, what it leaves alone, what it does not touch."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import toy

from bap_core.runner import execute, parameters, run


@pytest.fixture
def notebook(tmp_path):
    return toy.write(tmp_path)


@pytest.fixture
def plan(notebook, tmp_path):
    def make(*overrides):
        return run.plan(
            [str(notebook)], profile="smoke", overrides=overrides, out=tmp_path / "runs"
        )

    return make


def launch(jobs, **choices):
    shown = io.StringIO()
    return run.run(jobs, show=shown, **choices), shown.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_a_run_files_page_metrics_and_provenance_and_a_second_run_does_nothing(plan, tmp_path):
    (job,) = plan()
    failures, shown = launch([job])
    assert not failures and "03_toy  done in" in shown
    assert set(files(job.folder)) == {"executed.ipynb", "metrics.csv", "provenance.json"}
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


def test_metrics_are_written_in_the_columns_of_the_tidy_frame():
    from bap_core.evaluation import scoring

    assert run.COLUMNS == scoring.COLUMNS
    assert run.metrics_csv({"metrics": [{"n": 1, "value": 0.1, "extra": "x"}]}).splitlines() == [
        "dataset,encoder,method,seed,split,group,metric,value,n,extra",
        ",,,,,,,0.1,1,x",
    ]


def test_overrides_go_to_a_folder_of_their_own(plan):
    (own,), (tweaked,) = plan(), plan("seeds=4")
    assert (
        own.folder.name == "03_toy"
        and tweaked.folder.name.startswith("03_toy-")
        and len(tweaked.folder.name) == 15
    )
    assert tweaked.folder == plan("seeds=4")[0].folder != plan("seeds=5")[0].folder
    assert tweaked.parameters["seeds"] == 4 and tweaked.overrides == {"seeds": 4}


def test_the_inputs_key_sees_source_parameters_and_files_that_a_parameter_names(
    plan, notebook, tmp_path
):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    key = run.inputs_key(plan(f"mood={pictures}")[0])
    assert key == run.inputs_key(plan(f"mood={pictures}")[0]) != run.inputs_key(plan()[0])
    (pictures / "one.png").write_bytes(b"1")
    assert run.inputs_key(plan(f"mood={pictures}")[0]) != key
    key = run.inputs_key(plan()[0])
    notebook.write_text(toy.SOURCE.replace("before", "Before"))
    assert run.inputs_key(plan()[0]) != key


def test_a_result_that_was_touched_is_not_up_to_date(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            "x",
            outputs=[
                nbformat.v4.new_output(
                    "display_data",
                    {run.MIME: {"metrics": [{"value": 1 / 3}], "parameters": {}, "scale": "micro"}},
                )
            ],
        )
    ]
    job = run.Job(Path("03_toy.py"), "smoke", [], {}, {}, tmp_path / "03_toy")
    run.write_results(job, notebook, "key")
    assert run.up_to_date(job.folder, "key") and not run.up_to_date(job.folder, "other")
    assert "0.3333333333333333" in (job.folder / "metrics.csv").read_text()
    (job.folder / "metrics.csv").write_text("value\n9\n")
    assert not run.up_to_date(job.folder, "key") and not run.up_to_date(tmp_path / "nowhere", "key")


def test_a_failing_cell_is_named_kept_apart_and_leaves_the_good_result_untouched(plan, notebook):
    (job,) = plan()
    run.write_results(job, _stamped(), "old")
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
    output = nbformat.v4.new_output("display_data", {run.MIME: {"metrics": [], "parameters": {}}})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[output])])


def test_a_notebook_without_a_stamp_fails(plan):
    failures, shown = launch(plan("mood=silent"))
    assert len(failures) == 1 and "left no stamp" in shown


def test_a_cell_that_takes_too_long_is_stopped(plan, monkeypatch):
    monkeypatch.setitem(execute.CELL_SECONDS, "smoke", 2)
    failures, shown = launch(plan("mood=slow"))
    assert len(failures) == 1 and "took longer than this profile allows" in shown


@pytest.mark.parametrize(
    "name, part",
    [
        ("03_waterbrids", "did you mean '03_waterbirds'"),
        ("99", "unknown notebook '99'"),
        ("nowhere.py", "not a notebook file"),
    ],
)
def test_an_unknown_notebook_is_refused(name, part):
    with pytest.raises((ValueError, FileNotFoundError), match=part):
        run.find([name])


def test_notebooks_are_found_by_number_and_name():
    assert (
        run.find(["03"])
        == run.find(["03_waterbirds"])
        == [run.notebooks_folder() / "03_waterbirds.py"]
    )


def test_every_profile_of_the_project_fits_its_notebooks():
    for profile in run.notebooks_folder().joinpath("profiles").glob("*.yml"):
        assert len(run.plan([], profile=profile.stem)) == len(run.find([]))


@pytest.mark.parametrize("profile", ["smoke", "micro", "paper", "paper-dry"])
def test_counteranimal_asks_for_the_pre_training_of_waterbirds_and_its_autoencoder(profile):
    jobs = {job.name: job for job in run.plan(["03", "05"], profile=profile)}
    birds, photographs = jobs["03_waterbirds"], jobs["05_counteranimal"]
    shared = [
        "n_objects",
        "n_backgrounds",
        "k",
        "m",
        "epochs",
        "lr",
        "head_lr",
        "batch_size",
        "sae_pictures",
        "sae_steps",
    ]
    assert {name: photographs.parameters[name] for name in shared} == {
        name: birds.parameters[name] for name in shared
    }
    assert set(photographs.parameters["encoders"]) <= set(birds.parameters["encoders"])
    pools = [
        [cell.source for cell in job.cells if "birds = data.cub" in cell.source]
        for job in jobs.values()
    ]
    assert pools[0] == pools[1] and len(pools[0]) == 1
    calls = [
        re.findall(r"pretrain_\w+\(.*", "\n".join(cell.source for cell in job.cells))
        for job in jobs.values()
    ]
    assert calls[0] == calls[1] and len(calls[0]) == 2


def test_profiles_of_the_project_read_small_numbers_as_floats():
    known = {
        path.stem: parameters.read(execute.read_notebook(path).cells, where=path.stem)
        for path in run.find([])
    }
    loaded = parameters.load_profile(run.notebooks_folder() / "profiles", "paper", known)
    assert type(loaded["03_waterbirds"]["lr"]) is float


def command(notebook, out, *more):
    code = "import sys; from bap_core.cli import main; sys.exit(main())"
    arguments = ["run", str(notebook), "--profile", "smoke", "--out", str(out), *more]
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )


def test_ctrl_c_stops_the_kernel_leaves_no_file_and_exits_130(notebook, tmp_path):
    process = command(notebook, tmp_path / "runs", "-p", "mood=slow")
    while "start" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    shown = process.stderr.read()
    assert process.wait(timeout=30) == 130 and "stopped" in shown and "Traceback" not in shown
    assert [
        path.name
        for path in (tmp_path / "runs" / "smoke").iterdir()
        if not path.name.endswith(".lock")
    ] == []


def test_two_runs_at_once_execute_once(notebook, tmp_path):
    both = [command(notebook, tmp_path / "runs") for _ in range(2)]
    shown = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (
        sum("done in" in text for text in shown) == 1
        and sum("up to date" in text for text in shown) == 1
    )
