"""What a result is: ``executed.ipynb``, ``metrics.csv`` and ``provenance.json`` of a job.

The last two come from the bundle that the notebook's own stamp leaves in its outputs. Each file is
written beside its place and moved there, provenance last, with the checksums of the others: what
is half replaced is seen and made again.
"""

import json
from hashlib import sha256
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from bap_core import store
from bap_core.report.bundle import metrics_csv, read_bundle
from bap_core.runner.execute import RunFailed
from bap_core.runner.hashes import hash_notebook
from bap_core.runner.planning import Job


def write_results(job: Job, notebook: NotebookNode, inputs: str) -> None:
    """File an executed notebook: ``executed.ipynb``, ``metrics.csv``, then ``provenance.json``.

    inputs: of `hashes.hash_inputs`. RunFailed, and nothing is filed, without a stamp.
    """
    text = nbformat.writes(notebook)
    left = read_bundle(notebook)
    if left is None:
        raise RunFailed(
            f"{job.name} ran, but left no stamp: its last cell must call page.stamp(...)", text
        )
    contents = {"executed.ipynb": text, "metrics.csv": metrics_csv(left)}
    provenance = {
        "notebook": job.name,
        "notebook_hash": hash_notebook(job.notebook.cells),
        "profile": job.profile,
        "overrides": job.overrides,
        "inputs": inputs,
        "files": {name: sha256(content.encode()).hexdigest() for name, content in contents.items()},
        **{name: value for name, value in left.items() if name not in ("metrics", "notebook")},
    }
    contents["provenance.json"] = json.dumps(provenance, indent=1) + "\n"
    for name, content in contents.items():
        with store.atomic_write(job.folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    (job.folder / "failed.ipynb").unlink(missing_ok=True)


def is_up_to_date(folder: Path, inputs: str) -> bool:
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
