"""The hash of a page: of the notebook that it was made from, and of all that decides its result.

A result with the hash of today's inputs is up to date; a page whose cells hash to something else
than its notebook's is refused.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from bap_core import runtime, sources, store
from bap_core.recorded import find_records
from bap_core.runner.planning import Job

WEIGHTS = Path(__file__).parents[1] / "micro" / "weights"


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


def _hash_records(notebook: str) -> dict[str, str]:
    return {
        f"{record.name}/{path.name}": store.digest(path)
        for record in find_records(notebook=notebook)
        for path in sorted(record.folder.iterdir())
    }


def hash_inputs(job: Job) -> str:
    """Twenty hex digits over all that decides a job's result.

    The notebook, what is recorded for it, its parameters, the package (code, tables, weights),
    Python and every library that the package imports, what computes, and the number of its threads.
    The files that it reads are known when it has run, and noted then: see `results`.
    """
    device = runtime.device()
    return store.key(
        notebook=hash_notebook(job.notebook.cells),
        recorded=_hash_records(job.name),
        parameters=job.parameters,
        package=sources.source_hash(),
        weights={path.name: store.digest(path) for path in sorted(WEIGHTS.glob("*.safetensors"))},
        versions=[sys.version, sources.versions()],
        machine=[runtime.processor(device), runtime.threads(device)],
    )
