"""The libraries behind `encoders`: what is saved loads back equal, and the traps of each are
closed.
"""

import json
import logging
import sys
import warnings
from typing import Any

import open_clip
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.data.config import resolve_data_config
from transformers import (
    AutoModel,
    BertConfig,
    BertModel,
    SiglipConfig,
    SiglipModel,
    ViTMAEConfig,
    ViTMAEModel,
)

from bap_core import encoders
from bap_core.encoders import checkpoints
from bap_core.encoders.backends import from_gensim, transformers_configurations
from bap_core.encoders.backends.common import micro_config
from bap_core.encoders.backends.tokens import StandInTokens
from bap_core.method.alignment import Contexts
from bap_core.method.bap import pretrain_bap

SIGLIP, MAE, BERT = "google/siglip2-base-patch16-224", "facebook/vit-mae-base", "bert-base-uncased"
TINY: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
}
TIMM = "timm/vit_tiny_patch16_224"
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "bird", "truck", "on", "pond")


@pytest.fixture(autouse=True)
def same_weights_every_time():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def load(*args, **choices):
    return encoders.load(*args, dtype=torch.float32, **choices)


def inside(encoder) -> Any:
    """The model with all that its library gave it, which only a test looks into."""
    return encoder.model


def pictures(size=32, n=3):
    return torch.randint(
        0, 256, (n, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )


def write_tokenizer(folder):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", padding_side="left"
    ).save_pretrained(folder)


@pytest.fixture
def siglip(tmp_path):
    """A folder in transformers' format: both towers at 32 pixels with patches of 8, and a
    tokenizer of nine words.
    """
    config = SiglipConfig(
        vision_config={**TINY, "patch_size": 8, "image_size": 32},
        text_config={
            **TINY,
            "vocab_size": 50,
            "max_position_embeddings": 64,
            "projection_size": 32,
        },
    )
    SiglipModel(config).save_pretrained(tmp_path / "siglip")
    write_tokenizer(tmp_path / "siglip")
    return tmp_path / "siglip"


@pytest.fixture
def mae(tmp_path):
    """A masked auto-encoder's folder, with the masking of its training in its configuration."""
    ViTMAEModel(ViTMAEConfig(**TINY, image_size=32, patch_size=8, mask_ratio=0.75)).save_pretrained(
        tmp_path / "mae"
    )
    return tmp_path / "mae"


@pytest.fixture
def bert(tmp_path):
    BertModel(BertConfig(**TINY, vocab_size=len(WORDS))).save_pretrained(tmp_path / "bert")
    write_tokenizer(tmp_path / "bert")
    return tmp_path / "bert"


# -- what is saved loads back


def test_a_folder_of_transformers_gives_the_embeddings_of_transformers_itself(siglip):
    encoder, native = load(SIGLIP, weights=siglip), AutoModel.from_pretrained(siglip).eval()
    x = (pictures().float() / 255 - 0.5) / 0.5
    with torch.no_grad():
        expected = torch.nn.functional.normalize(native.vision_model(x).pooler_output, dim=-1)
    assert torch.allclose(encoder.encode_images(pictures()), expected, atol=1e-6)


def test_a_folder_that_we_save_loads_back_bit_equal_here_and_in_transformers(siglip, tmp_path):
    student = load(SIGLIP, weights=siglip, statistics="clip").student()
    with torch.no_grad():
        inside(student).visual.head.probe += 0.1
    # as after training; attention takes another path, last bits differ, with gradients
    student.model.requires_grad_(False)
    text = student.encode_text(["a bird"])
    again = load(str(student.save(tmp_path / "aligned")))
    assert torch.equal(again.encode_images(pictures()), student.encode_images(pictures()))
    assert torch.equal(again.encode_text(["a bird"]), text)
    assert again.fingerprint == student.fingerprint != load(SIGLIP, weights=siglip).fingerprint
    native = AutoModel.from_pretrained(tmp_path / "aligned")
    assert all(
        torch.equal(a, b)
        for a, b in zip(native.state_dict().values(), inside(student).native.state_dict().values())
    )


