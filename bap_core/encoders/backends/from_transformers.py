"""transformers: SigLIP 2 (both towers), masked auto-encoders (pictures only), BERT (text only)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from bap_core.encoders.backends.common import micro_names, quietly, settings
from bap_core.encoders.backends.refusals import choose_pooling, fetching, loading
from bap_core.encoders.backends.shape import ImageModel, ImageTower, side, unwrap
from bap_core.encoders.backends.tokens import CONTEXT, HubTokens
from bap_core.encoders.backends.transformers_configurations import configuration, kind_of

# the first one is the default
POOLING = {"mae": ("token", "mean"), "bert": ("mean", "token", "pooler")}


class Pretrained(ImageTower):
    """Like `ImageTower` a name for the type checker only: what transformers' models have."""

    config: Any  # the attributes of a configuration are its own
    save_pretrained: Callable[[Path], None]


class TwoTowers(Pretrained):
    """The same for a SigLIP 2 model."""

    vision_model: ImageTower
    text_model: nn.Module


class SigLip(nn.Module):
    """Both towers of a SigLIP 2 model; attention pooling is the last layer of the image tower."""

    pooling = None
    native: TwoTowers

    def __init__(self, native: nn.Module, *, size: int | None, source: str):
        super().__init__()
        self.native = cast(TwoTowers, native)
        config = self.native.config
        self._read = HubTokens(source, config.text_config.vocab_size)
        self._interpolate = _resize(self.visual, size, trained=config.vision_config.image_size)

    @property
    def visual(self) -> ImageTower:
        """The image tower."""
        return self.native.vision_model

    def encode_image(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) float -> (B, D)."""
        return self.visual(pixel_values=x, interpolate_pos_encoding=self._interpolate).pooler_output

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(T, 64) int64 -> (T, D). Padding is seen, as in training."""
        return self.native.text_model(input_ids=tokens).pooler_output

    def tokens(self, prompts: Sequence[str]) -> Tensor:
        """Lower-cased, cut or padded on the right to 64 -> (T, 64) int64."""
        lower = [prompt.lower() for prompt in prompts]
        return self._read(lower, padding="max_length", max_length=CONTEXT)

    def write(self, folder: Path) -> None:
        """Write a folder that transformers reads, with the tokenizer if it has been used."""
        quietly(self.native.save_pretrained, folder)
        self._read.write(folder)


