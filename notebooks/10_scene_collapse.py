# ---
# jupyter:
#   bap:
#     datasets: [cub, places, waterbirds]
#   jupytext:
#     notebook_metadata_filter: bap
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     name: python3
#     display_name: Python 3
#     language: python
# ---

# %% [markdown]
# # 10. What becomes of the scenes
#
# An encoder that has learned not to look at backgrounds was asked to forget something. This page asks what: the same
# aligned encoder tells birds by their names, and then, with no bird in the picture, the scenes that it was aligned on
# ({cite}`bap2026`, appendix J, Table 16). It is the price of the method, and whether it matters depends on the task.

# %% tags=["parameters", "hide-input"]
data_root: str = "micro"  # "micro", or the folder of the official downloads
encoders: list[str] = ["micro-clip", "micro-siglip"]  # NAME or NAME:WEIGHTS
statistics: str = "native"  # of the pictures: the checkpoint's own, or "clip", CLIP's for all (M.1)
seeds: int = 2  # pre-trainings
scenes_part: str = "val"  # of Places: "val", pictures that no pre-training has seen, or "train"
scenes_at_most: int = 2400  # pictures of scenes
n_objects: int = 200  # from here to batch_size the pre-training: the values of page 3
categories: int = 30
test_scenes: bool = False
n_backgrounds: int = 2400
scale: list[float] = [0.6, 0.8]
k: int = 10
m: int = 5
redraw: bool = True
flips: bool = False
epochs: int = 5
lr: float = 3e-4
batch_size: int = 64

# %% tags=["hide-input"]
import pandas as pd

from bap_core import baselines, data, evaluation, micro, report, runtime, studies
from bap_core.encoders import load, prompts
from bap_core.evaluation import evaluate
from bap_core.method import Compositor, Contexts, pretrain_bap

page = report.open_page("10_scene_collapse", globals())
root = micro.resolve(data_root)
birds_task = data.waterbirds(root, correlation=95)
models = [load(name, statistics=statistics) for name in encoders]
page.banner(*models, birds_task)

# %% [markdown]
# ## What the paper printed
#
# Birds are told better than before, and of 24 scenes not one as well as before.

# %% tags=["hide-input"]
report.paper_table("table16")

# %% [markdown]
# ## Two tasks, no training
#
# **Task A** has the test pictures of Waterbirds and two names, *landbird* and *waterbird*. **Task B** has pictures of the very
# kinds of scene that the encoder was aligned on, and their names; no object is pasted on them. The paper "aggregated images
# from the Places365 dataset": whether from those that the pre-training used, it does not say. Here they are from the
# validation part, which it did not (`scenes_part`).

# %%
birds = data.cub(root, exclude=data.evaluation_paths(root))
kept_out = [] if test_scenes else data.evaluation_categories(root)
scenery = data.draw_categories(data.places(root), categories, without=kept_out,
                               rng=runtime.rng(0, "categories"))
pool = Compositor(birds.sample(at_most=n_objects, rng=runtime.rng(0, "birds")),
                  scenery.sample(at_most=n_backgrounds, rng=runtime.rng(0, "backgrounds")),
                  size=models[0].size, scale=tuple(scale), seed=0).check()
objects, backgrounds = pool.objects, pool.backgrounds
asked = data.places(root, part=scenes_part, categories=backgrounds.categories)
scenes_task = studies.scene_task(
    asked.sample(at_most=scenes_at_most, rng=runtime.rng(0, "scenes")))
print(f"{len(scenes_task):,} pictures of {len(scenes_task.labels)} kinds of scene")

# %% mystnb={"image": {"alt": "One picture of each of twelve kinds of scene, with the name that the encoder has to find"}} tags=["hide-input"]
shown = scenes_task.per_group(1, seed=0)[:12]
report.picture_grid([scenes_task.image(i) for i in shown],
                    [scenes_task.labels[scenes_task.frame["label"][i]] for i in shown], columns=6,
                    side=1.15)

