"""What a mask file holds, and the mask of one object that is read out of it.

A pixel of a mask is a grey value, an index into a palette, a number of more than eight bits, a
colour, or a transparency, and programs write any of them. `look` says which values a file has;
`mask_readings` decides what they mean; `read` cuts one object's mask out by that.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bap_core.data import images

HOW = ("grey", "inverted", "alpha", "blend", "values")
_LISTED = 256  # different values that are told apart; more are shades
_FEW = 16  # values of which it is asked whether they fill an area
_ON_A_LINE = 12.0  # of 255: how far shades between two colours may lie off the line


@dataclass(frozen=True)
class Seen:
    """What one mask file holds.

    kind: "grey" (0..255), "deep" (more than eight bits), "index" (a palette with colours), "colour"
    (r + 256 g + 65536 b), "blend" (shades between two colours) or "alpha". shares: value -> share
    of the pixels; empty if there are more values than can be told apart. frame: the value most
    frequent on the outermost pixels, and its share of them. solid: the values that fill a square of
    three by three pixels somewhere, which the shades of an edge do not; of few values only.
    """

    kind: str
    shares: dict[int, float]
    frame: tuple[int, float]
    solid: frozenset[int] = frozenset()

    @property
    def values(self) -> set[int]:
        """The different values."""
        return set(self.shares)


def look(path: str | Path, *, alpha: bool = True) -> Seen:
    """What the mask at ``path`` holds. alpha: whether its transparency may be the mask. Errors as
    `images.read_rgb`.
    """
    picture = images.load(path)
    if alpha and _alpha_says_it(picture):
        return _seen("alpha", np.asarray(picture.convert("RGBA").getchannel("A")))
    kind, values = _numbered(picture)
    found = _seen(kind, values)
    if kind in ("index", "colour") and _is_blend(picture, found):
        return Seen("blend", {}, found.frame)
    return found


def read(path: str | Path, *, how: str, instance: int | None = None) -> Image.Image:
    """Mask of one object as `L`, 0..255, read in one of the ways `HOW`.

    "values": 255 where the value is ``instance``. "grey": the grey values, those of 0 and 1
    stretched to 0 and 255; "inverted": the same from white to black. "alpha": the transparency.
    "blend": how far the colour lies from that of the frame. ValueError for another way.
    """
    picture = images.load(path)
    if how == "values":
        return _flat(_numbered(picture)[1] == instance)
    if how == "alpha":
        return picture.convert("RGBA").getchannel("A")
    if how == "blend":
        return _distance(picture)
    if how not in HOW:
        raise ValueError(f"how={how!r}; choices: {', '.join(HOW)}")
    grey = images.to_grey(picture)
    grey = grey.point(lambda value: value * 255) if grey.getextrema()[1] == 1 else grey
    return grey.point(lambda value: 255 - value) if how == "inverted" else grey


def _flat(inside: np.ndarray) -> Image.Image:
    return Image.fromarray(inside.astype(np.uint8) * 255)


def _seen(kind: str, values: np.ndarray) -> Seen:
    numbers, counts = _count(values)
    frame = np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
    on_frame, times = _count(frame)
    most = int(times.argmax())
    told_apart = len(numbers) <= _LISTED
    shares = dict(zip(numbers.tolist(), (counts / values.size).tolist())) if told_apart else {}
    solid = _solid(values) if len(numbers) <= _FEW else frozenset()
    return Seen(kind, shares, (int(on_frame[most]), float(times[most] / frame.size)), solid)


def _solid(values: np.ndarray) -> frozenset[int]:
    height, width = values.shape
    if height < 3 or width < 3:
        return frozenset()
    centre = values[1:-1, 1:-1]
    same = np.ones(centre.shape, dtype=bool)
    for y, x in np.ndindex(3, 3):
        same &= values[y : height - 2 + y, x : width - 2 + x] == centre
    return frozenset(np.unique(centre[same]).tolist())


def _count(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different values, ascending, and how often each is there."""
    if values.dtype == np.uint8:  # several times faster than sorting
        counts = np.bincount(values.ravel(), minlength=256)
        return np.flatnonzero(counts), counts[counts > 0]
    return np.unique(values, return_counts=True)


def _alpha_says_it(picture: Image.Image) -> bool:
    """Whether the transparency is the mask: it varies, and what is opaque is not black and white
    itself. In a palette with colours the index says it.
    """
    if not picture.has_transparency_data or (picture.mode == "P" and not _is_grey(picture)):
        return False
    whole = picture.convert("RGBA")
    alpha = np.asarray(whole.getchannel("A"))
    if alpha.min() == alpha.max():
        return False
    grey = np.asarray(whole.convert("L"))[alpha > images.THRESHOLD]
    return set(np.unique(grey).tolist()) != {0, 255}


def _numbered(picture: Image.Image) -> tuple[str, np.ndarray]:
    """Kind of the values, and the value of every pixel, (H, W)."""
    if picture.mode.startswith(("I", "F")):
        deep = np.rint(np.asarray(picture, dtype=np.float64)).astype(np.int64)
        return ("deep", deep) if deep.max(initial=0) > 255 else ("grey", deep.astype(np.uint8))
    if _is_grey(picture):
        return "grey", np.asarray(picture.convert("L"))
    if picture.mode == "P":
        return "index", np.asarray(picture)
    colours = np.asarray(picture.convert("RGB")).astype(np.int64)
    return "colour", colours @ np.array([1, 256, 65536])


def _is_grey(picture: Image.Image) -> bool:
    if picture.mode in ("1", "L", "LA", "La"):
        return True
    if picture.mode == "P":
        used = np.flatnonzero(np.asarray(picture.histogram()))
        palette = np.asarray(picture.getpalette("RGB")).reshape(-1, 3)
        used = used[used < len(palette)]
        return bool(np.ptp(palette[used], axis=1).max(initial=0) == 0)
    return bool(np.ptp(np.asarray(picture.convert("RGB")), axis=2).max(initial=0) == 0)


def _is_blend(picture: Image.Image, found: Seen) -> bool:
    """Whether the colours are shades between two: those of one edge, or of a lossy file."""
    if found.shares and (len(found.shares) < 3 or found.values == found.solid):
        return False
    colours = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0).astype(float)
    if not found.shares:
        return True
    reach = colours - colours[0]
    end = reach[np.linalg.norm(reach, axis=1).argmax()]
    along = np.outer(reach @ end / (end @ end), end)
    return bool(np.linalg.norm(reach - along, axis=1).max() <= _ON_A_LINE)


def _distance(picture: Image.Image) -> Image.Image:
    colours = np.asarray(picture.convert("RGB")).astype(float)
    frame = np.concatenate([colours[0], colours[-1], colours[1:-1, 0], colours[1:-1, -1]])
    ends, times = np.unique(frame, axis=0, return_counts=True)
    away = np.linalg.norm(colours - ends[times.argmax()], axis=2)
    return Image.fromarray(np.rint(255 * away / max(1.0, away.max())).astype(np.uint8))
