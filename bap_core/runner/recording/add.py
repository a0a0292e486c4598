"""`bap results add`: a finished run becomes a recorded one, if it can be evidence."""

import json
import shutil
from pathlib import Path

import nbformat

from bap_core import store
from bap_core.recorded import record as records
from bap_core.recorded.parquet import PREDICTIONS
from bap_core.recorded.record import METRICS, PROVENANCE, Record
from bap_core.report import stamp
from bap_core.runner.recording import check
from bap_core.runner.verify import page

_KEPT = ("notebook", "notebook_hash", "profile", "overrides", "parameters", "scale", "stages")


def add(run: Path, *, by: str, root: Path | None = None) -> Record:
    """Copy metrics, predictions and provenance of a run's folder to ``results/``; returns the
    record.

    by: who made it, as it shall be named; root: by default `results_folder`. ValueError, and
    nothing is added, if the folder holds no whole run, or the run is no evidence.
    """
    said = _read_whole(run)
    name = check.record_name(said)
    folder = (root or records.results_folder()) / name
    if folder.exists():
        raise ValueError(f"{name} is recorded already: {folder}")
    files = {one: said["files"][one] for one in (METRICS, PREDICTIONS)}
    kept = {"by": by, **{one: said[one] for one in _KEPT}, "files": files, "stamp": said["stamp"]}
    with store.scratch_folder("bap-record") as scratch:
        made = Record(scratch / name)
        made.folder.mkdir(parents=True)
        for one in files:
            shutil.copyfile(run / one, made.folder / one)
        text = json.dumps(kept, indent=1, sort_keys=True) + "\n"
        (made.folder / PROVENANCE).write_text(text, encoding="utf-8")
        _refuse(run, check.find_problems(made))
        with store.atomic_folder(folder) as temporary:
            shutil.copytree(made.folder, temporary, dirs_exist_ok=True)
    return Record(folder)


def _read_whole(run: Path) -> dict:
    """The provenance of a run whose page ran to its end and whose files are as it left them."""
    try:
        said = Record(run).provenance
        notebook = nbformat.read(run / "executed.ipynb", as_version=4)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{run} holds no run of today's code ({error}): give a folder of `bap run`, such as "
            "runs/long/03_waterbirds"
        ) from None
    problems = list(page.check_execution(notebook))
    problems += [
        f"{name} was changed after the run"
        for name, checksum in said["files"].items()
        if not (run / name).is_file() or store.digest(run / name) != checksum
    ]
    if not stamp.has_commit(said["stamp"]["commit"]):
        problems.append(f"{said['stamp']['commit'][:10]} is no commit of this project")
    _refuse(run, problems)
    return said


def _refuse(run: Path, problems: list[str]) -> None:
    if problems:
        raise ValueError("\n  ".join([f"{run} is not recorded:", *problems]))
