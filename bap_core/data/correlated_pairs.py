"""Two classes and two backgrounds on photographs, with full correlation in training (paper,
appendices M.5.4 and M.6.3).

Class i is trained on in background i only, its usual one. A random fifth of these photographs is
held out; the test split is this fifth together with all photographs of the inverted pairings. There
is no validation split. Groups are numbered as for Waterbirds: 2 * label + background, so 0 and 3
are the usual pairings.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bap_core import contents, groups, runtime, sources, store
from bap_core.data import images, world_file
from bap_core.data.listings import Scenes

HELD_OUT = 0.2  # share of the usual photographs that is tested on


def correlate(
    name: str,
    root: Path,
    cells: Mapping[tuple[int, int], Sequence[str]],
    *,
    labels: tuple[str, str],
    backgrounds: tuple[str, str],
    seed: int,
    margin: tuple[int, float] | None,
) -> Scenes:
    """`Scenes` named "<name> <label>/<label>" from the files (relative to ``root``) of the four
    (label, background) cells. margin: of the smart crop by which they are fitted, as in `Scenes`.

    All seeds list the same photographs in the same order and differ in the held-out fifth only,
    drawn per class. Photographs that do not decode to their end are left out before and counted in
    ``skipped``.
    """
    files = [
        (file, label, background)
        for (label, background), found in sorted(cells.items())
        for file in sorted(found)
    ]
    frame = pd.DataFrame(files, columns=["image", "label", "background"])
    whole = readable(root, frame["image"].tolist())
    frame = frame.take(np.flatnonzero(whole)).reset_index(drop=True)
    frame["group"] = groups.group_id(frame["label"], frame["background"], n_backgrounds=2)
    frame["split"] = "test"
    for label in (0, 1):
        usual = np.flatnonzero((frame["label"] == label) & (frame["background"] == label))
        drawn = runtime.rng(seed, "held out", name, *labels, label).permutation(usual)
        frame.loc[drawn[round(HELD_OUT * len(usual)) :], "split"] = "train"
    return Scenes(
        f"{name} {'/'.join(labels)}",
        root,
        frame,
        labels,
        backgrounds,
        margin=margin,
        origin=world_file.origin(root),
        skipped={"truncated, or not a picture": int((~whole).sum())},
    )


def readable(root: Path, files: Sequence[str]) -> np.ndarray:
    """Which of the pictures decode to their end: (N,) bool. Read once; the answer is kept until
    a file changes.
    """
    held = contents.digests([root / file for file in files], label="photographs")
    parts = {"files": held, "code": sources.code(__name__)}
    return store.arrays(
        "readable", parts, lambda: {"whole": torch.tensor(_tried(root, files), dtype=torch.bool)}
    )["whole"].numpy()


def _tried(root: Path, files: Sequence[str]) -> list[bool]:
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        tried = pool.map(images.is_whole, [root / file for file in files])
        return list(
            runtime.progress(tried, total=len(files), label="reading photographs", unit="img")
        )
