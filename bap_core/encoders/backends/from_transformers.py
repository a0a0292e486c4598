"""transformers: SigLIP 2 (both towers), masked auto-encoders (pictures only) and BERT (text only).

Architectures stand here in code, so that random weights need no download: sizes as in the released
configurations.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from bap_core.encoders import checkpoints
from bap_core.encoders.backends.common import StandInTokens, settings

# (vision width, depth, heads, hidden, patch, pixels), (text width, depth, heads, hidden)
SIGLIP = {
    "google/siglip2-base-patch16-224": ((768, 12, 12, 3072, 16, 224), (768, 12, 12, 3072)),
    "google/siglip2-large-patch16-256": ((1024, 24, 16, 4096, 16, 256), (1024, 24, 16, 4096)),
    "google/siglip2-so400m-patch14-224": ((1152, 27, 16, 4304, 14, 224), (1152, 27, 16, 4304)),
    "google/siglip2-giant-opt-patch16-256": ((1536, 40, 16, 6144, 16, 256), (1152, 27, 16, 4304)),
}
MAE = {"facebook/vit-mae-base": (768, 12, 12, 3072), "facebook/vit-mae-large": (1024, 24, 16, 4096)}
BERT = {"bert-base-uncased": (768, 12, 12, 3072)}
NAMES = (*SIGLIP, *MAE, *BERT)
# the first one is the default
POOLING = {"mae": ("token", "mean"), "bert": ("mean", "token", "pooler")}
# SigLIP's text length: it was trained on captions padded to this, without an attention mask
CONTEXT = 64


class SigLip(nn.Module):
    """Both towers of a SigLIP 2 model; attention pooling is the last layer of the image tower."""

    pooling = None

    def __init__(self, native: nn.Module, *, size: int | None, source: str):
        super().__init__()
        self.native, self.source, self._read = native, source, None
        trained = native.config.vision_config.image_size
        self.visual.image_size = size or trained
        self._interpolate = self.visual.image_size != trained

    @property
    def visual(self) -> nn.Module:
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
        if self.source == "random":
            return StandInTokens(self.native.config.text_config.vocab_size, context=CONTEXT)(
                prompts
            )
        self._read = self._read or _tokenizer(self.source)
        return self._read(
            [prompt.lower() for prompt in prompts],
            padding="max_length",
            padding_side="right",
            max_length=CONTEXT,
            truncation=True,
            return_tensors="pt",
        )["input_ids"]

    def write(self, folder: Path) -> None:
        """Write a folder that transformers reads, with the tokenizer if it has been used."""
        _quietly(self.native.save_pretrained, folder)
        if self._read:
            self._read.save_pretrained(folder)


class Mae(nn.Module):
    """The encoder of a masked auto-encoder that sees every patch, in order.

    pooling: "token", the class token after the last norm, or "mean", the mean over the patches.
    """

    def __init__(self, native: nn.Module, *, size: int | None, pooling: str):
        super().__init__()
        self.visual, self.pooling = native, pooling
        trained = native.config.image_size
        self.visual.image_size = size or trained
        self._interpolate = self.visual.image_size != trained

    @property
    def native(self) -> nn.Module:
        """transformers' own module."""
        return self.visual

    def encode_image(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) float -> (B, D)."""
        patches = (self.visual.image_size // self.visual.config.patch_size) ** 2
        # else even unmasked patches are shuffled
        in_order = torch.arange(patches, device=x.device).expand(len(x), -1)
        states = self.visual(
            pixel_values=x, noise=in_order, interpolate_pos_encoding=self._interpolate
        ).last_hidden_state
        return states[:, 0] if self.pooling == "token" else states[:, 1:].mean(dim=1)

    def write(self, folder: Path) -> None:
        """Write a folder that transformers reads."""
        _quietly(self.native.save_pretrained, folder)


class Bert(nn.Module):
    """BERT as a text encoder, for appendix A.

    pooling: "mean" over the tokens that are not padding, "token" (the first one), or "pooler"
    (BERT's own).
    """

    def __init__(self, native: nn.Module, *, pooling: str, source: str):
        super().__init__()
        self.native, self.pooling, self.source, self._read = native, pooling, source, None
        self.width = native.config.hidden_size

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
        if self.source == "random":
            return StandInTokens(self.native.config.vocab_size, context=CONTEXT)(prompts)
        self._read = self._read or _tokenizer(self.source)
        longest = self.native.config.max_position_embeddings
        return self._read(
            list(prompts),
            padding=True,
            padding_side="right",
            max_length=longest,
            truncation=True,
            return_tensors="pt",
        )["input_ids"]


def create(name: str, weights: str, *, size: int | None, pooling: str | None) -> nn.Module:
    """The model ``name`` of the hub; its weights from there, from a folder in transformers' format,
    or from a file that `Encoder.save` wrote.

    ValueError for a pooling that it does not have or weights that do not fit; FileNotFoundError if
    the hub's have to be fetched and cannot be.
    """
    kind = "siglip" if name in SIGLIP else "mae" if name in MAE else "bert"
    choices = POOLING.get(kind, (None,))
    if pooling not in (None, *choices):
        raise ValueError(f"{name}: no pooling {pooling!r}; choices: {', '.join(map(str, choices))}")
    source = _source(name, weights)
    native = _native(kind, name, source)
    if kind == "siglip":
        return SigLip(native, size=size, source=_words_of(name, source))
    if kind == "mae":
        return Mae(native, size=size, pooling=pooling or choices[0])
    if size:
        raise ValueError(f"{name} embeds text only: leave size={size} out")
    return Bert(native, pooling=pooling or choices[0], source=_words_of(name, source))


def how_to_load(model: nn.Module, architecture: str, path: Path) -> str:
    """Python that loads the saved folder with transformers. A file without a configuration
    beside it is only for us.
    """
    if path.suffix == ".safetensors":
        return f"from bap_core import encoders; model = encoders.load({str(path)!r}).model.native"
    kind = type(model.native).__name__
    return f"import transformers; model = transformers.{kind}.from_pretrained({str(path)!r})"


def _source(name: str, weights: str) -> str:
    """ "random", a path that exists, or the name itself for the hub's weights."""
    if weights in ("random", name):
        return weights
    if not Path(weights).expanduser().exists():
        raise ValueError(
            f"{name}: {weights!r} is neither a file nor a folder; leave the weights "
            "out for the hub's own"
        )
    return str(Path(weights).expanduser())


def _words_of(name: str, source: str) -> str:
    """Where the tokenizer is: with the weights if they have one, else at the hub; a stand-in for
    random weights.
    """
    if source == "random" or settings(Path(source)).get("scale") == "random":
        return "random" if not (Path(source) / "tokenizer_config.json").is_file() else source
    return source if (Path(source) / "tokenizer_config.json").is_file() else name


def _native(kind: str, name: str, source: str) -> nn.Module:
    """transformers' module in float32, with every weight read."""
    from transformers import BertModel, SiglipModel, ViTMAEModel

    model = {"siglip": SiglipModel, "mae": ViTMAEModel, "bert": BertModel}[kind]
    if source == "random" or Path(source).is_file():
        native = model(_configuration(kind, name))
        if source != "random":
            _fill(native, name, Path(source))
        return native
    options = {"mask_ratio": 0.0} if kind == "mae" else {}
    try:
        native, report = _quietly(
            model.from_pretrained, source, dtype=torch.float32, output_loading_info=True, **options
        )
    except Exception as error:
        if Path(source).is_dir():
            raise ValueError(
                f"{source} cannot be loaded as {name}: {str(error).splitlines()[0]}"
            ) from error
        fetch = f"from bap_core import encoders; encoders.load('{name}')"
        raise checkpoints.missing(name, "", error, fetch=fetch) from error
    if unread := sorted(report["missing_keys"]):
        raise ValueError(
            f"{source} cannot be loaded as {name}: it has no weights for "
            f"{len(unread)} tensors, "
            f"such as {unread[0]}"
        )
    return native


def _quietly(call, *args, **choices):
    """transformers shows bars, which would fill a page, and warns of weights that it leaves
    unread on purpose.
    """
    from transformers.utils import logging

    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        return call(*args, **choices)
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _fill(native: nn.Module, name: str, file: Path) -> None:
    try:
        native.load_state_dict(load_file(file))
    except Exception as error:
        raise ValueError(
            f"{file} cannot be loaded into {name}: {str(error).splitlines()[0]}"
        ) from error


def _configuration(kind: str, name: str):
    from transformers import BertConfig, SiglipConfig, ViTMAEConfig

    def sizes(width, depth, heads, hidden):
        return {
            "hidden_size": width,
            "num_hidden_layers": depth,
            "num_attention_heads": heads,
            "intermediate_size": hidden,
        }

    if kind == "mae":
        return ViTMAEConfig(**sizes(*MAE[name]), mask_ratio=0.0)
    if kind == "bert":
        return BertConfig(**sizes(*BERT[name]))
    (*vision, patch, pixels), text = SIGLIP[name]
    return SiglipConfig(
        vision_config={**sizes(*vision), "patch_size": patch, "image_size": pixels},
        text_config={
            **sizes(*text),
            "vocab_size": 256000,
            "max_position_embeddings": CONTEXT,
            "projection_size": vision[0],
        },
    )


def _tokenizer(source: str):
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(source)
    except Exception as error:
        fetch = f"import transformers; transformers.AutoTokenizer.from_pretrained('{source}')"
        raise checkpoints.missing(source, "tokenizer", error, fetch=fetch) from error
