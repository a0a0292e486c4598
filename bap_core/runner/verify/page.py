"""What a page shows: that it ran to its end, that pictures have texts, and that its banner, tables,
claims and stamp box are those that its bundle gives.
"""

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from bap_core.report import redraw
from bap_core.report.bundle import find_outputs

SHORTEST_ALT = 15
_OURS = re.compile(r'class="bap-(banner|table|stamp)')


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


def check_drawn(notebook: NotebookNode, bundle: dict) -> Iterator[str]:
    """Whether every cell that shows banner, tables of metrics, claims or stamp shows what these are
    when they are drawn again from the bundle, and nothing beside it.

    Tables and figures of other things than metrics cannot be drawn again without the pictures.
    """
    found = dict.fromkeys(redraw.SHOWN, 0)
    for number, cell in enumerate(notebook.cells, 1):
        calls = [call for call in redraw.SHOWN if call in cell.source and cell.cell_type == "code"]
        if not calls:
            continue
        wanted = [html for call in calls for html in redraw.SHOWN[call](bundle)]
        shown = [html for _, html in find_outputs({"cells": [cell]}, "text/html")]
        ours = [html for html in shown if _OURS.search(html)]
        for call in calls:
            found[call] += len(ours)
        if not ours:
            yield f"cell {number} shows nothing of what it draws: {_quote_start(cell)}"
        if any(html not in wanted for html in ours) or len(ours) != len(shown):
            yield f"cell {number} shows something else than its bundle gives: {_quote_start(cell)}"
    for call, label in (("page.banner(", "scale banner"), ("page.stamp(", "stamp")):
        if found[call] != 1:
            yield f"it shows {found[call] or 'no'} {label}"


def _quote_start(cell) -> str:
    return repr(cell.source.strip().splitlines()[0][:60])
