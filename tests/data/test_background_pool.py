"""Backgrounds of several sources in one pool, by share."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from on_disk import declare, save

from bap_core import data
from bap_core.data import Backgrounds, pool
from bap_core.report.scales import scale_of


def listed(name, root, n, *, colour: str | tuple[int, int, int] = "red", **more):
    """``n`` pictures of one colour, 4 x 4; written only if the root exists."""
    if Path(root).is_dir():
        for i in range(n):
            save(Path(root) / f"{i}.png", size=(4, 4), colour=colour)
    return Backgrounds(
        name,
        root,
        pd.DataFrame({"image": [f"{i}.png" for i in range(n)], "category": name}),
        **more,
    )


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "shares, n, counts",
    [
        ((0.8, 0.2), 10, {"places": 8, "dtd": 2}),
        ((4, 1), 10, {"places": 8, "dtd": 2}),  # shares are relative
        ((0.8, 0.2), 11, {"places": 9, "dtd": 2}),  # 8.8 and 2.2
        ((0.5, 0.5), 7, {"places": 4, "dtd": 3}),  # of two that lose alike the first gets more
        ((0.29, 0.71), 100, {"places": 29, "dtd": 71}),  # 0.29 * 100 is below 29 in floating point
    ],
)
def test_each_source_gives_its_share_to_the_nearest_whole_picture(shares, n, counts):
    sources = [listed("places", "/a", 80), listed("dtd", "/a", 80)]
    made = pool(list(zip(sources, shares)), n=n, rng=rng())
    assert made.frame["source"].value_counts().to_dict() == counts and len(made) == n
    assert made.frame["category"].equals(made.frame["source"])


def test_pictures_are_found_whatever_the_roots_of_their_sources(tmp_path):
    for folder in ("data/places365_standard", "data/dtd/images", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    places = listed("places", tmp_path / "data", 3, colour=(10, 0, 0))
    dtd = listed("dtd", tmp_path / "data/dtd/images", 3, colour=(20, 0, 0))
    other = listed("own", tmp_path / "elsewhere", 3, colour=(30, 0, 0))
    made = pool([(places, 1), (dtd, 1)], n=6, rng=rng())
    assert made.root == tmp_path / "data" and max(made.frame["image"]) == "dtd/images/2.png"
    far = pool([(made, 2), (other, 1)], n=9, rng=rng())  # a pool is a source too
    assert far.root == tmp_path and far.name == "places + dtd + own"
    red = {"places + dtd": (10, 20), "own": (30,)}
    found = [far.square(i, 1)[0, 0, 0] for i in range(9)]
    assert all(value in red[source] for value, source in zip(found, far.frame["source"].tolist()))
    assert sorted(found) == [10] * 3 + [20] * 3 + [30] * 3


def test_a_pool_is_drawn_from_its_generator_without_repeats_and_mixed():
    sources = [(listed("places", "/a", 60), 1), (listed("dtd", "/a/dtd", 60), 1)]
    one, again, other = (pool(sources, n=100, rng=rng(seed)) for seed in (0, 0, 1))
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert one.frame["image"].is_unique
    assert 10 < one.frame["source"].tolist()[:50].count("dtd") < 40, (
        "the first half of a shuffled pool has both sources"
    )


def test_the_place_of_the_whole_data_root_does_not_count(tmp_path):
    made = [
        pool(
            [
                (listed("places", tmp_path / root, 4), 1),
                (listed("dtd", tmp_path / root / "dtd", 4), 1),
            ],
            n=4,
            rng=rng(),
        )
        for root in ("here", "there/deeper")
    ]
    assert made[0].fingerprint == made[1].fingerprint


def test_what_the_loaders_left_out_and_replaced_goes_along():
    church = listed(
        "places", "/a", 4, skipped={"excluded": 2}, substitutes={"abbey": ("church/outdoor",)}
    )
    made = pool(
        [(church, 1), (listed("dtd", "/a", 4, skipped={"excluded": 1, "broken": 1}), 1)],
        n=4,
        rng=rng(),
    )
    assert made.skipped == {"excluded": 3, "broken": 1} and made.substitutes == {
        "abbey": ("church/outdoor",)
    }


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.05, 5), min_size=1, max_size=5), st.integers(400, 600))
def test_a_pool_has_n_pictures_and_no_source_is_off_by_a_whole_one(shares, n):
    sources = [listed(str(i), "/a", 600) for i in range(len(shares))]
    counts = pool(list(zip(sources, shares)), n=n, rng=rng()).frame["source"].value_counts()
    assert counts.sum() == n
    assert all(abs(counts[str(i)] - n * share / sum(shares)) < 1 for i, share in enumerate(shares))


def test_a_share_that_cannot_be_had_is_refused_with_the_sizes_that_can():
    places, dtd = listed("places", "/a", 100), listed("dtd", "/a", 5)
    with pytest.raises(
        ValueError,
        match="dtd: a share of 0.2 of n=50 is 10 pictures, it has 5; choose n from 5 to 25",
    ):
        pool([(places, 0.8), (dtd, 0.2)], n=50, rng=rng())
    assert len(pool([(places, 0.8), (dtd, 0.2)], n=25, rng=rng())) == 25
    with pytest.raises(ValueError, match="dtd: a share of 0.2 of n=2 is 0 pictures"):
        pool([(places, 0.8), (dtd, 0.2)], n=2, rng=rng())
    for wrong in (
        [],
        [(places, 0)],
        [(places, 1), (dtd, -1)],
        [(places, float("nan"))],
        [(places, float("inf"))],
    ):
        with pytest.raises(ValueError, match="every source needs a positive number"):
            pool(wrong, n=2, rng=rng())


def test_a_pool_of_rendered_and_real_pictures_is_refused(tmp_path):
    for folder in ("world/dtd", "other", "real"):
        (tmp_path / folder).mkdir(parents=True)
    declare(tmp_path / "world")
    rendered, real = (
        listed("dtd", tmp_path / "world/dtd", 4),
        listed("places", tmp_path / "real", 4),
    )
    with pytest.raises(ValueError, match="dtd \\+ places: these are of 2 different worlds"):
        pool([(rendered, 1), (real, 1)], n=4, rng=rng())
    inside = replace(listed("places", tmp_path / "world", 4), origin="micro")
    assert scale_of([pool([(rendered, 1), (inside, 1)], n=4, rng=rng())]) == "micro"


@pytest.mark.parametrize(
    "origins, scale",
    [
        (("official", "official"), "paper"),
        (("official", "own"), "own"),
        (("own", "official"), "own"),
    ],
)
def test_a_pool_is_at_paper_scale_if_all_its_sources_are_official(origins, scale):
    sources = [(replace(listed("places", "/a", 2), origin=origin), 1) for origin in origins]
    assert scale_of([pool(sources, n=4, rng=rng())]) == scale


def test_places_and_textures_of_a_data_root_make_one_pool(tmp_path):
    for name in ("bar", "sky"):
        for number in range(4):
            save(tmp_path / f"data_256/{name[0]}/{name}/{number}.jpg")
    for number in range(2):
        save(tmp_path / f"dtd/images/banded/banded_{number}.jpg")
    declare(tmp_path, places={"categories": 2}, dtd={"classes": 1, "images": 2})
    made = pool([(data.places(tmp_path), 0.8), (data.dtd(tmp_path), 0.2)], n=10, rng=rng())
    assert (
        made.root == tmp_path
        and made.name == "places + dtd"
        and made.categories == ["banded", "bar", "sky"]
    )
    assert {path.is_file() for path in map(made.path, range(10))} == {True}


# -- categories that are drawn by name

SCENES = Backgrounds(
    "places",
    "nowhere",
    pd.DataFrame(
        [(f"{name}/{i}.jpg", name) for name in "abcdefgh" for i in range(3)],
        columns=["image", "category"],
    ),
)


def test_categories_are_drawn_whole_and_by_name_whatever_their_pictures():
    drawn = data.draw_categories(SCENES, 3, rng=rng())
    assert len(drawn.categories) == 3 and len(drawn) == 9
    assert drawn.frame["image"].is_monotonic_increasing
    half = SCENES.take(np.arange(0, len(SCENES), 2))
    assert data.draw_categories(half, 3, rng=rng()).categories == drawn.categories
    assert data.draw_categories(SCENES, 3, rng=rng(1)).categories != drawn.categories


def test_a_wider_draw_has_the_categories_of_the_narrower_one():
    draws = [set(data.draw_categories(SCENES, n, rng=rng()).categories) for n in range(1, 9)]
    assert all(a < b for a, b in pairwise(draws))


def test_no_category_that_is_kept_out_is_drawn_and_0_or_many_draw_all_others():
    for n in (0, 6, 50):
        drawn = data.draw_categories(SCENES, n, rng=rng(), without=["a", "h", "z"])
        assert drawn.categories == list("bcdefg")
        assert drawn.skipped == {"of a category that was not drawn": 6}
    assert data.draw_categories(SCENES, 0, rng=rng()).skipped == {}


def test_a_negative_number_and_a_draw_from_nothing_are_refused():
    with pytest.raises(ValueError, match=r"places: n=-1; at least 0 \(all\)"):
        data.draw_categories(SCENES, -1, rng=rng())
    with pytest.raises(ValueError, match="0 of 8 categories can be drawn"):
        data.draw_categories(SCENES, 3, rng=rng(), without="abcdefgh")
