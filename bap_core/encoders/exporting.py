"""An encoder as a folder that another library reads with its own function, without this package.

- open_clip: ``open_clip.create_model("local-dir:FOLDER")``;
- transformers: ``CLIPModel.from_pretrained(FOLDER)`` for open_clip's transformers, or the model's
  own class;
- timm: ``timm.create_model("local-dir:FOLDER", pretrained=True, num_classes=0)``.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import open_clip
from open_clip import CLIP
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from safetensors.torch import save_file
from torch import Tensor, nn

from bap_core import store
from bap_core.encoders.backends import shape
from bap_core.encoders.backends.from_timm import Pictures
from bap_core.encoders.encoder import Encoder


def export(encoder: Encoder, folder: str | Path, *, to: str) -> str:
    """Write ``encoder`` for the library ``to``, whole or not at all; returns the line of Python
    that loads it as ``model``.

    ValueError for a library that has no such model, with those that have it.
    """
    ways = _ways(encoder)
    if to not in ways:
        known = ", ".join(ways) or "none of the libraries that are written for"
        raise ValueError(f"{encoder.name} cannot be written for {to!r}; it can be for: {known}")
    with store.atomic_folder(folder) as temporary:
        line = ways[to](encoder, temporary)
    return line.format(repr(str(folder)), folder)


def libraries(encoder: Encoder) -> list[str]:
    """The libraries that `export` can write ``encoder`` for; none for a model that they lack."""
    return list(_ways(encoder))


def _ways(encoder: Encoder) -> dict[str, Callable[[Encoder, Path], str]]:
    """Which libraries an encoder can be written for, and how."""
    model = encoder.model
    if isinstance(model, Pictures):
        return {"timm": _to_timm}
    if isinstance(model, shape.FolderModel):
        return {"transformers": _to_its_own_folder}
    if not hasattr(model, "visual") or open_clip.get_model_config(encoder.architecture) is None:
        return {}
    plain = type(model) is CLIP and type(model.visual) is VisionTransformer and _is_plain(model)
    return {"open_clip": _to_open_clip} | ({"transformers": _to_clip} if plain else {})


def _is_plain(model: CLIP) -> bool:
    """Whether transformers' CLIP computes the same: blocks as in the original, the class token."""
    visual: Any = model.visual  # whose parts open_clip does not declare
    blocks = [*visual.transformer.resblocks, *model.transformer.resblocks]
    usual = all(type(block) is ResidualAttentionBlock for block in blocks)
    scaled = any(not isinstance(block.ls_1, nn.Identity) for block in blocks)
    return usual and not scaled and visual.attn_pool is None and visual.pool_type == "tok"


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return {name: t.detach().cpu().contiguous() for name, t in module.state_dict().items()}


def _statistics(encoder: Encoder) -> dict[str, list[float]]:
    used = shape.statistics(encoder.image_tower)
    return {name: list(values) for name, values in used.items()}


def _to_open_clip(encoder: Encoder, folder: Path) -> str:
    config = deepcopy(open_clip.get_model_config(encoder.architecture)) or {}
    config["vision_cfg"]["image_size"] = encoder.size
    used = {**_statistics(encoder), "interpolation": "bicubic", "resize_mode": "shortest"}
    told = {"model_cfg": config, "preprocess_cfg": used}
    (folder / "open_clip_config.json").write_text(json.dumps(told, indent=2))
    save_file(_tensors(encoder.model), folder / "open_clip_model.safetensors")
    return "import open_clip; model = open_clip.create_model('local-dir:{1}')"


def _to_its_own_folder(encoder: Encoder, folder: Path) -> str:
    model: Any = encoder.model
    model.write(folder)
    kind = type(shape.unwrap(model)).__name__
    return f"import transformers; model = transformers.{kind}.from_pretrained({{0}})"


def _to_timm(encoder: Encoder, folder: Path) -> str:
    from timm.models import save_for_hf

    used = {**_statistics(encoder), "input_size": (3, encoder.size, encoder.size)}
    save_for_hf(encoder.image_tower, str(folder), safe_serialization=True, data_config=used)
    return "import timm; model = timm.create_model('local-dir:{1}', pretrained=True, num_classes=0)"


