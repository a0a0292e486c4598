"""open_clip: the CLIP models of the paper, and the micro encoders that ship with the package.

open_clip's own models have the shape that `backends.shape` describes, so nothing is wrapped here.
"""

import logging
import warnings
from pathlib import Path
from typing import cast

import open_clip
import torch
from open_clip import CLIP, CustomTextCLIP
from open_clip.model import resize_pos_embed
from open_clip.transformer import ResidualAttentionBlock, Transformer

from bap_core.encoders.backends.common import (
    MICRO,
    micro_config,
    micro_names,
    settings,
    weights_file,
)
from bap_core.encoders.backends.from_timm import Tower
from bap_core.encoders.backends.refusals import choose_pooling, fetching, loading, unknown_tag
from bap_core.encoders.backends.shape import ImageModel, Tokenizer, side, statistics
from bap_core.encoders.backends.tokens import StandInTokens


def create(
    architecture: str, weights: str, *, size: int | None, pooling: str | None
) -> CLIP | CustomTextCLIP:
    """The open_clip model of an architecture; its input is ``size`` pixels or what the architecture
    says.

    ValueError for a tag that does not exist, whose activation is another one, or a file that does
    not fit; FileNotFoundError for a tag that cannot be fetched.
    """
    choose_pooling(architecture, pooling)
    if weights == "random":
        return _quietly(architecture, None, size)
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if weights not in tags and Path(weights).expanduser().exists():
        return _from_file(architecture, Path(weights).expanduser(), size)
    _check_tag(architecture, weights, tags)
    by = f"import open_clip; open_clip.create_model('{architecture}', '{weights}')"
    with fetching(architecture, weights, by=by):
        return _quietly(architecture, weights, size)


def tokenizer(architecture: str, *, stand_in: bool = False) -> Tokenizer:
    """open_clip's tokenizer of an architecture: called with a list of T texts it gives (T, context
    length) int64.

    The micro encoders all use open_clip's byte-pair one; by their names alone, open_clip would give
    the sigmoid ones a tokenizer that has to be downloaded. stand_in: for random weights, words by
    number instead of such a download.
    """
    text = _config(architecture)["text_cfg"]
    if micro_config(architecture):
        return open_clip.SimpleTokenizer(context_length=text["context_length"])
    if stand_in and "hf_tokenizer_name" in text:
        return StandInTokens(text["vocab_size"], context=text["context_length"])
    by = f"import open_clip; open_clip.get_tokenizer('{architecture}')"
    with fetching(architecture, "tokenizer", by=by):
        return open_clip.get_tokenizer(architecture)


def how_to_load(model: ImageModel, architecture: str, path: Path) -> str:
    """Python that loads the saved file with open_clip, at its size and with its statistics where
    they are not the usual.
    """
    size, used = side(model.visual), statistics(model.visual)
    usual = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
    arguments = [repr(architecture), f"pretrained={str(path)!r}"]
    if size != _config(architecture)["vision_cfg"]["image_size"]:
        arguments.append(f"force_image_size={size}")
    if used != usual:
        arguments.append(f"force_preprocess_cfg={used}")
    ours = bool(micro_config(architecture))
    known = "from bap_core import encoders; encoders.register_micro(); " if ours else ""
    return f"{known}import open_clip; model = open_clip.create_model({', '.join(arguments)})"


def register_micro() -> None:
    """Tell open_clip about the micro architectures with words, so that its ``create_model``
    knows their names.
    """
    if not {name for name in micro_names() if "text_cfg" in micro_config(name)} <= set(
        open_clip.list_models()
    ):
        open_clip.add_model_config(MICRO)


def _config(architecture: str) -> dict:
    """open_clip's own, of an architecture that it has."""
    return cast(dict, open_clip.get_model_config(architecture))


def _check_tag(architecture: str, tag: str, tags: list[str]) -> None:
    """Refuse a tag that does not exist, and one trained with the quick GELU under a name without
    it or the reverse.
    """
    if tag not in tags:
        raise unknown_tag(architecture, tag, tags)
    trained = open_clip.get_pretrained_cfg(architecture, tag).get("quick_gelu", False)
    if trained != _config(architecture).get("quick_gelu", False):
        other = f"{architecture}-quickgelu" if trained else architecture.removesuffix("-quickgelu")
        raise ValueError(
            f"the weights {tag!r} were trained with "
            f"{'the quick' if trained else 'the exact'} GELU, which "
            f"{architecture} does not compute: load {other}:{tag}"
        )


def _warn_of_activation(architecture: str, path: Path) -> None:
    """A file does not say which GELU its weights were trained with, and with the other one they
    load without a word.
    """
    plain = architecture.removesuffix("-quickgelu")
    quick = f"{plain}-quickgelu"
    if quick in open_clip.list_models():
        other, computes = (plain, "the quick") if architecture == quick else (quick, "the exact")
        warnings.warn(
            f"{path} does not say which GELU it was trained with; {architecture} computes "
            f"{computes} one. OpenAI, MetaCLIP and DFN trained with the quick one, LAION and "
            f"DataComp with the exact one: if that is wrong, load {other}:{path}",
            UserWarning,
            stacklevel=2,
        )


def _from_file(architecture: str, path: Path, size: int | None) -> CLIP | CustomTextCLIP:
    """Filled at the size that the file was saved at, then brought to ``size``.

    In one step open_clip would interpolate in the file's number format, and in bfloat16 a CPU
    cannot.
    """
    if not settings(path):
        _warn_of_activation(architecture, path)
    with loading(path, architecture):
        model = _quietly(architecture, None, settings(path).get("size"))
        open_clip.load_checkpoint(model, str(weights_file(path)))
    if not size:
        return model
    if hasattr(model.visual, "set_input_size"):  # a tower of timm inside open_clip
        cast(Tower, model.visual).set_input_size(size)
        return model
    other, state = _quietly(architecture, None, size), model.state_dict()
    resize_pos_embed(state, other)
    other.load_state_dict(state)
    return other


def _quietly(architecture: str, tag: str | None, size: int | None) -> CLIP | CustomTextCLIP:
    """open_clip and the hub tell their troubles to the log."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        model = open_clip.create_model(
            architecture, pretrained=tag, force_image_size=size, device=torch.get_default_device()
        )
    finally:
        logging.disable(level)
    _put_positions_first(model)
    return cast(CLIP | CustomTextCLIP, model)


def _put_positions_first(model: torch.nn.Module) -> None:
    """Let the model compute with (positions, pictures, width) inside its transformers.

    torch's attention turns (pictures, positions, width) that way without moving it in memory, and
    to multiply such an input in bfloat16 a CPU copies the weights once per position: measured 19
    times slower for ViT-B/16.
    """
    for transformer in (module for module in model.modules() if type(module) is Transformer):
        blocks = [b for b in transformer.resblocks if type(b) is ResidualAttentionBlock]
        if len(blocks) == len(transformer.resblocks):
            transformer.batch_first = False
            for block in blocks:
                block.attn.batch_first = False