# %% [markdown]
# Class names become prototypes by forty templates, as everywhere (appendix J.1). The text tower is frozen, so both
# encoders are asked with the same vectors; a picture gets the name whose vector is nearest.

# %%
results = []
for one in models:
    asks = {task.name: baselines.ZeroShot(prompts.prototypes(one, task.labels))
            for task in (birds_task, scenes_task)}
    for seed in range(seeds):
        passes = Contexts(m=m, epochs=epochs, batch_size=batch_size, redraw=redraw, flips=flips,
                          seed=seed)
        aligned = pretrain_bap(one, pool, contexts=passes, k=k, lr=lr)
        for task in (birds_task, scenes_task):
            ask = asks[task.name]
            methods = {"Native (ZS)": (one, ask), "BAP (ZS)": (aligned.encoder, ask)}
            results += evaluate(methods, [task], seed=seed)

# %%
# no picture of a scene is a training picture, so nothing can be weighted with their shares
accuracies = evaluation.table(results).dropna(subset=["value"])
by_class = [studies.class_accuracies([r for r in results if r.frame["dataset"][0] == task.name],
                                     task.labels) for task in (birds_task, scenes_task)]
frame = pd.concat([accuracies, *by_class], ignore_index=True)
page.keep_predictions(evaluation.predictions_table(results))

# %% [markdown]
# ## The table
#
# Every class before and after, beside the paper's where it has the class.

# %% tags=["hide-input"]
page.side_by_side(frame, "table16", metrics="class_accuracy", rows="group")

# %% mystnb={"image": {"alt": "Accuracy of every class before and after BAP, joined by a line: two kinds of birds on top, scenes below"}} tags=["hide-input"]
page.class_plot(frame, before="Native (ZS)", after="BAP (ZS)")

# %% [markdown]
# Over all pictures of each task:

# %% tags=["hide-input"]
page.results_table(frame)

# %% [markdown]
# ## Where the answers go
#
# A scene that is no longer recognised is taken for another one. If the aligned encoder had merely become unsure, wrong
# answers would be spread; if it gives nearly every scene the same embedding, a few names get nearly all answers.
# First encoder, first run.

# %% tags=["hide-input"]
of_first = {r.frame["method"][0]: studies.confusions(r, scenes_task.labels) for r in results
            if tuple(r.frame.loc[0, ["dataset", "encoder", "seed"]])
            == (scenes_task.name, models[0].name, 0)}
before, after = of_first["Native (ZS)"], of_first["BAP (ZS)"]
pd.DataFrame({"right before (%)": 100 * before["right"], "right after (%)": 100 * after["right"],
              "after, taken for": after["taken_for"], "by (%)": 100 * after["share"]}).round(0)

# %%
for name, found in of_first.items():
    most = found["answers"].nlargest(5)
    print(f"{name}: {int((found['answers'] > 0).sum())} of {len(found)} names are given at all; "
          f"five get {most.sum() / found['answers'].sum():.0%} of the answers:",
          ", ".join(most.index))

# %% [markdown]
# ## Try it
#
# What do you expect? The answers are folded. Each command takes less than two minutes once this book is built; in
# JupyterLab, set the same parameters in the cell at the top.

# %% tags=["hide-input"]
page.exercises()

# %% [markdown]
# ## What the paper claims, and what was measured

# %% tags=["hide-input"]
page.claims(frame)

# %% [markdown]
# ## What goes against the paper here, and why it may
#
# In the recorded run at micro scale scenes are forgotten as in the paper, and further: of ten pictures nine and more were named, and
# one is after. Birds as a whole gain, but not both kinds: waterbirds gain thirteen to nineteen points and landbirds lose five or
# six, where the paper has the landbirds gain most. Names are given by the nearest text, and the text tower did not move: when
# all embeddings move together, one name gets more pictures and the other less. A probe draws its own border between the two,
# and on page 3 the worst group of the probe gains far more than that of zero-shot.

# %% tags=["hide-input"]
page.stamp(frame, data=[birds_task, scenes_task, objects, backgrounds], encoders=models)
