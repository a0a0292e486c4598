"""The hash of a page: of the notebook that it was made from, and of all that decides its result.

A result with the hash of today's inputs is up to date; a page whose cells hash to something else
than its notebook's is refused.
"""

import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from bap_core import runtime, store
from bap_core.report.stamp import source_hash
from bap_core.runner.planning import Job

WEIGHTS = Path(__file__).parents[1] / "micro" / "weights"
MOST_FILES_HASHED = 20_000


def hash_notebook(cells: Iterable) -> str:
    """Twenty hex digits over type, source, tags and alt text of every cell, the one that
    papermill injects left out.
    """
    written = [cell for cell in cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    return store.key(
        cells=[[cell.cell_type, cell.source, _select_metadata(cell)] for cell in written]
    )


def _select_metadata(cell) -> dict:
    return {name: cell.metadata[name] for name in ("tags", "mystnb") if cell.metadata.get(name)}


def hash_inputs(job: Job) -> str:
    """Twenty hex digits over all that decides a job's result.

    The notebook, its parameters, the package (code, tables, weights), the pinned versions, torch,
    the device's kind, and name, size and time of every file in a place that a parameter names.
    """
    root = runtime.project()
    pins = root / "constraints.txt" if root else None
    return store.key(
        notebook=hash_notebook(job.notebook.cells),
        parameters=job.parameters,
        package=source_hash(),
        weights={path.name: store.digest(path) for path in sorted(WEIGHTS.glob("*.safetensors"))},
        pins=store.digest(pins) if pins and pins.exists() else None,
        versions=[sys.version, metadata.version("torch"), runtime.device().type],
        files=[
            _hash_files(Path(text).expanduser())
            for text in _find_texts(job.parameters)
            if _names_a_path(text)
        ],
    )


def _find_texts(values: dict) -> Iterator[str]:
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


def _hash_files(path: Path) -> str:
    state = sha256(str(path.resolve()).encode())
    files = [path] if path.is_file() else itertools.islice(_walk_sorted(path), MOST_FILES_HASHED)
    for file in files:
        status = file.stat()
        state.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return state.hexdigest()[:20]


def _walk_sorted(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(here) / name for name in sorted(files))
