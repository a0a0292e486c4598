"""The architectures that are taken from transformers, in code, so that random weights need no
download: sizes as in the released configurations.
"""

from bap_core.encoders.backends.common import micro_config
from bap_core.encoders.backends.tokens import CONTEXT

# (vision width, depth, heads, hidden, patch, pixels), (text width, depth, heads, hidden)
SIGLIP = {
    "google/siglip2-base-patch16-224": ((768, 12, 12, 3072, 16, 224), (768, 12, 12, 3072)),
    "google/siglip2-large-patch16-256": ((1024, 24, 16, 4096, 16, 256), (1024, 24, 16, 4096)),
    "google/siglip2-so400m-patch14-224": ((1152, 27, 16, 4304, 14, 224), (1152, 27, 16, 4304)),
    "google/siglip2-giant-opt-patch16-256": ((1536, 40, 16, 6144, 16, 256), (1152, 27, 16, 4304)),
}
MAE = {"facebook/vit-mae-base": (768, 12, 12, 3072), "facebook/vit-mae-large": (1024, 24, 16, 4096)}
BERT = {"bert-base-uncased": (768, 12, 12, 3072)}
NAMES = (*SIGLIP, *MAE, *BERT)


def kind_of(name: str) -> str:
    """What the model ``name`` is: "siglip", "mae" or "bert"."""
    return "siglip" if name in SIGLIP else "mae" if name in MAE else "bert"


def configuration(name: str):
    """transformers' configuration of one of `NAMES` or of the micro BERT; KeyError for another."""
    from transformers import BertConfig, SiglipConfig, ViTMAEConfig

    if name in MAE:
        return ViTMAEConfig(**_sizes(*MAE[name]), mask_ratio=0.0)
    if micro := micro_config(name):
        return BertConfig(**micro["bert"])
    if name in BERT:
        return BertConfig(**_sizes(*BERT[name]))
    (*vision, patch, pixels), text = SIGLIP[name]
    return SiglipConfig(
        vision_config={**_sizes(*vision), "patch_size": patch, "image_size": pixels},
        text_config={
            **_sizes(*text),
            "vocab_size": 256000,
            "max_position_embeddings": CONTEXT,
            "projection_size": vision[0],
        },
    )


def _sizes(width: int, depth: int, heads: int, hidden: int) -> dict:
    return {
        "hidden_size": width,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "intermediate_size": hidden,
    }
