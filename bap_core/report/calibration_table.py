"""The micro world's calibration as the book shows it: what untouched micro encoders score,
beside the paper's rows.
"""

import json
from collections.abc import Mapping
from importlib import resources

import pandas as pd

from bap_core.report import criteria, labels, paper_tables
from bap_core.report.html import Table

AVERAGE, WORST = "average_accuracy", "worst_group_accuracy"
SCENES = {"method": "Native (ZS)", "task": "scenes (Places365)"}
ENCODERS = ("micro-clip", "micro-siglip", "micro-clip-convnext")
MISSED = "\N{BALLOT X}"


def _on(dataset: str, method: str = "LP") -> dict:
    return {"dataset": dataset, "method": f"Native ({method})"}


_PAIRS = {
    "pair_1": "counteranimal brambling/bulbul",
    "pair_2": "counteranimal ptarmigan/prairie chicken",
    "car_truck": "nico car/truck",
    "car_bus": "nico car/bus",
    "ship_sailboat": "nico ship/sailboat",
    "bicycle_motorcycle": "nico bicycle/motorcycle",
}
# A figure on the encoders' cards: its name on the page, the metric that formats it, and its cell in
# the paper's tables, if they have one.
FIGURES: dict[str, tuple[str, str, dict | None]] = {
    "additivity": ("additivity S", "additivity", {}),
    "zero_shot_average": ("zero-shot, AVG", AVERAGE, _on("waterbirds-95", "ZS")),
    "zero_shot_worst_group": ("zero-shot, WGA", WORST, _on("waterbirds-95", "ZS")),
    "probe_95_average": ("probe at 95 %, AVG", AVERAGE, _on("waterbirds-95")),
    "probe_95_worst_group": ("probe at 95 %, WGA", WORST, _on("waterbirds-95")),
    "probe_100_average": ("probe at 100 %, AVG", AVERAGE, _on("waterbirds-100")),
    "probe_100_worst_group": ("probe at 100 %, WGA", WORST, _on("waterbirds-100")),
    "probe_people_worst_group": ("probe, people at 95 %, WGA", WORST, _on("coco-gender-95")),
    **{
        f"probe_{key}_worst_group": (f"probe, {labels.label(pair)}, WGA", WORST, _on(pair))
        for key, pair in _PAIRS.items()
    },
    **{
        f"{key}_worst_group": (f"zero-shot, {labels.label(pair)}, WGA", WORST, _on(pair, "ZS"))
        for key, pair in _PAIRS.items()
        if key.startswith("pair_")
    },
    "scenes": ("scenes", "class_accuracy", SCENES),
    "species": ("species", "class_accuracy", None),
    "vehicles": ("vehicles", "class_accuracy", None),
    "figures": ("figures", "class_accuracy", None),
}
# A column of the paper: what its cells have in common, and the tables in which they stand.
_PAPER = {
    "CLIP": ({"family": "CLIP", "architecture": "ViT-B/16"}, (1, 2, 3, 4, 16)),
    "SigLIP 2": ({"family": "SigLIP 2", "architecture": "ViT-B/16"}, (1, 2, 3, 4, 9)),
    "CLIP ConvNeXt": ({"family": "CLIP", "architecture": "ConvNeXT"}, (1, 5, 8)),
}


def rows(found: Mapping[str, dict]) -> str:
    """The native table, the version and weights of every encoder, and the world of the pages;
    Markdown with HTML.

    found: notebook name -> bundle of its stamp.
    """
    known = {name: card for name, card in cards().items() if card.get("native_figures")}
    parts = [table._repr_html_() + "\n\n" for table in tables(known)]
    for name, card in known.items():
        parts.append(
            f"- `{name}`: world version {card['world_version']}, weights `{card['sha256'][:16]}`\n"
        )
    stamped = [bundle["stamp"]["world"] for bundle in found.values() if bundle["stamp"]["world"]]
    worlds = {(world["name"], world["version"], world["hash"]) for world in stamped}
    for name, version, digest in sorted(worlds):
        parts.append(f"- pages of this book: world `{name}`, version {version}, hash `{digest}`\n")
    return "".join(parts)


