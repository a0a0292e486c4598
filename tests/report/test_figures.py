"""Figures: what they draw, not how it looks."""

import json
from dataclasses import replace
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import small
import torch
from matplotlib.colors import to_rgba
from PIL import Image

from bap_core import evaluation, report, tidy
from bap_core.report import figure_style, idea_figure, picture_figures


def row(method, seed, metric, value, *, group="all", encoder="micro-clip"):
    return ["waterbirds-95", encoder, method, seed, "test", group, metric, value, 10]


def frame(*rows):
    return pd.DataFrame(rows, columns=tidy.COLUMNS)


def is_png(figure):
    return figure._repr_png_()[:8] == b"\x89PNG\r\n\x1a\n"


def test_every_run_is_a_point_in_percent_and_their_mean_a_bar():
    runs = frame(
        *[
            row("BAP (LP)", seed, "worst_group_accuracy", value)
            for seed, value in enumerate((0.8, 0.9))
        ]
    )
    figure = report.dot_plot(runs, "worst_group_accuracy")
    axes = figure.axes[0]
    assert axes.get_lines()[0].get_xdata().tolist() == pytest.approx([80, 90])
    assert axes.collections[0].get_segments()[0][:, 0].tolist() == pytest.approx([85, 85])
    assert is_png(figure)


def test_a_metric_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no row of 'bsi'"):
        report.dot_plot(frame(row("BAP", 0, "additivity", 0.8)), "bsi")


def test_the_k_figure_draws_both_similarities_and_prints_the_slope_of_its_fit():
    rows = []
    for k in (1, 2, 4, 8):
        rows += [
            row("Native", 0, metric, value, group=f"K={k}")
            for metric, value in (
                ("residual_variance", 0.4 / k),
                ("cosine_object_text", 0.3),
                ("cosine_background_text", 0.2),
            )
        ]
    figure = report.k_curve(frame(*rows), scale="micro")
    drawn = {line.get_label(): line.get_ydata().tolist() for line in figure.axes[0].get_lines()}
    assert drawn == {
        "micro-clip: object text": pytest.approx([0.3] * 4),
        "micro-clip: background text": pytest.approx([0.2] * 4),
    }
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert "micro-clip: slope -1.000" in labels
    assert is_png(figure)


SCORES = {
    "additivity": np.array([0.8, 0.9]),
    "additivity_object_swapped": np.array([0.6, 0.6]),
    "additivity_background_swapped": np.array([0.5, 0.5]),
}


def composites(**encoders) -> tuple[pd.DataFrame, dict]:
    """Tidy frame and bins of additivity scores."""
    names = {"dataset": "toy", "method": "Native", "seed": 0}
    rows = [evaluation.record(scores, encoder=name, **names) for name, scores in encoders.items()]
    return pd.concat(rows), evaluation.count_in_bins(encoders, metrics=list(SCORES), n=4)


def test_the_additivity_figure_has_a_panel_per_encoder_and_states_the_means():
    runs, bins = composites(a=SCORES, b=SCORES)
    figure = report.additivity_histogram(runs, bins=bins)
    assert len(figure.axes) == 2
    assert figure.axes[0].get_title("right") == "means 0.85 / 0.60 / 0.50"
    drawn = [patch.get_data().values.tolist() for patch in figure.axes[0].patches]
    assert drawn == [[0, 0, 0, 2], [0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 2]]
    assert is_png(figure)


def test_the_panels_of_the_additivity_figure_stand_as_in_the_frame_however_the_bins_are_sorted():
    runs, bins = composites(b=SCORES, a=SCORES)
    figure = report.additivity_histogram(runs, bins=json.loads(json.dumps(bins, sort_keys=True)))
    assert [axes.get_title("left") for axes in figure.axes] == ["b", "a"]


@pytest.mark.parametrize("counts", [[0, 1, 0, 1], [0, 0, 0, 3], [2, 0, 0, 0]])
def test_an_additivity_figure_of_other_composites_than_those_of_its_means_is_refused(counts):
    runs, bins = composites(a=SCORES)
    bins["counts"]["a"]["additivity"] = counts
    with pytest.raises(ValueError, match=r"a: a histogram of \d values .* not that of additivity"):
        report.additivity_histogram(runs, bins=bins)


