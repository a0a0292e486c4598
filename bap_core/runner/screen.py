"""One stream for what several processes say: what is said stays, and in a terminal the line that
each of them redraws stands below.
"""

import codecs
import io
import threading
from collections.abc import Sequence
from typing import TextIO

from bap_core.runner.progress_line import CLEAR

UP, CLEAR_BELOW = "\033[{}F", "\033[J"


class Screen:
    """What the children of a run say, on ``stream``."""

    def __init__(self, stream: TextIO):
        self._stream, self.is_live = stream, stream.isatty()
        self._passing: dict[str, str] = {}  # the line that is redrawn, of each that has one
        self._drawn, self._lock = 0, threading.Lock()

    def follow(self, name: str, said: io.BufferedReader) -> None:
        """Show what ``name`` says until it ends: lines, and in a terminal its passing line."""
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        rest = ""
        for piece in iter(lambda: said.read1(4096), b""):
            *whole, rest = (rest + decode(piece)).split("\n")
            rest = rest.rpartition(CLEAR)[2]
            self._show(name, [line.rpartition(CLEAR)[2] for line in whole], rest)
        self._show(name, [rest] if rest else [], "")

    def say(self, line: str) -> None:
        """A line of the parent's own."""
        self._show("", [line], "")

    def _show(self, name: str, lines: Sequence[str], passing: str) -> None:
        with self._lock:
            self._passing = {**self._passing, name: passing}
            below = [line for line in self._passing.values() if line] if self.is_live else []
            back = UP.format(self._drawn) + CLEAR_BELOW if self._drawn else ""
            text = back + "".join(f"{line}\n" for line in (*lines, *below))
            self._stream.write(text)
            self._stream.flush()
            self._drawn = len(below)
