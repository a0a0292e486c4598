"""What the paper prints, as data: its tables, the claims we check, and the places where it is unclear.

Source of every number: arXiv 2605.11107v1 (CC BY 4.0). The files lie in ``bap_core/paper``.
"""

from functools import cache
from importlib import resources

import pandas as pd
import yaml

from bap_core import checkpoints
from bap_core.towers.common import MICRO, micro_names

TABLES = ("table1", "table2", "table3", "table4", "table5", "table8", "table9", "table12", "table14", "table16", "table17")

LOSSES = {"softmax": "CLIP", "sigmoid": "SigLIP 2"}  # of the micro encoders that read captions; the others have no family
WORDLESS = {"classes": "supervised", "views": "self-supervised"}  # the kinds of those others, in the words of Table 1


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
    return _read(_folder() / "claims.yml")


@cache
def ambiguities() -> list[dict]:
    """The rows of ``ambiguities.yml``: where, unclear, default, keyword, alternatives, measured."""
    return _read(_folder() / "ambiguities.yml")


def family(encoder: str) -> str:
    """The paper's family for an encoder by its name: "CLIP", "SigLIP 2", "IN-1K", ...; "" for one of no such family.

    Checkpoints of the paper, also under their library's names, have that of `checkpoints.known`; micro encoders that of
    the loss on their cards. Other names count as "SigLIP 2" if they contain "siglip", else, timm's aside, as "CLIP".
    """
    head, _, weights = encoder.partition(" (")[0].partition(":")
    row = checkpoints.known().get(head) or checkpoints.find(head, weights) or _of_any_tag(head)
    if row:
        return row.family
    if head in micro_names():
        return LOSSES.get(_loss(head), "")
    if head.startswith("timm/"):
        return ""
    return "SigLIP 2" if "siglip" in head.lower() else "CLIP"


def kind(encoder: str) -> str:
    """How an encoder was trained, in the words of Table 1: "VLM", "supervised" or "self-supervised"; "" if unknown."""
    head = encoder.partition(" (")[0].partition(":")[0]
    if head in micro_names():
        return WORDLESS.get(_loss(head), "VLM")
    kinds = table("table1").drop_duplicates("family").set_index("family")["kind"]
    return kinds.get(family(encoder), "")


@cache
def _loss(micro: str) -> str:
    return _read(MICRO / f"{micro}.card.json")["recipe"]["loss"]


def _of_any_tag(architecture: str) -> checkpoints.Checkpoint | None:
    return next((row for row in checkpoints.known().values() if row.architecture == architecture), None)


def _folder():
    return resources.files("bap_core") / "paper"


def _read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))
