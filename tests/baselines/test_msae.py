from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bap_core.baselines import MSAE, msae, nested_autoencoder
from bap_core.baselines.msae import nesting
from bap_core.baselines.nested_autoencoder import Autoencoder, nested_loss


def random(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).float()


def autoencoder(dim=6, width=24, seed=0):
    return Autoencoder(
        random(dim, width, seed=seed),
        0.3 * random(width, seed=seed + 1),
        F.normalize(random(width, dim, seed=seed + 2), dim=1),
        0.1 * random(dim, seed=seed + 3),
    )


def identity(dim):
    """An autoencoder by hand: latents are the positive coordinates, decoded as they are."""
    sae = MSAE(expansion=1)
    sae.mean_, sae.scale_ = torch.zeros(dim), 1.0
    sae.autoencoder_ = Autoencoder(
        torch.eye(dim), torch.zeros(dim), torch.eye(dim), torch.zeros(dim)
    )
    return sae


def mixtures(n=600, dim=12, seed=0):
    """Embeddings that are sparse by making: each the sum of two of 24 directions, and an offset
    for all.
    """
    draw = np.random.default_rng(seed)
    directions = F.normalize(random(24, dim, seed=99), dim=1)
    return directions[draw.integers(24, size=(n, 2))].sum(dim=1) + random(1, dim, seed=98)


@pytest.mark.parametrize(("dim", "count"), [(512, 7), (640, 8), (768, 8), (96, 5)])
def test_the_nesting_list_doubles_from_64_and_ends_with_the_width(dim, count):
    levels = nesting(8 * dim)
    assert len(levels) == count
    assert levels[0] == 64 and levels[-1] == 8 * dim
    assert (
        all(b == 2 * a for a, b in pairwise(levels[:-1]))
        and levels[-2] < levels[-1] <= 2 * levels[-2]
    )


def test_a_narrow_width_has_one_level():
    assert nesting(48) == (48,) and nesting(64) == (64,) and nesting(65) == (64, 65)


def test_no_level_uses_more_latents_than_it_may_and_the_last_is_the_plain_one():
    net, x = autoencoder(), random(50, 6, seed=9)
    z = net.nested(x, (2, 5, 24))
    assert ((z > 0).sum(dim=2).amax(dim=1) <= torch.tensor([2, 5, 24])).all()
    assert torch.equal(z[2], net.before(x).relu())
    assert torch.allclose(
        net.reconstruct(z)[2], net.before(x).relu() @ net.decoder + net.input_bias
    )


def test_a_latent_below_zero_is_not_used_even_if_it_is_among_the_largest():
    net = autoencoder()
    low = Autoencoder(net.encoder, net.latent_bias - 100, net.decoder, net.input_bias)
    assert not low.nested(random(5, 6, seed=9), (2, 24)).any()


def test_a_wider_level_keeps_what_a_narrower_one_chose():
    z = autoencoder().nested(random(50, 6, seed=9), (2, 5, 24))
    assert torch.equal(z[1][z[0] > 0], z[0][z[0] > 0])


def test_one_level_is_a_top_k_autoencoder_written_out():
    net, x = autoencoder(), random(7, 6, seed=9)
    errors = []
    for row in x:
        before = [
            float((row - net.input_bias) @ net.encoder[:, j] + net.latent_bias[j])
            for j in range(24)
        ]
        top = sorted(range(24), key=before.__getitem__)[-3:]
        found = net.input_bias + sum(max(before[j], 0.0) * net.decoder[j] for j in top)
        errors.append(float((found - row).square().mean()))
    assert float(nested_loss(x, net, (3,), weighting="uniform", loss="mse")) == pytest.approx(
        np.mean(errors), rel=1e-5
    )


