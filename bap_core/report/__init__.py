"""What a page shows: banner, tables, figures, claims with verdicts, stamp. Reads tidy frames,
computes no metric. What the prose pages include is in `report.summary`, which needs a library that
is slow to import and that no notebook needs.
"""

from bap_core.report.anchor_slider import AnchorSlider
from bap_core.report.claims import judge
from bap_core.report.data_tables import (
    doubts,
    group_table,
    inventory,
    margin_table,
    selection,
    sides_table,
    words_table,
)
from bap_core.report.figures import additivity_histogram, before_and_after, dot_plot, k_curve
from bap_core.report.html import Notice, Table
from bap_core.report.idea_figure import idea
from bap_core.report.labels import label
from bap_core.report.map_figures import MapExplorer, map_grid
from bap_core.report.page import Page, open_page
from bap_core.report.picture_figures import contact_sheet, mask_sheet, mistakes, picture_grid
from bap_core.report.tables import group_accuracy_table, paper_table, results_table, side_by_side

__all__ = [
    "AnchorSlider",
    "MapExplorer",
    "Notice",
    "Page",
    "Table",
    "additivity_histogram",
    "before_and_after",
    "contact_sheet",
    "dot_plot",
    "doubts",
    "group_accuracy_table",
    "group_table",
    "idea",
    "inventory",
    "judge",
    "k_curve",
    "label",
    "map_grid",
    "margin_table",
    "mask_sheet",
    "mistakes",
    "open_page",
    "paper_table",
    "picture_grid",
    "results_table",
    "selection",
    "side_by_side",
    "sides_table",
    "words_table",
]