class Mae(nn.Module):
    """The encoder of a masked auto-encoder that sees every patch, in order.

    pooling: "token", the class token after the last norm, or "mean", the mean over the patches.
    """

    visual: Pretrained

    def __init__(self, native: nn.Module, *, size: int | None, pooling: str | None):
        super().__init__()
        self.visual, self.pooling = cast(Pretrained, native), pooling
        self._interpolate = _resize(self.visual, size, trained=self.visual.config.image_size)

    @property
    def native(self) -> nn.Module:
        """transformers' own module."""
        return self.visual

    def encode_image(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) float -> (B, D)."""
        patches = (side(self.visual) // self.visual.config.patch_size) ** 2
        # else even unmasked patches are shuffled
        in_order = torch.arange(patches, device=x.device).expand(len(x), -1)
        states = self.visual(
            pixel_values=x, noise=in_order, interpolate_pos_encoding=self._interpolate
        ).last_hidden_state
        return states[:, 0] if self.pooling == "token" else states[:, 1:].mean(dim=1)

    def write(self, folder: Path) -> None:
        """Write a folder that transformers reads."""
        quietly(self.visual.save_pretrained, folder)


class Bert(nn.Module):
    """BERT as a text encoder, for appendix A.

    pooling: "mean" over the tokens that are not padding, "token" (the first one), or "pooler"
    (BERT's own).
    """

    native: Pretrained
    width: int

    def __init__(self, native: nn.Module, *, pooling: str | None, source: str):
        super().__init__()
        self.native, self.pooling = cast(Pretrained, native), pooling
        self._read = HubTokens(source, self.native.config.vocab_size)
        self.width = self.native.config.hidden_size

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(T, L) int64, padded -> (T, D)."""
        seen = tokens != self.native.config.pad_token_id
        output = self.native(input_ids=tokens, attention_mask=seen.long())
        if self.pooling == "pooler":
            return output.pooler_output
        states = output.last_hidden_state
        return (
            states[:, 0]
            if self.pooling == "token"
            else (states * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)
        )

    def tokens(self, prompts: Sequence[str]) -> Tensor:
        """With BERT's first and last token, padded to the longest -> (T, L) int64."""
        longest = self.native.config.max_position_embeddings
        return self._read(prompts, padding=True, max_length=longest)


def create(name: str, weights: str, *, size: int | None, pooling: str | None) -> nn.Module:
    """The model ``name`` of the hub; its weights from there, from a folder in transformers' format,
    or from a file that `Encoder.save` wrote.

    ValueError for a pooling that it does not have or weights that do not fit; FileNotFoundError if
    the hub's have to be fetched and cannot be.
    """
    kind = kind_of(name)
    choices = POOLING.get(kind, ())
    pooling = choose_pooling(name, pooling, choices[:2] if name in micro_names() else choices)
    if kind == "bert" and size:
        raise ValueError(f"{name} embeds text only: leave size={size} out")
    source = _find_weights(name, weights)
    native = _build(kind, name, source)
    if kind == "mae":
        return Mae(native, size=size, pooling=pooling)
    words = _find_tokenizer(name, source)
    if kind == "siglip":
        return SigLip(native, size=size, source=words)
    return Bert(native, pooling=pooling, source=words)


def how_to_load(model: ImageModel, architecture: str, path: Path) -> str:
    """Python that loads the saved folder with transformers. A file without a configuration
    beside it is only for us.
    """
    if path.suffix == ".safetensors":
        return f"from bap_core import encoders; model = encoders.load({str(path)!r}).model.native"
    kind = type(unwrap(model)).__name__
    return f"import transformers; model = transformers.{kind}.from_pretrained({str(path)!r})"


def _find_weights(name: str, weights: str) -> str:
    """A path that exists, "random" as it is, or the name itself for the hub's weights."""
    if weights in ("random", name):
        return weights
    if not Path(weights).expanduser().exists():
        raise ValueError(
            f"{name}: {weights!r} is neither a file nor a folder; leave the weights "
            "out for the hub's own"
        )
    return str(Path(weights).expanduser())


def _find_tokenizer(name: str, source: str) -> str:
    """Where the tokenizer is: with the weights if they have one, else at the hub; a stand-in for
    random weights.
    """
    if (Path(source) / "tokenizer_config.json").is_file():
        return source
    if name in micro_names():
        return "micro"
    stands_in = source == "random" or settings(Path(source)).get("scale") == "random"
    return "random" if stands_in else name


def _build(kind: str, name: str, source: str) -> nn.Module:
    """transformers' module in float32, with every weight read."""
    from transformers import BertModel, SiglipModel, ViTMAEModel

    model = {"siglip": SiglipModel, "mae": ViTMAEModel, "bert": BertModel}[kind]
    if source == "random" or Path(source).is_file():
        # next sentences, which BERT's own pooler learned from, are nothing that a caption has
        bare = {"add_pooling_layer": False} if name in micro_names() else {}
        native = model(configuration(name), **bare)
        if source != "random":
            with loading(source, name):
                native.load_state_dict(load_file(source))
        return native
    by = f"from bap_core import encoders; encoders.load('{name}')"
    options = {"mask_ratio": 0.0} if kind == "mae" else {}
    with loading(source, name) if Path(source).is_dir() else fetching(name, "", by=by):
        native, report = quietly(
            model.from_pretrained, source, dtype=torch.float32, output_loading_info=True, **options
        )
    if unread := sorted(report["missing_keys"]):
        raise ValueError(
            f"{source} cannot be loaded into {name}: it has no weights for {len(unread)} tensors, "
            f"such as {unread[0]}"
        )
    return native


def _resize(tower: ImageTower, size: int | None, *, trained: int) -> bool:
    """Note the input size on the tower; whether its positions have to be interpolated for it."""
    tower.image_size = size or trained
    return tower.image_size != trained
