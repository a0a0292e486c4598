"""BAP (paper section 3.1): anchors of a frozen teacher; a student that maps contexts to them."""

from collections.abc import Callable

from torch import Tensor

from bap_core import sources
from bap_core.encoders import Encoder
from bap_core.encoders.training import TABLE_17, Schedule, train
from bap_core.method.alignment import (
    CompositeBatches,
    Contexts,
    Pretrained,
    alignment_loss,
    pretrain,
)
from bap_core.method.anchors import compute_anchors


def pretrain_bap(
    teacher: Encoder,
    compositor,
    *,
    contexts: Contexts,
    k: int = 10,
    lr: float = 5e-6,
    weight_decay: float = 0.01,
    schedule: Schedule = TABLE_17,
    watch: Callable[[Tensor, Tensor], None] = lambda z, a: None,
) -> Pretrained:
    """Phase 1 (equation 2) and phase 2 (equation 3) with Table 17's values as defaults.

    compositor: N objects and the background pool; contexts: what alignment shows when; k:
    backgrounds per anchor; schedule: of the learning rate; watch: is shown every batch's embeddings
    and anchors, each (B, D), and may raise to end the training.
    """
    batches = CompositeBatches(compositor.at(teacher.size), contexts, divided=True)

    def fit(student, checkpoint):
        anchors = compute_anchors(teacher, compositor, k=k, seed=contexts.seed).to(student.device)

        def to_anchors(z: Tensor, objects: Tensor) -> Tensor:
            watch(z.detach(), anchors[objects])
            return alignment_loss(z, anchors[objects])

        return train(
            student,
            batches,
            to_anchors,
            lr=lr,
            weight_decay=weight_decay,
            schedule=schedule,
            label="BAP",
            checkpoint=checkpoint,
        )

    settings = {"k": k, "lr": lr, "weight_decay": weight_decay, "code": sources.code(__name__)}
    return pretrain(teacher, batches, fit, method="BAP", settings=settings, schedule=schedule)
