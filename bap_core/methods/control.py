"""Data-matched control (paper M.3.1): the composites of BAP, in the same order, with class labels instead of anchors.

The labels are those of the downstream task, an advantage that BAP does not have. The head that learns beside the
encoder is thrown away; a linear probe follows, as for every encoder.
"""

import numpy as np
import torch
import torch.nn.functional as F

from bap_core import runtime
from bap_core.align import Contexts, Pretrained, optimise, pretrain
from bap_core.encoders import Encoder


def pretrain_control(teacher: Encoder, compositor, labels, *, contexts: Contexts, lr: float = 5e-6,
                     head_lr: float = 5e-4, weight_decay: float = 0.01) -> Pretrained:
    """Cross-entropy on the composites of ``contexts``. labels: (N,) int, the downstream class of each object.

    head_lr: the paper gives none for Waterbirds; 5e-4 is what its section M.6.2 uses.
    """
    labels = torch.tensor(np.asarray(labels), dtype=torch.int64)  # a copy: pandas lends read-only memory
    if len(labels) != contexts.n_objects:
        raise ValueError(f"{len(labels)} labels for {contexts.n_objects} objects")

    def train(student, checkpoint):
        target = labels.to(student.device)
        head = _head(student, n_classes=int(labels.max()) + 1, seed=contexts.seed)
        return optimise(student, compositor, lambda z, objects: F.cross_entropy(head(z), target[objects]),
                        contexts=contexts, lr=lr, weight_decay=weight_decay, label="control", head=head,
                        head_lr=head_lr, checkpoint=checkpoint)

    return pretrain(teacher, compositor, method="control", contexts=contexts, train=train,
                    settings={"labels": labels.tolist(), "lr": lr, "head_lr": head_lr, "weight_decay": weight_decay})


def _head(student: Encoder, *, n_classes: int, seed: int) -> torch.nn.Linear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(runtime.generator(seed, "control head").initial_seed())
        return torch.nn.Linear(student.dim, n_classes).to(student.device)
