"""Prepared pictures in memory: one image cache for the whole process, and listings that read their
rows through it.
"""

import copy
import functools
import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
import psutil

from bap_core import contents, runtime
from bap_core.data.pictures import PictureFiles

# bytes: the paper's 4,795 birds, 20,000 backgrounds and 11,788 scenes are 5.2 GB at 224 pixels
DEFAULT_LIMIT = 8 * 10**9


class Sized(Protocol):
    """A thing that knows how many bytes it takes, such as an array."""

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        ...


Files = TypeVar("Files", bound=PictureFiles)
Thing = TypeVar("Thing", bound=Sized)


class ImageCache:
    """Prepared pictures up to ``limit`` bytes; the least recently used are dropped first."""

    def __init__(self, limit: int):
        self.limit = limit
        self.nbytes = 0
        self._things = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable):
        """The thing kept under ``key``, or None."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def keep(self, key: Hashable, thing: Thing) -> Thing:
        """Remember ``thing`` and return it; one that is larger than the limit is only returned."""
        with self._lock:
            if key not in self._things and thing.nbytes <= self.limit:
                self._things[key] = thing
                self.nbytes += thing.nbytes
            while self.nbytes > self.limit:
                self.nbytes -= self._things.popitem(last=False)[1].nbytes
        return thing


def image_cache() -> ImageCache:
    """The image cache of this process, made when it is first asked for, for `memory_limit` bytes.
    Everything that keeps pictures keeps them here.
    """
    with _MAKING:  # threads that ask first, at once, get the same one
        return _made()


def memory_limit() -> int:
    """Bytes that the image cache may take: ``$BAP_CACHE_GB`` times 10^9, else `DEFAULT_LIMIT`, but
    no more than a quarter of the machine's memory. ValueError for what is no number of at least 0.
    """
    chosen = os.environ.get("BAP_CACHE_GB", "")
    if not chosen:
        return min(DEFAULT_LIMIT, psutil.virtual_memory().total // 4)
    try:
        limit = float(chosen) * 10**9
    except ValueError:
        limit = math.nan
    if not 0 <= limit < math.inf:
        raise ValueError(
            f"BAP_CACHE_GB={chosen!r}: a number of gigabytes is needed, such as 4 or 0.5; 0 keeps "
            "no pictures"
        )
    return int(limit)


@functools.cache
def _made() -> ImageCache:
    return ImageCache(memory_limit())


_MAKING = threading.Lock()


class CachedPictures(Generic[Files, Thing]):
    """Row i of ``listing``, prepared by ``prepare(listing, i)`` when it is first asked for.

    cache: where the prepared rows are kept; None for `image_cache`. They are kept under a name of
    their own, which nobody else can ask for. kind: what the rows are called in messages. ValueError
    for a listing without rows.
    """

    def __init__(
        self,
        listing: Files,
        prepare: Callable[[Files, int], Thing],
        *,
        cache: ImageCache | None = None,
        kind: str,
    ):
        if not len(listing):
            raise ValueError(f"{listing.name}: there are no {kind}s")
        self.listing, self.kind = listing, kind
        # rows of the listing as given name the pictures in the cache, also after `check`
        self._whole = listing
        self._rows = np.arange(len(listing))
        self._prepare, self._cache, self._own = prepare, cache, object()

    def prepared_by(self, prepare: Callable[[Files, int], Thing]) -> Self:
        """The same rows, prepared in another way."""
        other = copy.copy(self)
        other._prepare, other._own = prepare, object()
        return other

    def get(self, i: int) -> Thing:
        """Row ``i``, prepared."""
        return self._load(int(self._rows[i]))

    def get_many(self, indices: np.ndarray) -> dict[int, Thing]:
        """The rows in ``indices`` (repeats allowed) by number; what is not in the cache is read by
        a few threads.
        """
        rows = {int(i): int(self._rows[i]) for i in np.unique(indices)}
        kept = {i: self._kept(row) for i, row in rows.items()}
        found = {i: thing for i, thing in kept.items() if thing is not None}
        if absent := [i for i in rows if i not in found]:
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
        """Which rows of the listing as it was given are still in use."""
        return self._rows

    def _kept(self, row: int) -> Thing | None:
        return self._memory.get(self._name(row))

    def _load(self, row: int) -> Thing:
        thing = self._kept(row)
        if thing is None:
            name = self._name(row)  # of before the file is read
            thing = self._memory.keep(name, self._prepare(self._whole, row))
        return thing

    def _name(self, row: int) -> tuple:
        """What was made of a file that has changed since is not found any more."""
        return self._own, row, len(contents.changes())

    @property
    def _memory(self) -> ImageCache:
        return image_cache() if self._cache is None else self._cache

    def _reason(self, row: int) -> str | None:
        try:
            self._load(row)
        except (ValueError, FileNotFoundError) as error:
            return str(error)


def _in_threads(function: Callable, items: list[int]) -> Iterator:
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
