"""Which values of the masks in a folder are objects.

A folder's masks of one kind are read in one way, which follows from the values that all of them
hold, is said in words, and can be said otherwise. Where the values allow another reading, the
reading has a doubt.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from bap_core.data.images import THRESHOLD, VOID
from bap_core.data.mask_files import Seen

SOURCES = ("auto", "grey", "alpha", "inverted")
_FRAMED = 0.99  # share of a frame that is of one value if that value is what lies behind
_MOST = 0.9  # share of the masks that have to agree
_INSTANCES = 1000  # class * 1000 + number, as Cityscapes has it; below it classes alone
_DEEP = 65535


@dataclass(frozen=True)
class Reading:
    """How masks of one kind are read.

    how: one of `mask_files.HOW`. objects: with "values" those that are objects, each of its own.
    words: what was understood. doubt: why it may be otherwise, or "". files: masks read so.
    """

    how: str
    objects: frozenset[int] = field(default=frozenset(), repr=False)
    words: str = ""
    doubt: str = ""
    files: int = 0

    def instances(self, seen: Seen) -> Sequence[int | None]:
        """The objects in one mask: their values; [None] for the one object of a mask that is read
        another way than by values.
        """
        return sorted(seen.values & self.objects) if self.how == "values" else [None]


def decide(masks: Sequence[Seen], *, values: Collection[int] = (), source: str = "auto") -> Reading:
    """The reading of masks of one kind.

    values: those that are objects, if the user says so; source: one of `SOURCES`, where the mask is
    taken from. ValueError for another source, for both, or if no mask holds one of the values.
    """
    refuse_contradictions(values, source)
    said = _as_told(masks, set(values), source)
    reading = said or next(filter(None, (rule(masks) for rule in _RULES[masks[0].kind])))
    return Reading(reading.how, reading.objects, reading.words, reading.doubt, len(masks))


def refuse_contradictions(values: Collection[int], source: str) -> None:
    """ValueError for an unknown source, or for one beside values."""
    if source not in SOURCES:
        raise ValueError(f"mask_from={source!r}; choices: {', '.join(SOURCES)}")
    if values and source != "auto":
        raise ValueError(f"mask_values={sorted(values)} and mask_from={source!r}: give one of them")


def _as_told(masks: Sequence[Seen], values: set[int], source: str) -> Reading | None:
    if values:
        found = _union(masks)
        if not values & found:
            raise ValueError(
                f"mask_values={sorted(values)}: no mask holds one of them; found {_listed(found)}"
            )
        return Reading("values", frozenset(values), f"as told: {_listed(values)} = objects")
    if source == "auto":
        return None
    words = {
        "grey": f"as told: above {THRESHOLD} = object",
        "inverted": f"as told: below {255 - THRESHOLD} = object",
        "alpha": "as told: what is opaque = object",
    }
    return Reading(source, words=words[source])


def _union(masks: Sequence[Seen]) -> set[int]:
    return {value for seen in masks for value in seen.values}


def _listed(values: Collection[int], at_most: int = 6) -> str:
    first = ", ".join(map(str, sorted(values)[:at_most]))
    return first + (f" and {len(values) - at_most} more" if len(values) > at_most else "")


def _behind(masks: Sequence[Seen]) -> int | None:
    """The value that frames most of the masks, if there is one."""
    framing = Counter(seen.frame[0] for seen in masks if seen.frame[1] >= _FRAMED)
    value, times = framing.most_common(1)[0] if framing else (None, 0)
    return value if times >= _MOST * len(masks) else None


def _covered(masks: Sequence[Seen], value: int) -> float:
    return sum(seen.shares.get(value, 0.0) for seen in masks) / len(masks)


def _black_and_white(masks: Sequence[Seen]) -> Reading | None:
    """Two values, of which 0 is one, in any depth; each file may have its own."""
    if not all(seen.values and max(seen.values) in (0, 1, 255, _DEEP) for seen in masks):
        return None
    if any(len(seen.values - {0}) > 1 for seen in masks):
        return None
    tops = sorted({max(seen.values) for seen in masks} - {0})
    white = " and ".join(map(str, tops)) or "nothing"
    if _behind(masks) in tops and all(0 in seen.values for seen in masks):
        return Reading(
            "inverted",
            words=f"{white} = background, 0 = object",
            doubt="what is white frames the pictures, so the masks were taken for inverted ones",
        )
    return Reading("grey", words=f"0 = background, {white} = object")


def _with_void(masks: Sequence[Seen]) -> Reading | None:
    """0, 1 and 255, as label files have them: 255 is a rim to be left out."""
    if _union(masks) != {0, 1, VOID}:
        return None
    words = f"0 = background, 1 = object, {VOID} = void"
    doubt = f"{VOID} covers more than 1, so it may be the object"
    rim = _covered(masks, VOID) <= _covered(masks, 1)
    return Reading("values", frozenset({1}), words, "" if rim else doubt)


def _pet_trimap(masks: Sequence[Seen]) -> Reading | None:
    """1, 2 and 3 without 0, as the Oxford pets have them."""
    if not {1, 2} <= _union(masks) <= {1, 2, 3}:
        return None
    if _behind(masks) == 1:
        words = "1 = background, 2 = object, 3 = border, left out"
        return Reading("values", frozenset({2}), words, "2 is the background in other trimaps")
    return Reading("values", frozenset({1}), "1 = object, 2 = background, 3 = border, left out")


def _matting_trimap(masks: Sequence[Seen]) -> Reading | None:
    """0, one grey in the middle, 255: unknown lies between the two."""
    between = _union(masks) - {0, 255}
    if len(between) != 1 or not all({0, 255} <= seen.values for seen in masks):
        return None
    (grey,) = between
    if not THRESHOLD < grey < 200 or not any(grey in seen.solid for seen in masks):
        return None
    words = f"0 = background, 255 = object, {grey} = unknown, left out"
    return Reading("values", frozenset({255}), words)


def _labels(masks: Sequence[Seen]) -> Reading | None:
    """Small numbers, too dark for a mask of grey values: each is an object."""
    found = _union(masks) - {0, VOID}
    if not found or max(found) > THRESHOLD or not all(seen.shares for seen in masks):
        return None
    shades = max(len(seen.values) for seen in masks) > THRESHOLD // 2
    doubt = "there are as many values as a soft mask has shades" if shades else ""
    return _each(masks, found, doubt)


def _painted(masks: Sequence[Seen]) -> Reading | None:
    """Labels spread over the greys so that people see them: few, and each fills an area."""
    found = {value for seen in masks for value in seen.solid}
    if len(found - {0}) < 2 or found != _union(masks) or not all(seen.shares for seen in masks):
        return None
    return _each(masks, found - {0}, "few greys that each fill an area were taken for labels")


def _shades(masks: Sequence[Seen]) -> Reading:
    """Whatever is left: grey values, of which the paper's threshold makes an object."""
    behind = _behind(masks)
    if behind is not None and behind > 255 - THRESHOLD // 2:
        return Reading(
            "inverted",
            words=f"below {255 - THRESHOLD} = object",
            doubt="what is white frames the pictures, so the masks were taken for inverted ones",
        )
    return Reading("grey", words=f"grey values, above {THRESHOLD} = object")


