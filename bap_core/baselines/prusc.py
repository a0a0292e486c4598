"""PruSC (paper M.2): learn which weights to cut so that clusters of look-alikes break up, cut them,
tune what is left.

    m = [pi + noise >= 0]        one logit pi per weight; the noise is logistic, so that P(m = 1) =
    sigmoid(pi) L = CE + alpha mean sigmoid(pi) + beta L_con L_con = mean over positives p of anchor
    i of  -log( e^s(i,p) / (sum_pos e^s(i,.) + sum_neg e^s(i,.)) )

s is the cosine over 0.07. Positives of i have its class and another cluster, negatives its cluster
and another class. The gradient passes the mask as if it were sigmoid(pi + noise). Four phases: the
LP-FT result; k-means of its features, and a small balanced set across the clusters; the masks
(`learn_masks`); fine-tuning under them (`tune_prusc`). Group labels are not used. The released code
is incomplete and its contrastive term has no gradient: this follows the formulas.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from bap_core import runtime, store
from bap_core.baselines.fine_tuning import (
    Head,
    Passes,
    Recipe,
    TrainingPictures,
    Tuned,
    checkpoint_path,
    fine_tune,
    fingerprint,
    training_part,
    tune_once,
    versions,
)
from bap_core.baselines.weight_masks import add_masks, apply_masks, fold_masks, prunable
from bap_core.data import Scenes
from bap_core.encoders import features
from bap_core.method import alignment

VERSION = 1  # part of every key: raise it when this module's results change


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


def learn_masks(
    tuned: Tuned,
    scenes: Scenes,
    *,
    seed: int,
    clusters: int = 8,
    ratio: float = 0.1,
    epochs: int = 15,
    lr: float = 1e-2,
    batch_size: int = 64,
    sparsity: float = 1e-4,
    contrast: float = 1.0,
    temperature: float = 0.07,
    start: float = 0.2,
    flips: bool = True,
) -> Masks:
    """Masks over the weights of ``tuned``, learnt on a part of the training split; kept in the
    store.

    ratio: size of that part as a fraction of the training split. epochs, lr, batch_size: of Adam on
    the logits, which begin at ``start``; weights and head stand still. sparsity, contrast: alpha
    and beta. Adam moves a logit by ``lr`` a step at most or so, and most move to and fro: how many
    cross 0 hangs on ``start`` and the number of steps. ValueError if everything was kept, or
    nothing; a warning if less than a hundredth was cut or kept, since the next phase is then close
    to LP-FT under another name, or to training from nothing.
    """
    choices = {
        "clusters": clusters,
        "ratio": ratio,
        "sparsity": sparsity,
        "contrast": contrast,
        "temperature": temperature,
        "lr": lr,
        "start": start,
    }
    train = training_part(scenes)
    y = train.frame["label"].to_numpy(dtype=np.int64)
    cluster = cluster_features(features.extract(tuned.encoder, train), k=clusters, seed=seed)
    rows = task_rows(y, cluster, ratio=ratio, seed=seed)
    passes = Passes(len(rows), epochs, batch_size, seed, flips)
    parts = {
        "method": "PruSC masks",
        "encoder": tuned.encoder.fingerprint,
        "head": tuned.head.fingerprint,
        "training": train.fingerprint,
        "passes": [epochs, batch_size, seed, flips],
        **choices,
        "version": [VERSION, *versions()],
    }
    tuned.encoder.tally.need(store.key(**parts), epochs * len(rows))

    def make() -> dict[str, Tensor]:
        student, pictures = (
            tuned.encoder.student(),
            TrainingPictures(train.take(rows), tuned.encoder.size),
        )
        masks, losses = train_masks(
            student,
            pictures,
            tuned.head,
            y[rows],
            cluster[rows],
            passes=passes,
            lr=lr,
            sparsity=sparsity,
            contrast=contrast,
            temperature=temperature,
            start=start,
            checkpoint=checkpoint_path(parts),
        )
        found = Masks(masks, skipped_anchors(y[rows], cluster[rows], passes=passes), losses)
        _check(found, f"{passes.steps} steps of about {lr} each, from {start}")
        return {"skipped": torch.tensor(found.skipped), "losses": torch.tensor(losses), **masks}

    stored = store.arrays("masks", parts, make)
    in_order = {name: stored[name] for name in prunable(tuned.encoder.image_tower)}
    masks = Masks(in_order, stored["skipped"].item(), stored["losses"].tolist())
    if not 0.01 <= masks.share <= 0.99:
        warnings.warn(
            f"PruSC keeps {masks.share:.2%} of the weights of {tuned.encoder.name}: "
            f"{passes.steps} steps of "
            f"about {lr} from {start} decide that; choose another start, or more or "
            "fewer epochs",
            stacklevel=2,
        )
    return masks


def tune_prusc(tuned: Tuned, scenes: Scenes, masks: Masks, *, seed: int, **recipe) -> Tuned:
    """The last phase: ``tuned`` without what ``masks`` cut, fine-tuned as LP-FT was; kept in the
    store.

    recipe: `fine_tuning.Recipe`'s choices. Weights that were cut are exactly 0 in the result.
    ValueError if the masks belong to another tower.
    """
    recipe, train = Recipe(**recipe), training_part(scenes)
    if masks.tensors.keys() != prunable(tuned.encoder.image_tower).keys():
        raise ValueError(f"{tuned.encoder.name}: the masks were learnt on another tower")

    def tune(student, checkpoint):
        apply_masks(student.image_tower, masks.tensors)
        result = fine_tune(
            student,
            tuned.head,
            train,
            recipe=recipe,
            seed=seed,
            label="PruSC",
            checkpoint=checkpoint,
        )
        fold_masks(student.image_tower)
        return result

    return tune_once(
        tuned.encoder,
        train,
        method="PruSC",
        recipe=recipe,
        seed=seed,
        tune=tune,
        settings={
            "head": tuned.head.fingerprint,
            "masks": fingerprint(masks.tensors),
            "prusc": VERSION,
        },
    )


def cluster_features(X: Tensor, *, k: int, seed: int) -> np.ndarray:
    """k-means of unit-norm features, all classes together. X: (N, D) -> (N,) int cluster numbers
    in 0..k-1.
    """
    from sklearn.cluster import KMeans  # slow to import, and no other method needs it

    draw = int(runtime.rng(seed, "clusters").integers(2**31))
    return KMeans(k, n_init=10, random_state=draw).fit_predict(X.numpy())


def task_rows(y: np.ndarray, cluster: np.ndarray, *, ratio: float, seed: int) -> np.ndarray:
    """Row numbers of the small balanced set: equally many of every class, and of every cluster
    within it, if they last.

    y, cluster: (N,) int -> (about ratio * N,) int64, each once. ValueError for a ratio outside (0,
    1] or too small.
    """
    n_classes = int(y.max()) + 1
    share = round(ratio * len(y)) // n_classes
    if not 0 < ratio <= 1 or share < 1:
        raise ValueError(
            f"ratio={ratio} of {len(y)} training pictures must lie in (0, 1] and give "
            "one or more a class"
        )
    chosen = []
    for label in range(n_classes):
        rows = runtime.rng(seed, "task", label).permutation(np.flatnonzero(y == label))
        # clusters give one row a turn as long as they have any
        turn = pd.Series(rows).groupby(cluster[rows]).cumcount()
        chosen.append(rows[np.argsort(turn, kind="stable")[:share]])
    return np.concatenate(chosen)


def train_masks(
    student,
    pictures,
    head: Head,
    y,
    cluster,
    *,
    passes: Passes,
    lr: float,
    sparsity: float,
    contrast: float,
    temperature: float,
    start: float,
    checkpoint: Path,
) -> tuple[dict[str, Tensor], list[float]]:
    """Train a mask on every `prunable` weight of the student; returns the masks, pi >= 0, and the
    losses.

    y, cluster: (N,) int, class and cluster of each of the N pictures. The weights keep their
    values.
    """
    masks = add_masks(student.image_tower, start=start, seed=passes.seed)
    n_weights = sum(mask.logits.numel() for mask in masks.values())
    y, cluster = (torch.as_tensor(numbers, device=student.device) for numbers in (y, cluster))
    weight, bias = head.weight.to(student.device), head.bias.to(student.device)

    def loss(z: Tensor, rows: Tensor) -> Tensor:
        kept = sum(torch.sigmoid(mask.logits).sum() for mask in masks.values()) / n_weights
        apart = contrastive_loss(z, *pairs(y[rows], cluster[rows]), temperature=temperature)
        return (
            F.cross_entropy(F.linear(z, weight, bias), y[rows]) + sparsity * kept + contrast * apart
        )

    losses = alignment.optimise(
        student,
        pictures,
        loss,
        contexts=passes,
        lr=lr,
        weight_decay=0.0,
        label="PruSC masks",
        checkpoint=checkpoint,
        schedule=lambda optimiser, _: ConstantLR(optimiser, 1.0),
        training_mode=False,
    )
    return {name: (mask.logits >= 0).cpu() for name, mask in masks.items()}, losses


def pairs(y: Tensor, cluster: Tensor) -> tuple[Tensor, Tensor]:
    """Who is whose positive and negative. y, cluster: (B,) int -> two (B, B) bool, row i for anchor
    i.

    An anchor that lacks either gets neither: it is skipped.
    """
    same_class, same_cluster = y[:, None] == y, cluster[:, None] == cluster
    positive, negative = same_class & ~same_cluster, same_cluster & ~same_class
    complete = (positive.any(dim=1) & negative.any(dim=1))[:, None]
    return positive & complete, negative & complete


def contrastive_loss(
    z: Tensor, positive: Tensor, negative: Tensor, *, temperature: float = 0.07
) -> Tensor:
    """L_con averaged over the anchors that have positives; 0 if none has. z: (B, D) unit norm;
    both: (B, B) bool.
    """
    anchors = positive.any(dim=1)
    if not anchors.any():
        return 0 * z.sum()
    s = (z @ z.T / temperature)[anchors]
    positive, negative = positive[anchors], negative[anchors]
    total = s.masked_fill(~(positive | negative), -torch.inf).logsumexp(dim=1, keepdim=True)
    return (((total - s) * positive).sum(dim=1) / positive.sum(dim=1)).mean()


def skipped_anchors(y: np.ndarray, cluster: np.ndarray, *, passes: Passes) -> float:
    """Share of the anchors of all batches of ``passes`` that `pairs` skips."""
    batches = [rows for number in range(passes.epochs) for rows, _ in passes.epoch(number)]
    used = sum(
        int(pairs(torch.as_tensor(y[rows]), torch.as_tensor(cluster[rows]))[0].any(dim=1).sum())
        for rows in batches
    )
    return 1 - used / sum(len(rows) for rows in batches)


def _check(masks: Masks, moves: str) -> None:
    if masks.share in (0, 1):
        raise ValueError(
            f"PruSC keeps {masks.share:.0%} of the weights, so the masks say nothing. "
            f"They had {moves}: give "
            f"{'fewer' if masks.share == 0 else 'more'} epochs or another ratio, "
            "start or sparsity"
        )
