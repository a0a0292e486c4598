import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from bap_core.baselines import DIAL, MSAE, ZeroShot, attribute_texts
from bap_core.baselines.dial import central, leading
from bap_core.baselines.msae import Autoencoder
from bap_core.baselines.subspace import basis


def identity(dim):
    """An autoencoder by hand: latents are the positive coordinates, decoded as they are."""
    sae = MSAE(expansion=1)
    sae.mean_, sae.scale_ = torch.zeros(dim), 1.0
    sae.autoencoder_ = Autoencoder(
        torch.eye(dim), torch.zeros(dim), torch.eye(dim), torch.zeros(dim)
    )
    return sae


def random(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).float()


def unit(*rows):
    return F.normalize(torch.tensor(rows, dtype=torch.float32), dim=1)


def degrees(*angles):
    angles = torch.tensor(angles, dtype=torch.float32) * torch.pi / 180
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def on_a_circle(X, *, prototypes=(0, 90), k=3):
    return DIAL(identity(2), degrees(*prototypes), degrees(0), degrees(10), k=k).fit(X)


# Coordinate 0 is 1 or 0.1 and seen by the attribute. Coordinates 1 and 2 go with it in three of
# four rows, 3 does not.
COORDINATES = torch.tensor(
    [[1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 0, 1], [0.1, 1, 0], [0.1, 0, 1], [0.1, 0, 1], [0.1, 0, 1]]
).repeat(3, 1)
COORDINATES = torch.cat([COORDINATES, torch.full((24, 1), 0.5)], dim=1)
TEXT = torch.tensor([[1, 0.2, 0.1, 0]])
HEAD = unit([0, 1, 0, 0.3], [0, 0, 1, 0.3])


def by_coordinates(**choices):
    return DIAL(identity(4), HEAD, F.normalize(TEXT, dim=1), unit([0, 0, 0, 1]), **choices).fit(
        COORDINATES
    )


def test_scores_of_the_latents_counted_by_hand():
    dial = by_coordinates()
    assert dial.attribute_share_.tolist() == [0.5]
    expected = np.array([0.9 * 1, 0.5 * 0.2, -0.5 * 0.1, 0]) / 1.05**0.5
    assert dial.scores_[:, 0].numpy() == pytest.approx(expected, abs=1e-6)
    assert int(dial.scores_.abs().argmax()) == 0


@pytest.mark.parametrize(
    ("alpha", "latents"),
    [
        (0.01, [0]),
        (0.65, [0]),
        (0.85, [0]),
        (0.9, [0, 1]),
        (0.94, [0, 1]),
        (0.96, [0, 1, 2]),
        (1.0, [0, 1, 2]),
    ],
)
def test_the_shortest_list_that_holds_the_share_alpha(alpha, latents):
    assert by_coordinates(alpha=alpha, percentile=0).latents_.tolist() == latents


def test_all_of_the_spurious_coordinate_goes_or_a_tenth_stays_or_nothing_happens():
    dial = by_coordinates()
    assert dial.clean(COORDINATES, lam=1)[:, 0].tolist() == [0.0] * 24
    assert torch.allclose(dial.clean(COORDINATES)[:, 0], 0.1 * COORDINATES[:, 0], atol=1e-7)
    assert torch.equal(dial.clean(COORDINATES)[:, 1:], COORDINATES[:, 1:])
    assert torch.equal(dial.clean(COORDINATES, lam=0), COORDINATES)


def test_the_whole_share_keeps_every_latent_with_a_score_however_small():
    scores = torch.tensor([[1.0], [0.0], [-1e-30], [0.3], [0.0], [1e-12]])
    assert leading(scores, 1.0).tolist() == [0, 2, 3, 5]
    assert leading(torch.zeros(4, 2), 0.65).tolist() == []


def test_the_lists_of_several_attributes_are_joined():
    scores = torch.tensor([[5.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 9.0]])
    assert leading(scores, 0.65).tolist() == [0, 3]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=12), st.floats(0.01, 0.99))
def test_no_shorter_list_holds_the_share(values, alpha):
    size = np.abs(np.asarray(values, dtype=np.float32).astype(float))
    kept = leading(torch.tensor(values, dtype=torch.float32)[:, None], alpha).numpy()
    if size.sum() == 0:
        assert not len(kept)
        return
    held = size[kept].sum() / size.sum()
    assert held >= alpha - 1e-9
    assert held - size[kept].min() / size.sum() < alpha + 1e-9
    assert np.delete(size, kept).max(initial=0) <= size[kept].min()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=5, max_size=5), st.integers(0, 50))
