"""An alignment on one's own pictures, judged on objects and backgrounds that it never saw."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from torch import Tensor

from bap_core import runtime
from bap_core.audit.examine import Audit, examine
from bap_core.data.listings import Backgrounds, Objects
from bap_core.encoders import Encoder, features
from bap_core.method import Compositor, Contexts, pretrain_bap

HELD_OUT = 0.25  # of the picture files
COLLAPSED = 0.02  # of the variance of before; what is left below it tells nothing apart
PATIENCE = 20  # batches in a row without any variance, before a training is given up
METHODS = ("bap",)
Some = TypeVar("Some", Objects, Backgrounds)


@dataclass(frozen=True, eq=False)
class Aligned:
    """An aligned encoder with what it was like before and after, on what was held out.

    pool: what it was aligned on. losses: of every epoch. scenes: what became of background pictures
    alone, as `compare_scenes` has it. settings: of the alignment.
    """

    encoder: Encoder
    pool: Compositor
    before: Audit
    after: Audit
    losses: list[float]
    scenes: dict[str, tuple[float, float]]
    settings: dict

    @property
    def collapsed(self) -> bool:
        """Whether hardly anything is left that tells the held-out pictures apart."""
        return self.after.spread < COLLAPSED * self.before.spread

    @property
    def worse(self) -> pd.DataFrame:
        """Classes of which fewer pictures are found than before, the worst first: ``before`` and
        ``after``, shares, by class.
        """
        if not len(self.before.changes):
            return pd.DataFrame(columns=["before", "after"])
        found = pd.DataFrame(
            {
                name: one.changes.groupby("class")["right"].mean()
                for name, one in (("before", self.before), ("after", self.after))
            }
        )
        found["change"] = found["after"] - found["before"]
        fell = found.query("change < 0").sort_values("change")
        return fell.drop(columns="change")


def hold_out(listing: Some, *, seed: int) -> tuple[Some, Some]:
    """What to learn from and what to judge by: a quarter of the picture files, so that two objects
    of one picture are never on both sides, and as nearly as can be a quarter of each class or
    category. ValueError if there are too few files for both.
    """
    files = list(dict.fromkeys(listing.frame["image"]))
    n_held = max(2, round(HELD_OUT * len(files)))
    if len(files) - n_held < 2:
        raise ValueError(
            f"{listing.name}: {len(files)} picture files; an alignment needs at least 4, of which "
            "some are held out to judge it by"
        )
    drawn = runtime.rng(seed, "held out", listing.name).permutation(files)
    outside = listing.frame["image"].isin(_spread(listing.frame, drawn)[:n_held]).to_numpy()
    return listing.take(~outside), listing.take(outside)


def _spread(frame: pd.DataFrame, files: np.ndarray) -> list[str]:
    """The files, in an order in which any beginning has about the same share of each kind. Those of
    one kind stay in their order.
    """
    column = "label" if "label" in frame else "category"
    kinds = frame.drop_duplicates("image").set_index("image")[column].loc[files]
    by_kind = kinds.groupby(kinds, dropna=False)
    into_it = (by_kind.cumcount() + 0.5) / by_kind.transform("size")
    return into_it.sort_values(kind="stable").index.tolist()


def align(
    teacher: Encoder,
    objects: Objects,
    backgrounds: Backgrounds,
    *,
    n_objects: int,
    n_backgrounds: int,
    seed: int,
    k: int,
    m: int,
    epochs: int,
    lr: float,
    batch_size: int,
) -> Aligned:
    """Audit, align by BAP, audit again. What was interrupted goes on where it stopped.

    n_objects, n_backgrounds: of an audit, at most; the alignment takes all that is not held out. k,
    m, epochs, lr, batch_size: as in Table 17. ValueError if too little is there to hold some out.
    """
    learned, judged = zip(hold_out(objects, seed=seed), hold_out(backgrounds, seed=seed))
    counts = {"n_objects": n_objects, "n_backgrounds": n_backgrounds, "seed": seed}
    before = examine(teacher, *judged, **counts)
    pool = Compositor(*learned, size=teacher.size, seed=seed).check()
    contexts = Contexts(m=m, epochs=epochs, batch_size=batch_size, seed=seed)
    k = min(k, len(pool.backgrounds))
    watch = CollapseWatch(lr=lr)
    made = pretrain_bap(teacher, pool, contexts=contexts, k=k, lr=lr, watch=watch)
    after = examine(made.encoder, *judged, **counts)
    scenes = compare_scenes(teacher, made.encoder, before.pool.backgrounds)
    settings = {"method": "bap", "k": k, "m": m, "epochs": epochs, "lr": lr}
    settings |= {"batch_size": batch_size, "seed": seed}
    return Aligned(made.encoder, pool, before, after, made.losses, scenes, settings)


@dataclass
class CollapseWatch:
    """Ends a training that maps all to one point: ValueError once `PATIENCE` batches in a row have
    less than a share `COLLAPSED` of their anchors' variance. lr: for the message.
    """

    lr: float
    in_a_row: int = 0

    def __call__(self, z: Tensor, anchors: Tensor) -> None:
        """z, anchors: (B, D), the embeddings of a batch and where they should be."""
        spread, needed = (float(one.var(dim=0, correction=0).sum()) for one in (z, anchors))
        self.in_a_row = self.in_a_row + 1 if spread < COLLAPSED * needed else 0
        if self.in_a_row >= PATIENCE:
            raise ValueError(
                f"the encoder has collapsed: for {PATIENCE} steps it has given all pictures of a "
                f"batch one embedding; lower the learning rate ({self.lr:g}); nothing was saved"
            )


def compare_scenes(
    before: Encoder, after: Encoder, backgrounds: Backgrounds
) -> dict[str, tuple[float, float]]:
    """What became of background pictures alone: (before, after) of each.

    ``same place``: the cosine of a picture's embedding with that of before. ``nearest is of its
    kind``: how often the nearest other background is of the same category, where two categories
    have two pictures.
    """
    found = [features.extract(encoder, backgrounds) for encoder in (before, after)]
    kept = float((found[0] * found[1]).sum(dim=1).mean())
    told = {"same place": (1.0, kept)}
    kinds = backgrounds.frame["category"].to_numpy()
    several = np.isin(kinds, [kind for kind in set(kinds) if (kinds == kind).sum() > 1])
    if len(set(kinds[several])) > 1:
        then, now = (_of_a_kind(z, kinds, several) for z in found)
        told["nearest is of its kind"] = (then, now)
    return told


def _of_a_kind(z, kinds: np.ndarray, several: np.ndarray) -> float:
    near = z @ z.T
    near.fill_diagonal_(-2)
    return float((kinds[near.argmax(dim=1).numpy()] == kinds)[several].mean())
