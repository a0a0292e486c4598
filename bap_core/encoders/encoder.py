"""Encoders of four libraries behind one face: pictures and prompts in, unit-norm embeddings out.

The encoder owns its device and number format. Pictures enter as uint8 (B, 3, S, S); embeddings
leave as float32, on the CPU unless they take part in a backward pass. Names are ``NAME`` or
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

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from bap_core import runtime, store
from bap_core.encoders import backends, checkpoints, names
from bap_core.encoders.backends.common import MICRO, SETTINGS, micro_names
from bap_core.encoders.backends.from_open_clip import register_micro, tokenizer

# tensor -> its version and digest: gigabytes of weights are hashed once, not at every use
_DIGESTS = WeakIdKeyDictionary()

__all__ = ["MICRO", "Encoder", "Tally", "load", "micro_names", "register_micro", "tokenizer"]


@dataclass
class Tally:
    """What a run cost and what it had to: pictures through the image tower, and the least per
    artefact asked for.
    """

    encoded: int = 0
    needed: dict[str, int] = field(default_factory=dict)

    def need(self, artefact: str, pictures: int) -> None:
        """Note that ``artefact`` (its key) takes ``pictures`` encodings; asking again for the
        same costs nothing.
        """
        self.needed[artefact] = pictures


@dataclass(eq=False)
class Encoder:
    """An image tower and a text tower in one embedding space; some encoders have only one of the
    two.

    model: in the shape that `backends` describes. scale: "micro", "paper" or "random", what numbers
    made with it may claim. tally: pictures encoded so far, in training too; a student adds to its
    teacher's. identity: what the paper calls it, unknown unless it is one of the paper's encoders
    or stands for one.
    """

    name: str
    architecture: str
    model: torch.nn.Module
    device: torch.device
    dtype: torch.dtype
    scale: str
    tally: Tally = field(default_factory=Tally)
    identity: checkpoints.Identity = checkpoints.Identity()

    def __post_init__(self):
        self.model.to(self.device).eval().requires_grad_(False)
        self._tokenizer = None

    @property
    def image_tower(self) -> torch.nn.Module:
        """The part that may be trained. ValueError if the encoder embeds text only."""
        if not hasattr(self.model, "visual"):
            raise ValueError(
                f"{self.name} embeds text only; for pictures use a vision-language "
                "encoder such as clip-b16"
            )
        return self.model.visual

    @property
    def has_text_encoder(self) -> bool:
        """Whether there is a text tower: without one there are no prompts and no zero-shot
        classes.
        """
        return hasattr(self.model, "encode_text")

    @property
    def logit_scale(self) -> float | None:
        """The factor of its cosines that it was trained with, as a number; None if it was
        trained without one.
        """
        trained = getattr(getattr(self.model, "native", self.model), "logit_scale", None)
        return None if trained is None else float(trained.detach().float().exp())

    @property
    def size(self) -> int:
        """Side of the square input, in pixels."""
        size = self.image_tower.image_size
        return size[0] if isinstance(size, (tuple, list)) else int(size)

    @cached_property
    def dim(self) -> int:
        """Length D of an embedding."""
        if not hasattr(self.model, "visual"):
            return self.model.width
        blank = torch.zeros(1, 3, self.size, self.size, device=self.device)
        with torch.no_grad():
            return self.model.encode_image(blank).shape[1]

    @cached_property
    def _shift_and_scale(self) -> tuple[Tensor, Tensor]:
        settings = self.image_tower.preprocess_cfg
        return tuple(
            torch.tensor(settings[key], device=self.device).view(1, 3, 1, 1) * 255
            for key in ("mean", "std")
        )

    @property
    def _use(self) -> dict:
        """What changes the embeddings and does not show in the weights."""
        use = {"pooling": getattr(self.model, "pooling", None)}
        if hasattr(self.model, "visual"):
            settings = self.image_tower.preprocess_cfg
            use |= {"size": self.size, "mean": list(settings["mean"]), "std": list(settings["std"])}
        return use

    @property
    def fingerprint(self) -> str:
        """Twenty hex digits over the architecture's name, every weight, and input size, statistics,
        pooling, format.

        Cheap to ask for again: frozen weights are hashed once, and again when torch has counted a
        change. Weights that may be trained are hashed every time, since a fused optimiser changes
        them uncounted, as ``.data`` does.
        """
        state = sha256(self.architecture.encode())
        for name, tensor in sorted(self.model.state_dict(keep_vars=True).items()):
            state.update(name.encode() + _digest(tensor))
        state.update(json.dumps([self._use, str(self.dtype)], sort_keys=True).encode())
        return state.hexdigest()[:20]

    def forward(self, pictures: Tensor) -> Tensor:
        """Differentiable unit-norm embeddings on the encoder's device. pictures: uint8 (B, 3, S,
        S) -> (B, D) float32.
        """
        return F.normalize(self._embed(pictures), dim=-1)

    def _embed(self, pictures: Tensor) -> Tensor:
        shift, scale = self._shift_and_scale
        self.tally.encoded += len(pictures)
        x = (pictures.to(self.device, non_blocking=True).float() - shift) / scale
        with torch.autocast(
            self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32
        ):
            z = self.model.encode_image(x)
        return z.float()

    @torch.no_grad()
    def encode_images(self, pictures: Tensor, *, unit: bool = True) -> Tensor:
        """Embeddings without gradient. pictures: uint8 (B, 3, S, S) -> (B, D) float32 on the CPU.

        unit: bring them to unit norm, as the paper's equations have them; otherwise as they leave
        the tower.
        """
        return (self.forward(pictures) if unit else self._embed(pictures)).cpu()

    @torch.no_grad()
    def encode_text(self, prompts: Iterable[str]) -> Tensor:
        """Unit-norm embeddings of T prompts -> (T, D) float32 on the CPU, in float32 whatever the
        pictures use.

        ValueError if the encoder has no text tower; FileNotFoundError if its tokenizer has to be
        fetched and cannot be.
        """
        if not self.has_text_encoder:
            raise ValueError(
                f"{self.name} embeds pictures only: it has no text tower, so no "
                "zero-shot classes and no "
                "prompts; use a vision-language encoder such as clip-b16"
            )
        if self._tokenizer is None:
            self._tokenizer = getattr(self.model, "tokens", None) or tokenizer(
                self.architecture, stand_in=self.scale == "random"
            )
        tokens = self._tokenizer(list(prompts)).to(self.device)
        return F.normalize(self.model.encode_text(tokens).float(), dim=-1).cpu()

    def student(self) -> "Encoder":
        """An independent copy whose image tower may be trained; the frozen text tower is the
        teacher's own.
        """
        own = {id(tensor) for tensor in _tensors(self.image_tower)}
        shared = {id(tensor): tensor for tensor in _tensors(self.model) if id(tensor) not in own}
        twin = replace(self, model=copy.deepcopy(self.model, shared))
        twin.image_tower.requires_grad_(True)
        return twin

    def save(self, path: str | Path) -> Path:
        """Write all weights, whole or not at all; `load` reads them back, and `how_to_load` says
        what else does.

        A path that ends in ``.safetensors`` becomes one file, as open_clip and timm read it; for a
        model of transformers any other path becomes a folder for its ``from_pretrained``.
        """
        if not hasattr(self.model, "visual"):
            raise ValueError(
                f"{self.name} embeds text only and is never trained: there is nothing to save"
            )
        path, noted = Path(path), {"architecture": self.architecture, "scale": self.scale}
        if hasattr(self.model, "write") and path.suffix != ".safetensors":
            with store.atomic_folder(path) as temporary:
                self.model.write(temporary)
                (temporary / SETTINGS).write_text(
                    json.dumps({**noted, **self._use}, indent=1), encoding="utf-8"
                )
            return path
        native = getattr(self.model, "native", self.model)
        tensors = {
            name: tensor.detach().cpu().contiguous() for name, tensor in native.state_dict().items()
        }
        with store.atomic_write(path) as temporary:
            save_file(tensors, temporary, metadata={**noted, "settings": json.dumps(self._use)})
        return path

    def how_to_load(self, path: str | Path) -> str:
        """One line of Python that loads what `save` wrote at ``path`` as ``model``, by the
        library it comes from.
        """
        library = backends.LIBRARIES[names.library(self.architecture, self.name)]
        return library.how_to_load(self.model, self.architecture, Path(path))


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

    ValueError for a name, weights or a choice that do not exist, with the nearest ones;
    FileNotFoundError when weights have to be downloaded and cannot be.
    """
    register_micro()
    if statistics not in ("native", "clip"):
        raise ValueError(f"statistics={statistics!r}; choices: native, clip")
    if size is not None and size < 1:
        raise ValueError(f"size={size} must be at least one pixel")
    device, wanted = device or runtime.device(), names.resolve(name, weights)
    model = _build(
        wanted, size=size, pooling=pooling, on="meta" if device.type == "meta" else "cpu"
    )
    _set_statistics(model, wanted, statistics)
    label = f"{name}:{weights}" if weights else name
    changes = (
        [f"{size} px"] * bool(size)
        + ["CLIP statistics"] * (statistics == "clip")
        + [f"{pooling} pooling"] * bool(pooling)
    )
    label += f" ({', '.join(changes)})" if changes else ""
    dtype = dtype or (
        torch.float32 if wanted.architecture in micro_names() else runtime.compute_dtype(device)
    )
    encoder = Encoder(
        label, wanted.architecture, model, device, dtype, wanted.scale, identity=wanted.identity
    )
    if hasattr(model, "visual"):
        _check_size(encoder)
    return encoder


def _tensors(module: torch.nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]


def _digest(tensor: Tensor) -> bytes:
    version, known = tensor._version, _DIGESTS.get(tensor)
    if tensor.requires_grad or known is None or known[0] != version:
        values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        known = _DIGESTS[tensor] = (version, sha256(values).digest())
    return known[1]


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
    if statistics == "clip" and not hasattr(model, "visual"):
        raise ValueError(f"{wanted.architecture} embeds text only: leave statistics='clip' out")
    mean, std = (
        checkpoints.STATISTICS["clip"] if statistics == "clip" else (wanted.mean, wanted.std)
    )
    if mean:
        model.visual.preprocess_cfg = {"mean": mean, "std": std}


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
