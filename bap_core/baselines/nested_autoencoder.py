"""The weights of a Matryoshka sparse autoencoder (paper M.2): the same ones serve every level.

    pre = (x - b_pre) W_enc + b_lat        z_k = ReLU(TopK_k(pre))        xhat_k = z_k W_dec + b_pre

Rows of W_dec have unit norm.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Autoencoder:
    """The weights: encoder (D, M), latent_bias (M,), decoder (M, D) with unit rows, input_bias
    (D,).
    """

    encoder: Tensor
    latent_bias: Tensor
    decoder: Tensor
    input_bias: Tensor

    def before(self, x: Tensor) -> Tensor:
        """What enters the ReLU: (B, D) -> (B, M)."""
        return (x - self.input_bias) @ self.encoder + self.latent_bias

    def nested(self, x: Tensor, levels: tuple[int, ...]) -> Tensor:
        """Latents of every level, ascending: (B, D) -> (L, B, M), at most ``levels[l]`` of a row
        above zero.
        """
        before = self.before(x)
        partial = [k for k in levels if k < before.shape[1]]
        values, places = before.topk(partial[-1] if partial else 0, dim=1)
        z = [
            torch.zeros_like(before).scatter(1, places[:, :k], values[:, :k].relu())
            for k in partial
        ]
        # the widest takes all: nothing to sort
        return torch.stack(z if len(z) == len(levels) else [*z, before.relu()])

    def reconstruct(self, z: Tensor) -> Tensor:
        """(..., M) latents -> (..., D)."""
        return z @ self.decoder + self.input_bias


def nested_loss(
    x: Tensor, autoencoder: Autoencoder, levels: tuple[int, ...], *, weighting: str, loss: str
) -> Tensor:
    """Weighted mean over the levels of the mean reconstruction error. x: (B, D) -> scalar.
    Choices as in `MSAE`.
    """
    error = (autoencoder.reconstruct(autoencoder.nested(x, levels)) - x).square().mean(dim=-1)
    if loss == "normalised":
        error = error / x.square().mean(dim=-1)
    falling = torch.arange(len(levels), 0, -1, dtype=x.dtype, device=x.device)
    weight = falling if weighting == "reverse" else torch.ones_like(falling)
    return weight @ error.mean(dim=1) / weight.sum()


def start_weights(dim: int, width: int, draw: torch.Generator) -> tuple[Tensor, ...]:
    """The original's start after its first rescaling: random unit rows, and the encoder a
    hundredth of their transpose.
    """
    rows = F.normalize(torch.randn(width, dim, generator=draw), dim=1)
    return 0.01 * rows.T.contiguous(), torch.zeros(width), rows, torch.zeros(dim)


@torch.no_grad()
def keep_to_the_sphere(decoder: Tensor) -> None:
    """Take out of the gradient what would only lengthen or shorten the rows."""
    if decoder.grad is not None:
        decoder.grad -= (decoder.grad * decoder).sum(dim=1, keepdim=True) * decoder


@torch.no_grad()
def to_unit_rows(autoencoder: Autoencoder) -> None:
    """Unit decoder rows; the encoder and its bias make up for it, so that the reconstruction
    stays the same.
    """
    length = autoencoder.decoder.norm(dim=1)
    autoencoder.decoder.div_(length[:, None])
    autoencoder.encoder.mul_(length)
    autoencoder.latent_bias.mul_(length)
