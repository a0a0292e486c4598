"""Alignment (paper section 3.1.2, equation 3; Table 17): the loss of BAP, and the one loop that
trains a student.

    loss = 1 - f(x_m) . a        f(x_m) the student's unit-norm embedding of composite m, a its
    object's anchor

The paper calls it a cosine embedding loss with margin 1; the margin acts on negative pairs only,
and there are none. AdamW, linear warm-up over the first tenth of the steps, then a cosine to zero,
bfloat16 autocast.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
)

from bap_core import runtime, store
from bap_core.encoders import Encoder

VERSION = 1  # part of every key: raise it when this module's results change
CHECKPOINT_SECONDS = 120  # work that an interruption may cost


@dataclass(frozen=True)
class Contexts:
    """What is pasted where during alignment: every epoch shows each object on ``m`` backgrounds, in
    random order.

    An epoch's draw depends on the seed and its number alone, so an interrupted run resumes to the
    same numbers and the data-matched control sees the same composites in the same order.
    redraw=False keeps the first epoch's backgrounds for all epochs (the paper does not say which it
    does).
    """

    n_objects: int
    n_backgrounds: int
    m: int
    epochs: int
    batch_size: int
    seed: int
    redraw: bool = True

    def __post_init__(self):
        for name in ("n_objects", "n_backgrounds", "m", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")

    @property
    def steps(self) -> int:
        """Optimiser steps in all; the last batch of an epoch may be smaller."""
        return self.epochs * math.ceil(self.n_objects * self.m / self.batch_size)

    def epoch(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches of (object numbers, background numbers) of one epoch, each (B,) int64."""
        draw = runtime.rng(self.seed, "contexts", number if self.redraw else 0)
        backgrounds = draw.integers(self.n_backgrounds, size=self.n_objects * self.m)
        objects = np.tile(np.arange(self.n_objects), self.m)
        order = runtime.rng(self.seed, "order", number).permutation(len(objects))
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield objects[rows], backgrounds[rows]


