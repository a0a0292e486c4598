"""One alignment the way that is usual: PIL composites in a Dataset, the last 20,000 pictures kept,
a DataLoader with workers, as the paper describes its own. Ours is held against it, from files to
weights.
"""

import functools
import os

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import pil_to_tensor

from bap_core.method.alignment import CompositeBatches, Contexts, alignment_loss
from bap_core.method.anchors import compute_anchors
from bap_core.method.bap import pretrain_bap
from bap_core.method.compositing import Compositor
from bap_core.method.pasting import paste_reference
from benchmarks.ratios import empty_store, seconds

CACHED = 20_000
CONTEXTS = {"m": 5, "epochs": 2, "batch_size": 64, "seed": 0}


class Composites(Dataset):
    """The pairs of one epoch, pasted by PIL when they are asked for."""

    def __init__(self, compositor, pairs):
        self._compositor, self._pairs = compositor, pairs
        self._object = functools.lru_cache(CACHED)(compositor.objects.cutout)
        self._background = functools.lru_cache(CACHED)(compositor.backgrounds.image)

    def __len__(self):
        return len(self._pairs)

    def __getitem__(self, number):
        i, j = self._pairs[number]
        drawn = paste_reference(
            self._object(i),
            self._background(j),
            size=self._compositor.size,
            scale=self._compositor.scales[i],
        )
        return i, pil_to_tensor(drawn)


def align(encoder, compositor, *, lr: float) -> None:
    """Anchors as ours, and then the usual loop."""
    contexts = Contexts(**CONTEXTS)
    anchors = compute_anchors(encoder, compositor, k=4, seed=0)
    student = encoder.student()
    student.image_tower.train()
    trained = [one for one in student.image_tower.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=lr)
    for epoch in range(contexts.epochs):
        batches = CompositeBatches(compositor, contexts).pairs(epoch)
        pairs = [pair for batch in batches for pair in zip(*(rows.tolist() for rows in batch))]
        loader = DataLoader(
            Composites(compositor, pairs), contexts.batch_size, num_workers=os.cpu_count() or 1
        )
        for objects, pictures in loader:
            loss = alignment_loss(student.forward(pictures), anchors[objects].to(student.device))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()


def alignment(encoder, objects, backgrounds) -> tuple[float, float, int]:
    """Ours, the usual way, and the composites of the alignment; each begins with files."""

    def fresh() -> Compositor:
        return Compositor(objects, backgrounds, size=encoder.size, seed=0)

    contexts = Contexts(**CONTEXTS)
    with empty_store():
        ours = seconds(
            lambda: pretrain_bap(encoder, fresh(), contexts=contexts, k=4, lr=1e-5), encoder
        )
    with empty_store():
        usual = seconds(lambda: align(encoder, fresh(), lr=1e-5), encoder)
    return ours, usual, contexts.epochs * contexts.m * len(objects)
