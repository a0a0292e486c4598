"""Methods that differ in one number: ``BAP (LP), K = 4`` is BAP's probe with a K of 4.

The tidy frame has no column for what a study varies; the method's name has it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

_NUMBERED = re.compile(r"(?P<base>.+), (?P<what>[\w ]+) = (?P<number>\d+)")
_RELATIVE = re.compile(r"(?P<base>.+), (?P<what>[\w ]+) = most(?: / (?P<part>\d+))?")


@dataclass(frozen=True, order=True)
class Numbered:
    """One member of a series. base: the method without what varies; what: the name of that, such as
    ``K``; number: its value.
    """

    base: str
    what: str
    number: int


def read(method: str) -> Numbered | None:
    """The parts of a method's name; None for one that is no member of a series."""
    found = _NUMBERED.fullmatch(str(method))
    return Numbered(found["base"], found["what"], int(found["number"])) if found else None


def numbered_rows(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """The rows of methods that vary ``what``, with two columns more: ``base`` and ``number``."""
    known = {name: read(name) for name in frame["method"].unique()}
    members = {name: one for name, one in known.items() if one and one.what == what}
    rows = frame[frame["method"].isin(list(members))]
    return rows.assign(
        base=[members[name].base for name in rows["method"]],
        number=[members[name].number for name in rows["method"]],
    )


def resolve(methods: Iterable[str], method: str) -> str:
    """``BAP (LP), N = most`` is the member of the series with the largest number among
    ``methods``; ``most / 6`` the one nearest to a sixth of it. Any other name, or one without a
    series, stays as it is.
    """
    found = _RELATIVE.fullmatch(method)
    if not found:
        return method
    members = [read(name) for name in set(methods)]
    numbers = [
        one.number for one in members if one and (one.base, one.what) == found.group("base", "what")
    ]
    if not numbers:
        return method
    wanted = max(numbers) / int(found["part"] or 1)
    nearest = min(numbers, key=lambda number: (abs(number - wanted), number))
    return f"{found['base']}, {found['what']} = {nearest}"
