"""The command line: every slip of the user gives one message and exit code 2."""

import errno

import pytest
import toy

from bap_core import cli
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
    monkeypatch.setattr(results, "read_bundle", lambda _: {"metrics": [], "stamp": {}})
    monkeypatch.setattr(type(tmp_path), "write_text", no_room)
    assert cli.main(["run", notebook, "--profile", "smoke", "--out", str(tmp_path / "runs")]) == 1
    shown = capsys.readouterr().err
    assert "No space left on device" in shown and "Traceback" not in shown
    assert not [
        path for path in (tmp_path / "runs").rglob("*") if path.is_file() and path.suffix != ".lock"
    ]
