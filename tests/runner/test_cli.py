"""The command line: every slip of the user gives one message and exit code 2."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy

import bap_core
from bap_core import cli, processes
from bap_core.runner import execute, results, run


@pytest.fixture
def notebook(tmp_path):
    return str(toy.write(tmp_path))


@pytest.mark.parametrize(
    "arguments, part",
    [
        (["-p", "sedes=2"], "did you mean 'seeds'"),
        (["-p", "seeds=2.5"], "declared int"),
        (["-p", "seeds"], "must read name=value"),
        (["--profile", "papr"], "unknown profile 'papr'"),
    ],
)
def test_a_slip_gives_one_message_and_exit_code_2(notebook, tmp_path, capsys, arguments, part):
    arguments = ["run", notebook, "--out", str(tmp_path / "runs"), "--profile", "smoke", *arguments]
    assert cli.main(arguments) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("bap run: ") and part in shown and "Traceback" not in shown
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--jobs", "0"], "'0' is not a whole number, 1 or more"),
        (["--processes", "two"], "'two' is not a whole number, 1 or more"),
    ],
)
def test_a_number_of_jobs_or_processes_that_is_none_is_refused(capsys, arguments, part):
    with pytest.raises(SystemExit):
        cli.main(["run", "03", *arguments])
    assert part in capsys.readouterr().err


def test_jobs_and_processes_at_once_are_refused(notebook, capsys):
    arguments = ["run", notebook, "--profile", "smoke", "--jobs", "2", "--processes", "2"]
    assert cli.main(arguments) == 2 and "give one of them" in capsys.readouterr().err


def test_the_misspelt_seeds_of_waterbirds_exit_with_2_and_name_seeds(capsys):
    assert cli.main(["run", "03_waterbirds", "-p", "sedes=2"]) == 2
    assert "did you mean 'seeds'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["rnu"], ["run", "--profil"], ["micro"], ["micro", "bake"], ["data"], ["data", "fetch"]],
)
def test_an_unknown_command_or_option_exits_with_2(arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2


def test_a_failed_notebook_exits_with_1_and_ctrl_c_with_130(
    notebook, tmp_path, monkeypatch, capsys
):
    def fail(*_, **__):
        raise execute.RunFailed("03_toy failed in cell 3/5")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    arguments = ["run", notebook, "--profile", "smoke", "--out", str(tmp_path / "runs")]
    monkeypatch.setattr(run, "execute", fail)
    assert cli.main(arguments) == 1 and "failed in cell 3/5" in capsys.readouterr().err
    monkeypatch.setattr(run, "execute", interrupt)
    assert cli.main(arguments) == 130 and "stopped" in capsys.readouterr().err


def test_a_full_disk_gives_one_message_and_leaves_nothing_half_written(
    notebook, tmp_path, monkeypatch, capsys
):
    def no_room(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "executed.ipynb")

    monkeypatch.setattr(run, "execute", lambda notebook, *_, **__: notebook)
    monkeypatch.setattr(
        results, "read_bundle", lambda _: {"metrics": [], "predictions": [], "stamp": {}}
    )
    monkeypatch.setattr(type(tmp_path), "write_bytes", no_room)
    assert cli.main(["run", notebook, "--profile", "smoke", "--out", str(tmp_path / "runs")]) == 1
    shown = capsys.readouterr().err
    assert "No space left on device" in shown and "Traceback" not in shown
    assert not [
        path for path in (tmp_path / "runs").rglob("*") if path.is_file() and path.suffix != ".lock"
    ]


# Tells what is loaded and set when the first thing is said, and ends there.
FIRST = """
import json, os, sys

class First:
    def write(self, text):
        found = {"torch": "torch" in sys.modules, "said": text, **os.environ}
        os.write(1, json.dumps(found).encode())
        os._exit(0)

from bap_core import cli
sys.stdout = sys.stderr = First()
cli.main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "arguments",
    [["doctor"], ["data", "list"], ["data", "check", "cub"], ["run", "03"], ["verify"], ["book"]],
)
def test_a_command_says_something_before_it_loads_what_takes_seconds(arguments):
    unset = processes.SLEEP_SOON
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-c", FIRST, *arguments],
        env=environment | {"PYTHONPATH": str(Path(bap_core.__file__).parents[1])},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["said"].startswith(f"bap {arguments[0]}: ") and not found["torch"]
    assert unset.items() <= found.items()  # which is read when torch is loaded


def loaded(imports, libraries):
    """Which of the libraries these imports load."""
    script = f"import sys; {imports}; print(*[name for name in {libraries} if name in sys.modules])"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_what_a_notebook_imports_brings_no_library_that_few_of_them_need():
    """Each of these takes seconds, and every page would pay for it."""
    imports = "from bap_core import baselines, data, evaluation, method, report, studies"
    assert loaded(imports, ["nbformat", "sklearn", "umap", "plotly"]) == []


def test_what_runs_a_notebook_loads_neither_encoders_nor_figures():
    """The kernel loads them anyway; twice would be seconds more until the first cell."""
    imports = "from bap_core.runner import planning, side_by_side"
    libraries = ["open_clip", "torchvision", "transformers", "matplotlib", "sklearn", "scipy"]
    assert loaded(imports, libraries) == []
