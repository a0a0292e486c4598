"""Recorded runs: what a notebook measured once, on which code, kept with what it takes to count it
again.
"""

from bap_core.recorded.record import Record, find_records, newest, results_folder

__all__ = ["Record", "find_records", "newest", "results_folder"]
