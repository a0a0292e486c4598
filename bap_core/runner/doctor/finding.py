"""What the doctor found, one thing at a time, and how it is printed at 80 columns."""

import textwrap
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

WIDTH = 80
Needed = TypeVar("Needed", bound=Hashable)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. state: "ok", "note" or "missing"; remedy: what to do, a
    command if there is one.
    """

    state: str
    what: str
    detail: str
    remedy: str = ""


def group_users(pairs: Iterable[tuple[Needed, str]]) -> dict[Needed, str]:
    """``(for 03_waterbirds, 05_counteranimal)`` for each thing that notebooks need, from pairs of
    such a thing and a notebook's name, in the order in which the things come up.
    """
    users: dict[Needed, list[str]] = {}
    for needed, notebook in pairs:
        users.setdefault(needed, []).append(notebook)
    return {needed: f"(for {', '.join(notebooks)})" for needed, notebooks in users.items()}


def format_lines(finding: Finding) -> list[str]:
    """The finding in at most 80 columns. Only commands (after ``$``) may be longer, so that they
    can be copied whole.
    """
    head = f"{finding.state:8}{finding.what:22} "
    first, *rest = _wrap(finding.detail, WIDTH - len(head))
    lines = [head + first, *(" " * len(head) + line for line in rest)]
    for part in filter(None, finding.remedy.split("\n")):
        wrapped = [part] if part.startswith("$") else _wrap(part, WIDTH - 10)
        lines += [" " * 10 + line for line in wrapped]
    return lines


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 30), break_long_words=False, break_on_hyphens=False)
