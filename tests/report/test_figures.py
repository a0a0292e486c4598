"""Figures: what they draw, not how it looks."""

from dataclasses import replace
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import small
import torch
from PIL import Image

from bap_core import report
from bap_core.report import figure_style, picture_figures

COLUMNS = ["dataset", "encoder", "method", "seed", "split", "group", "metric", "value", "n"]


def row(method, seed, metric, value, *, group="all", encoder="micro-clip"):
    return ["waterbirds-95", encoder, method, seed, "test", group, metric, value, 10]


def frame(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def is_png(figure):
    return figure._repr_png_()[:8] == b"\x89PNG\r\n\x1a\n"


def test_every_run_is_a_point_in_percent():
    runs = frame(
        *[
            row("BAP (LP)", seed, "worst_group_accuracy", value)
            for seed, value in enumerate((0.8, 0.9))
        ]
    )
    figure = report.dot_plot(runs, "worst_group_accuracy")
    points = figure.axes[0].get_lines()[0].get_xdata()
    assert points.tolist() == pytest.approx([80, 90])
    assert is_png(figure)


def test_a_metric_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no row of 'bsi'"):
        report.dot_plot(frame(row("BAP", 0, "additivity", 0.8)), "bsi")


def test_the_k_figure_prints_the_slope_of_its_fit():
    rows = []
    for k in (1, 2, 4, 8):
        rows += [row("Native", 0, "residual_variance", 0.4 / k, group=f"K={k}")]
        rows += [
            row("Native", 0, f"cosine_{kind}_text", 0.2, group=f"K={k}")
            for kind in ("object", "background")
        ]
    figure = report.k_curve(frame(*rows), scale="micro")
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert "micro-clip: slope -1.000" in labels
    assert is_png(figure)


def test_the_additivity_figure_has_a_panel_per_encoder_and_states_the_means():
    scores = pd.DataFrame(
        {"score": [0.8, 0.9], "object_swapped": [0.6, 0.6], "background_swapped": [0.5, 0.5]}
    )
    figure = report.additivity_histogram({"a": scores, "b": scores})
    assert len(figure.axes) == 2
    assert figure.axes[0].get_title("right") == "means 0.85 / 0.60 / 0.50"
    assert is_png(figure)


def test_before_and_after_joins_the_two_values():
    values = {
        ("Native", "bsi"): 2.0,
        ("BAP", "bsi"): 0.5,
        ("Native", "additivity"): 0.8,
        ("BAP", "additivity"): 0.7,
    }
    runs = frame(*[row(method, 0, metric, value) for (method, metric), value in values.items()])
    figure = report.before_and_after(runs)
    assert figure.axes[0].get_lines()[0].get_ydata().tolist() == [2.0, 0.5]
    assert is_png(figure)


def test_pictures_of_every_kind_become_rgb_arrays():
    red = np.zeros((4, 6, 3), np.uint8)
    red[..., 0] = 255
    tensor = torch.from_numpy(red).permute(2, 0, 1)
    for picture in (red, tensor, Image.fromarray(red), Image.fromarray(red).convert("P")):
        assert picture_figures.as_array(picture).shape == (4, 6, 3)
        assert picture_figures.as_array(picture)[0, 0].tolist() == [255, 0, 0]


def test_transparency_shows_chequers():
    clear = np.zeros((24, 24, 4), np.uint8)
    assert set(np.unique(picture_figures.as_array(clear))) == {225, 245}


def test_a_picture_without_colours_is_refused():
    with pytest.raises(ValueError, match="three axes"):
        picture_figures.as_array(np.zeros((4, 4)))


def test_a_grid_has_a_place_for_every_picture_and_hides_the_rest():
    figure = report.picture_grid([np.zeros((4, 4, 3), np.uint8)] * 5, ["a"], columns=3)
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 1, 0]
    assert is_png(figure)


def test_a_contact_sheet_takes_rows_of_unequal_length():
    picture = np.zeros((4, 4, 3), np.uint8)
    figure = report.contact_sheet([[picture] * 3, [picture]], ["one", "two"], headings=["cut-out"])
    assert sum(len(axes.images) for axes in figure.axes) == 4
    assert is_png(figure)


def test_the_idea_can_be_drawn():
    assert is_png(report.idea())


def test_figures_leave_matplotlibs_settings_alone():
    before = dict(mpl.rcParams)
    report.idea()._repr_png_()
    assert dict(mpl.rcParams) == before


def test_figures_are_opaque_so_that_both_themes_can_show_them():
    pixel = Image.open(BytesIO(figure_style.png(report.idea()))).convert("RGBA").getpixel((0, 0))
    assert pixel == (255, 255, 255, 255)


def test_under_every_picture_stand_the_methods_that_got_it_wrong(tmp_path):
    scenes = small.painted(tmp_path, train=(), val=(), test=(1, 1, 1, 1))
    wrong = pd.DataFrame(
        {"BAP (LP)": [False, False, True, True], "Native (ZS)": [False, True, False, True]}
    )
    figure = report.mistakes(scenes, wrong, [3, 0, 1, 2])
    words = [
        [axes.get_title(), *(text.get_text() for text in axes.texts)]
        for axes in figure.axes
        if axes.images
    ]
    assert words == [
        ["blue on blue background", "all wrong"],
        ["red on red background", "all right"],
        ["red on blue background", "wrong: Native (ZS)"],
        ["blue on red background", "wrong: BAP (LP)"],
    ]
    assert is_png(figure)


def test_long_names_of_groups_are_broken_so_that_they_do_not_run_into_each_other(tmp_path):
    scenes = small.painted(tmp_path, train=(), val=(), test=(1, 1, 1, 1))
    scenes = replace(scenes, labels=("somebody in a red cloak", "somebody in a blue cloak"))
    figure = report.mistakes(scenes, pd.DataFrame({"DFR": [True] * 4}), [0, 1, 2, 3])
    figure.draw_without_rendering()
    shown = [axes for axes in figure.axes if axes.images]
    assert shown[0].get_title() == "somebody in a red cloak on\nred background"
    boxes = [axes.title.get_window_extent() for axes in shown[:3]]
    assert boxes[0].x1 < boxes[1].x0 and boxes[1].x1 < boxes[2].x0
