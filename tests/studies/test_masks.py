"""Masks made worse: counted by hand, and within limits for any mask."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bap_core.data import EmptyMask, Objects
from bap_core.studies import masks


def picture(rows) -> Image.Image:
    return Image.fromarray(np.array(rows, dtype=np.uint8) * 255)


def grid(mask: Image.Image) -> np.ndarray:
    return np.asarray(mask) > 0


@pytest.fixture
def disc():
    """A disc of radius 40 in a picture of CUB's size, so that radii are those of the paper."""
    y, x = np.mgrid[:500, :500]
    return picture((x - 250) ** 2 + (y - 250) ** 2 <= 40**2)


def radius(mask: Image.Image) -> float:
    return float(np.sqrt(grid(mask).sum() / np.pi))


@pytest.mark.parametrize(("quality", "wanted"), [("dilated", 55), ("eroded", 19)])
def test_a_disc_grows_and_shrinks_by_the_pixels_of_the_paper(disc, quality, wanted):
    assert radius(masks.degrade(disc, quality)) == pytest.approx(wanted, abs=0.8)


def test_a_picture_of_half_the_side_has_half_the_radii(disc):
    small = disc.resize((250, 250), Image.Resampling.NEAREST)
    assert radius(masks.degrade(small, "dilated")) == pytest.approx(27.5, abs=0.8)


def test_a_box_is_filled_from_edge_to_edge_of_the_mask_and_a_perfect_mask_is_left_alone():
    given_mask = picture([[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    assert grid(masks.degrade(given_mask, "box")).tolist() == [
        [False] * 4,
        [False, True, True, False],
        [False, True, True, False],
        [False] * 4,
    ]
    assert masks.degrade(given_mask, "perfect") is given_mask


def test_what_touches_the_edge_of_the_picture_is_not_eaten_from_there():
    whole = picture(np.ones((100, 100)))
    assert grid(masks.degrade(whole, "eroded")).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(20, 90), st.integers(20, 90))
def test_eroded_lies_within_perfect_within_dilated_and_within_its_box(seed, height, width):
    drawn = np.random.default_rng(seed).random((height, width)) < 0.3
    mask = picture(drawn)
    made = {quality: grid(masks.degrade(mask, quality)) for quality in masks.QUALITIES}
    assert (made["perfect"] == drawn).all()
    assert not (made["eroded"] & ~drawn).any()
    assert not (drawn & ~made["dilated"]).any()
    assert not (drawn & ~made["box"]).any()


@pytest.fixture
def bird(tmp_path):
    """One object of 40 x 30 pixels, bright, with a thin neck, on a dark ground."""
    pixels, mask = np.full((60, 80, 3), 30, np.uint8), np.zeros((60, 80), np.uint8)
    mask[10:40, 20:60], mask[5:10, 20:22] = 255, 255
    pixels[mask > 0] = 220
    Image.fromarray(pixels).save(tmp_path / "bird.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    row = {"image": "bird.png", "mask": "mask.png", "segmentation": None, "label": "bird"}
    row |= dict.fromkeys(("x", "y", "width", "height"), float("nan")) | {"super_class": "bird"}
    return Objects("birds", tmp_path, pd.DataFrame([row]))


def test_an_object_is_cut_out_by_its_worse_mask_and_named_by_it(bird):
    made = {quality: masks.with_masks(bird, quality) for quality in masks.QUALITIES}
    assert len({objects.fingerprint for objects in made.values()}) == len(made)
    assert {type(objects.take([0])) for objects in made.values()} == {masks.WorseMasks}
    assert made["perfect"].cutout(0).size == bird.cutout(0).size == (40, 35)
    assert made["box"].cutout(0).getchannel("A").getextrema() == (255, 255)
    dark = np.asarray(made["dilated"].cutout(0).convert("RGB")) < 100
    assert dark.any() and made["dilated"].cutout(0).width > 40


def test_an_object_that_is_eroded_away_is_an_empty_mask_that_names_its_file(bird, tmp_path):
    thin = np.zeros((60, 80), np.uint8)
    thin[30, :] = 255
    Image.fromarray(thin).save(tmp_path / "mask.png")
    with pytest.raises(EmptyMask, match=r"bird\.png"):
        masks.with_masks(bird, "eroded").cutout(0)


def test_another_word_for_a_mask_is_refused_with_the_choices(bird):
    with pytest.raises(ValueError, match="'noisy'; choices: perfect, dilated, eroded, box"):
        masks.with_masks(bird, "noisy")
