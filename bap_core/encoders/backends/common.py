"""What the libraries' modules share: the micro encoders' files, and what stands in a file or folder
of weights.
"""

import json
from collections.abc import Callable
from pathlib import Path

from safetensors import safe_open

from bap_core.encoders.checkpoints import UNKNOWN, Identity

# package data: <name>.json, .safetensors, .card.json
MICRO = Path(__file__).parents[2] / "micro" / "weights"
SETTINGS = "bap.json"  # in a folder, what the header of a .safetensors file holds
# Loss of a micro encoder's pre-training -> family and kind.
IDENTITIES = {
    "softmax": ("CLIP", "VLM"),
    "sigmoid": ("SigLIP 2", "VLM"),
    "classes": (UNKNOWN, "supervised"),
    "views": (UNKNOWN, "self-supervised"),
    "skip-gram": ("Word2Vec", "words"),
    "masked-words": ("BERT", "words"),
}
WEIGHTS = (
    "open_clip_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)


def micro_names() -> list[str]:
    """Names of the encoders that ship with the package."""
    return sorted(path.stem for path in MICRO.glob("*.safetensors"))


def micro_config(name: str) -> dict:
    """The model configuration of a micro encoder: open_clip's, or a ``timm`` model and its
    arguments, or a ``bert``'s, or that of vectors of ``words``; {} for others.
    """
    path = MICRO / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def micro_library(name: str) -> str | None:
    """The library that a micro encoder is built with; None for others."""
    if not (config := micro_config(name)):
        return None
    of = {"timm": "timm", "bert": "transformers", "words": "gensim"}
    return next((library for key, library in of.items() if key in config), "open_clip")


def micro_identity(name: str) -> Identity:
    """What stands for what of the paper, by the loss that the encoder's card names; unknown for
    other encoders.

    The encoders of pictures that read no captions have a kind and no family.
    """
    card = MICRO / f"{name}.card.json"
    if not card.is_file():
        return Identity()
    family, kind = IDENTITIES[json.loads(card.read_text(encoding="utf-8"))["recipe"]["loss"]]
    return Identity(family, kind, "convnext" in name)


def settings(path: Path) -> dict:
    """What `Encoder.save` noted beside the weights; empty for a file or folder of another origin.

    Keys: architecture, scale, size, mean, std, pooling. ValueError for a file that cannot be read
    as safetensors.
    """
    if path.is_dir():
        note = path / SETTINGS
        return json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    if path.suffix != ".safetensors":
        return {}
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
    except Exception as error:
        raise ValueError(
            f"{path} cannot be read as safetensors ({error}); it may be truncated"
        ) from None
    noted = {name: header[name] for name in ("architecture", "scale") if name in header}
    return {**noted, **json.loads(header.get("settings", "{}"))}


def weights_file(path: Path) -> Path:
    """``path`` itself, or in a folder the file that the hub's snapshots keep weights in.
    ValueError if none is there.
    """
    if path.is_file():
        return path
    if found := next((path / name for name in WEIGHTS if (path / name).is_file()), None):
        return found
    raise ValueError(f"the folder {path} holds no weights; looked for {', '.join(WEIGHTS)}")


def quietly(call: Callable, *args, **choices):
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
