"""Evaluation: what a method predicts, how good that is, and how a setting is chosen on validation
rows.
"""

from bap_core.evaluation.predictions import predictions_table
from bap_core.evaluation.protocol import Method, Predictions, Result, evaluate, find_mistakes
from bap_core.evaluation.scoring import count_in_bins, minority_groups, record, score, table
from bap_core.evaluation.selection import Choice, select

__all__ = [
    "Choice",
    "Method",
    "Predictions",
    "Result",
    "count_in_bins",
    "evaluate",
    "find_mistakes",
    "minority_groups",
    "predictions_table",
    "record",
    "score",
    "select",
    "table",
]
