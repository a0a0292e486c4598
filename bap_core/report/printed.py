"""What the paper prints, as data: its tables, the claims we check, and the places where it is unclear.

Source of every number: arXiv 2605.11107v1 (CC BY 4.0). The files lie in ``bap_core/paper``.
"""

from functools import cache
from importlib import resources

import pandas as pd
import yaml

TABLES = ("table1", "table2", "table12", "table14", "table16", "table17")


def table(name: str) -> pd.DataFrame:
    """One table of the paper, a row per printed cell. ``value`` and ``std`` stand in the printed ``unit``.

    A cell that the paper leaves empty is NaN, and ``reason`` says why. ValueError for a table that we do not carry.
    """
    if name not in TABLES:
        raise ValueError(f"unknown table {name!r}; the paper tables carried here: {', '.join(TABLES)}")
    with (_folder() / f"{name}.csv").open(encoding="utf-8") as file:
        frame = pd.read_csv(file, keep_default_na=False)
    for column in frame.columns.intersection(["value", "std"]):
        if name != "table17":
            frame[column] = pd.to_numeric(frame[column].replace("", None)).astype(float)
    return frame


@cache
def claims() -> dict:
    """The content of ``claims.yml``: ``noise`` per metric and the list ``claims``."""
    return _read("claims.yml")


@cache
def ambiguities() -> list[dict]:
    """The rows of ``ambiguities.yml``: where, unclear, default, keyword, alternatives, measured."""
    return _read("ambiguities.yml")


def family(encoder: str) -> str:
    """The paper's column for an encoder: ``SigLIP 2`` for sigmoid-trained ones (by name), else ``CLIP``."""
    return "SigLIP 2" if "siglip" in encoder.lower() else "CLIP"


def _folder():
    return resources.files("bap_core") / "paper"


def _read(name: str):
    return yaml.safe_load((_folder() / name).read_text(encoding="utf-8"))
