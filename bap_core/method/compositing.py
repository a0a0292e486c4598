"""Composites of any object on any background, as `pasting` makes them, prepared once."""

import copy
import warnings
from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bap_core import runtime, sources, store
from bap_core.data import images
from bap_core.data.cache import CachedPictures, ImageCache
from bap_core.data.images import EmptyMask
from bap_core.data.listings import Backgrounds, Objects
from bap_core.method.blending import blend_into
from bap_core.method.pasting import Piece, prepare

SIZE = 224  # side of the paper's pictures in pixels
SCALE_PER = ("object", "composite")
STEPS = 8  # scales that a composite can have, where each draws its own


class Compositor:
    """Composites of any object on any background, prepared once and kept in the image cache.

    objects, backgrounds: the listings (N and M things). size: side S in pixels; `at` gives the same
    composites at another one. scale: one fraction, or a range from which each object draws its own
    once (paper: 0.6 to 0.8). scale_per: "object", or "composite", which gives every pair of object
    and background one of `STEPS` scales of the range, always the same; the object alone keeps its
    own. cache: where pictures are kept, None for the process's own (`cache.image_cache`). Nothing
    is read before it is needed. Backgrounds are fitted by `images.square`.

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
        scale_per: str = "object",
        seed: int,
        cache: ImageCache | None = None,
    ):
        low, high = scale if isinstance(scale, Sequence) else (scale, scale)
        if not 0 < low <= high <= 1:
            raise ValueError(f"scale={scale}: one number or (low, high) within (0, 1]")
        if scale_per not in SCALE_PER:
            raise ValueError(f"scale_per={scale_per!r}; choices: {list(SCALE_PER)}")
        self.size = _checked(size)
        self.skipped = pd.DataFrame(columns=["kind", "image", "reason"])
        self._scales = runtime.rng(seed, "scale").uniform(low, high, size=len(objects))
        self._steps = np.linspace(low, high, STEPS) if scale_per == "composite" else np.empty(0)
        self._drawn = runtime.rng(seed, "scale of composites").integers(STEPS, size=2**16)
        self._by_step: dict[int, tuple[int, CachedPictures[Objects, Piece]]] = {}
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
            view.size, view._by_step = _checked(size), {}
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
            steps=self._steps.tolist(),
            drawn=self._drawn.tolist() if len(self._steps) else [],
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
        pieces, behind = self._pieces(rows, columns), self._backgrounds.get_many(columns)
        out = np.empty((len(rows), 3, self.size, self.size), dtype=np.uint8)
        for b, (piece, j) in enumerate(zip(pieces, columns.tolist())):
            out[b] = behind[j]
            blend_into(out[b][piece.window], piece.colour, piece.alpha)
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

    def _pieces(self, rows: np.ndarray, columns: np.ndarray) -> list[Piece]:
        """The object of every composite, at the composite's scale."""
        if not len(self._steps):
            found = self._objects.get_many(rows)
            return [found[i] for i in rows.tolist()]
        # by the numbers of before `check`, so that what is left out changes no other composite
        place = self._objects.rows[rows] * 40_503 + self._backgrounds.rows[columns]
        steps = self._drawn[place % len(self._drawn)]
        found = {step: self._at_step(step).get_many(rows[steps == step]) for step in set(steps)}
        return [found[step][i] for step, i in zip(steps, rows.tolist())]

    def _at_step(self, step: int) -> CachedPictures[Objects, Piece]:
        """All objects at one scale; made anew where `check` has left some out."""
        n = len(self.objects)
        if step not in self._by_step or self._by_step[step][0] != n:
            view = copy.copy(self)
            view._scales = np.full(len(self._scales), self._steps[step])
            self._by_step[step] = n, self._objects.prepared_by(view._read_object)
        return self._by_step[step][1]

    def _read_object(self, objects: Objects, row: int) -> Piece:
        cutout = objects.cutout(row)
        if cutout.info["mask_resized"]:
            self._resized.add(row)
        try:
            return Piece(prepare(cutout, size=self.size, scale=self._scales[row]), self.size)
        except EmptyMask as error:
            raise EmptyMask(f"{objects.path(row)}, row {row}: {error}") from None

    def _read_background(self, backgrounds: Backgrounds, row: int) -> np.ndarray:
        return images.square(backgrounds.image(row), self.size)


def _checked(size: int) -> int:
    if size < 1:
        raise ValueError(f"size={size}: at least 1 pixel")
    return size