def test_a_folder_is_never_written_over(siglip, tmp_path):
    encoder = load(SIGLIP, weights=siglip)
    encoder.save(tmp_path / "aligned")
    with pytest.raises(FileExistsError, match="aligned exists already"):
        encoder.save(tmp_path / "aligned")
    assert not list(tmp_path.glob("*.part"))


def test_random_weights_stay_random_in_a_saved_folder_and_in_a_file(tmp_path, monkeypatch):
    small = ((32, 2, 2, 48, 8, 32), (32, 2, 2, 48))
    monkeypatch.setitem(transformers_configurations.SIGLIP, SIGLIP, small)
    encoder = load(SIGLIP, weights="random")
    for name in ("folder", "r.safetensors"):
        again = load(str(encoder.save(tmp_path / name)))
        assert again.scale == "random" and again.fingerprint == encoder.fingerprint
        # by the stand-in tokenizer: the real one would have to be fetched
        assert torch.equal(again.encode_text(["a bird"]), encoder.encode_text(["a bird"]))


def test_a_timm_file_that_we_save_loads_back_bit_equal_here_and_in_timm(tmp_path):
    student = load(TIMM, weights="random", size=32, statistics="clip").student()
    path = student.save(tmp_path / "aligned.safetensors")
    again = load(str(path))
    assert again.size == 32 and torch.equal(
        again.encode_images(pictures()), student.encode_images(pictures())
    )
    assert again.fingerprint == student.fingerprint
    native = timm.create_model(
        "vit_tiny_patch16_224", num_classes=0, img_size=32, checkpoint_path=str(path)
    )
    assert all(
        torch.equal(a, b)
        for a, b in zip(native.state_dict().values(), student.image_tower.state_dict().values())
    )


def test_an_open_clip_file_keeps_the_size_and_the_statistics_that_it_was_saved_with(tmp_path):
    encoder = load("micro-clip", size=72)
    encoder.image_tower.preprocess_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
    again = load(str(encoder.save(tmp_path / "aligned.safetensors")))
    assert again.size == 72 and again.scale == "micro" and again.fingerprint == encoder.fingerprint
    assert torch.equal(again.encode_images(pictures(72)), encoder.encode_images(pictures(72)))


def loaded_by_its_own_line(encoder, path):
    """What the line for ``path`` makes of the saved encoder, after a look that it holds the same
    weights.
    """
    names = {}
    exec(encoder.how_to_load(encoder.save(path)), names)
    saved = getattr(encoder.model, "native", encoder.model).state_dict()
    made = names["model"].state_dict()
    assert made.keys() == saved.keys() and all(
        torch.equal(made[name], saved[name]) for name in saved
    )
    return names["model"]


@pytest.mark.parametrize("choices", [{}, {"size": 72}, {"size": 72, "statistics": "clip"}])
def test_the_line_for_open_clip_loads_with_size_and_statistics(tmp_path, choices):
    encoder = load("micro-clip", **choices)
    if not choices:
        encoder.image_tower.preprocess_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
    model = loaded_by_its_own_line(encoder, tmp_path / "aligned.safetensors")
    asked = open_clip.get_model_preprocess_cfg(model)
    assert all(asked[key] == encoder.image_tower.preprocess_cfg[key] for key in ("mean", "std"))
    assert asked["size"] in (encoder.size, (encoder.size, encoder.size))


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        (TIMM, {}),
        (TIMM, {"size": 32, "statistics": "clip"}),
        ("timm/convnext_atto", {"size": 32}),
        *[(name, {}) for name in encoders.micro_names() if "timm" in micro_config(name)],
    ],
)
def test_the_line_for_timm_loads_with_size_and_statistics(tmp_path, name, choices):
    encoder = load(name, weights="random", **choices)
    model = loaded_by_its_own_line(encoder, tmp_path / "aligned.safetensors")
    asked = resolve_data_config(model=model)
    assert all(
        asked[key] == tuple(encoder.image_tower.preprocess_cfg[key]) for key in ("mean", "std")
    )
    if hasattr(model, "patch_embed"):
        assert model.patch_embed.img_size == (encoder.size, encoder.size)


