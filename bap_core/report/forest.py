"""Claims as a picture: a row per claim, what the paper prints as a mark, what was measured as an
interval per encoder, colour and shape by verdict. HTML with drawings in it, whose colours follow
the theme; words beside every mark say the same.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import pandas as pd
from matplotlib.ticker import MaxNLocator

from bap_core.report import claims, evidence, labels, tables
from bap_core.report.html import PILLS, Folded, Table

TINY = 1e-12  # a tick at zero, as it is computed
WIDTH, LINE, EDGE = 360, 18, 10  # pixels: of a drawing, a row of it for every encoder, its margins
MARKS = {
    "bap-good": '<circle cx="{x}" cy="{y}" r="4.5"/>',
    "bap-bad": '<path d="M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}"/>',
    "bap-undecided": '<circle cx="{x}" cy="{y}" r="4" class="bap-hollow"/>',
    "bap-open": '<circle cx="{x}" cy="{y}" r="2"/>',
}
LEGEND = (
    "Each row: the difference that the claim is about, with its 95 % interval, for every encoder. "
    "● holds, ✕ does not hold, ○ undecided; ◆ what the paper prints; shaded: where the claim "
    "holds. Arrows: the interval goes on."
)
SIGNS = {"bap-good": "●", "bap-bad": "✕", "bap-undecided": "○", "bap-open": "·"}


@dataclass(frozen=True)
class Axis:
    """A scale from values to pixels: of one metric, wide enough for what is to be shown on it."""

    metric: str
    low: float
    high: float

    def at(self, value: float) -> float:
        """Pixels from the left; what lies outside stands at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return round(EDGE + (WIDTH - 2 * EDGE) * min(max(share, 0.0), 1.0), 1)


def show_claims(
    judged: pd.DataFrame, scale: str, recorded: Mapping | None = None, *, to: str | None = None
) -> Folded | Table:
    """Claims with their verdicts: the picture (``to``: see `draw`), and behind it
    `tables.claims_table`, which takes the same; the table alone where nothing is judged.
    """
    table = tables.claims_table(judged, scale, recorded)
    if scale in claims.UNJUDGED:
        return table
    in_force = judged
    if recorded is not None:
        in_force = evidence.in_force(judged, pd.DataFrame(recorded["claims"]))
    picture = tally(in_force["verdict"].tolist()) + draw(in_force, to=to)
    return Folded(picture, table, "All values, intervals and reasons")


def draw(shown: pd.DataFrame, *, to: str | None = None) -> str:
    """The picture of judged claims, as HTML. shown: frame as of `claims.judge`, or of
    `evidence.in_force`; claims stand in its order, those of one metric together, and unmeasured
    ones at the end. Rows have the anchor ``claim-ID``, and ``data-`` attributes by which a page can
    pick some. to: the address of the page that has them, for a picture that repeats some: its rows
    lead there.
    """
    by_metric: dict[str, list[pd.DataFrame]] = {}
    for _, rows in shown.groupby("id", sort=False):
        found = [effect["metric"] for effect in _effects(rows)]
        by_metric.setdefault(found[0] if found else "", []).append(rows)
    unmeasured_last = sorted(by_metric.items(), key=lambda item: not item[0])
    parts = [_section(metric, group, to) for metric, group in unmeasured_last]
    head = '<tr><th scope="col">claim</th><th scope="col">difference</th>'
    head += '<th scope="col">verdict</th></tr>'
    return (
        f'<div class="bap-forest"><p class="bap-caption">{LEGEND}</p><table>'
        f"<thead>{head}</thead>{''.join(parts)}</table></div>"
    )


def tally(verdicts: Sequence[str]) -> str:
    """How many of the verdicts are which, as a bar and in words; HTML."""
    counts = Counter(verdicts)
    found = {verdict: counts[verdict] for verdict in PILLS if verdict in counts}
    bars = "".join(
        f'<span class="{PILLS[verdict]}" style="flex:{n}"></span>' for verdict, n in found.items()
    )
    words = "".join(
        f'<span class="bap-pill {PILLS[verdict]}">{n} {verdict}</span> '
        for verdict, n in found.items()
    )
    return (
        f'<div class="bap-tally"><div aria-hidden="true">{bars}</div><p>{words.strip()}</p></div>'
    )


def _effects(rows: pd.DataFrame) -> list[Mapping]:
    return [effect for effect in rows["effect"] if isinstance(effect, Mapping)]


def _section(metric: str, group: list[pd.DataFrame], to: str | None) -> str:
    """The claims of one metric, each the rows of its encoders, on one axis."""
    if not metric:
        return f"<tbody>{''.join(_row(rows, None, to) for rows in group)}</tbody>"
    axis = _fit_axis(metric, [effect for rows in group for effect in _effects(rows)])
    unit = labels.label(metric) + (", points" if labels.is_accuracy(metric) else "")
    heading = f'<th scope="rowgroup">difference in {escape(unit)}</th><td>{_ruler(axis)}</td>'
    rows = "".join(_row(rows, axis, to) for rows in group)
    return f'<tbody><tr class="bap-section">{heading}<td></td></tr>{rows}</tbody>'


