"""What is recorded here is whole, and one row of every notebook can be made again."""

import pytest
import torch

from bap_core import audit, baselines, data, evaluation, micro, people, runtime, studies, tidy
from bap_core.data import folders
from bap_core.data.places import SUBSTITUTES
from bap_core.encoders import load
from bap_core.encoders.prompts import in_words, prototypes
from bap_core.method import Compositor, k_ablation
from bap_core.method.additivity import additivity_scores
from bap_core.recorded import find_records
from bap_core.runner.recording import check

RECORDS = find_records(runtime.project() / "results")
APART = 0.005  # half a point of an accuracy: elsewhere a picture or two may fall to the other side


def test_the_runs_that_were_recorded_are_here():
    found = {record.provenance["notebook"] for record in RECORDS}
    assert found >= set(ROWS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_recorded_run_is_whole(record):
    assert check.find_problems(record) == []


def chosen(pool, n, seed, name):
    return pool.sample(at_most=n, rng=runtime.rng(seed, name))


def scored(said, root, model, n_objects, *, seed=0, method="Native"):
    objects = data.coco(root, min_side=said["min_side"])
    pool = Compositor(
        chosen(objects, n_objects, seed, "objects"),
        chosen(data.places(root), said["n_backgrounds"], seed, "backgrounds"),
        size=model.size,
        seed=seed,
    ).check()
    scores = additivity_scores(model, pool, n=said["n"], seed=seed)["score"].to_numpy()
    names = {"dataset": "coco on places", "encoder": model.name, "method": method}
    return evaluation.record({"additivity": scores}, **names, seed=seed)


def additivity(said, root):
    model = load(said["encoders"][0])
    return scored(said, root, model, said["n_objects"], seed=said["seed"])


def first_reading(said, root):
    return scored(said, root, load(said["encoder"]), said["n_instances"], method="as on page 1")


def smallest_anchors(said, root):
    model = load(said["encoders"][0])
    scenery = data.draw_categories(
        data.places(root), said["categories"], rng=runtime.rng(0, "categories")
    )
    pool = Compositor(
        chosen(data.coco(root, min_side=said["min_side"]), said["n_objects"], 0, "objects"),
        chosen(scenery, said["n_backgrounds"], 0, "backgrounds"),
        scale=(0.8, 0.8),
        size=model.size,
        seed=0,
    ).check()
    labels = pool.objects.labels
    table = k_ablation(
        model,
        pool,
        ks=said["ks"][:1],
        seed=0,
        labels=torch.tensor([labels.index(name) for name in pool.objects.frame["label"]]),
        class_text=prototypes(model, labels),
        background_text=prototypes(model, [*map(in_words, pool.backgrounds.categories)]),
    )
    return evaluation.record(
        table.drop(columns=["k", "object"]).to_dict("list"),
        dataset="coco on places",
        encoder=model.name,
        method="Native",
        seed=0,
        group=f"K={said['ks'][0]}",
    )


def zero_shot(said, scenes, **choices):
    model = load(said["encoders"][0], statistics=said["statistics"])
    text = baselines.embed_texts(model, scenes.labels, scenes.backgrounds, **choices)
    method = {"Native (ZS)": (model, baselines.ZeroShot(text.prototypes))}
    return evaluation.table(evaluation.evaluate(method, [scenes], seed=0))


def waterbirds(said, root):
    return zero_shot(said, data.waterbirds(root, correlation=95))


def persons(said, root):
    everybody = data.coco(root, categories=["person"], min_side=said["min_side"])
    names, words = said["names"], said["words"]
    labelled = people.label_objects(load(said["labeller"]), everybody, names)
    counts = {name: said[name] for name in ("n_train", "n_test")}
    selected = people.select(labelled, labels=names, bounds=tuple(said["window"]), seed=0, **counts)
    scenery = data.places(root, categories=people.CATEGORIES, substitutes=SUBSTITUTES)
    choices = {name: said[name] for name in ("correlations", "n_val", "both")}
    sets = people.compose(selected, scenery, size=48, labels=names, words=words, seed=0, **choices)
    return zero_shot(said, sets[0], templates=people.TEMPLATES)


def counteranimal(said, root):
    classes = tuple(map(int, said["pairs"][0].split("/")))
    return zero_shot(said, data.counteranimal(root, classes=classes, seed=0))


def nico(said, root):
    classes = said["pairs"][0].split("/")
    return zero_shot(said, data.nico(root, classes=classes, contexts=said["contexts"], seed=0))


def choices(said, root):
    model, scenes = load(said["encoder"]), data.waterbirds(root, correlation=95)
    found = baselines.ZeroShot(prototypes(model, scenes.labels))
    return evaluation.table(evaluation.evaluate({"40 templates": (model, found)}, [scenes], seed=0))


def swapped(said, root):
    model, birds = load(said["encoders"][0], statistics=said["statistics"]), data.cub(root)
    scenes = data.waterbirds(root, correlation=100)
    evaluated = birds.frame["path"].isin(data.evaluation_paths(root)).to_numpy()
    taken = chosen(birds.take(evaluated), said["n_birds"], 0, "swapped birds")
    sides = {
        side: Compositor(
            taken,
            data.places(root, categories=names),
            size=model.size,
            scale=tuple(said["scale"]),
            seed=0,
        ).check()
        for side, names in studies.scene_categories(scenes).items()
    }
    kinds = data.bird_labels(root, taken.frame["path"])
    found = studies.sensitivity(model, sides, kinds, seed=0)
    names = {"dataset": scenes.name, "encoder": model.name, "method": "Native (LP)"}
    return evaluation.record(found, **names, seed=0)


def probed(said, root):
    model = load(said["encoders"][0], statistics=said["statistics"])
    probe = baselines.LinearProbe(epochs=said["probe_epochs"], features=said["features"])
    scenes = data.waterbirds(root, correlation=100)
    return evaluation.table(evaluation.evaluate({"Native (LP)": (model, probe)}, [scenes], seed=0))


def first_probe(said, root):
    length = said["probe_epochs"][0]
    model = load(said["encoders"][0], statistics=said["statistics"])
    probe = baselines.LinearProbe(epochs=length, features=said["features"])
    scenes = data.waterbirds(root, correlation=said["correlation"])
    method = {f"Native (LP), probe epochs = {length}": (model, probe)}
    return evaluation.table(evaluation.evaluate(method, [scenes], seed=0))


def own_objects(said, root):
    model, seed = load(said["encoder"]), said["seed"]
    judged = {
        name: audit.hold_out(getattr(folders, name)(micro.resolve(said[name])), seed=seed)[1]
        for name in ("objects", "backgrounds")
    }
    pool = Compositor(
        *(chosen(some, said["n"], seed, f"held-out {name}") for name, some in judged.items()),
        size=model.size,
        seed=seed,
    ).check()
    scores = additivity_scores(model, pool, n=said["n"], seed=seed)["score"].to_numpy()
    names = {"dataset": "own objects", "encoder": model.name, "method": "Native"}
    return evaluation.record({"additivity": scores}, **names, seed=seed)


# What is made again of each notebook: some rows, from its parameters and the root of its data.
ROWS = {
    "01_additivity": additivity,
    "02_k_ablation": smallest_anchors,
    "03_waterbirds": waterbirds,
    "04_coco_gender": persons,
    "05_counteranimal": counteranimal,
    "06_nico": nico,
    "07_bsi_umap": swapped,
    "08_anchor_necessity": probed,
    "09_data_requirements": probed,
    "10_scene_collapse": waterbirds,
    "11_backbones": probed,
    "12_training_progression": first_probe,
    "13_choices": choices,
    "14_your_own_objects": own_objects,
    "15_choices_of_pictures": first_reading,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "record",
    [record for record in RECORDS if record.provenance["scale"] == "micro"],
    ids=lambda record: record.name,
)
def test_some_rows_of_every_recorded_run_come_out_again(record):
    said = record.provenance
    made = ROWS[said["notebook"]](said["parameters"], micro.resolve("micro"))
    both = made.merge(record.metrics, on=tidy.KEYS, suffixes=("", "_recorded"))
    assert len(both) == len(made) > 0
    assert both["value"].to_numpy() == pytest.approx(both["value_recorded"], abs=APART)
    assert (both["n"] == both["n_recorded"]).all()
