"""A shelf: the pictures of a listing, prepared once, read by a few threads, kept within a limit of
memory.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from bap_core import runtime


class Recent:
    """Prepared pictures (things with ``nbytes``) up to ``limit`` bytes; the least recently used
    are dropped first.
    """

    def __init__(self, limit: int):
        self.limit = limit
        self.nbytes = 0
        self._things = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key) -> Any | None:
        """The thing kept under ``key``, or None."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def keep(self, key, thing) -> Any:
        """Remember ``thing`` and return it; one that is larger than the limit is only returned."""
        with self._lock:
            if key not in self._things and thing.nbytes <= self.limit:
                self._things[key] = thing
                self.nbytes += thing.nbytes
            while self.nbytes > self.limit:
                self.nbytes -= self._things.popitem(last=False)[1].nbytes
        return thing


class Shelf:
    """Row i of ``listing``, prepared by ``prepare(listing, i)`` when it is first asked for.

    memory: a `Recent`, which several shelves may share. kind: what the rows are called in messages.
    """

    def __init__(self, listing, prepare: Callable, *, memory: Recent, kind: str):
        if not len(listing):
            raise ValueError(f"{listing.name}: there are no {kind}s")
        self.listing, self.prepare, self.memory, self.kind = listing, prepare, memory, kind
        # rows of the listing as given name the pictures in memory, also after `check`
        self._whole = listing
        self._rows = np.arange(len(listing))

    def get(self, i: int) -> Any:
        """Row ``i``, prepared."""
        return self._load(int(self._rows[i]))

    def get_many(self, indices: np.ndarray) -> dict[int, Any]:
        """The rows in ``indices`` (repeats allowed) by number; what is not in memory is read by
        a few threads.
        """
        rows = {int(i): int(self._rows[i]) for i in np.unique(indices)}
        found = {i: self.memory.get((self.kind, row)) for i, row in rows.items()}
        if absent := [i for i, thing in found.items() if thing is None]:
            found.update(zip(absent, _in_threads(self._load, [rows[i] for i in absent])))
        return found

    def check(self) -> list[dict]:
        """Read every row once and keep the usable ones in ``listing``; returns what was left out:
        kind, image, reason.

        ValueError if nothing is left.
        """
        reasons = list(
            runtime.progress(
                _in_threads(self._reason, self._rows.tolist()),
                total=len(self._rows),
                label=f"reading {self.kind}s",
                unit="img",
            )
        )
        lost = [
            {"kind": self.kind, "image": self.listing.frame["image"].iat[i], "reason": reason}
            for i, reason in enumerate(reasons)
            if reason
        ]
        if len(lost) == len(reasons):
            raise ValueError(
                f"none of the {len(lost)} {self.kind}s can be used; the first: {reasons[0]}"
            )
        if lost:
            self._rows = self._rows[[reason is None for reason in reasons]]
            self.listing = self._whole.take(self._rows)
        return lost

    @property
    def rows(self) -> np.ndarray:
        """Which rows of the listing as it was given are still on the shelf."""
        return self._rows

    def _load(self, row: int) -> Any:
        key = (self.kind, row)
        thing = self.memory.get(key)
        return self.memory.keep(key, self.prepare(self._whole, row)) if thing is None else thing

    def _reason(self, row: int) -> str | None:
        try:
            self._load(row)
        except (ValueError, FileNotFoundError) as error:
            return str(error)


def _in_threads(function: Callable, items: list) -> Iterator:
    """Results in the order of ``items``; what was not begun is dropped when the reader stops
    early.
    """
    if len(items) == 1:
        yield function(items[0])
        return
    pool = ThreadPoolExecutor(min(len(items), os.cpu_count() or 1, 16))
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)
