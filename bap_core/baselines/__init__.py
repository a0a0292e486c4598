"""The methods that BAP is compared with (M.2, M.3.1), one file each.

Weights, features or text may go in; each is a `protocol.Method`: ``run(encoder, scenes, seed=...)``
gives predictions for the test pictures, and one scorer serves all.
"""

from bap_core.baselines.afr import AFR, TunedAFR
from bap_core.baselines.autoencoders import train_autoencoder
from bap_core.baselines.comparison import compared_methods
from bap_core.baselines.control import pretrain_control
from bap_core.baselines.dfr import DFR
from bap_core.baselines.dial import DIAL, attribute_texts
from bap_core.baselines.linear_probe import LinearProbe
from bap_core.baselines.lp_ft import LPFT, tune_lp_ft
from bap_core.baselines.msae import MSAE
from bap_core.baselines.prusc import PruSC, learn_masks, tune_prusc
from bap_core.baselines.roboshot import RoboShot, concept_vectors
from bap_core.baselines.texts import TextEmbeddings, embed_texts
from bap_core.baselines.wise_ft import WiSEFT, average_wise_ft
from bap_core.baselines.zero_shot import ZeroShot

__all__ = [
    "AFR",
    "DFR",
    "DIAL",
    "LPFT",
    "MSAE",
    "LinearProbe",
    "PruSC",
    "RoboShot",
    "TextEmbeddings",
    "TunedAFR",
    "WiSEFT",
    "ZeroShot",
    "attribute_texts",
    "average_wise_ft",
    "compared_methods",
    "concept_vectors",
    "embed_texts",
    "learn_masks",
    "pretrain_control",
    "train_autoencoder",
    "tune_lp_ft",
    "tune_prusc",
]
