"""Tables of what a page works with."""

import pandas as pd
from on_disk import declare, save
from PIL import Image

from bap_core import data, report, studies
from bap_core.data import Backgrounds, Objects
from bap_core.evaluation.selection import Choice
from bap_core.method.compositing import Compositor


def gulls_and_terns(root, **more):
    Image.new("RGBA", (4, 4), (255, 0, 0, 255)).save(root / "bird.png")
    rows = [
        {
            "image": "bird.png",
            "mask": None,
            "segmentation": None,
            "x": None,
            "y": None,
            "width": None,
            "height": None,
            "label": label,
            "super_class": "bird",
        }
        for label in ("gull", "gull", "tern")
    ]
    return Objects("birds", root, pd.DataFrame(rows), **more)


def scenes(name, labels, backgrounds, rows):
    frame = pd.DataFrame(rows, columns=["label", "background", "split"]).assign(image="none")
    frame["group"] = 2 * frame["label"] + frame["background"]
    return data.Scenes(name, ".", frame, labels, backgrounds)


SEEN = [(0, 0, "train"), (0, 0, "test"), (0, 1, "test"), (1, 1, "train"), (1, 1, "train")]


def test_sets_that_share_their_groups_stand_side_by_side_with_all_splits():
    pair = [scenes(name, ("gull", "tern"), ("sky", "sea"), SEEN) for name in ("one", "two")]
    frame = report.group_table(pair).frame
    assert frame.index.tolist() == ["gull on sky", "gull on sea", "tern on sky", "tern on sea"]
    assert frame["one"].equals(frame["two"]) and frame["one"].columns.tolist() == [
        "train",
        "val",
        "test",
    ]
    assert frame["one"].values.tolist() == [
        ["1", "0", "1"],
        ["0", "0", "1"],
        ["0", "0", "0"],
        ["2", "0", "0"],
    ]


def test_sets_of_other_groups_stand_one_below_the_other_without_splits_that_nobody_uses():
    birds = scenes("birds", ("gull", "tern"), ("sky", "sea"), SEEN)
    cars = scenes("cars", ("car", "bus"), ("grass", "water"), SEEN)
    frame = report.group_table([birds, cars]).frame
    assert frame.columns.tolist() == ["train", "test"] and len(frame) == 8
    assert frame.loc[("cars", "bus on water")].tolist() == ["2", "0"]
    assert frame.loc[("birds", "gull on sky")].tolist() == ["1", "1"]
    assert "bus on water" in report.group_table([birds, cars])._repr_html_()


def listed(compositor):
    frame = report.inventory(compositor).frame
    return list(zip(frame.index, frame["number"], frame["which"]))


def test_an_inventory_counts_objects_and_backgrounds_and_lists_what_was_left_out(tmp_path):
    grounds = Backgrounds(
        "grounds",
        tmp_path,
        pd.DataFrame({"image": ["a.png", "b.png"], "category": ["sky", "sky"]}),
        skipped={"excluded": 7},
    )
    save(tmp_path / "a.png")
    assert listed(Compositor(gulls_and_terns(tmp_path), grounds, size=8, seed=0)) == [
        ("objects", "3", "gull 2, tern 1"),
        ("backgrounds", "2", "sky 2"),
        ("left out by the loader", "7", "excluded"),
    ]


def test_an_inventory_says_which_categories_stand_in_for_others_and_with_how_many_pictures(
    tmp_path,
):
    for name in ("c/church/outdoor", "k/kitchen", "r/restaurant_kitchen", "s/sky"):
        for number in range(2):
            save(tmp_path / "data_256" / name / f"{number}.jpg")
    declare(tmp_path, backgrounds={"categories": 4})
    found = data.places(
        tmp_path,
        categories=["abbey", "kitchenette", "sky"],
        substitutes={"abbey": "church/outdoor", "kitchenette": ["kitchen", "restaurant_kitchen"]},
    )
    rows = listed(Compositor(gulls_and_terns(tmp_path), found, size=8, seed=0))
    assert rows[2:] == [
        ("in place of abbey", "2", "church/outdoor"),
        ("in place of kitchenette", "4", "kitchen, restaurant_kitchen"),
    ]
    drawn = found.take(found.frame["category"] == "sky")
    assert listed(Compositor(gulls_and_terns(tmp_path), drawn, size=8, seed=0))[2] == (
        "in place of abbey",
        "0",
        "church/outdoor",
    )


def test_a_selection_shows_every_candidate_and_which_was_taken():
    table = pd.DataFrame(
        {
            "setting": [0.0, 6.0],
            "worst_group_accuracy": [0.25, 0.5],
            "average_accuracy": [0.5, 0.75],
            "chosen": [False, True],
        }
    )
    shown = report.selection(Choice(6.0, None, table, transferred=False), caption="γ").frame
    assert shown.index.tolist() == ["0", "6"] and shown.columns.tolist() == ["WGA", "AVG", "taken"]
    assert shown.values.tolist() == [["25.0", "50.0", ""], ["50.0", "75.0", "chosen"]]
    transferred = report.selection(Choice(6.0, None, table, transferred=True), caption="γ").frame
    assert transferred["taken"].tolist() == ["", "transferred"]


def test_margins_are_counted_per_label_and_bin_and_those_outside_are_said(tmp_path):
    found = gulls_and_terns(tmp_path).take([0, 0, 0, 0, 2, 2])
    labelled = Objects(
        "labelled", tmp_path, found.frame.assign(margin=[0.3, 0.6, 0.7, 1.0, -0.9, -0.1])
    )
    table = report.margin_table(labelled, labelled.take([4, 1]), bounds=(0.2, 0.8), n_bins=2)
    assert table.frame.index.tolist() == ["0.20 to 0.50", "0.50 to 0.80"]
    assert table.frame["gull"].values.tolist() == [["1", "0"], ["2", "1"]]
    assert table.frame["tern"].values.tolist() == [["0", "0"], ["0", "0"]]
    assert table.frame.columns.tolist() == [
        ("tern", "found"),
        ("tern", "drawn"),
        ("gull", "found"),
        ("gull", "drawn"),
    ]
    assert table.notes == ("3 of 6 lie outside 0.2 to 0.8.",)


def test_what_a_method_is_told_stands_in_a_row_per_name():
    prompts = {"rejects": ["water background", "land background"], "accepts": ["landbird"]}
    table = report.words_table(prompts, "What RoboShot is told.")
    assert table.frame["texts"].to_dict() == {
        "rejects": "water background; land background",
        "accepts": "landbird",
    }
    assert '<td class="bap-words" data-label="texts">landbird</td>' in table._repr_html_()


def test_pictures_are_counted_by_what_became_of_them_also_where_none_is():
    shown = scenes("test", ("gull", "tern"), ("sea",), SEEN[:3])
    sides = pd.Series(
        pd.Categorical(["stayed right", "turned right", "turned right"], list(studies.SIDES)),
        name="side",
    )
    shown.frame["group"] = [0, 0, 1]
    table = report.sides_table(shown, sides, caption="counts").frame
    assert table.to_numpy().tolist() == [["1", "1", "0", "0"], ["0", "1", "0", "0"]]
    assert list(table.columns) == list(studies.SIDES)
