"""The methods that the paper's tables compare (M.2, M.3.1), for one encoder and one run: each call
gives its rows.

Native zero-shot, RoboShot and DIAL read text and test pictures; probes, AFR and DFR read features
of a frozen encoder, which all of them share; LP-FT, WiSE-FT and PruSC train the encoder, and the
last two start from the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bap_core import metrics, runtime, store
from bap_core.baselines import (
    DIAL,
    MSAE,
    RoboShot,
    ZeroShot,
    attribute_texts,
    average_wise_ft,
    concept_vectors,
    learn_masks,
    tune_lp_ft,
    tune_prusc,
)
from bap_core.baselines.msae import Autoencoder
from bap_core.encoders import features, prompts
from bap_core.evaluation import scoring
from bap_core.evaluation.scoring import Result

VERSION = 1  # part of the autoencoder's key: raise it when its results change


@dataclass(frozen=True, eq=False)
class TextEmbeddings:
    """What text says of a task, as embeddings of one encoder.

    prototypes: (C, D), one per class. harmful, helpful: (P, D), what RoboShot rejects and accepts.
    present, absent: (A, D), the attributes that DIAL removes, and their negations.
    """

    prototypes: Tensor
    harmful: Tensor
    helpful: Tensor
    present: Tensor
    absent: Tensor


def text_embeddings(
    encoder,
    names: Sequence[str],
    backgrounds: Sequence[str],
    *,
    templates: Sequence[str] = prompts.TEMPLATES,
) -> TextEmbeddings:
    """The texts of a task of two classes on two backgrounds (M.2): backgrounds mislead, class names
    help.

    names: the two classes as prompts call them; backgrounds: the two backgrounds. templates: of the
    class prototypes.
    """
    concepts = prompts.background_words(backgrounds)
    return TextEmbeddings(
        prompts.prototypes(encoder, names, templates=templates),
        concept_vectors(encoder, [concepts]),
        concept_vectors(encoder, [tuple(names)]),
        *attribute_texts(encoder, concepts),
    )


def autoencoder(
    encoder, compositor, *, n: int, seed: int, **settings
) -> tuple[MSAE, dict[str, float]]:
    """DIAL's autoencoder for one encoder, and its `MSAE.quality` on composites held out from it;
    kept in the store.

    Trained on ``n`` unlabelled composites of the pre-training pool, a fifth of them held out; no
    test picture is seen. settings: `MSAE`'s.
    """
    sae = MSAE(**settings)
    parts = {
        "encoder": encoder.fingerprint,
        "composites": compositor.fingerprint,
        "n": n,
        "seed": seed,
        "settings": vars(sae).copy(),
        "version": [VERSION, features.VERSION],
    }
    encoder.tally.need(store.key(**parts), n)

    def make() -> dict[str, Tensor]:
        X = features.embed(encoder, _composites(compositor, n, seed), total=n, label="composites")
        train, held_out = X[n // 5 :], X[: n // 5]
        sae.fit(train, seed=seed)
        return {
            "mean": sae.mean_,
            "scale": torch.tensor(sae.scale_),
            **vars(sae.coder_),
            **{
                f"quality.{name}": torch.tensor(value)
                for name, value in sae.quality(held_out).items()
            },
        }

    kept = store.arrays("autoencoders", parts, make)
    sae.mean_, sae.scale_ = kept.pop("mean"), kept.pop("scale").item()
    quality = {
        name.removeprefix("quality."): kept.pop(name).item()
        for name in list(kept)
        if name.startswith("quality.")
    }
    sae.coder_ = Autoencoder(**kept)
    return sae, quality


def without_training(
    encoder, scenes, words: TextEmbeddings, sae: MSAE, *, seed: int
) -> list[Result]:
    """Native zero-shot, RoboShot and DIAL. Nothing is drawn at random: another seed gives the same
    rows again.

    With DIAL's rows: the share of candidates, the number of latents taken out, how much of the
    classes' own difference lies in them (a cosine), and the average accuracy if candidates are
    reconstructed and nothing is taken out.
    """
    X, names = scoring.features(encoder, scenes, "test"), {"seed": seed}
    dial = DIAL(sae, words.prototypes, words.present, words.absent).fit(X)
    kept_all = metrics.average_accuracy(
        scenes.select(split="test").frame["label"], dial.predict(X, lam=0.0)
    )
    return [
        scoring.predicted(
            encoder, scenes, ZeroShot(words.prototypes), method="Native (ZS)", **names
        ),
        scoring.predicted(
            encoder,
            scenes,
            RoboShot(words.prototypes, words.harmful, words.helpful),
            method="RoboShot",
            **names,
        ),
        scoring.predicted(
            encoder,
            scenes,
            dial,
            method="DIAL",
            candidates=dial.candidate_share_,
            latents=float(len(dial.latents_)),
            head_cosine=float(dial.head_cosine_.mean()),
            reconstruction_accuracy=kept_all,
            **names,
        ),
    ]


def aligned(encoder, scenes, words: TextEmbeddings, *, seed: int) -> Result:
    """BAP zero-shot: the aligned encoder with the prototypes of the untouched one, whose text
    tower it shares.
    """
    return scoring.predicted(
        encoder, scenes, ZeroShot(words.prototypes), method="BAP (ZS)", seed=seed
    )


def probed(encoders: Mapping[str, object], scenes, *, seed: int, **settings) -> list[Result]:
    """A linear probe on each encoder: "Native", "Control" and "BAP" give the rows "Native (LP)" and
    so on.

    settings: `LinearProbe`'s.
    """
    return [
        scoring.probe(encoder, scenes, method=f"{name} (LP)", seed=seed, **settings)
        for name, encoder in encoders.items()
    ]


def reweighted(encoder, scenes, *, seed: int) -> list[Result]:
    """AFR and DFR on the frozen encoder; left out with a reason where training or validation lacks
    a group.

    Validation alone would do for DFR, and the set of persons has every group there at 100 % too
    (M.4.2). The paper's tables leave both out wherever training has no minority.
    """
    if absent := scoring.absent_groups(scenes, "train"):
        lacking = " and without ".join(absent)
        reason = f"left out as in the paper: {scenes.name} is trained without {lacking}"
        return [
            scoring.left_out(scenes, reason, encoder=encoder.name, method=name, seed=seed)
            for name in ("AFR", "DFR")
        ]
    return [
        scoring.afr(encoder, scenes, method="AFR", seed=seed),
        scoring.dfr(encoder, scenes, method="DFR", seed=seed),
    ]


def fine_tuned(
    encoder, scenes, words: TextEmbeddings, *, seed: int, recipe: Mapping, masks: Mapping
) -> list[Result]:
    """LP-FT, then WiSE-FT and PruSC from its result.

    recipe: choices of `tune_lp_ft`; PruSC's last phase takes those of `fine_tuning.Recipe`. masks:
    choices of `learn_masks`. With PruSC's rows: the share of weights kept, and of anchors that had
    nothing to be compared with.
    """
    start = tune_lp_ft(encoder, scenes, seed=seed, **recipe)
    averaged = average_wise_ft(encoder, start, words.prototypes)
    found = learn_masks(start, scenes, seed=seed, **masks)
    last = {name: value for name, value in recipe.items() if not name.startswith("probe_")}
    pruned = tune_prusc(start, scenes, found, seed=seed, **last)
    return [
        scoring.tuned(start, scenes, method="ERM (LP-FT)", seed=seed),
        scoring.tuned(averaged, scenes, method="WiSE-FT", seed=seed),
        scoring.tuned(
            pruned,
            scenes,
            method="PruSC",
            seed=seed,
            kept=found.share,
            skipped_anchors=found.skipped,
        ),
    ]


def _composites(compositor, n: int, seed: int, *, batch_size: int = 256) -> Iterator[Tensor]:
    """Batches of random pairs of object and background."""
    sizes = len(compositor.objects), len(compositor.backgrounds)
    pairs = runtime.rng(seed, "autoencoder").integers(sizes, size=(n, 2))
    for start in range(0, n, batch_size):
        yield compositor.batch(*pairs[start : start + batch_size].T)
