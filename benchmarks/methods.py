"""Where the time of a table goes: every method of one run of the Waterbirds page, in an empty
store.

    python -m benchmarks.methods [--encoder micro-clip]

Each line: seconds, share of the whole, and pictures through the encoder. The settings are those
that the page has at micro scale, at both correlations. What is asked for first pays for what others
share: the first method for the features of the untouched encoder, LP-FT for WiSE-FT and PruSC.
"""

import argparse
import time
from collections.abc import Callable

from bap_core import data, encoders, micro, runtime
from bap_core.baselines import (
    LPFT,
    LinearProbe,
    compared_methods,
    embed_texts,
    pretrain_control,
    train_autoencoder,
)
from bap_core.evaluation import evaluate
from bap_core.method import Compositor, Contexts, pretrain_bap
from bap_core.runner import parameters, planning
from benchmarks.ratios import empty_store

HEADS = ("Native (LP)", "Control (LP)", "BAP (LP)", "AFR", "DFR")


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
        heads = sum(seconds for name, seconds, _ in self.rows if name in HEADS)
        print(f"{'all':28s} {total:7.2f} s;  probes, AFR and DFR together {heads / total:.1%}")


def main() -> None:
    """Parse, run every method once, print where the time went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="micro-clip")
    encoder = encoders.load(parser.parse_args().encoder)
    page = planning.find_notebooks(["03_waterbirds"])[0]
    known = parameters.read(planning.read_notebook(page).cells, where=page.stem)
    choice = {name: parameter.default for name, parameter in known.items()}
    root, clock = micro.resolve(choice["data_root"]), Clock(encoder)
    sets = [data.waterbirds(root, correlation=correlation) for correlation in (95, 100)]
    with empty_store():
        methods = _prepared(clock, encoder, root, sets, choice)
        for name, method in methods.items():
            clock(name, lambda name=name, method=method: evaluate({name: method}, sets, seed=0))
    clock.show()


def _prepared(clock: Clock, encoder, root, sets: list, choice: dict) -> dict:
    """Both pre-trainings and DIAL's autoencoder on the page's pool, then all methods by name."""
    objects = data.cub(root, exclude=data.evaluation_paths(root))
    objects = objects.sample(at_most=choice["n_objects"], rng=runtime.rng(0, "birds"))
    backgrounds = data.places(root)
    backgrounds = backgrounds.sample(
        at_most=choice["n_backgrounds"], rng=runtime.rng(0, "backgrounds")
    )
    pool = Compositor(objects, backgrounds, size=encoder.size, seed=0).check()
    labels = data.bird_labels(root, objects.frame["path"])
    shape = {name: choice[name] for name in ("m", "epochs", "batch_size")}
    contexts, lr = Contexts(seed=0, **shape), choice["lr"]
    bap = clock(
        "BAP, anchors and alignment",
        lambda: pretrain_bap(encoder, pool, contexts=contexts, k=choice["k"], lr=lr),
    )
    control = clock(
        "control",
        lambda: pretrain_control(
            encoder, pool, labels, contexts=contexts, lr=lr, head_lr=choice["head_lr"]
        ),
    )
    n, steps = choice["sae_pictures"], choice["sae_steps"]
    sae, _ = clock(
        "DIAL's autoencoder", lambda: train_autoencoder(encoder, pool, n=n, seed=0, steps=steps)
    )
    text = clock("prompts", lambda: embed_texts(encoder, sets[0].labels, sets[0].backgrounds))
    recipe = {
        "epochs": choice["ft_epochs"],
        "lr": lr,
        "head_lr": choice["ft_head_lr"],
        "batch_size": choice["batch_size"],
    }
    masks = {name: choice[f"mask_{name}"] for name in ("ratio", "epochs", "lr")}
    encoders = {"Native": encoder, "Control": control.encoder, "BAP": bap.encoder}
    probe = LinearProbe(epochs=choice["probe_epochs"])
    lp_ft = LPFT(recipe, probe_epochs=choice["ft_probe_epochs"])
    return compared_methods(encoders, text, sae, probe=probe, fine_tuned=lp_ft, masks=masks)
