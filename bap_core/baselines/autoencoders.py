"""DIAL's sparse autoencoder for one encoder, trained on composites and kept in the store."""

from collections.abc import Iterator

import torch
from torch import Tensor

from bap_core import runtime, sources, store
from bap_core.baselines.msae import MSAE
from bap_core.encoders import features

QUALITY = "quality."


def train_autoencoder(
    encoder, compositor, *, n: int, seed: int, **settings
) -> tuple[MSAE, dict[str, float]]:
    """The autoencoder, and its `MSAE.quality` on composites held out from it.

    Trained on ``n`` unlabelled composites of the pre-training pool, a fifth of them held out; no
    test picture is seen. settings: `MSAE`'s. ValueError for fewer than 10.
    """
    if n < 10:
        raise ValueError(f"n={n} composites: a fifth is held out, of which two at least are needed")
    sae, compositor = MSAE(**settings), compositor.at(encoder.size)
    parts = {
        "encoder": encoder.key,
        "composites": compositor.fingerprint,
        "n": n,
        "seed": seed,
        "settings": vars(sae).copy(),
        "threads": runtime.threads(encoder.device),
        "code": sources.code(__name__),
    }

    def make() -> dict[str, Tensor]:
        batches = _composites(compositor, n, seed)
        X = features.embed(encoder, batches, total=n, label="composites")
        train, held_out = X[n // 5 :], X[: n // 5]
        quality = sae.fit(train, seed=seed).quality(held_out)
        noted = {f"{QUALITY}{name}": torch.tensor(value) for name, value in quality.items()}
        return {**sae.state(), **noted}

    kept = store.arrays("autoencoders", parts, make, tally=encoder.tally, pictures=n)
    names = [name for name in kept if name.startswith(QUALITY)]
    quality = {name.removeprefix(QUALITY): kept.pop(name).item() for name in names}
    return sae.restore(kept), quality


def _composites(compositor, n: int, seed: int, *, batch_size: int = 256) -> Iterator[Tensor]:
    """Batches of random pairs of object and background."""
    sizes = len(compositor.objects), len(compositor.backgrounds)
    pairs = runtime.rng(seed, "autoencoder").integers(sizes, size=(n, 2))
    for start in range(0, n, batch_size):
        yield compositor.batch(*pairs[start : start + batch_size].T)
