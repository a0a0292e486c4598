"""What a change of background moves in the embeddings of a compositor's own objects (paper appendix
D.1), where no scenes are there to swap.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bap_core import metrics, runtime, sources, store
from bap_core.encoders import features

BSI = {"bsi": "per_dimension", "bsi_total": "total"}


def background_swap_bsi(
    encoder, compositor, *, pairs: int, seed: int, labels=None, batch_size: int = 256
) -> pd.DataFrame:
    """Appendix D.1 on composites: all objects on one background against all of them on another,
    class by class, for random pairs of backgrounds.

    labels: (N,), the class of each object; None for one class. Columns, each (pairs,): ``bsi`` and
    ``bsi_total``, the index by either definition of the variance. Kept in the store. ValueError
    with fewer than two objects or backgrounds, or where no class has two objects.
    """
    labels = [0] * len(compositor.objects) if labels is None else list(labels)
    compositor = compositor.at(encoder.size)
    n_objects, n_backgrounds = len(compositor.objects), len(compositor.backgrounds)
    if n_objects < 2 or n_backgrounds < 2:
        found = f"{n_objects} and {n_backgrounds}"
        raise ValueError(f"a background swap needs 2 objects and 2 backgrounds, got {found}")
    draw = runtime.rng(seed, "background swap")
    chosen = [draw.choice(n_backgrounds, size=2, replace=False) for _ in range(pairs)]
    different = np.unique(chosen)

    def make() -> dict[str, Tensor]:
        on = {b: _on_background(encoder, compositor, b, batch_size) for b in different}
        found = {
            name: [
                metrics.class_sensitivity_index(on[a], on[b], labels, variance=variance)
                for a, b in chosen
            ]
            for name, variance in BSI.items()
        }
        return {name: torch.tensor(values, dtype=torch.float64) for name, values in found.items()}

    key = {"encoder": encoder.key, "composites": compositor.fingerprint, "labels": labels}
    key |= {"pairs": pairs, "seed": seed, "batch_size": batch_size, "code": sources.code(__name__)}
    pictures = len(different) * n_objects
    kept = store.arrays("background-swap", key, make, tally=encoder.tally, pictures=pictures)
    return pd.DataFrame({name: kept[name].numpy() for name in BSI})


def _on_background(encoder, compositor, background: int, batch_size: int) -> Tensor:
    n = len(compositor.objects)
    rows = np.array_split(np.arange(n), -(-n // batch_size))
    batches = (compositor.batch(some, np.full(len(some), background)) for some in rows)
    return features.embed(encoder, batches, total=n, label="background swap")
