"""PruSC's masks (paper M.2): learnt with weights and head standing still, and kept in the store."""

import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core import runtime, sources, store
from bap_core.baselines.contrast import (
    cluster_features,
    contrastive_loss,
    pair_up,
    skipped_anchors,
    task_rows,
)
from bap_core.baselines.fine_tuning import Tuned, training_part
from bap_core.baselines.picture_batches import PictureBatches
from bap_core.baselines.weight_masks import add_masks, prunable
from bap_core.encoders import features, training


@dataclass(frozen=True, eq=False)
class Masks:
    """What stays of an image tower. tensors: bool, by the names of the weights in its state; True
    is kept.

    skipped: share of the anchors, over all steps, that had no positive or no negative in their
    batch and gave the contrastive loss nothing (all of them where clusters and classes are one).
    losses: mean loss of each epoch.
    """

    tensors: dict[str, Tensor]
    skipped: float
    losses: list[float]

    @property
    def kept(self) -> dict[str, float]:
        """Fraction kept of every masked tensor."""
        return {name: mask.float().mean().item() for name, mask in self.tensors.items()}

    @property
    def share(self) -> float:
        """Fraction kept of all masked weights: 0 and 1 are exact."""
        return sum(int(mask.sum()) for mask in self.tensors.values()) / sum(
            mask.numel() for mask in self.tensors.values()
        )


@dataclass(frozen=True)
class MaskRecipe:
    """How masks are learnt.

    clusters: of k-means. ratio: size of the small set as a fraction of the training split. epochs,
    lr, batch_size: of Adam on the logits, which begin at ``start``; flips: mirror every other
    picture at random. sparsity, contrast: alpha and beta; temperature: of the contrastive loss.
    """

    clusters: int = 8
    ratio: float = 0.1
    epochs: int = 15
    lr: float = 1e-2
    batch_size: int = 64
    sparsity: float = 1e-4
    contrast: float = 1.0
    temperature: float = 0.07
    start: float = 0.2
    flips: bool = True


def learn_masks(tuned: Tuned, scenes, *, seed: int, **recipe) -> Masks:
    """Masks over the weights of ``tuned``, learnt on a part of the training split; kept in the
    store. recipe: choices of `MaskRecipe`.

    Weights and head stand still. Adam moves a logit by ``lr`` a step at most or so, and most move
    to and fro: how many cross 0 hangs on ``start`` and the number of steps. ValueError if
    everything was kept, or nothing; a warning if less than a hundredth was cut or kept, since the
    next phase is then close to LP-FT under another name, or to training from nothing.
    """
    wanted, train = MaskRecipe(**recipe), training_part(scenes)
    y = train.frame["label"].to_numpy(dtype=np.int64)
    features_of = features.extract(tuned.encoder, train)
    cluster = cluster_features(features_of, k=wanted.clusters, seed=seed)
    rows = task_rows(y, cluster, ratio=wanted.ratio, seed=seed)
    shape = {"epochs": wanted.epochs, "batch_size": wanted.batch_size, "flips": wanted.flips}
    batches = PictureBatches(train.take(rows), tuned.encoder.size, seed=seed, **shape)
    parts = {
        "method": "PruSC masks",
        "encoder": tuned.encoder.key,
        "head": [tuned.head.fingerprint, tuned.unit],
        "training": train.fingerprint,
        "pictures": train.key,
        "recipe": asdict(wanted),
        "seed": seed,
        "threads": runtime.threads(tuned.encoder.device),
        "code": sources.code(__name__),
    }
    moves = f"{batches.steps} steps of about {wanted.lr} each, from {wanted.start}"

    def make() -> dict[str, Tensor]:
        checkpoint, known = store.checkpoint_path(parts), (y[rows], cluster[rows])
        masks, losses = train_masks(
            tuned, batches, *known, recipe=wanted, seed=seed, checkpoint=checkpoint
        )
        shown = (found for number in range(wanted.epochs) for found, _ in batches.rows(number))
        found = Masks(masks, skipped_anchors(*known, shown), losses)
        _refuse_all_or_nothing(found, moves)
        return {"skipped": torch.tensor(found.skipped), "losses": torch.tensor(losses), **masks}

    pictures = wanted.epochs * len(rows)
    stored = store.arrays("masks", parts, make, tally=tuned.encoder.tally, pictures=pictures)
    store.Checkpoint(store.checkpoint_path(parts)).remove()
    in_order = {name: stored[name] for name in prunable(tuned.encoder.image_tower)}
    masks = Masks(in_order, stored["skipped"].item(), stored["losses"].tolist())
    if not 0.01 <= masks.share <= 0.99:
        warnings.warn(
            f"PruSC keeps {masks.share:.2%} of the weights of {tuned.encoder.name}: {moves} decide "
            "that; choose another start, or more or fewer epochs",
            stacklevel=2,
        )
    return masks


def train_masks(
    tuned: Tuned,
    batches: PictureBatches,
    y,
    cluster,
    *,
    recipe: MaskRecipe,
    seed: int,
    checkpoint: Path,
) -> tuple[dict[str, Tensor], list[float]]:
    """Train a mask on every `prunable` weight of a copy of ``tuned``; returns the masks, pi >= 0,
    and the losses.

    y, cluster: (N,) int, class and cluster of each of the N pictures. The weights keep their
    values.
    """
    student, head = tuned.encoder.student(), tuned.head
    masks = add_masks(student.image_tower, start=recipe.start, seed=seed)
    n_weights = sum(mask.logits.numel() for mask in masks.values())
    y, cluster = (torch.as_tensor(numbers, device=student.device) for numbers in (y, cluster))
    weight, bias = head.weight.to(student.device), head.bias.to(student.device)

    def loss(z: Tensor, rows: Tensor) -> Tensor:
        kept = sum(torch.sigmoid(mask.logits).sum() for mask in masks.values()) / n_weights
        positive, negative = pair_up(y[rows], cluster[rows])
        directions = F.normalize(z, dim=1)
        apart = contrastive_loss(directions, positive, negative, temperature=recipe.temperature)
        right = F.cross_entropy(F.linear(z, weight, bias), y[rows])
        return right + recipe.sparsity * kept + recipe.contrast * apart

    losses = training.train(
        student,
        batches,
        loss,
        lr=recipe.lr,
        weight_decay=0.0,
        schedule=None,
        label="PruSC masks",
        checkpoint=checkpoint,
        training_mode=False,
        unit=tuned.unit,
    )
    return {name: (mask.logits >= 0).cpu() for name, mask in masks.items()}, losses


def _refuse_all_or_nothing(masks: Masks, moves: str) -> None:
    if masks.share in (0, 1):
        raise ValueError(
            f"PruSC keeps {masks.share:.0%} of the weights, so the masks say nothing. "
            f"They had {moves}: give "
            f"{'fewer' if masks.share == 0 else 'more'} epochs or another ratio, "
            "start or sparsity"
        )
