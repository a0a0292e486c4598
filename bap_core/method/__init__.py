"""The paper's own method: composites, anchors (equation 2), alignment (equation 3), BAP."""

from bap_core.encoders.training import Schedule
from bap_core.method.additivity import additivity_scores, k_ablation
from bap_core.method.alignment import Contexts, Pretrained
from bap_core.method.anchors import compute_anchors, draw_backgrounds, sweep_anchors
from bap_core.method.bap import pretrain_bap
from bap_core.method.compositing import Compositor
from bap_core.method.pasting import object_alone

__all__ = [
    "Compositor",
    "Contexts",
    "Pretrained",
    "Schedule",
    "additivity_scores",
    "compute_anchors",
    "draw_backgrounds",
    "k_ablation",
    "object_alone",
    "pretrain_bap",
    "sweep_anchors",
]