def _numbers(masks: Sequence[Seen]) -> Reading | None:
    """Numbers of more than eight bits: ids of objects."""
    if not all(seen.shares for seen in masks):
        return None
    found = _union(masks) - {0, _DEEP}
    if not found:
        return None
    if counted := {value for value in found if value >= _INSTANCES}:
        classes = found - counted
        doubt = f"{_listed(classes)} were taken for classes without objects" if classes else ""
        return _each(masks, counted, doubt)
    return _each(masks, found, "")


def _each(masks: Sequence[Seen], found: set[int], doubt: str) -> Reading:
    """Each of the values an object of its own, but for the one that lies behind them."""
    behind = _behind(masks)
    if 0 not in _union(masks) and behind in found and len(found) > 1:
        found = found - {behind}
        doubt = f"{behind} frames the pictures and was taken for the background"
    elif behind in found and masks[0].kind in ("index", "colour") and 0 in _union(masks):
        found = (found | {0}) - {behind}
        doubt = f"{behind} frames the pictures and was taken for the background, 0 for an object"
    background = 0 if behind is None or behind in found else behind
    words = f"{background} = background, {_listed(found)} = objects, each of its own"
    void = f", {VOID} = void" if VOID in _union(masks) - found - {background} else ""
    return Reading("values", frozenset(found), words + void, doubt)


def _indices(masks: Sequence[Seen]) -> Reading:
    found = _union(masks) - {0, VOID}
    if not found:
        return Reading("values", frozenset(), "0 = background, and no other index")
    return _each(masks, found, "")


def _colours(masks: Sequence[Seen]) -> Reading:
    found = _union(masks)
    behind = _behind(masks)
    background = 0 if 0 in found or behind is None else behind
    words = "every colour an object of its own, but for the background's"
    doubt = "" if background == 0 else "no black: the colour of the frame was taken for background"
    return Reading("values", frozenset(found - {background}), words, doubt)


def _blend(masks: Sequence[Seen]) -> Reading:
    return Reading(
        "blend",
        words="shades between two colours, far from the frame's = object",
        doubt="more colours than objects were found, so they were taken for soft edges",
    )


def _opaque(masks: Sequence[Seen]) -> Reading:
    return Reading("alpha", words="what is opaque = object")


_RULES: dict[str, tuple[Callable[[Sequence[Seen]], Reading | None], ...]] = {
    "grey": (
        _black_and_white,
        _with_void,
        _pet_trimap,
        _matting_trimap,
        _labels,
        _painted,
        _shades,
    ),
    "deep": (_black_and_white, _numbers, _shades),
    "index": (_indices,),
    "colour": (_colours,),
    "blend": (_blend,),
    "alpha": (_opaque,),
}
