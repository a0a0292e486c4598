"""What the fine-tuning methods share (paper M.3, M.3.1): training pictures, a head beside the
encoder, one recipe.

    minimise over theta, W, b:   sum_i w(y_i) CE(W f_theta(x_i) + b, y_i)        w(c) = n / (C n_c)

f_theta(x) is the embedding as it leaves the tower, as in the original, or of unit norm. One
learning rate for the image tower and one for the head; both rise linearly from a hundredth, then
fall along a cosine to a floor, step by step. The tower stays in evaluation mode, as the authors of
LP-FT have it: statistics of batch norms are those of the pre-training, and nothing is dropped at
random.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core.baselines import checks
from bap_core.baselines.picture_batches import PictureBatches
from bap_core.baselines.scores import Scores
from bap_core.encoders import Encoder, features, students, training


@dataclass(frozen=True, eq=False)
class Head(Scores):
    """A linear classifier on embeddings. weight: (C, D), bias: (C,), both float32."""

    weight: Tensor
    bias: Tensor

    @property
    def coef_(self) -> Tensor:
        """The weight, as estimators call it."""
        return self.weight

    @property
    def intercept_(self) -> Tensor:
        """The bias, as estimators call it."""
        return self.bias

    @property
    def fingerprint(self) -> str:
        """Names both tensors by their values."""
        return fingerprint({"weight": self.weight, "bias": self.bias})

    def logits(self, X: Tensor) -> Tensor:
        """(N, D) -> (N, C). ValueError for features of another width."""
        if X.ndim != 2 or X.shape[1] != self.weight.shape[1]:
            raise ValueError(
                f"features {tuple(X.shape)} do not fit a head for {self.weight.shape[1]} dimensions"
            )
        return F.linear(X, self.weight, self.bias)

    def decision_function(self, X: Tensor) -> np.ndarray:
        """X: (N, D) -> (N, C): the `logits`."""
        return self.logits(X).numpy()


@dataclass(frozen=True, eq=False)
class Tuned(Scores):
    """An encoder and the head that belongs to it. losses: mean loss of each epoch of
    fine-tuning. unit: whether the head reads embeddings of unit norm, or as they leave the tower.
    """

    encoder: Encoder
    head: Head
    losses: list[float]
    unit: bool = False

    def decision_function(self, pictures) -> np.ndarray:
        """Logits of all ``pictures`` (a `Scenes`): (N, C); their features are kept in the store."""
        return self.head.decision_function(features.extract(self.encoder, pictures, unit=self.unit))

    def read(self, scenes, split: str) -> Tensor:
        """What the head reads of one split of labelled pictures: (N, D). Each split is encoded by
        itself, so that `decision_function` of the test split shares it.
        """
        return features.extract(self.encoder, scenes.select(split=split), unit=self.unit)


@dataclass(frozen=True)
class Recipe:
    """How tower and head are tuned together. The defaults are for Waterbirds.

    lr, head_lr: of the tower and of the head at the top of the schedule; the paper gives neither
    for Waterbirds (CounterAnimal: 1e-6 and 1e-4, 40 epochs, batches of 32). lr_min: where both end.
    warmup: steps of the rise, at most half of all. flips: mirror every other picture at random.
    class_weights: whether w(c) is not simply 1. features: what the heads read, of this and of the
    probe before it, as for `LinearProbe`.
    """

    epochs: int = 30
    batch_size: int = 128
    lr: float = 5e-6
    head_lr: float = 1e-4
    lr_min: float = 1e-6
    weight_decay: float = 0.01
    warmup: int = 200
    flips: bool = True
    class_weights: bool = True
    features: str = "raw"

    def __post_init__(self):
        checks.is_unit(self.features)
        for name in ("epochs", "batch_size", "warmup"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        if not 0 <= self.lr_min <= min(self.lr, self.head_lr):
            raise ValueError(
                f"lr_min={self.lr_min} must lie between 0 and both lr={self.lr} and "
                f"head_lr={self.head_lr}: "
                "the cosine falls to it"
            )

    @property
    def schedule(self) -> training.Schedule:
        """Step 0 has a hundredth of every rate, step ``warmup`` the whole, and after all steps it
        is ``lr_min``.
        """
        return training.Schedule(self.warmup, self.lr_min)


def training_part(scenes):
    """The training split. ValueError if it is empty, or if a class is missing there."""
    train = scenes.select(split="train")
    counts = np.bincount(
        train.frame["label"].to_numpy(dtype=np.int64), minlength=len(scenes.labels)
    )
    if (counts == 0).any():
        raise ValueError(
            f"{scenes.name}: fine-tuning needs training pictures of every class, "
            "there are "
            f"{dict(zip(scenes.labels, counts.tolist()))}"
        )
    return train


def fine_tune(
    student: Encoder, head: Head, train, *, recipe: Recipe, seed: int, label: str, checkpoint: Path
) -> tuple[Head, list[float]]:
    """Tune the student's image tower in place, beside a copy of ``head``; returns the tuned head
    and the losses.
    """
    y = torch.tensor(train.frame["label"].to_numpy(dtype=np.int64), device=student.device)
    balance = checks.class_weights(y, n_classes=len(head.bias))
    weight = balance if recipe.class_weights else None
    shape = reversed(head.weight.shape)
    linear = cast(
        torch.nn.Linear, torch.nn.utils.skip_init(torch.nn.Linear, *shape, device=student.device)
    )
    linear.load_state_dict({"weight": head.weight, "bias": head.bias})
    batches = PictureBatches(
        train,
        student.size,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        seed=seed,
        flips=recipe.flips,
    )
    losses = training.train(
        student,
        batches,
        lambda z, rows: F.cross_entropy(linear(z), y[rows], weight=weight),
        lr=recipe.lr,
        weight_decay=recipe.weight_decay,
        schedule=recipe.schedule,
        label=label,
        checkpoint=checkpoint,
        head=linear,
        head_lr=recipe.head_lr,
        training_mode=False,
        unit=checks.is_unit(recipe.features),
    )
    return Head(linear.weight.detach().cpu(), linear.bias.detach().cpu()), losses


def tune_once(
    encoder: Encoder,
    train,
    *,
    method: str,
    recipe: Recipe,
    seed: int,
    settings: dict,
    tune: Callable[[Encoder, Path], tuple[Head, list[float]]],
) -> Tuned:
    """A student of ``encoder`` tuned by ``tune(student, checkpoint) -> (head, losses)``; kept in
    the store.

    method, settings: what names the result beside encoder, training pictures, recipe and seed: all
    that ``tune`` depends on, with its code.
    """
    parts = {
        "method": method,
        "encoder": encoder.key,
        "training": train.fingerprint,
        "pictures": train.key,
        "recipe": asdict(recipe),
        "seed": seed,
        **settings,
    }

    def fit(student: Encoder, checkpoint: Path) -> dict[str, Tensor]:
        head, losses = tune(student, checkpoint)
        found = {"losses": torch.tensor(losses)}
        return {**found, "head_weight": head.weight, "head_bias": head.bias}

    pictures = recipe.epochs * len(train)
    student, kept = students.cached_training(
        encoder, fit, kind="tuned", parts=parts, pictures=pictures
    )
    head, losses = Head(kept["head_weight"], kept["head_bias"]), kept["losses"].tolist()
    return Tuned(student, head, losses, unit=checks.is_unit(recipe.features))


def fingerprint(tensors: dict[str, Tensor]) -> str:
    """Twenty hex digits over names and values."""
    state = sha256()
    for name, tensor in sorted(tensors.items()):
        state.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        state.update(values.numpy().data)
    return state.hexdigest()[:20]
