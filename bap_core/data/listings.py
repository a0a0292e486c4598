"""The three listings of the companion: objects that can be cut out, backgrounds, and labelled
scenes.

Each is a small frozen dataclass over a pandas frame, one row per thing, with file names relative to
``root``. Pictures are opened when they are asked for. ``skipped`` counts what a loader left out, by
reason, so that a page can show it. ``origin`` says whose pictures they are, one of `ORIGINS`: it
decides what numbers made with them may claim.
"""

import json
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from PIL import Image

from bap_core import groups
from bap_core.data import images
from bap_core.data.cache import Recent
from bap_core.data.images import EmptyMask

ORIGINS = ("official", "micro", "own")
SPLITS = ("train", "val", "test")
LEFT_OUT = "left out"  # split of rows that a variant of a set does not use
_SQUARES = Recent(4 << 30)  # scenes as encoders get them: 28,000 pictures at 224 pixels


class MaskSizeWarning(UserWarning):
    """A mask did not have the size of its picture and was resized."""


@dataclass(frozen=True, eq=False)
class _Listing:
    name: str
    root: Path
    frame: pd.DataFrame
    skipped: dict[str, int] = field(default_factory=dict, kw_only=True)
    origin: str = field(default="own", kw_only=True)
    columns: ClassVar[tuple[str, ...]] = ("image",)

    def __post_init__(self):
        if missing := [column for column in self.columns if column not in self.frame.columns]:
            raise ValueError(
                f"{self.name}: the frame has no column {missing}; needed: {list(self.columns)}"
            )
        if self.origin not in ORIGINS:
            raise ValueError(f"{self.name}: origin={self.origin!r}; choices: {', '.join(ORIGINS)}")
        object.__setattr__(self, "root", Path(self.root))
        object.__setattr__(
            self, "skipped", {reason: count for reason, count in self.skipped.items() if count}
        )
        object.__setattr__(self, "frame", self.frame.reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, indices) -> Self:
        """The rows with these numbers (or this boolean mask), in this order; row i of the result
        is ``indices[i]``.
        """
        indices = np.asarray(indices)
        return replace(
            self, frame=self.frame[indices] if indices.dtype == bool else self.frame.iloc[indices]
        )

    def sample(self, n: int, *, rng: np.random.Generator) -> Self:
        """``n`` different rows at random, in the order drawn. ValueError if there are fewer."""
        if not 1 <= n <= len(self):
            raise ValueError(f"{self.name}: n={n} of {len(self)}; choose 1..{len(self)}")
        return self.take(rng.permutation(len(self))[:n])

    def path(self, i: int) -> Path:
        """Picture file of row ``i``."""
        return self.root / self.frame["image"].iat[i]

    def image(self, i: int) -> Image.Image:
        """The whole picture of row ``i``, RGB. Errors as `images.read_rgb`."""
        return images.read_rgb(self.path(i))

    def square(self, i: int, size: int) -> np.ndarray:
        """The picture of row ``i`` fitted to the encoder's square: uint8 (3, size, size), by
        `images.square`.
        """
        return images.square(self.image(i), size)

    @cached_property
    def pictures(self) -> str:
        """SHA-256 of the names and sizes in bytes of the pictures alone, and of their crop if it is
        not the usual one: equal for sets that label the same ones."""
        names = self.frame["image"].tolist()
        state = [names, [_bytes(self.root, name) for name in names], *self._crop()]
        return sha256(json.dumps(state).encode()).hexdigest()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the name, all columns, and the size in bytes of every file listed.

        Pixels are not read: a file replaced by one with the same name and the same number of bytes
        is not noticed. The folder's own background does not count, so a copy elsewhere has the same
        fingerprint.
        """
        state = sha256(json.dumps([type(self).__name__, self.name, *self._more()]).encode())
        for column in sorted(self.frame.columns):
            values = self.frame[column].tolist()
            state.update(f"[{json.dumps(column)}, [".encode())
            # the text of a whole column can be as large as the column
            for start in range(0, len(values), 10_000):
                text = json.dumps(values[start : start + 10_000], default=str)[1:-1]
                state.update(f"{', ' if start else ''}{text}".encode())
            state.update(b"]]")
            if column in ("image", "mask"):
                sizes = {value: _bytes(self.root, value) for value in dict.fromkeys(values)}
                state.update(json.dumps([sizes[value] for value in values]).encode())
        return state.hexdigest()

    def _more(self) -> list:
        return []

    def _crop(self) -> list:
        return []


@dataclass(frozen=True, eq=False)
class Objects(_Listing):
    """N objects that can be cut out of their pictures.

    frame: image (file), mask (file or missing), segmentation (COCO polygons or run lengths, or
    missing), x, y, width, height (box in pixels, may be missing), label, super_class. Without mask
    and segmentation the picture's own transparency is the mask. An extra column ``instance`` gives
    the index to read in an indexed mask. bbox_source: crop to the extent of the "mask", or to the
    box of the "file" (the paper says only "bounding box").
    """

    bbox_source: str = field(default="mask", kw_only=True)
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

    def sample(self, n: int, *, rng: np.random.Generator, balance: str | None = None) -> Self:
        """``n`` objects at random: different ones, or balanced over a column with repetition where
        it is needed.

        balance: None, or a column such as "label". Every value gets n / (number of values) objects;
        one that has fewer repeats them as evenly as possible, and the others never repeat. (The
        paper's 5,000 class-balanced birds do not exist: 4,795 remain after its leakage filter.)
        """
        if balance is None:
            return super().sample(n, rng=rng)
        if balance not in self.frame.columns:
            raise ValueError(f"balance={balance!r}; columns: {sorted(self.frame.columns)}")
        if n < 1 or not len(self):
            raise ValueError(f"{self.name}: n={n} of {len(self)} objects")
        pools = [
            rng.permutation(rows)
            for rows in self.frame.groupby(balance, sort=True).indices.values()
        ]
        shares = np.full(len(pools), n // len(pools))
        shares[rng.permutation(len(pools))[: n % len(pools)]] += 1
        return self.take(
            rng.permutation(np.concatenate([np.resize(p, s) for p, s in zip(pools, shares)]))
        )

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
                    f"{self.root / row['image']}: the mask is {mask.width} x "
                    f"{mask.height}, the picture "
                    f"{picture.width} x {picture.height}; the mask was "
                    "resized",
                    MaskSizeWarning,
                    stacklevel=2,
                )
                mask = mask.resize(picture.size, Image.Resampling.NEAREST)
            box = self._box(row, mask)
        except EmptyMask as error:
            raise EmptyMask(
                f"{self.root / row['image']}, row {i} ({row['label']}): {error}"
            ) from None
        cut = picture.crop(box)
        cut.putalpha(mask.crop(box))
        cut.info = {"mask_resized": resized}
        return cut

    def _picture_and_mask(self, row) -> tuple[Image.Image, Image.Image]:
        path = self.root / row["image"]
        if isinstance(row["mask"], str):
            instance = row.get("instance")
            mask = images.read_mask(
                self.root / row["mask"],
                instance=None if instance is None or math.isnan(instance) else int(instance),
            )
            return images.read_rgb(path, size=mask.size), mask
        if isinstance(row["segmentation"], (list, dict)):
            size = int(row["image_width"]), int(row["image_height"])
            mask = images.decode_segmentation(row["segmentation"], width=size[0], height=size[1])
            return images.read_rgb(path, size=size), mask
        whole = images.read_rgba(path)
        return whole.convert("RGB"), whole.getchannel("A")

    def _box(self, row, mask: Image.Image) -> tuple[int, int, int, int]:
        extent = mask.point(lambda value: 255 * (value > images.THRESHOLD)).getbbox()
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

    def _more(self) -> list:
        return [self.bbox_source]


@dataclass(frozen=True, eq=False)
class Backgrounds(_Listing):
    """Background pictures. frame: image (file), category.

    substitutes: categories that were asked for and not there, with those that stand in for them.
    """

    substitutes: dict[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)
    columns: ClassVar[tuple[str, ...]] = ("image", "category")

    @property
    def categories(self) -> list[str]:
        """The distinct categories, sorted."""
        return sorted(self.frame["category"].unique())

    def _more(self) -> list:
        return [self.substitutes] if self.substitutes else []


@dataclass(frozen=True, eq=False)
class Scenes(_Listing):
    """Labelled pictures of a downstream task.

    frame: image (file), label and background (numbers into ``labels`` and ``backgrounds``), split
    ("train", "val", "test" or "left out"), group (as `groups.group_id` numbers it). margin: of the
    smart crop (`images.smart_square`) by which the pictures are fitted; None for the centre crop of
    `images.square`.
    """

    labels: tuple[str, ...]
    backgrounds: tuple[str, ...]
    margin: tuple[int, float] | None = field(default=None, kw_only=True)
    columns: ClassVar[tuple[str, ...]] = ("image", "label", "background", "split", "group")

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

    def square(self, i: int, size: int) -> np.ndarray:
        """The picture of row ``i`` fitted to the encoder's square: uint8 (3, size, size); by the
        smart crop if there is a ``margin``. Every encoder asks for the same ones, so they are kept
        for a while."""
        path = self.path(i)
        state = os.stat(path) if path.exists() else None  # a missing file is reported by the reader
        key = (path, state and (state.st_mtime_ns, state.st_size), size, self.margin)
        found = _SQUARES.get(key)
        return _SQUARES.keep(key, self._fitted(i, size)) if found is None else found

    def _fitted(self, i: int, size: int) -> np.ndarray:
        if self.margin is None:
            return super().square(i, size)
        return images.smart_square(self.image(i), size, margin=self.margin)

    def _more(self) -> list:
        return [list(self.labels), list(self.backgrounds), *self._crop()]

    def _crop(self) -> list:
        return [] if self.margin is None else [list(self.margin)]


def mixed_origin(listings: Sequence[_Listing]) -> str:
    """The origin of what is made from several: "micro" if anything is rendered, else "own" if
    anything is, else "official".
    """
    found = {listing.origin for listing in listings}
    return next(origin for origin in ("micro", "own", "official") if origin in found)


def _bytes(root: Path, name) -> int:
    try:
        return os.stat(os.path.join(root, name)).st_size if isinstance(name, str) else -1
    except OSError:
        return -1  # a missing file is reported by the reader that needs it
