"""open_clip: the CLIP models of the paper, and the micro encoders that ship with the package.

open_clip's own models have the shape that `backends` describes, so nothing is wrapped here.
"""

import logging
from pathlib import Path

import open_clip
import torch
from open_clip.model import resize_pos_embed
from open_clip.transformer import ResidualAttentionBlock, Transformer

from bap_core.encoders import checkpoints
from bap_core.encoders.backends.common import (
    MICRO,
    StandInTokens,
    micro_config,
    micro_names,
    settings,
    weights_file,
)


def create(
    architecture: str, weights: str, *, size: int | None, pooling: str | None
) -> torch.nn.Module:
    """The open_clip model of an architecture; its input is ``size`` pixels or what the architecture
    says.

    ValueError for a tag that does not exist, whose activation is another one, or a file that does
    not fit; FileNotFoundError for a tag that cannot be fetched.
    """
    if pooling:
        raise ValueError(
            f"{architecture} pools its outputs in one way only; leave pooling={pooling!r} out"
        )
    if weights == "random":
        return _quietly(architecture, None, size)
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if weights not in tags and Path(weights).expanduser().exists():
        return _from_file(architecture, Path(weights).expanduser(), size)
    _check_tag(architecture, weights, tags)
    try:
        return _quietly(architecture, weights, size)
    except Exception as error:
        fetch = f"import open_clip; open_clip.create_model('{architecture}', '{weights}')"
        raise checkpoints.missing(architecture, weights, error, fetch=fetch) from error


def tokenizer(architecture: str, *, stand_in: bool = False):
    """open_clip's tokenizer of an architecture: called with a list of T texts it gives (T, context
    length) int64.

    The micro encoders all use open_clip's byte-pair one; by their names alone, open_clip would give
    the sigmoid ones a tokenizer that has to be downloaded. stand_in: for random weights, words by
    number instead of such a download.
    """
    text = open_clip.get_model_config(architecture)["text_cfg"]
    if micro_config(architecture):
        return open_clip.SimpleTokenizer(context_length=text["context_length"])
    if stand_in and "hf_tokenizer_name" in text:
        return StandInTokens(text["vocab_size"], context=text["context_length"])
    try:
        return open_clip.get_tokenizer(architecture)
    except Exception as error:
        fetch = f"import open_clip; open_clip.get_tokenizer('{architecture}')"
        raise checkpoints.missing(architecture, "tokenizer", error, fetch=fetch) from error


def how_to_load(model: torch.nn.Module, architecture: str, path: Path) -> str:
    """Python that loads the saved file with open_clip, at its size and with its statistics where
    they are not the usual.
    """
    size, native = (
        model.visual.image_size,
        open_clip.get_model_config(architecture)["vision_cfg"]["image_size"],
    )
    size = size[0] if isinstance(size, (tuple, list)) else size
    statistics = {key: tuple(model.visual.preprocess_cfg[key]) for key in ("mean", "std")}
    usual = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
    arguments = [repr(architecture), f"pretrained={str(path)!r}"]
    arguments += [f"force_image_size={size}"] * (size != native) + [
        f"force_preprocess_cfg={statistics}"
    ] * (statistics != usual)
    known = (
        "from bap_core import encoders; encoders.register_micro(); "
        if micro_config(architecture)
        else ""
    )
    return f"{known}import open_clip; model = open_clip.create_model({', '.join(arguments)})"


def register_micro() -> None:
    """Tell open_clip about the micro architectures with words, so that its ``create_model``
    knows their names.
    """
    if not {name for name in micro_names() if "text_cfg" in micro_config(name)} <= set(
        open_clip.list_models()
    ):
        open_clip.add_model_config(MICRO)


def _check_tag(architecture: str, tag: str, tags: list[str]) -> None:
    """Refuse a tag that does not exist, and one trained with the quick GELU under a name without
    it or the reverse.
    """
    if tag not in tags:
        raise ValueError(
            f"{architecture}: {tag!r} is neither a file nor a tag; tags: "
            f"{', '.join(tags) or 'none'}"
        )
    trained = open_clip.get_pretrained_cfg(architecture, tag).get("quick_gelu", False)
    if trained != open_clip.get_model_config(architecture).get("quick_gelu", False):
        other = f"{architecture}-quickgelu" if trained else architecture.removesuffix("-quickgelu")
        raise ValueError(
            f"the weights {tag!r} were trained with "
            f"{'the quick' if trained else 'the exact'} GELU, which "
            f"{architecture} does not compute: load {other}:{tag}"
        )


def _from_file(architecture: str, path: Path, size: int | None) -> torch.nn.Module:
    """Filled at the size that the file was saved at, then brought to ``size``.

    In one step open_clip would interpolate in the file's number format, and in bfloat16 a CPU
    cannot.
    """
    try:
        model = _quietly(architecture, None, settings(path).get("size"))
        open_clip.load_checkpoint(model, str(weights_file(path)))
    except Exception as error:
        raise ValueError(
            f"{path} cannot be loaded into {architecture}: {str(error).splitlines()[0]}"
        ) from error
    if not size:
        return model
    if hasattr(model.visual, "set_input_size"):  # a tower of timm inside open_clip
        model.visual.set_input_size(size)
        return model
    other, state = _quietly(architecture, None, size), model.state_dict()
    resize_pos_embed(state, other)
    other.load_state_dict(state)
    return other


def _quietly(architecture: str, tag: str | None, size: int | None) -> torch.nn.Module:
    """open_clip and the hub tell their troubles to the log."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        return _positions_first(
            open_clip.create_model(
                architecture,
                pretrained=tag,
                force_image_size=size,
                device=torch.get_default_device(),
            )
        )
    finally:
        logging.disable(level)


def _positions_first(model: torch.nn.Module) -> torch.nn.Module:
    """The same model, computing with (positions, pictures, width) inside its transformers.

    torch's attention turns (pictures, positions, width) that way without moving it in memory, and
    to multiply such an input in bfloat16 a CPU copies the weights once per position: measured 19
    times slower for ViT-B/16.
    """
    for transformer in (module for module in model.modules() if type(module) is Transformer):
        if all(type(block) is ResidualAttentionBlock for block in transformer.resblocks):
            transformer.batch_first = False
            for block in transformer.resblocks:
                block.attn.batch_first = False
    return model
