import numpy as np
import open_clip
import pytest
import torch

from bap_core import encoders, runtime
from bap_core.encoders import encoder as encoder_module
from bap_core.encoders.backends.refusals import suggest


def pictures(n=3, size=32):
    return torch.randint(
        0, 256, (n, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )


def test_embeddings_are_float32_unit_vectors_and_counted(tiny):
    z = tiny.encode_images(pictures())
    assert z.dtype == torch.float32 and z.shape == (3, tiny.dim)
    assert z.norm(dim=1) == pytest.approx([1, 1, 1], abs=1e-6)
    assert tiny.tally.encoded == 3


def test_the_fingerprint_changes_with_any_weight(tiny):
    before = tiny.fingerprint
    with torch.no_grad():
        tiny.model.visual.proj[0, 0] += 1e-3
    assert tiny.fingerprint != before


@pytest.mark.parametrize("fused", [False, True])
def test_the_fingerprint_follows_a_training_step_and_comes_back_with_the_weights(tiny, fused):
    student, before = tiny.student(), tiny.fingerprint
    assert student.fingerprint == before
    optimiser = torch.optim.AdamW(
        student.image_tower.parameters(), lr=1e-3, foreach=not fused, fused=fused
    )
    student.forward(pictures()).sum().backward()
    optimiser.step()
    after = student.fingerprint
    student.model.requires_grad_(False)
    assert student.fingerprint == after != before == tiny.fingerprint
    student.image_tower.load_state_dict(tiny.image_tower.state_dict())
    assert student.fingerprint == before


def test_the_fingerprint_sees_frozen_weights_that_were_changed_without_a_trace(tiny):
    before, weight = tiny.fingerprint, tiny.model.visual.proj
    ways = [lambda: weight.data.mul_(-1), lambda: np.negative(weight.numpy(), weight.numpy())]
    for change in ways:
        change()
        assert tiny.fingerprint != before
        weight.data.mul_(-1)
        assert tiny.fingerprint == before


def test_a_fused_step_on_weights_asked_for_while_trainable_and_again_when_frozen_is_seen(tiny):
    student = tiny.student()
    optimiser = torch.optim.AdamW(student.image_tower.parameters(), lr=1e-3, fused=True)
    student.forward(pictures()).sum().backward()
    asked_while_trainable = student.fingerprint
    optimiser.step()
    student.model.requires_grad_(False)
    assert student.fingerprint != asked_while_trainable


def test_statistics_changed_after_a_first_use_change_embeddings_and_fingerprint_alike(tiny):
    before, z = tiny.fingerprint, tiny.encode_images(pictures())
    tiny.image_tower.preprocess_cfg = {"mean": (0.4, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
    assert tiny.fingerprint != before and not torch.equal(tiny.encode_images(pictures()), z)


def test_the_key_names_code_and_processor_beside_the_fingerprint(tiny, monkeypatch):
    keys = {tiny.key}
    monkeypatch.setattr(encoder_module.runtime, "processor", lambda device: "another")
    keys.add(tiny.key)
    monkeypatch.setattr(encoder_module.sources, "code", lambda module: f"other code of {module}")
    assert len({*keys, tiny.key}) == 3


def test_a_student_is_independent_and_adds_to_the_count_of_its_teacher(tiny):
    student, before = tiny.student(), tiny.fingerprint
    with torch.no_grad():
        student.model.visual.proj[:] = 0
    assert tiny.fingerprint == before
    student.forward(pictures(2))
    assert tiny.tally.encoded == 2
    mine, its = dict(student.model.named_parameters()), dict(tiny.model.named_parameters())
    assert all((mine[name] is its[name]) != mine[name].requires_grad for name in its)
    assert {name for name in its if mine[name] is not its[name]} == {
        name for name in its if name.startswith("visual")
    }


def test_a_saved_encoder_loads_back_equal_here_and_in_open_clip(tmp_path):
    encoder = encoders.load("micro-clip", dtype=torch.float32)
    path = encoder.student().save(tmp_path / "aligned.safetensors")
    again = encoders.load(str(path), dtype=torch.float32)
    assert again.architecture == "micro-clip" and again.scale == "micro"
    x = pictures(size=encoder.size)
    assert torch.equal(again.encode_images(x), encoder.encode_images(x))
    model = open_clip.create_model("micro-clip", pretrained=str(path))
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.state_dict().values(), encoder.model.state_dict().values())
    )


def test_a_misspelt_encoder_is_answered_with_the_nearest_names():
    with pytest.raises(ValueError, match="did you mean micro-clip"):
        encoders.load("micro-clipp")
    with pytest.raises(ValueError, match="did you mean .*ViT-B-16"):
        encoders.load("ViT-B16:openai")


def test_a_near_name_is_suggested_once_and_never_the_refused_name_itself():
    assert suggest("clipp", ["clip", "clip", "clippp", "far"]) == "did you mean clippp or clip?"
    assert suggest("clip", ["clip", "clip"]) == suggest("clip", ["quite another"]) == ""
    with pytest.raises(ValueError) as refused:  # open_clip lists the shipped encoders once more
        encoders.load("micro-clipp")
    near = str(refused.value).partition("did you mean ")[2].partition("?")[0].split(" or ")
    assert near[0] == "micro-clip" and len(near) == len(set(near)) == 3


def test_an_architecture_without_weights_asks_for_them():
    with pytest.raises(ValueError, match="needs weights"):
        encoders.load("ViT-B-16")


def test_unknown_weights_are_answered_with_the_tags_that_exist():
    with pytest.raises(ValueError, match="laion2b_s34b_b88k"):
        encoders.load("ViT-B-16:laion")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.safetensors"):
        encoders.load(str(tmp_path / "nowhere.safetensors"))


def test_a_truncated_file_is_named(tmp_path):
    (tmp_path / "half.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{")
    with pytest.raises(ValueError, match="half.safetensors cannot be read"):
        encoders.load(str(tmp_path / "half.safetensors"))


def test_weights_of_another_architecture_are_refused(tmp_path):
    path = encoders.load("micro-clip").save(tmp_path / "micro.safetensors")
    with pytest.raises(ValueError, match="cannot be loaded into ViT-B-16"):
        encoders.load(f"ViT-B-16:{path}")


def test_random_weights_are_the_same_ones_every_time_and_say_that_they_are_random():
    a, b = encoders.load("micro-clip:random"), encoders.load("micro-clip:random")
    assert a.fingerprint == b.fingerprint != encoders.load("micro-clip").fingerprint
    assert a.scale == "random"


def test_micro_encoders_compute_in_float32_on_every_processor_and_larger_ones_in_its_own_format(
    monkeypatch,
):
    monkeypatch.setattr(runtime, "compute_dtype", lambda device: torch.bfloat16)
    assert all(
        encoders.load(name).dtype == torch.float32
        for name in ("micro-clip", "micro-clip:random", "micro-supervised")
    )
    assert encoders.load("ViT-B-32:random", device=torch.device("meta")).dtype == torch.bfloat16
