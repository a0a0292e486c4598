"""Worse masks on purpose (paper appendix I.2, Tables 6 and 15): grown, shrunk, or a box.

The paper's radii are pixels of CUB's photographs, most of which are 500 pixels wide or high. A
picture of another size has radii in proportion.
"""

from dataclasses import dataclass, field, fields

import numpy as np
from PIL import Image

from bap_core.data import images
from bap_core.data.listings import Objects

CUB_SIDE = 500  # pixels, the longest side of most of CUB's photographs
RADIUS = {"dilated": 15, "eroded": 21}  # pixels at `CUB_SIDE` (I.2)
QUALITIES = ("perfect", *RADIUS, "box")


@dataclass(frozen=True, eq=False)
class WorseMasks(Objects):
    """The same objects, cut out by worse masks: all else is that of `Objects`.

    quality: "perfect", "dilated" (a margin of the old background comes along), "eroded" (what lies
    near the outline is lost) or "box" (the whole box around the mask). An object that is eroded
    away is an EmptyMask, which `Compositor.check` leaves out and counts. ValueError for another
    word.
    """

    quality: str = field(default="perfect", kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        if self.quality not in QUALITIES:
            raise ValueError(f"quality={self.quality!r}; choices: {', '.join(QUALITIES)}")

    def _picture_and_mask(self, row) -> tuple[Image.Image, Image.Image]:
        picture, mask = super()._picture_and_mask(row)
        return picture, degrade(mask, self.quality)

    def _further(self) -> list:
        return [*super()._further(), self.quality]


def with_masks(objects: Objects, quality: str) -> WorseMasks:
    """``objects`` with masks of this quality, one of `QUALITIES`."""
    kept = {one.name: getattr(objects, one.name) for one in fields(Objects)}
    return WorseMasks(**kept, quality=quality)


def degrade(mask: Image.Image, quality: str) -> Image.Image:
    """A mask, `L`, made worse: 255 or 0 everywhere, unless it stays "perfect" as it is."""
    if quality == "perfect":
        return mask
    inside = np.asarray(images.solid(mask)) > 0
    if quality == "box":
        changed = _box(inside)
    else:
        reach = RADIUS[quality] * max(mask.size) / CUB_SIDE
        changed = _within(inside, reach) if quality == "dilated" else ~_within(~inside, reach)
    return Image.fromarray(changed.astype(np.uint8) * 255)


def _within(region: np.ndarray, reach: float) -> np.ndarray:
    """Which pixels are in the region or at most ``reach`` pixels away; none if it is empty. What
    lies outside of the picture belongs to no region.
    """
    from scipy.ndimage import distance_transform_edt  # slow to import

    if not region.any():
        return region
    distance = np.asarray(distance_transform_edt(~region))
    return distance <= reach


def _box(inside: np.ndarray) -> np.ndarray:
    filled = np.zeros_like(inside)
    if inside.any():
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return filled
