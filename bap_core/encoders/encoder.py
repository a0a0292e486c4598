"""Encoders of four libraries behind one face: pictures and prompts in, unit-norm embeddings out.

The encoder owns its device and number format. Pictures enter as uint8 (B, 3, S, S); embeddings
leave as float32, on the CPU unless they take part in a backward pass. `loading.load` makes one from
a name.
"""

import copy
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from bap_core import runtime, sources, store, together
from bap_core.encoders import backends, checkpoints, configuration, names
from bap_core.encoders.backends import shape
from bap_core.encoders.backends.common import SETTINGS
from bap_core.encoders.backends.from_open_clip import tokenizer


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

    model: in the shape that `backends.shape` describes. scale: "micro", "paper" or "random", what
    numbers made with it may claim. tally: pictures encoded so far, in training too; a student adds
    to its teacher's. identity: what the paper calls it, unknown unless it is one of the paper's
    encoders or stands for one.
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

    @property
    def image_tower(self) -> shape.ImageTower:
        """The part that may be trained. ValueError if the encoder embeds text only."""
        return self._image_model.visual

    @property
    def _image_model(self) -> shape.ImageModel:
        if not shape.embeds_pictures(self.model):
            raise ValueError(
                f"{self.name} embeds text only; for pictures use a vision-language "
                "encoder such as clip-b16"
            )
        return self.model

    @property
    def has_text_encoder(self) -> bool:
        """Whether there is a text tower: without one there are no prompts and no zero-shot
        classes.
        """
        return isinstance(self.model, shape.TextModel)

    @property
    def logit_scale(self) -> float | None:
        """The factor of its cosines that it was trained with, as a number; None if it was
        trained without one.
        """
        trained = getattr(shape.unwrap(self.model), "logit_scale", None)
        return None if trained is None else float(trained.detach().float().exp())

    @property
    def size(self) -> int:
        """Side of the square input, in pixels."""
        return shape.side(self.image_tower)

    @cached_property
    def dim(self) -> int:
        """Length D of an embedding."""
        if not shape.embeds_pictures(self.model):
            return cast(shape.WordModel, self.model).width
        blank = torch.zeros(1, 3, self.size, self.size, device=self.device)
        with torch.no_grad():
            return self.model.encode_image(blank).shape[1]

    @property
    def _shift_and_scale(self) -> tuple[Tensor, Tensor]:
        mean, std = (
            torch.tensor(values, device=self.device).view(1, 3, 1, 1) * 255
            for values in shape.statistics(self.image_tower).values()
        )
        return mean, std

    @property
    def _use(self) -> dict:
        """What changes the embeddings and does not show in the weights."""
        use = {"pooling": getattr(self.model, "pooling", None)}
        if shape.embeds_pictures(self.model):
            use |= {"size": self.size, **shape.statistics(self.image_tower)}
        return use

    @property
    def fingerprint(self) -> str:
        """Twenty hex digits over the architecture's name, every weight, the configuration of every
        module, and input size, statistics, pooling, format.

        All weights are read every time, by several threads: they can be changed without a trace,
        through ``.data``, NumPy or a fused optimiser.
        """
        weights = sorted(self.model.state_dict(keep_vars=True).items())
        with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
            digests = list(pool.map(_digest, [tensor for _, tensor in weights]))
        named = [[name, digest] for (name, _), digest in zip(weights, digests)]
        settings = [self._use, str(self.dtype), configuration.describe(self.model)]
        text = json.dumps([self.architecture, named, settings], sort_keys=True)
        return sha256(text.encode()).hexdigest()[:20]

    @property
    def key(self) -> str:
        """Names all that decides the embeddings: the `fingerprint`, the code, and what computes."""
        return store.key(
            encoder=self.fingerprint,
            processor=runtime.processor(self.device),
            code=sources.code(__name__),
        )

    def forward(self, pictures: Tensor, *, unit: bool = True) -> Tensor:
        """Differentiable embeddings on the encoder's device. pictures: uint8 (B, 3, S, S) -> (B, D)
        float32.

        unit: bring them to unit norm, as the paper's equations have them; otherwise as they leave
        the tower.
        """
        z = self._embed(pictures)
        return F.normalize(z, dim=-1) if unit else z

    def _embed(self, pictures: Tensor) -> Tensor:
        shift, scale = self._shift_and_scale
        self.tally.encoded += len(pictures)
        x = (pictures.to(self.device, non_blocking=True).float() - shift) / scale
        with torch.autocast(
            self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32
        ):
            z = self._image_model.encode_image(x)
        return z.float()

    @torch.no_grad()
    def encode_images(self, pictures: Tensor, *, unit: bool = True) -> Tensor:
        """`forward` without gradient: uint8 (B, 3, S, S) -> (B, D) float32 on the CPU."""
        return self.forward(pictures, unit=unit).cpu()

    @torch.no_grad()
    def encode_text(self, prompts: Iterable[str]) -> Tensor:
        """Unit-norm embeddings of T prompts -> (T, D) float32 on the CPU, in float32 whatever the
        pictures use.

        ValueError if the encoder has no text tower; FileNotFoundError if its tokenizer has to be
        fetched and cannot be.
        """
        if not isinstance(self.model, shape.TextModel):
            raise ValueError(
                f"{self.name} embeds pictures only: it has no text tower, so no "
                "zero-shot classes and no "
                "prompts; use a vision-language encoder such as clip-b16"
            )
        tokens = self._read(list(prompts)).to(self.device)
        return F.normalize(self.model.encode_text(tokens).float(), dim=-1).cpu()

    @cached_property
    def _read(self) -> shape.Tokenizer:
        own = getattr(self.model, "tokens", None)
        return own or tokenizer(self.architecture, stand_in=self.scale == "random")

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
        what else does. Of the processes of one run the first writes, and the others wait.

        A path that ends in ``.safetensors`` becomes one file, as open_clip and timm read it; for a
        model of transformers a path without a suffix becomes a folder for its ``from_pretrained``.
        ValueError for another suffix.
        """
        self._refuse_text_only()
        path = Path(path).expanduser()
        in_folder = isinstance(self.model, shape.FolderModel) and path.suffix == ""
        if not in_folder and path.suffix != ".safetensors":
            raise ValueError(
                f"{path}: the weights of {self.name} are saved as a file that ends in .safetensors"
            )
        if together.is_first():
            noted = {"architecture": self.architecture, "scale": self.scale}
            (self._write_folder if in_folder else self._write_file)(path, noted)
        together.wait()
        return path

    def _write_folder(self, path: Path, noted: dict) -> None:
        with store.atomic_folder(path) as temporary:
            cast(shape.FolderModel, self.model).write(temporary)
            (temporary / SETTINGS).write_text(
                json.dumps({**noted, **self._use}, indent=1), encoding="utf-8"
            )

    def _write_file(self, path: Path, noted: dict) -> None:
        weights = shape.unwrap(self.model).state_dict()
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
        with store.atomic_write(path) as temporary:
            save_file(tensors, temporary, metadata={**noted, "settings": json.dumps(self._use)})

    def how_to_load(self, path: str | Path) -> str:
        """One line of Python that loads what `save` wrote at ``path`` as ``model``, by the
        library it comes from.
        """
        self._refuse_text_only()
        library = backends.LIBRARIES[names.library(self.architecture, self.name)]
        return library.how_to_load(self.model, self.architecture, Path(path))

    def _refuse_text_only(self) -> None:
        if not shape.embeds_pictures(self.model):
            raise ValueError(
                f"{self.name} embeds text only and is never trained: there is nothing to save"
            )


def _tensors(module: torch.nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]


def _digest(tensor: Tensor) -> str:
    values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return f"{tensor.dtype} {list(tensor.shape)} {sha256(values.data).hexdigest()}"
