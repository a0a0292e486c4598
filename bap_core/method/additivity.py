"""How an encoder splits a scene into object and background (paper sections 2 and 3.2).

Equation 1 (additivity) and appendix G (what an anchor keeps and loses as K grows). Everything
streams: memory holds one batch of composites, never all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bap_core import metrics, runtime, sources, store
from bap_core.encoders import features
from bap_core.method.anchors import draw_backgrounds, sweep_anchors
from bap_core.method.pasting import object_alone


@dataclass(frozen=True)
class Pairs:
    """Random objects on random backgrounds, and for each another object and another background.

    All (N,) int64.
    """

    objects: np.ndarray
    backgrounds: np.ndarray
    other_objects: np.ndarray
    other_backgrounds: np.ndarray

    @property
    def all_objects(self) -> np.ndarray:
        """Numbers of all objects that occur, each once."""
        return np.union1d(self.objects, self.other_objects)


def draw_pairs(n_objects: int, n_backgrounds: int, *, n: int, seed: int) -> Pairs:
    """``n`` pairs in the order of their objects. The other one differs where there are two."""
    draw = runtime.rng(seed, "additivity")
    objects = np.sort(draw.integers(n_objects, size=n))  # neighbours share their cut-out
    backgrounds = draw.integers(n_backgrounds, size=n)
    other_objects = (objects + draw.integers(1, max(2, n_objects), size=n)) % n_objects
    further = draw.integers(1, max(2, n_backgrounds), size=n)
    return Pairs(objects, backgrounds, other_objects, (backgrounds + further) % n_backgrounds)


def additivity_scores(
    encoder, compositor, *, n: int, seed: int, grey: int = 128, batch_size: int = 256
) -> pd.DataFrame:
    """Equation 1 on ``n`` random pairs of object and background, with its parts and its null.

    Columns, each (n,): ``score``; its parts ``object_background``, ``composite_object``,
    ``composite_background`` (cosines); its null, the score when the composite is compared with
    parts of which one was swapped for a random other one, ``object_swapped`` and
    ``background_swapped``. grey: of the canvas that the object alone lies on, 0 to 255. Kept in the
    store.
    """
    compositor = compositor.at(encoder.size)
    sizes = len(compositor.objects), len(compositor.backgrounds)
    pairs = draw_pairs(*sizes, n=n, seed=seed)
    behind = features.extract(encoder, compositor.backgrounds)

    def make() -> dict[str, Tensor]:
        alone = _objects_alone(encoder, compositor, pairs.all_objects, grey, batch_size)
        parts = list(_scored(encoder, compositor, pairs, alone, behind, batch_size))
        return {column: torch.cat([part[column] for part in parts]) for column in parts[0]}

    key = _parts(encoder, compositor, n=n, seed=seed, grey=grey, batch_size=batch_size)
    pictures = n + len(pairs.all_objects)
    kept = store.arrays("additivity", key, make, tally=encoder.tally, pictures=pictures)
    return pd.DataFrame({name: kept[name].numpy() for name in COLUMNS})


COLUMNS = (
    "score",
    "object_background",
    "composite_object",
    "composite_background",
    "object_swapped",
    "background_swapped",
)


def _scored(encoder, compositor, pairs: Pairs, alone, behind, batch_size) -> Iterator[dict]:
    """The columns of `additivity_scores`, batch by batch. alone: (N, D), behind: (M, D)."""
    chunks, label = _chunks(len(pairs.objects), batch_size), f"{encoder.name}: additivity"
    composites = (compositor.batch(pairs.objects[c], pairs.backgrounds[c]) for c in chunks)
    with runtime.progress([], total=len(pairs.objects), label=label, unit="img") as bar:
        for rows, batch in zip(chunks, runtime.prefetch(composites)):
            z = encoder.encode_images(batch)
            a, other_a = alone[pairs.objects[rows]], alone[pairs.other_objects[rows]]
            b, other_b = behind[pairs.backgrounds[rows]], behind[pairs.other_backgrounds[rows]]
            yield {
                "score": torch.from_numpy(metrics.additivity(a, b, z)),
                "object_background": (a * b).sum(1),
                "composite_object": (a * z).sum(1),
                "composite_background": (b * z).sum(1),
                "object_swapped": torch.from_numpy(metrics.additivity(other_a, b, z)),
                "background_swapped": torch.from_numpy(metrics.additivity(a, other_b, z)),
            }
            bar.update(len(batch))


def k_ablation(
    encoder,
    compositor,
    *,
    ks: Sequence[int],
    labels: Tensor,
    class_text: Tensor,
    background_text: Tensor,
    seed: int,
) -> pd.DataFrame:
    """Appendix G: anchors of every object for growing K, from prefixes of one set of composites.

    labels: (N,) class numbers; class_text, background_text: (C, D) and (B, D) prototypes. One row
    per K and object: ``k, object, cosine_object_text, object_margin`` (over the mean of the wrong
    classes: a mean comes nearer to any text), ``object_rank`` (1 if no class is nearer),
    ``cosine_background_text`` (the largest), ``residual_variance`` (equation 6, over the pool).
    """
    sweep = sweep_anchors(encoder, compositor, ks=ks, seed=seed)
    pool = features.extract(encoder, compositor.backgrounds)
    drawn = draw_backgrounds(
        len(compositor.objects), len(compositor.backgrounds), k=max(ks), seed=seed
    )
    residual = metrics.residual_variance(pool[drawn], pool.mean(dim=0), ks=ks)
    tables = []
    for column, (k, anchor) in enumerate(zip(ks, sweep)):
        table = pd.DataFrame({"k": k, "object": np.arange(len(drawn))})
        near, n = (anchor @ class_text.T).numpy(), len(class_text)
        table["cosine_object_text"] = right = near[table["object"], labels.numpy()]
        table["object_margin"] = (n * right - near.sum(axis=1)) / max(1, n - 1)
        table["object_rank"] = 1 + (near > right[:, None]).sum(axis=1)
        table["cosine_background_text"] = (anchor @ background_text.T).numpy().max(axis=1)
        tables.append(table.assign(residual_variance=residual[:, column]))
    return pd.concat(tables, ignore_index=True)


def _parts(encoder, compositor, **choices) -> dict:
    names = {"encoder": encoder.key, "composites": compositor.fingerprint}
    return {**names, **choices, "code": sources.code(__name__)}


def _objects_alone(encoder, compositor, which: np.ndarray, grey: int, batch_size: int) -> Tensor:
    """(N, D) with the rows of ``which`` filled: each object on grey, encoded once."""
    batches = (
        torch.stack([object_alone(compositor.canvas(i), grey=grey) for i in which[rows]])
        for rows in _chunks(len(which), batch_size)
    )
    embedded = features.embed(encoder, batches, total=len(which), label="objects alone")
    table = torch.full((len(compositor.objects), embedded.shape[1]), torch.nan)
    table[torch.from_numpy(which)] = embedded
    return table


def _chunks(n: int, batch_size: int) -> list[np.ndarray]:
    return [np.arange(start, min(start + batch_size, n)) for start in range(0, n, batch_size)]
