"""The publish gate: a page is shown only if what it says can be made again from what lies here.

Everything that can be recomputed without running the notebook is: banner, tables and figures of
metrics, claims and stamp box from the bundle, the verdicts from the metrics, the parameters and the
cell that sets them from the profile, the hashes of notebook and package, the fingerprints of the
shipped weights, the files beside the page and those that it read. `run_again` executes it.

A page that was found whole is not taken apart again while every file of it, and all that decides
its result, is what it was then.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator

import nbformat
from nbformat import NotebookNode

from bap_core import store
from bap_core.recorded.bundle import read_bundle
from bap_core.recorded.packed import unpack
from bap_core.report import redraw
from bap_core.runner.hashes import hash_inputs
from bap_core.runner.planning import Job
from bap_core.runner.verify import facts, files, page
from bap_core.runner.verify.rerun import run_again

__all__ = ["announce", "find_problems", "run_again"]

Checks = dict[str, Callable[[], Iterable[str]]]


class _Refused(Exception):
    """Carries what keeps a page from being published, so that nothing is kept of its check."""


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
    # what they compare with is neither in the folder nor among what decides the result
    surroundings: Checks = {
        "stamp": lambda: facts.check_stamp(job, bundle),
        "inputs": lambda: files.check_inputs(job),
    }
    return [*_find_inside(job, notebook, bundle), *_run(surroundings)]


def _find_inside(job: Job, notebook: NotebookNode, bundle: dict) -> list[str]:
    """What is wrong with the page taken by itself; where nothing is, that is kept."""
    digests = {one.name: store.digest(one) for one in job.folder.iterdir() if one.is_file()}
    parts = {"folder": digests, "name": job.name, "profile": job.profile}
    parts |= {"overrides": job.overrides, "inputs": hash_inputs(job)}

    def take_apart() -> bool:
        if problems := _run(_make_checks(job, notebook, bundle)):
            raise _Refused(problems)
        return True

    try:
        store.value("verified", parts, take_apart)
    except _Refused as refused:
        return refused.args[0]
    return []


def _make_checks(job: Job, notebook: NotebookNode, bundle: dict) -> Checks:
    answers = functools.cache(lambda: unpack(bundle["predictions"]))
    judged = functools.cache(lambda: redraw.judge_again(bundle, answers()))
    return {
        "cells": lambda: page.check_execution(notebook),
        "alt texts": lambda: page.check_alt_texts(notebook),
        "outputs": lambda: page.check_drawn(notebook, bundle, judged()),
        "parameters": lambda: facts.check_parameters(job, notebook, bundle),
        "sources": lambda: facts.check_sources(job, notebook, bundle),
        "claims": lambda: facts.check_claims(bundle, judged()),
        "measurements": lambda: facts.check_drawn_rows(bundle),
        "recorded run": lambda: facts.check_recorded(bundle),
        "predictions": lambda: facts.check_predictions(bundle, answers()),
        "files": lambda: files.check_beside(job, bundle, answers()),
    }


def _run(checks: Checks) -> list[str]:
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
