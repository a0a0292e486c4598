"""PruSC (paper M.2): learn which weights to cut so that clusters of look-alikes break up, cut them,
tune what is left.

    m = [pi + noise >= 0]        one logit pi per weight; logistic noise: P(m = 1) = sigmoid(pi)
    L = CE + alpha mean sigmoid(pi) + beta L_con        L_con as in `contrast`

The gradient passes the mask as if it were sigmoid(pi + noise). Four phases: the
LP-FT result; k-means of its features, and a small balanced set across the clusters; the masks
(`learn_masks`); fine-tuning under them (`tune_prusc`). Group labels are not used. The released code
is incomplete and its contrastive term has no gradient: this follows the formulas.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bap_core import sources
from bap_core.baselines.fine_tuning import (
    Recipe,
    Tuned,
    fine_tune,
    fingerprint,
    training_part,
    tune_once,
)
from bap_core.baselines.lp_ft import LPFT
from bap_core.baselines.mask_learning import Masks, learn_masks
from bap_core.baselines.weight_masks import apply_masks, fold_masks, prunable
from bap_core.encoders import Encoder
from bap_core.evaluation.protocol import Predictions


@dataclass(frozen=True)
class PruSC:
    """PruSC as a method. start: what it prunes; masks: choices of `learn_masks`; the last phase
    takes the start's recipe.
    """

    start: LPFT
    masks: Mapping[str, Any] = field(default_factory=dict)

    def run(self, encoder: Encoder, scenes, *, seed: int) -> Predictions:
        """Notes: the share of weights kept, and of anchors that had nothing to compare with."""
        tuned = self.start.tune(encoder, scenes, seed=seed)
        found = learn_masks(tuned, scenes, seed=seed, **self.masks)
        pruned = tune_prusc(tuned, scenes, found, seed=seed, **self.start.recipe)
        notes = {"kept": found.share, "skipped_anchors": found.skipped}
        return Predictions(pruned.decision_function(scenes.select(split="test")), notes)


def tune_prusc(tuned: Tuned, scenes, masks: Masks, *, seed: int, **recipe) -> Tuned:
    """The last phase: ``tuned`` without what ``masks`` cut, fine-tuned as LP-FT was; kept in the
    store.

    recipe: `fine_tuning.Recipe`'s choices. Weights that were cut are exactly 0 in the result.
    ValueError if the masks belong to another tower.
    """
    recipe, train = Recipe(**recipe), training_part(scenes)
    if masks.tensors.keys() != prunable(tuned.encoder.image_tower).keys():
        raise ValueError(f"{tuned.encoder.name}: the masks were learnt on another tower")

    def tune(student, checkpoint):
        apply_masks(student.image_tower, masks.tensors)
        result = fine_tune(
            student,
            tuned.head,
            train,
            recipe=recipe,
            seed=seed,
            label="PruSC",
            checkpoint=checkpoint,
        )
        fold_masks(student.image_tower)
        return result

    return tune_once(
        tuned.encoder,
        train,
        method="PruSC",
        recipe=recipe,
        seed=seed,
        tune=tune,
        settings={
            "head": tuned.head.fingerprint,
            "masks": fingerprint(masks.tensors),
            "code": sources.code(__name__),
        },
    )
