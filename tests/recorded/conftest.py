"""Where runs are recorded, and a finished run of the honest page as `bap run` leaves it."""

import dataclasses

import pytest
from honest_page import bundle, executed, job_in

from bap_core.report import stamp
from bap_core.runner.results import write_results


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Where runs are recorded in this test."""
    folder = tmp_path / "results"
    monkeypatch.setattr("bap_core.recorded.record.results_folder", lambda: folder)
    return folder


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """Files a finished run and returns its folder. change: what is done to the bundle first;
    choices: fields of the job.
    """
    monkeypatch.setattr(stamp, "has_commit", lambda name: name != "f" * 40)

    def make(change=lambda left: None, **choices):
        left = bundle()
        left["stamp"] |= {"commit": "a" * 40, "dirty": False}
        change(left)
        job = dataclasses.replace(job_in(tmp_path / "runs"), **{"profile": "long", **choices})
        write_results(job, executed(left), "key")
        return job.folder

    return make