def test_positive_weights_do_not_change_what_is_taken_out(weights, seed):
    rows = random(5, 12, seed=seed).double()
    plain, weighted = basis(rows), basis(rows * torch.tensor(weights, dtype=torch.float64)[:, None])
    assert torch.allclose(plain @ plain.T, weighted @ weighted.T, atol=1e-9)


@pytest.mark.parametrize("beta", [0.1, 10.0, 50.0])
def test_the_percentile_cuts_the_directions_farthest_from_the_mean_whatever_beta_is(beta):
    rows, latents = F.normalize(random(40, 12) + 0.3, dim=1), torch.arange(0, 40, 2)
    chosen = rows[latents].numpy()
    cosine = chosen @ chosen.mean(axis=0) / np.linalg.norm(chosen.mean(axis=0))
    kept = central(rows, latents, beta=beta, percentile=10)
    # the 10 % of 20 are two
    assert kept.tolist() == sorted(latents[np.argsort(cosine)[2:]].tolist())
    assert central(rows, latents, beta=beta, percentile=0).tolist() == latents.tolist()


def test_the_one_row_that_left_its_class_and_stands_among_the_other_is_the_candidate():
    X = degrees(0, 2, 4, 42, 43, 44, 50, 86, 88, 90, 92)
    dial = on_a_circle(X)
    assert dial.candidates(X).nonzero().ravel().tolist() == [6]
    assert dial.candidate_share_ == pytest.approx(1 / 11)


def test_a_row_nearer_to_the_other_centre_deviates_even_if_its_class_is_as_far_from_its_own():
    # centres at 17 and 47; 36 is nearer to its own than the median, 38 is not
    X = degrees(-4, -2, 36, 38, 46, 47, 48)
    dial = on_a_circle(X, prototypes=(-3, 87))
    own = torch.cos(torch.tensor([21.0, 19, 19, 21]) * torch.pi / 180)
    assert float(dial.medians_[0]) == pytest.approx(float(own.mean()), abs=1e-5)
    assert dial.candidates(X).nonzero().ravel().tolist() == [2, 3]


def test_a_row_is_not_its_own_neighbour_but_its_twin_is():
    X = degrees(0, 2, 4, 42, 43, 44, 50, 86, 88, 90, 92)
    assert on_a_circle(X, k=1).candidates(X).nonzero().ravel().tolist() == [6]
    twice = torch.cat([X, X[6:7]])
    assert not on_a_circle(twice, k=1).candidates(twice).any()
    assert on_a_circle(twice, k=3).candidates(twice).nonzero().ravel().tolist() == [6, 11]


def test_what_happens_to_a_row_does_not_depend_on_its_company():
    X = degrees(0, 2, 4, 42, 43, 44, 50, 86, 88, 90, 92)
    dial = on_a_circle(X)
    assert torch.equal(dial.transform(X[5:8]), dial.transform(X)[5:8])
    # not among the fitted rows: the nearest are 50, 44, 43 and 88, 90, 86
    new = dial.candidates(degrees(49, 89))
    assert new.tolist() == [True, False]


def test_half_of_the_neighbours_is_no_majority():
    X = degrees(0, 2, 4, 43, 44, 46, 47, 86, 88, 90)  # 46 has the neighbours 47 and 44
    assert not on_a_circle(X, k=2).candidates(X).any()


# (background, landbird, waterbird): the word for a waterbird holds the background; the last row
# falls for it.
MISLED = torch.tensor(
    [[g, 1, 0] for g in (0, 0.1, 0.2, 1.2, 1.25, 1.3, 1.35)]
    + [[g, 0, 1] for g in (0, 0.1, 0.2, 0.3, 0.4)]
    + [[1.5, 1, 0]]
)
BIASED = unit([0, 1, 0], [1, 0, 1])


def misled(**choices):
    return DIAL(identity(3), BIASED, unit([1, 0, 0]), unit([0, 1, 1]), k=3, **choices).fit(MISLED)


def test_a_row_that_the_background_misled_is_put_right_and_no_other_is_touched():
    label = [0] * 7 + [1] * 5 + [0]
    assert ZeroShot(BIASED).predict(MISLED).tolist() == label[:-1] + [1]
    dial = misled()
    assert dial.predict(MISLED).tolist() == label
    assert torch.equal(dial.transform(MISLED)[:-1], MISLED[:-1])
    assert dial.transform(MISLED)[-1].tolist() == pytest.approx([0.15, 1, 0], abs=1e-6)
    assert dial.predict(MISLED, lam=0).tolist() == ZeroShot(BIASED).predict(MISLED).tolist()


