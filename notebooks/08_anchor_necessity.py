# ---
# jupyter:
#   bap:
#     datasets: [counteranimal, cub, places, waterbirds]
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
# # 8. Are anchors needed?
#
# BAP has two phases: anchors from a frozen teacher, then an alignment that draws every object to its own anchor, whatever
# it stands on. Would the second phase do without the first? Draw all waterbirds to one random direction and all landbirds
# to another, at right angles to it, and backgrounds cancel just as well. What is lost is all that the teacher knew of the
# birds ({cite}`bap2026`, section 3.2, appendix F, Table 13). It is the paper's only evidence for its first phase.

# %% tags=["parameters", "hide-input"]
data_root: str = "micro"  # "micro", or the folder of the official downloads
encoders: list[str] = ["micro-clip", "micro-siglip"]  # NAME or NAME:WEIGHTS
statistics: str = "native"  # of the pictures: the checkpoint's own, or "clip", CLIP's for all (M.1)
pairs: list[str] = ["10/16", "81/83"]  # ImageNet's numbers of two classes that mirror each other
seeds: int = 3  # pre-trainings, and probes on them
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
features: str = "raw"  # "raw", as the encoder gives them, or "unit", of unit norm
probe_epochs: int = 95  # of the probe on Waterbirds, as on page 3
task_epochs: int = 10  # from here to task_batch, the probe on photographs: the values of page 5
task_lr: float = 1e-4
task_batch: int = 32

# %% tags=["hide-input"]
from itertools import product

import pandas as pd

from bap_core import baselines, data, evaluation, micro, report, runtime, studies
from bap_core.encoders import load
from bap_core.evaluation import evaluate
from bap_core.method import Compositor, Contexts, compute_anchors, pretrain_bap

page = report.open_page("08_anchor_necessity", globals())
root = micro.resolve(data_root)
inside = data.waterbirds(root, correlation=100)
numbers = {pair: tuple(map(int, pair.split("/"))) for pair in pairs}
outside = {(pair, seed): data.counteranimal(root, classes=numbers[pair], seed=seed)
           for pair, seed in product(pairs, range(seeds))}
models = [load(name, statistics=statistics) for name in encoders]
page.banner(*models, inside, *outside.values())

# %% [markdown]
# ## What the paper printed
#
# A probe on the encoder that was aligned to random directions: on Waterbirds as good as BAP's, on photographs of other
# birds far below chance.

# %% tags=["hide-input"]
report.paper_table("table13")

# %% [markdown]
# ## The same composites, other targets
#
# With $v_\text{land}$ and $v_\text{water}$ random, of unit norm and at right angles (equation 7),
#
# $$\mathcal{L} = 1 - f_\theta(\mathcal{C}(x_i, b_m)) \cdot v_{y_i}, \qquad\text{instead of}\qquad \mathcal{L} = 1 - f_\theta(\mathcal{C}(x_i, b_m)) \cdot a_i .$$
#
# All else is that of page 3: birds, backgrounds, order, steps, rates. Note that this alignment is told which birds are
# waterbirds, and BAP is not.

# %%
birds = data.cub(root, exclude=data.evaluation_paths(root))
kept_out = [] if test_scenes else data.evaluation_categories(root)
scenery = data.draw_categories(data.places(root), categories, without=kept_out,
                               rng=runtime.rng(0, "categories"))
pool = Compositor(birds.sample(at_most=n_objects, rng=runtime.rng(0, "birds")),
                  scenery.sample(at_most=n_backgrounds, rng=runtime.rng(0, "backgrounds")),
                  size=models[0].size, scale=tuple(scale), seed=0).check()
objects, backgrounds = pool.objects, pool.backgrounds
labels = data.bird_labels(root, objects.frame["path"])
report.inventory(pool)

# %% [markdown]
# How far apart are the targets of two birds? Anchors keep kinds of bird apart; with random targets there are two points.