def _fit_axis(metric: str, effects: list[Mapping]) -> Axis:
    """Room for all means, printed values, bounds and zero, and for intervals as far as twice that:
    one run that knows little must not make all others small.
    """
    bounds = [bound for effect in effects for bound in effect["wanted"] if bound is not None]
    points = [effect[name] for effect in effects for name in ("mean", "paper")]
    inner = [0.0, *bounds, *(point for point in points if point is not None)]
    room = 0.5 * (max(inner) - min(inner)) or 1.0
    ends = [
        effect["mean"] + sign * effect["reach"]
        for effect in effects
        if effect["reach"] is not None
        for sign in (-1, 1)
    ]
    low = max(min([*inner, *ends]), min(inner) - room)
    high = min(max([*inner, *ends]), max(inner) + room)
    air = 0.04 * (high - low) or 1.0
    return Axis(metric, low - air, high + air)


def _ruler(axis: Axis) -> str:
    ticks = MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(axis.low, axis.high)
    inside = [tick for tick in ticks if axis.low <= tick <= axis.high]
    unit = 100 if labels.is_accuracy(axis.metric) else 1
    written = {tick: f"{tick * unit:+.3g}" if abs(tick) > TINY else "0" for tick in inside}
    texts = "".join(f'<text x="{axis.at(at)}" y="12">{word}</text>' for at, word in written.items())
    size = f'viewBox="0 0 {WIDTH} 16" width="{WIDTH}" height="16"'
    return f'<svg {size} aria-hidden="true">{texts}</svg>'


def _row(rows: pd.DataFrame, axis: Axis | None, to: str | None) -> str:
    first = rows.iloc[0]
    name = f"claim-{first['id']}"
    anchor = f'id="{name}" class="bap-claim"' if to is None else 'class="bap-repeated"'
    lines = "".join(map(_line, rows["encoder"], rows["verdict"], rows["reason"]))
    remark = f'<span class="bap-small">{escape(first["where"])}: {escape(first["compared"])}</span>'
    return (
        f'<tr {anchor} data-where="{escape(first["where"])}"><th scope="row">'
        f'<a href="{to or ""}#{name}" class="bap-link">{escape(first["claim"])}</a>{remark}'
        f"</th><td>{_drawing(rows, axis) if axis else ''}</td><td>{lines}</td></tr>"
    )


def _line(encoder: str, verdict: str, reason: str) -> str:
    kind = PILLS[verdict]
    return (
        f'<div class="bap-line {kind}" data-encoder="{escape(encoder)}" data-verdict="{verdict}" '
        f'title="{escape(reason)}">{SIGNS[kind]} {escape(encoder)}: {verdict}</div>'
    )


def _drawing(rows: pd.DataFrame, axis: Axis) -> str:
    effects = _effects(rows)
    height = LINE * len(rows)
    wanted = effects[0]["wanted"]
    left, right = (axis.at(end if bound is None else bound) for bound, end in
                   zip(wanted, (axis.low, axis.high)))  # fmt: skip
    parts = [
        f'<rect class="bap-wanted" x="{left}" width="{round(right - left, 1)}" height="{height}"/>',
        f'<path class="bap-zero" d="M{axis.at(0)} 0V{height}"/>',
    ]
    for number, (effect, verdict) in enumerate(zip(rows["effect"], rows["verdict"])):
        if isinstance(effect, Mapping):
            parts += _marks(effect, PILLS[verdict], axis, LINE * (number + 0.5))
    words = "; ".join(_in_words(rows, axis.metric))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(words)}">{"".join(parts)}</svg>'
    )


def _marks(effect: Mapping, kind: str, axis: Axis, y: float) -> Iterator[str]:
    if effect["paper"] is not None:
        at = axis.at(effect["paper"])
        yield f'<path class="bap-printed" d="M{at} {y - 6}l5 6l-5 6l-5 -6z"/>'
    x = axis.at(effect["mean"])
    if effect["reach"] is not None:
        ends = [effect["mean"] - effect["reach"], effect["mean"] + effect["reach"]]
        low, high = map(axis.at, ends)
        arrows = _arrow(low, y, -1) * (ends[0] < axis.low)
        arrows += _arrow(high, y, 1) * (ends[1] > axis.high)
        yield f'<path class="bap-bar {kind}" d="M{low} {y}H{high}{arrows}"/>'
    mark = MARKS[kind].format(x=x, y=y, left=x - 4, right=x + 4, top=y - 4, bottom=y + 4)
    yield f'<g class="bap-mark {kind}">{mark}</g>'


def _arrow(x: float, y: float, direction: int) -> str:
    return f"M{x - 4 * direction} {y - 4}L{x} {y}L{x - 4 * direction} {y + 4}"


def _in_words(rows: pd.DataFrame, metric: str) -> Iterator[str]:
    written = partial(labels.format_number, metric=metric)
    for row in rows.to_dict("records"):
        if isinstance(effect := row["effect"], Mapping):
            reach = "" if effect["reach"] is None else f" ± {written(effect['reach'])}"
            yield f"{row['encoder']} {written(effect['mean'])}{reach}, {row['verdict']}"
    printed = {effect["paper"] for effect in _effects(rows)} - {None}
    yield from (f"the paper {written(value)}" for value in sorted(printed))
