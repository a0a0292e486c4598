"""The rate of the control's head, which the paper does not give, on validation pictures alone.

    python -m benchmarks.control_head [--encoder micro-clip] [--profile long] [--seeds 3]

The control is pre-trained as on the Waterbirds page at that profile, once for every rate and seed,
and the worst group of a probe at 95 % is printed, of the pictures that Waterbirds validates on. No
test picture is looked at. A training of the profile ``long`` takes some 80 s on one thread.
"""

import argparse
from dataclasses import replace
from itertools import product

from bap_core import baselines, data, evaluation, micro, runtime
from bap_core.encoders import load
from bap_core.method import Compositor, Contexts
from bap_core.runner import planning

RATES = 1e-2, 1e-3, 1e-4


def main() -> None:
    """Parse, train, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="micro-clip")
    parser.add_argument("--profile", default="long")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    (job,) = planning.plan(["03_waterbirds"], profile=chosen.profile)
    settings, encoder = job.parameters, load(chosen.encoder)
    scenes = on_validation(data.waterbirds(micro.resolve("micro"), correlation=95))
    pool = make_pool(settings, encoder.size)
    probe = baselines.LinearProbe(epochs=settings["probe_epochs"], features=settings["features"])
    found = []
    for seed, rate in product(range(chosen.seeds), RATES):
        control = train(encoder, pool, settings, seed=seed, rate=rate)
        found += evaluation.evaluate({f"head at {rate:g}": (control, probe)}, [scenes], seed=seed)
    table = evaluation.table(found).query("metric == 'worst_group_accuracy'")
    print(table.groupby("method")["value"].agg(["mean", "std", "count"]).to_string())


def on_validation(scenes):
    """The set with its validation pictures in place of the test pictures."""
    frame = scenes.frame[scenes.frame["split"] != "test"]
    return replace(scenes, frame=frame.assign(split=frame["split"].replace({"val": "test"})))


def make_pool(settings: dict, size: int) -> Compositor:
    """What the page pre-trains on."""
    root = micro.resolve("micro")
    scenery = data.draw_categories(
        data.places(root),
        settings["categories"],
        without=data.evaluation_categories(root),
        rng=runtime.rng(0, "categories"),
    )
    birds = data.cub(root, exclude=data.evaluation_paths(root))
    return Compositor(
        birds.sample(at_most=settings["n_objects"], rng=runtime.rng(0, "birds")),
        scenery.sample(at_most=settings["n_backgrounds"], rng=runtime.rng(0, "backgrounds")),
        size=size,
        scale=tuple(settings["scale"]),
        seed=0,
    ).check()


def train(encoder, pool: Compositor, settings: dict, *, seed: int, rate: float):
    """The control's encoder with a head of this rate."""
    shape = {name: settings[name] for name in ("m", "epochs", "batch_size", "redraw", "flips")}
    made = baselines.pretrain_control(
        encoder,
        pool,
        data.bird_labels(pool.objects.root, pool.objects.frame["path"]),
        contexts=Contexts(seed=seed, **shape),
        lr=settings["lr"],
        head_lr=rate,
        class_weights=settings["balanced"],
    )
    return made.encoder


if __name__ == "__main__":
    main()
