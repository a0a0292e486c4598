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


def _waterbirds(method: str, correlation: int) -> dict:
    return {"method": f"Native ({method})", "dataset": f"waterbirds-{correlation}"}


CALIBRATED = ("micro-clip", "micro-siglip")

# A figure on the encoders' cards: its name on the page, the metric that formats it, where the paper
# prints its like.
FIGURES = {
    "additivity": ("additivity S", "additivity", "table1", {"architecture": "ViT-B/16"}),
    "zero_shot_average": ("zero-shot, AVG", AVERAGE, "table2", _waterbirds("ZS", 95)),
    "zero_shot_worst_group": ("zero-shot, WGA", WORST, "table2", _waterbirds("ZS", 95)),
    "probe_95_average": ("probe at 95 %, AVG", AVERAGE, "table2", _waterbirds("LP", 95)),
    "probe_95_worst_group": ("probe at 95 %, WGA", WORST, "table2", _waterbirds("LP", 95)),
    "probe_100_average": ("probe at 100 %, AVG", AVERAGE, "table2", _waterbirds("LP", 100)),
    "probe_100_worst_group": ("probe at 100 %, WGA", WORST, "table2", _waterbirds("LP", 100)),
    "pair_1_worst_group": ("pair 1, WGA", WORST, None, {}),
    "pair_2_worst_group": ("pair 2, WGA", WORST, None, {}),
    "scenes": ("scenes", "class_accuracy", "table16", SCENES),
    "species": ("species", "class_accuracy", None, {}),
    "vehicles": ("vehicles", "class_accuracy", None, {}),
    "figures": ("figures", "class_accuracy", None, {}),
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
    """A row per native figure. First the paper's and the encoders that were calibrated on them,
    then all other ones.
    """
    theirs, calibrated, others = {}, {}, {}
    for family in ("CLIP", "SigLIP 2"):
        theirs["paper, ViT-B/16", family] = {
            title: labels.format_number(
                _printed(source, {**where, "metric": metric, "family": family}), metric
            )
            for title, metric, source, where in FIGURES.values()
        }
    for name in sorted(
        known, key=lambda name: ("species" not in known[name]["native_figures"], len(name))
    ):
        figures = {
            title: labels.format_number(known[name]["native_figures"].get(key), metric)
            for key, (title, metric, _, _) in FIGURES.items()
        }
        if name in CALIBRATED:
            calibrated["micro world", name] = figures
        else:
            family, _, kind = name.rpartition("-")
            others["without words" if family == "micro" else family, kind] = figures
    first = (
        "Untouched encoders: the paper's and, beside them, two of the micro world. Accuracies in "
        "percent: zero-shot and probes on Waterbirds, zero-shot on CounterAnimal's two pairs, and "
        "how many scenes, species, vehicles and kinds of figure are recognised by their names. The "
        "paper's figure for scenes is the mean over Table 16."
    )
    return [
        Table(pd.DataFrame(theirs | calibrated), first, notes=("- not printed in the paper",)),
        Table(
            pd.DataFrame(others),
            "The other encoders of the micro world, the same figures.",
            notes=("- without meaning for a tower that has no words",),
        ),
    ]


def _printed(source: str | None, where: dict) -> float:
    """Mean of the printed cells that match, in the units of the tidy frame; NaN if there is
    none.
    """
    if source is None:
        return float("nan")
    frame = paper_tables.table(source)
    found = frame.loc[criteria.match_rows(frame, where)]
    return float((found["value"] / found["unit"].map({"percent": 100}).fillna(1)).mean())
