"""The publish gate: a page is shown only if what its stamp says can be made again from what lies
here.

Everything that can be recomputed without running the notebook is: the parameters in force, the
hashes of notebook and package, the fingerprints of the shipped weights, the verdicts from the
metrics, the files beside the page.
"""

import functools
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields

import nbformat
import pandas as pd
from nbformat import NotebookNode

from bap_core import encoders, report, store
from bap_core.encoders.checkpoints import Identity
from bap_core.report.bundle import find_outputs, metrics_csv, read_bundle
from bap_core.runner.hashes import hash_notebook
from bap_core.runner.planning import Job

SHORTEST_ALT = 15


def find_problems(job: Job) -> list[str]:
    """What keeps the job's result from being published, one sentence each; empty if nothing
    does.
    """
    path = job.folder / "executed.ipynb"
    if not path.exists():
        return ["it has no result: run `bap run` first"]
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        return [f"executed.ipynb cannot be read ({error}): run `bap run --force`"]
    bundle = read_bundle(notebook)
    if bundle is None:
        return [*check_execution(notebook), "it has no stamp"]
    return [
        *check_execution(notebook),
        *check_page_elements(notebook),
        *check_alt_texts(notebook),
        *check_parameters(job, notebook, bundle),
        *check_sources(job, notebook, bundle),
        *check_claims(bundle),
        *check_files_beside(job, bundle),
    ]


def announce(found: dict[str, list[str]]) -> bool:
    """Print a line per page and one per problem; returns whether every page is fit to be
    published.
    """
    for page, sentences in found.items():
        print(f"{page}  {'refused' if sentences else 'verified'}", file=sys.stderr)
        for sentence in sentences:
            print(f"    {sentence}", file=sys.stderr)
    return not any(found.values())


def check_execution(notebook: NotebookNode) -> Iterator[str]:
    """Whether the notebook ran to its end: no exception, every code cell executed, no error
    among the outputs.
    """
    if notebook.metadata.get("papermill", {}).get("exception"):
        yield "a cell of it failed"
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            yield f"cell {number} was not executed: {_quote_start(cell)}"
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"cell {number} ended in {output.ename}: {output.evalue}"


def check_page_elements(notebook: NotebookNode) -> Iterator[str]:
    """Whether a reader sees what every page must show: at which scale its numbers were made, and
    what made them.
    """
    shown = " ".join(html for _, html in find_outputs(notebook, "text/html"))
    for name, label in (("bap-banner", "scale banner"), ("bap-stamp", "stamp")):
        if name not in shown:
            yield f"it shows no {label}"


def check_alt_texts(notebook: NotebookNode) -> Iterator[str]:
    """Whether every picture has a text: in the cell's ``mystnb.image.alt``, or in the ``alt`` of
    an HTML image.
    """
    for number in dict.fromkeys(number for number, _ in find_outputs(notebook, "image/")):
        cell = notebook.cells[number - 1]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt") or ""
        if len(alt.strip()) < SHORTEST_ALT:
            yield f"cell {number} shows a picture without alt text: {_quote_start(cell)}"
    for number, html in find_outputs(notebook, "text/html"):
        for tag in re.findall(r"<img\b[^>]*>", html):
            if not re.search(r"""alt=["'][^"']{%d,}""" % SHORTEST_ALT, tag):
                yield f"cell {number} shows an HTML image without alt text"


def check_parameters(job: Job, notebook: NotebookNode, bundle: dict) -> Iterator[str]:
    """Whether the parameters in force were the profile's: in the bundle, and in what papermill
    injected.
    """
    injected = notebook.metadata.get("papermill", {}).get("parameters", {})
    for where, values in (
        ("the stamp says", bundle["parameters"]),
        ("papermill injected", dict(injected)),
    ):
        for name in {**job.parameters, **values}:
            wanted, found = job.parameters.get(name, "nothing"), values.get(name, "nothing")
            if wanted != found:
                yield f"parameter {name}: profile {job.profile} gives {wanted!r}, {where} {found!r}"


def check_sources(job: Job, notebook: NotebookNode, bundle: dict) -> Iterator[str]:
    """Whether notebook, package and shipped weights are the ones that lie here now, and the
    commit is recorded.
    """
    stamp = bundle["stamp"]
    if hash_notebook(notebook.cells) != hash_notebook(job.notebook.cells):
        yield f"its cells are not those of {job.path.name} any more"
    if stamp.get("source_hash") != (now := report.source_hash()):
        yield f"bap_core was {stamp.get('source_hash')} when it ran and is {now} now"
    if not stamp.get("commit") or "dirty" not in stamp:
        yield "its stamp names no commit"
    for name in sorted(
        {item["name"] for item in stamp.get("encoders", [])} & set(encoders.micro_names())
    ):
        recorded = [item["fingerprint"] for item in stamp["encoders"] if item["name"] == name]
        if (now := _fingerprint_weights(name)) not in recorded:
            yield f"the weights of {name} are {now} now; its stamp says {', '.join(recorded)}"


def check_claims(bundle: dict) -> Iterator[str]:
    """Whether the verdicts follow from the metrics: they are judged again, and compared."""
    frame = pd.DataFrame(bundle["metrics"])
    frame["value"] = pd.to_numeric(frame["value"])
    known = [field.name for field in fields(Identity)]
    identities = {
        item["name"]: Identity(**{name: item[name] for name in known if name in item})
        for item in bundle["stamp"]["encoders"]
    }
    again = report.judge(frame, bundle["notebook"], bundle["scale"], identities)
    judged = {(row["id"], row["encoder"]): row["verdict"] for row in again.to_dict("records")}
    stated = {(row["id"], row["encoder"]): row["verdict"] for row in bundle["claims"]}
    for key in {**judged, **stated}:
        if judged.get(key) != stated.get(key):
            said, found = stated.get(key), judged.get(key)
            yield f"claim {' / '.join(key)}: the page says {said!r}, its metrics say {found!r}"


def check_files_beside(job: Job, bundle: dict) -> Iterator[str]:
    """Whether metrics.csv and provenance.json beside the page say what the page says."""
    metrics, provenance = job.folder / "metrics.csv", job.folder / "provenance.json"
    missing = [path.name for path in (metrics, provenance) if not path.exists()]
    if missing:
        yield f"{' and '.join(missing)} beside it missing"
        return
    if metrics.read_text(encoding="utf-8") != metrics_csv(bundle):
        yield "metrics.csv beside it holds other numbers"
    recorded = json.loads(provenance.read_text(encoding="utf-8"))
    for name in ("parameters", "scale", "claims", "stamp"):
        if recorded.get(name) != bundle[name]:
            yield f"provenance.json beside it holds another {name!r}"
    for name, checksum in recorded.get("files", {}).items():
        if store.digest(job.folder / name) != checksum:
            yield f"{name} was changed after the run"


@functools.cache
def _fingerprint_weights(name: str) -> str:
    return encoders.load(name).fingerprint


def _quote_start(cell) -> str:
    return repr(cell.source.strip().splitlines()[0][:60])