@pytest.mark.parametrize("weighting", ["uniform", "reverse"])
@pytest.mark.parametrize("loss", ["mse", "normalised"])
def test_renumbering_the_latents_leaves_the_loss_as_it_is(weighting, loss):
    net, x, order = (
        autoencoder(),
        random(50, 6, seed=9),
        torch.from_numpy(np.random.default_rng(0).permutation(24)),
    )
    other = Autoencoder(
        net.encoder[:, order], net.latent_bias[order], net.decoder[order], net.input_bias
    )
    a, b = (nested_loss(x, n, (2, 5, 24), weighting=weighting, loss=loss) for n in (net, other))
    assert float(a) == pytest.approx(float(b), rel=1e-5)


def test_weights_of_the_levels_counted_by_hand():
    net, x = autoencoder(), random(50, 6, seed=9)
    one, two, three = (
        float(nested_loss(x, net, (k,), weighting="uniform", loss="mse")) for k in (2, 5, 24)
    )
    both = {
        w: float(nested_loss(x, net, (2, 5, 24), weighting=w, loss="mse"))
        for w in ("uniform", "reverse")
    }
    assert both["uniform"] == pytest.approx((one + two + three) / 3, rel=1e-5)
    assert both["reverse"] == pytest.approx((3 * one + 2 * two + three) / 6, rel=1e-5)


def test_the_normalised_loss_is_the_share_of_each_row_that_is_missing():
    net = Autoencoder(torch.eye(2), torch.zeros(2), torch.eye(2), torch.zeros(2))
    x = torch.tensor([[3.0, 4.0], [0.0, 2.0]])  # the largest latent leaves 9 of 25 and 0 of 4
    assert float(
        nested_loss(x, net, (1,), weighting="uniform", loss="normalised")
    ) == pytest.approx(0.18)
    assert float(nested_loss(x, net, (1,), weighting="uniform", loss="mse")) == pytest.approx(
        (4.5 + 0) / 2
    )


def test_decoder_rows_have_unit_norm_after_training_and_during_it_and_never_feel_their_length(
    monkeypatch,
):
    norms, along, clip = [], [], torch.nn.utils.clip_grad_norm_

    def watch(weights, largest):
        decoder = weights[2].detach()
        norms.append(decoder.norm(dim=1))
        along.append(
            (weights[2].grad * decoder).sum(dim=1).abs().max() / weights[2].grad.norm(dim=1).max()
        )
        return clip(weights, largest)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", watch)
    fitted = MSAE(steps=20).fit(mixtures(), seed=0)
    assert len(norms) == 20 and max(along) < 1e-5
    for seen in [*norms, fitted.autoencoder_.decoder.norm(dim=1)]:
        assert torch.allclose(seen, torch.ones(96), atol=1e-5)


def test_rescaling_the_rows_leaves_the_reconstruction_as_it_is():
    net, x = autoencoder(), random(50, 6, seed=9)
    longer = Autoencoder(
        net.encoder.clone(), net.latent_bias.clone(), 3 * net.decoder, net.input_bias
    )
    before = longer.reconstruct(longer.before(x).relu())
    nested_autoencoder.to_unit_rows(longer)
    assert torch.allclose(longer.reconstruct(longer.before(x).relu()), before, atol=1e-4)
    assert torch.allclose(longer.decoder, net.decoder, atol=1e-6)


def test_the_gradient_lies_on_the_sphere_of_the_rows():
    decoder = autoencoder().decoder.clone().requires_grad_()
    (decoder * random(24, 6, seed=5)).sum().backward()
    nested_autoencoder.keep_to_the_sphere(decoder)
    assert (decoder.grad * decoder).sum(dim=1).abs().max() < 1e-5 < decoder.grad.abs().max()


def test_it_learns_to_take_sparse_mixtures_apart_also_ones_that_it_has_not_seen():
    fitted = MSAE(levels=(4, 16, 96), steps=200, lr=1e-2).fit(mixtures(), seed=0)
    held_out = fitted.quality(mixtures(200, seed=1))
    assert held_out["explained_variance"] > 0.9 and held_out["cosine"] > 0.97
    few = fitted.quality(mixtures(200, seed=1), k=4)
    assert (
        0.8 < few["explained_variance"] < held_out["explained_variance"]
        and few["zeros"] > 1 - 4.01 / 96
    )


