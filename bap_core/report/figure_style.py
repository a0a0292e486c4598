"""The look of every figure, set in this one place: fonts, sizes, colours, and a background for both
themes.

Figures are drawn on opaque white with dark text: the same picture is right in the light theme, in
the dark one (where the book rounds its corners) and in print. Colours are Okabe and Ito's, which
survive colour-blindness, and a marker or a line style always says the same as the colour. Widths
suit a phone: text stays legible at half size.
"""

from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from bap_core.report import labels

WIDTH = 6.6  # inches, one column of the book
DPI = 150
_PALETTE, _LINES = 256, 8192  # colours of a small PNG, and of what has lines and letters at most

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442",
)  # fmt: skip
INK, MUTED, HAIRLINE, PAPER = "#1f2933", "#5f6b76", "#d9dee3", "#ffffff"
SERIES = [BLUE, RED, GREEN, PURPLE, ORANGE, SKY]
MARKERS = ["o", "D", "s", "^", "v", "P"]
# a line to compare with
REFERENCE: dict[str, Any] = {"color": MUTED, "linestyle": ":", "linewidth": 1.5}

# stubs of some matplotlib versions know every key by name
RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": PAPER,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,  # a label may hold dollars
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}


class Picture(Figure):
    """A figure that shows itself in a notebook as one PNG, without pyplot's global state."""

    def _repr_png_(self) -> bytes:
        return png(self)


@contextmanager
def look():
    """Draw inside this context to have the book's look."""
    with mpl.rc_context(RC):
        yield


def new(width: float = WIDTH, height: float = 4.0) -> Picture:
    """An empty figure; sizes in inches. Call it inside `look`."""
    return Picture(figsize=(width, height), dpi=DPI, layout="constrained")


def series(nth: int) -> dict[str, Any]:
    """Colour and marker of the nth series, which say the same thing twice; keywords of ``plot``."""
    return {"color": SERIES[nth], "marker": MARKERS[nth]}


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG on opaque white, with a narrow margin."""
    buffer = BytesIO()
    with look():
        figure.savefig(
            buffer, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.12, facecolor=PAPER
        )
    return buffer.getvalue()


def lighten(png: bytes) -> tuple[str, bytes]:
    """The same picture in fewer bytes, and its MIME type: lines and letters, which have few
    colours, from a palette, at a third; photographs as a JPEG, at a fifth to a half.
    """
    picture = Image.open(BytesIO(png)).convert("RGB")
    if picture.getcolors(_LINES):
        buffer = BytesIO()
        # colours that are rare count as much as those of wide areas, which then are made exact
        drawn = picture.quantize(_PALETTE, Image.Quantize.MAXCOVERAGE, kmeans=1)
        drawn.save(buffer, "PNG", optimize=True)
        return "image/png", buffer.getvalue()
    photograph = jpeg(picture)
    if len(photograph) < 0.75 * len(png):
        return "image/jpeg", photograph
    return "image/png", png


def jpeg(picture: Image.Image, *, quality: int = 82) -> bytes:
    """A photograph as the bytes of a JPEG. quality: of 95."""
    buffer = BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def scale_note(figure: Figure, scale: str | None) -> None:
    """Write the scale into the figure's lower right corner, so that it stays with a copied
    picture.
    """
    if scale is not None:
        figure.supxlabel(labels.SCALES[scale], x=0.995, ha="right", fontsize=9, color=MUTED)
