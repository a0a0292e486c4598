"""What is broken on purpose, and how it ended.

A test breaks something (kills a process, flips a byte, forges a page) and notes every case with
`outcomes`: ``survived`` (the numbers are those of an undisturbed run), ``refused`` (one clear
error, or set aside with a line) or ``wrong`` (anything else, which fails the test). `make test`
runs a fair sample of the cases, `make faults` all of them, and writes how many ended in which way
to ``book/faults.csv``, of which the page "What can go wrong" is made.
"""

import csv
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from bap_core.report import stamp

ALL = os.environ.get("BAP_FAULTS") == "all"
ENDINGS = ("survived", "refused", "wrong")
_RECORD = os.environ.get("BAP_FAULTS_RECORD")
_COUNTS: Counter = Counter()


@pytest.fixture(scope="session")
def budget() -> Callable[[int, int], int]:
    """``budget(sample, every)``: how many cases to try, a fair sample or all of them."""
    return lambda sample, every: every if ALL else sample


@pytest.fixture
def outcomes(record_property):
    """``outcomes(kind, ending, what)``: note one case; the test fails if one of them was wrong."""
    wrong = []

    def note(kind: str, ending: str, what: str = "") -> None:
        assert ending in ENDINGS, f"{ending!r} is none of {ENDINGS}"
        record_property("fault", (kind, ending))
        if ending == "wrong":
            wrong.append(f"{kind}: {what}")

    yield note
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def fuzz(outcomes, budget):
    """``fuzz(strategy, run)``: 2,000 cases, or a sample; ``run`` raises clear errors alone, whose
    text has ``naming`` in it.
    """

    def tried(strategy, run, *, sample=60, every=2000, clear=(ValueError,), naming=""):
        @settings(
            max_examples=budget(sample, every),
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def each(value):
            try:
                run(value)
                outcomes("fuzz", "survived")
            except clear as error:
                named = naming in str(error) and str(error).strip()
                outcomes("fuzz", "refused" if named else "wrong", f"{value!r:.300}: {error!r:.300}")
            except Exception as error:
                outcomes("fuzz", "wrong", f"{value!r:.300}: {error!r:.300}")

        each()

    return tried


def pytest_runtest_logreport(report) -> None:
    """Count on the process that leads: workers send what their tests noted with the report."""
    if report.when == "teardown":
        _COUNTS.update(tuple(value) for name, value in report.user_properties if name == "fault")


def pytest_sessionfinish(session, exitstatus) -> None:
    """Write the counts of a run of all cases, on the process that leads."""
    if not _RECORD or hasattr(session.config, "workerinput"):
        return
    made = [_commit(), datetime.now(UTC).date().isoformat()]  # before the file is another one
    with open(_RECORD, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kind", "tried", *ENDINGS, "commit", "made"])
        for kind in sorted({kind for kind, _ in _COUNTS}):
            counts = [_COUNTS[kind, ending] for ending in ENDINGS]
            writer.writerow([kind, sum(counts), *counts, *made])


def _commit() -> str:
    found = stamp.read_commit()
    return found["commit"][:10] + (" with uncommitted changes" if found["dirty"] else "")
