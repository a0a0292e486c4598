"""One file per method. Weights, features or text may go in; (N,) predictions come out, and one scorer serves all."""

from bap_core.methods.bap import pretrain_bap
from bap_core.methods.control import pretrain_control
from bap_core.methods.dial import DIAL, attribute_texts
from bap_core.methods.linear_probe import LinearProbe
from bap_core.methods.msae import MSAE
from bap_core.methods.roboshot import RoboShot, concept_vectors
from bap_core.methods.zero_shot import ZeroShot

__all__ = ["DIAL", "MSAE", "LinearProbe", "RoboShot", "ZeroShot", "attribute_texts", "concept_vectors", "pretrain_bap",
           "pretrain_control"]
