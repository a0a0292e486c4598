"""What every classifier gives of a picture: a score for each class, the highest of which it
predicts.
"""

import numpy as np


class Scores:
    """A classifier by its ``decision_function``, as scikit-learn calls it."""

    def decision_function(self, X, **choices) -> np.ndarray:
        """What is to be classified, N rows of it -> (N, C) scores, in units of its own."""
        raise NotImplementedError

    def predict(self, X, **choices) -> np.ndarray:
        """(N,) int64, the class with the highest score; of equals the first."""
        return self.decision_function(X, **choices).argmax(axis=1)
