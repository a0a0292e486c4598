"""Tables of what a page works with: how many pictures of which group, what was found and what
was left out.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from bap_core.data.listings import SPLITS
from bap_core.groups import group_counts
from bap_core.people import design
from bap_core.report import labels
from bap_core.report.html import Notice, Table


def group_table(sets: Sequence) -> Table:
    """Pictures per group and split. `Scenes` that share their groups stand side by side, others one
    below the other, and there the splits that nobody uses are left out.
    """
    caption = "Pictures per group in every split."
    counts = {
        (scenes.name, split): pd.Series(
            group_counts(scenes.select(split=split).groups, n_groups=len(scenes.group_names)),
            index=pd.Index(scenes.group_names, name="group"),
        )
        for scenes in sets
        for split in SPLITS
    }
    if all(scenes.group_names == sets[0].group_names for scenes in sets):
        return Table(pd.DataFrame(counts).map(_thousands), caption)
    below = pd.concat(
        {
            scenes.name: pd.DataFrame({split: counts[scenes.name, split] for split in SPLITS})
            for scenes in sets
        }
    )
    return Table(
        below.loc[:, below.any()].map(_thousands).rename_axis(["dataset", "group"]), caption
    )


def _thousands(n: int) -> str:
    return f"{n:,}"


def inventory(compositor) -> Table:
    """What a compositor found: objects per label, backgrounds, what stands in for categories that
    are not there, how masks were read, and everything that was left out, with its reason.
    """
    objects, backgrounds = compositor.objects, compositor.backgrounds
    rows = [
        ("objects", f"{len(objects):,}", _most(objects.frame["label"])),
        ("backgrounds", f"{len(backgrounds):,}", _most(backgrounds.frame["category"])),
    ]
    rows += [
        (
            f"in place of {name}",
            f"{backgrounds.frame['category'].isin(others).sum():,}",
            ", ".join(others),
        )
        for name, others in backgrounds.substitutes.items()
    ]
    rows += [("masks", kind, words) for kind, words in objects.understood.items()]
    rows += [("uncertain", f"{n:,}", reason) for reason, n in objects.doubts.items()]
    rows += [
        ("left out by the loader", f"{n:,}", _with_names(reason, n, listing.named.get(reason, [])))
        for listing in (objects, backgrounds)
        for reason, n in listing.skipped.items()
    ]
    rows += [
        (f"left out: {row.kind}", "1", row.reason)
        for row in compositor.skipped.head(10).itertuples()
    ]
    if (more := len(compositor.skipped) - 10) > 0:
        rows.append(("left out, not listed", f"{more:,}", "see the compositor's `skipped`"))
    if compositor.resized_masks:
        rows.append(
            (
                "masks resized",
                f"{compositor.resized_masks:,}",
                "the mask had another size than its picture",
            )
        )
    frame = pd.DataFrame(rows, columns=["what", "number", "which"]).set_index("what")
    return Table(frame, caption="What was found, and what was left out.", words=("which",))


def _with_names(reason: str, n: int, names: Sequence[str]) -> str:
    listed = f": {', '.join(names)}" if names else ""
    return f"{reason}{listed}{', ...' if listed and n > len(names) else ''}"


def doubts(objects) -> Notice | None:
    """A box that says what may have been misunderstood in one's own files; None if nothing."""
    if not objects.doubts:
        return None
    said = "; ".join(f"{reason} ({n:,})" for reason, n in objects.doubts.items())
    return Notice(
        "Look at the masks before you trust anything below",
        f"Uncertain: {said}. If masks were read wrongly, say how with mask_values or mask_from.",
    )


def margin_table(labelled, chosen, *, bounds: tuple[float, float], n_bins: int = 15) -> Table:
    """Persons in every bin of the absolute margin, and how many of them were drawn, per label
    (L.3).

    labelled: of `labels.label_objects`; chosen: what `design.select` made of them with the same
    bounds and bins.
    """
    names = [f"{low:.2f} to {high:.2f}" for low, high in pairwise(np.linspace(*bounds, n_bins + 1))]
    counts = {
        (label, what): _in_bins(
            objects.frame["margin"][objects.frame["label"] == label], bounds, n_bins
        )
        for label in chosen.frame["label"].unique()
        for what, objects in (("found", labelled), ("drawn", chosen))
    }
    frame = pd.DataFrame(counts, index=pd.Index(names, name="|M|")).map(lambda n: f"{n:,}")
    outside = int(
        (design.margin_bins(labelled.frame["margin"], bounds=bounds, n_bins=n_bins) < 0).sum()
    )
    return Table(
        frame,
        caption="Persons in every bin of the absolute margin, by the label that they were given.",
        notes=(f"{outside:,} of {len(labelled):,} lie outside {bounds[0]:g} to {bounds[1]:g}.",),
    )


def _in_bins(margin: pd.Series, bounds: tuple[float, float], n_bins: int) -> np.ndarray:
    bins = design.margin_bins(margin, bounds=bounds, n_bins=n_bins)
    return np.bincount(bins[bins >= 0], minlength=n_bins)


def selection(choice, *, caption: str) -> Table:
    """What every candidate got on validation rows, and which one was taken. choice: a
    `selection.Choice`.
    """
    shown = choice.table.set_index("setting")
    cells = {
        labels.label(name): [labels.format_number(value, name) for value in shown[name]]
        for name in ("worst_group_accuracy", "average_accuracy")
    }
    how = "transferred" if choice.transferred else "chosen"
    taken = [how if chosen else "" for chosen in shown["chosen"]]
    return Table(
        pd.DataFrame({**cells, "taken": taken}, index=[f"{setting:g}" for setting in shown.index]),
        caption,
        words=("taken",),
    )


def sides_table(scenes, sides: pd.Series, caption: str) -> Table:
    """Test pictures of every group by what became of them.

    scenes: the test split of a `Scenes`; sides: (N,), of `studies.changed_sides`.
    """
    groups = pd.Categorical.from_codes(scenes.groups, list(scenes.group_names))
    counts = pd.crosstab(pd.Series(groups, name="group"), sides, dropna=False)
    return Table(counts.map(_thousands), caption)


def words_table(prompts: Mapping[str, Sequence[str]], caption: str) -> Table:
    """What is said in words, such as the prompts that a method gets: a row per name, its texts in
    the order given.
    """
    cells = ["; ".join(texts) for texts in prompts.values()]
    return Table(pd.DataFrame({"texts": cells}, index=list(prompts)), caption, words=("texts",))


def _most(kinds: pd.Series, *, at_most: int = 8) -> str:
    counts = kinds.value_counts()
    listed = ", ".join(f"{label} {n}" for label, n in counts.head(at_most).items())
    return listed + (f" and {len(counts) - at_most} more kinds" if len(counts) > at_most else "")
