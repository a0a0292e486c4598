"""Figures to try out: one piece of HTML each, with its script and its pictures in it, that loads
nothing.
"""

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib import resources

import numpy as np
from PIL import Image

from bap_core.report import figure_style, labels


def fill(template: str, *, caption: str, scale: str, sheet: str, told: dict) -> str:
    """The HTML of a template of this package with its caption, the address of its pictures, and
    what its script is told, as JSON. scale: a name of `labels.SCALES`, which the caption says.
    """
    fields = {
        "CAPTION": escape(f"{caption} Measured at {labels.SCALES[scale]}."),
        "SHEET": sheet,
        "DATA": json.dumps(told, separators=(",", ":")).replace("<", "\\u003c"),
    }
    html = resources.files("bap_core.report").joinpath(template).read_text("utf-8")
    for name, value in fields.items():
        html = html.replace(f"@{name}@", value)
    return html


def make_sheet(pictures: Sequence[np.ndarray], *, side: int, columns: int) -> str:
    """Pictures, uint8 (3, S, S), row by row on one JPEG, each ``side`` pixels wide; as a data
    address.
    """
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side))
    for nth, picture in enumerate(pictures):
        small = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
        row, column = divmod(nth, columns)
        small = small.resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(small, (column * side, row * side))
    jpeg = figure_style.jpeg(sheet, quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
