"""ERM LP-FT (paper M.3.1, Kumar et al. 2022): probe the frozen encoder first, then fine-tune
everything from there.

A random head would distort good features in the first steps of fine-tuning; a probe's head does so
less. The probe is LP-FT's own, five epochs at 1e-3, and not the thirty of "ERM LP".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bap_core import sources
from bap_core.baselines import checks
from bap_core.baselines.fine_tuning import Head, Recipe, Tuned, fine_tune, training_part, tune_once
from bap_core.baselines.linear_probe import LinearProbe
from bap_core.encoders import Encoder
from bap_core.encoders.features import extract_split
from bap_core.evaluation.protocol import Predictions


@dataclass(frozen=True)
class LPFT:
    """LP-FT as a method, and what WiSE-FT and PruSC start from. recipe: choices of
    `fine_tuning.Recipe`; probe_epochs, probe_lr: of the probe before it.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    probe_epochs: int = 5
    probe_lr: float = 1e-3

    def run(self, encoder: Encoder, scenes, *, seed: int) -> Predictions:
        """The tuned encoder with its own head; only test pictures are encoded."""
        tuned = self.tune(encoder, scenes, seed=seed)
        return Predictions(tuned.decision_function(scenes.select(split="test")))

    def tune(self, encoder: Encoder, scenes, *, seed: int) -> Tuned:
        """`tune_lp_ft` with this recipe."""
        probe = {"probe_epochs": self.probe_epochs, "probe_lr": self.probe_lr}
        return tune_lp_ft(encoder, scenes, seed=seed, **probe, **self.recipe)


def tune_lp_ft(
    encoder: Encoder, scenes, *, seed: int, probe_epochs: int = 5, probe_lr: float = 1e-3, **recipe
) -> Tuned:
    """Encoder and head tuned on the training split of ``scenes``; kept in the store, ``encoder`` is
    not touched.

    recipe: `fine_tuning.Recipe`'s choices; its batch size, weight decay and features are the
    probe's too. The last epoch is what counts: validation pictures are not looked at. ValueError if
    a class has no training picture.
    """
    recipe, train = Recipe(**recipe), training_part(scenes)

    def tune(student, checkpoint):
        head = probe_head(
            encoder,
            scenes,
            seed=seed,
            epochs=probe_epochs,
            lr=probe_lr,
            batch_size=recipe.batch_size,
            weight_decay=recipe.weight_decay,
            features=recipe.features,
        )
        return fine_tune(
            student, head, train, recipe=recipe, seed=seed, label="LP-FT", checkpoint=checkpoint
        )

    return tune_once(
        encoder,
        train,
        method="LP-FT",
        recipe=recipe,
        seed=seed,
        tune=tune,
        settings={
            "probe_epochs": probe_epochs,
            "probe_lr": probe_lr,
            "code": sources.code(__name__),
        },
    )


def probe_head(encoder: Encoder, scenes, *, seed: int, **settings) -> Head:
    """Stage 1: the head of a linear probe on the frozen features of the training split. settings:
    `LinearProbe`'s.

    Features of all splits are asked for, as the other methods on the untouched encoder do, so all
    share one encoding.
    """
    probe, y = LinearProbe(**settings), scenes.select(split="train").frame["label"]
    X = extract_split(encoder, scenes, "train", unit=checks.is_unit(probe.features))
    probe.fit(X, y, seed=seed)
    return Head(probe.coef_, probe.intercept_)
