"""Zero-shot classification (paper M.3.1, J.1): the class whose text prototype is nearest in
angle.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from bap_core.baselines import checks
from bap_core.baselines.scores import Scores
from bap_core.encoders.features import extract_split
from bap_core.evaluation.protocol import Predictions


@dataclass(frozen=True)
class ZeroShot(Scores):
    """prototypes: (C, D), unit norm, from `prompts.prototypes`. Nothing is fitted."""

    prototypes: Tensor

    def run(self, encoder, scenes, *, seed: int) -> Predictions:
        """On the test features; nothing is drawn at random, so every seed gives the same."""
        return Predictions(self.decision_function(extract_split(encoder, scenes, "test")))

    def decision_function(self, X: Tensor) -> np.ndarray:
        """X: (N, D) unit-norm image embeddings -> (N, C) cosines."""
        X = checks.fitting(X, width=self.prototypes.shape[1])
        return (X @ self.prototypes.T).numpy()
