"""Plain HTML tables: no inline colours (the style sheet knows both themes), a box that scrolls
on a narrow screen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby

import pandas as pd

from bap_core.report import labels

PILLS = {
    "holds": "bap-good",
    "reproduced": "bap-good",
    "does not hold": "bap-bad",
    "not reproduced": "bap-bad",
    "undecided": "bap-undecided",
    "not judged": "bap-open",
    "not testable here": "bap-open",
    "not run": "bap-open",
}


@dataclass(frozen=True)
class Table:
    """A table to show as the last value of a cell.

    frame: index = row headings, columns (also several levels) = column headings, cells = str, or
    (str, str) for a text with a remark in small type. An index of two levels makes sections, each
    under a line of its own. Columns named in ``words`` hold running text (left aligned, wrapped);
    all others hold numbers (right aligned). Neighbouring rows with the same heading share it.
    Verdicts become pills.
    """

    frame: pd.DataFrame
    caption: str
    notes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    kind: str = "results"

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        notes = f'<div class="bap-notes">{notes}</div>' if notes else ""
        body = f"{_head(self.frame)}<tbody>{''.join(_rows(self))}</tbody>"
        table = f'<table aria-label="{escape(self.caption)}">{body}</table>'
        table = f'<div class="bap-scroll" tabindex="0">{table}</div>'
        caption = f'<p class="bap-caption">{escape(self.caption)}</p>'
        return f'<div class="bap-table bap-{self.kind}">{caption}{table}{notes}</div>'

    def __repr__(self) -> str:
        plain = self.frame.map(_plain)
        if plain.index.nlevels == 1:
            plain.index = [_plain(name) for name in self.frame.index]
        return "\n".join([self.caption, plain.to_string(), *self.notes])


@dataclass(frozen=True)
class Folded:
    """A picture, as HTML, with the table that it was made from folded behind it.

    summary: what the fold says.
    """

    picture: str
    table: Table
    summary: str

    def _repr_html_(self) -> str:
        return (
            f'{self.picture}<details class="bap-fold"><summary>{escape(self.summary)}</summary>'
            f"{self.table._repr_html_()}</details>"
        )

    def __repr__(self) -> str:
        return repr(self.table)


@dataclass(frozen=True)
class Notice:
    """A box that a reader cannot miss, to show as the last value of a cell: a title and one
    paragraph of plain text.
    """

    title: str
    text: str

    def _repr_html_(self) -> str:
        return (
            f'<div class="bap-notice" role="note"><strong>{escape(self.title)}</strong>'
            f"<p>{escape(self.text)}</p></div>"
        )

    def __repr__(self) -> str:
        return f"{self.title}. {self.text}"


def _rows(table: Table) -> Iterator[str]:
    frame = table.frame
    if frame.index.nlevels == 1:
        yield from _section(table, frame)
        return
    for name in dict.fromkeys(frame.index.get_level_values(0)):
        heading = f'<th colspan="{len(frame.columns) + 1}" scope="rowgroup">{_content(name)}</th>'
        yield f'<tr class="bap-section">{heading}</tr>'
        yield from _section(table, frame.loc[name])


def _section(table: Table, frame: pd.DataFrame) -> Iterator[str]:
    cells = list(frame.itertuples(index=False, name=None))
    for name, group in groupby(range(len(cells)), key=lambda position: frame.index[position]):
        positions = list(group)
        span = (
            f' rowspan="{len(positions)}" scope="rowgroup"'
            if len(positions) > 1
            else ' scope="row"'
        )
        for nth, position in enumerate(positions):
            heading = f"<th{span}>{_content(name)}</th>" if nth == 0 else ""
            row = "".join(
                _cell(table, column, value) for column, value in zip(frame.columns, cells[position])
            )
            yield f"<tr>{heading}{row}</tr>"


def _cell(table: Table, column, value) -> str:
    name = column[-1] if isinstance(column, tuple) else column
    if name in table.words:
        return f'<td class="bap-words" data-label="{escape(str(name))}">{_content(value)}</td>'
    return f'<td class="bap-number">{_content(value)}</td>'


def _content(value) -> str:
    text, remark = value if isinstance(value, tuple) else (value, "")
    content = escape(labels.label(text)).replace(" %", "\N{NO-BREAK SPACE}%")
    if text in PILLS:
        content = f'<span class="bap-pill {PILLS[text]}">{content}</span>'
    return content + (f'<span class="bap-small">{escape(remark)}</span>' if remark else "")


def _plain(value) -> str:
    return " | ".join(filter(None, value)) if isinstance(value, tuple) else str(value)


def _head(frame: pd.DataFrame) -> str:
    columns = [column if isinstance(column, tuple) else (column,) for column in frame.columns]
    depth = frame.columns.nlevels
    heading = escape(labels.label(frame.index.names[-1] or ""))
    corner = f'<th rowspan="{depth}" scope="col">{heading}</th>'
    rows = []
    for level in range(depth):
        cells = "".join(_span(parts, width) for parts, width in _runs(columns, level))
        rows.append(f"<tr>{corner if level == 0 else ''}{cells}</tr>")
    return f"<thead>{''.join(rows)}</thead>"


def _span(part, width: int) -> str:
    scope = f' colspan="{width}" scope="colgroup"' if width > 1 else ' scope="col"'
    return f"<th{scope}>{escape(labels.label(part))}</th>"


def _runs(columns: list[tuple], level: int) -> Iterator[tuple]:
    """Neighbours with the same heading down to ``level`` share one cell: yields (heading,
    width).
    """
    for parts, group in groupby(columns, key=lambda column: column[: level + 1]):
        yield parts[level], len(list(group))
