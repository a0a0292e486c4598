"""How an alignment goes (paper appendix K, Figure 7): the loss epoch by epoch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bap_core import evaluation


def loss_rows(losses: Sequence[float], *, encoder: str, seed: int, dataset: str) -> pd.DataFrame:
    """Tidy rows of one alignment: ``alignment_loss`` of every epoch under the method ``BAP, epoch =
    1`` and so on; under ``BAP`` the last one (``final_loss``), by what share the last epoch lowers
    it (``last_fall``), and `early_share`.
    """
    names = {"dataset": dataset, "encoder": encoder, "seed": seed, "split": "train"}
    by_epoch = [
        evaluation.record({"alignment_loss": loss}, method=f"BAP, epoch = {number + 1}", **names)
        for number, loss in enumerate(losses)
    ]
    last_fall = 1 - losses[-1] / losses[-2] if len(losses) > 1 else float("nan")
    told = {"final_loss": losses[-1], "last_fall": last_fall, "early_share": early_share(losses)}
    known = {name: value for name, value in told.items() if not np.isnan(value)}
    return pd.concat([*by_epoch, evaluation.record(known, method="BAP", **names)])


def early_share(losses: Sequence[float]) -> float:
    """Of all that the loss falls from the first epoch to the last, the share that it has fallen
    after the first third of the epochs, rounded up. NaN if it does not fall, or for fewer than
    three epochs.
    """
    fall, third = losses[0] - losses[-1], -(-len(losses) // 3)
    if len(losses) < 3 or fall <= 0:
        return float("nan")
    return float((losses[0] - losses[third - 1]) / fall)
