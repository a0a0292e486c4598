"""The listings of the companion: objects that can be cut out, backgrounds, and labelled pictures,
of which scenes are those in files.

Each is a small frozen dataclass over a pandas frame, one row per thing, with file names relative to
``root``. Pictures are opened when they are asked for. ``skipped`` counts what a loader left out, by
reason, so that a page can show it. ``origin`` says whose pictures they are, one of
`pictures.ORIGINS`: it decides what numbers made with them may claim.
"""

import math
import os
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from PIL import Image

from bap_core import groups, runtime
from bap_core.data import cache, images, mask_files, segmentations
from bap_core.data.images import EmptyMask
from bap_core.data.pictures import Listing, PictureFiles

SPLITS = ("train", "val", "test")
LEFT_OUT = "left out"  # split of rows that a variant of a set does not use


class MaskSizeWarning(UserWarning):
    """A mask did not have the size of its picture and was resized."""


@dataclass(frozen=True, eq=False)
class Objects(PictureFiles):
    """N objects that can be cut out of their pictures.

    frame: image (file), mask (file or missing), segmentation (COCO polygons or run lengths, or
    missing), x, y, width, height (box in pixels, may be missing), label, super_class. Without mask
    and segmentation the picture's own transparency is the mask. Extra columns ``mask_as`` and
    ``instance`` say how a mask is read, as `mask_files.read` has it. bbox_source: crop to the
    extent of the "mask", or to the box of the "file" (the paper says only "bounding box").
    understood: what the masks were taken to mean, in words, by what they are; doubts: how many
    objects may have been misunderstood, by reason.
    """

    bbox_source: str = field(default="mask", kw_only=True)
    understood: dict[str, str] = field(default_factory=dict, kw_only=True)
    doubts: dict[str, int] = field(default_factory=dict, kw_only=True)
    columns: ClassVar[tuple[str, ...]] = (
        "image",
        "mask",
        "segmentation",
        "x",
        "y",
        "width",
        "height",
        "label",
        "super_class",
    )

    def __post_init__(self):
        super().__post_init__()
        if self.bbox_source not in ("mask", "file"):
            raise ValueError(f"bbox_source={self.bbox_source!r}; choices: 'mask', 'file'")

    @property
    def labels(self) -> list[str]:
        """The distinct labels, sorted."""
        return sorted(self.frame["label"].unique())

    def sample(
        self,
        n: int | None = None,
        *,
        at_most: int | None = None,
        rng: np.random.Generator,
        balance: str | None = None,
    ) -> Self:
        """``n`` (or ``at_most``, as in `Listing.sample`) objects at random: different ones, or
        balanced over a column with repetition where it is needed.

        balance: None, or a column such as "label". Every value gets n / (number of values) objects;
        one that has fewer repeats them as evenly as possible, and the others never repeat. (The
        paper's 5,000 class-balanced birds do not exist: 4,795 remain after its leakage filter.)
        """
        if balance is None:
            return super().sample(n, at_most=at_most, rng=rng)
        if balance not in self.frame.columns:
            raise ValueError(f"balance={balance!r}; columns: {sorted(self.frame.columns)}")
        n = self._wanted(n, at_most)
        if n < 1 or not len(self):
            raise ValueError(f"{self.name}: n={n} of {len(self)} objects")
        of_value = [
            rng.permutation(rows)
            for rows in self.frame.groupby(balance, sort=True).indices.values()
        ]
        shares = np.full(len(of_value), n // len(of_value))
        shares[rng.permutation(len(of_value))[: n % len(of_value)]] += 1
        drawn = [np.resize(rows, share) for rows, share in zip(of_value, shares)]
        return self.take(rng.permutation(np.concatenate(drawn)))

    def cutout(self, i: int) -> Image.Image:
        """Object ``i`` as RGBA, cropped tightly; alpha is its soft mask, 0..255, colours are the
        picture's own.

        EmptyMask naming the file if no pixel of the mask is above 100. A mask of another size than
        its picture is resized (nearest neighbour) with a `MaskSizeWarning`, and noted in the
        picture's ``info["mask_resized"]``.
        """
        row = self.frame.iloc[i]
        try:
            picture, mask = self._picture_and_mask(row)
            resized = mask.size != picture.size
            if resized:
                warnings.warn(
                    f"{self.path(i)}: the mask is {mask.width} x {mask.height}, the picture "
                    f"{picture.width} x {picture.height}; the mask was resized",
                    MaskSizeWarning,
                    stacklevel=2,
                )
                mask = mask.resize(picture.size, Image.Resampling.NEAREST)
            box = self._box(row, mask)
        except EmptyMask as error:
            raise EmptyMask(f"{self.path(i)}, row {i} ({row['label']}): {error}") from None
        cut = picture.crop(box)
        cut.putalpha(mask.crop(box))
        cut.info = {"mask_resized": resized}
        return cut

    def _picture_and_mask(self, row) -> tuple[Image.Image, Image.Image]:
        path = self.root / row["image"]
        if isinstance(row["mask"], str):
            mask = self._mask(row)
            return images.read_rgb(path, size=mask.size), mask
        if isinstance(row["segmentation"], (list, dict)):
            size = int(row["image_width"]), int(row["image_height"])
            mask = segmentations.decode_segmentation(
                row["segmentation"], width=size[0], height=size[1]
            )
            return images.read_rgb(path, size=size), mask
        whole = images.read_rgba(path)
        return whole.convert("RGB"), whole.getchannel("A")

    def _mask(self, row) -> Image.Image:
        path, instance = self.root / row["mask"], row.get("instance")
        if not isinstance(how := row.get("mask_as"), str):
            return images.read_mask(path)
        known = None if instance is None or math.isnan(instance) else int(instance)
        return mask_files.read(path, how=how, instance=known)

    def _box(self, row, mask: Image.Image) -> tuple[int, int, int, int]:
        extent = images.solid(mask).getbbox()
        if extent is None:
            raise EmptyMask(f"no pixel of the mask is above {images.THRESHOLD}")
        if self.bbox_source == "mask":
            return extent
        x, y, width, height = (float(row[name]) for name in ("x", "y", "width", "height"))
        if math.isnan(x + y + width + height):
            raise EmptyMask("it has no box; use bbox_source='mask'")
        left, top = max(0, math.floor(x)), max(0, math.floor(y))
        right, bottom = (
            min(mask.width, math.ceil(x + width)),
            min(mask.height, math.ceil(y + height)),
        )
        if left >= extent[2] or top >= extent[3] or right <= extent[0] or bottom <= extent[1]:
            raise EmptyMask("its box holds no pixel of the mask")
        return left, top, right, bottom

    def _further(self) -> list:
        return [self.bbox_source]


@dataclass(frozen=True, eq=False)
class Backgrounds(PictureFiles):
    """Background pictures. frame: image (file), category.

    substitutes: categories that were asked for and not there, with those that stand in for them.
    """

    substitutes: dict[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)
    columns: ClassVar[tuple[str, ...]] = ("image", "category")

    @property
    def categories(self) -> list[str]:
        """The distinct categories, sorted."""
        return sorted(self.frame["category"].unique())

    def _further(self) -> list:
        return [self.substitutes] if self.substitutes else []


@dataclass(frozen=True, eq=False)
class LabelledPictures(Listing, ABC):
    """N labelled pictures of a downstream task, of whatever kind: files (`Scenes`), or composites
    that are made when they are asked for (`people.scenes.Composites`).

    frame: label and background (numbers into ``labels`` and ``backgrounds``), split ("train",
    "val", "test" or "left out"), group (as `groups.group_id` numbers it).
    """

    labels: tuple[str, ...]
    backgrounds: tuple[str, ...]
    columns: ClassVar[tuple[str, ...]] = ("label", "background", "split", "group")

    @property
    @abstractmethod
    def key(self) -> str:
        """Names the pictures alone: equal for sets that label the same ones."""

    @abstractmethod
    def image(self, i: int) -> Image.Image:
        """Picture ``i``, RGB."""

    @abstractmethod
    def square(self, i: int, size: int) -> np.ndarray:
        """Picture ``i`` fitted to the encoder's square: uint8 (3, size, size)."""

    @abstractmethod
    def picture_names(self) -> list[str]:
        """What each picture is called: the same name in every set that has it, no name twice."""

    @property
    def group_names(self) -> list[str]:
        """One name per group number."""
        return groups.group_names(self.labels, self.backgrounds)

    @property
    def groups(self) -> np.ndarray:
        """Group number of every picture: (N,) int64."""
        return self.frame["group"].to_numpy(dtype=np.int64)

    def select(self, *, split: str) -> Self:
        """The pictures of one split."""
        if split not in SPLITS:
            raise ValueError(f"split={split!r}; choices: {list(SPLITS)}")
        return self.take((self.frame["split"] == split).to_numpy())

    def per_group(self, n: int, *, seed: int = 0) -> np.ndarray:
        """Row numbers of ``n`` random pictures of every group, to be looked at: group by group,
        (at most G * n,) int64. A group that has fewer gives all that it has.
        """
        if n < 1:
            raise ValueError(f"{self.name}: n={n} pictures of every group; at least 1")
        of_group = [np.flatnonzero(self.groups == g) for g in range(len(self.group_names))]
        drawn = [
            runtime.rng(seed, "shown", g).permutation(rows)[:n] for g, rows in enumerate(of_group)
        ]
        return np.concatenate(drawn)

    def _further(self) -> list:
        return [list(self.labels), list(self.backgrounds)]


@dataclass(frozen=True, eq=False)
class Scenes(PictureFiles, LabelledPictures):
    """`LabelledPictures` in files.

    frame: image (file), label, background, split, group. margin: of the smart crop
    (`images.smart_square`) by which the pictures are fitted; None for the centre crop of
    `images.square`.
    """

    margin: tuple[int, float] | None = field(default=None, kw_only=True)
    columns: ClassVar[tuple[str, ...]] = ("image", *LabelledPictures.columns)

    def square(self, i: int, size: int) -> np.ndarray:
        """The picture of row ``i`` fitted to the encoder's square: uint8 (3, size, size); by the
        smart crop if there is a ``margin``. Every encoder asks for the same ones, so they are kept
        in the image cache.
        """
        path = self.path(i)
        state = os.stat(path) if path.exists() else None  # a missing file is reported by the reader
        key = (path, state and (state.st_mtime_ns, state.st_size), size, self.margin)
        kept = cache.image_cache()
        found = kept.get(key)
        return kept.keep(key, self._fitted(i, size)) if found is None else found

    def picture_names(self) -> list[str]:
        """The file below ``root``; a file that is listed again has its count behind it."""
        again = self.frame.groupby("image").cumcount()
        return [
            f"{file} #{n + 1}" if n else str(file) for file, n in zip(self.frame["image"], again)
        ]

    def _fitted(self, i: int, size: int) -> np.ndarray:
        if self.margin is None:
            return super().square(i, size)
        return images.smart_square(self.image(i), size, margin=self.margin)

    def _further(self) -> list:
        return [*super()._further(), *self._crop()]

    def _crop(self) -> list:
        return [] if self.margin is None else [list(self.margin)]
