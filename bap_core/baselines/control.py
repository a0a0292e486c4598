"""Data-matched control (paper M.3.1): the composites of BAP, in the same order, with class labels
instead of anchors.

The labels are those of the downstream task, or of the objects that stand in for it (M.6.2), an
advantage that BAP does not have. The head that learns beside the encoder is thrown away; a linear
probe follows, as for every encoder.
"""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.lr_scheduler import ConstantLR

from bap_core import runtime
from bap_core.encoders import Encoder
from bap_core.method.alignment import Contexts, Pretrained, Schedule, optimise, pretrain


def pretrain_control(
    teacher: Encoder,
    compositor,
    labels,
    *,
    contexts: Contexts,
    lr: float = 5e-6,
    head_lr: float = 5e-4,
    weight_decay: float = 0.01,
    schedule: Schedule | None = None,
    probe_epochs: int = 0,
    probe_lr: float = 1e-3,
) -> Pretrained:
    """Cross-entropy on the composites of ``contexts``. labels: (N,) int, the class of each object.

    head_lr: the paper gives none for Waterbirds; 5e-4 is what its section M.6.2 uses. schedule:
    Table 17's if None. probe_epochs, probe_lr: of a first stage that trains the head alone on the
    frozen encoder (M.6.2: 10 epochs at 1e-3 for vehicles). It shows the composites of the first
    epochs of ``contexts``, at a constant rate.
    """
    # a copy: pandas lends read-only memory
    labels = torch.tensor(np.asarray(labels), dtype=torch.int64)
    if len(labels) != contexts.n_objects:
        raise ValueError(f"{len(labels)} labels for {contexts.n_objects} objects")

    def train(student, checkpoint):
        target = labels.to(student.device)
        head = _head(student, n_classes=int(labels.max()) + 1, seed=contexts.seed)
        both = {
            "loss": lambda z, objects: F.cross_entropy(head(z), target[objects]),
            "head": head,
            "weight_decay": weight_decay,
        }
        if probe_epochs and not checkpoint.exists():  # what is resumed has its head
            _probe(
                student,
                compositor,
                contexts=replace(contexts, epochs=probe_epochs),
                head_lr=probe_lr,
                checkpoint=checkpoint.with_suffix(".probe.pt"),
                **both,
            )
        return optimise(
            student,
            compositor,
            contexts=contexts,
            lr=lr,
            label="control",
            head_lr=head_lr,
            checkpoint=checkpoint,
            schedule=schedule,
            **both,
        )

    settings = {
        "labels": labels.tolist(),
        "lr": lr,
        "head_lr": head_lr,
        "weight_decay": weight_decay,
    }
    settings |= {"schedule": asdict(schedule)} if schedule else {}
    settings |= {"probe": [probe_epochs, probe_lr]} if probe_epochs else {}
    return pretrain(
        teacher,
        compositor,
        method="control",
        contexts=contexts,
        train=train,
        settings=settings,
        frozen_epochs=probe_epochs,
    )


def _probe(student: Encoder, *args, checkpoint: Path, **choices) -> None:
    """Train the head beside the frozen encoder."""
    student.image_tower.requires_grad_(False)
    optimise(
        student,
        *args,
        lr=0.0,
        label="control's probe",
        checkpoint=checkpoint,
        training_mode=False,
        schedule=lambda optimiser, _: ConstantLR(optimiser, 1.0),
        **choices,
    )
    student.image_tower.requires_grad_(True)


def _head(student: Encoder, *, n_classes: int, seed: int) -> torch.nn.Linear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(runtime.generator(seed, "control head").initial_seed())
        return torch.nn.Linear(student.dim, n_classes).to(student.device)
