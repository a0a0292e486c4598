"""The paper's studies of its own method: what its appendices take away, vary, or look into."""

from bap_core.studies.backbones import range_over
from bap_core.studies.background_swap import background_swap_bsi
from bap_core.studies.embedding_space import (
    embed_alone,
    embed_composites,
    flat_map,
    scene_categories,
    sensitivity,
    separation,
)
from bap_core.studies.looking_inside import SIDES, changed_sides, nearest_pictures
from bap_core.studies.masks import QUALITIES, with_masks
from bap_core.studies.progression import early_share, loss_rows
from bap_core.studies.scene_recognition import class_accuracies, confusions, scene_task
from bap_core.studies.targets import pretrain_to_targets, random_targets
from bap_core.studies.words import known_pairs, text_additivity, word_pairs

__all__ = [
    "QUALITIES",
    "SIDES",
    "background_swap_bsi",
    "changed_sides",
    "class_accuracies",
    "confusions",
    "early_share",
    "embed_alone",
    "embed_composites",
    "flat_map",
    "known_pairs",
    "loss_rows",
    "nearest_pictures",
    "pretrain_to_targets",
    "random_targets",
    "range_over",
    "scene_categories",
    "scene_task",
    "sensitivity",
    "separation",
    "text_additivity",
    "with_masks",
    "word_pairs",
]
