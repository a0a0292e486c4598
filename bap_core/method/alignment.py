"""Alignment (paper section 3.1.2, equation 3; Table 17): what the student sees, and its loss.

    loss = 1 - f(x_m) . a
        f(x_m)  the student's unit-norm embedding of composite m
        a       the anchor of its object

The paper calls it a cosine embedding loss with margin 1; the margin acts on negative pairs only,
and there are none. The loop that trains is `training.train`.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from bap_core import runtime, together
from bap_core.encoders import Encoder, students
from bap_core.encoders.training import Schedule
from bap_core.method.compositing import Compositor


@dataclass(frozen=True)
class Contexts:
    """What is pasted where: every epoch shows each object on ``m`` backgrounds, in random order.

    An epoch's draw depends on the seed and its number alone, so an interrupted run resumes to the
    same numbers and the data-matched control sees the same composites in the same order.
    redraw=False keeps the first epoch's backgrounds for all epochs (the paper does not say which it
    does). flips: mirror every other composite, object and background as one, anew in every epoch;
    anchors are of composites as they are. (M.3 flips "training subsets", and calls the composites
    deterministic.)
    """

    m: int
    epochs: int
    batch_size: int
    seed: int
    redraw: bool = True
    flips: bool = False

    def __post_init__(self):
        for name in ("m", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")


@dataclass(frozen=True, eq=False)
class CompositeBatches:
    """The composites of ``contexts`` as `training.Batches`; rows are object numbers.

    divided: whether each of several processes gets its share of a batch.
    """

    compositor: Compositor
    contexts: Contexts
    divided: bool = False

    @property
    def epochs(self) -> int:
        """How often every object is shown ``m`` times."""
        return self.contexts.epochs

    @property
    def pictures(self) -> int:
        """Composites in all epochs."""
        return self.epochs * len(self.compositor.objects) * self.contexts.m

    @property
    def steps(self) -> int:
        """Batches in all; the last one of an epoch may be smaller."""
        an_epoch = len(self.compositor.objects) * self.contexts.m
        return self.epochs * math.ceil(an_epoch / self.contexts.batch_size)

    def pairs(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches of (object numbers, background numbers) of one epoch, each (B,) int64."""
        n, m, seed = len(self.compositor.objects), self.contexts.m, self.contexts.seed
        draw = runtime.rng(seed, "contexts", number if self.contexts.redraw else 0)
        backgrounds = draw.integers(len(self.compositor.backgrounds), size=n * m)
        objects = np.tile(np.arange(n), m)
        order = runtime.rng(seed, "order", number).permutation(len(objects))
        for start in range(0, len(order), self.contexts.batch_size):
            rows = order[start : start + self.contexts.batch_size]
            yield objects[rows], backgrounds[rows]

    def epoch(self, number: int, first: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Object numbers (B,) and composites, uint8 (B, 3, S, S), or this process's share of them,
        of one epoch from the batch ``first`` on.
        """
        n, size = len(self.compositor.objects) * self.contexts.m, self.contexts.batch_size
        draw = runtime.rng(self.contexts.seed, "mirrored", number)
        mirrored = torch.from_numpy(draw.random(n) < 0.5 * self.contexts.flips).split(size)
        for turned, pair in islice(zip(mirrored, self.pairs(number)), first, None):
            own = together.share(len(turned)) if self.divided else slice(None)
            pictures = self.compositor.batch(*(rows[own] for rows in pair))
            pictures[turned[own]] = pictures[turned[own]].flip(-1)
            yield torch.from_numpy(pair[0]), pictures


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
    batches: CompositeBatches,
    fit,
    *,
    method: str,
    settings: dict,
    schedule: Schedule,
    frozen_epochs: int = 0,
) -> Pretrained:
    """A student of ``teacher`` trained by ``fit(student, checkpoint) -> losses``, from the store.

    method, settings: what names the result beside teacher, composites, contexts and schedule: all
    that ``fit`` depends on, with its code.
    frozen_epochs: in which ``fit`` shows composites before it changes the student.
    """
    contexts = batches.contexts
    parts = {
        "method": method,
        "teacher": teacher.key,
        "composites": batches.compositor.fingerprint,
        "contexts": asdict(contexts),
        "schedule": asdict(schedule),
        **settings,
    }
    student, kept = students.cached_training(
        teacher,
        lambda student, checkpoint: {"losses": torch.tensor(fit(student, checkpoint))},
        kind="pretrained",
        parts=parts,
        pictures=batches.pictures + frozen_epochs * batches.pictures // contexts.epochs,
    )
    return Pretrained(student, kept["losses"].tolist())