def _to_clip(encoder: Encoder, folder: Path) -> str:
    from transformers import CLIPConfig, CLIPModel

    config = open_clip.get_model_config(encoder.architecture) or {}
    act = {"hidden_act": "quick_gelu" if config.get("quick_gelu") else "gelu"}
    model: Any = encoder.model
    visual: Any = encoder.image_tower
    told = CLIPConfig(
        projection_dim=config["embed_dim"],
        vision_config={
            **_sizes(visual.transformer, act),
            "image_size": encoder.size,
            "patch_size": visual.conv1.kernel_size[0],
        },
        text_config={
            **_sizes(model.transformer, act),
            "vocab_size": model.vocab_size,
            "max_position_embeddings": model.context_length,
            "bos_token_id": 49406,
            "eos_token_id": 49407,
            "pad_token_id": 0,
        },
    )
    written = CLIPModel(told)
    renamed = rename_for_clip(_tensors(model))
    written.load_state_dict(renamed, strict=True)
    written.save_pretrained(folder)
    _write_processing(encoder, model.context_length, folder)
    return "import transformers; model = transformers.CLIPModel.from_pretrained({0})"


def _sizes(transformer: Any, act: dict) -> dict:
    block = transformer.resblocks[0]
    return {
        "hidden_size": transformer.width,
        "num_hidden_layers": len(transformer.resblocks),
        "num_attention_heads": block.attn.num_heads,
        "intermediate_size": block.mlp.c_fc.out_features,
        **act,
    }


def _write_processing(encoder: Encoder, length: int, folder: Path) -> None:
    """The tokenizer, which is open_clip's byte-pair one, and what pictures are brought to."""
    from transformers import CLIPImageProcessor, CLIPTokenizer

    known = open_clip.SimpleTokenizer(context_length=length)
    merges: Any = sorted(known.bpe_ranks, key=known.bpe_ranks.__getitem__)
    # the two marks are the last of the vocabulary, and transformers spells them in its own way
    words = {word: row for word, row in known.encoder.items() if row not in known.all_special_ids}
    words |= dict(zip(("<|startoftext|>", "<|endoftext|>"), known.all_special_ids))
    CLIPTokenizer(vocab=words, merges=merges, model_max_length=length).save_pretrained(folder)
    used, size = _statistics(encoder), encoder.size
    CLIPImageProcessor(
        size={"shortest_edge": size},
        crop_size={"height": size, "width": size},
        image_mean=used["mean"],
        image_std=used["std"],
    ).save_pretrained(folder)


_PARTS = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.ln_pre": "vision_model.pre_layrnorm",  # as transformers spells it
    "visual.transformer.resblocks": "vision_model.encoder.layers",
    "visual.ln_post": "vision_model.post_layernorm",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "transformer.resblocks": "text_model.encoder.layers",
    "ln_final": "text_model.final_layer_norm",
    "logit_scale": "logit_scale",
}
_IN_BLOCKS = {
    ".ln_1.": ".layer_norm1.",
    ".ln_2.": ".layer_norm2.",
    ".attn.out_proj.": ".self_attn.out_proj.",
    ".mlp.c_fc.": ".mlp.fc1.",
    ".mlp.c_proj.": ".mlp.fc2.",
}
# buffers, and a bias of the sigmoid loss, which no embedding depends on
_LEFT_OUT = ("attn_mask", "logit_bias")


def rename_for_clip(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """open_clip's weights of a plain CLIP under the names of transformers."""
    renamed = {}
    for name, tensor in tensors.items():
        if name in _LEFT_OUT:
            continue
        if name in ("visual.proj", "text_projection"):
            place = "visual_projection" if name == "visual.proj" else "text_projection"
            renamed[f"{place}.weight"] = tensor.T.contiguous()
            continue
        start = next(part for part in _PARTS if name == part or name.startswith(f"{part}."))
        new = _PARTS[start] + name[len(start) :]
        for old, its in _IN_BLOCKS.items():
            new = new.replace(old, its)
        if ".attn.in_proj_" in new:
            before, _, kind = new.partition(".attn.in_proj_")
            for letter, part in zip("qkv", tensor.chunk(3)):
                renamed[f"{before}.self_attn.{letter}_proj.{kind}"] = part.contiguous()
            continue
        renamed[new] = tensor
    return renamed
