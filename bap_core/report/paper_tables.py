"""What the paper prints, as data: its tables, the claims we check, and the places where it is
unclear.

Source of every number: arXiv 2605.11107v1 (CC BY 4.0). The files lie in ``bap_core/paper``.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import cast

import pandas as pd
import yaml

from bap_core.report import labels

TABLES = (
    "table1",
    "table2",
    "table3",
    "table4",
    "table5",
    "table6",
    "table7",
    "table8",
    "table9",
    "table10",
    "table11",
    "table12",
    "table13",
    "table14",
    "table15",
    "table16",
    "table17",
)

# of CLIP's ConvNeXt; the other tables of methods are of transformers
CONVOLUTIONAL = ("table5", "table8")


CAPTIONS = {
    "table1": (
        "Table 1 of the paper. Additivity S (equation 1) of object and background in the "
        "embeddings of six families of encoders; mean ± spread over 300,000 composites. SigLIP 2, "
        "IN-1K and MAE are ViT-L/16 in the column ViT-L/14."
    ),
    "table2": (
        "Table 2 of the paper. Waterbirds: average (AVG) and worst-group accuracy (WGA) in "
        "percent, mean ± std over 5 runs."
    ),
    "table3": (
        "Table 3 of the paper. People experiment on COCO: average (AVG) and worst-group accuracy "
        "(WGA) in percent, mean ± std over 5 runs. One pair cannot be right as printed: AFR with "
        "SigLIP 2 at 95 % has an average below its worst group."
    ),
    "table4": (
        "Table 4 of the paper. CounterAnimal, two pairs of birds: average (AVG) and worst-group "
        "accuracy (WGA) in percent, mean ± std over 10 runs."
    ),
    "table5": (
        "Table 5 of the paper. NICO++, four pairs of vehicles with CLIP's ConvNeXt-W: average "
        "(AVG) and worst-group accuracy (WGA) in percent, mean ± std over 5 runs."
    ),
    "table6": (
        "Table 6 of the paper. BAP probe on Waterbirds-100 with masks of four qualities (CLIP), in "
        "percent, mean ± std over 5 runs. The paper calls dilated masks noisy, eroded ones botched."
    ),
    "table7": (
        "Table 7 of the paper. Text encoders on 5,000 pairs of words: cosine of the two words, and "
        "additivity of the pair; mean ± std over the pairs."
    ),
    "table8": (
        "Table 8 of the paper. Waterbirds with CLIP's ConvNeXt-W: average (AVG) and worst-group "
        "accuracy (WGA) in percent, mean ± std over 5 runs."
    ),
    "table9": (
        "Table 9 of the paper. NICO++, four pairs of vehicles with SigLIP 2's ViT-B/16: average "
        "(AVG) and worst-group accuracy (WGA) in percent, mean ± std over 5 runs."
    ),
    "table10": (
        "Table 10 of the paper. BAP probe on Waterbirds-100 with backbones of three sizes, in "
        "percent, mean ± std over 3 runs."
    ),
    "table11": (
        "Table 11 of the paper. Waterbirds-100 with four pre-trainings of CLIP's ViT-B/16: average "
        "(AVG) and worst-group accuracy (WGA) in percent, mean ± std."
    ),
    "table12": (
        "Table 12 of the paper. Background sensitivity index (BSI) on Waterbirds-100; lower is "
        "less sensitive."
    ),
    "table13": (
        "Table 13 of the paper. A probe on an encoder that was aligned to two random orthogonal "
        "targets: average (AVG) and worst-group accuracy (WGA) in percent, mean ± std over 3 runs."
    ),
    "table14": (
        "Table 14 of the paper. BAP probe on Waterbirds-100 in percent, by K, the backgrounds per "
        "anchor."
    ),
    "table15": (
        "Table 15 of the paper. BAP probe on Waterbirds-100 with masks of four qualities "
        "(SigLIP 2), in percent, mean ± std over 3 runs."
    ),
    "table16": (
        "Table 16 of the paper. Zero-shot accuracy per class, before and after BAP (CLIP): "
        "objects and scenes."
    ),
    "table17": "Table 17 of the paper. Settings of the alignment.",
}

# What stands down the side and what across the top.
LAYOUT = {
    "table1": (["family"], ["architecture"]),
    **dict.fromkeys(
        ("table2", "table3", "table4", "table5", "table8", "table9"),
        (["family", "method"], ["dataset", "metric"]),
    ),
    **dict.fromkeys(("table6", "table15"), (["method"], ["metric"])),
    "table7": (["family", "architecture"], ["metric"]),
    "table10": (["family", "architecture"], ["metric"]),
    "table11": (["architecture"], ["method", "metric"]),
    "table12": (["method"], ["family"]),
    "table13": (["dataset"], ["metric"]),
    "table14": (["k"], ["metric"]),
    "table16": (["group"], ["method"]),
}

DECIMALS = {"percent": 1, "ratio": 1, "cosine": 2, "fraction": 2}


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
    return _read_table(name).copy()


@cache
def _read_table(name: str) -> pd.DataFrame:
    with (_folder() / f"{name}.csv").open(encoding="utf-8") as file:
        frame = pd.read_csv(file, keep_default_na=False)
    for column in frame.columns.intersection(["value", "std"]):
        if name != "table17":
            numbers = cast(pd.Series, pd.to_numeric(frame[column].replace("", None)))
            frame[column] = numbers.astype(float)
    return frame


def tables(names: Sequence[str]) -> pd.DataFrame:
    """Several tables below one another, with a column ``convolutional``: whether a row is of a
    convolutional encoder.
    """
    return pd.concat(
        [table(name).assign(convolutional=name in CONVOLUTIONAL) for name in names],
        ignore_index=True,
    )


def in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells of `table` with fractions as percent, as measured accuracies are written."""
    factor = 1.0 + 99.0 * (frame["unit"] == "fraction")
    columns = {name: frame[name] * factor for name in ("value", "std")}
    return frame.assign(**columns, unit=frame["unit"].replace("fraction", "percent"))