@dataclass(frozen=True)
class Schedule:
    """A rise over so many steps, then a cosine to a floor: the pre-training on vehicles (M.6.2),
    and fine-tuning (M.3.1).

    warmup: steps in which every rate rises from a hundredth to its whole, at most half of all.
    floor: where all end.
    """

    warmup: int
    floor: float

    def __call__(self, optimiser: torch.optim.Optimizer, steps: int) -> LRScheduler:
        """For a run of ``steps``. ValueError if there is no rise, or a rate does not lie above
        the floor.
        """
        rates = [group["lr"] for group in optimiser.param_groups]
        if self.warmup < 1 or not 0 <= self.floor <= min(rates):
            raise ValueError(
                f"warmup={self.warmup} must be at least 1, and floor={self.floor} "
                f"between 0 and the rates {rates}"
            )
        rise = max(1, min(self.warmup, steps // 2))
        return SequentialLR(
            optimiser,
            [
                LinearLR(optimiser, start_factor=0.01, total_iters=rise),
                CosineAnnealingLR(optimiser, max(1, steps - rise), eta_min=self.floor),
            ],
            [rise],
        )


def alignment_loss(z: Tensor, a: Tensor) -> Tensor:
    """Equation 3 averaged over a batch. z, a: (B, D), unit norm -> scalar in [0, 2]."""
    return (1 - (z * a).sum(dim=1)).mean()


@dataclass(frozen=True)
class Pretrained:
    """A student after its pre-training. losses: (epochs,) mean loss of each epoch."""

    encoder: Encoder
    losses: list[float]


def pretrain(
    teacher: Encoder,
    compositor,
    *,
    method: str,
    settings: dict,
    contexts: Contexts,
    train: Callable[[Encoder, Path], list[float]],
    frozen_epochs: int = 0,
) -> Pretrained:
    """A student of ``teacher`` trained by ``train(student, checkpoint) -> losses``; kept in the
    store.

    method, settings: what names the result beside teacher, composites and contexts. frozen_epochs:
    in which ``train`` shows composites before it changes the student. The teacher's weights are not
    touched.
    """
    parts = {
        "method": method,
        "teacher": teacher.fingerprint,
        "composites": compositor.fingerprint,
        "contexts": asdict(contexts),
        **settings,
        "version": VERSION,
    }
    teacher.tally.need(
        store.key(**parts), (frozen_epochs + contexts.epochs) * contexts.n_objects * contexts.m
    )
    student = teacher.student()

    def make() -> dict[str, Tensor]:
        losses = train(student, runtime.home() / "checkpoints" / f"{store.key(**parts)}.pt")
        return {"losses": torch.tensor(losses), **student.image_tower.state_dict()}

    kept = store.arrays("pretrained", parts, make)
    losses = kept.pop("losses").tolist()
    student.image_tower.load_state_dict(kept)
    student.model.requires_grad_(False)
    return Pretrained(student, losses)


def optimise(
    student,
    compositor,
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    contexts: Contexts,
    lr: float,
    weight_decay: float,
    label: str,
    head: torch.nn.Module | None = None,
    head_lr: float = 0.0,
    checkpoint: Path,
    schedule: Callable | None = None,
    training_mode: bool = True,
) -> list[float]:
    """Train the student's image tower (and ``head``) on the composites of ``contexts``; returns
    each epoch's mean loss.

    compositor, contexts: any two of which one's ``batch`` makes pictures from what the other's
    ``epoch`` yields. loss(z, objects): student embeddings (B, D) and object numbers (B,) of a batch
    -> scalar. schedule(optimiser, steps): a learning rate scheduler, by default Table 17's.
    training_mode: whether dropout acts and batch statistics are taken. The state is kept at
    ``checkpoint`` now and then, and a run that finds it goes on from it. FloatingPointError if the
    loss is not finite.
    """
    groups = [
        {"params": [p for p in student.image_tower.parameters() if p.requires_grad], "lr": lr}
    ]
    groups += [{"params": list(head.parameters()), "lr": head_lr}] if head is not None else []
    optimiser = torch.optim.AdamW(groups, weight_decay=weight_decay)
    schedule = (schedule or _table_17)(optimiser, contexts.steps)
    student.image_tower.train(training_mode)
    state = {"student": student.image_tower, "optimiser": optimiser, "schedule": schedule}
    state |= {"head": head} if head is not None else {}
    done, losses = _resume(checkpoint, state)
    saved = time.monotonic()
    with runtime.progress(
        [], total=contexts.steps, label=f"{student.name}: {label}", unit="step"
    ) as bar:
        bar.update(schedule.last_epoch)
        for number in range(done, contexts.epochs):
            losses.append(
                _epoch(student, compositor, loss, contexts.epoch(number), optimiser, schedule, bar)
            )
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                _keep(checkpoint, state, number + 1, losses)
                saved = time.monotonic()
    student.model.eval().requires_grad_(False)
    checkpoint.unlink(missing_ok=True)
    return losses


def _epoch(student, compositor, loss, batches, optimiser, schedule, bar) -> float:
    total, count = 0.0, 0
    fed = (
        (torch.from_numpy(objects), compositor.batch(objects, backgrounds))
        for objects, backgrounds in batches
    )
    for objects, composites in runtime.prefetch(fed):
        value = loss(student.forward(composites), objects.to(student.device))
        if not torch.isfinite(value):
            raise FloatingPointError(
                f"the loss became {value.item()} at step "
                f"{schedule.last_epoch + 1}: lower the "
                "learning rate; nothing was saved"
            )
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        schedule.step()
        total, count = total + value.item() * len(objects), count + len(objects)
        bar.update()
    return total / count


def _table_17(optimiser: torch.optim.Optimizer, steps: int) -> LRScheduler:
    return LambdaLR(optimiser, _warmup_cosine(steps))


def _warmup_cosine(steps: int, *, warmup: float = 0.1) -> Callable[[int], float]:
    rise = max(1, round(warmup * steps))

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))

    return factor


def _keep(path: Path, state: dict, done: int, losses: list[float]) -> None:
    with store.atomic_write(path) as temporary:
        torch.save(
            {
                "done": done,
                "losses": losses,
                **{name: part.state_dict() for name, part in state.items()},
            },
            temporary,
        )


def _resume(path: Path, state: dict) -> tuple[int, list[float]]:
    if not path.exists():
        return 0, []
    kept = torch.load(path, weights_only=True, map_location="cpu")
    for name, part in state.items():
        part.load_state_dict(kept[name])
    return kept["done"], kept["losses"]
