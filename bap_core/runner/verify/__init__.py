"""The publish gate: a page is shown only if what it says can be made again from what lies here.

Everything that can be recomputed without running the notebook is: banner, tables and figures of
metrics, claims and stamp box from the bundle, the verdicts from the metrics, the parameters and the
cell that sets them from the profile, the hashes of notebook and package, the fingerprints of the
shipped weights, the files beside the page and those that it read. `run_again` executes it.
"""

import sys
from collections.abc import Callable, Iterable, Iterator

import nbformat

from bap_core.recorded.bundle import read_bundle
from bap_core.runner.planning import Job
from bap_core.runner.verify import facts, files, page
from bap_core.runner.verify.rerun import run_again

__all__ = ["announce", "find_problems", "run_again"]


def find_problems(job: Job) -> list[str]:
    """What keeps the job's result from being published, one sentence each; empty if nothing does.

    Whatever is broken is a sentence, too: nothing that lies in the folder makes this fail.
    """
    path = job.folder / "executed.ipynb"
    if not path.exists():
        return ["it has no result: run `bap run` first"]
    try:
        notebook = nbformat.read(path, as_version=4)
        bundle = read_bundle(notebook)
    except Exception as error:
        return [f"executed.ipynb cannot be read ({error}): run `bap run --force`"]
    if not isinstance(bundle, dict):
        return [*_checked("cells", lambda: page.check_execution(notebook)), "it has no stamp"]
    checks: dict[str, Callable[[], Iterable[str]]] = {
        "cells": lambda: page.check_execution(notebook),
        "alt texts": lambda: page.check_alt_texts(notebook),
        "outputs": lambda: page.check_drawn(notebook, bundle),
        "parameters": lambda: facts.check_parameters(job, notebook, bundle),
        "sources": lambda: facts.check_sources(job, notebook, bundle),
        "stamp": lambda: facts.check_stamp(job, bundle),
        "claims": lambda: facts.check_claims(bundle),
        "measurements": lambda: facts.check_drawn_rows(bundle),
        "recorded run": lambda: facts.check_recorded(bundle),
        "predictions": lambda: facts.check_predictions(bundle),
        "files": lambda: files.check_beside(job, bundle),
        "inputs": lambda: files.check_inputs(job),
    }
    return [problem for name, check in checks.items() for problem in _checked(name, check)]


def _checked(name: str, check: Callable[[], Iterable[str]]) -> Iterator[str]:
    try:
        yield from check()
    except Exception as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        yield f"its {name} cannot be checked ({what}): run `bap run --force`"


def announce(found: dict[str, list[str]]) -> bool:
    """Print a line per page and one per problem; returns whether every page is fit to be
    published.
    """
    for name, sentences in found.items():
        print(f"{name}  {'refused' if sentences else 'verified'}", file=sys.stderr)
        for sentence in sentences:
            print(f"    {sentence}", file=sys.stderr)
    return not any(found.values())
