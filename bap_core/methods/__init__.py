"""One file per method. Weights, features or text may go in; (N,) predictions come out, and one
scorer serves all.
"""

from bap_core.methods.afr import AFR
from bap_core.methods.bap import pretrain_bap
from bap_core.methods.control import pretrain_control
from bap_core.methods.dfr import DFR
from bap_core.methods.dial import DIAL, attribute_texts
from bap_core.methods.linear_probe import LinearProbe
from bap_core.methods.lp_ft import tune_lp_ft
from bap_core.methods.msae import MSAE
from bap_core.methods.prusc import learn_masks, tune_prusc
from bap_core.methods.roboshot import RoboShot, concept_vectors
from bap_core.methods.wise_ft import average_wise_ft
from bap_core.methods.zero_shot import ZeroShot

__all__ = [
    "AFR",
    "DFR",
    "DIAL",
    "MSAE",
    "LinearProbe",
    "RoboShot",
    "ZeroShot",
    "attribute_texts",
    "average_wise_ft",
    "concept_vectors",
    "learn_masks",
    "pretrain_bap",
    "pretrain_control",
    "tune_lp_ft",
    "tune_prusc",
]
