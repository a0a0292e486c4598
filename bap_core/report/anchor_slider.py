"""What an anchor resembles while backgrounds are added to it, with a slider over K."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bap_core.report import interactive

SIDE, NEAREST = 112, 4  # pixels of a picture; texts of a list


@dataclass(frozen=True)
class AnchorSlider:
    """For some objects and every K: the mean of the K composites, and the texts that are nearest
    to the anchor.

    ks: K of every step. pictures: for each of n objects, one uint8 (3, S, S) for every K. nearest:
    what the texts are of -> (their C names, cosines of the anchors to them (len(ks), n, C)). scale:
    a name of `labels.SCALES`.
    """

    ks: Sequence[int]
    pictures: Sequence[Sequence[np.ndarray]]
    nearest: Mapping[str, tuple[Sequence[str], np.ndarray]]
    scale: str
    caption: str

    def _repr_html_(self) -> str:
        lists = [
            {"of": of, "steps": [[_first(row, names) for row in step] for step in cosines]}
            for of, (names, cosines) in self.nearest.items()
        ]
        told = {"ks": [*self.ks], "side": SIDE, "objects": len(self.pictures), "lists": lists}
        flat = [picture for row in self.pictures for picture in row]
        sheet = interactive.make_sheet(flat, side=SIDE, columns=len(self.ks))
        return interactive.fill(
            "anchor_slider.html", caption=self.caption, scale=self.scale, sheet=sheet, told=told
        )

    def __repr__(self) -> str:
        return f"{self.caption} ({len(self.pictures)} objects, K = {self.ks[0]} to {self.ks[-1]})"


def _first(cosines: np.ndarray, names: Sequence[str]) -> list[list]:
    """The nearest texts with their cosines, nearest first."""
    order = np.argsort(-np.asarray(cosines), kind="stable")[:NEAREST]
    return [[str(names[i]), round(float(cosines[i]), 3)] for i in order]
