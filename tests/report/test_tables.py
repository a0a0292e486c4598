"""Tables and their HTML."""

import re

import pandas as pd
import pytest

from bap_core import report, tidy
from bap_core.encoders.checkpoints import Identity
from bap_core.report import calibration_table, html, labels, paper_tables, tables

WGA = "worst_group_accuracy"

KNOWN = {
    name: Identity("CLIP", "VLM", "convnext" in name)
    for name in ("micro-clip", "micro-clip-convnext", "clip-b16:random")
}


def rows(method, values, *, dataset="waterbirds-95", encoder="micro-clip", metric=WGA, group="all"):
    return pd.DataFrame(
        [
            [dataset, encoder, method, seed, "test", group, metric, value, 10]
            for seed, value in enumerate(values)
        ],
        columns=tidy.COLUMNS,
    )


def shown(table):
    """The cells of a table's HTML, row by row, without tags."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", table._repr_html_())
    return [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in found
    ]


def test_mean_and_spread_over_the_seeds_are_counted_by_hand():
    table = report.results_table(rows("BAP (LP)", [0.70, 0.72, 0.74]), scale="micro", metrics=WGA)
    assert shown(table)[-1] == ["BAP (LP)", "72.0\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}2.0"]


def test_one_run_has_no_spread():
    table = report.results_table(rows("BAP (LP)", [0.731]), scale="micro", metrics=WGA)
    assert shown(table)[-1] == ["BAP (LP)", "73.1"]


def test_what_was_not_measured_is_a_dash_with_a_reason():
    empty = rows("DFR", [float("nan")]).assign(reason="no minority example")
    frame = pd.concat([empty, rows("BAP (LP)", [0.9]).assign(reason="")])
    table = report.results_table(frame, scale="micro", metrics=WGA)
    assert ["DFR", "-"] in shown(table)
    assert "- no minority example" in table._repr_html_()


def grouped(method, accuracies, **names):
    """One seed's rows ``group_accuracy``; accuracies: group name -> value."""
    return pd.concat(
        rows(method, [value], metric="group_accuracy", group=group, **names)
        for group, value in accuracies.items()
    )


