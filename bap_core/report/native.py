"""The micro world's calibration as the book shows it: what untouched micro encoders score, beside the paper's rows."""

import json
from collections.abc import Mapping
from importlib import resources

import pandas as pd

from bap_core.report import printed, rules, wording
from bap_core.report.html import Table

AVERAGE, WORST = "average_accuracy", "worst_group_accuracy"
SCENES = {"method": "Native (ZS)", "task": "scenes (Places365)"}


def _waterbirds(method: str, correlation: int) -> dict:
    return {"method": f"Native ({method})", "dataset": f"waterbirds-{correlation}"}


# A figure on the encoders' cards: its name on the page, the metric that formats it, where the paper prints its like.
FIGURES = {
    "additivity": ("additivity S", "additivity", "table1", {"architecture": "ViT-B/16"}),
    "zero_shot_average": ("zero-shot, AVG", AVERAGE, "table2", _waterbirds("ZS", 95)),
    "zero_shot_worst_group": ("zero-shot, WGA", WORST, "table2", _waterbirds("ZS", 95)),
    "probe_95_average": ("probe at 95 %, AVG", AVERAGE, "table2", _waterbirds("LP", 95)),
    "probe_95_worst_group": ("probe at 95 %, WGA", WORST, "table2", _waterbirds("LP", 95)),
    "probe_100_average": ("probe at 100 %, AVG", AVERAGE, "table2", _waterbirds("LP", 100)),
    "probe_100_worst_group": ("probe at 100 %, WGA", WORST, "table2", _waterbirds("LP", 100)),
    "scenes": ("scenes recognised", "class_accuracy", "table16", SCENES),
    "species": ("species recognised", "class_accuracy", None, {}),
}


def rows(found: Mapping[str, dict]) -> str:
    """The native table, the version and weights of every encoder, and the world of the pages; Markdown with HTML.

    found: notebook name -> bundle of its stamp.
    """
    known = {name: card for name, card in cards().items() if card.get("native_figures")}
    parts = [table(known)._repr_html_() + "\n\n" if known else "The encoders' cards carry no figures yet.\n\n"]
    for name, card in known.items():
        parts.append(f"- `{name}`: world version {card['world_version']}, weights `{card['sha256'][:16]}`\n")
    stamped = [bundle["stamp"]["world"] for bundle in found.values() if bundle["stamp"]["world"]]
    worlds = {(world["name"], world["version"], world["hash"]) for world in stamped}
    for name, version, digest in sorted(worlds):
        parts.append(f"- pages of this book: world `{name}`, version {version}, hash `{digest}`\n")
    return "".join(parts)


def cards() -> dict[str, dict]:
    """Name -> card of every micro encoder that the package ships."""
    folder = resources.files("bap_core") / "micro" / "encoders"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".card.json")), key=lambda file: file.name)
    return {file.name.removesuffix(".card.json"): json.loads(file.read_text(encoding="utf-8")) for file in files}


def table(known: Mapping[str, dict]) -> Table:
    """A row per native figure: the micro encoders' values, and the paper's for the same kind of measurement."""
    lines = {}
    for key, (name, metric, source, where) in FIGURES.items():
        cells = {card: wording.number(known[card]["native_figures"].get(key), metric) for card in known}
        for family in ("CLIP", "SigLIP 2"):
            value = _printed(source, {**where, "metric": metric, "family": family})
            cells[f"{family}, paper"] = wording.number(value, metric)
        lines[name] = cells
    caption = (
        "Untouched encoders: micro world beside the paper (ViT-B/16). Accuracies in percent. The paper's figure for "
        "scenes is the mean over Table 16."
    )
    return Table(pd.DataFrame.from_dict(lines, orient="index"), caption, notes=("- not printed in the paper",))


def _printed(source: str | None, where: dict) -> float:
    """Mean of the printed cells that match, in the units of the tidy frame; NaN if there is none."""
    if source is None:
        return float("nan")
    frame = printed.table(source)
    found = frame.loc[rules.matching(frame, where)]
    return float((found["value"] / found["unit"].map({"percent": 100}).fillna(1)).mean())