def test_training_brings_the_loss_down_from_its_start():
    X = mixtures()
    barely, well = (MSAE(steps=n).fit(X, seed=0).quality(X)["explained_variance"] for n in (1, 150))
    assert barely < 0.3 < 0.7 < well


def test_embeddings_enter_with_mean_zero_and_mean_square_one_and_leave_as_they_came():
    X = 0.01 * mixtures() + 3
    fitted = MSAE(steps=1).fit(X, seed=0)
    x = (X - fitted.mean_) * fitted.scale_
    assert x.mean(dim=0).abs().max() < 1e-3
    assert float(x.square().sum(dim=1).mean()) == pytest.approx(12, rel=1e-3)
    plain = fitted.autoencoder_.reconstruct(fitted.encode(X))
    assert torch.allclose(
        (fitted.decode(fitted.encode(X)) - fitted.mean_) * fitted.scale_, plain, atol=1e-3
    )


def test_the_figures_of_a_perfect_autoencoder_counted_by_hand():
    X = torch.tensor([[1.0, 0.0, 2.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    figures = identity(4).quality(X)
    assert figures == pytest.approx(
        {"explained_variance": 1.0, "cosine": 1.0, "zeros": 5 / 8, "dead": 2 / 4}
    )
    # the first row loses its 1; the variance about the mean is 0.25 * 4
    first = identity(4).quality(X, k=1)
    assert first["explained_variance"] == pytest.approx(0.0, abs=1e-6)
    assert first["cosine"] == pytest.approx((2 / 5**0.5 + 1) / 2)
    assert first["dead"] == pytest.approx(3 / 4)


def test_the_figures_do_not_depend_on_the_batches():
    fitted = MSAE(steps=20).fit(mixtures(), seed=0)
    assert fitted.quality(mixtures()) == pytest.approx(
        fitted.quality(mixtures(), batch_size=7), rel=1e-4
    )


def test_it_repeats_with_its_seed_and_changes_with_another():
    a, b, c = (MSAE(steps=5).fit(mixtures(), seed=s).autoencoder_.decoder for s in (0, 0, 1))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_every_row_is_seen_once_before_any_is_seen_twice():
    rows = torch.cat(list(msae._batches(10, 4, 5, torch.Generator().manual_seed(0))))
    assert sorted(rows[:10].tolist()) == sorted(rows[10:].tolist()) == list(range(10))
    assert rows[:10].tolist() != rows[10:].tolist()


def test_the_original_settings_are_accepted():
    assert (
        MSAE(**{**msae.ORIGINAL, "steps": 2}).fit(mixtures(), seed=0).quality(mixtures())["dead"]
        <= 1
    )


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"weighting": "falling"}, "uniform, reverse"),
        ({"loss": "l1"}, "mse, normalised"),
        ({"steps": 0}, "at least 1"),
        ({"levels": (64, 32)}, "must ascend"),
        ({"levels": (0, 5)}, "must ascend"),
        ({"levels": (97,)}, "the width 96"),
    ],
)
def test_an_unknown_choice_is_refused_with_the_known_ones(choices, message):
    with pytest.raises(ValueError, match=message):
        MSAE(**choices).fit(mixtures(), seed=0)


def test_broken_equal_and_foreign_embeddings_are_refused():
    X = mixtures(20)
    with pytest.raises(ValueError, match="all 20 embeddings are equal"):
        MSAE().fit(X[:1].expand(20, -1), seed=0)
    with pytest.raises(ValueError, match=r"features \(12,\) do not fit"):
        MSAE().fit(X[0], seed=0)
    fitted = MSAE(steps=1).fit(X, seed=0)
    with pytest.raises(ValueError, match=r"\(20, 5\) do not fit: \(N, 12\)"):
        fitted.encode(X[:, :5])
    X[1, 1] = torch.nan
    with pytest.raises(ValueError, match="1 of 20 rows of the features"):
        MSAE().fit(X, seed=0)


def test_a_loss_that_runs_away_stops_the_training():
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        MSAE(lr=1e30, steps=20).fit(mixtures(), seed=0)
