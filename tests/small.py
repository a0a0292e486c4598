"""Small things to fine-tune: painted pictures on disk, and encoders with the three kinds of
image tower.
"""

from pathlib import Path

import numpy as np
import open_clip
import pandas as pd
import torch
from PIL import Image

from bap_core.data import Scenes
from bap_core.encoders import Encoder
from bap_core.encoders.backends.from_transformers import SigLip
from bap_core.groups import group_id

COLOURS = np.array([[220, 60, 60], [60, 60, 220]])
WIDTHS = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 48,
}


def painted(
    folder: Path, *, train=(9, 3, 3, 9), val=(1, 1, 1, 1), test=(3, 3, 3, 3), name="painted"
) -> Scenes:
    """The left half of a picture is the colour of its class, the right half that of its background,
    with some noise.

    Counts are per group, in the order of `groups.group_id`; pictures are 40 x 32 pixels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw, rows = np.random.default_rng(0), []
    for split, counts in {"train": train, "val": val, "test": test}.items():
        rows += [
            {
                "image": f"{split}-{group}-{i}.png",
                "label": group // 2,
                "background": group % 2,
                "split": split,
            }
            for group, count in enumerate(counts)
            for i in range(count)
        ]
    frame = pd.DataFrame(rows)
    frame["group"] = group_id(frame["label"], frame["background"], n_backgrounds=2)
    for row in frame.itertuples():
        pixels = np.repeat(COLOURS[[row.label, row.background]][None], 20, axis=1) + draw.integers(
            -40, 36, (32, 40, 3)
        )
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / row.image)
    return Scenes(name, folder, frame, ("red", "blue"), ("red background", "blue background"))


def encoder(kind: str) -> Encoder:
    """A tower of a few thousand weights at 32 pixels: "transformer" or "convolutional" of
    open_clip, or "siglip".
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = {"transformer": _transformer, "convolutional": _convolutional, "siglip": _siglip}[
            kind
        ]()
    model.visual.preprocess_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
    return Encoder(f"tiny {kind}", "ViT-B-32", model, torch.device("cpu"), torch.float32, "random")


def _transformer():
    return _clip({"image_size": 32, "patch_size": 16, "width": 32, "layers": 2, "head_width": 16})


def _convolutional():
    model = _clip({"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64})
    for block in (
        model.visual.layer1,
        model.visual.layer2,
        model.visual.layer3,
        model.visual.layer4,
    ):
        # 0 before any training, which would hide the convolutions of the block
        torch.nn.init.ones_(block[0].bn3.weight)
    return model


def _clip(tower: dict) -> open_clip.CLIP:
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    return open_clip.CLIP(embed_dim=16, vision_cfg=tower, text_cfg=text)


def _siglip() -> SigLip:
    from transformers import SiglipConfig, SiglipModel

    vision, text = (
        {**WIDTHS, "patch_size": 8, "image_size": 32},
        {"vocab_size": 50, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2},
    )
    config = SiglipConfig(
        vision_config=vision, text_config={**WIDTHS, **text, "projection_size": 32}
    )
    return SigLip(SiglipModel(config), size=None, source="random")
