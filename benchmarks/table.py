"""What was measured, as rows of one table: median and spread of the repeats, and the goal."""

import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import torch

from bap_core import runtime, store

RECORD = Path(__file__).parents[1] / "book" / "speed.csv"
_MET = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True)
class Row:
    """Repeats of one measurement. goal: such as ">= 0.95"; "" where there is none."""

    what: str
    values: Sequence[float]
    goal: str
    unit: str = ""
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the median reaches the goal; None without a goal."""
        if not self.goal:
            return None
        sign, bound = self.goal.split()
        median = statistics.median(self.values)
        return median >= float(bound) if sign == ">=" else median <= float(bound)

    def __str__(self) -> str:
        met = {"yes": "met", "no": "NOT MET"}.get(_MET[self.is_met], "")
        spread = f"({min(self.values):.3f} to {max(self.values):.3f})"
        median = f"{statistics.median(self.values):8.3f}{self.unit and ' '}{self.unit}"
        return f"{self.what:44s} {median:12s} {spread:20s} {self.goal:8s} {met:8s} {self.note}"


def compare(
    what: str, goal: str, measure: Callable[[], tuple[float, float, int]], *, repeats: int
) -> Row:
    """Our speed over the bare one. measure: seconds of ours, of the bare one, and how many pictures
    each had; called once more, to warm up.
    """
    measure()
    runs = [measure() for _ in range(repeats)]
    ours, bare = (statistics.median(n / run[side] for *run, n in runs) for side in (0, 1))
    ratios = [bare / ours for ours, bare, _ in runs]
    return Row(what, ratios, goal, note=f"{ours:,.0f}/s over {bare:,.0f}/s")


def show(rows: Iterable[Row]) -> list[Row]:
    """Print each as soon as it is measured."""
    shown = []
    for row in rows:
        print(row, flush=True)
        shown.append(row)
    return shown


def write(rows: Sequence[Row], *, encoder: str) -> None:
    """Keep the table for the page "How fast"."""
    device = runtime.device()
    on = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = f"{torch.get_num_threads()} threads, " if device.type == "cpu" else ""
    frame = pd.DataFrame(
        {
            "measured": row.what,
            "median": round(statistics.median(row.values), 4),
            "smallest": round(min(row.values), 4),
            "largest": round(max(row.values), 4),
            "unit": row.unit,
            "goal": row.goal,
            "met": _MET[row.is_met],
            "note": row.note,
            "on": f"{on}, {threads}{encoder}",
            "made": datetime.now(UTC).date().isoformat(),
        }
        for row in rows
    )
    kept = [pd.read_csv(RECORD, keep_default_na=False)] if RECORD.exists() else []
    others = [one[one["on"] != frame["on"].iloc[0]] for one in kept]
    with store.atomic_write(RECORD) as temporary:
        pd.concat([*others, frame]).to_csv(temporary, index=False)
