"""The line that a run shows: where it is, under which heading, how far, since when, and for how
much longer by the times of the last run.
"""

import contextlib
import json
import re
import shutil
import threading
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from nbformat import NotebookNode

from bap_core import store

LONGEST_HEADING = 40  # columns
CLEAR = "\r\033[K"  # the line of a terminal


class ProgressLine:
    """``03_waterbirds  cell 7/31  Training the probe  43 %  1:24, about 2:10 left``: redrawn every
    second in a terminal, repeated each minute in a log.

    cells: of the notebook that is executed; bar: the file of `runtime.BAR_FILE`, in which the
    kernel leaves how far its innermost bar is; times: file of the last run's seconds by cell,
    replaced when this one has run to its end.
    """

    def __init__(
        self, name: str, *, cells: Iterable[NotebookNode], bar: Path, times: Path, stream: TextIO
    ):
        self._name, self._bar, self._times, self._stream = name, bar, times, stream
        self._total, last = 0, read_times(times)
        self._left: dict[str, float] = {}  # seconds of the last run, of cells still to be finished
        for cell in cells:
            self._total += 1
            self._left[_key(cell)] = last.get(_key(cell), 0.0)
        self._cell, self._heading, self._key = 0, "", ""
        self._taken: dict[str, float] = {}
        self._started = self._cell_started = time.monotonic()
        self._done, self._live = threading.Event(), stream.isatty()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __enter__(self) -> "ProgressLine":
        self._draw()
        self._thread.start()
        return self

    def __exit__(self, failure, *_) -> None:
        self._done.set()
        self._thread.join()
        self._finish_cell()
        if failure is None:
            write_times(self._times, self._taken)
        if self._live:
            print(CLEAR, end="", file=self._stream, flush=True)

    def at(self, number: int, cell: NotebookNode) -> None:
        """Note that a cell starts, the ``number``-th counted from one."""
        self._finish_cell()
        self._cell, self._key = number, _key(cell)
        self._heading = find_heading(cell) or self._heading

    def where(self) -> str:
        """``cell 7/31``; ``start`` before the first one."""
        return f"cell {self._cell}/{self._total}" if self._cell else "start"

    def describe(self) -> str:
        """The line as it is now."""
        ago = format_seconds(time.monotonic() - self._started)
        left = self._estimate_left()
        until = f", about {format_seconds(left)} left" if left >= 1 else ""
        parts = (self._name, self.where(), self._heading, self._read_bar(), ago + until)
        return "  ".join(filter(None, parts))

    def _finish_cell(self) -> None:
        now = time.monotonic()
        if self._key:
            self._taken[self._key] = now - self._cell_started
            self._left.pop(self._key, None)
        self._cell_started = now

    def _estimate_left(self) -> float:
        left = dict(self._left)
        current = left.pop(self._key, 0.0) - (time.monotonic() - self._cell_started)
        return sum(left.values()) + max(current, 0.0)

    def _read_bar(self) -> str:
        try:
            return self._bar.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def _repeat(self) -> None:
        while not self._done.wait(1 if self._live else 60):
            self._draw()

    def _draw(self) -> None:
        text = self.describe()
        if self._live:  # a line that is broken into two is not redrawn, but repeated
            text = f"{CLEAR}{text[: shutil.get_terminal_size().columns - 1]}"
        print(text, end="" if self._live else "\n", file=self._stream, flush=True)


def find_heading(cell: NotebookNode) -> str:
    """The last heading of a Markdown cell, cut to `LONGEST_HEADING`; "" if it has none."""
    if cell.cell_type != "markdown":
        return ""
    prose = re.sub(r"```.*?(```|\Z)", "", cell.source, flags=re.DOTALL)
    headings = re.findall(r"^#{1,6} +(.*\S)", prose, flags=re.MULTILINE)
    found = headings[-1] if headings else ""
    return found if len(found) <= LONGEST_HEADING else f"{found[: LONGEST_HEADING - 1].rstrip()}…"


def read_times(path: Path) -> dict[str, float]:
    """Seconds by cell of the last run; none where nothing readable is kept."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): float(seconds) for key, seconds in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_times(path: Path, seconds: dict[str, float]) -> None:
    """Keep the seconds by cell. They only tell how long the next run may take, so where they cannot
    be kept, they are not.
    """
    rounded = {key: round(value, 1) for key, value in seconds.items()}
    with contextlib.suppress(OSError), store.atomic_write(path) as temporary:
        temporary.write_text(json.dumps(rounded), encoding="utf-8")


def format_seconds(seconds: float) -> str:
    """Seconds as ``m:ss``, or ``h:mm:ss`` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _key(cell: NotebookNode) -> str:
    """What a cell is recognised by when the notebook around it has changed."""
    return sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
