"""Data-matched control (paper M.3.1): the composites of BAP, in the same order, with class labels
instead of anchors.

The labels are those of the downstream task, or of the objects that stand in for it (M.6.2), an
advantage that BAP does not have. The paper's loss is "standard cross-entropy" on objects that are
"class-balanced"; ours are as many as there are of each class, and the loss is balanced instead, w_c
= n / (C n_c), as for a linear probe. The head that learns beside the encoder is thrown away; a
linear probe follows, as for every encoder.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from bap_core import runtime, sources, store
from bap_core.baselines import checks
from bap_core.encoders import Encoder
from bap_core.encoders.training import TABLE_17, Schedule, train
from bap_core.method.alignment import CompositeBatches, Contexts, Pretrained, pretrain


def pretrain_control(
    teacher: Encoder,
    compositor,
    labels,
    *,
    contexts: Contexts,
    lr: float = 5e-6,
    head_lr: float = 5e-4,
    weight_decay: float = 0.01,
    schedule: Schedule = TABLE_17,
    class_weights: bool = True,
    probe_epochs: int = 0,
    probe_lr: float = 1e-3,
) -> Pretrained:
    """Cross-entropy on the composites of ``contexts``. labels: (N,) int, the class of each object.

    head_lr: the paper gives none for Waterbirds; 5e-4 is what its section M.6.2 uses.
    class_weights: whether w_c is not simply 1. probe_epochs, probe_lr: of a first stage that trains
    the head alone on the frozen encoder (M.6.2: 10 epochs at 1e-3 for vehicles). It shows the
    composites of the first epochs of ``contexts``, at a constant rate.
    """
    batches = CompositeBatches(compositor.at(teacher.size), contexts)
    # a copy: pandas lends read-only memory
    labels = torch.tensor(np.asarray(labels), dtype=torch.int64)
    if len(labels) != len(compositor.objects):
        raise ValueError(f"{len(labels)} labels for {len(compositor.objects)} objects")
    n_classes = int(labels.max()) + 1

    def fit(student: Encoder, checkpoint: Path) -> list[float]:
        head, y = _head(student, n_classes, seed=contexts.seed), labels.to(student.device)
        weight = checks.class_weights(y, n_classes=n_classes) if class_weights else None

        def loss(z, objects):
            return F.cross_entropy(head(z), y[objects], weight=weight)

        # what is resumed has its head
        if probe_epochs and store.Checkpoint(checkpoint).load() is None:
            first = replace(batches, contexts=replace(contexts, epochs=probe_epochs))
            beside = checkpoint.with_suffix(".probe.pt")
            choices = {"lr": probe_lr, "weight_decay": weight_decay}
            _train_head(student, first, loss, head, checkpoint=beside, **choices)
        return train(
            student,
            batches,
            loss,
            lr=lr,
            weight_decay=weight_decay,
            schedule=schedule,
            label="control",
            checkpoint=checkpoint,
            head=head,
            head_lr=head_lr,
        )

    settings = {"labels": labels.tolist(), "lr": lr, "head_lr": head_lr, "balanced": class_weights}
    settings |= {"weight_decay": weight_decay, "code": sources.code(__name__)}
    settings |= {"probe": [probe_epochs, probe_lr]} if probe_epochs else {}
    return pretrain(
        teacher,
        batches,
        fit,
        method="control",
        settings=settings,
        schedule=schedule,
        frozen_epochs=probe_epochs,
    )


def _train_head(
    student: Encoder, batches, loss, head, *, lr: float, weight_decay: float, checkpoint: Path
) -> None:
    """Train the head beside the frozen encoder, at a constant rate."""
    student.image_tower.requires_grad_(False)
    train(
        student,
        batches,
        loss,
        lr=0.0,
        weight_decay=weight_decay,
        schedule=None,
        label="control's probe",
        checkpoint=checkpoint,
        head=head,
        head_lr=lr,
        training_mode=False,
    )
    student.image_tower.requires_grad_(True)


def _head(student: Encoder, n_classes: int, *, seed: int) -> torch.nn.Linear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(runtime.generator(seed, "control head").initial_seed())
        return torch.nn.Linear(student.dim, n_classes).to(student.device)
