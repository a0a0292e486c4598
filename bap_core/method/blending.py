"""Blending in integers: (a * object + (255 - a) * background) / 255, rounded as PIL's paste does,
so that composites are the same bytes whoever blends them.
"""

import numpy as np
import torch
from torch import Tensor


def blend_into(out: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Blend in place: colour and out (3, h, w), alpha (1, h, w), all uint8; out is the background
    before and the composite afterwards.
    """
    mixed = np.multiply(out, 255 - alpha, dtype=np.uint16)
    part = np.multiply(colour, alpha, dtype=np.uint16)
    mixed += part
    mixed += 128  # 255 * 255 + 128 just fits 16 bits
    np.right_shift(mixed, 8, out=part)
    mixed += part
    # (x + 128 + (x + 128) / 256) / 256: division by 255 to the nearest, as in PIL
    np.right_shift(mixed, 8, out=part)
    out[...] = part


def blend(colour: Tensor, alpha: Tensor, background: Tensor) -> Tensor:
    """The same for a batch on any device: uint8 (B, 3, S, S), (B, 1, S, S), (B, 3, S, S) -> (B, 3,
    S, S); in 32 bits, since torch has no arithmetic on unsigned 16-bit integers.
    """
    alpha = alpha.to(torch.int32)
    mixed = background * (255 - alpha)
    mixed += colour * alpha
    mixed += 128
    mixed += mixed >> 8
    return (mixed >> 8).to(torch.uint8)