def test_the_line_for_transformers_loads_a_folder_there_and_a_file_here(siglip, mae, tmp_path):
    for name, weights, kind in ((SIGLIP, siglip, SiglipModel), (MAE, mae, ViTMAEModel)):
        encoder = load(name, weights=weights)
        assert isinstance(loaded_by_its_own_line(encoder, tmp_path / kind.__name__), kind)
        assert encoder.how_to_load("aligned.safetensors") == (
            "from bap_core import encoders; model = "
            "encoders.load('aligned.safetensors').model.native"
        )


def test_a_common_encoder_has_a_short_line():
    assert load("ViT-B-32:random", device=torch.device("meta")).how_to_load(
        "aligned.safetensors"
    ) == (
        "import open_clip; model = open_clip.create_model('ViT-B-32', "
        "pretrained='aligned.safetensors')"
    )


def test_an_open_clip_model_on_a_timm_tower_loads_back_at_its_size_and_at_another(tmp_path):
    tower = {
        "timm_model_name": "vit_tiny_patch16_224",
        "timm_pool": "token",
        "timm_proj": "none",
        "image_size": 224,
    }
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    (tmp_path / "tiny-on-timm.json").write_text(
        json.dumps({"embed_dim": 192, "vision_cfg": tower, "text_cfg": text})
    )
    open_clip.add_model_config(tmp_path)
    encoder = load("tiny-on-timm:random", size=64)
    path = encoder.save(tmp_path / "aligned.safetensors")
    again = load(str(path))
    assert again.size == 64 and torch.equal(
        again.encode_images(pictures(64)), encoder.encode_images(pictures(64))
    )
    assert load(str(path), size=96).encode_images(pictures(96)).shape == (3, 192)


def test_a_folder_with_open_clips_file_in_it_is_as_good_as_the_file(tmp_path):
    encoder = load("micro-clip")
    save_file(encoder.model.state_dict(), tmp_path / "open_clip_model.safetensors")
    assert load("micro-clip", weights=tmp_path).fingerprint == encoder.fingerprint
    (tmp_path / "open_clip_model.safetensors").unlink()
    with pytest.raises(ValueError, match="holds no weights"):
        load("micro-clip", weights=tmp_path)


def test_a_file_with_a_classification_head_is_read_without_it(tmp_path):
    native: Any = timm.create_model("vit_tiny_patch16_224", num_classes=10).eval()
    torch.save(native.state_dict(), tmp_path / "official.bin")
    encoder = load(TIMM, weights=tmp_path / "official.bin", statistics="clip")
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in checkpoints.STATISTICS["clip"])
    with torch.no_grad():
        features = native.forward_head(
            native.forward_features((pictures(224, n=2) / 255 - mean) / std), pre_logits=True
        )
    expected = torch.nn.functional.normalize(features, dim=-1)
    assert torch.allclose(encoder.encode_images(pictures(224, n=2)), expected, atol=1e-5)


def test_a_masked_convolutional_tower_is_read_without_the_norm_that_it_was_released_without(
    tmp_path,
):
    state = timm.create_model("convnextv2_atto", num_classes=0).state_dict()
    torch.save(
        {name: t for name, t in state.items() if not name.startswith("head.")},
        tmp_path / "fcmae.bin",
    )
    tower = load("timm/convnextv2_atto", weights=tmp_path / "fcmae.bin").image_tower.state_dict()
    assert all(torch.equal(tower[name], tensor) for name, tensor in state.items())


def test_a_file_that_lacks_weights_is_refused_by_every_library(tmp_path, siglip):
    tower = timm.create_model("vit_tiny_patch16_224", num_classes=0).state_dict()
    tower.pop("blocks.3.norm1.weight")
    torch.save(tower, tmp_path / "part.bin")
    with pytest.raises(ValueError, match="cannot be loaded into timm.*blocks.3.norm1.weight"):
        load(TIMM, weights=tmp_path / "part.bin")
    state = load_file(siglip / "model.safetensors")
    state.pop("vision_model.head.probe")
    save_file(state, siglip / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        ValueError, match="no weights for 1 tensors, such as vision_model.head.probe"
    ):
        load(SIGLIP, weights=siglip)


