"""The paper's own numbers as the project carries them."""

import ast
import importlib
import inspect
import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

import bap_core
from bap_core import data, encoders, runtime
from bap_core.encoders import checkpoints
from bap_core.encoders import names as naming
from bap_core.recorded import find_records
from bap_core.report import labels, paper_tables, printed, rules, series

PROJECT = Path(bap_core.__file__).parent.parent
NOTEBOOKS = PROJECT / "notebooks"
REQUIRED = {"id", "notebook", "claim", "where", "rule", "a"}


CELLS = {
    "table1": 18,
    "table2": 96,
    "table3": 96,
    "table4": 64,
    "table5": 48,
    "table6": 8,
    "table7": 14,
    "table8": 48,
    "table9": 48,
    "table10": 12,
    "table11": 24,
    "table12": 10,
    "table13": 6,
    "table14": 10,
    "table15": 8,
    "table16": 52,
    "table17": 12,
}


# with an average beside every worst group
PAIRED = [f"table{number}" for number in (2, 3, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15)]


def listed(wrong) -> str:
    """All that is wrong, a line each: pytest itself shortens a long list."""
    return "\n".join(map(str, wrong))


def test_every_table_has_all_its_cells():
    assert {name: len(paper_tables.table(name)) for name in paper_tables.TABLES} == CELLS


def test_an_unknown_table_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="table1, table2"):
        paper_tables.table("table99")


def test_an_empty_cell_has_a_reason_and_a_full_one_has_none():
    wrong = []
    for name in [name for name in paper_tables.TABLES if name != "table17"]:
        table = paper_tables.table(name)
        right = ((table["reason"] != "") == table["value"].isna()) & (table["unit"] != "")
        wrong += [f"{name}, row {row}" for row in table.index[~right]]
    assert not wrong, listed(wrong)


def test_an_average_is_never_below_the_worst_group_but_for_one_cell_of_table_3():
    wrong = []
    for name in PAIRED:
        table = paper_tables.table(name).dropna(subset=["value"])
        known = ("family", "architecture", "dataset", "method", "k")
        keys = [key for key in known if key in table]
        wide = table.pivot(index=keys, columns="metric", values="value")
        below = wide.index[wide["average_accuracy"] < wide["worst_group_accuracy"]]
        wrong += [(name, *cell) for cell in below]
    assert wrong == [("table3", "SigLIP 2", "coco-gender-95", "AFR")]


def test_zero_shot_rows_do_not_depend_on_the_correlation():
    wrong = []
    for name in ("table2", "table3", "table8"):
        table = paper_tables.table(name).query("protocol == 'zero-shot'")
        wide = table.pivot(index=["family", "method", "metric"], columns="dataset", values="value")
        assert len(wide) and len(wide.columns) == 2, name
        wrong += [(name, *row) for row in wide.index[wide.iloc[:, 0] != wide.iloc[:, 1]]]
    assert not wrong, listed(wrong)


def test_a_cell_of_each_further_table_is_that_of_the_paper():
    def cell(name, *where):
        return paper_tables.table(name).set_index(["family", "dataset", "method", "metric"])[
            "value"
        ][where]

    assert cell("table3", "SigLIP 2", "coco-gender-100", "WiSE-FT", "worst_group_accuracy") == 36.1
    assert (
        cell(
            "table4",
            "SigLIP 2",
            "counteranimal brambling/bulbul",
            "BAP (LP)",
            "worst_group_accuracy",
        )
        == 88.3
    )
    assert (
        cell("table5", "CLIP", "nico bicycle/motorcycle", "Control (LP)", "average_accuracy")
        == 87.2
    )
    assert cell("table8", "CLIP", "waterbirds-95", "DFR", "worst_group_accuracy") == 91.3
    assert (
        cell("table9", "SigLIP 2", "nico car/truck", "Native (LP)", "worst_group_accuracy") == 31.2
    )


def test_the_headline_figures_are_those_of_the_paper():
    table = paper_tables.table("table2").set_index(["family", "dataset", "method", "metric"])[
        "value"
    ]
    assert table["CLIP", "waterbirds-100", "BAP (LP)", "worst_group_accuracy"] == 91.8
    assert table["CLIP", "waterbirds-100", "Native (LP)", "worst_group_accuracy"] == 24.5
    assert table["SigLIP 2", "waterbirds-95", "BAP (ZS)", "worst_group_accuracy"] == 59.1


