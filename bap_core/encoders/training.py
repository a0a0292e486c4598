"""Training a student: the one loop and the one schedule. `students` keeps what comes of it.

Everything that changes an encoder's weights goes through `train`: BAP's alignment, the data-matched
control, LP-FT, PruSC's masks. It takes batches and a loss, and knows nothing of either.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from bap_core import runtime, store, together
from bap_core.encoders import Encoder

CHECKPOINT_SECONDS = 120  # work that an interruption may cost


class Batches(Protocol):
    """What training shows, epoch by epoch.

    An epoch depends on its number alone, so an interrupted run resumes to the same numbers.
    """

    @property
    def epochs(self) -> int:
        """How many."""
        ...

    @property
    def steps(self) -> int:
        """Batches of all epochs."""
        ...

    @property
    def divided(self) -> bool:
        """Whether each of several processes gets its share of the pictures of a batch
        (`together.share` of the rows). Then the loss has to be a mean over its rows.
        """
        ...

    def epoch(self, number: int, first: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Row numbers (B,) int64, which the loss gets too, and pictures uint8 (B, 3, S, S), from
        the batch ``first`` on.
        """
        ...


@dataclass(frozen=True)
class Schedule:
    """A linear rise of every learning rate, then half a cosine down to a floor, step by step.

    warmup: steps of the rise, at most half of all; or, as a float, the share of all steps. floor:
    the rate at which all end. start: share of the rate at step 0; None for that of one step, so
    that the last step of the rise has the whole rate.
    """

    warmup: int | float
    floor: float = 0.0
    start: float | None = 0.01

    def __call__(self, optimiser: torch.optim.Optimizer, steps: int) -> LambdaLR:
        """For a run of ``steps``. ValueError without a rise, or for a rate below the floor."""
        rates = [group["lr"] for group in optimiser.param_groups]
        if self.warmup <= 0 or not 0 <= self.floor <= min(rates):
            raise ValueError(
                f"warmup={self.warmup} must be at least 1, or a share above 0, and "
                f"floor={self.floor} between 0 and the rates {rates}"
            )
        return LambdaLR(optimiser, [self._factor(steps, self.floor, rate) for rate in rates])

    def _factor(self, steps: int, floor: float, rate: float) -> Callable[[int], float]:
        by_share = isinstance(self.warmup, float)
        rise = round(self.warmup * steps) if by_share else min(int(self.warmup), steps // 2)
        rise = max(1, rise)
        start, lowest = self.start, floor / rate if floor else 0.0

        def factor(step: int) -> float:
            if step < rise:
                return (step + 1) / rise if start is None else start + (1 - start) * step / rise
            cosine = math.cos(math.pi * (step - rise) / max(1, steps - rise))
            return lowest + (1 - lowest) * 0.5 * (1 + cosine)

        return factor


TABLE_17 = Schedule(warmup=0.1, start=None)


def train(
    student: Encoder,
    batches: Batches,
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    lr: float,
    weight_decay: float,
    schedule: Schedule | None,
    label: str,
    checkpoint: Path,
    head: torch.nn.Module | None = None,
    head_lr: float = 0.0,
    training_mode: bool = True,
    unit: bool = True,
) -> list[float]:
    """Train the student's image tower (and ``head``) with AdamW; returns each epoch's mean loss.

    loss(z, rows): student embeddings (B, D) and row numbers (B,) of a batch -> scalar. schedule:
    None for a constant rate. training_mode: whether dropout acts and batch statistics are taken.
    unit: whether the embeddings are of unit norm, or as they leave the tower. The state is kept at
    ``checkpoint`` now and then, and a run that finds it goes on from it; the caller removes it once
    the result is kept. FloatingPointError if the loss is not finite.
    """
    tower = [p for p in student.image_tower.parameters() if p.requires_grad]
    groups: list[dict] = [{"params": tower, "lr": lr}]
    groups += [{"params": list(head.parameters()), "lr": head_lr}] if head is not None else []
    optimiser = torch.optim.AdamW(groups, weight_decay=weight_decay)
    rates = schedule(optimiser, batches.steps) if schedule else LambdaLR(optimiser, lambda _: 1.0)
    student.image_tower.train(training_mode)
    parts: dict = {"student": student.image_tower, "optimiser": optimiser, "schedule": rates}
    parts |= {"head": head} if head is not None else {}
    kept, at = store.Checkpoint(checkpoint), _Place()
    if (state := kept.load()) is not None:
        at = _Place(**state.pop("at"))
        for name, part in parts.items():
            part.load_state_dict(state[name])
    divided = batches.divided and together.count() > 1
    if divided:
        together.wait()  # all have read the checkpoint before the first one writes it anew
    saved = time.monotonic()
    name = f"{student.name}: {label}"
    with runtime.progress([], total=batches.steps, label=name, unit="step") as bar:
        bar.update(rates.last_epoch)
        while at.epoch < batches.epochs:
            for rows, pictures in runtime.prefetch(batches.epoch(at.epoch, at.batch)):
                own = rows[together.share(len(rows))] if divided else rows
                z = student.forward(pictures, unit=unit)
                value = loss(z, own.to(student.device))
                with _keeping(kept, at, parts):
                    weight = together.weight(len(rows)) if divided else None
                    at.note(_step(value, optimiser, rates, weight), len(rows))
                bar.update()
                due = time.monotonic() - saved > CHECKPOINT_SECONDS
                if due and (together.is_first() or not divided):
                    _keep(kept, at, parts)
                    saved = time.monotonic()
            at.end_epoch()
    student.model.eval().requires_grad_(False)
    return at.losses


@dataclass
class _Place:
    """How far a training is. total: of the loss over the ``count`` pictures of the epoch so far."""

    epoch: int = 0
    batch: int = 0
    total: float = 0.0
    count: int = 0
    losses: list[float] = field(default_factory=list)

    def note(self, loss: float, n: int) -> None:
        self.batch, self.total, self.count = self.batch + 1, self.total + loss * n, self.count + n

    def end_epoch(self) -> None:
        self.losses.append(self.total / self.count)
        self.epoch, self.batch, self.total, self.count = self.epoch + 1, 0, 0.0, 0


def _keep(kept: store.Checkpoint, at: _Place, parts: dict) -> None:
    kept.save({"at": asdict(at), **{name: part.state_dict() for name, part in parts.items()}})


@contextmanager
def _keeping(kept: store.Checkpoint, at: _Place, parts: dict) -> Iterator[None]:
    """Keep the last whole step if another process ends during this one."""
    try:
        yield
    except ConnectionError:
        _keep(kept, at, parts)
        raise


def _step(
    value: Tensor, optimiser: torch.optim.Optimizer, rates: LambdaLR, weight: float | None
) -> float:
    """One step down the loss ``value``, which is returned. weight: of this process's share in the
    loss of all, where there are several.
    """
    if weight is not None:
        value = value * weight
    mean = value.detach() if weight is None else together.total(value.detach())
    if not torch.isfinite(mean):
        raise FloatingPointError(
            f"the loss became {mean.item()} at step {rates.last_epoch + 1}: lower the "
            "learning rate; nothing was saved"
        )
    optimiser.zero_grad(set_to_none=True)
    value.backward()
    if weight is not None:
        together.sum_gradients([one for group in optimiser.param_groups for one in group["params"]])
    optimiser.step()
    rates.step()
    return mean.item()
