"""One file per method. Weights, features or text may go in; (N,) predictions come out, and one
scorer serves all.
"""

from bap_core.baselines.afr import AFR
from bap_core.baselines.control import pretrain_control
from bap_core.baselines.dfr import DFR
from bap_core.baselines.dial import DIAL, attribute_texts
from bap_core.baselines.linear_probe import LinearProbe
from bap_core.baselines.lp_ft import tune_lp_ft
from bap_core.baselines.msae import MSAE
from bap_core.baselines.prusc import learn_masks, tune_prusc
from bap_core.baselines.roboshot import RoboShot, concept_vectors
from bap_core.baselines.wise_ft import average_wise_ft
from bap_core.baselines.zero_shot import ZeroShot

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
    "pretrain_control",
    "tune_lp_ft",
    "tune_prusc",
]
