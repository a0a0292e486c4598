"""Directions in embedding space: the check of what comes in, and an orthonormal basis of what directions span."""

import numpy as np
import scipy.linalg
import torch
from torch import Tensor


def checked(X: Tensor, *, dim: int, what: str = "embeddings") -> Tensor:
    """``X`` if it is (N, dim), N >= 1, and finite throughout; ValueError that names ``what`` it is otherwise."""
    if X.ndim != 2 or X.shape[1] != dim or not len(X):
        raise ValueError(f"{what} {tuple(X.shape)} must be (N, {dim}), N >= 1")
    if not torch.isfinite(X).all():
        raise ValueError(f"{int((~torch.isfinite(X)).any(dim=1).sum())} of {len(X)} rows of the {what} are not finite")
    return X


def basis(vectors: Tensor, *, tolerance: float = 1e-6) -> Tensor:
    """Orthonormal columns that span the rows of ``vectors``: (P, D) -> (D, R), in the same number format.

    R <= min(P, D): a direction whose length in the QR decomposition is below ``tolerance`` of the longest is dropped.
    The columns are pivoted, because plain QR invents a direction for a vector that depends on earlier ones and then
    takes it out of the later ones too.
    """
    if not len(vectors):
        return vectors.T
    q, r, _ = scipy.linalg.qr(vectors.double().cpu().numpy().T, mode="economic", pivoting=True)
    length = np.abs(np.diagonal(r))
    return torch.from_numpy(q[:, length > tolerance * length.max()]).to(vectors)
