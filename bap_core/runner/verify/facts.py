"""What a page says of itself, against what can be found out here: parameters, the cell that sets
them, notebook, package, weights, verdicts, and the facts of the stamp.
"""

import functools
from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd
from nbformat import NotebookNode
from papermill.translators import papermill_translators

from bap_core import encoders, micro, runtime, sources, tidy
from bap_core.evaluation.recount import recount
from bap_core.recorded.bundle import to_records
from bap_core.report import evidence, redraw, stamp
from bap_core.runner.hashes import hash_notebook
from bap_core.runner.planning import Job

INJECTED = "injected-parameters"


def check_parameters(job: Job, notebook: NotebookNode, bundle: dict) -> Iterator[str]:
    """Whether the parameters in force were the profile's: in the bundle, in what papermill noted,
    and in the cell that it injected.
    """
    noted = notebook.metadata.get("papermill", {}).get("parameters", {})
    said = {"the stamp says": bundle["parameters"], "papermill injected": dict(noted)}
    for where, values in said.items():
        for name in {**job.parameters, **values}:
            wanted, found = job.parameters.get(name, "nothing"), values.get(name, "nothing")
            if wanted != found:
                yield f"parameter {name}: profile {job.profile} gives {wanted!r}, {where} {found!r}"
    yield from _check_injected(job, notebook)


def _check_injected(job: Job, notebook: NotebookNode) -> Iterator[str]:
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    places = [place for place, names in enumerate(tags) if INJECTED in names]
    if len(places) != bool(job.parameters):
        yield f"it has {len(places)} cells tagged {INJECTED!r}, a run makes one"
    for place in places:
        written = papermill_translators.find_translator("python3", "python").codify(job.parameters)
        cell = notebook.cells[place]
        if _statements(cell.source) != _statements(written) or cell.get("outputs"):
            yield f"the injected cell {place + 1} is not the one that a run makes"
        if not place or "parameters" not in tags[place - 1]:
            yield f"the injected cell {place + 1} does not stand below the parameters"


def _statements(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip() and not line.startswith("#")]


def check_sources(job: Job, notebook: NotebookNode, bundle: dict) -> Iterator[str]:
    """Whether notebook, package and shipped weights are the ones that lie here now."""
    if bundle["notebook"] != job.name:
        yield f"its bundle is that of {bundle['notebook']}"
    if hash_notebook(notebook.cells) != hash_notebook(job.notebook.cells):
        yield f"its cells are not those of {job.path.name} any more"
    recorded, now = bundle["stamp"].get("source_hash"), sources.source_hash()
    if recorded != now or bundle["source_hash"] != now:
        yield f"bap_core was {recorded} when it ran and is {now} now"
    used = bundle["stamp"].get("encoders", [])
    for name in sorted({item["name"] for item in used} & set(encoders.micro_names())):
        fingerprints = [item["fingerprint"] for item in used if item["name"] == name]
        if (now := _fingerprint_weights(name)) not in fingerprints:
            said = ", ".join(fingerprints)
            yield f"the weights of {name} are {now} now; its stamp says {said}"


def check_stamp(job: Job, bundle: dict) -> Iterator[str]:
    """Whether the stamp's facts are those of the metrics, of the plan, and of this machine as far
    as it says that it was this one.
    """
    said, metrics = bundle["stamp"], bundle["metrics"]
    if not said.get("commit") or "dirty" not in said:
        yield "its stamp names no commit"
    elif not stamp.has_commit(said["commit"]):
        yield f"its stamp names the commit {said['commit']}, which is not here"
    seeds = sorted({int(row["seed"]) for row in metrics})
    named = sorted(
        {row["encoder"] for row in metrics} - {item["name"] for item in said["encoders"]}
    )
    pairs = {
        "seeds": (said["seeds"], seeds),
        "profile": (said["profile"], job.profile),
        "versions": (said["versions"], stamp.read_versions()),
    }
    if (world := said["world"]) and world["name"] in micro.WORLDS:
        pairs["version of the world"] = (world["version"], micro.VERSION)
    for what, (found, wanted) in pairs.items():
        if found != wanted:
            yield f"{what}: its stamp says {found!r}, here it is {wanted!r}"
    if named:
        yield f"its metrics name encoders that its stamp does not: {', '.join(named)}"
    if datetime.fromisoformat(said["made"]) > datetime.now(UTC):
        yield f"it was made in the future: {said['made']}"
    device = runtime.device()
    here = [runtime.processor(device), runtime.threads(device)]
    if said["machine"] == here and not said["device"].startswith(f"{device.type} ("):
        yield f"its stamp names the device {said['device']!r}, its machine is {here[0]!r}"


def check_claims(bundle: dict, again: pd.DataFrame) -> Iterator[str]:
    """Whether the claims, with their words and verdicts, follow from the metrics: they were judged
    ``again``, and are compared.
    """
    judged = {(row["id"], row["encoder"]): row for row in to_records(again)}
    stated = {(row["id"], row["encoder"]): row for row in bundle["claims"]}
    for key in {**judged, **stated}:
        found, said = judged.get(key), stated.get(key)
        if found != said:
            verdict = (
                f"{said and said['verdict']!r}, its metrics say {found and found['verdict']!r}"
            )
            yield f"claim {' / '.join(key)}: the page says {verdict}"
    if len(stated) != len(bundle["claims"]):
        yield "it states a claim twice"


def check_recorded(bundle: dict) -> Iterator[str]:
    """Whether what the page shows as recorded is what is recorded for it, judged again."""
    if bundle["recorded"] != evidence.recorded_for(bundle["notebook"], bundle["scale"]):
        yield "what is recorded for it is something else by now: run it again"


def check_predictions(bundle: dict, predictions: pd.DataFrame) -> Iterator[str]:
    """Whether the accuracies are what the page's predictions give when they are counted again."""
    yield from recount(redraw.frame_of(bundle["metrics"]), predictions)


def check_drawn_rows(bundle: dict) -> Iterator[str]:
    """Whether every measurement is there once, and the tables and figures of metrics are of these
    alone: a row that is not among them could say anything.
    """
    try:
        tidy.refuse_repeated(redraw.frame_of(bundle["metrics"]))
    except ValueError as error:
        yield str(error)
    for number, drawn in enumerate(bundle["drawn"], 1):
        if strange := [row for row in drawn["rows"] if not isinstance(row, int)]:
            what = " / ".join(str(strange[0].get(name)) for name in tidy.KEYS)
            where = f"{drawn['call']} ({number} of {len(bundle['drawn'])})"
            yield f"{where} shows a measurement that the page does not have: {what}"


@functools.cache
def _fingerprint_weights(name: str) -> str:
    return encoders.load(name).fingerprint
