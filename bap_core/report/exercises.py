"""Three things to try on every page: a question, the command with other parameters, and the answer
folded below it, with what was measured when we tried.

They stand in ``exercises.yml``; ``python -m benchmarks.exercises`` runs them and writes
``exercises.csv``, and a test holds every answer against it.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Literal

import pandas as pd

from bap_core import store
from bap_core.report import labels, paper_tables

CHANGED = 0.05  # what moves by no more than this share of itself stays


@dataclass(frozen=True)
class Exercise:
    """What becomes of the figure that ``look`` names when ``page``, run with the parameters
    ``base``, is run again with ``set`` on top.

    look: columns of the tidy frame and their values. before: those that differ in the first run,
    such as the method where a parameter is part of its name. expect: what the figure does. answer:
    why, in a sentence or two.
    """

    page: str
    ask: str
    set: dict[str, Any]
    look: dict[str, str]
    expect: Literal["rises", "falls", "stays"]
    answer: str
    base: dict[str, Any]
    before: dict[str, str]

    @property
    def key(self) -> str:
        """Names what is run and looked at."""
        return store.key(
            page=self.page, base=self.base, set=self.set, look=self.look, before=self.before
        )

    def overrides(self, *, changed: bool) -> list[str]:
        """``name=value`` for ``bap run -p``; changed: of the second run."""
        values = {**self.base, **(self.set if changed else {})}
        return [f"{name}={_spell(value)}" for name, value in values.items()]

    @property
    def command(self) -> str:
        """The second run, as it is typed."""
        given = " ".join(f"-p {shlex.quote(one)}" for one in self.overrides(changed=True))
        return f"bap run {self.page} {given}"

    def find(self, frame: pd.DataFrame, *, changed: bool) -> float:
        """The figure in the tidy frame of a run: the mean over the rows that ``look`` names.
        ValueError if there are none.
        """
        wanted = {"group": "all", **self.look, **({} if changed else self.before)}
        told = pd.concat([frame[column] == value for column, value in wanted.items()], axis=1)
        found = frame["value"].to_numpy(dtype=float)[told.all(axis=1).to_numpy()]
        if not len(found):
            raise ValueError(f"{self.page} measures nothing with {wanted}")
        return float(found.mean())


def verdict(before: float, after: float) -> str:
    """What a figure does: it "rises", "falls", or "stays" where it moves by less than `CHANGED` of
    itself.
    """
    if abs(after - before) <= CHANGED * abs(before):
        return "stays"
    return "rises" if after > before else "falls"


@cache
def find_exercises(page: str) -> list[Exercise]:
    """Those of a page, in the order in which they are shown."""
    entry = paper_tables.exercises()[page]
    shared = {"page": page, "base": entry.get("base", {})}
    return [Exercise(**{"before": {}, **shared, **one}) for one in entry["exercises"]]


@cache
def read_measured() -> dict[str, dict]:
    """Key of an exercise -> what was measured: before, after, and the seconds of the second run."""
    return {row["key"]: row for row in paper_tables.measured_exercises().to_dict("records")}


@dataclass(frozen=True)
class Exercises:
    """To show as the last value of a cell."""

    listed: Sequence[Exercise]

    def _repr_html_(self) -> str:
        return f'<ol class="bap-exercises">{"".join(map(_render, self.listed))}</ol>'

    def __repr__(self) -> str:
        return "\n".join(f"{one.ask}\n    {one.command}" for one in self.listed)


def _render(one: Exercise) -> str:
    return (
        f"<li><p>{escape(one.ask)}</p><pre>{escape(one.command)}</pre>"
        f'<details class="bap-fold"><summary>Answer</summary><p>{escape(one.answer)} '
        f"{escape(_tell(one))}</p></details></li>"
    )


def _tell(one: Exercise) -> str:
    """What was measured, in a sentence."""
    if (found := read_measured().get(one.key)) is None:
        return "Not measured yet."
    metric, method = one.look["metric"], one.look.get("method", "")
    numbers = [labels.format_number(found[when], metric) for when in ("before", "after")]
    what = f"{labels.label(metric)}{f' of {method}' if method else ''}"
    seconds = f"{found['seconds']:.0f} seconds on half of two cores"
    return f"Measured at micro scale: {what} {numbers[0]} before, {numbers[1]} after ({seconds})."


def _spell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
