"""How each encoder that ships with the package is pre-trained: its towers, what it learns from, and
the numbers.

They stand for the rows of the paper's encoder tables: two losses (Table 2), a convolutional tower
(Tables 5 and 8), two more sizes (Table 10), two more pre-trainings of one architecture (Table 11:
other scenes, another start), for Table 1 two that never read a word, and for Table 7 two that never
see a picture.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bap_core.micro.pretraining.captions import Mix

_SIDE = 48
_TEXT = {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}


@dataclass(frozen=True)
class Recipe:
    """One pre-training.

    config: open_clip's model configuration, or for a tower without words ``timm`` (its model) and
    its arguments. loss: on captions "softmax" or "sigmoid", as CLIP and SigLIP; "classes" learns
    what a scene shows; "views" brings two crops of one scene together (SimCLR); "skip-gram" and
    "masked-words" learn from the captions alone, as Word2Vec and BERT. seed: of the scenes, the
    first weights and the order.
    """

    config: dict
    loss: str
    scenes: int = 28_000
    epochs: int = 7
    batch_size: int = 128
    lr: float = 1.5e-3
    weight_decay: float = 0.1
    mix: Mix = Mix()
    seed: int = 0

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""
        return _SIDE

    @property
    def steps(self) -> int:
        """Optimiser steps; a last batch that is not full is left out."""
        return self.epochs * (self.scenes // self.batch_size)


def _vit(*, patch: int = 8, width: int = 96, layers: int = 4) -> dict:
    return {
        "image_size": _SIDE,
        "patch_size": patch,
        "width": width,
        "layers": layers,
        "head_width": 32,
    }


def _clip(vision: dict, **more) -> dict:
    return {"embed_dim": 96, "vision_cfg": vision, "text_cfg": _TEXT, **more}


# The same tower as micro-clip's, in timm's terms.
_WORDLESS = {
    "timm": "vit_tiny_patch16_224",
    "img_size": _SIDE,
    "patch_size": 8,
    "embed_dim": 96,
    "depth": 4,
    "num_heads": 3,
    "pretrained_cfg_overlay": {"input_size": [3, _SIDE, _SIDE]},
}
_CONVNEXT = {
    "image_size": _SIDE,
    "timm_model_name": "convnext_zepto_rms",
    "timm_model_pretrained": False,
    "timm_pool": "",
    "timm_proj": "linear",
}

RECIPES = {
    "micro-clip": Recipe(_clip(_vit()), "softmax"),
    "micro-siglip": Recipe(
        _clip(_vit(), init_logit_scale=math.log(10), init_logit_bias=-10.0),
        "sigmoid",
        mix=Mix(loyalty=0.80),
    ),
    "micro-clip-convnext": Recipe(_clip(_CONVNEXT), "softmax", mix=Mix(loyalty=0.80)),
    "micro-clip-small": Recipe(_clip(_vit(patch=12, width=64, layers=3)), "softmax"),
    "micro-clip-large": Recipe(_clip(_vit(width=128)), "softmax"),
    "micro-clip-second": Recipe(_clip(_vit()), "softmax", seed=1),
    "micro-clip-third": Recipe(_clip(_vit()), "softmax", seed=2),
    "micro-supervised": Recipe(_WORDLESS, "classes"),
    "micro-simclr": Recipe(_WORDLESS, "views"),
}

# The same scenes' captions, without the pictures. BERT has the size of micro-clip's text tower.
READERS = {
    "micro-word2vec": Recipe(
        {"words": {"vector_size": 32, "window": 5, "negative": 5, "min_count": 5}},
        "skip-gram",
        epochs=20,
        batch_size=1,
        lr=0.025,  # Word2Vec's own, as the numbers above but for the width
        weight_decay=0.0,
    ),
    "micro-bert": Recipe(
        {
            "bert": {
                "vocab_size": 49409,  # the tokenizer's, and one for what is masked
                "hidden_size": 32,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "intermediate_size": 128,
                "max_position_embeddings": 24,
                "pad_token_id": 0,
            }
        },
        "masked-words",
        epochs=20,
    ),
}


def find_recipe(name: str, among: Mapping[str, Recipe]) -> Recipe:
    """The recipe called ``name``. ValueError with the names that there are."""
    if name not in among:
        raise ValueError(f"no recipe for {name!r}; there are {', '.join(among)}")
    return among[name]
