"""Linear probe (paper M.3.1, "ERM LP"): one linear layer on frozen features, class-weighted
cross-entropy.

    w_c = n / (C n_c)        30 epochs of AdamW at 5e-4

The probe is far from converged by design: a fixed number of small steps goes the further, the
longer the features are, and with those of unit norm it keeps close to its start. A converged solver
is another method.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core import runtime
from bap_core.baselines import checks
from bap_core.baselines.scores import Scores
from bap_core.encoders.features import extract_split
from bap_core.evaluation.protocol import Predictions


@dataclass
class LinearProbe(Scores):
    """Estimator over (N, D) features. Learns ``coef_`` (C, D), ``intercept_`` (C,) and
    ``class_weight_`` (C,). As a method, ``features`` says whether it reads them as they leave the
    tower ("raw"), or brought to unit norm ("unit"); the paper does not say. ValueError for another
    word.
    """

    epochs: int = 30
    lr: float = 5e-4
    weight_decay: float = 0.01
    batch_size: int = 128
    features: str = "raw"

    def __post_init__(self):
        checks.is_unit(self.features)

    def run(self, encoder, scenes, *, seed: int) -> Predictions:
        """Fitted on the features of the training rows, on a copy of this estimator."""
        y = scenes.select(split="train").frame["label"]
        unit = checks.is_unit(self.features)
        X = {s: extract_split(encoder, scenes, s, unit=unit) for s in ("train", "test")}
        fitted = replace(self).fit(X["train"], y, seed=seed)
        return Predictions(fitted.decision_function(X["test"]))

    def fit(self, X: Tensor, y, *, seed: int) -> "LinearProbe":
        """X: (N, D) float32; y: (N,) int in 0..C-1, every class present. The seed draws the
        start and the order.
        """
        X, y = checks.labelled(X, y)
        n_classes = len(checks.class_counts(y))
        self.class_weight_ = checks.class_weights(y, n_classes=n_classes)
        draw = runtime.generator(seed, "probe")
        bound = X.shape[1] ** -0.5  # torch.nn.Linear's own start, from our generator
        weight = (
            torch.empty(n_classes, X.shape[1])
            .uniform_(-bound, bound, generator=draw)
            .requires_grad_()
        )
        bias = torch.empty(n_classes).uniform_(-bound, bound, generator=draw).requires_grad_()
        optimiser = torch.optim.AdamW([weight, bias], lr=self.lr, weight_decay=self.weight_decay)
        for _ in range(self.epochs):
            for rows in torch.randperm(len(y), generator=draw).split(self.batch_size):
                loss = F.cross_entropy(
                    F.linear(X[rows], weight, bias), y[rows], weight=self.class_weight_
                )
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
        self.coef_, self.intercept_ = weight.detach(), bias.detach()
        return self

    def decision_function(self, X: Tensor) -> np.ndarray:
        """X: (N, D) -> (N, C) logits."""
        X = checks.fitting(X, width=self.coef_.shape[1])
        return F.linear(X, self.coef_, self.intercept_).numpy()
