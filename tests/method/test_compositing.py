"""Compositing against PIL, by hand, and at its limits."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bap_core.data import Backgrounds, EmptyMask, Objects, images
from bap_core.data.cache import ImageCache
from bap_core.method.blending import blend
from bap_core.method.compositing import STEPS, Compositor
from bap_core.method.pasting import canvas, composite, object_alone, paste_reference, prepare


def cutout(width, height, *, colour=(200, 30, 60), alpha=255):
    return Image.new("RGBA", (width, height), (*colour, alpha))


def noise(draw, width, height, *, channels):
    return Image.fromarray(draw.integers(0, 256, (height, width, channels), dtype=np.uint8))


@pytest.fixture
def pool(tmp_path):
    """Three cut-outs (the second is empty) and two backgrounds as files."""
    for i, alpha in enumerate((255, 0, 200)):
        cutout(20, 10 + i, colour=(90 * i, 10, 10), alpha=alpha).save(tmp_path / f"object{i}.png")
    draw = np.random.default_rng(0)
    for j in range(2):
        noise(draw, 50 + 10 * j, 40, channels=3).save(tmp_path / f"ground{j}.png")
    rows = [
        {
            "image": f"object{i}.png",
            "mask": None,
            "segmentation": None,
            "x": np.nan,
            "y": np.nan,
            "width": np.nan,
            "height": np.nan,
            "label": "thing",
            "super_class": "thing",
        }
        for i in range(3)
    ]
    grounds = pd.DataFrame({"image": ["ground0.png", "ground1.png"], "category": "noise"})
    return Objects("toys", tmp_path, pd.DataFrame(rows)), Backgrounds("grounds", tmp_path, grounds)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(7, 75),
    scale=st.floats(0.05, 1.0),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    across=st.integers(2, 90),
    down=st.integers(2, 90),
)
def test_composites_equal_the_pil_reference_byte_for_byte_at_any_size(
    seed, size, scale, width, height, across, down
):
    draw = np.random.default_rng(seed)
    cut, ground = noise(draw, width, height, channels=4), noise(draw, across, down, channels=3)
    cut.putpixel((0, 0), (1, 2, 3, 255))
    try:
        reference = np.asarray(paste_reference(cut, ground, size=size, scale=scale)).transpose(
            2, 0, 1
        )
    except EmptyMask:  # noise may leave nothing above the threshold; both ways have to say so
        with pytest.raises(EmptyMask):
            canvas(cut, size=size, scale=scale)
        return
    made = composite(
        canvas(cut, size=size, scale=scale)[None],
        torch.from_numpy(images.square(ground, size))[None],
    )[0]
    assert np.array_equal(made.numpy(), reference)


def test_every_colour_and_alpha_is_blended_as_pil_does_on_the_cpu_and_in_torch():
    a, fg = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    pieces = torch.from_numpy(np.stack([fg, fg, fg, a]))[None]
    for value in (0, 1, 77, 128, 254, 255):
        ground = torch.full((1, 3, 256, 256), value, dtype=torch.uint8)
        picture = Image.fromarray(ground[0].permute(1, 2, 0).numpy())
        picture.paste(Image.fromarray(np.dstack([fg, fg, fg])), (0, 0), mask=Image.fromarray(a))
        expected = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
        assert torch.equal(composite(pieces, ground), expected)
        assert torch.equal(blend(pieces[:, :3], pieces[:, 3:], ground), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_composites_are_the_same_on_the_gpu():
    draw = torch.Generator().manual_seed(0)
    pieces = torch.randint(0, 256, (4, 4, 33, 33), dtype=torch.uint8, generator=draw)
    grounds = torch.randint(0, 256, (4, 3, 33, 33), dtype=torch.uint8, generator=draw)
    assert torch.equal(composite(pieces.cuda(), grounds.cuda()).cpu(), composite(pieces, grounds))


def test_an_object_is_scaled_by_its_longest_side_and_centred():
    alpha = canvas(cutout(40, 20), size=100, scale=0.6)[3].numpy()
    rows, columns = np.nonzero(alpha)
    assert (rows.min(), rows.max() + 1) == (35, 65) and (columns.min(), columns.max() + 1) == (
        20,
        80,
    )


def test_a_mask_value_of_100_is_background_and_101_is_object():
    half = np.zeros((40, 40, 4), np.uint8)
    half[:, :20, 3], half[:, 20:, 3] = 100, 101
    alpha = canvas(Image.fromarray(half), size=40, scale=1)[3]
    assert (alpha[:, :10] == 0).all() and (alpha[:, 30:] == 255).all()


def test_the_mask_is_smoothed_after_it_was_made_solid():
    half = np.zeros((40, 40, 4), np.uint8)
    half[:, 20:, 3] = 180
    alpha = canvas(Image.fromarray(half), size=40, scale=1)[3]
    edge = alpha[20, 16:25].tolist()
    assert alpha.max() == 255 and edge == sorted(edge) and len(set(edge)) > 3


def test_colours_are_resized_without_the_mask():
    stripes = np.zeros((40, 40, 4), np.uint8)
    stripes[..., 0], stripes[:20, :, 3], stripes[20:, :, 3] = 100, 255, 120
    assert (np.asarray(prepare(Image.fromarray(stripes), size=17, scale=0.9))[..., 0] == 100).all()


def test_backgrounds_outside_the_object_do_not_change():
    ground = torch.randint(0, 256, (1, 3, 50, 50), dtype=torch.uint8)
    made = composite(canvas(cutout(10, 10), size=50, scale=0.5)[None], ground)
    outside = torch.ones(50, 50, dtype=torch.bool)
    outside[12:38, 12:38] = False
    assert torch.equal(made[0, :, outside], ground[0, :, outside]) and not torch.equal(made, ground)


def test_an_object_of_one_pixel_becomes_a_flat_square():
    made = canvas(cutout(1, 1), size=20, scale=0.5)
    assert (
        made[:, 5:15, 5:15] == torch.tensor([200, 30, 60, 255], dtype=torch.uint8)[:, None, None]
    ).all()
    assert (made[3].sum(), made[3, 5:15, 5:15].sum()) == (25500, 25500)


def test_an_object_alone_stands_on_grey():
    pieces = canvas(cutout(10, 10), size=50, scale=0.5)
    alone = object_alone(pieces)
    assert (
        alone.shape == (3, 50, 50)
        and (alone[:, 0, 0] == 128).all()
        and alone[:, 25, 25].tolist() == [200, 30, 60]
    )
    assert torch.equal(object_alone(torch.stack([pieces, pieces]))[1], alone)


def test_a_mask_that_vanishes_when_it_is_made_smaller_is_refused():
    speckles = np.zeros((400, 400, 4), np.uint8)
    speckles[[0, -1], [0, -1], 3] = 255
    with pytest.raises(EmptyMask, match="20 x 20"):
        prepare(Image.fromarray(speckles), size=20, scale=1)


def test_wrong_sizes_and_scales_are_refused():
    with pytest.raises(ValueError, match=r"scale=1\.5"):
        prepare(cutout(3, 3), size=10, scale=1.5)
    with pytest.raises(ValueError, match="do not fit"):
        composite(
            torch.zeros(2, 4, 8, 8, dtype=torch.uint8), torch.zeros(2, 3, 9, 9, dtype=torch.uint8)
        )


def test_a_compositor_gives_what_the_reference_gives(pool):
    objects, grounds = pool
    compositor = Compositor(objects, grounds, size=33, seed=0)
    made = compositor.batch([2, 0, 2], [1, 1, 0])
    for b, (i, j) in enumerate([(2, 1), (0, 1), (2, 0)]):
        reference = paste_reference(
            objects.cutout(i), grounds.image(j), size=33, scale=compositor.scales[i]
        )
        assert np.array_equal(made[b].permute(1, 2, 0).numpy(), np.asarray(reference))
        assert torch.equal(
            composite(compositor.canvas(i)[None], compositor.background(j)[None])[0], made[b]
        )


def test_every_object_draws_its_scale_once_and_within_the_range(pool):
    first, again = (Compositor(*pool, size=32, scale=(0.6, 0.8), seed=5) for _ in range(2))
    assert (
        np.array_equal(first.scales, again.scales)
        and ((first.scales >= 0.6) & (first.scales <= 0.8)).all()
    )
    assert len(set(first.scales)) == 3
    assert (Compositor(*pool, size=32, scale=0.75, seed=5).scales == 0.75).all()


def per_composite(listings, **choices):
    objects, backgrounds = listings
    objects = objects.take([0, 2])
    return Compositor(
        objects, backgrounds, size=40, scale=(0.3, 0.9), scale_per="composite", seed=3, **choices
    )


def test_a_composite_that_draws_its_scale_is_the_references_at_one_of_the_steps(pool):
    made, seen = per_composite(pool), set()
    for i, j in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        cut, ground = made.objects.cutout(i), made.backgrounds.image(j)
        found = made.batch([i], [j])[0].numpy()
        fits = [
            step
            for step, scale in enumerate(np.linspace(0.3, 0.9, STEPS))
            if np.array_equal(
                found.transpose(1, 2, 0), paste_reference(cut, ground, size=40, scale=scale)
            )
        ]
        assert len(fits) == 1
        seen |= set(fits)
    assert len(seen) > 1


def test_a_composite_has_the_same_scale_alone_in_any_batch_and_after_a_check(pool):
    objects, backgrounds = pool
    before = per_composite(pool)
    rows, columns = [0, 1, 1, 0], [1, 0, 1, 0]
    together = before.batch(rows, columns)
    assert all(
        torch.equal(before.batch([i], [j])[0], one) for i, j, one in zip(rows, columns, together)
    )
    choices = {"size": 40, "scale": (0.3, 0.9), "scale_per": "composite", "seed": 3}
    checked = Compositor(objects, backgrounds, **choices)
    left = checked.batch([2], [0])
    with pytest.warns(UserWarning, match="left out"):
        checked.check()
    assert torch.equal(checked.batch([1], [0]), left)


def test_a_scale_for_each_composite_has_a_name_of_its_own_and_no_other_is_taken(pool):
    objects, backgrounds = pool
    names = {per_composite(pool).fingerprint, per_composite(pool).at(40).fingerprint}
    plain = Compositor(objects.take([0, 2]), backgrounds, size=40, scale=(0.3, 0.9), seed=3)
    assert len(names) == 1 and plain.fingerprint not in names
    with pytest.raises(ValueError, match="scale_per='picture'; choices: .'object', 'composite'."):
        Compositor(objects, backgrounds, scale_per="picture", seed=0)


def test_the_fingerprint_names_all_that_decides_the_composites(pool):
    objects, grounds = pool
    one = Compositor(objects, grounds, size=32, seed=0).fingerprint
    others = [
        Compositor(objects, grounds, size=33, seed=0),
        Compositor(objects, grounds, size=32, seed=1),
        Compositor(objects.take([0, 2]), grounds, size=32, seed=0),
        Compositor(objects, grounds.take([1]), size=32, seed=0),
    ]
    assert len({one, *(other.fingerprint for other in others)}) == 5
    assert Compositor(objects, grounds, size=32, seed=0).fingerprint == one


def test_nothing_is_read_before_it_is_needed(tmp_path, pool):
    objects, grounds = pool
    compositor = Compositor(objects, grounds, size=32, seed=0)
    (tmp_path / "object0.png").unlink()
    assert compositor.batch([2], [0]).shape == (1, 3, 32, 32)
    with pytest.raises(FileNotFoundError, match="object0.png"):
        compositor.batch([0], [0])


def test_check_leaves_out_and_counts_what_cannot_be_used(tmp_path, pool):
    (tmp_path / "ground0.png").write_bytes(b"nothing")
    plain = Compositor(*pool, size=32, seed=0)
    with pytest.warns(UserWarning, match="2 pictures cannot be used"):
        compositor = Compositor(*pool, size=32, seed=0).check()
    assert len(compositor.objects) == 2 and len(compositor.backgrounds) == 1
    assert compositor.skipped[["kind", "image"]].values.tolist() == [
        ["object", "object1.png"],
        ["background", "ground0.png"],
    ]
    assert "no pixel of the mask is above 100" in compositor.skipped["reason"][0]
    assert np.array_equal(compositor.scales, plain.scales[[0, 2]])
    assert torch.equal(compositor.batch([1], [0]), plain.batch([2], [1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(compositor.check().skipped) == 2


def test_an_object_with_an_empty_mask_is_an_error_in_its_turn_without_check(pool):
    with pytest.raises(EmptyMask, match="object1.png"):
        Compositor(*pool, size=32, seed=0).batch([0, 1], [0, 0])


def test_a_pool_without_anything_usable_is_refused(pool):
    objects, grounds = pool
    with pytest.raises(
        ValueError, match="none of the 1 objects can be used; the first: .*object1.png"
    ):
        Compositor(objects.take([1]), grounds, size=32, seed=0).check()
    with pytest.raises(ValueError, match="there are no objects"):
        Compositor(objects.take([]), grounds, size=32, seed=0)


def test_a_small_cache_changes_nothing_but_the_work(pool):
    large, small = (
        Compositor(*pool, size=32, seed=0),
        Compositor(*pool, size=32, seed=0, cache=ImageCache(4000)),
    )
    for pair in ([0, 2], [1, 0]), ([2, 2], [0, 1]):
        assert torch.equal(large.batch(*pair), small.batch(*pair))


def test_a_batch_does_not_write_into_the_cache(pool):
    compositor = Compositor(*pool, size=32, seed=0)
    before = compositor.background(0)
    compositor.background(0).zero_()
    compositor.batch([0, 2], [0, 0]).zero_()
    assert torch.equal(compositor.background(0), before)


def test_lists_of_different_length_are_refused(pool):
    with pytest.raises(ValueError, match="one length"):
        Compositor(*pool, size=32, seed=0).batch([0, 1], [0])


def test_at_another_size_the_same_objects_stand_at_the_same_scales_on_the_same_backgrounds(pool):
    compositor = Compositor(*pool, size=32, seed=0)
    larger, alone = compositor.at(48), Compositor(*pool, size=48, seed=0)
    assert larger.size == 48 and larger.fingerprint == alone.fingerprint
    assert torch.equal(larger.batch([0, 2], [1, 0]), alone.batch([0, 2], [1, 0]))
    assert torch.equal(
        compositor.batch([0, 2], [1, 0]), Compositor(*pool, size=32, seed=0).batch([0, 2], [1, 0])
    )
    with pytest.raises(ValueError, match="size=0"):
        compositor.at(0)


def test_every_size_is_one_compositor_however_it_is_reached(pool):
    compositor = Compositor(*pool, seed=0)
    assert compositor.size == 224 and compositor.at(224) is compositor
    assert compositor.at(32) is compositor.at(32) is compositor.at(48).at(32)
    assert compositor.at(32).at(224) is compositor
    assert compositor.at(32).objects is compositor.objects


def test_another_size_has_what_a_check_left_and_a_size_of_before_the_check_what_was_there(pool):
    compositor = Compositor(*pool, size=32, seed=0)
    before = compositor.at(48)
    with pytest.warns(UserWarning, match="left out"):
        compositor.check()
    after = compositor.at(48)
    assert (len(before.objects), len(after.objects)) == (3, len(compositor.objects)) == (3, 2)
    assert after.skipped is compositor.skipped and len(before.skipped) == 0
    assert (after.scales == compositor.scales).all()
    assert before.at(48) is before and len(before.at(32).objects) == 3


def test_two_compositors_never_take_each_others_pictures(pool):
    objects, grounds = pool
    kept = ImageCache(10**6)
    one, other, turned = (
        Compositor(objects, grounds, size=32, scale=0.6, seed=0, cache=kept),
        Compositor(objects, grounds, size=32, scale=0.9, seed=0, cache=kept),
        Compositor(objects.take([2, 1, 0]), grounds.take([1, 0]), size=32, seed=0, cache=kept),
    )
    first = one.canvas(0), one.background(0)
    assert not torch.equal(other.canvas(0), first[0])
    assert torch.equal(turned.background(1), first[1])
    assert not torch.equal(turned.background(0), first[1])
    assert torch.equal(one.canvas(0), first[0])
