"""What a result is: ``executed.ipynb``, ``metrics.csv``, ``predictions.parquet``, ``inputs.json``
and ``provenance.json`` of a job.

Metrics, predictions and provenance come from the bundle that the notebook's own stamp leaves in its
outputs, ``inputs.json`` lists by content what it read; it names paths of this machine. Each file is
written beside its place and moved there, provenance last, with the checksums of the others: what
is half replaced is seen and made again.
"""

import json
from hashlib import sha256
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from bap_core import contents, store
from bap_core.recorded import parquet, stages
from bap_core.recorded.bundle import metrics_csv, read_bundle
from bap_core.recorded.packed import unpack
from bap_core.recorded.parquet import PREDICTIONS
from bap_core.runner.execute import RunFailed
from bap_core.runner.hashes import hash_notebook
from bap_core.runner.planning import Job

INPUTS = "inputs.json"
# and provenance.json, with their checksums
BESIDE = ("executed.ipynb", "metrics.csv", PREDICTIONS, INPUTS)
# of the bundle: what has a file of its own
_APART = ("metrics", "notebook", "predictions")


def read_used(path: Path) -> dict[str, str]:
    """What a page said that it read; nothing if it opened no page of `report`."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_results(
    job: Job, notebook: NotebookNode, inputs: str, used: dict[str, str] | None = None
) -> None:
    """File an executed notebook: page, metrics, predictions and inputs, then provenance.

    inputs: of `hashes.hash_inputs`; used: of `contents.used`, None if nothing was read. RunFailed,
    and nothing is filed, without a stamp.
    """
    text = nbformat.writes(notebook)
    left = read_bundle(notebook)
    if left is None:
        raise RunFailed(
            f"{job.name} ran, but left no stamp: its last cell must call page.stamp(...)", text
        )
    said = parquet.to_bytes(unpack(left["predictions"]))
    listed = json.dumps(used or {}, indent=0) + "\n"
    written = dict(zip(BESIDE, (text.encode(), metrics_csv(left).encode(), said, listed.encode())))
    provenance = {
        "notebook": job.name,
        "notebook_hash": hash_notebook(job.notebook.cells),
        "profile": job.profile,
        "overrides": job.overrides,
        "inputs": inputs,
        "stages": stages.versions(job.notebook.cells),
        "files": {name: sha256(content).hexdigest() for name, content in written.items()},
        **described(left),
    }
    last = {"provenance.json": (json.dumps(provenance, indent=1) + "\n").encode()}
    for name, content in (*written.items(), *last.items()):
        with store.atomic_write(job.folder / name) as temporary:
            temporary.write_bytes(content)
    (job.folder / "failed.ipynb").unlink(missing_ok=True)


def described(bundle: dict) -> dict:
    """What of a bundle goes into the provenance: all that has no file of its own."""
    return {name: value for name, value in bundle.items() if name not in _APART}


def is_up_to_date(folder: Path, inputs: str) -> bool:
    """Whether the folder holds a whole result of these inputs, and no file that it read is another
    one now.
    """
    try:
        provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        whole = all(
            store.digest(folder / name) == checksum
            for name, checksum in provenance["files"].items()
        )
        if not whole or provenance["inputs"] != inputs:
            return False
        return not contents.changed(json.loads((folder / INPUTS).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, KeyError):
        return False
