"""timm: the supervised and self-supervised image towers of Table 1. They have no text tower.

Their embedding is timm's pooled feature: the class token after the last norm of a ViT, the mean
over the map of a ConvNeXt, normalised. The classification head is left out. Two micro encoders are
timm models of their own size.
"""

import inspect
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import timm
from timm.models import PretrainedCfg, load_state_dict, model_entrypoint
from torch import Tensor, nn

from bap_core.encoders.backends.common import micro_config, weights_file
from bap_core.encoders.backends.refusals import (
    choose_pooling,
    fetching,
    loading,
    suggest,
    unknown_tag,
)
from bap_core.encoders.backends.shape import ImageModel, ImageTower, side, statistics


class Tower(ImageTower):
    """Like `ImageTower` a name for the type checker only: what timm writes onto its models."""

    pretrained_cfg: dict
    num_features: int  # D, the length of an embedding
    # a convolutional tower has none, and takes any size as it is
    set_input_size: Callable[..., None]


class Pictures(nn.Module):
    """A timm model without its head, in the shape that `backends.shape` describes."""

    pooling = None
    visual: Tower

    def __init__(self, native: Tower):
        super().__init__()
        self.visual = native

    @property
    def native(self) -> nn.Module:
        """timm's own module."""
        return self.visual

    def encode_image(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) float -> (B, D)."""
        return self.visual(x)


def create(name: str, weights: str, *, size: int | None, pooling: str | None) -> Pictures:
    """The tower ``timm/NAME`` at ``size`` pixels or its native size, with positions interpolated if
    these differ.

    ValueError for a tag that timm does not have, or a file that does not fit; FileNotFoundError for
    a tag that cannot be fetched.
    """
    choose_pooling(name, pooling)
    architecture, path = name.removeprefix("timm/"), Path(weights).expanduser()
    if weights == "random":
        native = _resize(_build(architecture), size)
    elif weights in tags(name):
        native = _resize(_fetch(architecture, weights), size)
    elif path.exists():
        native = _from_file(architecture, path, size)
    else:
        raise unknown_tag(name, weights, tags(name))
    return _wrap(native, size)


def random(config: dict) -> Pictures:
    """A micro tower with fresh weights. config: ``timm``, the name of its model there, and
    arguments of that model.
    """
    return _wrap(_from_config(config), None)


def how_to_load(model: ImageModel, architecture: str, path: Path) -> str:
    """Python that loads the saved file with timm, at its size and with its statistics where they
    are not the usual.
    """
    arguments = {**micro_config(architecture)}
    name = arguments.pop("timm", architecture.removeprefix("timm/"))
    overlay = arguments.get("pretrained_cfg_overlay", {})
    released = cast(PretrainedCfg, timm.get_pretrained_cfg(name))  # every model of timm has one
    usual = {**released.to_dict(), **overlay}
    size, used = side(model.visual), statistics(model.visual)
    if hasattr(model.visual, "set_input_size") and size != usual["input_size"][-1]:
        arguments["img_size"] = size
    if used != {key: tuple(usual[key]) for key in used}:
        arguments["pretrained_cfg_overlay"] = {**overlay, **used}
    listed = "".join(f"{key}={value!r}, " for key, value in arguments.items())
    call = f"timm.create_model({name!r}, num_classes=0, {listed}checkpoint_path={str(path)!r})"
    return f"import timm; model = {call}"


def tags(name: str) -> list[str]:
    """The pre-trained tags of ``timm/NAME``. ValueError, with near names, if timm does not have
    it.
    """
    architecture = name.removeprefix("timm/")
    if micro_config(architecture):
        return []
    if not timm.is_model(architecture):
        hint = suggest(architecture, timm.list_models(), prefix="timm/")
        raise ValueError(
            f"unknown encoder {name!r}: timm has no {architecture}{'; ' + hint if hint else ''}"
        )
    return [tagged.partition(".")[2] for tagged in timm.list_pretrained(f"{architecture}.*")]


def _wrap(native: Tower, size: int | None) -> Pictures:
    trained = native.pretrained_cfg
    native.image_size = size or trained["input_size"][-1]
    native.preprocess_cfg = {"mean": trained["mean"], "std": trained["std"]}
    return Pictures(native)


def _create(name: str, **arguments) -> Tower:
    return cast(Tower, timm.create_model(name, num_classes=0, **arguments))


def _build(architecture: str) -> Tower:
    config = micro_config(architecture)
    return _from_config(config) if config else _create(architecture)


def _from_config(config: dict) -> Tower:
    arguments = {name: value for name, value in config.items() if name != "timm"}
    return _create(config["timm"], **arguments)


def _fetch(architecture: str, tag: str) -> Tower:
    by = f"import timm; timm.create_model('{architecture}.{tag}', pretrained=True)"
    with fetching(f"timm/{architecture}", tag, by=by):
        return _create(f"{architecture}.{tag}", pretrained=True)


def _from_file(architecture: str, path: Path, size: int | None) -> Tower:
    """Every weight must be in the file, except the last norm of an FCMAE tower, which was
    released without one.
    """
    native = _resize(_build(architecture), size)
    with loading(path, f"timm/{architecture}"):
        state = _as_timm(architecture)(load_state_dict(str(weights_file(path))), native)
        heads = native.pretrained_cfg["classifier"] or ()
        heads = (heads,) if isinstance(heads, str) else heads
        state = {
            name: tensor for name, tensor in state.items() if name.rpartition(".")[0] not in heads
        }
        keys = native.load_state_dict(state, strict=False)
        if wrong := sorted(
            {*keys.missing_keys, *keys.unexpected_keys} - {"head.norm.weight", "head.norm.bias"}
        ):
            raise ValueError(f"{len(wrong)} names of weights differ, such as {wrong[0]}")
    return native


def _as_timm(architecture: str) -> Callable[..., dict[str, Tensor]]:
    """timm's own translation of a file's names and position grid into those of a model."""
    known = micro_config(architecture).get("timm", architecture)
    translate = sys.modules[model_entrypoint(known).__module__].checkpoint_filter_fn
    if "adapt_layer_scale" in inspect.signature(translate).parameters:
        return partial(translate, adapt_layer_scale=True)  # DeiT III's released names
    return translate


def _resize(native: Tower, size: int | None) -> Tower:
    if size and hasattr(native, "set_input_size"):
        try:
            native.set_input_size(img_size=size)
        except (RuntimeError, AssertionError) as error:
            raise ValueError(f"timm cannot bring the tower to {size} pixels: {error}") from error
    return native
