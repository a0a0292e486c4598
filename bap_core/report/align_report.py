"""An alignment as a file to read and to mail: before and after, on what was held out."""

from collections.abc import Iterable
from html import escape

from bap_core.audit import Aligned, Audit
from bap_core.report import audit_report
from bap_core.report.audit_report import interval_of, percent, table

_WIDTH, _HEIGHT = 420, 130  # of the loss curve, in units of its drawing


def figures_of(made: Aligned) -> dict:
    """Everything that was measured, as JSON values."""
    return {
        "settings": made.settings,
        "aligned_on": {
            "objects": len(made.pool.objects),
            "backgrounds": len(made.pool.backgrounds),
            "fingerprint": made.pool.fingerprint,
        },
        "losses": made.losses,
        "collapsed": made.collapsed,
        "scenes": {name: list(pair) for name, pair in made.scenes.items()},
        "classes_worse": made.worse.reset_index().to_dict("records"),
        "before": audit_report.figures_of(made.before),
        "after": audit_report.figures_of(made.after),
    }


def in_words(made: Aligned) -> list[str]:
    """The warnings and what happened, a sentence each, as plain text."""
    before, after = (one.variance["background"] for one in (made.before, made.after))
    where = "On objects and backgrounds that were held out"
    what = "of what differs between the embeddings"
    said = [
        *made.after.warnings,
        f"{where}, the background explained {percent(before)} {what}, and now {percent(after)}.",
    ]
    if made.after.neighbours:
        pair = (one.neighbours["swapped"] for one in (made.before, made.after))
        was, now = map(percent, pair)
        said.append(
            f"The nearest other object, with the background swapped, was of the same class in "
            f"{was} of cases, and now in {now}."
        )
    was, now = made.scenes.get("nearest is of its kind", (0.0, 0.0))
    if now < was:
        said.append(
            f"Scenes pay for it: the nearest other background was of the same kind in "
            f"{100 * was:.0f} %, and now in {100 * now:.0f} %. Keep the original for recognising "
            "scenes."
        )
    if made.losses[-1] >= made.losses[0] and len(made.losses) > 1:
        said.append("The loss did not fall: the encoder learned nothing; try another rate.")
    if made.collapsed:
        said.insert(
            0,
            "The encoder has collapsed: hardly anything is left that tells the held-out pictures "
            "apart, so a low share of the background means nothing. Use a lower rate or fewer "
            "epochs; the weights were not saved.",
        )
    return said


def render(made: Aligned) -> str:
    """The report: HTML with its style and its pictures in it."""
    title = f"{made.before.encoder}, aligned"
    settings = ", ".join(f"{name} {value}" for name, value in made.settings.items())
    n, b = len(made.pool.objects), len(made.pool.backgrounds)
    told = [said for said in in_words(made) if said not in made.after.warnings]
    return audit_report.page(
        title,
        [
            f'<p class="muted">On {n:,} objects and {b:,} backgrounds; {escape(settings)}.</p>',
            *(f'<p class="warn">{escape(said)}</p>' for said in told if made.collapsed),
            f'<ul class="lead">{"".join(f"<li>{escape(said)}</li>" for said in told)}</ul>',
            "<h2>Before and after</h2>",
            '<p class="note">Measured on pictures that the alignment did not see.</p>',
            table(("", "before", "after"), list(_compared(made))),
            *_worse(made),
            "<h2>The loss</h2>",
            _curve(made.losses),
            "<h2>After the alignment</h2>",
            *audit_report.sections(made.after),
        ],
    )


def _compared(made: Aligned) -> Iterable[tuple[str, str, str]]:
    def both(name: str, part: str, key: str) -> tuple[str, str, str]:
        before, after = (getattr(one, part)[key] for one in (made.before, made.after))
        return name, percent(before), percent(after)

    for key in made.after.variance:
        yield both(f"variance: {key}", "variance", key)
    for key in made.after.neighbours:
        yield both(f"nearest object of the same class, background {key}", "neighbours", key)
    for key in made.after.named:
        yield both(f"class found, {key}", "named", key)
    for name in made.after.sensitivity:
        was, now = (_index(one, name) for one in (made.before, made.after))
        yield f"sensitivity index, {name}", was, now
    for name, (was, now) in made.scenes.items():
        yield f"backgrounds alone: {name}", f"{was:.2f}", f"{now:.2f}"


def _index(audit: Audit, name: str) -> str:
    one = audit.sensitivity[name]
    return f"{one.value:.2f}{interval_of(one)}"


def _worse(made: Aligned) -> Iterable[str]:
    if not len(made.worse):
        return
    yield "<h2>Classes that got worse</h2>"
    rows = [
        (str(name), f"{100 * before:.0f} %", f"{100 * after:.0f} %")
        for name, before, after in made.worse.itertuples(name=None)
    ]
    yield table(("class", "found before", "found after"), rows)


def _curve(losses: list[float]) -> str:
    """The loss by epoch as a line, with its first and its last value in words."""
    top, steps = max(losses), max(1, len(losses) - 1)
    points = " ".join(
        f"{10 + (_WIDTH - 20) * i / steps:.1f},{_HEIGHT - 10 - (_HEIGHT - 20) * loss / top:.1f}"
        for i, loss in enumerate(losses)
    )
    words = f"{losses[0]:.4f} in the first epoch, {losses[-1]:.4f} in the last of {len(losses)}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" aria-label="{words}" '
        f'style="max-width:100%"><line x1="10" y1="{_HEIGHT - 10}" x2="{_WIDTH - 10}" '
        f'y2="{_HEIGHT - 10}" stroke="var(--line)"/><polyline points="{points}" fill="none" '
        f'stroke="var(--object)" stroke-width="2.5"/></svg><p class="note">{words}; the line below '
        "is 0.</p>"
    )
