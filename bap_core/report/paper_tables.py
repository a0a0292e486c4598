"""What the paper prints, as data: its tables, the claims we check, and the places where it is
unclear.

Source of every number: arXiv 2605.11107v1 (CC BY 4.0). The files lie in ``bap_core/paper``.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources

import pandas as pd
import yaml

TABLES = (
    "table1",
    "table2",
    "table3",
    "table4",
    "table5",
    "table8",
    "table9",
    "table12",
    "table14",
    "table16",
    "table17",
)

# of CLIP's ConvNeXt; the other tables of methods are of transformers
CONVOLUTIONAL = ("table5", "table8")


def table(name: str) -> pd.DataFrame:
    """One table of the paper, a row per printed cell. ``value`` and ``std`` stand in the printed
    ``unit``.

    A cell that the paper leaves empty is NaN, and ``reason`` says why. ValueError for a table that
    we do not carry.
    """
    if name not in TABLES:
        raise ValueError(
            f"unknown table {name!r}; the paper tables carried here: {', '.join(TABLES)}"
        )
    with (_folder() / f"{name}.csv").open(encoding="utf-8") as file:
        frame = pd.read_csv(file, keep_default_na=False)
    for column in frame.columns.intersection(["value", "std"]):
        if name != "table17":
            frame[column] = pd.to_numeric(frame[column].replace("", None)).astype(float)
    return frame


def tables(names: Sequence[str]) -> pd.DataFrame:
    """Several tables below one another, with a column ``convolutional``: whether a row is of a
    convolutional encoder.
    """
    return pd.concat(
        [table(name).assign(convolutional=name in CONVOLUTIONAL) for name in names],
        ignore_index=True,
    )


@cache
def claims() -> dict:
    """The content of ``claims.yml``: ``noise`` per metric and the list ``claims``."""
    return _read(_folder() / "claims.yml")


@cache
def ambiguities() -> list[dict]:
    """The rows of ``ambiguities.yml``: where, unclear, default, keyword, alternatives, measured."""
    return _read(_folder() / "ambiguities.yml")


def _folder():
    return resources.files("bap_core") / "paper"


def _read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))
