"""What an aligned encoder still knows of scenes (paper appendix J, Table 16): zero-shot accuracy,
class by class, and what the others are taken for.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bap_core.data.listings import Backgrounds, Scenes
from bap_core.encoders.prompts import in_words
from bap_core.evaluation.protocol import Result
from bap_core.tidy import COLUMNS


def scene_task(backgrounds: Backgrounds) -> Scenes:
    """Background pictures as a zero-shot task: every picture is a test picture, its label is its
    category in ordinary words, and there is one background, so a group is a class.
    """
    number, categories = pd.factorize(backgrounds.frame["category"], sort=True)
    frame = backgrounds.frame.assign(label=number, background=0, split="test", group=number)
    return Scenes(
        backgrounds.name,
        backgrounds.root,
        frame,
        tuple(in_words(category) for category in categories),
        ("a picture",),
        origin=backgrounds.origin,
    )


def class_accuracies(results: Iterable[Result], labels: tuple[str, ...]) -> pd.DataFrame:
    """A tidy row ``class_accuracy`` for every class and run, whatever the background; the group is
    the class.

    labels: of the task that all ``results`` are of. Runs that were left out have no row.
    """
    rows = []
    for result in results:
        if (said := result.answers) is None:
            continue
        names, truth = said[COLUMNS[:4]].iloc[0].tolist(), said["label"].to_numpy()
        right = said["prediction"].to_numpy() == truth
        for number in np.unique(truth):
            hits = right[truth == number]
            of_class = (labels[number], "class_accuracy", float(hits.mean()), len(hits))
            rows.append((*names, "test", *of_class))
    return pd.DataFrame(rows, columns=COLUMNS)


def confusions(result: Result, labels: tuple[str, ...]) -> pd.DataFrame:
    """Per class, in the order of ``labels``: its share of right answers, the wrong answer given
    most often and its share, and how many answers of the whole task are this class.

    Columns: ``right``, ``taken_for`` ("" if none is wrong), ``share``, ``answers``. ValueError for
    a method that was left out.
    """
    if result.answers is None:
        raise ValueError("the method was left out, so it confused nothing")
    truth, said = (result.answers[name].to_numpy() for name in ("label", "prediction"))
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (truth, said), 1)
    of_class = np.maximum(1, counts.sum(axis=1))
    wrong = counts - np.diag(np.diag(counts))
    return pd.DataFrame(
        {
            "right": np.diag(counts) / of_class,
            "taken_for": [labels[c] if row[c] else "" for c, row in zip(wrong.argmax(1), wrong)],
            "share": wrong.max(axis=1) / of_class,
            "answers": counts.sum(axis=0),
        },
        index=pd.Index(labels, name="class"),
    )