def test_accuracies_of_groups_stand_side_by_side_in_the_order_of_the_groups():
    by_seed = ({"gull on sky": 0.9, "gull on sea": 0.5}, {"gull on sky": 0.9, "gull on sea": 0.7})
    frame = pd.concat(
        grouped("BAP (LP)", accuracies).assign(seed=seed) for seed, accuracies in enumerate(by_seed)
    )
    table = report.group_accuracy_table(frame, scale="micro")
    cells = [[cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in shown(table)]
    assert cells == [
        ["method", "Waterbirds, 95 %"],
        ["gull on sky", "gull on sea"],
        ["micro-clip"],
        ["BAP (LP)", "90.0 ± 0.0", "60.0 ± 14.1"],
    ]
    assert table.caption == (
        "Accuracy of every group. Measured at micro scale, mean ± std over 2 runs. "
        "Accuracies in percent."
    )


def test_a_method_that_was_left_out_has_dashes_in_all_groups_of_that_data_set_and_a_reason():
    groups = {"gull on sky": 0.9, "gull on sea": 0.5}
    empty = rows("DFR", [float("nan")], dataset="waterbirds-100").assign(reason="left out: no gull")
    measured = [
        grouped("DFR", groups),
        *(grouped("BAP (LP)", groups, dataset=f"waterbirds-{share}") for share in (95, 100)),
    ]
    table = report.group_accuracy_table(pd.concat([*measured, empty]), scale="micro")
    assert shown(table)[-2:] == [
        ["DFR", "90.0", "50.0", "-", "-"],
        ["BAP (LP)", "90.0", "50.0", "90.0", "50.0"],
    ]
    assert table.notes == ("- left out: no gull",)
    alone = pd.concat([measured[2], empty])  # nowhere measured, and shown all the same
    assert ["DFR", "-", "-"] in shown(report.group_accuracy_table(alone, scale="micro"))


def test_accuracies_of_groups_that_were_not_recorded_are_refused():
    with pytest.raises(ValueError, match="no row for .'group_accuracy'."):
        report.group_accuracy_table(rows("BAP (LP)", [0.9]), scale="micro")


def test_a_gap_without_a_reason_is_still_explained():
    table = report.results_table(rows("DFR", [float("nan")]), scale="micro", metrics=WGA)
    assert "- not measured in this run" in table._repr_html_()


def test_methods_stand_in_the_papers_order():
    frame = pd.concat(
        [rows(name, [0.5]) for name in ("BAP (LP)", "mine", "Native (LP)", "Native (ZS)")]
    )
    names = [row[0] for row in shown(report.results_table(frame, scale="micro", metrics=WGA))[2:]]
    assert names == ["Native (ZS)", "Native (LP)", "BAP (LP)", "mine"]


def test_the_caption_states_the_scale():
    assert (
        "micro scale"
        in report.results_table(rows("Native", [0.5]), scale="micro", metrics=WGA).caption
    )
    assert (
        "paper scale"
        in report.results_table(rows("Native", [0.5]), scale="paper", metrics=WGA).caption
    )


def test_a_metric_that_was_not_recorded_is_refused():
    with pytest.raises(
        ValueError, match="no row for .'bsi'.; the frame has .'worst_group_accuracy'."
    ):
        report.results_table(rows("Native", [0.5]), scale="micro", metrics="bsi")


def test_the_papers_cells_are_shown_as_printed():
    cells = shown(report.paper_table("table2"))
    assert ["BAP (LP)", "94.3 ± 0.6", "92.1 ± 1.2", "94.2 ± 0.5", "91.8 ± 0.9"] in cells
    assert ["DFR", "93.4 ± 0.5", "91.3 ± 0.6", "-", "-"] in cells


def printed(table):
    """The figures in the cells of a table's HTML, spreads left out, in increasing order."""
    cells = re.findall(r'<td class="bap-number">(.*?)</td>', table._repr_html_())
    return sorted(float(cell.split()[0]) for cell in cells if cell != labels.EMPTY)


def test_every_table_of_the_paper_shows_each_of_its_figures_once():
    wrong = []
    for name in paper_tables.TABLES:
        table, frame = report.paper_table(name), paper_tables.table(name)
        assert table.caption.startswith(f"Table {name.removeprefix('table')} of the paper.")
        if name == "table17":
            same = table.frame["value"].tolist() == frame["value"].tolist()
        else:
            same = printed(table) == sorted(frame["value"].dropna())
        wrong += [] if same else [name]
    assert not wrong, ", ".join(wrong)


def test_what_is_recorded_stands_between_paper_and_build_for_what_was_measured_here():
    frame, recorded = rows("BAP (LP)", [0.8]), rows("BAP (LP)", [0.6, 0.7])
    other = recorded.assign(encoder="micro-siglip")
    table = report.side_by_side(
        frame, "table2", scale="micro", identities=KNOWN, recorded=pd.concat([recorded, other])
    )
    sources = [column[-1] for column in table.frame.columns]
    assert sources == ["paper", "recorded", "this build"]
    assert len(table.frame) == 1 and table.frame.iloc[0, 1].startswith("65.0")


def test_paper_and_measurement_stand_side_by_side_for_the_methods_that_ran():
    frame = pd.concat([rows("BAP (LP)", [0.8]), rows("Native (LP)", [0.5])])
    table = report.side_by_side(frame, "table2", scale="micro", identities=KNOWN)
    assert shown(table)[-2:] == [
        ["Native (LP)", "61.6 ± 0.9", "50.0"],
        ["BAP (LP)", "92.1 ± 1.2", "80.0"],
    ]
    assert "directions, not values" in table.caption


def test_a_convolutional_encoder_stands_beside_its_own_table():
    frame = pd.concat(
        [rows("BAP (LP)", [0.8], encoder=name) for name in ("micro-clip", "micro-clip-convnext")]
    )
    table = report.side_by_side(frame, "table2", "table8", scale="micro", identities=KNOWN)
    assert [row for row in shown(table) if row[0] == "BAP (LP)"] == [
        ["BAP (LP)", "92.1 ± 1.2", "80.0"],
        ["BAP (LP)", "92.5 ± 1.0", "80.0"],
    ]
    assert table.caption.startswith("Table 2 and Table 8 of the paper beside this run")


def test_random_weights_are_offered_for_no_comparison_and_no_claim_is_called_judged():
    frame = rows("BAP (LP)", [0.8], encoder="clip-b16:random")
    beside = report.side_by_side(frame, "table2", scale="random", identities=KNOWN).caption
    assert "meaningless" in beside and "nothing to compare" in beside and "directions" not in beside
    judged = tables.claims_table(report.judge(frame, "03_waterbirds", "random", KNOWN), "random")
    assert "none of them judged" in judged.caption and "directions" not in judged.caption
    assert all("holds" not in cell and "80.0" not in cell for row in shown(judged) for cell in row)


def test_an_encoder_that_the_paper_lacks_has_dashes_and_a_note():
    table = report.side_by_side(
        rows("BAP (LP)", [0.8], encoder="mine"), "table2", scale="paper", identities=KNOWN
    )
    assert shown(table)[-1] == ["BAP (LP)", "-", "80.0"]
    assert table.notes == (
        "mine is none of the paper's encoders: nothing of its tables is set beside it",
    )


def test_one_measurement_twice_is_refused_and_not_averaged():
    frame = pd.concat([rows("Native", [0.2]), rows("Native", [0.8])])
    with pytest.raises(
        ValueError,
        match="measured more than once: .*Native.* A cell that adds to a list was run twice",
    ):
        report.results_table(frame, scale="micro")


def test_a_method_that_the_paper_lacks_has_a_dash_on_the_papers_side():
    assert shown(
        report.side_by_side(rows("mine", [0.8]), "table2", scale="paper", identities=KNOWN)
    )[-1] == ["mine", "-", "80.0"]


def test_text_is_escaped():
    frame = pd.DataFrame(
        [["1 < 2"]], columns=pd.MultiIndex.from_tuples([("a", "b")]), index=["<b>"]
    )
    markup = html.Table(frame, "x & y")._repr_html_()
    assert "1 &lt; 2" in markup and "&lt;b&gt;" in markup and "x &amp; y" in markup


def test_neighbouring_headings_share_a_cell():
    columns = pd.MultiIndex.from_tuples([("one", "x"), ("one", "y"), ("two", "x")])
    markup = html.Table(
        pd.DataFrame([["1", "2", "3"]], columns=columns, index=["r"]), ""
    )._repr_html_()
    assert '<th colspan="2" scope="colgroup">one</th><th scope="col">two</th>' in markup


def test_tables_carry_no_inline_colours_and_scroll_in_their_own_box():
    markup = report.paper_table("table2")._repr_html_()
    assert "style=" not in markup
    assert 'class="bap-scroll"' in markup


def test_verdicts_become_pills():
    frame = pd.DataFrame({"verdict": [("does not hold", "difference -1")]}, index=["claim"])
    markup = html.Table(frame, "", words=("verdict",))._repr_html_()
    assert (
        '<span class="bap-pill bap-bad">does not hold</span><span class="bap-small">difference '
        "-1</span>" in markup
    )


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [(0.7314, WGA, "73.1"),
     (0.8234, "additivity", "0.823"), (0.00012, "residual_variance", "1.2e-04"),
     (30.44, "bsi", "30.44"), (float("nan"), WGA, "-")],
)  # fmt: skip
def test_numbers_are_written_by_metric(value, metric, text):
    assert labels.format_number(value, metric) == text


