"""The people experiment on COCO (paper, appendix L and M.4): which persons, on which backgrounds,
in which split.

What the labels are: guesses of a vision-language model about how a cut-out figure looks, one of two
words each. They are nobody's gender, which no picture shows and only the person can tell, and they
say nothing about anyone in particular. They serve one purpose here: to see whether an encoder's
answer changes when only the background does. They must not be used to identify, sort, count or
judge people, to build a classifier of people, or as figures about bias in the world. `DISCLAIMER`
says it to the reader of a page.

The order of work: `labels.label_objects` gives every person a label and a margin M in [-1, 1], `select`
draws persons of all margins evenly and divides them, `placements` puts them on backgrounds, and
`scenes.Composites` shows the result. Label i is usually seen on background i; group = 2 * label +
background. Nothing in here knows what the two labels mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from PIL import Image

from bap_core import groups, runtime
from bap_core.data.listings import LEFT_OUT, Backgrounds, Objects
from bap_core.people.margins import margin_bins, round_robin

LABELS = ("man", "woman")
BACKGROUNDS = {
    "construction": ("excavation", "construction_site"),
    "kitchen": ("kitchen", "kitchenette"),
}
CATEGORIES = tuple(category for categories in BACKGROUNDS.values() for category in categories)
WORDS = ("male person", "female person")  # of the evaluated classes (M.4.2), in the order of LABELS
# of the evaluation (M.4.2)
TEMPLATES = ("a photo of a {}.", "an image of a {}.", "a picture of a {}.")
SCALE = 0.75  # longest side of a person as a fraction of the composite (L.5.2)
SHADE = (80, 80, 80)  # of a silhouette
# share of every category's pictures that only validation and test see (L.5.3)
TEST_BACKGROUNDS = 0.2

DISCLAIMER = """\
Nobody in these pictures was asked. Each label is the guess of a vision-language model about a \
figure cut out of its photograph, and repeats what that model has learned about how people present \
themselves. It is not a person's gender, and two words cannot stand for all of them. The figures \
were cut out before they were labelled, so that the scene could not decide, and in the paper the \
model that labels is larger than those that are tested; it may still share their errors. The set \
measures one thing: how far an encoder's answer follows the background when the figure stays the \
same. It does not measure bias against people, and it must not be used to identify, sort or judge \
anyone, or to build a classifier that does."""


@dataclass(frozen=True, eq=False)
class Silhouettes(Objects):
    """`Objects` whose cut-outs keep their outline and nothing else: one flat grey."""

    def cutout(self, i: int) -> Image.Image:
        """Object ``i`` as RGBA, as `Objects.cutout` has it, every colour replaced by `SHADE`."""
        cut = super().cutout(i)
        flat = Image.new("RGB", cut.size, SHADE)
        flat.putalpha(cut.getchannel("A"))
        flat.info = cut.info
        return flat


def visible(objects: Objects) -> Objects:
    """The persons as a page shows them: drawn figures of a rendered world as they are, anybody else
    as a silhouette.

    Nobody is shown beside a guess about them. Outlines are enough to see what the page is about,
    the background.
    """
    if objects.origin == "micro":
        return objects
    return Silhouettes(
        objects.name,
        objects.root,
        objects.frame,
        skipped=objects.skipped,
        origin=objects.origin,
        bbox_source=objects.bbox_source,
    )


def select(
    objects: Objects,
    *,
    labels: Sequence[str] = LABELS,
    n_train: int = 3000,
    n_test: int = 1000,
    bounds: tuple[float, float] = (0.20, 0.99),
    n_bins: int = 15,
    seed: int,
) -> Objects:
    """The persons of the experiment (L.3, L.4): n_train + n_test of each label, evenly over the
    bins of ``|M|``.

    objects: as `labels.label_objects` gives them, with the columns label and margin. The result has a
    column split ("train" or "test"), drawn per label after the selection; ``skipped`` counts who
    was not taken and why. ValueError with the counts if a label has too few candidates.
    """
    if "margin" not in objects.frame.columns:
        raise ValueError(
            f"{objects.name}: the persons have no margin; label them first with labels.labelled"
        )
    if n_train < 1 or n_test < 1:
        raise ValueError(f"n_train={n_train}, n_test={n_test} must be at least 1")
    bins = margin_bins(objects.frame["margin"], bounds=bounds, n_bins=n_bins)
    of_label = {label: np.where(objects.frame["label"] == label, bins, -1) for label in labels}
    _refuse_too_few(objects, of_label, n_train + n_test, bounds)
    rows = []
    for label, candidates in of_label.items():
        drawn = round_robin(
            candidates, n_train + n_test, rng=runtime.rng(seed, "round robin", label)
        )
        rows.append(runtime.rng(seed, "train and test", label).permutation(drawn))
    taken = objects.take(np.concatenate(rows))
    split = (["train"] * n_train + ["test"] * n_test) * len(rows)
    return replace(
        taken,
        frame=taken.frame.assign(split=split),
        skipped={
            **objects.skipped,
            f"|margin| outside {bounds[0]:g} to {bounds[1]:g}": int((bins < 0).sum()),
            "not drawn": int((bins >= 0).sum()) - len(taken),
        },
    )


def placements(
    objects: Objects,
    backgrounds: Backgrounds,
    *,
    labels: Sequence[str] = LABELS,
    kinds: Mapping[str, Sequence[str]] = BACKGROUNDS,
    correlation: int = 95,
    n_val: int = 100,
    both: bool = False,
    seed: int,
) -> pd.DataFrame:
    """Who stands where (L.5): one row per composite, with ``object_row`` and
    ``background_row``.

    objects: of `select`. backgrounds: pictures of the two kinds' categories, or of their
    substitutes; others are not used. correlation: percentage of the training persons of label i
    that stand on background i, 95 or 100. both: every test person on both (groups of n_test)
    instead of one half on each (groups of n_test / 2). n_val: test rows of every group that become
    validation rows (M.4.2); with ``both`` a person is in one of the two splits only.

    Columns: object_row, background_row, label, background, split, group. A fifth of the pictures of
    every category is for validation and test alone; pictures repeat only when all of their part are
    used. The rows for 95 and for 100 are the same and differ in which are "left out", so both sets
    are encoded as one. The four test groups are of one size; test persons beyond it are not used.
    ValueError for a share that cannot be had, with the counts.
    """
    if correlation not in (95, 100):
        raise ValueError(f"correlation={correlation!r}; choices: 95, 100")
    if len(labels) != 2 or len(kinds) != 2:
        raise ValueError(f"labels={list(labels)}, kinds={list(kinds)}: two of each are needed")
    if "split" not in objects.frame.columns:
        raise ValueError(f"{objects.name}: the persons have no split; draw them with design.select")
    pictures = _divided(backgrounds, kinds, seed)
    rows = _training(objects, labels, correlation, seed) + _balanced(
        objects, labels, n_val, both, seed
    )
    frame = pd.DataFrame(rows, columns=["object_row", "label", "background", "split", "part"])
    frame["background_row"] = -1
    for (kind, part), of_part in pictures.items():
        here = ((frame["background"] == kind) & (frame["part"] == part)).to_numpy()
        order = runtime.rng(seed, "backgrounds", kind, part).permutation(of_part)
        frame.loc[here, "background_row"] = np.resize(order, here.sum())
    frame["group"] = groups.group_id(frame["label"], frame["background"], n_backgrounds=2)
    return frame.reindex(
        columns=["object_row", "background_row", "label", "background", "split", "group"]
    )


def unconfounded(backgrounds: Backgrounds, used: Backgrounds) -> Backgrounds:
    """The ``backgrounds`` for anchors and alignment: none of a category that the experiment has
    ``used`` (L.5.1).

    ValueError if nothing is left.
    """
    free = ~backgrounds.frame["category"].isin(used.categories).to_numpy()
    if not free.any():
        raise ValueError(
            f"{backgrounds.name}: all categories, {backgrounds.categories}, are backgrounds of the "
            "experiment; add others"
        )
    return backgrounds.take(free)


def _refuse_too_few(
    objects: Objects, of_label: Mapping[str, np.ndarray], n: int, bounds: tuple[float, float]
) -> None:
    counts = {label: int((bins >= 0).sum()) for label, bins in of_label.items()}
    if min(counts.values()) < n:
        found = objects.frame["label"].value_counts().to_dict()
        raise ValueError(
            f"{objects.name}: {n} persons of each label are needed, with "
            f"{bounds[0]:g} <= |M| <= {bounds[1]:g} "
            f"there are {counts} (of {found} at any margin); lower n_train or n_test, "
            "widen bounds, or give "
            "more persons (a smaller min_side)"
        )


def _divided(
    backgrounds: Backgrounds, kinds: Mapping[str, Sequence[str]], seed: int
) -> dict[tuple[int, str], np.ndarray]:
    """Row numbers of every kind's pictures, in two parts: "train" and "test"."""
    parts, owner = {}, {}
    for kind, (name, wanted) in enumerate(kinds.items()):
        drawn = {"train": [], "test": []}
        for category in dict.fromkeys(
            c for one in wanted for c in backgrounds.substitutes.get(one, (one,))
        ):
            if owner.setdefault(category, name) != name:
                raise ValueError(
                    f"category {category!r} stands for {owner[category]!r} and for {name!r}"
                )
            rows = np.flatnonzero(backgrounds.frame["category"] == category)
            n_test = round(TEST_BACKGROUNDS * len(rows))
            if not n_test:
                raise ValueError(
                    f"{backgrounds.name}: {len(rows)} pictures of {category!r}, of "
                    f"{backgrounds.categories}; "
                    "at least 3 are needed, so that training and test see different "
                    "ones"
                )
            rows = runtime.rng(seed, "unseen", category).permutation(rows)
            drawn["test"].append(rows[:n_test])
            drawn["train"].append(rows[n_test:])
        parts |= {(kind, part): np.concatenate(rows) for part, rows in drawn.items()}
    return parts