def test_weights_of_ours_are_refused_under_another_name(tmp_path):
    path = load(TIMM, weights="random", size=32).save(tmp_path / "r.safetensors")
    with pytest.raises(
        ValueError, match="cannot be loaded into ViT-B-16: it holds a timm/vit_tiny"
    ):
        load("ViT-B-16", weights=path)


# -- choices


def test_the_three_ways_to_ask_for_random_weights_are_one():
    a, b, c = (
        load("micro-clip:random"),
        load("micro-clip", weights="random"),
        load(f"{TIMM}:random"),
    )
    assert a.fingerprint == b.fingerprint and a.scale == b.scale == c.scale == "random"
    with pytest.raises(ValueError, match="names weights already"):
        load("micro-clip:random", weights="random")


def test_statistics_size_and_pooling_change_embeddings_fingerprint_and_name(siglip, mae):
    native, clip = load(SIGLIP, weights=siglip), load(SIGLIP, weights=siglip, statistics="clip")
    assert not torch.allclose(
        native.encode_images(pictures()), clip.encode_images(pictures()), atol=1e-4
    )
    assert native.image_tower.preprocess_cfg["mean"] == (0.5, 0.5, 0.5)
    larger, mean = load(SIGLIP, weights=siglip, size=48), load(MAE, weights=mae, pooling="mean")
    token = load(MAE, weights=mae)
    assert not torch.allclose(
        mean.encode_images(pictures()), token.encode_images(pictures()), atol=1e-4
    )
    assert len({e.fingerprint for e in (native, clip, larger, mean, token)}) == 5
    assert (clip.name, larger.name, mean.name) == (
        f"{SIGLIP}:{siglip} (CLIP statistics)",
        f"{SIGLIP}:{siglip} (48 px)",
        f"{MAE}:{mae} (mean pooling)",
    )


