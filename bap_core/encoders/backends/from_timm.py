"""timm: the supervised and self-supervised image towers of Table 1. They have no text tower.

Their embedding is timm's pooled feature: the class token after the last norm of a ViT, the mean
over the map of a ConvNeXt, normalised. The classification head is left out. Two micro encoders are
timm models of their own size.
"""

import difflib
import inspect
import sys
from functools import partial
from pathlib import Path

import timm
from torch import Tensor, nn

from bap_core.encoders import checkpoints
from bap_core.encoders.backends.common import micro_config, weights_file


class Pictures(nn.Module):
    """A timm model without its head, in the shape that `backends` describes."""

    pooling = None

    def __init__(self, native: nn.Module):
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
    if pooling:
        raise ValueError(f"{name} is used with timm's own pooling; leave pooling={pooling!r} out")
    architecture, path = name.removeprefix("timm/"), Path(weights).expanduser()
    if weights == "random":
        native = _resized(_blank(architecture), size)
    elif weights in tags(name):
        native = _resized(_fetched(architecture, weights), size)
    elif path.exists():
        native = _from_file(architecture, path, size)
    else:
        raise ValueError(
            f"{name}: {weights!r} is neither a file nor a tag; tags: "
            f"{', '.join(tags(name)) or 'none'}"
        )
    return _wrapped(native, size)


def random(config: dict) -> Pictures:
    """A micro tower with fresh weights. config: ``timm``, the name of its model there, and
    arguments of that model.
    """
    return _wrapped(_from_config(config), None)


def how_to_load(model: Pictures, architecture: str, path: Path) -> str:
    """Python that loads the saved file with timm, at its size and with its statistics where they
    are not the usual.
    """
    arguments = {**micro_config(architecture)}
    name = arguments.pop("timm", architecture.removeprefix("timm/"))
    usual = {
        **timm.get_pretrained_cfg(name).to_dict(),
        **arguments.get("pretrained_cfg_overlay", {}),
    }
    if (
        hasattr(model.visual, "set_input_size")
        and model.visual.image_size != usual["input_size"][-1]
    ):
        arguments["img_size"] = model.visual.image_size
    statistics = {key: tuple(model.visual.preprocess_cfg[key]) for key in ("mean", "std")}
    if statistics != {key: tuple(usual[key]) for key in statistics}:
        arguments["pretrained_cfg_overlay"] = {
            **arguments.get("pretrained_cfg_overlay", {}),
            **statistics,
        }
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
        near = [
            f"timm/{found}"
            for found in difflib.get_close_matches(architecture, timm.list_models(), n=3)
        ]
        raise ValueError(
            f"unknown encoder {name!r}: timm has no {architecture}"
            f"{'; did you mean ' + ' or '.join(near) + '?' if near else ''}"
        )
    return [tagged.partition(".")[2] for tagged in timm.list_pretrained(f"{architecture}.*")]


def _wrapped(native: nn.Module, size: int | None) -> Pictures:
    trained = native.pretrained_cfg
    native.image_size = size or trained["input_size"][-1]
    native.preprocess_cfg = {"mean": trained["mean"], "std": trained["std"]}
    return Pictures(native)


def _blank(architecture: str) -> nn.Module:
    config = micro_config(architecture)
    return _from_config(config) if config else timm.create_model(architecture, num_classes=0)


def _from_config(config: dict) -> nn.Module:
    arguments = {name: value for name, value in config.items() if name != "timm"}
    return timm.create_model(config["timm"], num_classes=0, **arguments)


def _fetched(architecture: str, tag: str) -> nn.Module:
    try:
        return timm.create_model(f"{architecture}.{tag}", pretrained=True, num_classes=0)
    except Exception as error:
        fetch = f"import timm; timm.create_model('{architecture}.{tag}', pretrained=True)"
        raise checkpoints.missing(f"timm/{architecture}", tag, error, fetch=fetch) from error


def _from_file(architecture: str, path: Path, size: int | None) -> nn.Module:
    """Every weight must be in the file, except the last norm of an FCMAE tower, which was
    released without one.
    """
    native = _resized(_blank(architecture), size)
    try:
        state = _as_timm(architecture)(timm.models.load_state_dict(str(weights_file(path))), native)
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
    except Exception as error:
        raise ValueError(
            f"{path} cannot be loaded into timm/{architecture}: {str(error).splitlines()[0]}"
        ) from error
    return native


def _as_timm(architecture: str):
    """timm's own translation of a file's names and position grid into those of a model."""
    known = micro_config(architecture).get("timm", architecture)
    translate = sys.modules[timm.models.model_entrypoint(known).__module__].checkpoint_filter_fn
    if "adapt_layer_scale" in inspect.signature(translate).parameters:
        return partial(translate, adapt_layer_scale=True)  # DeiT III's released names
    return translate


def _resized(native: nn.Module, size: int | None) -> nn.Module:
    if size and hasattr(native, "set_input_size"):  # a convolutional tower takes any size as it is
        try:
            native.set_input_size(img_size=size)
        except (RuntimeError, AssertionError) as error:
            raise ValueError(f"timm cannot bring the tower to {size} pixels: {error}") from error
    return native
