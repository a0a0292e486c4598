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


def _probe(dataset: str, method: str = "LP") -> dict:
    return {"method": f"Native ({method})", "dataset": dataset}


# A figure on the encoders' cards: its name on the page, the metric that formats it, the paper's
# tables and the cell there, for the family that is asked for.
FIGURES = {
    "additivity": ("additivity S", "additivity", ("table1",), {}),
    **{
        f"{key}_{what}": (f"{title}, {short}", metric, tables_, where)
        for key, title, tables_, where in (
            ("zero_shot", "zero-shot", ("table2", "table8"), _probe("waterbirds-95", "ZS")),
            ("probe_95", "probe at 95 %", ("table2", "table8"), _probe("waterbirds-95")),
            ("probe_100", "probe at 100 %", ("table2", "table8"), _probe("waterbirds-100")),
        )
        for what, short, metric in (("average", "AVG", AVERAGE), ("worst_group", "WGA", WORST))
    },
    **{
        f"probe_{key}_worst_group": (f"probe, {title}, WGA", WORST, tables_, _probe(dataset))
        for key, title, tables_, dataset in (
            ("people", "people at 95 %", ("table3",), "coco-gender-95"),
            ("pair_1", "brambling/bulbul", ("table4",), "counteranimal brambling/bulbul"),
            (
                "pair_2",
                "ptarmigan/prairie chicken",
                ("table4",),
                "counteranimal ptarmigan/prairie chicken",
            ),
            *(
                (pair.replace("/", "_"), pair, ("table5", "table9"), f"nico {pair}")
                for pair in ("car/truck", "car/bus", "ship/sailboat", "bicycle/motorcycle")
            ),
        )
    },
    "pair_1_worst_group": (
        "zero-shot, brambling/bulbul, WGA",
        WORST,
        ("table4",),
        _probe("counteranimal brambling/bulbul", "ZS"),
    ),
    "pair_2_worst_group": (
        "zero-shot, ptarmigan/prairie chicken, WGA",
        WORST,
        ("table4",),
        _probe("counteranimal ptarmigan/prairie chicken", "ZS"),
    ),
    "scenes": ("scenes", "class_accuracy", ("table16",), SCENES),
    "species": ("species", "class_accuracy", (), {}),
    "vehicles": ("vehicles", "class_accuracy", (), {}),
    "figures": ("figures", "class_accuracy", (), {}),
}
# A column of the paper: family, architecture in Table 1, and the tables of its encoder.
_PAPER = {
    "CLIP": ("CLIP", "ViT-B/16", {"table1", "table2", "table3", "table4", "table16"}),
    "SigLIP 2": ("SigLIP 2", "ViT-B/16", {"table1", "table2", "table3", "table4", "table9"}),
    "CLIP ConvNeXt": ("CLIP", "ConvNeXT", {"table1", "table5", "table8"}),
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
        for key, (title, metric, _, _) in FIGURES.items()
    }


def _aims(cards_: list[Mapping]) -> dict[str, str]:
    """The targets, which are the same for all encoders that have one."""
    aims = {name: aim for card in cards_ for name, aim in card.get("targets", {}).items()}
    return {
        title: " to ".join(labels.format_number(value, metric) for value in aims[key])
        if key in aims
        else labels.EMPTY
        for key, (title, metric, _, _) in FIGURES.items()
    }


def _printed_column(column: str) -> dict[str, str]:
    family, architecture, tables_ = _PAPER[column]
    found = {}
    for title, metric, sources, where in FIGURES.values():
        cell = {**where, "metric": metric, "family": family}
        cell |= {"architecture": architecture} if "table1" in sources else {}
        values = [_printed(source, cell) for source in sources if source in tables_]
        found[title] = labels.format_number(values[0] if values else float("nan"), metric)
    return found


def _printed(source: str, where: dict) -> float:
    """Mean of the printed cells that match, in the units of the tidy frame; NaN if there is
    none.
    """
    frame = paper_tables.table(source)
    found = frame.loc[criteria.match_rows(frame, where)]
    return float((found["value"] / found["unit"].map({"percent": 100}).fillna(1)).mean())