def test_native_figures_stand_beside_the_papers_and_beside_their_targets():
    cards = {
        "micro-simclr": {
            "native_figures": {"additivity": 0.8},
            "targets": {"additivity": [0, 0.79]},
        },
        "micro-clip": {
            "native_figures": {"probe_100_worst_group": 0.081, "scenes": 0.97, "species": 0.8},
            "targets": {"probe_100_worst_group": [0.12, 0.40], "scenes": [0.9, 1.0]},
        },
    }
    frame, others = (table.frame for table in calibration_table.tables(cards))
    assert frame.columns.tolist() == [
        ("paper", "CLIP"),
        ("paper", "SigLIP 2"),
        ("paper", "CLIP ConvNeXt"),
        ("target", ""),
        ("micro world", "micro-clip"),
    ]
    assert frame.loc["probe at 100 %, WGA"].tolist() == [
        "24.5",
        "21.9",
        "31.3",
        "12.0 to 40.0",
        f"8.1 {calibration_table.MISSED}",
    ]
    assert frame.loc["scenes"].tolist() == ["89.3", "-", "-", "90.0 to 100.0", "97.0"]
    assert frame.loc["probe, car / truck, WGA"].tolist() == ["-", "31.2", "40.0", "-", "-"]
    assert others["micro-simclr"].to_dict() == dict.fromkeys(others.index, "-") | {
        "additivity S": f"0.800 {calibration_table.MISSED}"
    }


def test_a_target_counts_as_met_only_if_its_figure_was_measured_and_lies_inside():
    targets = {"scenes": [0.9, 1.0], "species": [0.6, 0.92], "additivity": [0.78, 0.92]}
    found = {"scenes": 0.9, "species": 0.93}
    assert calibration_table.missed({"native_figures": found, "targets": targets}) == [
        "species",
        "additivity",
    ]
    assert (
        "Of 3 targets of all encoders, 1 are met."
        in calibration_table.tables({"micro-clip": {"native_figures": found, "targets": targets}})[
            0
        ].caption
    )


def test_shares_keep_three_decimals_however_small_and_counts_none():
    assert [labels.format_number(value, "candidates") for value in (0.0, 0.0042, 0.65)] == [
        "0.000",
        "0.004",
        "0.650",
    ]
    assert labels.format_spread(50.0, 0.0, "latents") == "50\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0"
