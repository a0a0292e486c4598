"""Compositing (paper, appendix on compositing): a cut-out pasted on a background, C(x_i, b_k) in
the equations.

    crop to the mask -> Lanczos, longest side = scale * S -> mask above 100 becomes 255, else 0 ->
    Gaussian blur of the mask, radius 1 -> paste centred on the background

`paste_reference` does this with PIL, one picture at a time. The fast way does everything that
belongs to one object once, and blends a batch in integers with PIL's own rounding, so that both
give the same bytes. Letters: B composites, S the side in pixels, (r, g, b, a) the four planes of a
canvas.
"""

import copy
import warnings
from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from bap_core import runtime, sources, store
from bap_core.data import images
from bap_core.data.cache import CachedPictures, ImageCache
from bap_core.data.images import THRESHOLD, EmptyMask
from bap_core.data.listings import Backgrounds, Objects
from bap_core.method.blending import blend, blend_into

SIZE = 224  # side of the paper's pictures in pixels


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
    return torch.from_numpy(_Piece(prepare(cutout, size=size, scale=scale), size).canvas())


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


class Compositor:
    """Composites of any object on any background, prepared once and kept in the image cache.

    objects, backgrounds: the listings (N and M things). size: side S in pixels; `at` gives the same
    composites at another one. scale: one fraction, or a range from which each object draws its own
    once (paper: 0.6 to 0.8). cache: where pictures are kept, None for the process's own
    (`cache.image_cache`). Nothing is read before it is needed. Backgrounds are fitted by
    `images.square`.

    `check` reads everything once and leaves out what cannot be used: ``skipped`` lists it (kind,
    image, reason), and ``objects`` and ``backgrounds`` are then the usable ones. Without it, an
    unusable picture is an error in its turn.
    """

    def __init__(
        self,
        objects: Objects,
        backgrounds: Backgrounds,
        *,
        size: int = SIZE,
        scale: float | tuple[float, float] = (0.6, 0.8),
        seed: int,
        cache: ImageCache | None = None,
    ):
        low, high = scale if isinstance(scale, Sequence) else (scale, scale)
        if not 0 < low <= high <= 1:
            raise ValueError(f"scale={scale}: one number or (low, high) within (0, 1]")
        self.size = _checked(size)
        self.skipped = pd.DataFrame(columns=["kind", "image", "reason"])
        self._scales = runtime.rng(seed, "scale").uniform(low, high, size=len(objects))
        self._resized = set()
        self._objects = CachedPictures(objects, self._read_object, cache=cache, kind="object")
        self._backgrounds = CachedPictures(
            backgrounds, self._read_background, cache=cache, kind="background"
        )
        self._views = {size: self}

    def at(self, size: int) -> Self:
        """The same objects, scales and backgrounds, also after `check`, at side ``size`` in pixels:
        itself for its own size, and the same compositor every time it is asked.
        """
        if size not in self._views:
            view = copy.copy(self)
            view.size = _checked(size)
            view._objects = self._objects.prepared_by(view._read_object)
            view._backgrounds = self._backgrounds.prepared_by(view._read_background)
            self._views[size] = view
        return self._views[size]

    @property
    def objects(self) -> Objects:
        """The N `Objects` that the object numbers refer to."""
        return self._objects.listing

    @property
    def backgrounds(self) -> Backgrounds:
        """The M `Backgrounds` that the background numbers refer to."""
        return self._backgrounds.listing

    @property
    def scales(self) -> np.ndarray:
        """Longest side of every object as a fraction of the picture: (N,) float64."""
        return self._scales[self._objects.rows]

    @property
    def resized_masks(self) -> int:
        """How many of the objects read so far had a mask of another size than their picture."""
        return len(self._resized)

    @property
    def fingerprint(self) -> str:
        """Names all that decides the composites: both listings, the size, every object's scale,
        this module's version.
        """
        return store.key(
            objects=self.objects.fingerprint,
            backgrounds=self.backgrounds.fingerprint,
            size=self.size,
            scales=self.scales.tolist(),
            code=sources.code(__name__),
        )

    def canvas(self, i: int) -> Tensor:
        """Object ``i`` prepared and centred: uint8 (4, S, S)."""
        return torch.from_numpy(self._objects.get(i).canvas())

    def background(self, j: int) -> Tensor:
        """Background ``j`` fitted to the square: uint8 (3, S, S)."""
        return torch.from_numpy(self._backgrounds.get(j).copy())

    def batch(self, object_index, background_index) -> Tensor:
        """Object ``object_index[b]`` on background ``background_index[b]`` for every b: uint8 (B,
        3, S, S) on the CPU.

        Both: (B,) int, repeats allowed. What is not in memory is read by a few threads.
        """
        rows, columns = (
            np.asarray(object_index, dtype=np.int64),
            np.asarray(background_index, dtype=np.int64),
        )
        if rows.shape != columns.shape or rows.ndim != 1:
            raise ValueError(
                f"object_index {rows.shape} and background_index {columns.shape} must "
                "be of one length"
            )
        pieces, behind = self._objects.get_many(rows), self._backgrounds.get_many(columns)
        out = np.empty((len(rows), 3, self.size, self.size), dtype=np.uint8)
        for b, (i, j) in enumerate(zip(rows.tolist(), columns.tolist())):
            out[b] = behind[j]
            blend_into(out[b][pieces[i].window], pieces[i].colour, pieces[i].alpha)
        return torch.from_numpy(out)

    def check(self) -> Self:
        """Read every picture once, leave out and list in ``skipped`` what cannot be used; returns
        the compositor.

        One warning sums up what was left out. ValueError if no object or no background can be used.
        """
        lost = [*self._objects.check(), *self._backgrounds.check()]
        if lost:
            self.skipped = pd.DataFrame([*self.skipped.to_dict("records"), *lost])
            del self._views[self.size]  # the others keep the objects of before
            self._views = {self.size: self}
            warnings.warn(
                f"{len(lost)} pictures cannot be used and are left out, the first: "
                f"{lost[0]['reason']}",
                stacklevel=2,
            )
        return self

    def _read_object(self, objects: Objects, row: int) -> "_Piece":
        cutout = objects.cutout(row)
        if cutout.info["mask_resized"]:
            self._resized.add(row)
        try:
            return _Piece(prepare(cutout, size=self.size, scale=self._scales[row]), self.size)
        except EmptyMask as error:
            raise EmptyMask(f"{objects.path(row)}, row {row}: {error}") from None

    def _read_background(self, backgrounds: Backgrounds, row: int) -> np.ndarray:
        return images.square(backgrounds.image(row), self.size)


class _Piece:
    """A prepared object and its window in the square; a third of a whole canvas in memory."""

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
        whole = np.zeros((4, self.size, self.size), dtype=np.uint8)
        whole[self.window] = np.concatenate([self.colour, self.alpha])
        return whole


def _checked(size: int) -> int:
    if size < 1:
        raise ValueError(f"size={size}: at least 1 pixel")
    return size


def _corner(shape: tuple[int, int], size: int) -> tuple[int, int]:
    return (size - shape[0]) // 2, (size - shape[1]) // 2
