"""What every method answered for every test picture, as one tidy frame.

Metrics are made of these rows and of nothing else, so they can be counted again from them; and how
sure a comparison is follows from which pictures two methods had right.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bap_core import tidy
from bap_core.data.listings import LabelledPictures
from bap_core.groups import group_counts


def answers(scenes: LabelledPictures, scores: np.ndarray, **names) -> pd.DataFrame:
    """Rows of `tidy.ANSWERS` for the test pictures of ``scenes``. scores: (N, C), as of
    `Predictions`. names: encoder, method and seed.

    score: by how much the predicted class's is above the next one, in the method's own units.
    n_train: training pictures in the group of the picture.
    """
    test, train = scenes.select(split="test"), scenes.select(split="train")
    ordered = np.sort(scores, axis=1)
    counts = group_counts(train.groups, n_groups=len(scenes.group_names))
    return pd.DataFrame(
        {
            "dataset": scenes.name,
            **names,
            "picture": test.picture_names(),
            "label": test.frame["label"].to_numpy(),
            "group": test.groups,
            "group_name": np.array(scenes.group_names, dtype=object)[test.groups],
            "n_train": np.asarray(counts)[test.groups],
            "prediction": scores.argmax(axis=1),
            "score": (ordered[:, -1] - ordered[:, -2]).astype(np.float16).astype(np.float32),
        },
        columns=tidy.ANSWERS,
    )


def predictions_table(results: Iterable) -> pd.DataFrame:
    """The rows of all results that predicted anything."""
    found = [result.answers for result in results if result.answers is not None]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=tidy.ANSWERS)
