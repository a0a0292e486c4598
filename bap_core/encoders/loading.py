"""From a name to an encoder.

Names are ``NAME`` or
``NAME:WEIGHTS``:

- ``micro-clip``: a small encoder that ships with the package;
- ``clip-b16``, ``siglip2-l16``, ``dinov2-b14``: a checkpoint of the paper (`checkpoints.table`
  lists them), at the input size that the paper uses;
- ``ViT-B-16:laion2b_s34b_b88k``: an open_clip architecture with a pre-trained tag;
- ``timm/vit_base_patch16_224:augreg_in1k``: a timm architecture with a tag, for pictures only;
- ``google/siglip2-base-patch16-224``, ``bert-base-uncased``: a name of the hub, through
  transformers;
- ``ViT-B-16:random``: the same architecture with random weights;
- ``ViT-B-16:weights.safetensors``: the same architecture with weights from a local file, or a
  folder;
- ``aligned.safetensors``: a file or folder that `Encoder.save` wrote, which names its architecture
  itself.
"""

from pathlib import Path

import torch

from bap_core import contents, runtime
from bap_core.encoders import backends, checkpoints, names
from bap_core.encoders.backends import shape
from bap_core.encoders.backends.common import micro_names
from bap_core.encoders.backends.from_open_clip import register_micro
from bap_core.encoders.encoder import Encoder


def load(
    name: str,
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    statistics: str = "native",
    pooling: str | None = None,
    device: torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Encoder:
    """Encoder for a row of the paper, ``NAME`` or ``NAME:WEIGHTS`` (see the module's text).

    weights: a tag, a local file or folder, or "random"; another way to write NAME:WEIGHTS. size:
    side of the input in pixels; position embeddings are interpolated where the weights have another
    one. statistics: "native", those that the weights were trained or saved with, or "clip", which
    the paper says it gives every encoder (M.1). pooling: for masked auto-encoders "token" (default)
    or "mean", for BERT "mean" (default), "token" or "pooler". device and dtype default to
    `runtime.device` and `runtime.compute_dtype`, but the micro encoders compute in float32
    everywhere: half of their small steps would be casting, and a book made on another processor
    shows the same numbers but for rounding. On the meta device an encoder has shapes but no values.

    ValueError for a name, weights or a choice that do not exist, with the nearest ones, and for
    weights that are not finite;
    FileNotFoundError when weights have to be downloaded and cannot be.
    """
    register_micro()
    if statistics not in ("native", "clip"):
        raise ValueError(f"statistics={statistics!r}; choices: native, clip")
    if size is not None and size < 1:
        raise ValueError(f"size={size} must be at least one pixel")
    device, wanted = device or runtime.device(), names.resolve(name, weights)
    _note_files(wanted.weights)
    model = _build(
        wanted, size=size, pooling=pooling, on="meta" if device.type == "meta" else "cpu"
    )
    _set_statistics(model, wanted, statistics)
    if Path(wanted.weights).expanduser().exists() and device.type != "meta":
        _refuse_broken(model, wanted)
    if dtype is None:
        micro = wanted.architecture in micro_names()
        dtype = torch.float32 if micro else runtime.compute_dtype(device)
    label = _label(name, weights, size=size, statistics=statistics, pooling=pooling)
    encoder = Encoder(
        label, wanted.architecture, model, device, dtype, wanted.scale, identity=wanted.identity
    )
    if shape.embeds_pictures(model):
        _check_size(encoder)
    return encoder


def _note_files(weights: str) -> None:
    """The libraries read weights in their own code, which `contents.watch` does not see."""
    path = Path(weights).expanduser()
    for file in path.iterdir() if path.is_dir() else [path]:
        contents.note(file)


def _label(
    name: str, weights: str | Path | None, *, size: int | None, statistics: str, pooling: str | None
) -> str:
    """The name as it was asked for, with the choices that are not the usual ones."""
    changes = [f"{size} px"] if size else []
    changes += ["CLIP statistics"] if statistics == "clip" else []
    changes += [f"{pooling} pooling"] if pooling else []
    asked = f"{name}:{weights}" if weights else name
    return f"{asked} ({', '.join(changes)})" if changes else asked


def _build(
    wanted: names.Wanted, *, size: int | None, pooling: str | None, on: str
) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]), torch.device(on):
        torch.manual_seed(0)  # random towers are the same ones in every run
        return backends.LIBRARIES[wanted.library].create(
            wanted.architecture,
            wanted.weights,
            size=size or wanted.size,
            pooling=pooling or wanted.pooling,
        )


def _set_statistics(model: torch.nn.Module, wanted: names.Wanted, statistics: str) -> None:
    if not shape.embeds_pictures(model):
        if statistics == "clip":
            raise ValueError(f"{wanted.architecture} embeds text only: leave statistics='clip' out")
        return
    clip = checkpoints.STATISTICS["clip"]
    mean, std = clip if statistics == "clip" else (wanted.mean, wanted.std)
    if mean and std:
        model.visual.preprocess_cfg = {"mean": mean, "std": std}


def _refuse_broken(model: torch.nn.Module, wanted: names.Wanted) -> None:
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            kind = "NaN" if torch.isnan(tensor).any() else "infinite numbers"
            raise ValueError(
                f"{wanted.weights} holds weights that are {kind}, first in {name}: the training "
                "that wrote it broke down; use an earlier file"
            )


def _check_size(encoder: Encoder) -> None:
    """The first convolution cuts the picture into patches; a rest at the edge would be lost in
    silence.
    """
    first = next(
        module for module in encoder.image_tower.modules() if isinstance(module, torch.nn.Conv2d)
    )
    if encoder.size % first.stride[0]:
        raise ValueError(
            f"{encoder.name}: a side of {encoder.size} pixels does not divide into "
            f"patches of {first.stride[0]}"
        )