def test_the_share_of_the_heads_difference_that_is_taken_out_is_the_cosine():
    apart = BIASED[1] - BIASED[0]  # (1/sqrt2, -1, 1/sqrt2)
    dial = misled()
    assert dial.head_cosine_.tolist() == pytest.approx([0.5])
    assert float(
        F.cosine_similarity(dial.basis_ @ dial.basis_.T @ apart, apart, dim=0)
    ) == pytest.approx(0.5)


def test_with_a_trained_autoencoder_mean_and_scale_are_undone_before_anything_is_taken_out():
    X = F.normalize(random(300, 12) + 1, dim=1)
    sae = MSAE(steps=60).fit(X[:200], seed=0)
    text = random(3, 12, seed=3)
    # about half of the rows on either side
    text = F.normalize(text - text.mean(dim=1, keepdim=True), dim=1)
    dial = DIAL(sae, text[:2], text[2:], -text[2:], alpha=0.1).fit(X[200:])
    assert 0 < dial.basis_.shape[1] <= len(dial.latents_) < 12
    assert 0 < dial.candidate_share_ < 1
    assert torch.equal(dial.clean(X, lam=0), sae.decode(sae.encode(X)))
    assert F.cosine_similarity(dial.clean(X, lam=0), X).mean() > 0.9
    assert (dial.clean(X, lam=1) @ sae.autoencoder_.decoder[dial.latents_].T).abs().max() < 1e-5
    changed = (dial.transform(X) != X).any(dim=1)
    assert torch.equal(changed, dial.candidates(X))
    assert dial.predict(X).shape == (300,) and dial.predict(X).dtype == np.int64


def test_an_attribute_that_is_seen_everywhere_points_at_nothing_and_warns():
    sae, present = identity(4), F.normalize(TEXT, dim=1)
    with pytest.warns(UserWarning, match=r"attributes \[0\] of 1"):
        dial = DIAL(sae, HEAD, present, -present).fit(COORDINATES)
    assert (
        dial.attribute_share_.tolist() == [1.0]
        and len(dial.latents_) == 0
        and dial.head_cosine_.tolist() == [0.0]
    )
    assert torch.equal(dial.transform(COORDINATES), COORDINATES)


def test_one_zero_shot_class_alone_has_no_candidates():
    X = degrees(0, 2, 4, 10, 20)
    dial = on_a_circle(X)
    assert not dial.candidates(X).any() and dial.predict(X).tolist() == [0] * 5


def test_attribute_texts_are_the_prompt_and_its_negation(tiny):
    present, absent = attribute_texts(tiny, ["land background", "water background"])
    assert torch.allclose(
        present,
        tiny.encode_text(["a photo of a land background", "a photo of a water background"]),
        atol=1e-6,
    )
    assert torch.allclose(
        absent,
        tiny.encode_text(
            ["a photo without a land background", "a photo without a water background"]
        ),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"alpha": 0.0}, "alpha=0.0"),
        ({"alpha": 1.1}, "alpha=1.1"),
        ({"lam": -0.1}, "lam=-0.1"),
        ({"percentile": 100}, "percentile=100"),
        ({"k": 24}, "k=24 neighbours among 24"),
        ({"k": 0}, "k=0"),
    ],
)
def test_choices_out_of_range_are_refused(choices, message):
    with pytest.raises(ValueError, match=message):
        by_coordinates(**choices)


def test_texts_autoencoders_and_embeddings_that_do_not_fit_are_refused():
    good = {"sae": identity(4), "prototypes": HEAD, "present": TEXT, "absent": TEXT}
    for wrong, message in [
        ({"present": TEXT[:, :3]}, r"attributes present \(1, 3\)"),
        ({"absent": TEXT.repeat(2, 1)}, "1 attributes present, 2 absent"),
        ({"sae": identity(5)}, "takes 5 dimensions, the prototypes 4"),
    ]:
        with pytest.raises(ValueError, match=message):
            DIAL(**good | wrong).fit(COORDINATES)
    with pytest.raises(ValueError, match=r"features \(24, 3\)"):
        DIAL(**good).fit(COORDINATES[:, :3])
    broken = COORDINATES.clone()
    broken[0, 0] = torch.nan
    with pytest.raises(ValueError, match="1 of 24 rows of the features are not finite"):
        DIAL(**good).fit(broken)
    with pytest.raises(ValueError, match="1 of 24 rows"):
        by_coordinates().predict(broken)
