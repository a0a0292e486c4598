"""Where the time of a table goes: every method of one run of the Waterbirds page, in an empty
store.

    python -m benchmarks.methods [--encoder micro-clip]

Each line: seconds, share of the whole, and pictures through the encoder. The settings are those
that the page has at micro scale, at both correlations. What is asked for first pays for what others
share: the first probe for the features of the untouched encoder, LP-FT for WiSE-FT and PruSC.
"""

import argparse
import time
from collections.abc import Callable

from bap_core import data, encoders, micro, runtime
from bap_core.baselines import (
    average_wise_ft,
    learn_masks,
    pretrain_control,
    tune_lp_ft,
    tune_prusc,
)
from bap_core.evaluation import protocol, scoring
from bap_core.method.alignment import Contexts
from bap_core.method.bap import pretrain_bap
from bap_core.method.compositing import Compositor
from bap_core.runner import execute, parameters, run
from benchmarks.ratios import empty_store


class Clock:
    """Times one step after the other; counts what an encoder, and the students made of it,
    encode meanwhile.
    """

    def __init__(self, encoder):
        self._encoder, self.rows = encoder, []

    def __call__(self, name: str, work: Callable):
        """What ``work()`` returns; its time and pictures are noted under ``name``."""
        encoded, start = self._encoder.tally.encoded, time.perf_counter()
        found = work()
        self.rows.append((name, time.perf_counter() - start, self._encoder.tally.encoded - encoded))
        return found

    def show(self) -> None:
        """A line per step, and the share of the probes, AFR and DFR together."""
        total = sum(seconds for _, seconds, _ in self.rows)
        for name, seconds, pictures in self.rows:
            print(f"{name:28s} {seconds:7.2f} s  {seconds / total:6.1%}  {pictures:7,} pictures")
        heads = sum(seconds for name, seconds, _ in self.rows if name in ("probes", "AFR", "DFR"))
        print(f"{'all':28s} {total:7.2f} s;  probes, AFR and DFR together {heads / total:.1%}")


def main() -> None:
    """Parse, run every method once, print where the time went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="micro-clip")
    encoder = encoders.load(parser.parse_args().encoder)
    page = run.find(["03_waterbirds"])[0]
    known = parameters.read(execute.read_notebook(page).cells, where=page.stem)
    choice = {name: parameter.default for name, parameter in known.items()}
    root, clock = micro.resolve(choice["data_root"]), Clock(encoder)
    sets = [data.waterbirds(root, correlation=correlation) for correlation in (95, 100)]
    with empty_store():
        tested = _pretrained(clock, encoder, root, choice)
        _features(clock, encoder, tested, sets, choice)
        _weights(clock, encoder, sets, choice)
    clock.show()


def _pretrained(clock: Clock, encoder, root, choice: dict) -> dict:
    """Both pre-trainings and DIAL's autoencoder on the page's pool; the page's three encoders by
    name, and the coder.
    """
    birds = data.cub(root, exclude=data.evaluation_paths(root))
    birds = birds.sample(min(choice["n_objects"], len(birds)), rng=runtime.rng(0, "birds"))
    grounds = data.places(root)
    grounds = grounds.sample(
        min(choice["n_backgrounds"], len(grounds)), rng=runtime.rng(0, "backgrounds")
    )
    pool, labels = (
        Compositor(birds, grounds, size=encoder.size, seed=0).check(),
        data.bird_labels(root, birds.frame["path"]),
    )
    contexts = Contexts(
        len(birds),
        len(grounds),
        m=choice["m"],
        epochs=choice["epochs"],
        batch_size=choice["batch_size"],
        seed=0,
    )
    bap = clock(
        "BAP, anchors and alignment",
        lambda: pretrain_bap(encoder, pool, contexts=contexts, k=choice["k"], lr=choice["lr"]),
    )
    control = clock(
        "control",
        lambda: pretrain_control(
            encoder, pool, labels, contexts=contexts, lr=choice["lr"], head_lr=choice["head_lr"]
        ),
    )
    coder = clock(
        "DIAL's autoencoder",
        lambda: protocol.autoencoder(
            encoder, pool, n=choice["sae_pictures"], seed=0, steps=choice["sae_steps"]
        ),
    )
    return {"Native": encoder, "Control": control.encoder, "BAP": bap.encoder, "coder": coder[0]}


def _features(clock: Clock, encoder, tested: dict, sets: list, choice: dict) -> None:
    coder = tested.pop("coder")
    clock(
        "features of three encoders",
        lambda: [scoring.features(one, sets[0], "test") for one in tested.values()],
    )
    words = clock(
        "prompts", lambda: protocol.text_embeddings(encoder, sets[0].labels, sets[0].backgrounds)
    )
    clock(
        "Native (ZS), RoboShot, DIAL",
        lambda: [
            protocol.without_training(encoder, scenes, words, coder, seed=0) for scenes in sets
        ],
    )
    clock(
        "probes",
        lambda: [
            protocol.probed(tested, scenes, seed=0, epochs=choice["probe_epochs"])
            for scenes in sets
        ],
    )
    for name, method in {"AFR": scoring.afr, "DFR": scoring.dfr}.items():
        clock(
            name,
            lambda method=method, name=name: [
                method(encoder, scenes, method=name, seed=0) for scenes in sets
            ],
        )


def _weights(clock: Clock, encoder, sets: list, choice: dict) -> None:
    recipe = {
        "epochs": choice["ft_epochs"],
        "lr": choice["lr"],
        "head_lr": choice["ft_head_lr"],
        "batch_size": choice["batch_size"],
    }
    masking = {
        "ratio": choice["mask_ratio"],
        "epochs": choice["mask_epochs"],
        "lr": choice["mask_lr"],
    }
    words = protocol.text_embeddings(encoder, sets[0].labels, sets[0].backgrounds)
    scored = lambda name, fitted: [  # noqa: E731
        scoring.tuned(one, scenes, method=name, seed=0) for one, scenes in zip(fitted, sets)
    ]
    tuned = clock(
        "LP-FT",
        lambda: [
            tune_lp_ft(encoder, scenes, seed=0, probe_epochs=choice["ft_probe_epochs"], **recipe)
            for scenes in sets
        ],
    )
    clock("LP-FT, test pictures", lambda: scored("LP-FT", tuned))
    averaged = clock(
        "WiSE-FT", lambda: [average_wise_ft(encoder, one, words.prototypes) for one in tuned]
    )
    clock("WiSE-FT, test pictures", lambda: scored("WiSE-FT", averaged))
    masks = clock(
        "PruSC, masks",
        lambda: [learn_masks(one, scenes, seed=0, **masking) for one, scenes in zip(tuned, sets)],
    )
    pruned = clock(
        "PruSC, tuning",
        lambda: [
            tune_prusc(one, scenes, found, seed=0, **recipe)
            for one, scenes, found in zip(tuned, sets, masks)
        ],
    )
    clock("PruSC, test pictures", lambda: scored("PruSC", pruned))


if __name__ == "__main__":
    main()
