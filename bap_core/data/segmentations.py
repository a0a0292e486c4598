"""Segmentations as COCO writes them: polygons, run lengths, compressed run lengths.

The library's C code draws whatever it is given, past its buffers or with all memory, so nothing
reaches it that is not known to fit into the picture.
"""

from array import array
from typing import Any, cast

import numpy as np
import pycocotools.mask
from PIL import Image

from bap_core.data.images import MOST_PIXELS, EmptyMask

REACH = 8  # sides of the picture that a corner may lie away from it; farther ones are mistakes

# the library's stubs know neither polygons as arrays nor run lengths as plain dicts
_run_lengths = cast(Any, pycocotools.mask)


def decode_segmentation(segmentation, *, width: int, height: int) -> Image.Image:
    """COCO polygons, or run lengths (plain or compressed) -> `L` mask with 0 and 255.

    Polygons are drawn on ``width`` x ``height``; run lengths carry their own size. EmptyMask if
    nothing is left.
    """
    encoded = encode_segmentation(segmentation, width=width, height=height)
    if encoded is None or not covered(encoded):
        raise EmptyMask("the segmentation covers no pixel")
    return Image.fromarray(_run_lengths.decode(encoded) * np.uint8(255))


def encode_segmentation(segmentation, *, width: int, height: int) -> dict | None:
    """COCO segmentation -> compressed run lengths; None if it is malformed, has no usable polygon
    or a corner far outside the picture, or belongs to no picture that could be.
    """
    if isinstance(segmentation, dict):
        return _checked_run_lengths(segmentation)
    if not isinstance(segmentation, list) or not _is_size(height, width):
        return None
    polygons = [
        p
        for p in as_polygons(segmentation)
        if isinstance(p, list | array) and len(p) >= 6 and len(p) % 2 == 0 and np.isfinite(p).all()
    ]
    far = REACH * max(height, width)
    if not polygons or any(max(p) > far or min(p) < -far for p in polygons):
        return None
    return _run_lengths.merge(_run_lengths.frPyObjects(polygons, height, width))


def box_outline(x: float, y: float, width: float, height: float) -> list[list[float]]:
    """A box as a polygon of COCO's."""
    right, low = x + width, y + height
    return [[x, y, right, y, right, low, x, low]]


def as_polygons(segmentation: list) -> list:
    """Polygons as COCO writes them, x, y, x, y, ... in a list each, of the other ways in which
    programs write the same: pairs of numbers, one polygon without its list, numbers as text.
    """
    if segmentation and not isinstance(segmentation[0], list | array | dict):
        segmentation = [segmentation]  # one polygon, not in a list of its own
    elif segmentation and all(_is_corner(corner) for corner in segmentation):
        segmentation = [segmentation]  # one polygon of pairs
    return [_as_numbers(polygon) for polygon in segmentation]


def _is_corner(corner: Any) -> bool:
    pair = isinstance(corner, list) and len(corner) == 2
    return pair and not any(isinstance(value, list | dict) for value in corner)


def _as_numbers(polygon: Any) -> list[float] | array:
    """Its numbers; none for what is no polygon."""
    if isinstance(polygon, array):
        return polygon
    if isinstance(polygon, list) and polygon and all(_is_corner(corner) for corner in polygon):
        polygon = [value for corner in polygon for value in corner]
    try:
        return [float(value) for value in polygon]
    except (TypeError, ValueError):
        return []


def boxes(encoded: list[dict]) -> np.ndarray:
    """x, y, width, height of what compressed run lengths cover, (N, 4)."""
    return np.asarray(_run_lengths.toBbox(encoded), dtype=float).reshape(-1, 4)


def covered(encoded: dict) -> int:
    """Pixels that compressed run lengths cover."""
    return int(_run_lengths.area(encoded))


def _is_size(*size: Any) -> bool:
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in size)
    return whole and len(size) == 2 and size[0] * size[1] <= MOST_PIXELS


def _checked_run_lengths(segmentation: dict) -> dict | None:
    """Run lengths of either form, compressed; None if they do not add up to their size, since the C
    code writes past its buffer then.
    """
    counts, size = segmentation.get("counts"), segmentation.get("size")
    if not isinstance(size, list) or not _is_size(*size):
        return None
    runs = _decompressed(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(type(run) is int and run >= 0 for run in runs):
        return None
    if sum(runs) != size[0] * size[1]:
        return None
    if isinstance(counts, str):
        return {"size": size, "counts": counts.encode()}
    return _run_lengths.frPyObjects({"size": size, "counts": counts}, *size)


def _decompressed(text: str) -> list[int] | None:
    """The runs that COCO's compressed text holds: five bits a character, a sixth for "goes on",
    from the fourth run on as the difference to the last but one. None for anything else.
    """
    runs, value, shift = [], 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 30:
            return None
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return None if shift else runs
