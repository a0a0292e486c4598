import pytest
import small
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from bap_core.baselines import LPFT, WiSEFT, ZeroShot, average_wise_ft, tune_lp_ft
from bap_core.baselines.fine_tuning import Head, Tuned
from bap_core.baselines.wise_ft import interpolate, zero_shot_head

NUMBERS = st.floats(-1e6, 1e6, width=32)
PROTOTYPES = F.normalize(torch.tensor([[1.0, -2.0] * 8, [0.5, 1.0] * 8]), dim=1)


@pytest.fixture
def pictures():
    return torch.randint(
        0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )


@pytest.fixture
def tuned(tiny):
    """A stand-in for LP-FT's result: the tiny encoder with other weights, and a small head."""
    student = tiny.student()
    with torch.no_grad():
        for parameter in student.image_tower.parameters():
            draw = torch.Generator().manual_seed(1)
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=draw))
    student.model.requires_grad_(False)
    return Tuned(
        student, Head(torch.arange(32.0).view(2, 16) / 100, torch.tensor([0.1, -0.1])), [0.5]
    )


def logits(result, pictures):
    return result.head.logits(result.encoder.encode_images(pictures))


# -- the rules of interpolation


def test_alpha_0_is_the_zero_shot_classifier_bit_for_bit(tiny, tuned, pictures):
    X = tiny.encode_images(pictures)
    result = average_wise_ft(tiny, tuned, PROTOTYPES, alpha=0, head="averaged")
    assert torch.equal(logits(result, pictures), X @ (tiny.model.logit_scale.exp() * PROTOTYPES).T)
    assert (result.head.predict(X) == ZeroShot(PROTOTYPES).predict(X)).all()
    assert result.encoder.fingerprint == tiny.fingerprint


def test_alpha_1_is_the_tuned_classifier_bit_for_bit(tiny, tuned, pictures):
    result = average_wise_ft(tiny, tuned, PROTOTYPES, alpha=1)
    assert torch.equal(logits(result, pictures), logits(tuned, pictures))
    assert result.encoder.fingerprint == tuned.encoder.fingerprint


@given(st.lists(NUMBERS, min_size=1, max_size=6), st.floats(0, 1))
def test_equal_states_stay_as_they_are_at_every_alpha(values, alpha):
    state = {"w": torch.tensor(values)}
    assert torch.equal(interpolate(state, {"w": torch.tensor(values)}, alpha)["w"], state["w"])


@given(NUMBERS, NUMBERS)
def test_both_ends_come_out_exactly(a, b):
    start, end = {"w": torch.tensor([a])}, {"w": torch.tensor([b])}
    assert (
        interpolate(start, end, 0)["w"] == start["w"]
        and interpolate(start, end, 1)["w"] == end["w"]
    )


def test_a_quarter_of_the_way_counted_by_hand():
    mixed = interpolate({"w": torch.tensor([1.0, -4.0])}, {"w": torch.tensor([3.0, 4.0])}, 0.25)
    assert mixed["w"].tolist() == [1.5, -2.0]


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from([0.25, 0.5, 0.75]))
def test_logits_of_one_linear_layer_interpolate_and_those_of_two_do_not(seed, alpha):
    draw = torch.Generator().manual_seed(seed)
    x, *layers = (
        torch.randn(shape, generator=draw, dtype=torch.float32)
        for shape in ((5, 3), (4, 3), (2, 4), (4, 3), (2, 4))
    )
    ends = [{"first": layers[0], "second": layers[1]}, {"first": layers[2], "second": layers[3]}]
    mixed = interpolate(*ends, alpha)
    one = [x @ state["first"].T for state in (*ends, mixed)]
    assert torch.allclose(one[2], torch.lerp(one[0], one[1], alpha), atol=1e-5)
    two = [x @ state["first"].T @ state["second"].T for state in (*ends, mixed)]
    assert not torch.allclose(two[2], torch.lerp(two[0], two[1], alpha), atol=1e-2)


def test_half_precision_is_averaged_in_float32():
    one, next_one = torch.tensor([1.0, 1.0078125], dtype=torch.bfloat16)  # neighbours in bfloat16
    mixed = interpolate({"w": one[None]}, {"w": next_one[None]}, 0.5)["w"]
    assert mixed.dtype == torch.float32 and mixed.item() == 1.00390625


def test_integers_are_copied_and_not_blended():
    mixed = interpolate(
        {"n": torch.tensor(3), "on": torch.tensor([True, False])},
        {"n": torch.tensor(8), "on": torch.tensor([True, True])},
        0.5,
    )
    assert (
        mixed["n"].dtype == torch.int64
        and mixed["n"] == 3
        and mixed["on"].tolist() == [True, False]
    )


