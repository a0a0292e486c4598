"""RoboShot (paper M.2): zero-shot classification after text has said which directions mislead and
which matter.

With Q_s, Q_h orthonormal bases of the harmful and the helpful difference vectors, every embedding x
becomes::

    reject   x <- normalise((I - Q_s Q_s^T) x)
    accept   x <- normalise((I + Q_h Q_h^T) x)

in this order; the second step doubles what x has of the helpful directions. It is what the original
does vector by vector. Afterwards x may again have a part along Q_s, unless the two spans are
orthogonal: that is the original, too. A helpful direction parallel to the difference of two
prototypes cannot change a decision between the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from bap_core.baselines import checks
from bap_core.baselines.scores import Scores
from bap_core.baselines.subspace import basis
from bap_core.encoders.features import extract_split
from bap_core.encoders.prompts import prototypes
from bap_core.evaluation.protocol import Predictions


@dataclass(frozen=True)
class RoboShot(Scores):
    """prototypes: (C, D), unit norm, from `prompts.prototypes`. Nothing is fitted.

    harmful: (P, D) difference vectors to reject, from `concept_vectors`; helpful: (P', D) to accept
    afterwards, None to reject only.
    """

    prototypes: Tensor
    harmful: Tensor
    helpful: Tensor | None = None

    def run(self, encoder, scenes, *, seed: int) -> Predictions:
        """On the test features; nothing is drawn at random, so every seed gives the same."""
        return Predictions(self.decision_function(extract_split(encoder, scenes, "test")))

    def transform(self, X: Tensor) -> Tensor:
        """X: (N, D) unit-norm image embeddings -> (N, D) edited ones, unit norm, in the same
        number format.
        """
        X = checks.fitting(X, width=self.prototypes.shape[1])
        harmful = self._basis("harmful").to(X)
        if harmful.shape[1] == X.shape[1]:
            raise ValueError(
                f"the harmful vectors span all {X.shape[1]} dimensions: nothing would "
                "be left to classify"
            )
        X = F.normalize(X - X @ harmful @ harmful.T, dim=1)
        if self.helpful is None:
            return X
        helpful = self._basis("helpful").to(X)
        return F.normalize(X + X @ helpful @ helpful.T, dim=1)

    def decision_function(self, X: Tensor) -> np.ndarray:
        """X: (N, D) unit-norm image embeddings -> (N, C) cosines of the edited ones."""
        return (self.transform(X) @ self.prototypes.to(X).T).cpu().numpy()

    def _basis(self, name: str) -> Tensor:
        vectors = checks.fitting(
            getattr(self, name), width=self.prototypes.shape[1], what=f"{name} vectors"
        )
        if not vectors.any(dim=1).all():
            raise ValueError(
                f"{name} vectors: {int((~vectors.any(dim=1)).sum())} of "
                f"{len(vectors)} are zero; the two "
                "prompts of a pair must differ"
            )
        return basis(vectors)


def concept_vectors(
    encoder, pairs: Sequence[tuple[str, str]], *, templates: Sequence[str] = ("{}",)
) -> Tensor:
    """Difference t(a) - t(b) of the text embeddings of every pair of prompts (a, b): (P, D)
    float32.

    templates: one means one prompt per concept, as in the original; more are averaged as for class
    prototypes. The embeddings are unit norm, those of the original are not. ValueError for no pair,
    or one that does not differ.
    """
    if not pairs:
        raise ValueError(
            "no pair of prompts: give at least one, such as ('water background', 'land background')"
        )
    if same := [pair for pair in pairs if len(pair) != 2 or pair[0] == pair[1]]:
        raise ValueError(f"{same[0]!r} is not a pair of two different prompts")
    first, second = (prototypes(encoder, side, templates=templates) for side in zip(*pairs))
    return first - second
