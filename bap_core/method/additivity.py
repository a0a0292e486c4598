"""How an encoder splits a scene into object and background, measured on composites (paper sections
2 and 3.2).

Equation 1 (additivity), appendix G (what an anchor keeps and loses as K grows) and appendix D.1
(background sensitivity). Everything streams: memory holds one batch of composites, never all of
them.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bap_core import metrics, runtime
from bap_core.encoders import features
from bap_core.method.anchors import anchor_sweep, draw_backgrounds
from bap_core.method.compositing import object_alone


def additivity_scores(
    encoder, compositor, *, n: int, seed: int, batch_size: int = 256
) -> pd.DataFrame:
    """Equation 1 on ``n`` random pairs of object and background, with its parts and its null.

    Columns, each (n,): ``score``; its parts ``object_background``, ``composite_object``,
    ``composite_background`` (cosines); its null, the score when the composite is compared with
    parts of which one was swapped for a random other one, ``object_swapped`` and
    ``background_swapped``. The object alone lies on a grey canvas.
    """
    n_objects, n_backgrounds = len(compositor.objects), len(compositor.backgrounds)
    draw = runtime.rng(seed, "additivity")
    objects = np.sort(draw.integers(n_objects, size=n))  # neighbours share their cut-out
    backgrounds = draw.integers(n_backgrounds, size=n)
    other_object = (objects + draw.integers(1, max(2, n_objects), size=n)) % n_objects
    other_background = (
        backgrounds + draw.integers(1, max(2, n_backgrounds), size=n)
    ) % n_backgrounds
    alone_object = _objects_alone(
        encoder, compositor, np.union1d(objects, other_object), batch_size
    )
    alone_background = background_features(encoder, compositor)
    tables = []
    composites = (
        compositor.batch(objects[rows], backgrounds[rows]) for rows in _chunks(n, batch_size)
    )
    with runtime.progress([], total=n, label=f"{encoder.name}: additivity", unit="img") as bar:
        for rows, batch in zip(_chunks(n, batch_size), runtime.prefetch(composites)):
            z = encoder.encode_images(batch)
            a, b = alone_object[objects[rows]], alone_background[backgrounds[rows]]
            tables.append(
                pd.DataFrame(
                    {
                        "score": metrics.additivity(a, b, z),
                        "object_background": (a * b).sum(1),
                        "composite_object": (a * z).sum(1),
                        "composite_background": (b * z).sum(1),
                        "object_swapped": metrics.additivity(
                            alone_object[other_object[rows]], b, z
                        ),
                        "background_swapped": metrics.additivity(
                            a, alone_background[other_background[rows]], z
                        ),
                    }
                )
            )
            bar.update(len(batch))
    encoder.tally.need(f"additivity {compositor.fingerprint} {n} {seed} {encoder.fingerprint}", n)
    return pd.concat(tables, ignore_index=True)


def k_ablation(
    encoder,
    compositor,
    *,
    ks: Sequence[int],
    object_text: Tensor,
    background_text: Tensor,
    seed: int,
) -> pd.DataFrame:
    """Appendix G: anchors of every object for growing K, from prefixes of one set of max(ks)
    composites.

    object_text: (N, D) prototype of each object's class; background_text: (B, D) prototypes of the
    background categories. One row per K and object: ``k, object, cosine_object_text,
    cosine_background_text`` (the largest over categories), ``residual_variance`` (equation 6,
    against the mean over the whole pool).
    """
    sweep = anchor_sweep(encoder, compositor, ks=ks, seed=seed)
    pool = background_features(encoder, compositor)
    drawn = draw_backgrounds(
        len(compositor.objects), len(compositor.backgrounds), k=max(ks), seed=seed
    )
    residual = metrics.residual_variance(pool[drawn], pool.mean(dim=0), ks=ks)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "k": k,
                    "object": np.arange(len(drawn)),
                    "cosine_object_text": (anchor * object_text).sum(dim=1),
                    "cosine_background_text": (anchor @ background_text.T).max(dim=1).values,
                    "residual_variance": residual[:, column],
                }
            )
            for column, (k, anchor) in enumerate(zip(ks, sweep))
        ],
        ignore_index=True,
    )


def background_swap_bsi(
    encoder, compositor, *, pairs: int, seed: int, batch_size: int = 256
) -> np.ndarray:
    """Appendix D.1 on composites: all objects on one background against all of them on another, for
    random pairs.

    Returns (pairs,) indices, with the total variance. Meant for objects of one super-class, as on
    one's own pictures, where no two kinds of background are given. ValueError with fewer than two
    objects or backgrounds.
    """
    n_objects, n_backgrounds = len(compositor.objects), len(compositor.backgrounds)
    if n_objects < 2 or n_backgrounds < 2:
        raise ValueError(
            f"a background swap needs 2 objects and 2 backgrounds, got {n_objects} "
            f"and {n_backgrounds}"
        )
    draw = runtime.rng(seed, "background swap")
    chosen = [draw.choice(n_backgrounds, size=2, replace=False) for _ in range(pairs)]
    on = {b: _on_background(encoder, compositor, b, batch_size) for b in np.unique(chosen)}
    return np.array([metrics.background_sensitivity_index(on[a], on[b]) for a, b in chosen])


def background_features(encoder, compositor) -> Tensor:
    """Embeddings of the compositor's backgrounds as composites show them: (B, D). Kept in the
    store.
    """
    return features.extract(encoder, compositor.backgrounds)


def _on_background(encoder, compositor, background: int, batch_size: int) -> Tensor:
    batches = (
        compositor.batch(rows, np.full(len(rows), background))
        for rows in _chunks(len(compositor.objects), batch_size)
    )
    encoder.tally.need(
        f"swap {compositor.fingerprint} {background} {encoder.fingerprint}", len(compositor.objects)
    )
    return features.embed(encoder, batches, total=len(compositor.objects), label="background swap")


def _objects_alone(encoder, compositor, which: np.ndarray, batch_size: int) -> Tensor:
    """(N, D) with the rows of ``which`` filled: each object on grey, encoded once."""
    batches = (
        torch.stack([object_alone(compositor.canvas(i)) for i in which[rows]])
        for rows in _chunks(len(which), batch_size)
    )
    embedded = features.embed(encoder, batches, total=len(which), label="objects alone")
    encoder.tally.need(
        f"alone {compositor.fingerprint} {len(which)} {encoder.fingerprint}", len(which)
    )
    table = torch.full((len(compositor.objects), embedded.shape[1]), torch.nan)
    table[torch.from_numpy(which)] = embedded
    return table


def _chunks(n: int, batch_size: int) -> list[np.ndarray]:
    return [np.arange(start, min(start + batch_size, n)) for start in range(0, n, batch_size)]
