"""An audit as a file to read and to mail: one HTML page that loads nothing, and its figures as
JSON.
"""

import base64
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from html import escape
from importlib import resources

import numpy as np
from PIL import Image

from bap_core import __version__
from bap_core.audit import Audit, Figure
from bap_core.report import figure_style
from bap_core.report.data_tables import inventory

_SHOWN = 8  # objects, and backgrounds, in pictures
_SIDE = 136  # pixels of a picture
_OF = {"object": "of-object", "background": "of-background", "both together": "of-both"}


def figures_of(audit: Audit) -> dict:
    """Everything that was measured, as JSON values; what is not known is null."""
    named = ("variance", "sensitivity", "neighbours", "named")
    measured = {
        part: {name: _plain(asdict(one)) for name, one in getattr(audit, part).items()}
        for part in named
    }
    files = audit.pool.backgrounds.frame["image"]
    pulls = audit.attraction.assign(background=files.iloc[audit.attraction["background"]].tolist())
    return {
        "encoder": audit.encoder,
        "made": datetime.now().astimezone().isoformat(timespec="seconds"),
        "version": __version__,
        "seed": audit.seed,
        "seconds": round(audit.seconds, 1),
        "objects": {"n": len(audit.pool.objects), "fingerprint": audit.pool.objects.fingerprint},
        "backgrounds": {
            "n": len(audit.pool.backgrounds),
            "fingerprint": audit.pool.backgrounds.fingerprint,
        },
        **measured,
        "changes": [
            _plain(row) | {"object": audit.pool.objects.frame["image"].iloc[row["object"]]}
            for row in audit.changes.to_dict("records")
        ],
        "attraction": [_plain(row) for row in pulls.to_dict("records")],
        "may_hold_objects": files.iloc[audit.holding].tolist(),
        "left_out": {
            "objects": audit.pool.objects.skipped,
            "backgrounds": audit.pool.backgrounds.skipped,
        },
        "warnings": audit.warnings,
    }


def _plain(row: Mapping) -> dict:
    return {
        str(name): None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }


def render(audit: Audit) -> str:
    """The report: HTML with its style and its pictures in it."""
    title = f"How much does {audit.encoder} look at the background?"
    return page(title, [_what_was_done(audit), _main(audit), *sections(audit)])


def sections(audit: Audit) -> list[str]:
    """Everything that was measured and read, as parts of a page."""
    return [
        *(f'<p class="warn">{escape(warning)}</p>' for warning in audit.warnings),
        *_variance(audit),
        *_accuracies(audit),
        *_classes(audit),
        *_changed(audit),
        *_attracting(audit),
        "<h2>What was read</h2>",
        _found(audit),
    ]


def page(title: str, parts: Sequence[str]) -> str:
    """A page that loads nothing, of a title and its parts in HTML."""
    html = resources.files("bap_core.report").joinpath("audit_report.html").read_text("utf-8")
    body = "\n".join([f"<h1>{escape(title)}</h1>", *parts])
    return html.replace("@TITLE@", escape(title)).replace("@BODY@", body)


def _main(audit: Audit) -> str:
    return f'<ul class="lead">{"".join(f"<li>{said}</li>" for said in _main_figures(audit))}</ul>'


def _what_was_done(audit: Audit) -> str:
    n, b = len(audit.pool.objects), len(audit.pool.backgrounds)
    day = f"{datetime.now():%Y-%m-%d}"
    made = f"Made on {day} with bap {__version__}, seed {audit.seed}."
    return f'<p class="muted">{n:,} objects, each on {b:,} backgrounds. {made}</p>'


def percent(one: Figure) -> str:
    """A share with its interval, if that is known."""
    return f"{100 * one.value:.0f} %{interval_of(one, times=100)}"


def interval_of(one: Figure, *, times: int = 1) -> str:
    """`` (low to high)``, or nothing where it is not known."""
    if not math.isfinite(one.low):
        return ""
    low, high = (f"{times * end:.{0 if times > 1 else 2}f}" for end in (one.low, one.high))
    return f" ({low} to {high})"


def in_words(audit: Audit) -> list[str]:
    """The warnings and the main figures, a sentence each, as plain text."""
    return [*audit.warnings, *(re.sub(r"</?b>", "", said) for said in _main_figures(audit))]


def _main_figures(audit: Audit) -> Iterable[str]:
    shares = audit.variance
    yield (
        f"The background explains <b>{percent(shares['background'])}</b> of what differs between "
        f"the embeddings, the object {percent(shares['object'])}."
    )
    if audit.neighbours:
        kept, swapped = audit.neighbours["kept"], audit.neighbours["swapped"]
        yield (
            f"The nearest other object is of the same class in {percent(kept)} of cases where all "
            f"stand on one background, in <b>{percent(swapped)}</b> where it stands on another."
        )
    if len(audit.changes):
        right = audit.changes["right"].to_numpy()
        unsteady, never = ((right > 0) & (right < 1)).sum(), (right == 0).sum()
        yield (
            f"<b>{unsteady:,} of {len(audit.changes):,}</b> objects are taken for another class on "
            f"some backgrounds and not on others; {never:,} on all of them."
        )


