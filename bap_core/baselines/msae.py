"""Matryoshka sparse autoencoder (paper M.2), which DIAL stands on: an embedding as a sum of few out
of many directions.

    pre = (x - b_pre) W_enc + b_lat        z_k = ReLU(TopK_k(pre))        xhat_k = z_k W_dec + b_pre

The same weights serve every k of the nesting list 64, 128, ... up to the width M = 8 D, and the
loss is the weighted mean of the levels' reconstruction errors, so the largest few latents must
already make a good picture. Rows of W_dec have unit norm. x is an embedding minus the mean, times
the one number that gives it the mean squared norm D.

As in the original, all positive latents are used afterwards, not the largest k. The paper gives
neither the data nor the training; the original's settings, for millions of embeddings, are
`ORIGINAL`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core import runtime
from bap_core.baselines import checks
from bap_core.baselines.nested_autoencoder import (
    Autoencoder,
    keep_to_the_sphere,
    nested_loss,
    start_weights,
    to_unit_rows,
)

# 30 epochs of 2.9 million
ORIGINAL = {"loss": "normalised", "lr": 1e-4, "batch_size": 4096, "steps": 21_000}


@dataclass
class MSAE:
    """Estimator over (N, D) embeddings. Learns ``autoencoder_`` (an `Autoencoder`), ``mean_``
    (D,) and ``scale_`` (a number).

    expansion: M / D. levels: the nesting list, None for `nesting`. weighting: "uniform", or
    "reverse" for L, ..., 1 over the ascending levels, so that the sparsest weighs most. loss:
    "mse", or "normalised" by each row's squared norm. steps: of AdamW; lr: constant for 80 % of
    them, then linear to zero.
    """

    expansion: int = 8
    levels: tuple[int, ...] | None = None
    weighting: str = "uniform"
    loss: str = "mse"
    steps: int = 1000
    lr: float = 3e-3
    batch_size: int = 128

    def fit(self, X: Tensor, *, seed: int) -> "MSAE":
        """X: (N, D) float32 embeddings, no labels; they may be on any device, where everything
        learned stays.

        The seed draws the start and the order. FloatingPointError if the loss is not finite.
        """
        X = checks.fitting(X, width=X.shape[-1])
        levels = self._levels(X.shape[1])
        if (X[0] == X).all():
            raise ValueError(f"all {len(X)} embeddings are equal: there is nothing to take apart")
        self.mean_ = X.mean(dim=0)
        self.scale_ = float((X.shape[1] / (X - self.mean_).square().sum(dim=1).mean()).sqrt())
        draw = runtime.generator(seed, "msae")
        weights = [
            w.to(X.device).requires_grad_()
            for w in start_weights(X.shape[1], self.expansion * X.shape[1], draw)
        ]
        self._train(self._standard(X), Autoencoder(*weights), levels, draw)
        self.autoencoder_ = Autoencoder(*(w.detach() for w in weights))
        return self

    def encode(self, X: Tensor, *, k: int | None = None) -> Tensor:
        """(N, D) embeddings -> (N, M) latents >= 0: all positive ones, or the largest ``k`` of
        them.
        """
        x = self._standard(checks.fitting(X, width=len(self.mean_)))
        return (
            self.autoencoder_.before(x).relu()
            if k is None
            else self.autoencoder_.nested(x, (k,))[0]
        )

    def decode(self, Z: Tensor) -> Tensor:
        """(N, M) latents -> (N, D) in the space of the embeddings, mean and scale restored."""
        return self.autoencoder_.reconstruct(Z) / self.scale_ + self.mean_

    def quality(
        self, X: Tensor, *, k: int | None = None, batch_size: int = 4096
    ) -> dict[str, float]:
        """How well (N, D) embeddings are taken apart, all as fractions and, with ``k``, for the
        largest k latents.

        ``explained_variance`` about the mean of X; ``cosine`` of embedding and reconstruction, both
        minus the learned mean; ``zeros``, the share of latents that are zero; ``dead``, the share
        of the M that are zero for all of X. The original asks for 0.9, 0.99 and about 0.8 zeros.
        """
        error, cosine, zeros, alive = (
            0.0,
            0.0,
            0.0,
            torch.zeros(len(self.autoencoder_.latent_bias), dtype=torch.bool),
        )
        for rows in X.split(batch_size):
            Z = self.encode(rows, k=k)
            found = self.decode(Z)
            error += float((found - rows).square().sum())
            cosine += float(F.cosine_similarity(found - self.mean_, rows - self.mean_).sum())
            zeros += float((Z == 0).float().mean(dim=1).sum())
            alive |= (Z > 0).any(dim=0).cpu()
        total = float((X - X.mean(dim=0)).square().sum())
        return {
            "explained_variance": 1 - error / total,
            "cosine": cosine / len(X),
            "zeros": zeros / len(X),
            "dead": 1 - float(alive.float().mean()),
        }

    def state(self) -> dict[str, Tensor]:
        """Everything that was learned, by name; `restore` takes it back."""
        weights = {
            name: getattr(self.autoencoder_, name) for name in Autoencoder.__dataclass_fields__
        }
        return {"mean": self.mean_, "scale": torch.tensor(self.scale_), **weights}

    def restore(self, state: dict[str, Tensor]) -> "MSAE":
        """Make this the fitted estimator whose `state` it was."""
        weights = dict(state)
        self.mean_, self.scale_ = weights.pop("mean"), weights.pop("scale").item()
        self.autoencoder_ = Autoencoder(**weights)
        return self

    def _standard(self, X: Tensor) -> Tensor:
        return (X - self.mean_) * self.scale_

    def _levels(self, dim: int) -> tuple[int, ...]:
        """The nesting list, and a check of every choice."""
        for name, choices in {
            "weighting": ("uniform", "reverse"),
            "loss": ("mse", "normalised"),
        }.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r}; choices: {', '.join(choices)}")
        for name in ("expansion", "steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        width = self.expansion * dim
        levels = self.levels or nesting(width)
        if list(levels) != sorted(set(levels)) or not 1 <= levels[0] <= levels[-1] <= width:
            raise ValueError(
                f"levels={levels} must ascend from 1 or more to at most the width {width}"
            )
        return tuple(levels)

    def _train(
        self, x: Tensor, autoencoder: Autoencoder, levels: tuple[int, ...], draw: torch.Generator
    ) -> None:
        weights = [
            autoencoder.encoder,
            autoencoder.latent_bias,
            autoencoder.decoder,
            autoencoder.input_bias,
        ]
        optimiser = torch.optim.AdamW(weights, lr=self.lr, weight_decay=0.0, eps=6.25e-10)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda t: min(1.0, 5 * (1 - t / self.steps))
        )
        batches = runtime.progress(
            _batches(len(x), self.batch_size, self.steps, draw), total=self.steps, label="MSAE"
        )
        for rows in batches:
            value = nested_loss(
                x[rows.to(x.device)], autoencoder, levels, weighting=self.weighting, loss=self.loss
            )
            if not torch.isfinite(value):
                raise FloatingPointError(
                    f"the loss became {value.item()}: lower the learning rate, {self.lr}"
                )
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            keep_to_the_sphere(autoencoder.decoder)
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            schedule.step()
            to_unit_rows(autoencoder)


def nesting(width: int, *, smallest: int = 64) -> tuple[int, ...]:
    """64, doubling, and the width at the end: 4096 -> (64, 128, ..., 2048, 4096)."""
    doublings = max(0, math.ceil(math.log2(width / smallest)))
    return (*(smallest * 2**i for i in range(doublings)), width)


def _batches(n: int, size: int, steps: int, draw: torch.Generator) -> Iterator[Tensor]:
    """Row numbers of one batch after the other, all rows in a new random order each time round."""
    left = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        while len(left) < size:
            left = torch.cat([left, torch.randperm(n, generator=draw)])
        yield left[:size]
        left = left[size:]
