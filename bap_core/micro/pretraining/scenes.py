"""The captioned scenes that a recipe trains on, kept in the store."""

from dataclasses import asdict
from functools import partial

import numpy as np
import torch
from torch import Tensor

from bap_core import store
from bap_core.micro.pretraining.captions import captioned
from bap_core.micro.pretraining.recipes import Recipe
from bap_core.micro.world import VERSION, in_parallel


def captioned_scenes(recipe: Recipe) -> tuple[Tensor, list[str], Tensor]:
    """Pictures (N, 3, S, S) uint8, N captions, and what each scene shows.

    The last are positions in `kinds.KINDS`, (N,) int64, -1 for an empty scene.
    """

    def make() -> dict[str, Tensor]:
        draw = partial(captioned, seed=recipe.seed, mix=recipe.mix, size=recipe.size)
        pictures, captions, shown = zip(
            *in_parallel(draw, list(range(recipe.scenes)), label="captioned scenes")
        )
        text = "\n".join(captions).encode()
        return {
            "pictures": torch.from_numpy(np.stack(pictures)),
            "shown": torch.tensor(shown),
            "captions": torch.frombuffer(bytearray(text), dtype=torch.uint8),
        }

    parts = {
        "version": VERSION,
        "seed": recipe.seed,
        "scenes": recipe.scenes,
        "mix": asdict(recipe.mix),
        "size": recipe.size,
    }
    found = store.arrays("micro-scenes", parts, make)
    return (
        found["pictures"],
        found["captions"].numpy().tobytes().decode().split("\n"),
        found["shown"],
    )