def test_methods_of_the_tables_have_a_place_in_the_order():
    used = {
        (name, method)
        for name in paper_tables.TABLES
        for method in paper_tables.table(name).get("method", [])
    }
    known = {(name, method): series.read(method) for name, method in used}
    wrong = sorted(
        key
        for key, one in known.items()
        if (one.base if one else key[1]) not in (*labels.METHODS, *labels.STUDIED)
    )
    assert used
    assert not wrong, listed(wrong)


def test_claims_are_complete_and_name_known_rules():
    entries = paper_tables.claims()["claims"]
    assert len({entry["id"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) >= REQUIRED, entry["id"]
        assert entry["rule"] in rules.RULES
        assert "printed" in entry or "says" in entry, (
            f"{entry['id']} does not say what the paper prints"
        )


def test_claims_belong_to_notebooks_that_exist():
    for entry in paper_tables.claims()["claims"]:
        assert (NOTEBOOKS / f"{entry['notebook']}.py").exists(), entry["notebook"]


def columns_of(entry):
    """Family, and whether convolutional, of the columns of a claim's tables that stand for CLIP
    or SigLIP 2.
    """
    names = entry["printed"]["table"]
    found = paper_tables.tables([names] if isinstance(names, str) else names)
    return (
        found[found["family"].isin(["CLIP", "SigLIP 2"])][["family", "convolutional"]]
        .drop_duplicates()
        .to_numpy()
        .tolist()
    )


PRINTED = [entry for entry in paper_tables.claims()["claims"] if "printed" in entry]


def test_every_printed_value_of_a_claim_can_be_looked_up():
    wrong = []
    for entry in PRINTED:
        for family, convolutional in columns_of(entry):
            for side in [side for side in ("a", "b") if isinstance(entry.get(side), dict)]:
                try:
                    found = printed.find_printed(entry, side, family, convolutional=convolutional)
                except ValueError as error:
                    found = str(error)
                # a floor keeps the noise above zero
                most = 100 if entry[side]["metric"] == "bsi" else 1
                if not isinstance(found, tuple) or not (0 < found[0] <= most and found[1] > 0):
                    wrong.append((entry["id"], side, family, convolutional, found))
    assert PRINTED and all(map(columns_of, PRINTED))
    assert not wrong, listed(wrong)


def test_the_paper_itself_meets_every_direction_that_its_tables_can_show():
    wrong = []
    for entry in PRINTED:
        for family, convolutional in columns_of(entry):
            a, b = (
                printed.find_printed(entry, side, family, convolutional=convolutional)[0]
                if isinstance(entry[side], dict)
                else entry[side]
                for side in ("a", "b")
            )
            near = abs(a - b) <= entry.get("within", 0)
            margin = min(0, entry.get("margin", 0))
            b = b * (entry["b"].get("times", 1) if isinstance(entry["b"], dict) else 1) + margin
            if not {"above": a > b, "below": a < b, "close": near}[entry["rule"]]:
                wrong.append((entry["id"], family, convolutional, a, b))
    assert not wrong, listed(wrong)


def test_a_checkpoint_is_compared_with_its_own_row_and_with_no_other():
    entry = next(one for one in PRINTED if one["id"] == "backbones-above-90")

    def row_of(checkpoint, family="CLIP"):
        return printed.find_printed(entry, "a", family, checkpoint=checkpoint)

    assert row_of("clip-h14") == pytest.approx((0.9399, 0.005))
    assert row_of("siglip2-so400m", "SigLIP 2") == pytest.approx((0.9557, 0.0059))
    assert row_of("clip-l14:weights.safetensors") == pytest.approx((0.9369, 0.0051))
    assert row_of("openai-b16") is None  # of Table 11, not of Table 10
    assert row_of("micro-clip-large") == row_of("clip-b16") == pytest.approx((0.9058, 0.0077))


def identity(name):
    return naming.resolve(name, None).identity


def test_a_checkpoint_has_its_family_by_every_name_that_it_can_be_loaded_by():
    wrong = []
    for row in checkpoints.known().values():
        names = [
            row.checkpoint,
            f"{row.checkpoint}:random",
            f"{row.checkpoint}:weights.safetensors",
            f"{row.architecture}:{row.tag}" if row.tag else row.architecture,
        ]
        wrong += [name for name in names if identity(name) != row.identity]
        wrong += [row.checkpoint] if row.identity.family != row.family else []
    assert not wrong, listed(wrong)


STRANGERS = [
    "ViT-B-16:random",
    "ViT-B-16:weights.safetensors",
    "ViT-B-32:laion2b_s34b_b79k",
    "convnext_base:laion400m_s13b_b51k",
    "timm/resnet50:a1_in1k",
    "timm/vit_base_patch14_dinov2:random",
    "ViT-B-16-SigLIP2:webli",
]


def test_what_is_none_of_the_papers_encoders_is_unknown_whatever_its_name_sounds_like():
    found = {name: identity(name) for name in STRANGERS}
    assert found == dict.fromkeys(STRANGERS, checkpoints.Identity())
    assert not checkpoints.Identity().known


def test_every_micro_encoder_has_the_family_and_kind_of_the_loss_on_its_card():
    for name in encoders.micro_names():
        loss = json.loads((encoders.MICRO / f"{name}.card.json").read_text())["recipe"]["loss"]
        family, kind = {
            "softmax": ("CLIP", "VLM"),
            "sigmoid": ("SigLIP 2", "VLM"),
            "classes": ("unknown", "supervised"),
            "views": ("unknown", "self-supervised"),
            "skip-gram": ("Word2Vec", "words"),
            "masked-words": ("BERT", "words"),
        }[loss]
        assert identity(name) == checkpoints.Identity(
            family, kind, convolutional=name == "micro-clip-convnext"
        )


def test_the_paper_profile_runs_every_cell_of_table_1_and_each_encoder_knows_its_own():
    cells = paper_tables.table("table1").dropna(subset=["value"])
    profile = yaml.safe_load((NOTEBOOKS / "profiles" / "paper.yml").read_text())
    run = [identity(name) for name in profile["01_additivity"]["encoders"]]
    found = [(one.backbone, one.family) for one in run]
    assert sorted(found) == sorted(zip(cells["architecture"], cells["family"])) and len(run) == 16
    kinds = cells.set_index(["architecture", "family"])["kind"].to_dict()
    assert all(kinds[one.backbone, one.family] == one.kind for one in run)
    assert identity("openai-b16").backbone == "" == identity("micro-clip").backbone


def test_families_of_image_encoders_are_those_of_table_1():
    pictures = {row.family for row in checkpoints.known().values() if row.size}
    assert pictures == set(paper_tables.table("table1")["family"])


def test_an_encoder_is_of_the_kind_that_table_1_gives_its_family():
    kinds = paper_tables.table("table1").set_index("family")["kind"].to_dict()
    assert {row.family: row.kind for row in checkpoints.known().values() if row.size} == kinds


def test_ambiguities_are_complete():
    fields = {"id", "where", "unclear", "default", "keyword", "alternatives", "measured", "touches"}
    entries = paper_tables.ambiguities()
    assert len({entry["id"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) - {"points", "compared"} == fields, entry["id"]
        measured = "not measured yet" not in entry["measured"]
        assert entry.get("points", 0.0) >= 0 and (measured or "points" not in entry), entry["id"]
        assert all(isinstance(text, str) for text in entry["alternatives"]), entry["id"]
        assert all((NOTEBOOKS / f"{name}.py").exists() for name in entry["touches"]), entry["id"]


def test_what_an_ambiguity_changed_is_what_the_recorded_run_has():
    entries = [entry for entry in paper_tables.ambiguities() if "compared" in entry]
    records = find_records(runtime.project() / "results")
    for entry in entries:
        page = entry["compared"]["page"]
        rows = next(one.metrics for one in records if one.provenance["notebook"] == page)
        rows = rows[(rows["metric"] == "worst_group_accuracy") & (rows["group"] == "all")]
        means = 100 * rows.groupby("method")["value"].mean()
        sides = [means[entry["compared"][side]] for side in ("ours", "otherwise")]
        assert entry["points"] == pytest.approx(abs(sides[0] - sides[1]), abs=0.051), entry["id"]
        assert all(f"{value:.1f}" in entry["measured"] for value in sides), entry["id"]
    assert len(entries) >= 13


def test_errata_are_complete():
    entries = paper_tables.errata()
    assert len({entry["id"] for entry in entries}) == len(entries) >= 8
    assert all(set(entry) == {"id", "where", "prints", "contradicts", "here"} for entry in entries)


def cell(table, **where):
    frame = paper_tables.table(table)
    rows = frame[(frame[list(where)] == pd.Series(where)).all(axis=1)]
    (value,) = rows["value"]
    return value


def test_the_tables_contradict_what_the_errata_say_that_they_contradict():
    worst, average = {"metric": "worst_group_accuracy"}, {"metric": "average_accuracy"}
    afr = {"family": "SigLIP 2", "dataset": "coco-gender-95", "method": "AFR"}
    assert cell("table3", **afr, **average) < cell("table3", **afr, **worst)
    for family, times in (("CLIP", 4.5), ("SigLIP 2", 4.9)):
        of = [cell("table12", family=family, method=name) for name in ("Control (LP)", "BAP (LP)")]
        assert round(of[0] / of[1], 1) == times
    for table, dataset, other in (
        ("table8", "waterbirds-95", "DFR"),
        ("table5", "nico bicycle/motorcycle", "Control (LP)"),
    ):
        ours, theirs = ({"dataset": dataset, "method": name} for name in ("BAP (LP)", other))
        assert cell(table, **theirs, **average) > cell(table, **ours, **average)
        assert cell(table, **theirs, **worst) < cell(table, **ours, **worst)
    boats = {"dataset": "nico ship/sailboat", **worst}
    assert cell("table9", method="DIAL", **boats) > cell("table9", method="BAP (ZS)", **boats)


# -- the keyword of an ambiguity is code that exists


def resolved(node):
    """What ``module.Class().method(key=...)`` names; every keyword and every bare argument must
    be a parameter.
    """
    if isinstance(node, ast.Call):
        found = resolved(node.func)
        named = [key.arg for key in node.keywords] + [
            arg.id for arg in node.args if isinstance(arg, ast.Name)
        ]
        named += [arg.value.id for arg in node.args if isinstance(arg, ast.Starred)]
        unknown = set(named) - set(inspect.signature(found).parameters)
        assert not unknown, f"{found} has no {unknown}"
        return found
    if isinstance(node, ast.Attribute):
        return part_of(resolved(node.value), node.attr)
    return part_of(bap_core, node.id)


def part_of(owner, name):
    """An attribute, or a module of a package; `Objects` and its like are named without their
    ``data``.
    """
    if owner is bap_core and hasattr(data, name):
        return getattr(data, name)
    if inspect.ismodule(owner) and not hasattr(owner, name):
        return importlib.import_module(f"{owner.__name__}.{name}")
    return getattr(owner, name)


def unfounded(entry) -> list[str]:
    """Backticked words of a keyword that are neither code, nor a checkpoint, nor written where
    the code beside them is.
    """
    spans = re.findall(r"`([^`]+)`", entry["keyword"])
    code = [span for span in spans if "." in span and "/" not in span]
    files = [PROJECT / span for span in spans if "/" in span] + [
        NOTEBOOKS / f"{name}.py" for name in entry["touches"]
    ]
    files += [
        Path(inspect.getsourcefile(resolved(ast.parse(span, mode="eval").body))) for span in code
    ]
    text = "\n".join(path.read_text() for path in files)
    bare = [
        span
        for span in spans
        if span not in code and "/" not in span and span not in checkpoints.known()
    ]
    return [span for span in bare if not re.search(rf"\b{re.escape(span.split('(')[0])}\b", text)]


def fault(entry) -> str:
    """What is wrong with the keyword of an ambiguity; empty if nothing is."""
    if "`" not in entry["keyword"] and not entry["keyword"].startswith("none"):
        return "names no code"
    try:
        return ", ".join(unfounded(entry))
    except (AssertionError, AttributeError, ImportError, FileNotFoundError) as error:
        return f"{type(error).__name__}: {error}"


def test_the_keyword_of_every_ambiguity_exists_in_the_code():
    found = {entry["id"]: fault(entry) for entry in paper_tables.ambiguities()}
    wrong = [(name, words) for name, words in found.items() if words]
    assert not wrong, listed(wrong)


FAULTY = [
    "a keyword without code",
    "`data.plases(categories=...)`",
    "`data.places(kategories=...)`",
    "`data.places(categories=None, parts=1)`",
    "`Objects.sample(n, balanced=None)`",
    "`baselines.LinearProbe().fit(Z)`",
    "`baselines.LinearProbe` (`class_weight`)",
    "`encoders.load(name)` with `siglip3-b16`",
    "`n_birds` of the notebook",
    "`bap_core/paper/claim.yml`",
]


def test_a_keyword_that_does_not_exist_is_found_out():
    found = {
        keyword: fault({"keyword": keyword, "touches": ["03_waterbirds"]}) for keyword in FAULTY
    }
    missed = [keyword for keyword, words in found.items() if not words]
    assert not missed, listed(missed)
