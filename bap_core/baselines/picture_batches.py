"""Training pictures as batches, for the methods that train an encoder on labelled pictures."""

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from bap_core import runtime


class PictureBatches:
    """Training pictures as `training.Batches`: every epoch each picture once, in random order, each
    mirrored or not; fitted to the square as `features.extract` fits them, read by a few threads.

    An epoch's draw depends on the seed and its number alone, so an interrupted run resumes to the
    same numbers. pictures: N labelled ones; size: side S in pixels.
    """

    divided = False

    def __init__(
        self, pictures, size: int, *, epochs: int, batch_size: int, seed: int, flips: bool = True
    ):
        for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
            if value < 1:
                raise ValueError(f"{name}={value} must be at least 1")
        self.epochs, self._batch_size, self._seed, self._flips = epochs, batch_size, seed, flips
        self._pictures, self._size = pictures, size
        self._pool = ThreadPoolExecutor(min(os.cpu_count() or 1, 16))

    @property
    def steps(self) -> int:
        """Batches in all; the last one of an epoch may be smaller."""
        return self.epochs * math.ceil(len(self._pictures) / self._batch_size)

    def rows(self, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches of (picture numbers, mirrored or not) of one epoch: (B,) int64 and (B,) bool."""
        n = len(self._pictures)
        order = runtime.rng(self._seed, "pictures", number).permutation(n)
        mirrored = runtime.rng(self._seed, "flips", number).random(n) < 0.5 * self._flips
        for start in range(0, n, self._batch_size):
            rows = order[start : start + self._batch_size]
            yield rows, mirrored[rows]

    def epoch(self, number: int, first: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Picture numbers (B,) and pictures, uint8 (B, 3, S, S) on the CPU, of one epoch from the
        batch ``first`` on.
        """
        for rows, mirrored in islice(self.rows(number), first, None):
            yield torch.from_numpy(rows), self._read(rows, mirrored)

    def _read(self, rows: np.ndarray, mirrored: np.ndarray) -> Tensor:
        found = self._pool.map(lambda i: self._pictures.square(i, self._size), rows.tolist())
        turned = zip(found, mirrored.tolist())
        return torch.from_numpy(np.stack([one[..., ::-1] if turn else one for one, turn in turned]))
