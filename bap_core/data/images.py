"""Pictures and masks from disk, whatever their format: always RGB, always `L`, or one error that
names the file.
"""

import importlib
import importlib.util
import os
import stat
import struct
import zlib
from pathlib import Path
from typing import cast

import numpy as np
from PIL import ExifTags, Image, ImageOps

from bap_core import contents

if importlib.util.find_spec("pillow_heif"):  # the extra "heic"
    importlib.import_module("pillow_heif").register_heif_opener()

THRESHOLD = 100  # a mask value above it belongs to the object (paper, appendix on compositing)
SMART_CROP = (50, 0.1)  # pixels, and the share of a side that they must not exceed
VOID = 255  # "neither object nor background" in an indexed mask
MOST_PIXELS = 2**26  # of a picture; some decoded at once must fit into memory

_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


class UnreadablePicture(ValueError):
    """The file exists but is not a whole picture. detail: the library's words."""

    def __init__(self, message: str, detail: object = ""):
        super().__init__(message)
        self.detail = str(detail)


class EmptyMask(ValueError):
    """The mask has no pixel above `THRESHOLD`: there is nothing to cut out."""


def read_rgb(path: str | Path, *, size: tuple[int, int] | None = None) -> Image.Image:
    """Picture as 8-bit RGB, turned as its EXIF tag says; what was transparent becomes white.

    size: (width, height) in pixels that annotations were made on. A picture that has this size only
    before it is turned stays as it is. FileNotFoundError, or UnreadablePicture for a file that is
    truncated or no picture.
    """
    picture = load(path)
    turned = _turned(picture)
    return to_rgb(picture if size and picture.size == tuple(size) != turned.size else turned)


def is_turned(path: str | Path, *, size: tuple[int, int]) -> bool:
    """Whether the EXIF tag turns the picture at ``path`` though (width, height) in pixels is also
    its size before: annotations of that size may be of either. False for a file that is no picture.
    """
    try:
        with _opened(path) as picture:
            return _turns(picture) and picture.size == tuple(size)
    except _BROKEN:
        return False


def to_rgb(picture: Image.Image) -> Image.Image:
    """Any PIL mode (grey, palette, CMYK, 16 bits, alpha, ...) -> RGB with 8 bits."""
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bits(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def read_rgba(path: str | Path) -> Image.Image:
    """A cut-out file: RGBA, turned by its EXIF tag. UnreadablePicture if it has no transparency.

    Fully transparent pixels take the colour of the nearest visible one, since resizing and soft
    edges look at them and programs store anything there, mostly black.
    """
    picture = _turned(load(path))
    if not picture.has_transparency_data:
        raise UnreadablePicture(
            f"{path}: a cut-out needs transparency, this {picture.mode} picture has none"
        )
    return _bleed(picture.convert("RGBA"))


def read_mask(path: str | Path) -> Image.Image:
    """Mask of a data set -> `L`, 0..255. A mask of 0 and 1 is stretched to 0 and 255."""
    grey = to_grey(load(path))
    return grey.point(lambda value: value * 255) if grey.getextrema()[1] == 1 else grey


def to_grey(picture: Image.Image) -> Image.Image:
    """Any PIL mode -> `L` with 8 bits; numbers of more bits are scaled down."""
    deep = picture.mode.startswith(("I", "F"))
    return _eight_bits(picture) if deep else picture.convert("L")


def solid(mask: Image.Image) -> Image.Image:
    """A soft `L` mask -> 255 where it is above `THRESHOLD`, 0 elsewhere."""
    return mask.point([255 * (value > THRESHOLD) for value in range(256)])


def square(picture: Image.Image, size: int) -> np.ndarray:
    """Fit a picture to the encoder's square: the shortest side becomes ``size``, the centre is
    kept, bicubic.

    -> (3, size, size) uint8. Cropping and resizing are one step, so nothing is rounded in between.
    """
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    return _planes(
        picture.resize(
            (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
        )
    )


def smart_square(
    picture: Image.Image, size: int, *, margin: tuple[int, float] = SMART_CROP
) -> np.ndarray:
    """The paper's "smart crop" (appendix M.5.2): both ends of the longer side are cut off, the rest
    is squashed, bicubic.

    margin: (pixels, share), what is cut from each end: that many pixels, but not more than that
    share of the longer side. The paper cuts 50 whatever the size, which leaves nothing of a small
    picture; with (50, 0.1) sides from 500 pixels on lose 50 at each end and shorter ones a tenth,
    rounded down. Square pictures are not cut. -> (3, size, size) uint8. ValueError for negative
    pixels or a share outside [0, 0.5).
    """
    pixels, share = margin
    if pixels < 0 or not 0 <= share < 0.5:
        raise ValueError(
            f"margin={margin}: pixels of at least 0, and a share of the side in [0, 0.5)"
        )
    cut = int(min(pixels, share * max(picture.size)))
    left, top = cut * (picture.width > picture.height), cut * (picture.height > picture.width)
    kept = picture.crop((left, top, picture.width - left, picture.height - top))
    return _planes(kept.resize((size, size), Image.Resampling.BICUBIC))


def is_whole(path: str | Path) -> bool:
    """Whether the file is a picture that decodes to its end. JPEGs are decoded at a small size,
    which reads all of it.
    """
    contents.note(path)
    try:
        with _opened(path) as picture:
            picture.draft("RGB", (64, 64))
            picture.load()
    except _BROKEN:
        return False
    return True


def is_cut_out(path: str | Path) -> bool:
    """Whether anything of a picture is transparent. UnreadablePicture if it is none."""
    try:
        with _opened(path) as picture:
            if not picture.has_transparency_data:
                return False
    except _BROKEN as error:
        raise UnreadablePicture(f"{path}: not a picture ({error})", error) from None
    return bool(np.asarray(load(path).convert("RGBA").getchannel("A")).min() < 255)


def _opened(path: str | Path) -> Image.Image:
    """The picture with its header read. Waits for no pipe, and decodes no picture too large."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError("no ordinary file")
    picture = Image.open(path)
    if picture.width * picture.height > MOST_PIXELS:
        picture.close()
        raise ValueError(
            f"{picture.width} x {picture.height} pixels, at most {MOST_PIXELS:,} are read: "
            "make it smaller"
        )
    return picture


def load(path: str | Path) -> Image.Image:
    """A picture as its file has it, whole. FileNotFoundError, or UnreadablePicture."""
    contents.note(path)
    try:
        with _opened(path) as picture:
            picture.load()
        return picture
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such picture") from None
    except _BROKEN as error:
        raise UnreadablePicture(
            f"{path}: truncated, or not a picture ({error}); replace or remove the file", error
        ) from None


def _planes(fitted: Image.Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(fitted).transpose(2, 0, 1))


def _turns(picture: Image.Image) -> bool:
    return picture.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1)


def _turned(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture) if _turns(picture) else picture
    except _BROKEN:  # a damaged tag says nothing about which way is up
        return picture


def _eight_bits(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture, dtype=np.float64)
    if values.max(initial=0) > 255:  # 16 bits per sample
        values = values / 257
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _bleed(picture: Image.Image) -> Image.Image:
    # slow to import, and only cut-out files need it
    from scipy.ndimage import distance_transform_edt

    pixels = np.array(picture)
    hidden = pixels[..., 3] == 0
    if hidden.any() and not hidden.all():
        found = distance_transform_edt(hidden, return_distances=False, return_indices=True)
        nearest = cast(np.ndarray, found)  # None only where no indices are asked for
        pixels[..., :3] = pixels[nearest[0], nearest[1], :3]
    return Image.fromarray(pixels)
