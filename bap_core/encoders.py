"""Vision-language encoders behind one face: pictures and prompts in, unit-norm embeddings out.

The encoder owns its device and number format. Pictures enter as uint8 (B, 3, S, S); embeddings leave as float32, on
the CPU unless they take part in a backward pass. Names are ``NAME`` or ``NAME:WEIGHTS``:

- ``micro-clip``: a small encoder that ships with the package;
- ``ViT-B-16:laion2b_s34b_b88k``: an open_clip architecture with a pre-trained tag;
- ``ViT-B-16:random``: the same architecture with random weights;
- ``ViT-B-16:weights.safetensors``: the same architecture with weights from a local file;
- ``aligned.safetensors``: a file that `Encoder.save` wrote, which names its architecture itself.
"""

import copy
import difflib
import logging
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from bap_core import runtime, store

MICRO = Path(__file__).parent / "micro" / "encoders"  # package data: <name>.json, .safetensors, .card.json


@dataclass
class Tally:
    """What a run cost and what it had to: pictures through the image tower, and the least per artefact asked for."""

    encoded: int = 0
    needed: dict[str, int] = field(default_factory=dict)

    def need(self, artefact: str, pictures: int) -> None:
        """Note that ``artefact`` (its key) takes ``pictures`` encodings; asking again for the same costs nothing."""
        self.needed[artefact] = pictures


@dataclass(eq=False)
class Encoder:
    """An image tower and a text tower in one embedding space.

    model: the open_clip model. scale: "micro", "paper" or "random", what numbers made with it may claim.
    tally: pictures encoded so far, in training too; a student adds to its teacher's.
    """

    name: str
    architecture: str
    model: torch.nn.Module
    device: torch.device
    dtype: torch.dtype
    scale: str
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self):
        self.model.to(self.device).eval().requires_grad_(False)
        settings = self.model.visual.preprocess_cfg
        self._mean = torch.tensor(settings["mean"], device=self.device).view(1, 3, 1, 1) * 255
        self._std = torch.tensor(settings["std"], device=self.device).view(1, 3, 1, 1) * 255
        self._tokenizer = None

    @property
    def size(self) -> int:
        """Side of the square input, in pixels."""
        size = self.model.visual.image_size
        return size[0] if isinstance(size, (tuple, list)) else int(size)

    @cached_property
    def dim(self) -> int:
        """Length D of an embedding."""
        blank = torch.zeros(1, 3, self.size, self.size, device=self.device)
        with torch.no_grad():
            return self.model.encode_image(blank).shape[1]

    @property
    def fingerprint(self) -> str:
        """Twenty hex digits over the architecture's name and every weight: changes when any value does."""
        state = sha256(self.architecture.encode())
        for name, tensor in sorted(self.model.state_dict().items()):
            state.update(name.encode())
            state.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        state.update(repr((self._mean.flatten().tolist(), self._std.flatten().tolist(), str(self.dtype))).encode())
        return state.hexdigest()[:20]

    def forward(self, pictures: Tensor) -> Tensor:
        """Differentiable unit-norm embeddings on the encoder's device. pictures: uint8 (B, 3, S, S) -> (B, D) float32."""
        self.tally.encoded += len(pictures)
        x = (pictures.to(self.device, non_blocking=True).float() - self._mean) / self._std
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            z = self.model.encode_image(x)
        return F.normalize(z.float(), dim=-1)

    @torch.no_grad()
    def encode_images(self, pictures: Tensor) -> Tensor:
        """Unit-norm embeddings without gradient. pictures: uint8 (B, 3, S, S) -> (B, D) float32 on the CPU."""
        return self.forward(pictures).cpu()

    @torch.no_grad()
    def encode_text(self, prompts: Iterable[str]) -> Tensor:
        """Unit-norm embeddings of T prompts -> (T, D) float32 on the CPU, in float32 whatever the pictures use."""
        if self._tokenizer is None:
            self._tokenizer = tokenizer(self.architecture)
        tokens = self._tokenizer(list(prompts)).to(self.device)
        return F.normalize(self.model.encode_text(tokens).float(), dim=-1).cpu()

    def student(self) -> "Encoder":
        """An independent copy whose image tower may be trained; its text tower stays frozen."""
        twin = Encoder(self.name, self.architecture, copy.deepcopy(self.model), self.device, self.dtype, self.scale,
                       self.tally)
        twin.model.visual.requires_grad_(True)
        return twin

    def save(self, path: str | Path) -> Path:
        """Write all weights as safetensors, whole or not at all.

        ``open_clip.create_model(architecture, pretrained=path)`` and `load` both read the file back.
        """
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.model.state_dict().items()}
        with store.write_beside(path) as temporary:
            save_file(tensors, temporary, metadata={"architecture": self.architecture, "scale": self.scale})
        return Path(path)


