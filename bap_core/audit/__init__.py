"""How much an encoder looks at the background on one's own objects, without changing it."""

from bap_core.audit.examine import Audit, examine
from bap_core.audit.grid import Grid, embed_grid
from bap_core.audit.resampling import Figure

__all__ = ["Audit", "Figure", "Grid", "embed_grid", "examine"]