def test_a_student_keeps_the_choices_of_its_teacher(siglip):
    teacher = load(SIGLIP, weights=siglip, statistics="clip", size=48)
    assert teacher.student().fingerprint == teacher.fingerprint


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"statistics": "imagenet"}, "choices: native, clip"),
        ({"size": 65}, "65 pixels does not divide"),
        ({"size": 0}, "at least one pixel"),
        ({"pooling": "mean"}, "leave pooling='mean' out"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(choice, message):
    with pytest.raises(ValueError, match=message):
        load("micro-clip", **choice)


def test_a_name_of_timm_is_checked_before_its_weights_are_asked_for():
    with pytest.raises(ValueError, match="did you mean .*timm/vit_base_patch16_224"):
        load("timm/vit_bse_patch16_224")
    with pytest.raises(
        ValueError, match="needs weights, as in 'timm/vit_tiny_patch16_224:augreg_in21k'"
    ):
        load(TIMM)
    with pytest.raises(ValueError, match="'nope' is neither a file nor a tag; tags: augreg_in21k"):
        load(f"{TIMM}:nope")
    with pytest.raises(ValueError, match="cannot bring the tower to 8 pixels"):
        load(f"{TIMM}:random", size=8)


def test_a_paper_row_that_is_misspelt_is_answered_with_the_nearest_rows():
    with pytest.raises(ValueError, match="did you mean siglip2-b16"):
        load("siglip2-b6")


def test_weights_with_the_quick_gelu_are_refused_under_the_plain_name():
    for tag in ("openai", "metaclip_fullcc"):
        with pytest.raises(ValueError, match=f"the quick GELU.*load ViT-B-16-quickgelu:{tag}"):
            load(f"ViT-B-16:{tag}")


def test_the_activation_of_a_quick_gelu_row_is_the_quick_one():
    with torch.device("meta"):
        quick = load("openai-b16", weights="random", device=torch.device("meta"))
        exact = load("clip-b16", weights="random", device=torch.device("meta"))
    assert type(inside(quick).visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU"
    assert type(inside(exact).visual.transformer.resblocks[0].mlp.gelu).__name__ == "GELU"


def test_loading_leaves_the_log_and_the_global_generator_as_they_were():
    state, level = torch.get_rng_state(), logging.root.manager.disable
    load("micro-clip:random")
    assert torch.equal(torch.get_rng_state(), state) and logging.root.manager.disable == level


# -- sizes that are not native


def test_a_picture_of_one_colour_embeds_alike_at_every_size_if_positions_are_all_the_same(siglip):
    native = SiglipModel.from_pretrained(siglip)
    with torch.no_grad():
        native.vision_model.embeddings.position_embedding.weight[:] = torch.linspace(-1, 1, 32)
    native.save_pretrained(siglip)
    small, large = load(SIGLIP, weights=siglip), load(SIGLIP, weights=siglip, size=64)
    plain = torch.full((1, 3, 64, 64), 90, dtype=torch.uint8)
    assert torch.allclose(
        small.encode_images(plain[..., :32, :32]), large.encode_images(plain), atol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "position", "size", "patch"),
    [(f"{TIMM}:random", "pos_embed", 112, 16), ("micro-clip", "positional_embedding", 24, 8)],
)
def test_position_embeddings_are_interpolated_over_the_grid(name, position, size, patch):
    usual, resized = load(name).image_tower, load(name, size=size).image_tower
    before, after = (
        getattr(tower, position).reshape(-1, getattr(tower, position).shape[-1])
        for tower in (usual, resized)
    )
    assert len(after) == 1 + (size // patch) ** 2 < len(before)
    assert torch.equal(before[0], after[0]), "the class token has no place on the grid"
    assert torch.allclose(before[1:].mean(0), after[1:].mean(0), atol=0.05)
    others = [name for name, _ in usual.named_parameters() if name != position]
    assert all(
        torch.equal(usual.get_parameter(name), resized.get_parameter(name)) for name in others
    )


# -- SigLIP's text


def test_siglips_text_is_lower_cased_and_padded_on_the_right_to_64(siglip):
    encoder = load(SIGLIP, weights=siglip)
    tokens = inside(encoder).tokens(["A BIRD", "a bird on a pond"])
    assert tokens.shape == (2, 64)
    assert tokens[0, :5].tolist() == [2, 4, 5, 3, 0] and (tokens[0, 4:] == 0).all()
    assert torch.equal(encoder.encode_text(["A BIRD"]), encoder.encode_text(["a bird"]))
    assert inside(encoder).tokens(["bird " * 100]).shape == (1, 64)


def test_a_prompt_embeds_alike_whatever_stands_beside_it(siglip, bert):
    for encoder in (load(SIGLIP, weights=siglip), load(BERT, weights=bert)):
        alone, beside = (
            encoder.encode_text(["a bird"])[0],
            encoder.encode_text(["a bird", "a truck on a pond"])[0],
        )
        assert torch.allclose(alone, beside, atol=1e-5)


def test_the_stand_in_tokenizer_gives_each_word_one_number_within_the_vocabulary():
    tokens = StandInTokens(50, context=4)(["a Bird", "bird a pond truck on"])
    assert tokens.shape == (2, 4) and tokens[0].tolist()[2:] == [0, 0]
    assert (
        tokens[0, 0] == tokens[1, 1]
        and tokens[0, 1] == tokens[1, 0]
        and 0 < tokens[1].min() <= tokens.max() < 50
    )
    assert encoders.tokenizer("ViT-B-16-SigLIP2", stand_in=True)(["a bird"]).shape == (1, 64)


# -- masked auto-encoders and BERT


def test_a_masked_auto_encoder_sees_every_patch_and_draws_nothing(mae):
    encoder, x = load(MAE, weights=mae), pictures(n=1)
    first = encoder.encode_images(x)
    torch.manual_seed(7)
    assert torch.equal(encoder.encode_images(x), first)
    for row in range(4):
        for column in range(4):
            changed = x.clone()
            changed[..., row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] ^= 255
            assert not torch.equal(encoder.encode_images(changed), first), (
                f"patch {row}, {column} is not seen"
            )


@pytest.mark.parametrize("pooling", ["mean", "token", "pooler"])
def test_berts_poolings_are_what_they_say(bert, pooling):
    encoder, native = (
        load(BERT, weights=bert, pooling=pooling),
        AutoModel.from_pretrained(bert).eval(),
    )
    with torch.no_grad():
        output = native(input_ids=torch.tensor([[2, 4, 5, 3]]))
    states = output.last_hidden_state
    expected = {"mean": states.mean(1), "token": states[:, 0], "pooler": output.pooler_output}[
        pooling
    ]
    expected = torch.nn.functional.normalize(expected, dim=-1)
    assert torch.allclose(
        encoder.encode_text(["a bird", "a truck on a pond"])[:1], expected, atol=1e-5
    )


def test_an_encoder_refuses_what_it_has_no_tower_for(bert, mae):
    words, seen = load(BERT, weights=bert), load(MAE, weights=mae)
    for refused in (lambda: words.encode_images(pictures()), lambda: words.size, words.student):
        with pytest.raises(ValueError, match="embeds text only"):
            refused()
    assert words.tally.encoded == 0
    for refused in (words.save, words.how_to_load):
        with pytest.raises(ValueError, match="nothing to save"):
            refused("bert.safetensors")
    for encoder in (seen, load(TIMM, weights="random")):
        with pytest.raises(ValueError, match="no text tower"):
            encoder.encode_text(["a bird"])
    for choice in ({"size": 224}, {"statistics": "clip"}):
        with pytest.raises(ValueError, match="embeds text only: leave"):
            load(BERT, weights=bert, **choice)
    for choices, allowed in (
        ({"name": MAE, "weights": mae, "pooling": "pooler"}, "choices: token, mean"),
        ({"name": "word2vec:random", "pooling": "token"}, "choices: mean"),
        ({"name": f"{TIMM}:random", "pooling": "token"}, "leave pooling='token' out"),
    ):
        with pytest.raises(ValueError, match=allowed):
            load(**choices)
    with pytest.raises(ValueError, match="leave size=224 out"):
        load("word2vec:random", size=224)
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        load(MAE, weights="nowhere")


# -- Word2Vec


def word_vectors():
    vectors = torch.tensor([[2.0, 0, 0], [0, 1, 0], [0, 0, 5]])
    return from_gensim.WordVectors(vectors, {"duck": 0, "pond": 1, "Duck": 2})


def test_a_phrase_is_the_mean_of_its_words_vectors_as_they_are():
    model = word_vectors()
    assert model.encode_text(model.tokens(["duck, pond", "Duck"])).tolist() == [
        [1, 0.5, 0],
        [0, 0, 5],
    ]


def test_words_without_a_vector_are_listed():
    with pytest.raises(ValueError, match=r"2 words have no vector \(goose, lake\)"):
        word_vectors().tokens(["duck goose", "lake"])


def test_random_vectors_are_those_of_their_words():
    encoder = load("word2vec", weights="random")
    duck, pond = encoder.encode_text(["duck", "pond"])
    assert (
        torch.equal(load("word2vec:random").encode_text(["duck"])[0], duck)
        and abs(duck @ pond) < 0.3
    )


def test_the_fingerprint_of_vectors_depends_on_which_word_has_which():
    vectors = torch.eye(2)

    def fingerprint(rows):
        model = from_gensim.WordVectors(vectors, rows)
        return encoders.Encoder(
            "w", "w", model, torch.device("cpu"), torch.float32, "paper"
        ).fingerprint

    assert fingerprint({"duck": 0, "pond": 1}) != fingerprint({"pond": 0, "duck": 1})


def test_without_gensim_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(ImportError, match=r"bap-companion\[words\]"):
        load("word2vec")


@pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="gensim is installed for the tests below Python 3.14"
)
def test_files_in_word2vecs_format_are_read_by_gensim(tmp_path):
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(vector_size=3)
    keyed.add_vectors(["duck", "pond"], [[3.0, 0, 0], [0, 4.0, 0]])
    keyed.save_word2vec_format(str(tmp_path / "w.bin"), binary=True)
    keyed.save_word2vec_format(str(tmp_path / "w.txt"), binary=False)
    for name in ("w.bin", "w.txt"):
        encoder = load("word2vec", weights=tmp_path / name)
        assert encoder.dim == 3 and encoder.encode_text(["pond duck"])[0].tolist() == pytest.approx(
            [0.6, 0.8, 0]
        )
    with pytest.raises(ValueError, match="not a file in word2vec's format"):
        load("word2vec", weights=tmp_path / "w.pkl")


# -- downstream


@pytest.mark.parametrize("kind", ["siglip", "timm"])
def test_a_tower_of_every_library_can_be_aligned(home, siglip, shapes, kind):
    teacher = (
        load(SIGLIP, weights=siglip)
        if kind == "siglip"
        else load("timm/convnext_atto", weights="random", size=32)
    )
    before = teacher.fingerprint
    plan = Contexts(m=4, epochs=6, batch_size=24, seed=0)
    result = pretrain_bap(teacher, shapes, contexts=plan, k=4, lr=1e-3)
    assert result.losses[-1] < 0.7 * result.losses[0] and teacher.fingerprint == before
    if kind == "siglip":
        assert torch.equal(result.encoder.encode_text(["a bird"]), teacher.encode_text(["a bird"]))


def test_the_names_of_transformers_are_those_of_the_table():
    table = {row.name for row in checkpoints.known().values() if row.library == "transformers"}
    assert table == set(transformers_configurations.NAMES)


def test_with_positions_first_a_transformer_gives_what_open_clip_gives():
    saved = str(encoders.MICRO / "micro-clip.safetensors")
    theirs: Any = open_clip.create_model("micro-clip", pretrained=saved).eval()
    ours = inside(load("micro-clip"))
    assert not ours.visual.transformer.batch_first and theirs.visual.transformer.batch_first
    x, tokens = (
        torch.randn(3, 3, 48, 48),
        encoders.tokenizer("micro-clip")(["a duck", "a photo of a lake"]),
    )
    with torch.no_grad():
        assert torch.allclose(ours.encode_image(x), theirs.encode_image(x), atol=1e-5)
        assert torch.allclose(ours.encode_text(tokens), theirs.encode_text(tokens), atol=1e-5)


def test_weights_that_are_no_numbers_are_called_so_with_the_first_tensor(tmp_path):
    encoder = load("micro-clip")
    next(encoder.image_tower.parameters()).data[0] = float("nan")
    path = encoder.save(tmp_path / "broken.safetensors")
    with pytest.raises(ValueError, match=r"broken\.safetensors holds weights that are NaN, first"):
        load(str(path))


def test_a_file_that_does_not_fit_is_refused_in_the_librarys_whole_words(tmp_path):
    path = load("micro-clip").save(tmp_path / "small.safetensors")
    content = load_file(path)
    save_file({name: content[name] for name in list(content)[:3]}, tmp_path / "part.safetensors")
    with pytest.raises(ValueError, match=r"Missing key\(s\).*visual\.proj|visual\.proj.*Missing"):
        load(f"micro-clip:{tmp_path}/part.safetensors")


def test_a_file_from_elsewhere_is_asked_which_gelu_it_was_trained_with(tmp_path):
    model = open_clip.create_model("ViT-B-32")
    save_file(model.state_dict(), tmp_path / "own.safetensors")
    with pytest.warns(UserWarning, match=r"which GELU .* load ViT-B-32-quickgelu:"):
        encoder = load(f"ViT-B-32:{tmp_path}/own.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(str(encoder.save(tmp_path / "ours.safetensors")))


@pytest.mark.parametrize("name", ["aligned.pt", "aligned.bin", "aligned"])
def test_weights_are_saved_under_no_suffix_that_would_not_be_read_back(tmp_path, name):
    with pytest.raises(ValueError, match=r"saved as a file that ends in \.safetensors"):
        load("micro-clip").save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_home_folder_in_a_path_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load("micro-clip").save("~/a.safetensors") == tmp_path / "a.safetensors"
