"""Pasting (paper, appendix on compositing): a cut-out on a background, C(x_i, b_k) in the
equations.

    crop to the mask -> Lanczos, longest side = scale * S -> mask above 100 becomes 255, else 0 ->
    Gaussian blur of the mask, radius 1 -> paste centred on the background

`paste_reference` does this with PIL, one picture at a time. The fast way does everything that
belongs to one object once, and blends a batch in integers with PIL's own rounding, so that both
give the same bytes. Letters: B composites, S the side in pixels, (r, g, b, a) the four planes of a
canvas.
"""

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from bap_core.data import images
from bap_core.data.images import THRESHOLD, EmptyMask
from bap_core.method.blending import blend, blend_into


def prepare(cutout: Image.Image, *, size: int, scale: float) -> Image.Image:
    """The object as it will be pasted: RGBA, longest side ``round(scale * size)`` pixels, its mask
    solid and smoothed.

    cutout: RGBA, alpha is the soft mask. scale: fraction of ``size``, 0 < scale <= 1. An object of
    one pixel becomes a flat square. EmptyMask if no mask pixel is above 100 before or after
    resizing.
    """
    if not 0 < scale <= 1 or size < 1:
        raise ValueError(f"size={size} must be at least 1 and scale={scale} in (0, 1]")
    factor = scale * size / max(cutout.size)
    shape = max(1, round(cutout.width * factor)), max(1, round(cutout.height * factor))
    # Colour and mask are resized apart: as one RGBA picture PIL would weight the colours with the
    # soft mask.
    colour = cutout.convert("RGB").resize(shape, Image.Resampling.LANCZOS)
    mask = images.solid(cutout.getchannel("A").resize(shape, Image.Resampling.LANCZOS))
    if mask.getbbox() is None:
        raise EmptyMask(
            f"no pixel of the mask is above {THRESHOLD} at {shape[0]} x {shape[1]} pixels"
        )
    colour.putalpha(mask.filter(ImageFilter.GaussianBlur(radius=1)))
    return colour


def paste_reference(
    cutout: Image.Image, background: Image.Image, *, size: int, scale: float
) -> Image.Image:
    """The paper's steps with PIL alone: what the fast way is held against. Returns an RGB
    picture of size x size.
    """
    canvas = Image.fromarray(images.square(background, size).transpose(1, 2, 0))
    piece = prepare(cutout, size=size, scale=scale)
    canvas.paste(piece.convert("RGB"), _corner(piece.size, size), mask=piece.getchannel("A"))
    return canvas


def canvas(cutout: Image.Image, *, size: int, scale: float) -> Tensor:
    """The prepared object centred on an empty square: uint8 (4, S, S), alpha 0 where there is no
    object.
    """
    return torch.from_numpy(Piece(prepare(cutout, size=size, scale=scale), size).canvas())


def composite(canvases: Tensor, backgrounds: Tensor) -> Tensor:
    """Blend on any device. canvases: uint8 (B, 4, S, S); backgrounds: uint8 (B, 3, S, S) -> uint8
    (B, 3, S, S).

    (a * object + (255 - a) * background) / 255 in integers, rounded as PIL's paste does. ValueError
    if sizes differ.
    """
    if canvases.shape[0] != backgrounds.shape[0] or canvases.shape[2:] != backgrounds.shape[2:]:
        raise ValueError(
            f"canvases {tuple(canvases.shape)} and backgrounds "
            f"{tuple(backgrounds.shape)} do not fit"
        )
    if backgrounds.device.type != "cpu":
        return blend(canvases[:, :3], canvases[:, 3:], backgrounds)
    blended = backgrounds.clone(memory_format=torch.contiguous_format)
    for piece, out in zip(canvases.numpy(), blended.numpy()):
        blend_into(out, piece[:3], piece[3:])
    return blended


def object_alone(canvases: Tensor, *, grey: int = 128) -> Tensor:
    """The object on a plain grey square (grey 128 is the paper's only stated neutral canvas).

    canvases: uint8 (4, S, S) or (B, 4, S, S) -> uint8 (3, S, S) or (B, 3, S, S).
    """
    many = canvases if canvases.ndim == 4 else canvases[None]
    pasted = composite(many, torch.full_like(many[:, :3], grey))
    return pasted if canvases.ndim == 4 else pasted[0]


class Piece:
    """A prepared object and its window in the square; a third of a whole canvas in memory.

    ``colour`` (3, h, w) and ``alpha`` (h, w), uint8; ``window``, where they lie in (C, S, S).
    """

    def __init__(self, prepared: Image.Image, size: int):
        planes = np.ascontiguousarray(np.asarray(prepared).transpose(2, 0, 1))
        self.colour, self.alpha, self.size = planes[:3], planes[3:], size
        left, top = _corner(prepared.size, size)
        self.window = (
            slice(None),
            slice(top, top + prepared.height),
            slice(left, left + prepared.width),
        )
        self.nbytes = planes.nbytes

    def canvas(self) -> np.ndarray:
        """The piece on an empty square: uint8 (4, S, S)."""
        whole = np.zeros((4, self.size, self.size), dtype=np.uint8)
        whole[self.window] = np.concatenate([self.colour, self.alpha])
        return whole


def _corner(shape: tuple[int, int], size: int) -> tuple[int, int]:
    return (size - shape[0]) // 2, (size - shape[1]) // 2
