"""Every object on every background, embedded once: what an audit measures on.

N objects, B backgrounds, C classes, D dimensions.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bap_core import sources, store
from bap_core.encoders import features, prompts
from bap_core.method.pasting import object_alone

_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Grid:
    """Embeddings of unit norm.

    z: (N, B, D), object i on background j. alone: (N, D), objects on grey. behind: (B, D),
    backgrounds alone. label: (N,) class numbers; classes: their C names in ordinary words. text:
    (C, D), of the names; None for an encoder that reads nothing.
    """

    z: Tensor
    alone: Tensor
    behind: Tensor
    label: np.ndarray
    classes: list[str]
    text: Tensor | None

    def right(self, answers: Tensor) -> np.ndarray:
        """Whether class numbers (N, ...) are those of the objects: bool (N, ...)."""
        truth = self.label.reshape(-1, *[1] * (answers.ndim - 1))
        return answers.numpy() == truth

    def scores(self, z: Tensor) -> Tensor:
        """Nearness of embeddings (N, ..., D) of the objects, in their order, to every class: (N,
        ..., C).

        To the class's text, or for an encoder without text to the mean of the class's objects on
        grey, of which the object itself is left out.
        """
        if self.text is not None:
            return z @ self.text.T
        member = F.one_hot(torch.from_numpy(self.label), len(self.classes)).float()
        total = member.T @ self.alone
        own = total[self.label] - self.alone
        near = z @ F.normalize(total, dim=-1).T
        to_own = torch.einsum("n...d,nd->n...", z, F.normalize(own, dim=-1))
        mask = member.bool().view(len(member), *[1] * (z.ndim - 2), -1).expand_as(near)
        return torch.where(mask, to_own[..., None], near)


def embed_grid(encoder, pool) -> Grid:
    """Embed all objects of a compositor on all of its backgrounds. Kept in the store."""
    pool = pool.at(encoder.size)
    n, b = len(pool.objects), len(pool.backgrounds)
    key = {"encoder": encoder.key, "pool": pool.fingerprint, "code": sources.code(__name__)}

    def make() -> dict[str, Tensor]:
        rows, columns = (part.ravel() for part in np.divmod(np.arange(n * b), b))
        chunks = np.array_split(np.arange(n * b), -(-n * b // _AT_ONCE))
        composites = (pool.batch(rows[chunk], columns[chunk]) for chunk in chunks)
        grey = (
            torch.stack([object_alone(pool.canvas(i)) for i in part])
            for part in np.array_split(np.arange(n), -(-n // _AT_ONCE))
        )
        return {
            "z": features.embed(encoder, composites, total=n * b, label="objects on backgrounds"),
            "alone": features.embed(encoder, grey, total=n, label="objects alone"),
        }

    kept = store.arrays("audit", key, make, tally=encoder.tally, pictures=n * b + n)
    label, classes = _classes(pool.objects)
    text = prompts.prototypes(encoder, classes) if encoder.has_text_encoder else None
    behind = features.extract(encoder, pool.backgrounds)
    return Grid(kept["z"].view(n, b, -1), kept["alone"], behind, label, classes, text)


def _classes(objects) -> tuple[np.ndarray, list[str]]:
    names = sorted(set(objects.frame["label"].map(str)))
    number = {name: place for place, name in enumerate(names)}
    label = np.array([number[str(name)] for name in objects.frame["label"]], dtype=np.int64)
    return label, [prompts.in_words(name) for name in names]
