"""Pre-trains the encoders that ship with the package, with the models, tokenizer and losses of
open_clip and timm.

`pretrain` writes three files: ``<name>.json`` (the library's model configuration),
``<name>.safetensors`` (bfloat16) and ``<name>.card.json`` (where the weights come from and what the
untouched encoder scores).
"""

import json
import math
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor

from bap_core import encoders, runtime, store
from bap_core.encoders.backends import from_timm
from bap_core.encoders.backends.shape import ImageModel, unwrap
from bap_core.method.training import Schedule
from bap_core.micro.pretraining.calibration import LABELLER, native_figures
from bap_core.micro.pretraining.captions import captioned
from bap_core.micro.pretraining.objectives import CaptionModel, Captions, Classes, Views
from bap_core.micro.pretraining.recipes import RECIPES, Recipe
from bap_core.micro.pretraining.targets import targets_of
from bap_core.micro.world import VERSION, in_parallel


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
    if name not in RECIPES:
        raise ValueError(f"no recipe for {name!r}; there are {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    recipe = replace(recipe, scenes=scenes or recipe.scenes, epochs=epochs or recipe.epochs)
    out = Path(out or encoders.MICRO)
    out.mkdir(parents=True, exist_ok=True)
    config = out / f"{name}.json"
    config.write_text(json.dumps(recipe.config, indent=1) + "\n")
    started = time.perf_counter()
    weights = _save(_train(name, recipe, config), out / f"{name}.safetensors", name)
    card = {
        "name": name,
        "world_version": VERSION,
        "steps": recipe.steps,
        "computed_in": "float32",
        "device": str(runtime.device()),
        "seconds": round(time.perf_counter() - started),
        "sha256": store.digest(weights),
        "recipe": {k: v for k, v in asdict(recipe).items() if k != "config"},
    }
    (out / f"{name}.card.json").write_text(json.dumps(card, indent=1) + "\n")
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


def captioned_scenes(recipe: Recipe) -> tuple[Tensor, list[str], Tensor]:
    """What a recipe trains on, kept in the store: pictures (N, 3, S, S) uint8, N captions, and what
    each scene shows.

    The last are positions in `kinds.KINDS`, (N,) int64, -1 for an empty scene.
    """

    def make() -> dict[str, Tensor]:
        draw = partial(captioned, seed=recipe.seed, mix=recipe.mix, size=recipe.size)
        pictures, captions, shown = zip(
            *in_parallel(draw, list(range(recipe.scenes)), label="captioned scenes")
        )
        text = "\n".join(captions).encode()
        return {
            "pictures": torch.from_numpy(np.stack(pictures)),
            "shown": torch.tensor(shown),
            "captions": torch.frombuffer(bytearray(text), dtype=torch.uint8),
        }

    parts = {
        "version": VERSION,
        "seed": recipe.seed,
        "scenes": recipe.scenes,
        "mix": asdict(recipe.mix),
        "size": recipe.size,
    }
    found = store.arrays("micro-scenes", parts, make)
    return (
        found["pictures"],
        found["captions"].numpy().tobytes().decode().split("\n"),
        found["shown"],
    )


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


def _save(model: ImageModel, path: Path, name: str) -> Path:
    tensors = {
        key: value.detach().cpu().to(torch.bfloat16).contiguous()
        for key, value in unwrap(model).state_dict().items()
    }
    if not all(torch.isfinite(value.float()).all() for value in tensors.values()):
        raise ValueError(f"pre-training of {name} left weights that are not finite")
    with store.atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata={"architecture": name, "scale": "micro"})
    return path
