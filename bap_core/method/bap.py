"""BAP (paper section 3.1): anchors from the frozen teacher, then a student that maps every
context to them.
"""

from dataclasses import asdict

from bap_core.encoders import Encoder
from bap_core.method.alignment import (
    Contexts,
    Pretrained,
    Schedule,
    alignment_loss,
    optimise,
    pretrain,
)
from bap_core.method.anchors import anchors


def pretrain_bap(
    teacher: Encoder,
    compositor,
    *,
    contexts: Contexts,
    k: int = 10,
    lr: float = 5e-6,
    weight_decay: float = 0.01,
    schedule: Schedule | None = None,
) -> Pretrained:
    """Phase 1 (equation 2) and phase 2 (equation 3) with Table 17's values as defaults.

    compositor: N objects and the background pool; contexts: what alignment shows when; k:
    backgrounds per anchor; schedule: of the learning rate, Table 17's if None.
    """

    def train(student, checkpoint):
        targets = anchors(teacher, compositor, k=k, seed=contexts.seed).to(student.device)
        return optimise(
            student,
            compositor,
            lambda z, objects: alignment_loss(z, targets[objects]),
            contexts=contexts,
            lr=lr,
            weight_decay=weight_decay,
            label="BAP",
            checkpoint=checkpoint,
            schedule=schedule,
        )

    settings = {"k": k, "lr": lr, "weight_decay": weight_decay} | (
        {"schedule": asdict(schedule)} if schedule else {}
    )
    return pretrain(
        teacher, compositor, method="BAP", contexts=contexts, train=train, settings=settings
    )
