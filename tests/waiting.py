"""Waiting for an event, as long as a very busy machine may take."""

import time
from collections.abc import Callable

import psutil

LONG = 600  # seconds


def wait_until(true: Callable[[], object], what: str, child: int | None = None) -> None:
    """Wait until something is true, while the process ``child`` lives."""
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, f"waited in vain until {what}"
        assert child is None or is_alive(child), f"the process ended before {what}"
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    """Whether a process lives; one that has ended and that nobody has asked about does not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
