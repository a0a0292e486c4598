"""What a page shows as a function of its bundle: banner, claims, stamp box and the tables of
metrics are drawn again from what the bundle says, so that a page can be compared with itself.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import pandas as pd

from bap_core.encoders.checkpoints import Identity
from bap_core.report import claims, scales, stamp, tables
from bap_core.report.bundle import to_records


@dataclass(frozen=True)
class Drawn:
    """A table that a page drew: with which function of `tables`, which names and choices, from
    which rows.
    """

    call: str
    names: tuple[str, ...]
    choices: dict
    frame: pd.DataFrame

    def describe(self, metrics: Sequence[dict]) -> dict:
        """As JSON values. A row that is among the ``metrics`` of the page is given by its number
        there, any other as it is.
        """
        known = {_spell(row): number for number, row in enumerate(metrics)}
        rows = [known.get(_spell(row), row) for row in to_records(self.frame)]
        choices = json.loads(json.dumps(self.choices))
        return {"call": self.call, "names": list(self.names), "choices": choices, "rows": rows}


def frame_of(rows: Sequence[dict]) -> pd.DataFrame:
    """The tidy frame of records."""
    frame = pd.DataFrame(rows)
    frame["value"] = pd.to_numeric(frame["value"])
    return frame


def identities_of(bundle: dict) -> dict[str, Identity]:
    """Encoder name -> what it is in the paper's words, as the stamp says."""
    known = [field.name for field in fields(Identity)]
    return {
        item["name"]: Identity(**{name: item[name] for name in known if name in item})
        for item in bundle["stamp"]["encoders"]
    }


def judge_again(bundle: dict) -> pd.DataFrame:
    """The claims of the page, judged again by its metrics."""
    frame = frame_of(bundle["metrics"])
    return claims.judge(frame, bundle["notebook"], bundle["scale"], identities_of(bundle))


def draw_tables(bundle: dict) -> list[str]:
    """HTML of every table of metrics."""
    return [_draw_table(bundle, drawn) for drawn in bundle["tables"]]


def _draw_table(bundle: dict, drawn: dict) -> str:
    rows = [bundle["metrics"][row] if isinstance(row, int) else row for row in drawn["rows"]]
    choices = {**drawn["choices"], "scale": bundle["scale"]}
    if drawn["call"] == "side_by_side":
        choices["identities"] = identities_of(bundle)
    call = {"results_table": tables.results_table, "side_by_side": tables.side_by_side}
    return call[drawn["call"]](frame_of(rows), *drawn["names"], **choices)._repr_html_()


def _draw_claims(bundle: dict) -> list[str]:
    return [tables.claims_table(judge_again(bundle), bundle["scale"])._repr_html_()]


def _draw_stamp(bundle: dict) -> list[str]:
    return [stamp.render_stamp(bundle["stamp"], bundle["parameters"])]


def _draw_banner(bundle: dict) -> list[str]:
    more = scales.strangers(identities_of(bundle))
    return [scales.banner_html(bundle["scale"], more)]


# what stands in a cell that shows it -> how it is drawn: any of these must be what the cell shows
SHOWN: dict[str, Callable[[dict], list[str]]] = {
    "page.banner(": _draw_banner,
    "page.results_table(": draw_tables,
    "page.side_by_side(": draw_tables,
    "page.claims(": _draw_claims,
    "page.stamp(": _draw_stamp,
}


def _spell(row: dict) -> str:
    return json.dumps({k: v for k, v in row.items() if v is not None}, sort_keys=True)
