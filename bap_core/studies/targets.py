"""Alignment without anchors (paper appendix F, Table 13): every object is drawn to one of a few
random directions, that of its class, instead of to its own anchor.

    loss = 1 - f(x_m) . v_y        v_1 .. v_C random, of unit norm, orthogonal (equation 7)

It is phase 2 of BAP without phase 1: what it can do, invariance alone does; what it cannot, takes
what the teacher knew of the objects.
"""

import numpy as np
import torch
from torch import Tensor

from bap_core import runtime, sources
from bap_core.encoders import Encoder
from bap_core.encoders.training import TABLE_17, Schedule, train
from bap_core.method.alignment import (
    CompositeBatches,
    Contexts,
    Pretrained,
    alignment_loss,
    pretrain,
)


def random_targets(n: int, dim: int, *, seed: int) -> Tensor:
    """``n`` random directions at right angles: (n, dim) float32, unit norm. ValueError if there are
    not so many, or none.
    """
    if not 1 <= n <= dim:
        raise ValueError(f"n={n} directions at right angles in {dim} dimensions; choose 1..{dim}")
    drawn = torch.randn(dim, n, generator=runtime.generator(seed, "targets"), dtype=torch.float64)
    return torch.linalg.qr(drawn).Q.T.float().contiguous()


def pretrain_to_targets(
    teacher: Encoder,
    compositor,
    labels,
    *,
    contexts: Contexts,
    weight_decay: float = 0.01,
    lr: float = 5e-6,
    schedule: Schedule = TABLE_17,
) -> Pretrained:
    """Equation 7 on the composites of ``contexts``, with the settings of `method.pretrain_bap`.
    labels: (N,) int from 0, the class of each object. The seed of ``contexts`` draws the targets.
    """
    labels = np.asarray(labels, dtype=np.int64)
    if len(labels) != len(compositor.objects):
        raise ValueError(f"{len(labels)} labels for {len(compositor.objects)} objects")
    batches = CompositeBatches(compositor.at(teacher.size), contexts, divided=True)
    targets = random_targets(int(labels.max()) + 1, teacher.dim, seed=contexts.seed)[labels]

    def fit(student, checkpoint):
        wanted = targets.to(student.device)
        return train(
            student,
            batches,
            lambda z, objects: alignment_loss(z, wanted[objects]),
            lr=lr,
            weight_decay=weight_decay,
            schedule=schedule,
            label="random targets",
            checkpoint=checkpoint,
        )

    settings = {"labels": labels.tolist(), "lr": lr, "weight_decay": weight_decay}
    settings |= {"code": sources.code(__name__)}
    return pretrain(
        teacher, batches, fit, method="random targets", settings=settings, schedule=schedule
    )
