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
# # 11. Other sizes, other pre-trainings
#
# Does BAP need a particular encoder to begin with? The paper takes three sizes of two families, and one architecture with
# the weights of four pre-trainings. What makes its case is not that every result is good, it is that they are alike, while a
# control that sees the same composites depends on where it began ({cite}`bap2026`, appendix C, Tables 10 and 11).

# %% tags=["parameters", "hide-input"]
data_root: str = "micro"  # "micro", or the folder of the official downloads
encoders: list[str] = ["micro-clip-small", "micro-clip", "micro-clip-large",
                       "micro-clip-second", "micro-clip-third"]  # NAME or NAME:WEIGHTS
checkpoints: list[str] = ["micro-clip", "micro-clip-second",
                          "micro-clip-third"]  # those of one architecture
statistics: str = "native"  # of the pictures: the checkpoint's own, or "clip", CLIP's for all (M.1)
seeds: int = 2
n_objects: int = 200  # from here on the values of page 3
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
head_lr: float = 1e-2
balanced: bool = True
features: str = "raw"  # "raw", as the encoder gives them, or "unit", of unit norm
probe_epochs: int = 95
batch_size: int = 64

# %% tags=["hide-input"]
from itertools import product

import pandas as pd

from bap_core import baselines, data, evaluation, micro, report, runtime, studies
from bap_core.encoders import load
from bap_core.evaluation import evaluate
from bap_core.method import Compositor, Contexts, pretrain_bap

page = report.open_page("11_backbones", globals())
root = micro.resolve(data_root)
scenes = data.waterbirds(root, correlation=100)
if strange := sorted({*checkpoints} - {*encoders}):
    raise ValueError(f"checkpoints {strange} are not among the encoders {encoders}")
loaded = {name: load(name, statistics=statistics) for name in encoders}
models = [*loaded.values()]
page.banner(*models, scenes)

# %% [markdown]
# ## What the paper printed

# %% tags=["hide-input"]
report.paper_table("table10")

# %% tags=["hide-input"]
report.paper_table("table11")

# %% [markdown]
# ## The encoders
#
# At micro scale the sizes are three towers of CLIP's kind, and the pre-trainings are three draws of captioned scenes and
# first weights for the middle one. They differ less than LAION and OpenAI's pictures do: what this page finds about
# pre-trainings is a lower bound of what other data change.

# %% tags=["hide-input"]
pd.DataFrame({one.name: {"input (px)": one.size, "width of embeddings": one.dim,
                         "weights of the image tower":
                         f"{sum(p.numel() for p in one.image_tower.parameters()):,}"}
              for one in models}).T.rename_axis("encoder")

# %% [markdown]
# ## The same pre-training for all
#
# Birds, backgrounds, steps and rates are those of page 3 for every encoder; nothing is tuned to a size.

# %%
birds = data.cub(root, exclude=data.evaluation_paths(root))
kept_out = [] if test_scenes else data.evaluation_categories(root)
scenery = data.draw_categories(data.places(root), categories, without=kept_out,
                               rng=runtime.rng(0, "categories"))
pool = Compositor(birds.sample(at_most=n_objects, rng=runtime.rng(0, "birds")),
                  scenery.sample(at_most=n_backgrounds, rng=runtime.rng(0, "backgrounds")),
                  size=models[0].size, scale=tuple(scale), seed=0).check()
labels = data.bird_labels(root, pool.objects.frame["path"])
report.inventory(pool)

# %%
probe = baselines.LinearProbe(epochs=probe_epochs, features=features)
results, losses = [], {}
for one, seed in product(models, range(seeds)):
    passes = Contexts(m=m, epochs=epochs, batch_size=batch_size, redraw=redraw, flips=flips,
                      seed=seed)
    bap = pretrain_bap(one, pool, contexts=passes, k=k, lr=lr)
    control = baselines.pretrain_control(one, pool, labels, contexts=passes, lr=lr,
                                         head_lr=head_lr, class_weights=balanced)
    methods = {"Native (LP)": (one, probe), "Control (LP)": (control.encoder, probe),
               "BAP (LP)": (bap.encoder, probe)}
    results += evaluate(methods, [scenes], seed=seed)
    losses[one.name, seed] = bap.losses[-1]
measured = evaluation.table(results)
page.keep_predictions(evaluation.predictions_table(results))

# %% [markdown]
# Where the alignment's loss ended, for each encoder and run: an encoder that is not as far as the others is not to be
# compared with them.

# %% tags=["hide-input"]
pd.Series(losses).unstack().round(4).reindex([one.name for one in models]).rename_axis("encoder")

# %% [markdown]
# ## Sizes

# %%
of_sizes = [loaded[name].name for name in encoders if name not in checkpoints[1:]]
page.results_table(measured[measured["encoder"].isin(of_sizes)])

# %% [markdown]
# ## Pre-trainings
#
# First all three encoders, then, run by run, how far the best of them lies above the worst.

# %%
names = [loaded[name].name for name in checkpoints]
page.results_table(measured[measured["encoder"].isin(names)])

# %%
ranges = [studies.range_over(measured, names)] if len(names) > 1 else []
frame = pd.concat([measured, *ranges], ignore_index=True)

# %% tags=["hide-input"]
page.results_table(frame, metrics=["worst_group_accuracy", "range_of_worst_group_accuracy"],
                   rows=["encoder", "method"])

# %% mystnb={"image": {"alt": "Worst-group accuracy of the untouched encoder, the control and BAP, every run, one panel per encoder"}} tags=["hide-input"]
page.dot_plot(frame, metric="worst_group_accuracy")

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
# In the recorded run at micro scale BAP lifts the worst group from 7 to 27 % to 77 to 88 % for every size and every pre-training,
# and lies 32 to 48 points above the control. Above 90 % it comes for none; the largest encoder cannot be told from it. The
# smallest, a tower of patches of twelve pixels, is ten points behind the others, and it is also the one that tells birds apart
# worst before anything is aligned; page 3 has more on what keeps the others below 90 %.
#
# From pre-training to pre-training BAP differs by 3.3 points and the control by 9.6. The difference has the paper's sign and
# was the same in all three runs, but the interval, which knows the test pictures too, reaches from -14.5 to 2.0 points, so
# the claim is undecided. The paper's control spreads by 23.7 points over checkpoints that differ in their data by far more than
# ours, which saw other scenes of one world.

# %% tags=["hide-input"]
page.stamp(frame, data=[scenes, pool.objects, pool.backgrounds], encoders=models)