def test_before_and_after_joins_the_two_values():
    values = {
        ("Native", "bsi"): 2.0,
        ("BAP", "bsi"): 0.5,
        ("Native", "additivity"): 0.8,
        ("BAP", "additivity"): 0.7,
    }
    runs = frame(*[row(method, 0, metric, value) for (method, metric), value in values.items()])
    figure = report.before_and_after(runs)
    lines = [axes.get_lines()[0].get_ydata().tolist() for axes in figure.axes]
    assert lines == [[2.0, 0.5], [0.8, 0.7]]
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
    assert [axes.get_title() for axes in figure.axes] == ["a", "", "", "", "", ""]
    assert not any(axes.axison for axes in figure.axes)
    assert is_png(figure)


def test_a_contact_sheet_takes_rows_of_unequal_length():
    picture = np.zeros((4, 4, 3), np.uint8)
    figure = report.contact_sheet([[picture] * 3, [picture]], ["one", "two"], headings=["cut-out"])
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 0, 0]
    assert [axes.get_ylabel() for axes in figure.axes] == ["one", "", "", "two", "", ""]
    assert [axes.get_title() for axes in figure.axes] == ["cut-out", "", "", "", "", ""]
    assert is_png(figure)


def test_the_idea_puts_a_frozen_teacher_above_a_trained_student():
    axes = report.idea().axes[0]
    at = {text.get_text(): text.get_position()[1] for text in axes.texts}
    upper = ["1  Anchor", "composites  × K", "teacher", "frozen"]
    lower = ["2  Alignment", "composites  × M", "student", "trained"]
    assert min(at[words] for words in upper) > max(at[words] for words in lower)


def test_the_idea_aligns_on_other_backgrounds_than_those_of_the_anchor():
    skies = {to_rgba(sky): name for name, (sky, _, _) in idea_figure.SCENES.items()}
    shown = [patch for patch in report.idea().axes[0].patches if patch.get_facecolor() in skies]
    below = [skies[patch.get_facecolor()] for patch in shown if patch.get_y() < 28]
    above = [skies[patch.get_facecolor()] for patch in shown if patch.get_y() >= 28]
    assert len(above) == len(below) == 3 and {*above, *below} == set(idea_figure.SCENES)


def test_the_idea_draws_embeddings_to_the_anchor_in_the_alignment_alone():
    axes, green = report.idea().axes[0], to_rgba(figure_style.GREEN)
    arrows = [patch for patch in axes.patches if patch.get_edgecolor() == green]
    assert len(arrows) == 5 and all(arrow.get_path().vertices[:, 1].max() < 28 for arrow in arrows)
    anchors = [line for line in axes.get_lines() if line.get_marker() == "*"]
    assert [line.get_ydata()[0] > 28 for line in anchors] == [True, False]


def test_figures_leave_matplotlibs_settings_alone():
    before = dict(mpl.rcParams)
    with figure_style.look():
        assert dict(mpl.rcParams) != before
    report.idea()._repr_png_()
    assert dict(mpl.rcParams) == before


def test_figures_are_opaque_so_that_both_themes_can_show_them():
    pixel = Image.open(BytesIO(figure_style.png(report.idea()))).convert("RGBA").getpixel((0, 0))
    assert pixel == (255, 255, 255, 255)


def test_the_book_shows_lines_in_a_third_of_the_bytes_and_nobody_sees_it():
    png = figure_style.png(idea_figure.idea())
    kind, light = figure_style.lighten(png)
    assert kind == "image/png" and len(light) < len(png) / 2
    before, after = (
        np.asarray(Image.open(BytesIO(one)).convert("RGB"), dtype=int) for one in (png, light)
    )
    assert (before[0] == after[0]).all()  # white stays white
    assert abs(before - after).max() < 24 and abs(before - after).mean() < 0.5


def test_the_book_shows_photographs_as_jpeg_and_what_that_would_not_shrink_as_it_is():
    noise = np.random.default_rng(0).integers(0, 255, (70, 70, 3), np.uint8)
    smooth = Image.fromarray(noise).resize((700, 700), Image.Resampling.BICUBIC)
    kinds = [figure_style.lighten(_as_png(smooth))[0]]
    few = Image.effect_noise((70, 70), 60).convert("RGB").resize((700, 700), Image.Resampling.BOX)
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8)
    blocks = _as_png(Image.fromarray(noise).resize((800, 800), Image.Resampling.NEAREST))
    assert len(few.getcolors(4096)) <= 256
    kinds += [figure_style.lighten(one)[0] for one in (_as_png(few), blocks)]
    assert kinds == ["image/jpeg", "image/png", "image/png"]
    assert figure_style.lighten(blocks)[1] == blocks


def _as_png(picture):
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


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
