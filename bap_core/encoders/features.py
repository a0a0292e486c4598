"""Pictures through an encoder once: row i of the result is picture i, and nothing is encoded
twice.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core import runtime, sources, store, together


def extract(encoder, pictures, *, unit: bool = True, batch_size: int = 256) -> Tensor:
    """Embeddings of all ``pictures`` (`Scenes` or `Backgrounds`): (N, D) float32, kept in the
    store.

    Pictures are fitted to the encoder's square by their own ``square``: the centre crop, or the
    smart crop of `Scenes` that ask for it. unit: of unit norm; otherwise as they leave the tower.
    Both come of one encoding.
    """
    parts = {
        "encoder": encoder.key,
        "pictures": pictures.key,
        "batch_size": batch_size,
        "code": sources.code(__name__),
    }

    def make() -> dict[str, Tensor]:
        n = len(pictures)
        own = together.share(n)
        batches = _read(pictures, encoder.size, range(n)[own], batch_size)
        choices = {"total": own.stop - own.start, "label": pictures.name, "unit": False}
        return {"features": together.join(embed(encoder, batches, **choices), own, n)}

    kept = store.arrays("features", parts, make, tally=encoder.tally, pictures=len(pictures))
    return F.normalize(kept["features"], dim=-1) if unit else kept["features"]


def extract_split(encoder, scenes, split: str, *, unit: bool = True) -> Tensor:
    """Features of one split of labelled pictures, (N, D), out of those of the whole set.

    So sets that differ in splits alone share one encoding. unit: as for `extract`.
    """
    rows = (scenes.frame["split"] == split).to_numpy(copy=True)
    return extract(encoder, scenes, unit=unit)[torch.from_numpy(rows)]


@torch.no_grad()
def embed(
    encoder, batches: Iterable[Tensor], *, total: int, label: str = "pictures", unit: bool = True
) -> Tensor:
    """Embeddings of uint8 (B, 3, S, S) batches, in their order -> (N, D) float32 on the CPU.

    The next batch is prepared in a thread while this one is encoded. ValueError if an embedding is
    not finite.
    """
    with runtime.progress([], total=total, label=f"{encoder.name}: {label}", unit="img") as bar:
        rows = []
        for batch in runtime.prefetch(batches):
            rows.append(encoder.encode_images(batch, unit=unit))
            bar.update(len(batch))
    embedded = torch.cat(rows)
    if not torch.isfinite(embedded).all():
        raise ValueError(
            f"{encoder.name} gave embeddings that are not finite: its weights are broken"
        )
    return embedded


def _read(pictures, size: int, rows: range, batch_size: int) -> Iterator[Tensor]:
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            yield torch.from_numpy(
                np.stack(list(pool.map(lambda i: pictures.square(i, size), batch)))
            )