def cards() -> dict[str, dict]:
    """Name -> card of every micro encoder that the package ships."""
    folder = resources.files("bap_core") / "micro" / "weights"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".card.json")),
        key=lambda file: file.name,
    )
    return {
        file.name.removesuffix(".card.json"): json.loads(file.read_text(encoding="utf-8"))
        for file in files
    }


def tables(known: Mapping[str, dict]) -> list[Table]:
    """A row per native figure. First the paper's, the targets and the encoders that were calibrated
    by them, then all other ones.

    known: name -> card, with ``native_figures`` and ``targets``.
    """
    calibrated = [name for name in ENCODERS if name in known]
    others = sorted(
        set(known) - set(calibrated),
        key=lambda name: ("species" not in known[name]["native_figures"], len(name), name),
    )
    beside: dict = {("paper", column): _printed_column(column) for column in _PAPER}
    beside["target", ""] = _aims([known[name] for name in calibrated])
    beside |= {("micro world", name): _measured(known[name]) for name in calibrated}
    caption = (
        "Untouched encoders: the paper's, where figures of the micro world should lie, and where "
        "they do. Accuracies in percent: zero-shot and probes, and how many scenes, species, "
        "vehicles and kinds of figure are recognised by their names. The paper's figure for scenes "
        f"is the mean over Table 16. {MISSED}: outside its target. " + _tally(known)
    )
    rest = pd.DataFrame({name: _measured(known[name]) for name in others}, index=_titles())
    return [
        Table(
            pd.DataFrame(beside, index=_titles()),
            caption,
            notes=("- not printed in the paper, or no target",),
        ),
        Table(
            rest,
            "The other encoders of the micro world, the same figures. Towers without words have "
            f"one target: an additivity below micro-clip's. {MISSED}: missed.",
            notes=("- without meaning for a tower that has no words",),
        ),
    ]


def missed(card: Mapping) -> list[str]:
    """The figures of a card that lie outside their targets."""
    found = card["native_figures"]
    return [
        name
        for name, (low, high) in card.get("targets", {}).items()
        if not low <= found.get(name, float("nan")) <= high
    ]


def _tally(known: Mapping[str, dict]) -> str:
    aims = sum(len(card.get("targets", {})) for card in known.values())
    off = sum(len(missed(card)) for card in known.values())
    return f"Of {aims} targets of all encoders, {aims - off} are met."


def _titles() -> list[str]:
    return [title for title, *_ in FIGURES.values()]


def _measured(card: Mapping) -> dict[str, str]:
    off, found = missed(card), card["native_figures"]
    return {
        title: labels.format_number(found.get(key), metric) + (f" {MISSED}" if key in off else "")
        for key, (title, metric, _) in FIGURES.items()
    }


def _aims(cards_: list[Mapping]) -> dict[str, str]:
    """The targets, which are the same for all encoders that have one."""
    aims = {name: aim for card in cards_ for name, aim in card.get("targets", {}).items()}
    return {
        title: " to ".join(labels.format_number(value, metric) for value in aims[key])
        if key in aims
        else labels.EMPTY
        for key, (title, metric, _) in FIGURES.items()
    }


def _printed_column(column: str) -> dict[str, str]:
    return {
        title: labels.format_number(_printed(column, {**cell, "metric": metric}), metric)
        if cell is not None
        else labels.EMPTY
        for title, metric, cell in FIGURES.values()
    }


def _printed(column: str, cell: dict) -> float:
    """Mean of the printed cells that match, in the units of the tidy frame; NaN if there is
    none.
    """
    common, numbers = _PAPER[column]
    for number in numbers:
        frame = paper_tables.table(f"table{number}")
        if set(cell) - set(frame.columns):
            continue
        shared = {key: value for key, value in common.items() if key in frame.columns}
        found = frame.loc[criteria.match_rows(frame, {**cell, **shared})]
        if len(found):
            return float((found["value"] / found["unit"].map({"percent": 100}).fillna(1)).mean())
    return float("nan")
