"""DIAL (paper M.2): take the directions of a spurious attribute out of the embeddings that it seems
to have misled.

e is an embedding, z its latents in a Matryoshka sparse autoencoder (`msae`), ehat its
reconstruction, f_j the unit decoder rows, t_a the text embedding of an attribute a::

    candidates  e deviates from the centre of its zero-shot class, and most of its k neighbours
                have another class
    S(j, a)     (mean of z_j where a is seen - mean where it is not) * cos(f_j, t_a)
    K           over all a, the shortest list of latents with the share alpha of sum_j |S(j, a)|
    K_f         K without those of least weight, softmax over K of beta cos(f_j, mean f)
    clean       ehat - lambda Q Q^T ehat for candidates, Q an orthonormal basis of f_j, j in K_f;
                e for the others

No label is used, and nothing is trained here. BAP gives alpha, lambda and k; the original's text
was not available for the rest, which is chosen here beforehand and listed among the ambiguities.
The weights are positive, so they do not change what the f_j span, and softmax keeps their order:
they act through the cut alone, and beta not at all.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core.baselines import checks
from bap_core.baselines.msae import MSAE
from bap_core.baselines.scores import Scores
from bap_core.baselines.subspace import basis
from bap_core.encoders.features import extract_split
from bap_core.encoders.prompts import prototypes
from bap_core.evaluation.protocol import Predictions
from bap_core.metrics import average_accuracy


@dataclass
class DIAL(Scores):
    """Estimator over (N, D) unit-norm embeddings, without labels, on the device of the autoencoder.

    sae: fitted, on other pictures than those that are evaluated. prototypes: (C, D), unit norm.
    present, absent: (A, D) text embeddings of the attributes and of their negations, from
    `attribute_texts`. percentile: of the weights, below which a latent of K is left out.

    Learns ``fitted_`` (N, D), the rows, ``classes_`` (N,), their zero-shot classes, and
    ``neighbours_``; ``centres_`` (C, D) and ``medians_`` (C,) of these classes; ``scores_`` (M, A);
    ``latents_``, the numbers in K_f; ``basis_`` (D, R). For the page: ``candidate_share_``;
    ``attribute_share_`` (A,), where the attribute is seen; ``head_cosine_`` (C - 1,), the cosine of
    Q Q^T (w_c - w_0) and w_c - w_0, that is how much of the classes' own difference lies in what is
    taken out.
    """

    sae: MSAE
    prototypes: Tensor
    present: Tensor
    absent: Tensor
    alpha: float = 0.65
    lam: float = 0.9
    k: int = 10
    beta: float = 10.0
    percentile: float = 10.0

    def run(self, encoder, scenes, *, seed: int) -> Predictions:
        """Fitted on the test features, without labels; every seed gives the same.

        Notes: the share of candidates, the number of latents taken out, how much of the classes'
        own difference lies in them (a cosine), and the average accuracy if candidates are
        reconstructed and nothing is taken out.
        """
        X = extract_split(encoder, scenes, "test")
        fitted = replace(self).fit(X)
        y = scenes.select(split="test").frame["label"]
        notes = {
            "candidates": fitted.candidate_share_,
            "latents": float(len(fitted.latents_)),
            "head_cosine": float(fitted.head_cosine_.mean()),
            "reconstruction_accuracy": average_accuracy(y, fitted.predict(X, lam=0.0)),
        }
        return Predictions(fitted.decision_function(X), notes)

    def fit(self, X: Tensor) -> "DIAL":
        """X: (N, D), N > k: the pictures that are to be classified. An attribute that splits
        nothing warns.
        """
        from sklearn.neighbors import NearestNeighbors  # slow to import

        self.fitted_ = X = self._door(X)
        self.classes_ = y = self._nearest_class(X)
        self.neighbours_ = NearestNeighbors(n_neighbors=self.k + 1, metric="cosine").fit(
            X.cpu().numpy()
        )
        self.centres_ = torch.stack([X[y == c].mean(dim=0) for c in range(len(self.prototypes))])
        own = self._to_centres(X).gather(1, y[:, None])[:, 0]
        self.medians_ = torch.stack(
            [
                own[y == c].quantile(0.5) if (y == c).any() else own.new_tensor(-torch.inf)
                for c in range(len(self.prototypes))
            ]
        )
        self.candidate_share_ = float(self.candidates(X).float().mean())
        self._score(X)
        directions = self.sae.autoencoder_.decoder
        self.latents_ = central(
            directions,
            leading(self.scores_, self.alpha),
            beta=self.beta,
            percentile=self.percentile,
        )
        self.basis_ = basis(directions[self.latents_])
        apart = (self.prototypes[1:] - self.prototypes[0]).to(X)
        self.head_cosine_ = (apart @ self.basis_).norm(dim=1) / apart.norm(dim=1)
        return self

    def candidates(self, X: Tensor) -> Tensor:
        """Which rows are cleaned: (N, D) -> (N,) bool.

        A row deviates if it is farther in angle from the centre of its zero-shot class than half of
        that class, or nearer to another centre. Neighbours are the k nearest fitted rows, the row
        itself not among them.
        """
        y, cosine = self._nearest_class(X), self._to_centres(X)
        deviates = (cosine.gather(1, y[:, None])[:, 0] < self.medians_[y]) | (
            cosine.argmax(dim=1) != y
        )
        others = (self.classes_[self._nearest_rows(X)] != y[:, None]).sum(dim=1)
        return deviates & (others > self.k / 2)

    def clean(self, X: Tensor, *, lam: float | None = None) -> Tensor:
        """Reconstructions of (N, D) embeddings without the share ``lam`` of their part along
        ``basis_``.
        """
        found = self.sae.decode(self.sae.encode(X))
        return found - (self.lam if lam is None else lam) * found @ self.basis_ @ self.basis_.T

    def transform(self, X: Tensor, *, lam: float | None = None) -> Tensor:
        """(N, D) -> (N, D): candidates cleaned, all other rows as they are. lam: another one than
        the fitted.

        lam=0 only puts reconstructions in the candidates' place: what the autoencoder costs.
        """
        X = checks.fitting(X, width=self.prototypes.shape[1])
        rows = self.candidates(X)
        edited = X.clone()
        if rows.any():
            edited[rows] = self.clean(X[rows], lam=lam)
        return edited

    def decision_function(self, X: Tensor, *, lam: float | None = None) -> np.ndarray:
        """(N, D) unit-norm image embeddings -> (N, C), edited as by `transform`."""
        X = self.transform(X, lam=lam)
        return (X @ self.prototypes.to(X).T).cpu().numpy()

    def _door(self, X: Tensor) -> Tensor:
        if not (0 < self.alpha <= 1 and 0 <= self.lam <= 1 and 0 <= self.percentile < 100):
            raise ValueError(
                f"alpha={self.alpha} in (0, 1], lam={self.lam} in [0, 1] and "
                f"percentile={self.percentile} in [0, 100) are needed"
            )
        dim = self.prototypes.shape[1]
        for name in ("present", "absent"):
            checks.fitting(getattr(self, name), width=dim, what=f"texts of attributes {name}")
        if self.present.shape != self.absent.shape:
            raise ValueError(
                f"{len(self.present)} attributes present, {len(self.absent)} absent: "
                "give a text for each"
            )
        taken = self.sae.autoencoder_.decoder.shape[1]
        if taken != dim:
            raise ValueError(f"the autoencoder takes {taken} dimensions, the prototypes {dim}")
        if not 1 <= self.k < len(X):
            raise ValueError(f"k={self.k} neighbours among {len(X)} embeddings")
        return checks.fitting(X, width=dim)

    def _nearest_class(self, X: Tensor) -> Tensor:
        return (X @ self.prototypes.to(X).T).argmax(dim=1)

    def _to_centres(self, X: Tensor) -> Tensor:
        """Cosines with the centres: (N, C); a class that nobody is in is infinitely far."""
        return (F.normalize(X, dim=1) @ F.normalize(self.centres_, dim=1).T).nan_to_num(
            nan=-torch.inf
        )

    def _nearest_rows(self, X: Tensor) -> Tensor:
        """(N, k) numbers of fitted rows, the row itself left out; it need not come first, as
        others may be as near.
        """
        found = torch.from_numpy(
            self.neighbours_.kneighbors(X.cpu().numpy(), return_distance=False)
        ).to(X.device)
        same = (self.fitted_[found] == X[:, None]).all(dim=2)
        left_out = torch.where(same.any(dim=1), same.int().argmax(dim=1), self.k)
        kept = torch.arange(self.k + 1, device=X.device) != left_out[:, None]
        return found[kept].view(-1, self.k)

    def _score(self, X: Tensor) -> None:
        """``scores_`` and ``attribute_share_``: what each latent says of each attribute, on
        reconstructions.
        """
        Z = self.sae.encode(X)
        seen = self.sae.decode(Z) @ (self.present - self.absent).to(X).T > 0
        self.attribute_share_ = seen.float().mean(dim=0)
        splits = seen.any(dim=0) & ~seen.all(dim=0)
        if not splits.all():
            never = torch.nonzero(~splits).ravel().tolist()
            warnings.warn(
                f"attributes {never} of {len(splits)} are seen in all pictures or in none: they "
                "point at no latent. Try other words.",
                stacklevel=3,
            )
        gap = torch.stack([Z[s].mean(dim=0) - Z[~s].mean(dim=0) for s in seen.T], dim=1).nan_to_num(
            nan=0.0
        )
        texts = F.normalize(self.present.to(X), dim=1)
        self.scores_ = gap * (self.sae.autoencoder_.decoder @ texts.T)


def attribute_texts(
    encoder,
    attributes: Sequence[str],
    *,
    present: str = "a photo of a {}",
    absent: str = "a photo without a {}",
) -> tuple[Tensor, Tensor]:
    """Text embeddings of the attributes and of their negations, each (A, D), unit norm."""
    seen, unseen = (prototypes(encoder, attributes, templates=[t]) for t in (present, absent))
    return seen, unseen


def leading(scores: Tensor, alpha: float) -> Tensor:
    """Row numbers, ascending: of each column of (M, A), the shortest list with the share
    ``alpha`` of its absolute scores.
    """
    size, order = scores.double().abs().sort(dim=0, descending=True, stable=True)
    # from here to the end; summed from the small side, so that none is lost
    rest = size.flip(0).cumsum(dim=0).flip(0)
    return order[rest > (1 - alpha) * rest[0]].unique()


def central(directions: Tensor, latents: Tensor, *, beta: float, percentile: float) -> Tensor:
    """``latents`` without those whose weight, softmax of beta cos(f_j, mean f), is below the
    percentile.
    """
    if not len(latents):
        return latents
    rows = directions[latents].double()
    weight = F.softmax(beta * F.cosine_similarity(rows, rows.mean(dim=0, keepdim=True)), dim=0)
    return latents[weight >= weight.quantile(percentile / 100)]
