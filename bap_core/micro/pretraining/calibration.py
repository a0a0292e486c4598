"""What untouched encoders score on the micro world: the only figures that its difficulty was set
by.

Each stands beside a native row of the paper, where it prints one. Nothing in here trains or reads
an aligned encoder.
"""

from pathlib import Path

import torch

from bap_core import encoders, metrics, runtime
from bap_core.baselines.zero_shot import ZeroShot
from bap_core.data import coco, counteranimal, cub, places, waterbirds
from bap_core.data.listings import Scenes
from bap_core.encoders import features, prompts
from bap_core.method.compositing import Compositor
from bap_core.method.pasting import canvas, object_alone
from bap_core.micro.drawing import kinds
from bap_core.micro.drawing.birds import SPECIES
from bap_core.micro.drawing.figures import FIGURES
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.pretraining.native_probes import PAIRS, probe_figures
from bap_core.micro.world import rng

LABELLER = "micro-clip-large"  # larger than the encoders that page 4 tests


def native_figures(
    encoder: str | encoders.Encoder,
    root: str | Path,
    *,
    labeller: str | encoders.Encoder | None = LABELLER,
) -> dict[str, float]:
    """Native figures of an encoder (or its name) on the rendered world ``root``; fractions, rounded
    to four digits.

    A name is loaded in float32, so that every machine gets the figures of the card. labeller: whose
    guesses are the labels of the people experiment; None leaves its probe out.
    """
    encoder = _loaded(encoder)
    found = {"additivity": additivity(encoder, root)}
    if encoder.has_text_encoder:
        found |= {
            "scenes": scenes(encoder, root),
            "species": species(encoder, root),
            "vehicles": vehicles(encoder, root),
            "figures": figures(encoder),
        }
        found |= _zero_shot(encoder, waterbirds(root, correlation=95), "zero_shot")
        for pair, classes in enumerate(PAIRS, start=1):
            found |= _zero_shot(
                encoder, counteranimal(root, seed=0, classes=classes), f"pair_{pair}"
            )
    found |= probe_figures(encoder, root, labeller=None if labeller is None else _loaded(labeller))
    return {name: round(float(value), 4) for name, value in found.items()}


def _loaded(encoder: str | encoders.Encoder) -> encoders.Encoder:
    return encoders.load(encoder, dtype=torch.float32) if isinstance(encoder, str) else encoder


def additivity(encoder: encoders.Encoder, root: str | Path, *, n: int = 1000) -> float:
    """Equation 1, mean over ``n`` pairs: object on grey 128, background alone, and the object
    pasted on it.
    """
    objects, scenery = cub(root), places(root)
    draw = runtime.rng(0, "calibration", "additivity")
    pairs = draw.integers((len(objects), len(scenery)), size=(n, 2))
    compositor = Compositor(objects, scenery, size=encoder.size, seed=0)
    alone = torch.stack([torch.as_tensor(compositor.canvas(i)) for i in pairs[:, 0]])
    behind = torch.stack([torch.as_tensor(compositor.background(j)) for j in pairs[:, 1]])
    both = compositor.batch(pairs[:, 0], pairs[:, 1])
    a, b, ab = (encoder.encode_images(x) for x in (object_alone(alone), behind, both))
    return metrics.additivity(a.numpy(), b.numpy(), ab.numpy()).mean()


def scenes(encoder: encoders.Encoder, root: str | Path) -> float:
    """Zero-shot accuracy over the forty categories on the Places validation pictures."""
    pictures = places(root, part="val")
    names = sorted(backgrounds.CATEGORIES)
    truth = [names.index(category) for category in pictures.frame["category"]]
    return _named(encoder, pictures, [backgrounds.words(name) for name in names], truth)


def species(encoder: encoders.Encoder, root: str | Path) -> float:
    """Zero-shot accuracy over the species on CUB's test photographs."""
    birds = cub(root)
    test = birds.frame[birds.frame["split"] == "test"].reset_index(drop=True)
    numbers = [kind.number for kind in SPECIES]
    truth = [numbers.index(number) for number in test["class_id"]]
    frame = test.assign(label=truth, background=0, group=0)
    names = tuple(kind.words for kind in SPECIES)
    return _named(
        encoder,
        Scenes("cub-test", birds.root, frame, names, ("anywhere",), origin="micro"),
        names,
        truth,
    )


def vehicles(encoder: encoders.Encoder, root: str | Path) -> float:
    """Zero-shot accuracy over COCO's vehicle classes that captions name (not "boat"), cut out
    and on grey.
    """
    named = [kind.coco for kind in kinds.TAUGHT if kind.coco == kind.name]
    objects = coco(root, categories=named)
    truth = [named.index(label) for label in objects.frame["label"]]
    return _on_grey(encoder, [objects.cutout(i) for i in range(len(objects))], named, truth)


def figures(encoder: encoders.Encoder, *, n: int = 200) -> float:
    """Zero-shot accuracy over the two kinds of figure, ``n`` of each, cut out and on grey."""
    drawn = [
        kinds.draw(kind, rng("calibration", kind.name, i), length=96)
        for kind in FIGURES
        for i in range(n)
    ]
    return _on_grey(encoder, drawn, [kinds.sorts(kind)[0] for kind in FIGURES], [0] * n + [1] * n)


def _on_grey(encoder: encoders.Encoder, cutouts, names, truth) -> float:
    alone = object_alone(
        torch.stack([canvas(cutout, size=encoder.size, scale=0.75) for cutout in cutouts])
    )
    predicted = ZeroShot(prompts.prototypes(encoder, names)).predict(encoder.encode_images(alone))
    return metrics.average_accuracy(truth, predicted)


def _named(encoder: encoders.Encoder, pictures, names, truth) -> float:
    predicted = ZeroShot(prompts.prototypes(encoder, names)).predict(
        features.extract(encoder, pictures)
    )
    return metrics.average_accuracy(truth, predicted)


def _zero_shot(encoder: encoders.Encoder, pictures: Scenes, name: str) -> dict[str, float]:
    test = pictures.select(split="test")
    predicted = ZeroShot(prompts.prototypes(encoder, test.labels)).predict(
        features.extract(encoder, test)
    )
    return _scores(name, test, predicted)


def _scores(name: str, test: Scenes, predicted) -> dict[str, float]:
    y, group = test.frame["label"].to_numpy(), test.frame["group"].to_numpy()
    return {
        f"{name}_average": metrics.average_accuracy(y, predicted),
        f"{name}_worst_group": metrics.worst_group_accuracy(y, predicted, group, n_groups=4),
    }
