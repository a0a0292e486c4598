"""A downstream set whose pictures are composites, made when they are asked for: which object on
which background.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from PIL import Image

from bap_core import store
from bap_core.data import Backgrounds, LabelledPictures, Objects, images
from bap_core.data.pictures import mixed_origin
from bap_core.method.compositing import Compositor
from bap_core.people import design


@dataclass(frozen=True, eq=False)
class Composites(LabelledPictures):
    """`LabelledPictures` without files: row i is object ``object_row[i]`` on background
    ``background_row[i]`` of the compositor.

    frame: object_row and background_row, label, background, split, group. root: the data root that
    the objects come from. Use the compositor's `check` before the rows are numbered, not after.
    ValueError for a number that the compositor does not have.
    """

    compositor: Compositor = field(kw_only=True)
    columns: ClassVar[tuple[str, ...]] = ("object_row", "background_row", *LabelledPictures.columns)

    def __post_init__(self):
        super().__post_init__()
        for column, listing in (
            ("object_row", self.compositor.objects),
            ("background_row", self.compositor.backgrounds),
        ):
            numbers = self.frame[column]
            if not numbers.between(0, len(listing) - 1).all():
                raise ValueError(
                    f"{self.name}: {column} numbers {numbers.min()}..{numbers.max()}, "
                    f"but there are {len(listing)}"
                )

    def image(self, i: int) -> Image.Image:
        """Composite ``i``, RGB, of the compositor's size."""
        rows, columns = (
            self.frame[name].to_numpy()[[i]] for name in ("object_row", "background_row")
        )
        return Image.fromarray(self.compositor.batch(rows, columns)[0].permute(1, 2, 0).numpy())

    def square(self, i: int, size: int) -> np.ndarray:
        """Composite ``i``, fitted to the encoder's square: uint8 (3, size, size)."""
        return images.square(self.image(i), size)

    @cached_property
    def key(self) -> str:
        """Names the pictures alone: equal for sets of the same pairs that differ in labels or
        splits.
        """
        return store.key(
            compositor=self.compositor.fingerprint,
            objects=self.frame["object_row"].tolist(),
            backgrounds=self.frame["background_row"].tolist(),
        )

    def picture_names(self) -> list[str]:
        """``object_row`` on ``background_row``, as in ``12 on 7``."""
        numbers = zip(self.frame["object_row"], self.frame["background_row"])
        return [f"{row} on {column}" for row, column in numbers]

    def _further(self) -> list:
        return [*super()._further(), self.compositor.fingerprint]


def compose(
    objects: Objects,
    backgrounds: Backgrounds,
    *,
    size: int,
    labels: Sequence[str] = design.LABELS,
    words: Sequence[str] = design.WORDS,
    correlations: Sequence[int] = (95, 100),
    seed: int,
    **choices,
) -> list[Composites]:
    """The sets of the people experiment (L.5), one per correlation. They differ in splits alone, so
    one encoding serves all.

    objects: the persons of `design.select`, with ``labels``; backgrounds: pictures of
    `design.CATEGORIES`. words: what prompts and groups call the labels, in their order. size: side
    in pixels. choices: n_val and both of `design.placements`, which says what is refused. Whatever
    cannot be read is left out, with a warning, before anybody is placed.
    """
    compositor = Compositor(objects, backgrounds, size=size, scale=design.SCALE, seed=seed).check()
    placed = {
        correlation: design.placements(
            compositor.objects,
            compositor.backgrounds,
            labels=labels,
            correlation=correlation,
            seed=seed,
            **choices,
        )
        for correlation in correlations
    }
    return [
        Composites(
            f"coco-gender-{correlation}",
            objects.root,
            frame,
            tuple(words),
            tuple(design.BACKGROUNDS),
            compositor=compositor,
            origin=mixed_origin([compositor.objects, compositor.backgrounds]),
        )
        for correlation, frame in placed.items()
    ]


def make_visible(composites: Composites, *, size: int = 160) -> Composites:
    """A set of `compose` as a page shows it: larger, and with the persons as `design.visible` lets
    them be seen.
    """
    made = composites.compositor
    shown = Compositor(
        design.visible(made.objects), made.backgrounds, size=size, scale=design.SCALE, seed=0
    )
    return replace(composites, compositor=shown)
