"""Methods that differ in a number, and the figures of the studies."""

import pandas as pd
import pytest

from bap_core import tidy
from bap_core.report import criteria, series, study_figures, uncertainty

METHODS = ["BAP (LP), N = 50", "BAP (LP), N = 1440", "BAP (LP), N = 50, M = 16", "BAP (LP)"]


def frame(methods, *, metric="worst_group_accuracy", group="all", dataset="waterbirds-100"):
    rows = [
        [
            dataset,
            "micro-clip",
            method,
            seed,
            "test",
            group,
            metric,
            0.5 + 0.01 * nth + 0.1 * seed,
            9,
        ]
        for nth, method in enumerate(methods)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows, columns=tidy.COLUMNS)


def test_the_last_number_of_a_name_is_what_its_series_varies():
    assert series.read("BAP (LP), N = 50, M = 16") == series.Numbered("BAP (LP), N = 50", "M", 16)
    assert series.read("BAP (LP), probe epochs = 8") == series.Numbered(
        "BAP (LP)", "probe epochs", 8
    )
    assert series.read("BAP (LP)") is None and series.read("BAP (LP), N = most") is None


def test_rows_of_a_series_know_their_number_and_no_other_row_is_among_them():
    found = series.numbered_rows(frame(METHODS), "N")
    assert set(zip(found["base"], found["number"])) == {("BAP (LP)", 50), ("BAP (LP)", 1440)}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("BAP (LP), N = most", "BAP (LP), N = 1440"),
        ("BAP (LP), N = most / 6", "BAP (LP), N = 50"),
        ("BAP (LP), N = 50, M = most", "BAP (LP), N = 50, M = 16"),
        ("BAP (LP), K = most", "BAP (LP), K = most"),  # not measured
        ("BAP (LP), N = 500", "BAP (LP), N = 500"),
    ],
)
def test_the_member_with_the_largest_number_is_found_and_what_is_none_stays(asked, meant):
    assert series.resolve(METHODS, asked) == meant


def test_a_multiple_of_a_side_is_taken_of_its_values_and_of_its_error():
    rows = frame(["BAP (LP)"])
    where = {"method": "BAP (LP)", "metric": "worst_group_accuracy"}
    assert criteria.read_sample(rows, {**where, "times": 2}).values == pytest.approx((1.0, 1.2))
    once, twice = (
        uncertainty.sampling_error(rows, [(sign, where)], [0, 1], {}) for sign in (1.0, -2.0)
    )
    assert twice == pytest.approx(2 * once)


def test_a_curve_has_a_point_for_every_number_and_a_line_for_every_metric():
    rows = pd.concat([frame(METHODS), frame(METHODS, metric="average_accuracy")])
    figure = study_figures.sweep_plot(rows, what="N")
    lines = figure.axes[0].get_lines()
    assert [line.get_xdata().tolist() for line in lines] == [[50, 1440]] * 2
    assert lines[0].get_ydata().tolist() == pytest.approx([55, 56])  # percent, mean of two runs
    with pytest.raises(ValueError, match="no method of the frame has a number named 'K'"):
        study_figures.sweep_plot(rows, what="K")


def test_classes_stand_in_the_order_of_what_they_were_data_set_by_data_set():
    parts = [
        frame(["Native (ZS)", "BAP (ZS)"], metric="class_accuracy", group=group, dataset=dataset)
        for dataset, group in (("waterbirds-95", "landbird"), ("places", "sky"), ("places", "pond"))
    ]
    parts[2]["value"] += 0.2
    figure = study_figures.class_plot(pd.concat(parts), before="Native (ZS)", after="BAP (ZS)")
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["landbird", "pond", "sky"]
    with pytest.raises(ValueError, match="class_accuracy"):
        study_figures.class_plot(frame(["BAP (ZS)"]), before="Native (ZS)", after="BAP (ZS)")