@pytest.mark.parametrize("alpha", [0, 0.5, 1])
def test_results_share_no_memory_with_the_two_states(alpha):
    states = [{"w": torch.ones(3), "n": torch.tensor([1])} for _ in range(2)]
    for tensor in interpolate(*states, alpha).values():
        tensor.zero_()
    assert all(state["w"].tolist() == [1, 1, 1] and state["n"].tolist() == [1] for state in states)


# -- the two heads


def test_the_averaged_head_lies_half_way_between_prototypes_and_tuned_head(tiny, tuned):
    averaged = average_wise_ft(tiny, tuned, PROTOTYPES, head="averaged")
    head, scale = averaged.head, tiny.model.logit_scale.exp()
    assert torch.allclose(head.weight, (scale * PROTOTYPES + tuned.head.weight) / 2, atol=1e-6)
    assert torch.allclose(head.bias, tuned.head.bias / 2)


def test_the_tuned_head_is_kept_unless_told_otherwise_and_the_tower_is_averaged_all_the_same(
    tiny, tuned
):
    kept = average_wise_ft(tiny, tuned, PROTOTYPES)
    averaged = average_wise_ft(tiny, tuned, PROTOTYPES, head="averaged")
    assert kept.head is tuned.head and averaged.head.fingerprint != kept.head.fingerprint
    assert (
        averaged.encoder.fingerprint
        == kept.encoder.fingerprint
        not in (tiny.fingerprint, tuned.encoder.fingerprint)
    )


def test_the_averaged_tower_has_the_mean_of_every_weight_and_the_ends_are_not_touched(tiny, tuned):
    before = tiny.fingerprint, tuned.encoder.fingerprint
    result = average_wise_ft(tiny, tuned, PROTOTYPES).encoder
    for name, tensor in result.image_tower.state_dict().items():
        start, end = (encoder.image_tower.state_dict()[name] for encoder in (tiny, tuned.encoder))
        assert torch.allclose(tensor, (start + end) / 2, atol=1e-6)
    assert (tiny.fingerprint, tuned.encoder.fingerprint) == before
    assert not any(parameter.requires_grad for parameter in result.model.parameters())


def test_the_zero_shot_head_has_rows_as_long_as_the_scale_and_no_bias(tiny):
    head = zero_shot_head(tiny, PROTOTYPES)
    assert head.weight.norm(dim=1).tolist() == pytest.approx(
        2 * [tiny.model.logit_scale.exp().item()]
    )
    assert head.bias.tolist() == [0, 0]


@pytest.mark.parametrize("kind", ["transformer", "convolutional", "siglip"])
def test_every_kind_of_tower_goes_from_lp_ft_to_predictions(home, tmp_path, kind):
    scenes, encoder = small.painted(tmp_path / "painted"), small.encoder(kind)
    tuned = tune_lp_ft(encoder, scenes, seed=0, epochs=2, batch_size=8, lr=1e-3, head_lr=1e-2)
    prototypes = F.normalize(torch.eye(2, encoder.dim), dim=1)
    result = average_wise_ft(encoder, tuned, prototypes)
    assert result.predict(scenes.select(split="test")).shape == (12,)
    assert result.encoder.image_tower.state_dict().keys() == encoder.image_tower.state_dict().keys()


# -- refusals


def test_states_with_other_names_or_shapes_are_refused():
    with pytest.raises(ValueError, match="2 tensors are in one of the two states only, such as a"):
        interpolate(
            {"a": torch.ones(1), "w": torch.ones(1)}, {"b": torch.ones(1), "w": torch.ones(1)}, 0.5
        )
    with pytest.raises(ValueError, match=r"w is \(1,\) in one state and \(2,\) in the other"):
        interpolate({"w": torch.ones(1)}, {"w": torch.ones(2)}, 0.5)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_an_alpha_outside_0_and_1_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha="):
        interpolate({"w": torch.ones(1)}, {"w": torch.ones(1)}, alpha)


def test_a_result_of_another_encoder_is_refused(tuned):
    with pytest.raises(ValueError, match="in one of the two states only"):
        average_wise_ft(small.encoder("convolutional"), tuned, PROTOTYPES)


def test_an_unknown_head_is_refused_with_the_choices(tiny, tuned):
    with pytest.raises(ValueError, match="head='both'; choices: tuned, averaged"):
        average_wise_ft(tiny, tuned, PROTOTYPES, head="both")
    with pytest.raises(ValueError, match="head='both'; choices"):
        WiSEFT(LPFT(), PROTOTYPES, head="both")


def test_an_encoder_without_text_has_no_zero_shot_head(tiny):
    del tiny.model.logit_scale
    with pytest.raises(ValueError, match="tiny has no logit scale"):
        zero_shot_head(tiny, PROTOTYPES)
