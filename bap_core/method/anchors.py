"""Anchors (paper section 3.1.1, equation 2): the frozen teacher's target for every object.

::

    z_i = 1/K sum_k f(C(x_i, b_k)),   a_i = z_i / norm(z_i)

f is the teacher with unit-norm output, C the compositing function, b_1..b_K random backgrounds
without repetition. The first K backgrounds of an object do not depend on how many follow, so a
sweep over K reads prefixes of one set.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core import runtime, sources, store, together


def draw_backgrounds(n_objects: int, n_backgrounds: int, *, k: int, seed: int) -> np.ndarray:
    """K different background numbers for every object: (N, K) int64. ValueError if there are
    fewer than K.
    """
    if not 1 <= k <= n_backgrounds:
        raise ValueError(
            f"k={k} different backgrounds per object, but there are {n_backgrounds}; "
            "lower k or add background pictures"
        )
    drawn = np.empty((n_objects, k), dtype=np.int64)
    # each row is copied: slices would keep N whole permutations, gigabytes at the paper's sizes
    for i in range(n_objects):
        drawn[i] = runtime.rng(seed, "anchor", i).permutation(n_backgrounds)[:k]
    return drawn


def sweep_anchors(
    encoder, compositor, *, ks: Sequence[int], seed: int, batch_size: int = 256
) -> Tensor:
    """Anchors of every object for every K in ``ks``, from one set of max(ks) composites an object.

    encoder: the frozen teacher. compositor: a `Compositor` over N objects. Returns (len(ks), N, D)
    float32, unit norm. Kept in the store.
    """
    compositor = compositor.at(encoder.size)
    parts = {
        "teacher": encoder.key,
        "composites": compositor.fingerprint,
        "ks": list(ks),
        "seed": seed,
        "batch_size": batch_size,
        "code": sources.code(__name__),
    }

    def make() -> dict[str, Tensor]:
        means = _prefix_means(encoder, compositor, ks=ks, seed=seed, batch_size=batch_size)
        return {"anchors": means}

    pictures = len(compositor.objects) * max(ks)
    return store.arrays("anchors", parts, make, tally=encoder.tally, pictures=pictures)["anchors"]


def compute_anchors(encoder, compositor, *, k: int, seed: int, batch_size: int = 256) -> Tensor:
    """Equation 2 for every object of the compositor: (N, D) float32, unit norm. Table 17: K = 10.

    encoder: the frozen teacher.
    """
    return sweep_anchors(encoder, compositor, ks=[k], seed=seed, batch_size=batch_size)[0]


def _prefix_means(encoder, compositor, *, ks, seed, batch_size) -> Tensor:
    """Whole objects per batch, reduced at once: memory does not grow with N * K composites."""
    n, largest = len(compositor.objects), max(ks)
    backgrounds = draw_backgrounds(n, len(compositor.backgrounds), k=largest, seed=seed)
    at_once = max(1, batch_size // largest)
    own = together.share(n)
    starts = range(own.start, own.stop, at_once)
    chunks = [np.arange(start, min(start + at_once, own.stop)) for start in starts]
    composites = (
        compositor.batch(np.repeat(rows, largest), backgrounds[rows].ravel()) for rows in chunks
    )
    # at once: small results between large batches would break up the heap
    means = torch.empty(own.stop - own.start, len(ks), encoder.dim)
    label = f"{encoder.name}: anchors"
    with runtime.progress([], total=len(means) * largest, label=label, unit="img") as bar:
        for rows, batch in zip(chunks, runtime.prefetch(composites)):
            z = encoder.encode_images(batch).view(len(rows), largest, -1)
            for at, k in enumerate(ks):
                means[rows - own.start, at] = z[:, :k].mean(dim=1)
            bar.update(len(batch))
    whole = together.join(means, own, n).transpose(0, 1)
    return F.normalize(whole, dim=-1).contiguous()
