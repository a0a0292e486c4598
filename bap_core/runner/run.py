"""`bap run`: notebooks with checked parameters, executed once per content, filed under
``runs/<profile>/<notebook>``.

A run writes ``executed.ipynb``, ``metrics.csv`` and ``provenance.json``; the last two come from the
bundle that the notebook's own stamp leaves in its outputs. Each file is written beside its place
and moved there, provenance last, with the checksums of the others: what is half replaced is seen
and made again.
"""

import csv
import difflib
import io
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TextIO

import nbformat
from filelock import FileLock, Timeout

from bap_core import runtime, store
from bap_core.runner import parameters
from bap_core.runner.execute import RunFailed, clock, execute, read_notebook
from bap_core.tidy import COLUMNS

MIME = "application/vnd.bap+json"
WEIGHTS = Path(__file__).parents[1] / "micro" / "weights"
SUFFIXES = (".py", ".ipynb")
MOST_FILES_LISTED = 20_000


@dataclass(frozen=True)
class Job:
    """One notebook with all that decides its result. parameters: all in force; overrides: those
    of ``-p``.
    """

    path: Path
    profile: str
    cells: list
    parameters: dict
    overrides: dict
    folder: Path

    @property
    def name(self) -> str:
        """Name of the notebook, such as ``03_waterbirds``."""
        return self.path.stem


def notebooks_folder() -> Path:
    """``notebooks`` of the checkout. FileNotFoundError for an installation without one."""
    root = runtime.project()
    if root is None:
        raise FileNotFoundError(
            "bap_core is not imported from a checkout: give the path of a notebook"
        )
    return root / "notebooks"


def runs_folder() -> Path:
    """``runs`` in the checkout, else in the current folder."""
    return (runtime.project() or Path.cwd()) / "runs"


def find(names: list[str]) -> list[Path]:
    """Notebook files for names (``03_waterbirds``), numbers (``03``) or paths; none means all.

    ValueError for a name that fits no notebook, or several; FileNotFoundError for a path that does
    not exist.
    """
    if not names:
        return sorted(notebooks_folder().glob("[0-9]*.py"))
    return [_find_one(name) for name in names]


def _find_one(name: str) -> Path:
    if name.endswith(SUFFIXES) or os.sep in name:
        path = Path(name).expanduser()
        if path.suffix not in SUFFIXES or not path.is_file():
            raise FileNotFoundError(f"{name} is not a notebook file ({' or '.join(SUFFIXES)})")
        return path
    known = {path.stem: path for path in find([])}
    fitting = [name] if name in known else [stem for stem in known if stem.split("_")[0] == name]
    if len(fitting) == 1:
        return known[fitting[0]]
    near = parameters.did_you_mean(name, known) or _near_words(name, known)
    raise ValueError(f"unknown notebook {name!r}{near}; known: {', '.join(known)}")


def _near_words(name: str, known) -> str:
    words = {stem.partition("_")[2]: stem for stem in known}
    near = difflib.get_close_matches(name, list(words), n=1)
    return f"; did you mean {words[near[0]]!r}?" if near else ""


def plan(
    names: list[str], *, profile: str, overrides: list[str] = (), out: Path | None = None
) -> list[Job]:
    """Jobs for notebooks at a profile, every name and value checked before anything runs.
    ValueError otherwise.
    """
    return [_job(path, profile, list(overrides), out or runs_folder()) for path in find(names)]


def _job(path: Path, profile: str, overrides: list[str], out: Path) -> Job:
    cells = read_notebook(path).cells
    known = parameters.read(cells, where=path.name)
    folder = path.parent / "profiles"
    beside = {other.stem: other for other in path.parent.glob("[0-9]*.py")} | {path.stem: path}
    every = {
        name: parameters.read(read_notebook(other).cells, where=other.name)
        for name, other in beside.items()
    }
    set_by_profile = parameters.load_profile(folder, profile, every)[path.stem]
    values, changed = parameters.effective(known, set_by_profile, overrides, where=path.stem)
    suffix = f"-{store.key(**changed)[:8]}" if changed else ""
    return Job(path, profile, cells, values, changed, Path(out) / profile / f"{path.stem}{suffix}")


def run(jobs: list[Job], *, force: bool = False, show: TextIO | None = None) -> list[RunFailed]:
    """Run the jobs one after another; what is up to date is left alone unless ``force``. Returns
    the failures.

    A failure keeps the earlier results of its notebook and does not stop the other notebooks. show:
    where the lines go, the terminal (stderr) by default.
    """
    failures, show = [], show or sys.stderr
    for job in jobs:
        try:
            with _alone(job, show):
                _run_one(job, force, show)
        except RunFailed as failure:
            failures.append(failure)
            print(f"error: {failure}", file=show, flush=True)
    return failures


def _run_one(job: Job, force: bool, show: TextIO) -> None:
    inputs = inputs_key(job)
    if not force and up_to_date(job.folder, inputs):
        print(f"{job.name}  up to date  {_shown(job.folder)}", file=show, flush=True)
        return
    started = time.monotonic()
    try:
        done = execute(
            read_notebook(job.path), job.parameters, name=job.name, profile=job.profile, show=show
        )
        write_results(job, done, inputs)
    except RunFailed as failure:
        if failure.partial is None:
            raise
        with store.atomic_write(job.folder / "failed.ipynb") as temporary:
            temporary.write_text(failure.partial, encoding="utf-8")
        raise RunFailed(
            f"{failure}\n    kept as far as it came: {_shown(job.folder)}/failed.ipynb"
        ) from failure
    print(
        f"{job.name}  done in {clock(time.monotonic() - started)}  {_shown(job.folder)}",
        file=show,
        flush=True,
    )


