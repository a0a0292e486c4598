"""What linear probes on untouched encoders score on the micro world's labelled pictures.

Every probe is the paper's, with its rate and as many steps as it has on the data of its page; each
figure is a mean over `RUNS` runs.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bap_core import encoders, metrics, people
from bap_core.baselines.linear_probe import LinearProbe
from bap_core.data import LabelledPictures, coco, counteranimal, nico, places, waterbirds
from bap_core.data.places import SUBSTITUTES

RUNS = 3
PAIRS = ((10, 16), (81, 83))  # CounterAnimal's, by ImageNet index
VEHICLES = (("car", "truck"), ("car", "bus"), ("ship", "sailboat"), ("bicycle", "motorcycle"))
_PEOPLE = ("red-cloaked person", "blue-cloaked person")


def probe_figures(
    encoder: encoders.Encoder, root: str | Path, *, labeller: encoders.Encoder | None
) -> dict[str, float]:
    """Average and worst-group accuracy of every probe, as fractions. labeller: whose guesses are
    the labels of the people experiment; None leaves it out.
    """
    found = {}
    for correlation in (95, 100):
        birds = waterbirds(root, correlation=correlation)
        found |= _scores(f"probe_{correlation}", [_probe(encoder, birds, r) for r in range(RUNS)])
    if labeller is not None:
        persons = _persons(labeller, encoder.size, root)
        found |= _scores("probe_people", [_probe(encoder, persons, r) for r in range(RUNS)])
    for name, steps, runs in _photographs(root):
        scored = [
            _probe(encoder, scenes, r, steps=steps, lr=1e-4, batch_size=32)
            for r, scenes in enumerate(runs)
        ]
        found |= _scores(name, scored)
    return found


def _photographs(root: str | Path) -> Iterator[tuple[str, int, Sequence[LabelledPictures]]]:
    """Name, steps and runs: as many steps as the paper's 40 epochs have on its larger pair of
    birds, and on classes of 200 vehicles.
    """
    for pair, classes in enumerate(PAIRS, start=1):
        runs = [counteranimal(root, seed=r, classes=classes) for r in range(RUNS)]
        yield f"probe_pair_{pair}", 240, runs
    for classes in VEHICLES:
        runs = [nico(root, seed=r, classes=classes) for r in range(RUNS)]
        yield f"probe_{'_'.join(classes)}", 500, runs


def _persons(labeller: encoders.Encoder, size: int, root: str | Path) -> LabelledPictures:
    """The set of the people experiment at 95 %, of the size that the page has at micro scale."""
    everybody = people.label_objects(
        labeller, coco(root, categories=["person"], min_side=24), _PEOPLE
    )
    chosen = people.select(
        everybody, labels=_PEOPLE, n_train=200, n_test=240, bounds=(0.2, 1.0), seed=0
    )
    (composites,) = people.compose(
        chosen,
        places(root, categories=people.CATEGORIES, substitutes=SUBSTITUTES),
        size=size,
        labels=_PEOPLE,
        words=_PEOPLE,
        correlations=[95],
        n_val=20,
        seed=0,
    )
    return composites


def _probe(
    encoder: encoders.Encoder,
    scenes: LabelledPictures,
    seed: int,
    *,
    steps: int = 1140,
    lr: float = 5e-4,
    batch_size: int = 128,
) -> tuple[float, float]:
    """(average, worst group). steps: by default 30 epochs over Waterbirds' official train split."""
    n_train = len(scenes.select(split="train"))
    epochs = max(1, round(steps / -(-n_train // batch_size)))
    probe = LinearProbe(epochs=epochs, lr=lr, batch_size=batch_size)
    test = scenes.select(split="test")
    y, predicted = test.frame["label"].to_numpy(), probe.run(encoder, scenes, seed=seed).y_pred
    worst = metrics.worst_group_accuracy(y, predicted, test.groups, n_groups=4)
    return metrics.average_accuracy(y, predicted), worst


def _scores(name: str, runs: list[tuple[float, float]]) -> dict[str, float]:
    average, worst = np.mean(runs, axis=0)
    return {f"{name}_average": float(average), f"{name}_worst_group": float(worst)}
