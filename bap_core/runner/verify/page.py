"""What a page shows: that it ran to its end, that pictures have texts, and that its banner, tables,
figures, claims and stamp box are those that its bundle gives.
"""

import base64
import re
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pandas as pd
from nbformat import NotebookNode
from PIL import Image

from bap_core.recorded.bundle import MIME, find_outputs
from bap_core.report import figure_style, redraw
from bap_core.report.figure_style import Picture

SHORTEST_ALT = 15
VISIBLE = 32  # of 255: the least difference of a pixel that counts


def check_execution(notebook: NotebookNode) -> Iterator[str]:
    """Whether the notebook ran to its end: no exception, every code cell executed, no error
    among the outputs.
    """
    if notebook.metadata.get("papermill", {}).get("exception"):
        yield "a cell of it failed"
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            yield f"cell {number} was not executed: {_quote_start(cell)}"
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"cell {number} ended in {output.ename}: {output.evalue}"


def check_alt_texts(notebook: NotebookNode) -> Iterator[str]:
    """Whether every picture has a text: in the cell's ``mystnb.image.alt``, or in the ``alt`` of
    an HTML image.
    """
    for number in dict.fromkeys(number for number, _ in find_outputs(notebook, "image/")):
        cell = notebook.cells[number - 1]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt") or ""
        if len(alt.strip()) < SHORTEST_ALT:
            yield f"cell {number} shows a picture without alt text: {_quote_start(cell)}"
    for number, html in find_outputs(notebook, "text/html"):
        for tag in re.findall(r"<img\b[^>]*>", html):
            if not re.search(r"""alt=["'][^"']{%d,}""" % SHORTEST_ALT, tag):
                yield f"cell {number} shows an HTML image without alt text"


def check_drawn(notebook: NotebookNode, bundle: dict, judged: pd.DataFrame) -> Iterator[str]:
    """Whether every cell that shows banner, claims, stamp, tables of the paper, tables or figures
    of metrics shows what these are when they are drawn again, and nothing beside it.

    Tables and figures of other things than metrics cannot be drawn again without the pictures.
    judged: the claims of the bundle, judged again.
    """
    sources = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
    calls = [call for source in sources for call, _ in redraw.find_shown(source)]
    for call, label in (("banner", "scale banner"), ("stamp", "stamp")):
        if (n := calls.count(call)) != 1:
            yield f"it shows {n or 'no'} {label}"
    drawn = redraw.draw_again(bundle, sources, judged)
    for number, (cell, wanted) in enumerate(zip(notebook.cells, drawn), 1):
        shown = _find_displayed(cell) if wanted else []
        if wanted and not shown:
            yield f"cell {number} shows nothing of what it draws: {_quote_start(cell)}"
        elif len(shown) != len(wanted) or not all(map(_is_alike, shown, wanted)):
            yield f"cell {number} shows something else than its bundle gives: {_quote_start(cell)}"


def _find_displayed(cell: NotebookNode) -> list[dict]:
    outputs = [output["data"] for output in cell.outputs if "data" in output]
    return [
        {kind: content for kind, content in data.items() if kind not in ("text/plain", MIME)}
        for data in outputs
    ]


def _is_alike(shown: dict, wanted: str | Picture) -> bool:
    if isinstance(wanted, str):
        return shown == {"text/html": wanted}
    return list(shown) == ["image/png"] and _is_same_picture(
        base64.b64decode(shown["image/png"]), figure_style.png(wanted)
    )


def _is_same_picture(one: bytes, other: bytes) -> bool:
    """By what can be seen: another machine may draw an edge a shade lighter."""
    first, second = (
        np.asarray(Image.open(BytesIO(picture)).convert("RGB"), dtype=int)
        for picture in (one, other)
    )
    return first.shape == second.shape and abs(first - second).max() <= VISIBLE


def _quote_start(cell) -> str:
    return repr(cell.source.strip().splitlines()[0][:60])
