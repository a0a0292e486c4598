"""What an encoder's embeddings are ordered by (paper appendix D): the background sensitivity index
on Waterbirds (Table 12), and how far classes and backgrounds lie apart (Figure 4).

The birds are those that Waterbirds is evaluated on, which no pre-training has seen, each pasted on
land and on water: the backgrounds change, the birds stay the same.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from bap_core import metrics, runtime, sources, store
from bap_core.data.listings import Scenes
from bap_core.data.places import picture_number
from bap_core.encoders import features
from bap_core.method.pasting import object_alone

_AT_ONCE = 256
_VARIANCES = {"bsi": "per_dimension", "bsi_total": "total"}


def scene_categories(scenes: Scenes) -> dict[str, list[str]]:
    """Background of Waterbirds -> the categories of Places behind its pictures: two each in the
    release.
    """
    category = [
        picture_number(name).rpartition("/")[0] for name in scenes.frame["background_image"]
    ]
    pairs = sorted(set(zip(scenes.frame["background"].tolist(), category)))
    return {
        name: [found for number, found in pairs if number == side]
        for side, name in enumerate(scenes.backgrounds)
    }


def embed_composites(encoder, compositor, *, seed: int) -> tuple[Tensor, np.ndarray]:
    """Every object of the compositor once, on a background drawn at random: (N, D) unit norm, and
    the backgrounds' numbers (N,) int64. Kept in the store.
    """
    compositor = compositor.at(encoder.size)
    n = len(compositor.objects)
    drawn = runtime.rng(seed, "swapped").integers(len(compositor.backgrounds), size=n)
    batches = (compositor.batch(rows, drawn[rows]) for rows in _batches(n))
    parts = {"composites": compositor.fingerprint, "seed": seed}
    return _kept(encoder, "composites", parts, batches, n), drawn


def embed_alone(encoder, compositor) -> Tensor:
    """Every object of the compositor on grey: (N, D), unit norm. Kept in the store."""
    compositor = compositor.at(encoder.size)
    n = len(compositor.objects)
    batches = (
        torch.stack([object_alone(compositor.canvas(i)) for i in rows]) for rows in _batches(n)
    )
    return _kept(encoder, "alone", {"composites": compositor.fingerprint}, batches, n)


def sensitivity(
    encoder, sides: Mapping[str, object], labels: Sequence, *, seed: int
) -> dict[str, float]:
    """Appendix D.1: the same birds on the one side and on the other, class by class, averaged over
    the classes; by either definition of the variance, ``bsi`` and ``bsi_total``.

    sides: background -> compositor, two, of the same N objects; labels: (N,) their classes.
    ValueError for another number of sides.
    """
    if len(sides) != 2:
        raise ValueError(f"a swap has two sides, got {list(sides)}")
    on_a, on_b = (embed_composites(encoder, side, seed=seed)[0] for side in sides.values())
    return {
        name: metrics.class_sensitivity_index(on_a, on_b, labels, variance=variance)
        for name, variance in _VARIANCES.items()
    }


def separation(z: Tensor, labels: Sequence) -> float:
    """Silhouette of (N, D) embeddings by label, in [-1, 1]: how much nearer a picture lies to those
    of its own label than to those of the next one, in angle. A picture that is alone with its label
    counts as 0, by definition. ValueError for fewer than two labels.
    """
    from sklearn.metrics import silhouette_score  # slow to import

    n_labels = len(set(labels))
    if n_labels < 2:
        raise ValueError(f"{n_labels} label for {len(z)} embeddings; a separation needs two")
    if n_labels == len(z):
        return 0.0
    return float(silhouette_score(z.numpy(), np.asarray(labels), metric="cosine"))


def flat_map(
    z: Tensor, *, seed: int, n_neighbors: int = 15, min_dist: float = 0.1
) -> tuple[np.ndarray, float]:
    """UMAP of (N, D) embeddings by angle: (N, 2) float64, and its trustworthiness in [0, 1], the
    share of near neighbours on the map that are near in the embedding space too, weighted by rank.

    n_neighbors, min_dist: UMAP's own defaults; the paper states none. ValueError for fewer than
    three times ``n_neighbors`` embeddings, of which a map shows nothing.
    """
    from sklearn.manifold import trustworthiness  # slow to import, and umap slower
    from umap import UMAP

    if len(z) < 3 * n_neighbors:
        raise ValueError(f"{len(z)} embeddings are too few for n_neighbors={n_neighbors}")
    state = int(runtime.rng(seed, "umap").integers(2**31))
    chosen = {"n_neighbors": n_neighbors, "min_dist": min_dist, "metric": "cosine"}
    flat = UMAP(random_state=state, n_jobs=1, **chosen).fit_transform(z.numpy())
    trust = trustworthiness(z.numpy(), flat, n_neighbors=n_neighbors, metric="cosine")
    return np.asarray(flat, dtype=np.float64), float(trust)


def _kept(encoder, what: str, parts: dict, batches, n: int) -> Tensor:
    key = {"encoder": encoder.key, "what": what, **parts, "code": sources.code(__name__)}

    def make() -> dict[str, Tensor]:
        return {"z": features.embed(encoder, batches, total=n, label=what)}

    return store.arrays("embedding-space", key, make, tally=encoder.tally, pictures=n)["z"]


def _batches(n: int) -> list[np.ndarray]:
    return np.array_split(np.arange(n), -(-n // _AT_ONCE))
