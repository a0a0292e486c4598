"""The paper's own method: composites, anchors (equation 2), alignment (equation 3), and BAP,
which is both.
"""

from bap_core.method.bap import pretrain_bap

__all__ = ["pretrain_bap"]
