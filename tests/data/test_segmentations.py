"""Outlines as COCO writes them: drawn as the library draws them, and never what could hurt it."""

import numpy as np
import pycocotools.mask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bap_core.data import segmentations
from bap_core.data.images import MOST_PIXELS

MASKS = st.tuples(st.integers(1, 9), st.integers(1, 9), st.randoms(use_true_random=False))


@given(MASKS)
def test_compressed_runs_are_read_as_the_library_reads_them(drawn):
    height, width, random = drawn
    mask = np.array([[random.random() < 0.5 for _ in range(width)] for _ in range(height)])
    encoded = pycocotools.mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    text = encoded["counts"].decode()
    runs = segmentations._decompressed(text)
    assert runs is not None and sum(runs) == height * width and sum(runs[1::2]) == mask.sum()
    found = segmentations.encode_segmentation(
        {"size": [height, width], "counts": text}, width=width, height=height
    )
    assert found and segmentations.covered(found) == mask.sum()
    other = {"size": [height, width + 1], "counts": text}
    assert segmentations.encode_segmentation(other, width=width, height=height) is None


@pytest.mark.parametrize("corner", [1e7, 1e8, -1e9, 70.0])
def test_an_outline_with_a_corner_far_outside_its_picture_is_no_outline(corner):
    outline = [[1, 1, 5, 1, corner, 5]]
    assert segmentations.encode_segmentation(outline, width=8, height=6) is None


def test_an_outline_that_leaves_its_picture_a_little_is_cut_at_its_edge():
    found = segmentations.encode_segmentation([[-9, -9, 20, -9, 20, 20, -9, 20]], width=8, height=6)
    assert found and segmentations.covered(found) == 48


@pytest.mark.parametrize("side", [0, -1, 1.5, None, True, MOST_PIXELS, 2**40])
def test_a_picture_that_cannot_be_has_no_outline(side):
    assert segmentations.encode_segmentation([[1, 1, 5, 1, 5, 5]], width=side, height=6) is None
    runs = {"size": [6, side], "counts": [0, 6]}
    assert segmentations.encode_segmentation(runs, width=8, height=6) is None
