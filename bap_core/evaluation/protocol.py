"""How a method is evaluated: it gets an encoder and labelled pictures, and gives predictions.

Methods agree on what they give, not on what they read: text, features, or pictures that they train
on. What a method needs besides encoder and pictures stands in its own fields, so that one call
serves all of them and one scorer reads what comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from bap_core import runtime
from bap_core.encoders import Encoder
from bap_core.evaluation import predictions, scoring


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a method says of the test pictures.

    scores: of the test rows, (N, C), the highest for the class that is predicted; None where the
    method was left out for ``reason``. notes: numbers about the run that deserve a row of their
    own.
    """

    scores: np.ndarray | None
    notes: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def y_pred(self) -> np.ndarray | None:
        """Class numbers of the test rows, (N,) int64; None where the method was left out."""
        return None if self.scores is None else self.scores.argmax(axis=1)


class Method(Protocol):
    """What can be evaluated. Reading test labels is no method's business."""

    def run(self, encoder, scenes, *, seed: int) -> Predictions:
        """Learn from the training and validation rows of ``scenes``, if at all; predict the test
        rows. ``encoder`` is not changed.
        """
        ...


@dataclass(frozen=True, eq=False)
class Result:
    """What one method did on one set of scenes in one run.

    frame: its rows of `tidy.COLUMNS`. answers: what it said of every test picture, as
    `predictions.answers` has it; None where the method was left out.
    """

    frame: pd.DataFrame
    answers: pd.DataFrame | None

    @property
    def y_pred(self) -> np.ndarray | None:
        """Class numbers of the test rows, (N,) int64; None where the method was left out."""
        return None if self.answers is None else self.answers["prediction"].to_numpy()


def evaluate(
    methods: Mapping[str, tuple[Encoder, Method]], sets: Sequence, *, seed: int
) -> list[Result]:
    """Every method on every set of labelled pictures, one run of each.

    methods: name on the tables -> (encoder, method). The frames name the encoder by its own name,
    which a student shares with its teacher.
    """
    results, total = [], len(methods) * len(sets)
    pairs = [(scenes, *item) for scenes in sets for item in methods.items()]
    for scenes, name, (encoder, method) in runtime.progress(pairs, total=total, label="methods"):
        made = method.run(encoder, scenes, seed=seed)
        names = {"encoder": encoder.name, "method": name, "seed": seed}
        if made.scores is None:
            results.append(Result(scoring.score_left_out(scenes, made.reason, **names), None))
            continue
        said = predictions.answers(scenes, made.scores, **names)
        results.append(Result(scoring.score_test(scenes, said, made.notes), said))
    return results


def find_mistakes(results: Sequence[Result], scenes, *, encoder: str, seed: int = 0):
    """Which test rows of ``scenes`` a run got wrong: (N, methods) bool frame, for the methods that
    predicted any. ValueError if there is no such run.
    """
    truth, columns = scenes.select(split="test").frame["label"].to_numpy(), {}
    for result in results:
        run, wanted = result.frame.iloc[0], (scenes.name, encoder, seed)
        if (run.dataset, run.encoder, run.seed) == wanted and result.y_pred is not None:
            columns[run.method] = result.y_pred != truth
    if not columns:
        raise ValueError(f"no result for {scenes.name} with {encoder} and seed {seed}")
    return pd.DataFrame(columns)
