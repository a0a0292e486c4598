"""Evaluation: what a method predicts, how good that is, and how a setting is chosen on validation
rows.
"""

from bap_core.evaluation.protocol import Method, Predictions, Result, evaluate, find_mistakes
from bap_core.evaluation.scoring import minority_groups, record, score, table
from bap_core.evaluation.selection import Choice, select

__all__ = [
    "Choice",
    "Method",
    "Predictions",
    "Result",
    "evaluate",
    "find_mistakes",
    "minority_groups",
    "record",
    "score",
    "select",
    "table",
]
