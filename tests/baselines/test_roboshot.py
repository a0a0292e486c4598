import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from bap_core.baselines import RoboShot, ZeroShot, concept_vectors
from bap_core.baselines.subspace import basis
from bap_core.encoders import prompts


def random(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def points(n=500, dim=64, seed=1):
    return F.normalize(random(n, dim, seed=seed), dim=1)


HEAD = F.normalize(random(2, 64, seed=2), dim=1)


def test_after_rejecting_nothing_is_left_along_any_harmful_vector():
    harmful = random(10, 64) + 2 * random(1, 64, seed=7)  # far from orthogonal
    X = RoboShot(HEAD, harmful).transform(points())
    assert (X @ harmful.T).abs().max() < 1e-6
    assert torch.allclose(X.norm(dim=1), torch.ones(500, dtype=torch.float64), atol=1e-12)


def one_by_one(X, columns, sign):
    for u in columns.T:
        X = F.normalize(X + sign * (X @ u)[:, None] * u, dim=1)
    return X


def test_the_closed_form_equals_one_vector_after_the_other():
    harmful, helpful = random(10, 64), random(6, 64, seed=3)
    q_s, q_h = (torch.from_numpy(np.linalg.qr(v.numpy().T)[0]) for v in (harmful, helpful))
    rejected = one_by_one(points(), q_s, -1)
    assert (RoboShot(HEAD, harmful).transform(points()) - rejected).abs().max() < 1e-12
    both = RoboShot(HEAD, harmful, helpful).transform(points())
    assert (both - one_by_one(rejected, q_h, +1)).abs().max() < 1e-12


def test_rejecting_vectors_that_are_not_orthogonal_one_by_one_would_leave_a_residue():
    harmful = F.normalize(random(10, 64) + 2 * random(1, 64, seed=7), dim=1)
    assert (one_by_one(points(), harmful.T, -1) @ harmful.T).abs().max() > 0.01


def test_three_dimensions_by_hand():
    e = torch.eye(3, dtype=torch.float64)
    x = torch.ones(1, 3, dtype=torch.float64) / 3**0.5
    edited = RoboShot(e, harmful=5 * e[:1], helpful=-e[1:2]).transform(x)
    assert edited.tolist()[0] == pytest.approx([0, 2 / 5**0.5, 1 / 5**0.5], abs=1e-12)


def test_what_is_orthogonal_to_the_harmful_vectors_stays_as_it_is():
    harmful = random(3, 64)
    X = RoboShot(HEAD, harmful).transform(points())
    assert torch.allclose(RoboShot(HEAD, harmful).transform(X), X, atol=1e-12)


def test_accepting_the_difference_of_the_prototypes_changes_no_decision():
    along = 3 * (HEAD[1:] - HEAD[:1])
    harmful = random(4, 64, seed=5)
    rejected, both = (
        RoboShot(HEAD, harmful).predict(points()),
        RoboShot(HEAD, harmful, along).predict(points()),
    )
    assert (rejected == both).all()
    assert (rejected != ZeroShot(HEAD).predict(points())).any(), (
        "the harmful vectors change something here"
    )


def test_accepting_another_direction_can_change_a_decision():
    harmful = random(4, 64, seed=5)
    assert (
        RoboShot(HEAD, harmful).predict(points())
        != RoboShot(HEAD, harmful, random(1, 64)).predict(points())
    ).any()


def test_accepting_brings_a_harmful_part_back_as_in_the_original():
    harmful = random(2, 64)
    X = RoboShot(HEAD, harmful, harmful[:1] + random(1, 64, seed=9)).transform(points())
    assert (X @ harmful.T).abs().max() > 0.05


@settings(max_examples=25, deadline=None)
@given(
    st.permutations(range(4)),
    st.lists(st.floats(0.01, 100), min_size=4, max_size=4),
    st.integers(0, 50),
)
def test_order_and_length_of_the_vectors_do_not_matter(order, lengths, seed):
    harmful = random(4, 12, seed=seed)
    changed = (harmful * torch.tensor(lengths)[:, None])[list(order)]
    head, X = points(2, 12), points(20, 12, seed=1000 + seed)
    assert torch.allclose(
        RoboShot(head, harmful).transform(X), RoboShot(head, changed).transform(X), atol=1e-9
    )


def test_pairs_that_depend_on_each_other_invent_no_direction_and_hide_none():
    e = torch.eye(3)
    q = basis(torch.stack([e[0], 2 * e[0], e[0] - e[1]]))
    assert q.shape == (3, 2)
    assert torch.allclose(q @ q.T, torch.diag(torch.tensor([1.0, 1.0, 0.0])), atol=1e-6)
    a, b, c = F.normalize(random(3, 64).float(), dim=1)
    assert basis(torch.stack([a - b, b - c, a - c])).shape == (64, 2)
    assert basis(torch.stack([a - b, b - a])).shape == (64, 1)


def test_a_background_that_outweighs_the_object_misleads_zero_shot_but_not_roboshot():
    bird, place = points(1, 32)[0], points(1, 32, seed=4)[0]
    label, at = np.repeat([0, 1], 2), np.tile([0, 1], 2)
    signs = [torch.from_numpy(2.0 * side - 1)[:, None] for side in (label, at)]
    X = F.normalize(signs[0] * bird + 3 * signs[1] * place, dim=1)
    # names carry the bias, too
    head = F.normalize(torch.stack([-bird, bird]) + torch.stack([-place, place]), dim=1)
    assert ZeroShot(head).predict(X).tolist() == at.tolist()
    assert RoboShot(head, place[None]).predict(X).tolist() == label.tolist()


def test_concept_vectors_are_differences_of_unit_text_embeddings(tiny):
    pairs = [("water background", "land background"), ("lake", "forest")]
    t = tiny.encode_text(["water background", "land background", "lake", "forest"])
    assert torch.allclose(
        concept_vectors(tiny, pairs), torch.stack([t[0] - t[1], t[2] - t[3]]), atol=1e-6
    )


def test_a_helpful_pair_with_the_heads_own_prompts_leaves_rejecting_as_it_is(tiny):
    names = ("landbird", "waterbird")
    head = prompts.prototypes(tiny, names)
    harmful = concept_vectors(tiny, [prompts.background_words(("land", "water"))])
    helpful = concept_vectors(tiny, [names], templates=prompts.TEMPLATES)
    assert torch.allclose(helpful[0], head[0] - head[1], atol=1e-6)
    X = points(300, 16).float()
    assert (RoboShot(head, harmful).predict(X) == RoboShot(head, harmful, helpful).predict(X)).all()


def test_places_become_the_papers_words():
    assert prompts.background_words(("land", "water")) == ("land background", "water background")
    assert prompts.background_words(("construction_site",)) == ("construction site background",)


def test_predictions_are_class_numbers_whatever_the_format():
    y = RoboShot(HEAD.float(), random(2, 64).float()).predict(points(5).float())
    assert y.dtype == np.int64 and y.shape == (5,)


def test_roboshot_refuses_other_widths_empty_and_broken_input():
    X, harmful = points(4), random(2, 64)
    with pytest.raises(ValueError, match=r"features \(4, 60\) do not fit: \(N, 64\)"):
        RoboShot(HEAD, harmful).predict(X[:, :60])
    with pytest.raises(ValueError, match=r"harmful vectors \(2, 60\)"):
        RoboShot(HEAD, harmful[:, :60]).predict(X)
    with pytest.raises(ValueError, match=r"helpful vectors \(0, 64\)"):
        RoboShot(HEAD, harmful, harmful[:0]).predict(X)
    with pytest.raises(ValueError, match="1 of 2 are zero"):
        RoboShot(HEAD, harmful * torch.tensor([[1.0], [0.0]])).predict(X)
    with pytest.raises(ValueError, match="span all 64 dimensions"):
        RoboShot(HEAD, random(70, 64)).predict(X)
    X[2, 5] = torch.inf
    with pytest.raises(ValueError, match="1 of 4 rows of the features are not finite"):
        RoboShot(HEAD, harmful).predict(X)


def test_concept_vectors_refuse_no_pair_and_a_pair_of_twins(tiny):
    with pytest.raises(ValueError, match="no pair of prompts"):
        concept_vectors(tiny, [])
    with pytest.raises(ValueError, match="two different prompts"):
        concept_vectors(tiny, [("water", "land"), ("lake", "lake")])
    with pytest.raises(ValueError, match="two different prompts"):
        concept_vectors(tiny, [("water", "land", "sky")])