# %%
anchors = compute_anchors(models[0], pool, k=k, seed=0)
random = studies.random_targets(2, models[0].dim, seed=0)[labels]
same_kind = objects.frame["label"].to_numpy()[:, None] == objects.frame["label"].to_numpy()
same_class = labels[:, None] == labels
cosines = {name: (targets @ targets.T).numpy() for name, targets in
           (("anchors", anchors), ("random targets", random))}
pd.DataFrame({"one kind of bird": {name: c[same_kind].mean() for name, c in cosines.items()},
              "another kind, same class": {name: c[same_class & ~same_kind].mean()
                                           for name, c in cosines.items()},
              "other class": {name: c[~same_class].mean() for name, c in cosines.items()},
              }).round(2).rename_axis("mean cosine of two targets")

# %% [markdown]
# ## Three encoders, three tasks
#
# The loss of the two alignments has the same scale: at 0 every composite lies on its target, at 1 at a right angle to it. An
# anchor lies where the teacher's embeddings are already; a random target does not, and how near the encoder has come to
# it in the steps that both have is part of the result.
#
# The untouched encoder, the one aligned to anchors and the one aligned to random targets; a probe on Waterbirds, where the
# birds are those of the pre-training's kind (in distribution), and on two pairs of photographed birds (out of it).

# %%
compared = {}
for one, seed in product(models, range(seeds)):
    passes = Contexts(m=m, epochs=epochs, batch_size=batch_size, redraw=redraw, flips=flips,
                      seed=seed)
    bap = pretrain_bap(one, pool, contexts=passes, k=k, lr=lr)
    drawn = studies.pretrain_to_targets(one, pool, labels, contexts=passes, lr=lr)
    compared[one.name, seed] = {"Native (LP)": one, "BAP (LP)": bap.encoder,
                                "Random targets (LP)": drawn.encoder}
    if seed == 0:
        print(f"{one.name}, last loss: BAP {bap.losses[-1]:.4f}, random {drawn.losses[-1]:.4f}")

# %%
on_waterbirds = baselines.LinearProbe(epochs=probe_epochs, features=features)
on_photographs = baselines.LinearProbe(epochs=task_epochs, lr=task_lr, batch_size=task_batch,
                                       features=features)
results = []
for (_, seed), encoders_of in compared.items():
    tasks = [(inside, on_waterbirds), *((outside[pair, seed], on_photographs) for pair in pairs)]
    for scenes, probe in tasks:
        methods = {method: (encoder, probe) for method, encoder in encoders_of.items()}
        results += evaluate(methods, [scenes], seed=seed)
frame = evaluation.table(results)
page.keep_predictions(evaluation.predictions_table(results))

# %% [markdown]
# ## The table

# %% tags=["hide-input"]
page.side_by_side(frame, "table13")

# %% tags=["hide-input"]
page.results_table(frame)

# %% mystnb={"image": {"alt": "Worst-group accuracy of the three probes and every run, one panel per encoder, on Waterbirds and on two pairs of photographed birds"}} tags=["hide-input"]
page.dot_plot(frame, metric="worst_group_accuracy")

# %% [markdown]
# All four groups of the photographs: a probe on random targets that falls below a coin puts the swapped photographs into
# the wrong class, so it still looks at the background; one that is near a coin has nothing to go by.

# %% tags=["hide-input"]
page.group_accuracy_table(frame[frame["dataset"] != inside.name])

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
# In the recorded run at micro scale random targets lift the worst group of Waterbirds, as in the paper, but not as far as anchors do:
# they end fifteen to twenty points lower. So anchors are worth something already where the paper sees no difference. Out of
# distribution it is the other way round: the paper's collapse to 12 and 7 percent is not there. Random targets stay above a coin
# on three of four, BAP leads them in every mean and for certain in one. A student of this size that is trained for ten
# epochs may not be drawn to two points entirely, and what is left of the birds in its embeddings is enough for a probe. The
# untouched encoder's probe spreads by fifteen to twenty points over runs and cannot be told from either.

# %% tags=["hide-input"]
page.stamp(frame, data=[inside, *outside.values(), objects, backgrounds], encoders=models)
