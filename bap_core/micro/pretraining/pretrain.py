"""Pre-trains the encoders that ship with the package, with the models, tokenizer and losses of
open_clip and timm.

`pretrain` writes three files: ``<name>.json`` (the library's model configuration),
``<name>.safetensors`` (bfloat16) and ``<name>.card.json`` (where the weights come from and what the
untouched encoder scores).
"""

import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import open_clip
import torch
from torch import Tensor

from bap_core import encoders, runtime
from bap_core.encoders.backends import from_timm
from bap_core.encoders.backends.shape import ImageModel, unwrap
from bap_core.encoders.training import Schedule
from bap_core.micro.pretraining.calibration import LABELLER, native_figures
from bap_core.micro.pretraining.objectives import CaptionModel, Captions, Classes, Views
from bap_core.micro.pretraining.recipes import RECIPES, Recipe, find_recipe
from bap_core.micro.pretraining.scenes import captioned_scenes
from bap_core.micro.pretraining.shipping import ship, write_config
from bap_core.micro.pretraining.targets import targets_of


def pretrain(
    name: str,
    *,
    out: str | Path | None = None,
    scenes: int | None = None,
    epochs: int | None = None,
    data_root: str | Path | None = None,
) -> Path:
    """Pre-train the micro encoder ``name`` from its seed and write its three files to ``out``;
    returns the weights.

    out: folder, by default the package's own. scenes and epochs shorten a trial. data_root: a
    rendered micro world on which the native figures for the card are measured (without it the card
    has none). ValueError for an unknown name or a loss that is not finite.
    """
    recipe = find_recipe(name, RECIPES)
    recipe = replace(recipe, scenes=scenes or recipe.scenes, epochs=epochs or recipe.epochs)
    out = Path(out or encoders.MICRO)
    config = write_config(name, recipe, out=out)
    started = time.perf_counter()
    tensors = unwrap(_train(name, recipe, config)).state_dict()
    weights = ship(name, tensors, recipe, out=out, seconds=time.perf_counter() - started)
    if data_root is not None:
        add_figures(weights, data_root)
    return weights


def add_figures(weights: Path, data_root: str | Path) -> dict:
    """Measure the native figures of shipped weights and write them into their card, beside the
    targets that were fixed for them.

    The labels of the people experiment are guesses of ``micro-clip-large`` in the same folder, and
    towers without words are compared with the figure on ``micro-clip``'s card there: measure these
    two first. Where they are missing, so is what needs them.
    """
    name, folder = weights.stem, weights.parent
    large = folder / f"{LABELLER}.safetensors"
    labeller = f"{LABELLER}:{large}" if large.exists() else None
    found = native_figures(f"{name}:{weights}", data_root, labeller=labeller)
    card = _card(folder, name) | {
        "targets": targets_of(name, micro_clip_additivity=_known_additivity(folder)),
        "native_figures": found,
    }
    (folder / f"{name}.card.json").write_text(json.dumps(card, indent=1) + "\n")
    return card


def _card(folder: Path, name: str) -> dict:
    path = folder / f"{name}.card.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _known_additivity(folder: Path) -> float | None:
    return _card(folder, "micro-clip").get("native_figures", {}).get("additivity")


def _train(name: str, recipe: Recipe, config: Path) -> ImageModel:
    pictures, captions, shown = captioned_scenes(recipe)
    draw = runtime.generator(recipe.seed, "pretrain", name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        objective = _objective(name, recipe, config, captions, shown, draw)
    device = runtime.device()
    objective.to(device).train()
    optimiser, schedule = _optimiser(objective, recipe)
    mean, std = _statistics(objective.model, device)
    for rows, mirrored in runtime.progress(
        _batches(len(pictures), recipe, draw), total=recipe.steps, label=name, unit="step"
    ):
        batch = pictures[rows]
        batch[mirrored] = batch[mirrored].flip(-1)
        loss = objective((batch.to(device).float() - mean) / std, rows)
        if not torch.isfinite(loss):
            raise ValueError(f"pre-training of {name} diverged: the loss is {loss.item()}")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        if isinstance(objective, Captions):
            with torch.no_grad():
                objective.model.logit_scale.clamp_(0, math.log(100))
    return objective.model


def _objective(
    name: str,
    recipe: Recipe,
    config: Path,
    captions: list[str],
    shown: Tensor,
    draw: torch.Generator,
) -> Captions | Classes | Views:
    if recipe.loss in ("softmax", "sigmoid"):
        open_clip.add_model_config(config)
        tokens = open_clip.SimpleTokenizer(
            context_length=recipe.config["text_cfg"]["context_length"]
        )(captions)
        model = cast(CaptionModel, open_clip.create_model(name))
        return Captions(model, tokens, sigmoid=recipe.loss == "sigmoid")
    model = from_timm.random(recipe.config)
    return Classes(model, shown) if recipe.loss == "classes" else Views(model, draw)


def _batches(n: int, recipe: Recipe, draw: torch.Generator):
    for _ in range(recipe.epochs):
        order = torch.randperm(n, generator=draw)
        for rows in order[: n - n % recipe.batch_size].split(recipe.batch_size):
            yield rows, torch.rand(len(rows), generator=draw) < 0.5


def _optimiser(model: torch.nn.Module, recipe: Recipe):
    """AdamW without decay on gains, biases and the logit's scale; a tenth of linear warm-up,
    then a cosine to 0.
    """
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    free = [p for p in model.parameters() if p.ndim < 2]
    optimiser = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": recipe.weight_decay},
            {"params": free, "weight_decay": 0.0},
        ],
        lr=recipe.lr,
        betas=(0.9, 0.98),
    )
    schedule = Schedule(warmup=max(1, recipe.steps // 10), start=None)
    return optimiser, schedule(optimiser, recipe.steps)


def _statistics(model: ImageModel, device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and spread of the pixels (0..255) that the model wants taken out, (1, 3, 1, 1) each."""
    settings = model.visual.preprocess_cfg
    mean, std = (
        torch.tensor(settings[key], device=device).view(1, 3, 1, 1) * 255 for key in ("mean", "std")
    )
    return mean, std
