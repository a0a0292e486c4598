"""What every listing of pictures is made of: rows of a frame that can be counted, taken, drawn and
named by a fingerprint, and the files that the rows may stand for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
import pandas as pd
from PIL import Image

from bap_core import contents, sources
from bap_core.data import images

ORIGINS = ("official", "micro", "own")


class Pictures(Protocol):
    """What an encoder needs of N pictures (`features.extract`), wherever they come from."""

    @property
    def name(self) -> str:
        """What the pictures are called on tables and progress bars."""
        ...

    @property
    def key(self) -> str:
        """Names the pictures alone: equal for those that differ in labels or splits only."""
        ...

    def __len__(self) -> int: ...

    def square(self, i: int, size: int) -> np.ndarray:
        """Picture ``i`` fitted to the encoder's square: uint8 (3, size, size)."""
        ...


@dataclass(frozen=True, eq=False)
class Listing:
    """Rows of a frame, one per picture or object. ``skipped`` counts what a loader left out, by
    reason, and ``named`` has the first names of each, where the loader knows them; ``origin`` is
    one of `ORIGINS`. ValueError for a frame without the ``columns``.
    """

    name: str
    root: Path
    frame: pd.DataFrame
    skipped: dict[str, int] = field(default_factory=dict, kw_only=True)
    named: dict[str, list[str]] = field(default_factory=dict, kw_only=True)
    origin: str = field(default="own", kw_only=True)
    columns: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self):
        if missing := [column for column in self.columns if column not in self.frame.columns]:
            raise ValueError(
                f"{self.name}: the frame has no column {missing}; needed: {list(self.columns)}"
            )
        if self.origin not in ORIGINS:
            raise ValueError(f"{self.name}: origin={self.origin!r}; choices: {', '.join(ORIGINS)}")
        object.__setattr__(self, "root", Path(self.root))
        object.__setattr__(
            self, "skipped", {reason: count for reason, count in self.skipped.items() if count}
        )
        object.__setattr__(self, "frame", self.frame.reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, indices) -> Self:
        """The rows with these numbers (or this boolean mask), in this order; row i of the result
        is ``indices[i]``.
        """
        return replace(self, frame=self.frame.iloc[np.asarray(indices)])

    def sample(
        self, n: int | None = None, *, at_most: int | None = None, rng: np.random.Generator
    ) -> Self:
        """``n`` different rows at random, in the order drawn. ValueError if there are fewer.

        at_most: instead of ``n``, this number or all rows where there are fewer.
        """
        n = self._wanted(n, at_most)
        if not 1 <= n <= len(self):
            raise ValueError(f"{self.name}: n={n} of {len(self)}; choose 1..{len(self)}")
        return self.take(rng.permutation(len(self))[:n])

    def _wanted(self, n: int | None, at_most: int | None) -> int:
        if n is not None and at_most is None:
            return n
        if n is None and at_most is not None:
            return min(at_most, len(self))
        raise ValueError(f"{self.name}: n={n}, at_most={at_most}; give one of the two")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the name, all columns, and the content of every file listed.

        A file is read when this is asked for first, and again when it has changed. The folder's own
        place does not count, so a copy elsewhere has the same fingerprint.
        """
        further = [type(self).__name__, self.name, *self._further()]
        named = [further, self._columns_digest, self._contents(*self._of_files)]
        return sha256(json.dumps(named).encode()).hexdigest()

    @property
    def _of_files(self) -> list[str]:
        """The columns that name files."""
        return [column for column in ("image", "mask") if column in self.frame.columns]

    def _contents(self, *columns: str) -> str:
        """Names what the files of some columns hold, as it is now."""
        state = sha256()
        for column in columns:
            values = self.frame[column].tolist()
            files = {value: self.root / value for value in values if isinstance(value, str)}
            found = dict(zip(files, contents.digests(list(files.values()), label=self.name)))
            state.update(json.dumps([found.get(value) for value in values]).encode())
        return state.hexdigest()

    @cached_property
    def _columns_digest(self) -> str:
        state = sha256()
        for column in sorted(self.frame.columns):
            values = self.frame[column].tolist()
            state.update(f"[{json.dumps(column)}, [".encode())
            # the text of a whole column can be as large as the column
            for start in range(0, len(values), 10_000):
                text = json.dumps(values[start : start + 10_000], default=str)[1:-1]
                state.update(f"{', ' if start else ''}{text}".encode())
            state.update(b"]]")
        return state.hexdigest()

    def _further(self) -> list:
        """What the fingerprint names beside name and frame."""
        return []


@dataclass(frozen=True, eq=False)
class PictureFiles(Listing):
    """A `Listing` whose rows are files: the column ``image`` has names relative to ``root``."""

    columns: ClassVar[tuple[str, ...]] = ("image",)

    def path(self, i: int) -> Path:
        """Picture file of row ``i``."""
        return self.root / self._names[i]

    @cached_property
    def _names(self):
        return self.frame["image"].array  # a tenth of the time of ``iat``

    def image(self, i: int) -> Image.Image:
        """The whole picture of row ``i``, RGB. Errors as `images.read_rgb`."""
        return images.read_rgb(self.path(i))

    def square(self, i: int, size: int) -> np.ndarray:
        """The picture of row ``i`` fitted to the encoder's square: uint8 (3, size, size), by
        `images.square`.
        """
        return images.square(self.image(i), size)

    @property
    def key(self) -> str:
        """SHA-256 of the contents of the pictures alone, in their order, and of their crop if it is
        not the usual one: equal for sets that label the same ones.
        """
        named = [self._contents("image"), *self._crop(), self._code]
        return sha256(json.dumps(named).encode()).hexdigest()

    def _crop(self) -> list:
        return []

    @property
    def _code(self) -> str:
        """Of what fits a picture to the square."""
        ours = f"{sources.PACKAGE.name}."
        return next(
            sources.code(kind.__module__)
            for kind in type(self).__mro__
            if kind.__module__.startswith(ours)
        )


def mixed_origin(listings: Sequence[Listing]) -> str:
    """The origin of what is made from several: "micro" if anything is rendered, else "own" if
    anything is, else "official".
    """
    found = {listing.origin for listing in listings}
    return next(origin for origin in ("micro", "own", "official") if origin in found)
