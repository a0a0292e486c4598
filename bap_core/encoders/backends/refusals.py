"""What the libraries' modules refuse, each in one wording: weights that are not here, weights that
do not fit, and choices that do not exist.
"""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bap_core.encoders import checkpoints

_WORDS = 2000  # characters of a library's message


@contextmanager
def fetching(name: str, tag: str, *, by: str) -> Iterator[None]:
    """Within it, any error becomes the FileNotFoundError of `checkpoints.missing`.

    by: a Python statement that fetches the same.
    """
    try:
        yield
    except Exception as error:
        raise checkpoints.missing(name, tag, error, fetch=by) from error


@contextmanager
def loading(path: str | Path, name: str) -> Iterator[None]:
    """Within it, any error becomes a ValueError that ``path`` does not fit the model ``name``."""
    try:
        yield
    except Exception as error:
        # the library's whole message: the first line of torch's names no tensor
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path} cannot be loaded into {name}: {reason[:_WORDS]}") from error


def unknown_tag(name: str, tag: str, tags: Iterable[str]) -> ValueError:
    """The error for weights that are neither in the list of ``tags`` nor on this machine."""
    listed = ", ".join(tags) or "none"
    return ValueError(f"{name}: {tag!r} is neither a file nor a tag; tags: {listed}")


def choose_pooling(name: str, pooling: str | None, choices: tuple[str, ...] = ()) -> str | None:
    """``pooling``, or the first of the model's ``choices`` if it is None. ValueError for another
    one, and for any where there is no choice.
    """
    if pooling is None:
        return next(iter(choices), None)
    if not choices:
        raise ValueError(
            f"{name} pools its outputs in one way only, its library's own; "
            f"leave pooling={pooling!r} out"
        )
    if pooling not in choices:
        raise ValueError(f"{name}: no pooling {pooling!r}; choices: {', '.join(choices)}")
    return pooling


def suggest(name: str, known: Iterable[str], *, prefix: str = "") -> str:
    """``did you mean A or B?`` with up to three of the ``known`` names that are near, or nothing.

    Each stands there once, and ``name`` itself never: it is what has just been refused. prefix:
    what is put before each.
    """
    others = [other for other in dict.fromkeys(known) if other != name]
    near = [prefix + other for other in difflib.get_close_matches(name, others, n=3)]
    return f"did you mean {' or '.join(near)}?" if near else ""
