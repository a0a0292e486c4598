"""What the companion costs beside the bare encoder, as ratios measured in one run.

anchors     composites/s of making anchors over the bare forward on ready tensors
alignment   composites/s of an alignment epoch over the bare forward-backward-step on ready tensors
extraction  pictures/s of files to features over the bare forward on ready tensors
audit       pictures/s of an audit, its files read and its intervals drawn, over the bare forward
compositor  composites/s of the batched compositor over the plain PIL reference, everything decoded
            beforehand
encodings   pictures encoded by one small pre-training over the least that would do

Every repeat measures both sides of a ratio one after the other.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from bap_core import data, micro, runtime
from bap_core.audit import examine
from bap_core.encoders import features
from bap_core.encoders.training import TABLE_17, train
from bap_core.method.alignment import CompositeBatches, Contexts, alignment_loss
from bap_core.method.anchors import compute_anchors, draw_backgrounds
from bap_core.method.bap import pretrain_bap
from bap_core.method.compositing import Compositor
from bap_core.method.pasting import paste_reference
from benchmarks import table

BATCH, K = 128, 8
AUDITED = 200, 50  # objects and backgrounds


def rows(encoder, compositor, *, n: int, repeats: int) -> Iterator[table.Row]:
    """A row of each."""
    for what, goal, measure in (
        ("anchors / forward", ">= 0.95", lambda: making_anchors(encoder, compositor)),
        ("alignment / forward-backward", ">= 0.95", lambda: alignment(encoder, compositor, n)),
        ("extraction from JPEGs / forward", ">= 0.85", lambda: extraction(encoder, compositor)),
        ("audit / forward", ">= 0.91", lambda: auditing(encoder, compositor)),
        ("compositor / PIL reference", "", lambda: compositing(compositor, n)),
    ):
        yield table.compare(what, goal, measure, repeats=repeats)
    few = [encodings(encoder, compositor)]
    yield table.Row("images encoded / least, one alignment", few, "<= 1.0")


def pool(encoder, *, n_objects: int) -> Compositor:
    """Micro birds and backgrounds, all read and prepared before anything is timed."""
    root = micro.resolve("micro")
    birds = data.cub(root).sample(n_objects, rng=runtime.rng(0, "benchmark birds"))
    grounds = data.places(root).sample(1024, rng=runtime.rng(0, "benchmark grounds"))
    return Compositor(birds, grounds, size=encoder.size, seed=0).check()


def alignment(encoder, compositor, n: int) -> tuple[float, float, int]:
    """One epoch of `train` against the same optimiser steps on one ready batch."""
    batches = CompositeBatches(compositor, Contexts(m=K, epochs=1, batch_size=BATCH, seed=0))
    targets = torch.nn.functional.normalize(
        torch.randn(len(compositor.objects), encoder.dim), dim=1
    ).to(encoder.device)
    objects, pictures = next(batches.epoch(0))
    ready, wanted = pictures.to(encoder.device), targets[objects]
    student = encoder.student()
    optimiser = torch.optim.AdamW(
        [p for p in student.image_tower.parameters() if p.requires_grad], lr=1e-5
    )
    student.image_tower.train()
    bare = seconds(
        lambda: [_step(student, ready, wanted, optimiser) for _ in range(batches.steps)], encoder
    )
    student = encoder.student()
    with tempfile.TemporaryDirectory() as folder:
        ours = seconds(
            lambda: train(
                student,
                batches,
                lambda z, objects: alignment_loss(z, targets[objects]),
                lr=1e-5,
                weight_decay=0.01,
                schedule=TABLE_17,
                label="benchmark",
                checkpoint=Path(folder) / "none.pt",
            ),
            encoder,
        )
    return ours, bare, batches.steps * BATCH


def _step(student, ready, targets, optimiser) -> None:
    loss = alignment_loss(student.forward(ready), targets)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def making_anchors(encoder, compositor) -> tuple[float, float, int]:
    """Anchors of every object, in an empty store, against the bare forward on one ready batch."""
    n = len(compositor.objects) * K
    drawn = draw_backgrounds(len(compositor.objects), len(compositor.backgrounds), k=K, seed=0)
    ready = compositor.batch(np.repeat(np.arange(256 // K), K), drawn[: 256 // K].ravel()).to(
        encoder.device
    )
    bare = seconds(lambda: [encoder.encode_images(ready) for _ in range(n // len(ready))], encoder)
    with empty_store():
        ours = seconds(lambda: compute_anchors(encoder, compositor, k=K, seed=0), encoder)
    return ours, bare, n


def extraction(encoder, compositor) -> tuple[float, float, int]:
    """Features of JPEG files, in an empty store, against the bare forward on one ready batch."""
    pictures = compositor.backgrounds
    batch = np.stack([pictures.square(i, encoder.size) for i in range(256)])
    ready, n = torch.from_numpy(batch).to(encoder.device), len(pictures) // 256 * 256
    bare = seconds(lambda: [encoder.encode_images(ready) for _ in range(n // 256)], encoder)
    some = pictures.take(np.arange(n))
    with empty_store():
        ours = seconds(lambda: features.extract(encoder, some), encoder)
    return ours, bare, n


def auditing(encoder, compositor) -> tuple[float, float, int]:
    """An audit of `AUDITED` objects and backgrounds, in an empty store, against the bare forward on
    one ready batch, as often as it has pictures to encode.
    """
    objects, backgrounds = compositor.objects, compositor.backgrounds
    n_objects, n_backgrounds = min(AUDITED[0], len(objects)), AUDITED[1]
    n = n_objects * n_backgrounds + n_objects + n_backgrounds
    ready = compositor.batch(*np.zeros((2, 256), dtype=np.int64)).to(encoder.device)
    bare = seconds(lambda: [encoder.encode_images(ready) for _ in range(n // len(ready))], encoder)
    counts = {"n_objects": n_objects, "n_backgrounds": n_backgrounds, "seed": 0}
    with empty_store():
        ours = seconds(lambda: examine(encoder, objects, backgrounds, **counts), encoder)
    return ours, bare * n / (n // len(ready) * len(ready)), n


def compositing(compositor, n: int) -> tuple[float, float, int]:
    """Batches of prepared pictures against PIL's resize, threshold, blur and paste, both from
    decoded pictures.
    """
    draw = runtime.rng(0, "benchmark pairs")
    objects, grounds = draw.integers(64, size=n), draw.integers(64, size=n)
    cutouts = [compositor.objects.cutout(i) for i in range(64)]
    pictures = [compositor.backgrounds.image(j) for j in range(64)]
    bare = (
        seconds(
            lambda: [
                paste_reference(
                    cutouts[i], pictures[j], size=compositor.size, scale=compositor.scales[i]
                )
                for i, j in zip(objects[:512], grounds[:512])
            ]
        )
        * n
        / 512
    )
    ours = seconds(
        lambda: [
            compositor.batch(objects[i : i + BATCH], grounds[i : i + BATCH])
            for i in range(0, n, BATCH)
        ]
    )
    return ours, bare, n


def encodings(encoder, compositor) -> float:
    """Anchors and two epochs of alignment in an empty store, asked for twice: pictures encoded
    over the least.
    """
    encoder.tally.encoded, encoder.tally.needed = 0, {}
    contexts = Contexts(m=2, epochs=2, batch_size=BATCH, seed=0)
    with empty_store():
        for _ in range(2):
            pretrain_bap(encoder, compositor, contexts=contexts, k=4, lr=1e-5)
    return encoder.tally.encoded / sum(encoder.tally.needed.values())


@contextmanager
def empty_store() -> Iterator[None]:
    """A store that lives for one ``with``."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, BAP_HOME=folder):
        yield


def seconds(work, encoder=None) -> float:
    """Wall time of ``work()``, waiting for the GPU where there is one."""
    start = time.perf_counter()
    work()
    if encoder is not None and encoder.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start
