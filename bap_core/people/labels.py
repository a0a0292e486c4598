"""Labels by zero-shot classification (paper, appendix L.1 and L.2): one of two words for every
object, and how surely.

    C = softmax(s cos(z, t_1), s cos(z, t_2)),    M = C_1 - C_2        (equation 8)

z is the embedding of the object alone on grey 128, filling the picture; t_c the prototype of class
c over a few prompts; s the scale that the encoder was trained with. With s = 1 the two confidences
hardly differ, whatever the picture.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from bap_core import sources, store
from bap_core.data.images import EmptyMask, UnreadablePicture
from bap_core.data.listings import Objects
from bap_core.encoders import features
from bap_core.encoders.prompts import prototypes
from bap_core.method import pasting

TEMPLATES = ("a photo of a {}", "a portrait of a {}")  # the two that appendix L.2 quotes


def label_objects(
    encoder,
    objects: Objects,
    names: Sequence[str],
    *,
    templates: Sequence[str] = TEMPLATES,
    logit_scale: float | None = None,
) -> Objects:
    """``objects`` with ``names[0]`` or ``names[1]`` as label, and the column margin: M in [-1, 1],
    above 0 for the first.

    names: two words that fit into the templates. logit_scale: s; None for the encoder's own.
    Objects that cannot be cut out are left out and counted in ``skipped``. Other names or templates
    encode no picture again. ValueError for anything but two names, or if the encoder has no scale
    of its own and none is given.
    """
    if len(names) != 2 or names[0] == names[1]:
        raise ValueError(f"names={list(names)}: two different ones are needed")
    rows, z = embed_alone(encoder, objects)
    scale = _own_scale(encoder) if logit_scale is None else logit_scale
    margin = compute_margins(z, prototypes(encoder, names, templates=templates), logit_scale=scale)
    kept = objects.take(rows)
    return replace(
        kept,
        frame=kept.frame.assign(label=np.where(margin > 0, *names), margin=margin),
        skipped={**objects.skipped, "cannot be cut out": len(objects) - len(kept)},
    )


def compute_margins(z: Tensor, text: Tensor, *, logit_scale: float) -> np.ndarray:
    """Equation 8. z: (N, D), text: (2, D), both unit norm -> (N,) float64 in [-1, 1]; they add
    up to 0 over swapped text.
    """
    confidence = torch.softmax(logit_scale * z.double() @ text.double().T, dim=1)
    return (confidence[:, 0] - confidence[:, 1]).numpy()


def embed_alone(encoder, objects: Objects, *, batch_size: int = 256) -> tuple[np.ndarray, Tensor]:
    """Embeddings of the objects alone: row numbers (U,) int64 of those that can be cut out, and (U,
    D). Kept in the store.

    The longest side is the encoder's input, the rest grey 128 (L.1). ValueError if no object can be
    cut out.
    """
    parts = {
        "encoder": encoder.key,
        "objects": objects.fingerprint,
        "batch_size": batch_size,
        "code": sources.code(__name__),
    }

    def make() -> dict[str, Tensor]:
        usable = []  # filled while the pictures are read
        z = features.embed(
            encoder,
            _alone(objects, encoder.size, batch_size, usable),
            total=len(objects),
            label="objects alone",
        )
        return {"rows": torch.tensor(usable), "features": z}

    kept = store.arrays(
        "isolated", parts, make, tally=encoder.tally, pictures=lambda made: len(made["rows"])
    )
    return kept["rows"].numpy(), kept["features"]


def _alone(objects: Objects, size: int, batch_size: int, usable: list[int]) -> Iterator[Tensor]:
    """Batches of uint8 (B, 3, S, S); ``usable`` gets the numbers of the objects in them."""

    def read(i: int) -> Tensor | None:
        try:
            return pasting.object_alone(pasting.canvas(objects.cutout(i), size=size, scale=1.0))
        except (EmptyMask, UnreadablePicture):
            return None

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        for start in range(0, len(objects), batch_size):
            rows = range(start, min(start + batch_size, len(objects)))
            made = [
                (i, picture)
                for i, picture in zip(rows, pool.map(read, rows))
                if picture is not None
            ]
            usable += [i for i, _ in made]
            if made:
                yield torch.stack([picture for _, picture in made])
    if not usable:
        raise ValueError(
            f"{objects.name}: none of the {len(objects)} objects can be cut out; look "
            "at their masks"
        )


def _own_scale(encoder) -> float:
    if encoder.logit_scale is None:
        raise ValueError(
            f"{encoder.name} has no trained logit scale; give one, as in logit_scale=100.0 (CLIP's)"
        )
    return encoder.logit_scale
