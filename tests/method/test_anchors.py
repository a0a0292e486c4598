import tracemalloc

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bap_core.method.alignment import alignment_loss
from bap_core.method.anchors import compute_anchors, draw_backgrounds, sweep_anchors


def test_an_anchor_from_one_background_is_the_embedding_of_that_composite(home, tiny, shapes):
    drawn = draw_backgrounds(6, 12, k=1, seed=0)[:, 0]
    alone = tiny.encode_images(shapes.batch(np.arange(6), drawn))
    assert torch.allclose(compute_anchors(tiny, shapes, k=1, seed=0), alone, atol=1e-6)


def test_an_encoder_has_no_loss_against_its_own_single_background_anchors(home, tiny, shapes):
    drawn = draw_backgrounds(6, 12, k=1, seed=0)[:, 0]
    z = tiny.forward(shapes.batch(np.arange(6), drawn))
    assert alignment_loss(z, compute_anchors(tiny, shapes, k=1, seed=0)).item() == pytest.approx(
        0, abs=1e-6
    )


def test_the_loss_of_opposite_vectors_is_two_and_of_orthogonal_ones_one():
    x = torch.eye(3)
    assert alignment_loss(x, -x).item() == 2
    assert alignment_loss(x, x.roll(1, 0)).item() == 1


def test_anchors_are_the_unit_mean_of_unit_embeddings(home, tiny, shapes):
    drawn = draw_backgrounds(6, 12, k=4, seed=3)
    z = torch.stack(
        [tiny.encode_images(shapes.batch(np.full(4, i), drawn[i])).mean(dim=0) for i in range(6)]
    )
    assert torch.allclose(
        compute_anchors(tiny, shapes, k=4, seed=3), F.normalize(z, dim=1), atol=1e-6
    )


def test_prefix_means_equal_separate_runs(home, tiny, shapes):
    sweep = sweep_anchors(tiny, shapes, ks=[1, 2, 5, 9], seed=1)
    for row, k in zip(sweep, [1, 2, 5, 9]):
        assert torch.allclose(row, compute_anchors(tiny, shapes, k=k, seed=1), atol=1e-6)


def test_no_background_comes_twice_for_an_object():
    drawn = draw_backgrounds(40, 12, k=12, seed=0)
    assert all(sorted(row) == list(range(12)) for row in drawn)


def test_fewer_backgrounds_than_k_are_refused(home, tiny, shapes):
    with pytest.raises(ValueError, match="k=13 .* there are 12"):
        compute_anchors(tiny, shapes, k=13, seed=0)


def test_a_sweep_encodes_its_largest_k_and_no_more(home, tiny, shapes):
    sweep_anchors(tiny, shapes, ks=[1, 3, 7], seed=0)
    assert tiny.tally.encoded == 6 * 7
    sweep_anchors(tiny, shapes, ks=[1, 3, 7], seed=0)
    assert tiny.tally.encoded == 6 * 7 == sum(tiny.tally.needed.values())


def test_drawing_keeps_the_numbers_drawn_and_not_the_pools_they_were_drawn_from():
    tracemalloc.start()
    drawn = draw_backgrounds(100, 20_000, k=10, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 20_000 * 8 + drawn.nbytes, (
        "three pools at most, not one for each of the 100 objects"
    )
