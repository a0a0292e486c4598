"""How much an encoder looks at the background on one's own objects, and what an alignment changes
of that.
"""

from bap_core.audit.before_and_after import Aligned, align, hold_out
from bap_core.audit.examine import Audit, examine
from bap_core.audit.grid import Grid, embed_grid
from bap_core.audit.resampling import Figure

__all__ = ["Aligned", "Audit", "Figure", "Grid", "align", "embed_grid", "examine", "hold_out"]
