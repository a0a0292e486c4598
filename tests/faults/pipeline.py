"""One small run through every stage that keeps something: prints, as JSON, for each stage the name
and the values of what it kept.

Run as ``python pipeline.py FOLDER`` with the package to be tried on the path; FOLDER holds the
pictures, which are painted there by the first run.
"""

import hashlib
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import small
from PIL import Image

from bap_core import store
from bap_core.baselines.autoencoders import train_autoencoder
from bap_core.baselines.control import pretrain_control
from bap_core.baselines.lp_ft import tune_lp_ft
from bap_core.baselines.mask_learning import learn_masks
from bap_core.baselines.prusc import tune_prusc
from bap_core.data import Backgrounds, Objects
from bap_core.encoders import features
from bap_core.method import Compositor, Contexts, additivity_scores, compute_anchors, pretrain_bap
from bap_core.people.labels import embed_alone
from bap_core.studies import background_swap_bsi


def paint(folder: Path, *, n_objects: int = 4, n_backgrounds: int = 5) -> None:
    """Objects with masks, and backgrounds, of 40 x 40 pixels of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    for i in range(n_objects + n_backgrounds):
        pixels = draw.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    mask = np.zeros((40, 40), np.uint8)
    mask[8:30, 10:32] = 255
    Image.fromarray(mask).save(folder / "mask.png")


def pool(folder: Path, *, n_objects: int = 4, n_backgrounds: int = 5, **choices) -> Compositor:
    """What `paint` painted. choices: further ones of `Compositor`."""
    nothing = dict.fromkeys(("segmentation", "x", "y", "width", "height"), np.nan)
    images = [f"{i}.png" for i in range(n_objects)]
    labels = [str(i % 2) for i in range(n_objects)]
    frame = pd.DataFrame(
        {"image": images, "mask": "mask.png", "label": labels, "super_class": "toy", **nothing}
    )
    behind = [f"{n_objects + j}.png" for j in range(n_backgrounds)]
    grounds = pd.DataFrame({"image": behind, "category": "noise"})
    listings = Objects("toys", folder, frame), Backgrounds("grounds", folder, grounds)
    return Compositor(*listings, **{"size": 32, "seed": 0, **choices})


class Stages:
    """What was kept so far: stage -> name and values."""

    def __init__(self):
        self.found: dict[str, list[str]] = {}
        arrays = store.arrays

        def noting(kind, parts, make, **choices):
            kept = arrays(kind, parts, make, **choices)
            values = hashlib.sha256()
            for name in sorted(kept):
                values.update(name.encode() + kept[name].numpy().tobytes())
            stage = f"{kind} of {parts.get('method', 'all')}"
            self.found.setdefault(stage, []).append(f"{store.key(**parts)} {values.hexdigest()}")
            return kept

        store.arrays = noting


def run(folder: Path) -> dict[str, list[str]]:
    """Every stage once; stage -> "name values" of all that it kept, in order."""
    stages = Stages()
    if not (folder / "mask.png").exists():
        paint(folder)
    scenes = small.painted(folder / "scenes", train=(5, 3, 3, 5))
    encoder, compositor = small.encoder("transformer"), pool(folder)
    features.extract(encoder, scenes)
    compute_anchors(encoder, compositor, k=3, seed=0)
    additivity_scores(encoder, compositor, n=6, seed=0)
    background_swap_bsi(encoder, compositor, pairs=2, seed=0)
    embed_alone(encoder, compositor.objects)
    contexts = Contexts(m=2, epochs=2, batch_size=4, seed=0)
    pretrain_bap(encoder, compositor, contexts=contexts, k=3, lr=1e-3)
    pretrain_control(encoder, compositor, [0, 1, 0, 1], contexts=contexts, lr=1e-3)
    train_autoencoder(encoder, compositor, n=20, seed=0, steps=3, batch_size=8, expansion=2)
    recipe = {"epochs": 1, "batch_size": 8, "lr": 1e-3}
    tuned = tune_lp_ft(encoder, scenes, seed=0, probe_epochs=1, **recipe)
    masks = learn_masks(
        tuned, scenes, seed=0, clusters=2, ratio=1.0, epochs=2, lr=0.2, batch_size=8
    )
    tune_prusc(tuned, scenes, masks, seed=0, **recipe)
    return stages.found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(run(Path(sys.argv[1]))))