def _alone(job: Job, show: TextIO):
    """Lock of the job's folder. A second run of the same job waits, and then finds it up to
    date.
    """
    job.folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(job.folder.parent / f".{job.folder.name}.lock")
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        print(f"{job.name}  waiting for another run of it", file=show, flush=True)
        return lock.acquire()


def _shown(path: Path) -> str:
    inside = path.resolve().is_relative_to(Path.cwd())
    return str(path.resolve().relative_to(Path.cwd()) if inside else path)


# -- what a result depends on ----------------------------------------------------------------------


def notebook_hash(cells) -> str:
    """Twenty hex digits over type, source, tags and alt text of every cell, the one that
    papermill injects left out.
    """
    written = [cell for cell in cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    return store.key(cells=[[cell.cell_type, cell.source, _meaning(cell)] for cell in written])


def _meaning(cell) -> dict:
    return {name: cell.metadata[name] for name in ("tags", "mystnb") if cell.metadata.get(name)}


def inputs_key(job: Job) -> str:
    """Twenty hex digits over all that decides a job's result.

    The notebook, its parameters, the package (code, tables, weights), the pinned versions, torch,
    the device's kind, and the listing (names, sizes, times) of every file or folder that a
    parameter names.
    """
    # loads what draws the figures, which a refused call need not wait for
    from bap_core.report import source_hash

    root = runtime.project()
    pins = root / "constraints.txt" if root else None
    return store.key(
        notebook=notebook_hash(job.cells),
        parameters=job.parameters,
        package=source_hash(),
        weights={path.name: store.digest(path) for path in sorted(WEIGHTS.glob("*.safetensors"))},
        pins=store.digest(pins) if pins and pins.exists() else None,
        versions=[sys.version, metadata.version("torch"), runtime.device().type],
        files=[
            _listing(Path(text).expanduser())
            for text in _texts(job.parameters)
            if _names_a_path(text)
        ],
    )


def _texts(values: dict) -> Iterator[str]:
    for value in values.values():
        yield from (
            item
            for item in (value if isinstance(value, list) else [value])
            if isinstance(item, str)
        )


def _names_a_path(text: str) -> bool:
    try:
        return bool(text) and Path(text).expanduser().exists()
    except (OSError, RuntimeError):
        return False


def _listing(path: Path) -> str:
    state = sha256(str(path.resolve()).encode())
    files = [path] if path.is_file() else itertools.islice(_walk(path), MOST_FILES_LISTED)
    for file in files:
        status = file.stat()
        state.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return state.hexdigest()[:20]


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(here) / name for name in sorted(files))


# -- what a result is ------------------------------------------------------------------------------


def bundle_of(notebook) -> dict | None:
    """The last ``application/vnd.bap+json`` output of an executed notebook: parameters, scale,
    metrics, claims, stamp.
    """
    outputs = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output
    ]
    found = [output.data[MIME] for output in outputs if MIME in output.data]
    return found[-1] if found else None


def metrics_csv(bundle: dict) -> str:
    """The bundle's metrics as CSV text, one row per measurement, with every digit."""
    text = io.StringIO()
    further = sorted({column for row in bundle["metrics"] for column in row} - set(COLUMNS))
    writer = csv.DictWriter(text, [*COLUMNS, *further], lineterminator="\n")
    writer.writeheader()
    writer.writerows(bundle["metrics"])
    return text.getvalue()


def write_results(job: Job, notebook, inputs: str) -> None:
    """File an executed notebook: ``executed.ipynb``, ``metrics.csv``, then ``provenance.json``.
    RunFailed without a stamp.
    """
    text = nbformat.writes(notebook)
    bundle = bundle_of(notebook)
    if bundle is None:
        raise RunFailed(
            f"{job.name} ran, but left no stamp: its last cell must call page.stamp(...)", text
        )
    contents = {"executed.ipynb": text, "metrics.csv": metrics_csv(bundle)}
    provenance = {
        "notebook": job.name,
        "notebook_hash": notebook_hash(job.cells),
        "profile": job.profile,
        "overrides": job.overrides,
        "inputs": inputs,
        "files": {name: sha256(content.encode()).hexdigest() for name, content in contents.items()},
        **{name: value for name, value in bundle.items() if name not in ("metrics", "notebook")},
    }
    contents["provenance.json"] = json.dumps(provenance, indent=1) + "\n"
    for name, content in contents.items():
        with store.atomic_write(job.folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    (job.folder / "failed.ipynb").unlink(missing_ok=True)


def up_to_date(folder: Path, inputs: str) -> bool:
    """Whether the folder holds a whole result of these inputs."""
    try:
        provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        whole = all(
            store.digest(folder / name) == checksum
            for name, checksum in provenance["files"].items()
        )
        return whole and provenance["inputs"] == inputs
    except (FileNotFoundError, ValueError, KeyError):
        return False