def printed_cells(frame: pd.DataFrame) -> list[str]:
    """The cells of `table` as the paper prints them: ``91.8 ± 0.9``, and ``-`` where there is
    none.
    """
    return [_as_printed(*cell) for cell in zip(frame["value"], frame["std"], frame["unit"])]


def _as_printed(value: float, std: float, unit: str) -> str:
    if pd.isna(value):
        return labels.EMPTY
    digits = max(DECIMALS[unit], len(f"{value:.2f}".rstrip("0").partition(".")[2]))
    return f"{value:.{digits}f}" + ("" if pd.isna(std) else f" ± {std:.{digits}f}")


@cache
def claims() -> dict:
    """The content of ``claims.yml``: ``noise`` per metric and the list ``claims``."""
    return _read(_folder() / "claims.yml")


@cache
def ambiguities() -> list[dict]:
    """The rows of ``ambiguities.yml``: where, unclear, default, keyword, alternatives, measured."""
    return _read(_folder() / "ambiguities.yml")


@cache
def coverage() -> list[dict]:
    """The rows of ``coverage.yml``: item, what, notebook, call."""
    return _read(_folder() / "coverage.yml")


@cache
def questions() -> dict[str, dict]:
    """``questions.yml``: notebook -> question, paper, leading."""
    return _read(_folder() / "questions.yml")


@cache
def errata() -> list[dict]:
    """The rows of ``errata.yml``: where, prints, contradicts, here."""
    return _read(_folder() / "errata.yml")


@cache
def exercises() -> dict[str, dict]:
    """``exercises.yml``: notebook -> base, exercises; see `report.exercises`."""
    return _read(_folder() / "exercises.yml")


def measured_exercises() -> pd.DataFrame:
    """``exercises.csv``: key, before, after, seconds."""
    with (_folder() / "exercises.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def _folder():
    return resources.files("bap_core") / "paper"


def _read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))
