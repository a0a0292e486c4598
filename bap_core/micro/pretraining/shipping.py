"""The three files of an encoder that ships with the package."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from bap_core import runtime, store
from bap_core.micro.pretraining.recipes import Recipe
from bap_core.micro.world import VERSION


def write_config(name: str, recipe: Recipe, *, out: Path) -> Path:
    """Write ``<name>.json``, the library's model configuration; returns its path."""
    out.mkdir(parents=True, exist_ok=True)
    config = out / f"{name}.json"
    config.write_text(json.dumps(recipe.config, indent=1) + "\n")
    return config


def ship(
    name: str, tensors: Mapping[str, Tensor], recipe: Recipe, *, out: Path, seconds: float
) -> Path:
    """Write ``<name>.safetensors``, numbers in bfloat16, and ``<name>.card.json``, which says where
    they come from; returns the weights' path. ValueError for weights that are not finite.
    """
    shipped = {key: _lighter(value.detach().cpu()).contiguous() for key, value in tensors.items()}
    if not all(torch.isfinite(value.float()).all() for value in shipped.values()):
        raise ValueError(f"pre-training of {name} left weights that are not finite")
    weights = out / f"{name}.safetensors"
    with store.atomic_write(weights) as temporary:
        save_file(shipped, temporary, metadata={"architecture": name, "scale": "micro"})
    card = {
        "name": name,
        "world_version": VERSION,
        "steps": recipe.steps,
        "computed_in": "float32",
        "device": str(runtime.device()),
        "seconds": round(seconds),
        "sha256": store.digest(weights),
        "recipe": {k: v for k, v in asdict(recipe).items() if k != "config"},
    }
    (out / f"{name}.card.json").write_text(json.dumps(card, indent=1) + "\n")
    return weights


def _lighter(tensor: Tensor) -> Tensor:
    return tensor.to(torch.bfloat16) if tensor.is_floating_point() else tensor