def _training(objects: Objects, labels: Sequence[str], correlation: int, seed: int) -> list[tuple]:
    """Everyone on the usual background, and the rare twentieth on the other as well; one of
    these two is left out.
    """
    rows = []
    usual, rare = (LEFT_OUT, "train") if correlation == 95 else ("train", LEFT_OUT)
    for label, name in enumerate(labels):
        people = _rows(objects, name, "train")
        moved = set(
            runtime.rng(seed, "rare", name)
            .permutation(people)[: round(0.05 * len(people))]
            .tolist()
        )
        if not moved:
            raise ValueError(
                f"{objects.name}: 5 % of {len(people)} training persons {name!r} are "
                "none; 20 are one"
            )
        rows += [(i, label, label, usual if i in moved else "train", "train") for i in people]
        rows += [(i, label, 1 - label, rare, "train") for i in people if i in moved]
    return rows


def _balanced(
    objects: Objects, labels: Sequence[str], n_val: int, both: bool, seed: int
) -> list[tuple]:
    """Validation and test rows: as many of every label on every background."""
    people = [
        runtime.rng(seed, "test", name).permutation(_rows(objects, name, "test")).tolist()
        for name in labels
    ]
    size = min(map(len, people)) // (1 if both else 2)
    if not 0 <= n_val < size:
        raise ValueError(
            f"{objects.name}: n_val={n_val} of test groups of {size}; some rows of "
            "each have to remain for the test"
        )
    rows = []
    for label, found in enumerate(people):
        for background in (0, 1):
            here = found[:size] if both or background == 0 else found[size : 2 * size]
            rows += [
                (i, label, background, "val" if number < n_val else "test", "test")
                for number, i in enumerate(here)
            ]
    return rows


def _rows(objects: Objects, label: str, split: str) -> np.ndarray:
    return np.flatnonzero((objects.frame["label"] == label) & (objects.frame["split"] == split))