def _variance(audit: Audit) -> Iterable[str]:
    yield "<h2>What the embeddings are ordered by</h2>"
    bars = [
        f'<span class="{_OF[name]}" style="width:{100 * max(0.0, one.value):.1f}%"></span>'
        for name, one in audit.variance.items()
    ]
    told = ", ".join(f"{name} {percent(one)}" for name, one in audit.variance.items())
    yield f'<div class="bar" role="img" aria-label="{told}">{"".join(bars)}</div>'
    keys = [
        f'<li><i class="{_OF[name]}"></i>{name}: {percent(one)}</li>'
        for name, one in audit.variance.items()
    ]
    yield f'<ul class="key">{"".join(keys)}</ul>'
    yield (
        '<p class="note">Two-way analysis of variance of the embeddings over objects and '
        "backgrounds; “both together” is what neither explains alone.</p>"
    )


def _accuracies(audit: Audit) -> Iterable[str]:
    if not (audit.neighbours or audit.named):
        return
    yield "<h2>Whether classes are still told apart</h2>"
    how = "its name" if audit.reads_text else "the other objects of its class"
    rows = [
        *(
            (f"nearest other object is of the same class, background {name}", percent(one))
            for name, one in audit.neighbours.items()
        ),
        *((f"class found by {how}, {name}", percent(one)) for name, one in audit.named.items()),
    ]
    yield table(("", "of the objects"), rows)


def _classes(audit: Audit) -> Iterable[str]:
    if not audit.sensitivity:
        return
    yield "<h2>Background sensitivity index by class</h2>"
    yield (
        '<p class="note">How far a class’s centre moves from one background to another, over how '
        "widely its objects spread (variance per dimension); mean over pairs of backgrounds.</p>"
    )
    ordered = sorted(audit.sensitivity.items(), key=lambda item: -item[1].value)
    yield table(
        ("class", "objects", "index", "95 % interval"),
        [
            (name, f"{one.n:,}", f"{one.value:.2f}", interval_of(one).strip(" ()") or "–")
            for name, one in ordered
        ],
    )


def _changed(audit: Audit) -> Iterable[str]:
    rows = [row for row in audit.changes.to_dict("records") if 0 < row["right"] < 1]
    if not rows:
        return
    yield "<h2>Objects that change their class with the background</h2>"
    cards = []
    for row in sorted(rows, key=lambda row: row["right"])[:_SHOWN]:
        pair = [_picture(audit, row["object"], row[on]) for on in ("right_on", "wrong_on")]
        words = (
            f"{escape(row['class'])}: found on {100 * row['right']:.0f} % of the backgrounds "
            f"(left), else mostly taken for {escape(row['taken_for'])} (right)"
        )
        cards.append(_card(pair, words))
    yield f'<div class="cards">{"".join(cards)}</div>'


def _attracting(audit: Audit) -> Iterable[str]:
    yield "<h2>Backgrounds that attract most</h2>"
    yield (
        '<p class="note">Pull: how much nearer to the background alone the objects lie when they '
        "stand on it than when they stand on another (cosine).</p>"
    )
    cards = []
    for row in audit.attraction.head(_SHOWN).to_dict("records"):
        number = row["background"]
        name = audit.pool.backgrounds.frame["image"].iloc[number]
        words = f"{escape(name)}: pull {row['pull']:.2f}"
        if len(audit.changes):
            words += f", {100 * row['right']:.0f} % of the objects found"
            words += f", more often than elsewhere {escape(row['to'])}" if row["to"] else ""
        cards.append(_card([_as_image(audit.pool.background(number).numpy(), name)], words))
    yield f'<div class="cards">{"".join(cards)}</div>'


def _found(audit: Audit) -> str:
    frame = inventory(audit.pool).frame
    return table(
        ("", "number", "which"), [(str(name), *row) for name, *row in frame.itertuples()], words=2
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = -1) -> str:
    """Rows of text below their headings; ``words`` is the column that holds running text."""

    def line(row: Sequence[str], tag: str) -> str:
        kinds = [' class="words"' if place == words else "" for place in range(len(row))]
        cells = (f"<{tag}{kind}>{escape(text)}</{tag}>" for kind, text in zip(kinds, row))
        return f"<tr>{''.join(cells)}</tr>"

    body, top = "".join(line(row, "td") for row in rows), line(head, "th")
    table = f"<table><thead>{top}</thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll" tabindex="0">{table}</div>'


def _card(pictures: Sequence[str], words: str) -> str:
    return f"<figure><div>{''.join(pictures)}</div><figcaption>{words}</figcaption></figure>"


def _picture(audit: Audit, i: int, j: int) -> str:
    name = audit.pool.objects.frame["label"].iloc[i]
    on = audit.pool.backgrounds.frame["image"].iloc[j]
    return _as_image(audit.pool.batch([i], [j])[0].numpy(), f"{name} on {on}")


def _as_image(planes: np.ndarray, words: str) -> str:
    """uint8 (3, S, S) -> an HTML picture with its content in its address."""
    picture = Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0)))
    jpeg = figure_style.jpeg(picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), quality=80)
    address = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    return f'<img alt="{escape(str(words))}" width="{_SIDE}" height="{_SIDE}" src="{address}">'
