"""The people experiment: bins, round robin, splits and placements, on toys counted by hand."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from bap_core.data import Backgrounds, Objects
from bap_core.people import design, margins


def people(tmp_path, margin, **columns):
    """Persons without pictures; those with a margin above 0 are men."""
    margin = np.asarray(margin, dtype=float)
    frame = pd.DataFrame(
        {
            "image": [f"{i}.jpg" for i in range(len(margin))],
            "mask": None,
            "segmentation": None,
            "x": 0,
            "y": 0,
            "width": 1,
            "height": 1,
            "label": np.where(margin > 0, "man", "woman"),
            "super_class": "person",
            "margin": margin,
        }
    )
    return Objects("coco", tmp_path, frame.assign(**columns))


def scenery(tmp_path, n=10, categories=design.CATEGORIES, **more):
    rows = [(f"{category}/{i}.jpg", category) for category in categories for i in range(n)]
    return Backgrounds(
        "places", tmp_path, pd.DataFrame(rows, columns=["image", "category"]), **more
    )


@pytest.fixture
def crowd(tmp_path):
    """Forty training persons and twelve test persons of each label."""
    return people(tmp_path, [0.5, -0.5] * 52, split=["train"] * 80 + ["test"] * 24)


def test_bins_counted_by_hand_with_both_bounds_inside():
    margin = [0.24, 0.25, -0.25, 0.49, -0.5, 0.51, 0.74, 0.75, -0.99, 1.0, -1.0, 1.01, 0.0, np.nan]
    found = margins.margin_bins(margin, bounds=(0.25, 1.0), n_bins=3)
    assert found.tolist() == [-1, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, -1, -1, -1]


def test_the_papers_fifteen_bins_begin_at_a_fifth_and_end_with_ninety_nine_hundredths():
    width = 0.79 / 15
    margin = [0.2, 0.2 + 0.5 * width, 0.2 + 1.5 * width, -0.99 + 0.5 * width, 0.99]
    assert margins.margin_bins(margin).tolist() == [0, 0, 1, 14, 14]
    assert margins.margin_bins([np.nextafter(0.2, 0), np.nextafter(0.99, 1)]).tolist() == [-1, -1]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1, 1), max_size=60), st.integers(1, 20))
def test_a_bin_holds_margins_between_its_edges_whatever_their_sign(margin, n_bins):
    found = margins.margin_bins(margin, n_bins=n_bins)
    edges = np.linspace(0.2, 0.99, n_bins + 1)
    assert np.array_equal(found, margins.margin_bins(-np.array(margin), n_bins=n_bins))
    for m, b in zip(np.abs(margin), found):
        assert (edges[b] <= m <= edges[b + 1]) if b >= 0 else not 0.2 <= m <= 0.99


@pytest.mark.parametrize("bounds", [(0.5, 0.5), (0.9, 0.2), (-0.1, 0.5), (0.2, 1.1)])
def test_bounds_that_hold_no_margin_are_refused(bounds):
    with pytest.raises(ValueError, match=re.escape(f"bounds={bounds}")):
        margins.margin_bins([0.5], bounds=bounds)


def test_a_round_robin_visits_every_bin_once_before_any_twice_and_passes_over_those_used_up():
    bins = np.array([0] * 6 + [-1] * 3 + [1] * 1 + [2] * 3)
    drawn = bins[margins.round_robin(bins, 9, rng=np.random.default_rng(0))]
    assert sorted(drawn[:3]) == [0, 1, 2]
    assert sorted(drawn[3:5]) == sorted(drawn[5:7]) == [0, 2]
    assert drawn[7:].tolist() == [0, 0]


def test_chance_decides_which_bins_the_last_round_reaches_not_how_full_they_are():
    bins = np.array([0] * 90 + [1] * 5 + [2] * 5)
    firsts = [
        bins[margins.round_robin(bins, 1, rng=np.random.default_rng(seed))][0]
        for seed in range(300)
    ]
    assert (np.bincount(firsts, minlength=3) > 70).all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-1, 5), min_size=1, max_size=80), st.data())
def test_a_round_robin_draws_different_rows_and_is_as_flat_as_the_bins_allow(bins, data):
    sizes = np.bincount([b for b in bins if b >= 0], minlength=6)
    assume(sizes.any())
    n = data.draw(st.integers(1, int(sizes.sum())))
    drawn = margins.round_robin(
        bins, n, rng=np.random.default_rng(data.draw(st.integers(0, 2**32)))
    )
    counts = np.bincount(np.array(bins)[drawn], minlength=6)
    assert len(set(drawn)) == n == counts.sum()
    assert all(counts[b] == sizes[b] or counts[b] >= counts.max() - 1 for b in range(6))


def test_more_rows_than_have_a_bin_are_refused():
    with pytest.raises(ValueError, match="n=3 of 2 rows"):
        margins.round_robin([0, -1, 4], 3, rng=np.random.default_rng(0))


def test_a_selection_is_flat_over_the_bins_although_most_margins_are_high(tmp_path):
    draw = np.random.default_rng(0)
    margin = np.concatenate([draw.uniform(0.95, 0.99, 900), draw.uniform(0.2, 0.99, 600)])
    persons = design.select(
        people(tmp_path, np.concatenate([margin, -margin])), n_train=225, n_test=75, seed=0
    )
    for label in design.LABELS:
        of_label = persons.frame[persons.frame["label"] == label]
        assert np.bincount(margins.margin_bins(of_label["margin"])).tolist() == [20] * 15
        assert Counter(of_label["split"]) == {"train": 225, "test": 75}


def test_those_not_taken_are_counted_and_nobody_is_taken_twice(tmp_path):
    margin = [0.1, -0.1, 1.0, *np.linspace(0.2, 0.99, 10), *-np.linspace(0.2, 0.99, 8)]
    persons = people(tmp_path, margin, annotation_id=range(21))
    chosen = design.select(persons, n_train=4, n_test=3, seed=0)
    assert (
        chosen.skipped == {"|margin| outside 0.2 to 0.99": 3, "not drawn": 4} and len(chosen) == 14
    )
    assert len(set(chosen.frame["annotation_id"])) == 14


def test_test_persons_are_as_hard_as_training_persons_because_the_division_comes_after_the_draw(
    tmp_path,
):
    # the two rare ones are drawn in the first rounds
    margin = np.concatenate([np.full(2, 0.21), np.full(998, 0.98)])
    persons = people(tmp_path, np.concatenate([margin, -margin]))
    drawn = [design.select(persons, n_train=50, n_test=50, seed=seed).frame for seed in range(30)]
    rare = [
        np.count_nonzero((frame["margin"] == 0.21) & (frame["split"] == "test")) for frame in drawn
    ]
    assert 15 < sum(rare) < 45


def test_a_selection_follows_its_seed(tmp_path):
    persons = people(tmp_path, np.random.default_rng(0).uniform(-1, 1, 400))
    first, again, other = (
        design.select(persons, n_train=40, n_test=10, seed=seed) for seed in (1, 1, 2)
    )
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_too_few_candidates_are_refused_with_the_counts_and_what_to_do(tmp_path):
    persons = people(tmp_path, [0.5] * 12 + [-0.5] * 7 + [-0.995] * 9)
    with pytest.raises(
        ValueError,
        match=r"coco: 10 persons of each label .* \{'man': 12, 'woman': 7\} "
        r"\(of \{'woman': 16, 'man': 12\} at any margin\); lower n_train or n_test, widen",
    ):
        design.select(persons, n_train=8, n_test=2, seed=0)
    assert len(design.select(persons, n_train=8, n_test=2, bounds=(0.2, 1.0), seed=0)) == 20
    with pytest.raises(ValueError, match="'round': 0, 'square': 0"):
        design.select(persons, labels=("round", "square"), n_train=8, n_test=2, seed=0)


def test_persons_without_a_margin_or_a_split_are_sent_to_the_step_before(tmp_path, crowd):
    bare = Objects("coco", tmp_path, crowd.frame.drop(columns=["margin", "split"]))
    with pytest.raises(ValueError, match="label them first"):
        design.select(bare, seed=0)
    with pytest.raises(ValueError, match="draw them with design.select"):
        design.placements(bare, scenery(tmp_path), seed=0)


def counts(frame, split):
    return np.bincount(frame["group"][frame["split"] == split], minlength=4).tolist()


def test_shares_of_training_and_the_groups_of_the_other_splits_counted_by_hand(tmp_path, crowd):
    ninety_five = design.placements(crowd, scenery(tmp_path), n_val=2, seed=0)
    assert counts(ninety_five, "train") == [38, 2, 2, 38]
    assert counts(ninety_five, "val") == [2, 2, 2, 2] and counts(ninety_five, "test") == [
        4,
        4,
        4,
        4,
    ]
    full = design.placements(crowd, scenery(tmp_path), correlation=100, n_val=2, seed=0)
    assert counts(full, "train") == [40, 0, 0, 40] and counts(full, "test") == [4, 4, 4, 4]
    assert counts(
        design.placements(crowd, scenery(tmp_path), n_val=0, both=True, seed=0), "test"
    ) == [12, 12, 12, 12]


def test_the_papers_numbers_come_out_at_the_papers_scale(tmp_path):
    persons = people(tmp_path, [0.5, -0.5] * 4000, split=["train"] * 6000 + ["test"] * 2000)
    frame = design.placements(persons, scenery(tmp_path, n=5000), seed=0)
    assert counts(frame, "train") == [2850, 150, 150, 2850]
    assert counts(frame, "val") == [100] * 4 and counts(frame, "test") == [400] * 4
    # 8,000 training pictures for 3,150 rows of a place
    assert len(set(frame["background_row"])) == len(frame)


def test_both_correlations_show_the_same_pictures_and_differ_in_what_is_left_out(tmp_path, crowd):
    one, other = (
        design.placements(crowd, scenery(tmp_path), correlation=c, n_val=2, seed=0)
        for c in (95, 100)
    )
    columns = ["object_row", "background_row", "label", "background", "group"]
    assert one[columns].equals(other[columns])
    assert np.count_nonzero(one["split"] != other["split"]) == 8
    assert counts(one, "left out") == [2, 0, 0, 2]
    assert counts(other, "left out") == [0, 2, 2, 0]


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 2**32),
    n_train=st.integers(11, 60),
    n_test=st.integers(4, 30),
    pictures=st.integers(3, 40),
    both=st.booleans(),
    correlation=st.sampled_from([95, 100]),
)
def test_splits_share_no_person_and_no_scene_and_groups_balance(
    tmp_path_factory, seed, n_train, n_test, pictures, both, correlation
):
    root = tmp_path_factory.getbasetemp()
    persons = people(
        root,
        [0.5, -0.5] * (n_train + n_test),
        split=["train"] * 2 * n_train + ["test"] * 2 * n_test,
    )
    grounds = scenery(root, n=pictures)
    frame = design.placements(
        persons, grounds, correlation=correlation, n_val=1, both=both, seed=seed
    )
    used = {split: frame[frame["split"] == split] for split in ("train", "val", "test")}
    assert not set(used["train"]["background_row"]) & (
        set(used["test"]["background_row"]) | set(used["val"]["background_row"])
    )
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        assert not set(used[one]["object_row"]) & set(used[other]["object_row"])
    assert len(set(used["train"]["object_row"])) == len(used["train"]) == 2 * n_train
    rare = round(0.05 * n_train) if correlation == 95 else 0
    assert counts(frame, "train") == [n_train - rare, rare, rare, n_train - rare]
    assert len(set(counts(frame, "test"))) == 1
    places = [list(design.BACKGROUNDS.values())[place] for place in frame["background"]]
    assert all(
        category in place
        for category, place in zip(grounds.frame["category"].iloc[frame["background_row"]], places)
    )


def test_a_fifth_of_every_category_is_unseen_and_pictures_repeat_only_when_all_are_used(
    tmp_path, crowd
):
    grounds = scenery(tmp_path, n=10)
    frame = design.placements(crowd, grounds, n_val=0, seed=0)
    category = grounds.frame["category"].iloc[frame["background_row"]].to_numpy()
    tested, rows = (frame["split"] == "test").to_numpy(), frame["background_row"].to_numpy()
    for name in design.CATEGORIES:
        assert len(set(rows[(category == name) & tested])) == 2
        assert len(set(rows[(category == name) & ~tested])) == 8
    uses = Counter(rows[~tested & (frame["background"] == 0).to_numpy()])
    assert set(uses.values()) == {2, 3} and len(uses) == 16  # 42 rows over 16 pictures


def test_placements_follow_their_seed(tmp_path, crowd):
    first, again, other = (
        design.placements(crowd, scenery(tmp_path), n_val=2, seed=seed) for seed in (1, 1, 2)
    )
    assert first.equals(again) and not first.equals(other)


def test_a_category_that_is_not_there_is_refused_unless_a_substitute_stands_in(tmp_path, crowd):
    three = design.CATEGORIES[:3]
    with pytest.raises(
        ValueError, match="places: 0 pictures of 'kitchenette', of .*'kitchen'.*at least 3"
    ):
        design.placements(crowd, scenery(tmp_path, categories=three), n_val=2, seed=0)
    stood_in = scenery(tmp_path, categories=three, substitutes={"kitchenette": ("kitchen",)})
    frame = design.placements(crowd, stood_in, n_val=2, seed=0)
    assert set(
        stood_in.frame["category"].iloc[frame["background_row"][frame["background"] == 1]]
    ) == {"kitchen"}
    mixed = scenery(tmp_path, categories=three, substitutes={"kitchenette": ("excavation",)})
    with pytest.raises(
        ValueError, match="'excavation' stands for 'construction' and for 'kitchen'"
    ):
        design.placements(crowd, mixed, n_val=2, seed=0)


def test_other_words_and_places_make_the_same_set(tmp_path, crowd):
    hats = people(
        tmp_path,
        crowd.frame["margin"],
        split=crowd.frame["split"],
        label=crowd.frame["label"].map({"man": "round hat", "woman": "square hat"}),
    )
    grounds = scenery(tmp_path, categories=("attic", "bar"))
    frame = design.placements(
        hats,
        grounds,
        labels=("round hat", "square hat"),
        kinds={"up": ["attic"], "down": ["bar"]},
        n_val=2,
        seed=0,
    )
    assert counts(frame, "train") == [38, 2, 2, 38]


def test_shares_that_cannot_be_had_are_refused(tmp_path, crowd):
    for choices, message in [
        ({"correlation": 90}, "correlation=90; choices: 95, 100"),
        ({"labels": ("man",)}, r"labels=\['man'\].*two of each"),
        ({"n_val": 6}, "n_val=6 of test groups of 6"),
        ({"n_val": -1}, "n_val=-1"),
    ]:
        with pytest.raises(ValueError, match=message):
            design.placements(crowd, scenery(tmp_path), **{"n_val": 2, **choices}, seed=0)
    few = people(tmp_path, [0.5, -0.5] * 12, split=["train"] * 16 + ["test"] * 8)
    with pytest.raises(ValueError, match="5 % of 8 training persons 'man' are none"):
        design.placements(few, scenery(tmp_path), n_val=1, seed=0)


def test_the_pool_for_pre_training_holds_no_place_of_the_experiment(tmp_path):
    pool = scenery(tmp_path, n=2, categories=(*design.CATEGORIES, "coast", "alley"))
    assert design.unconfounded(pool, scenery(tmp_path)).categories == ["alley", "coast"]
    with pytest.raises(ValueError, match="all categories"):
        design.unconfounded(scenery(tmp_path), scenery(tmp_path))


def test_the_disclaimer_is_one_paragraph_of_plain_text():
    assert (
        "\n" not in design.DISCLAIMER
        and design.DISCLAIMER.endswith("does.")
        and "  " not in design.DISCLAIMER
    )


def portraits(folder):
    """Two pictures of many colours that are opaque in the middle, half so in a column, and else
    not at all.
    """
    draw = np.random.default_rng(0)
    for i in range(2):
        pixels = draw.integers(0, 256, (12, 10, 4), dtype=np.uint8)
        pixels[..., 3] = 0
        pixels[2:9, 3:8, 3], pixels[4:7, 8, 3] = 255, 130
        Image.fromarray(pixels, "RGBA").save(folder / f"{i}.jpg.png")
    persons = people(folder, [0.5, -0.5])
    return Objects(
        "coco", folder, persons.frame.assign(image=["0.jpg.png", "1.jpg.png"]), skipped={"crowd": 3}
    )


def test_a_silhouette_keeps_the_outline_and_no_colour_of_the_person(tmp_path):
    persons = portraits(tmp_path)
    shown = design.visible(persons)
    for i in range(2):
        cut, flat = np.asarray(persons.cutout(i)), np.asarray(shown.cutout(i))
        assert np.array_equal(cut[..., 3], flat[..., 3]) and set(np.unique(flat[..., 3])) == {
            0,
            130,
            255,
        }
        assert (flat[..., :3] == design.SHADE).all()
    assert shown.frame.equals(persons.frame) and shown.skipped == {"crowd": 3}


def test_real_persons_stay_silhouettes_when_some_are_taken_and_are_other_pictures_for_the_store(
    tmp_path,
):
    persons = portraits(tmp_path)
    one = design.visible(persons).take([1])
    assert (np.asarray(one.cutout(0))[..., :3] == design.SHADE).all()
    assert design.visible(persons).fingerprint != persons.fingerprint


def test_drawn_figures_of_a_rendered_world_are_shown_as_they_are(tmp_path):
    persons = replace(portraits(tmp_path), origin="micro")
    assert design.visible(persons) is persons
