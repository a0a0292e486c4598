"""A pool of backgrounds from several sources by share, such as Places and the textures of DTD
(paper, appendix M.6.1).
"""

import math
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bap_core.data import world_file
from bap_core.data.listings import Backgrounds
from bap_core.data.pictures import mixed_origin

AND = " + "  # between the sources in the name of a pool


def pool(
    sources: Sequence[tuple[Backgrounds, float]], *, n: int, rng: np.random.Generator
) -> Backgrounds:
    """``n`` different backgrounds at random from all ``sources``, as one `Backgrounds` in random
    order.

    sources: (backgrounds, share) pairs, such as ``[(places, 0.8), (dtd, 0.2)]``. Shares are
    positive and relative to their sum; each source gives its share of n, to the nearest whole
    picture. The paper gives no shares, so there is no default. The root is the nearest folder that
    holds all sources, the extra column ``source`` the name of each. ValueError for a share that is
    no positive number, a source with fewer pictures than its share asks for, or sources of
    different worlds, whose scale could not be told.
    """
    listed, shares = [source for source, _ in sources], _normal([share for _, share in sources])
    if (
        len(
            worlds := {
                (world_file.world_around(source.root) or {}).get("hash") for source in listed
            }
        )
        > 1
    ):
        raise ValueError(
            f"{AND.join(source.name for source in listed)}: these are of "
            f"{len(worlds)} different worlds "
            "(or rendered and real), so no page could say at which scale its numbers "
            "were made"
        )
    counts = _counts(n, shares)
    for source, share, count in zip(listed, shares, counts):
        if not 1 <= count <= len(source):
            raise ValueError(
                f"{source.name}: a share of {share:.3g} of n={n} is {count} pictures, "
                f"it has {len(source)}; choose "
                f"n from {math.ceil(1 / min(shares))} to {_most(listed, shares)}, or "
                "other shares"
            )
    root = Path(os.path.commonpath([os.path.abspath(source.root) for source in listed]))
    frame = pd.concat(
        [_drawn(source, count, root, rng) for source, count in zip(listed, counts)],
        ignore_index=True,
    )
    skipped = sum((Counter(source.skipped) for source in listed), Counter())
    substitutes = {name: others for source in listed for name, others in source.substitutes.items()}
    return Backgrounds(
        AND.join(source.name for source in listed),
        root,
        frame.iloc[rng.permutation(n)],
        skipped=dict(skipped),
        substitutes=substitutes,
        origin=mixed_origin(listed),
    )


def _normal(shares: list[float]) -> list[float]:
    if not shares or not all(share > 0 and math.isfinite(share) for share in shares):
        raise ValueError(f"shares {shares}: every source needs a positive number")
    return [share / sum(shares) for share in shares]


def _counts(n: int, shares: list[float]) -> list[int]:
    """Whole numbers that add up to n: rounded down, then one more for those that lost most."""
    wanted = np.multiply(n, shares)
    counts = np.floor(wanted).astype(int)
    counts[np.argsort(counts - wanted, kind="stable")[: n - counts.sum()]] += 1
    return counts.tolist()


def _most(sources: list[Backgrounds], shares: list[float]) -> int:
    return min(math.floor(len(source) / share) for source, share in zip(sources, shares))


def _drawn(source: Backgrounds, count: int, root: Path, rng: np.random.Generator) -> pd.DataFrame:
    inner = os.path.relpath(os.path.abspath(source.root), root)
    prefix = "" if inner == "." else f"{Path(inner).as_posix()}/"
    frame = source.sample(count, rng=rng).frame
    return pd.DataFrame(
        {"image": prefix + frame["image"], "category": frame["category"], "source": source.name}
    )
