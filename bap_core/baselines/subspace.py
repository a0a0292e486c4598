"""Directions in embedding space: an orthonormal basis of what they span."""

from typing import cast

import numpy as np
import scipy.linalg
import torch
from torch import Tensor


def basis(vectors: Tensor, *, tolerance: float = 1e-6) -> Tensor:
    """Orthonormal columns that span the rows of ``vectors``: (P, D) -> (D, R), in the same number
    format.

    R <= min(P, D): a direction whose length in the QR decomposition is below ``tolerance`` of the
    longest is dropped. The columns are pivoted, because plain QR invents a direction for a vector
    that depends on earlier ones and then takes it out of the later ones too.
    """
    if not len(vectors):
        return vectors.T
    columns = vectors.double().cpu().numpy().T
    q, r, _ = cast(tuple, scipy.linalg.qr(columns, mode="economic", pivoting=True))
    length = np.abs(np.diagonal(r))
    return torch.from_numpy(q[:, length > tolerance * length.max()]).to(vectors)