def load(name: str, *, device: torch.device | None = None, dtype: torch.dtype | None = None) -> Encoder:
    """Encoder for ``NAME`` or ``NAME:WEIGHTS`` (see the module's text).

    device and dtype default to `runtime.device` and `runtime.compute_dtype`. ValueError for a name or weights that
    do not exist, with the nearest ones; FileNotFoundError when weights have to be downloaded and cannot be.
    """
    register_micro()
    device = device or runtime.device()
    architecture, weights = _split(name)
    if weights is None:
        raise ValueError(f"encoder {name!r} needs weights, as in {_example(architecture)!r}; 'random' is a choice too")
    model = _create(architecture, weights)
    scale = _scale(architecture, weights)
    return Encoder(name, architecture, model, device, dtype or runtime.compute_dtype(device), scale)


def tokenizer(architecture: str):
    """open_clip's tokenizer of an architecture: called with a list of T texts it gives (T, context length) int64.

    The micro encoders all use open_clip's byte-pair one; by their names alone, open_clip would give the sigmoid ones
    a tokenizer that has to be downloaded.
    """
    if (MICRO / f"{architecture}.json").exists():
        context = open_clip.get_model_config(architecture)["text_cfg"]["context_length"]
        return open_clip.SimpleTokenizer(context_length=context)
    return open_clip.get_tokenizer(architecture)


def register_micro() -> None:
    """Tell open_clip about the micro architectures, so that its ``create_model`` knows their names."""
    if MICRO.is_dir() and not set(micro_names()) <= set(open_clip.list_models()):
        open_clip.add_model_config(MICRO)


def micro_names() -> list[str]:
    """Names of the encoders that ship with the package."""
    return sorted(path.stem for path in MICRO.glob("*.safetensors"))


def _split(name: str) -> tuple[str, str | None]:
    if name.endswith(".safetensors") and ":" not in name:
        return _saved_architecture(Path(name).expanduser()), str(Path(name).expanduser())
    architecture, _, weights = name.partition(":")
    known = open_clip.list_models()
    if architecture not in known:
        near = difflib.get_close_matches(architecture, [*micro_names(), *known], n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(f"unknown encoder {name!r}: {hint}shipped: {', '.join(micro_names())}; or an open_clip name "
                         "with weights, NAME:TAG, NAME:FILE or NAME:random")
    if not weights and architecture in micro_names():
        weights = str(MICRO / f"{architecture}.safetensors")
    return architecture, weights or None


def _saved_architecture(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(f"encoder file {path} does not exist; `Encoder.save` or notebook 14 writes such files")
    try:
        with safe_open(path, framework="pt") as file:
            architecture = (file.metadata() or {}).get("architecture")
    except Exception as error:
        raise ValueError(f"{path} cannot be read as safetensors ({error}); it may be truncated") from None
    if architecture is None:
        raise ValueError(f"{path} does not name its architecture; write NAME:{path}, such as ViT-B-16:{path}")
    return architecture


def _create(architecture: str, weights: str) -> torch.nn.Module:
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if weights == "random":
        return _quietly(architecture, None)
    if weights in tags:
        try:
            return _quietly(architecture, weights)
        except Exception as error:
            raise FileNotFoundError(
                f"weights {weights!r} of {architecture} are not in the local cache and could not be fetched "
                f"({type(error).__name__}). On a machine with a network run `python -c \"import open_clip; "
                f"open_clip.create_model('{architecture}', '{weights}')\"`, or give a file: {architecture}:FILE") from error
    path = Path(weights).expanduser()
    if not path.is_file():
        raise ValueError(f"{architecture}: {weights!r} is neither a file nor a tag; tags: {', '.join(tags) or 'none'}")
    try:
        return _quietly(architecture, str(path))
    except Exception as error:
        raise ValueError(f"{path} cannot be loaded into {architecture}: {str(error).splitlines()[0]}") from error


def _quietly(architecture: str, pretrained: str | None) -> torch.nn.Module:
    """open_clip and the hub tell their troubles to the log; a quick-GELU mismatch, though, must stop the run."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="QuickGELU mismatch")
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)  # random towers are the same ones in every run
                return open_clip.create_model(architecture, pretrained=pretrained)
    finally:
        logging.disable(level)


def _scale(architecture: str, weights: str) -> str:
    if weights == "random":
        return "random"
    if architecture in micro_names():
        return "micro"
    if weights.endswith(".safetensors"):
        with safe_open(Path(weights).expanduser(), framework="pt") as file:
            return (file.metadata() or {}).get("scale", "paper")
    return "paper"


def _example(architecture: str) -> str:
    return f"{architecture}:{next(iter(open_clip.list_pretrained_tags_by_model(architecture)), 'random')}"
