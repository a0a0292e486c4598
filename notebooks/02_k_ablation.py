# ---
# jupyter:
#   bap:
#     datasets: [coco, cub, places, waterbirds]
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
# # 2. What is left when backgrounds are averaged away
#
# If a scene is nearly object plus background, then the mean of one object over many backgrounds is the object plus
# the *average* background, and an average background says nothing about any class. That mean is the anchor. This page
# asks how many backgrounds it takes ({cite}`bap2026`, section 3.2, figure 1, appendix G).

# %% tags=["parameters", "hide-input"]
data_root: str = "micro"  # "micro", or the folder of the official downloads
encoders: list[str] = ["micro-clip", "micro-siglip"]  # NAME or NAME:WEIGHTS
statistics: str = "native"  # of the pictures: the checkpoint's own, or "clip", CLIP's for all (M.1)
ks: list[int] = [1, 2, 3, 5, 8, 10, 15, 20, 30, 40]  # backgrounds in an anchor (appendix G)
n_objects: int = 150  # objects at most
min_side: int = 24  # smallest side of an object's box in pixels: half of the input, as in the paper
categories: int = 30  # of the backgrounds, drawn by name (appendix G.1); 0 for all
n_backgrounds: int = 2400  # backgrounds of the pool at most; their mean stands for the population's
seeds: int = 3
probe_ks: list[int] = [1, 2, 4, 8, 16]  # as ks, to the end of the method (Table 14)
probed: list[str] = ["micro-clip"]  # those of the encoders that this is done with
runs: int = 2  # pre-trainings for each K
n_birds: int = 200  # from here on the pre-training and the probe of page 3
bird_scale: list[float] = [0.6, 0.8]
m: int = 5
redraw: bool = True
flips: bool = False
epochs: int = 5
lr: float = 3e-4
batch_size: int = 64
features: str = "raw"  # "raw", as the encoder gives them, or "unit", of unit norm
probe_epochs: int = 95

# %% tags=["hide-input"]
from itertools import product

import pandas as pd
import torch

from bap_core import baselines, data, evaluation, micro, report, runtime
from bap_core.encoders import load
from bap_core.encoders.prompts import in_words, prototypes
from bap_core.evaluation import evaluate
from bap_core.method import Compositor, Contexts, anchors, k_ablation, pretrain_bap

page = report.open_page("02_k_ablation", globals())
root = micro.resolve(data_root)
all_objects, all_backgrounds = data.coco(root, min_side=min_side), data.places(root)
models = [load(name, statistics=statistics) for name in encoders]
page.banner(*models, all_objects, all_backgrounds)
if strange := sorted({*probed} - {*encoders}):
    raise ValueError(f"probed: {strange} are not among the encoders {encoders}")

# %% [markdown]
# ## What the paper printed
#
# How the choice of K reaches the last figure of the method, the worst group of its probe on Waterbirds (page 3). Figure
# 1 of the paper, which this page measures, prints no numbers.

# %% tags=["hide-input"]
report.paper_table("table14")

# %% [markdown]
# ## The anchor
#
# With a frozen teacher $f$, an object $x$, backgrounds $b_1 \dots b_K$ and the compositing function $\mathcal{C}$
# (equation 2),
#
# $$\bar z = \frac{1}{K} \sum_{k=1}^{K} f(\mathcal{C}(x, b_k)), \qquad a = \frac{\bar z}{\lVert \bar z \rVert_2}.$$
#
# The objects have a smallest side, and the backgrounds are of thirty categories that are drawn by name, as many as in the
# paper, which does not list them. What the backgrounds leave in the anchor is $\epsilon$, the distance of their own mean
# to the mean of all backgrounds (equation 6). For independent backgrounds its variance falls as $1/K$.

# %%
scenery = data.draw_categories(all_backgrounds, categories, rng=runtime.rng(0, "categories"))
pool = Compositor(all_objects.sample(at_most=n_objects, rng=runtime.rng(0, "objects")),
                  scenery.sample(at_most=n_backgrounds, rng=runtime.rng(0, "backgrounds")),
                  scale=(0.8, 0.8), size=models[0].size, seed=0).check()
objects, backgrounds = pool.objects, pool.backgrounds
report.inventory(pool)

# %% mystnb={"image": {"alt": "Three objects, each pasted on six different backgrounds"}} tags=["hide-input"]
drawn = runtime.rng(0, "shown").integers(len(backgrounds), size=(3, 6))
report.contact_sheet([[objects.cutout(i), *pool.batch([i] * 6, drawn[i])] for i in range(3)],
                     headings=["object", *[f"background {k}" for k in range(1, 7)]])

# %% [markdown]
# ## One encoder: anchors of the same object come together
#
# Two draws of backgrounds give every object two anchors. With one background each they differ by as much as two scenes
# do; the more backgrounds, the less the draw matters.

# %%
first, second = (anchors.sweep_anchors(models[0], pool, ks=ks, seed=seed) for seed in (0, 1))
agreement = (first * second).sum(dim=-1).mean(dim=1)
table = {"cosine of two anchors of one object": agreement}
pd.DataFrame(table, index=pd.Index(ks, name="K")).T.round(3)

# %% [markdown]
# Here are these anchors for three objects. The pixels are averaged only to show what the encoder's mean is of; the texts
# are those that are nearest to the anchor. A class and a place compete for it, and with K the place loses.

# %% tags=["hide-input"]
places = anchors.draw_backgrounds(len(objects), len(backgrounds), k=max(ks), seed=0)[:3]
mixed = [[pool.batch([i] * k, row[:k]).float().mean(dim=0).byte().numpy() for k in ks]
         for i, row in enumerate(places)]
spoken = {"texts of objects": objects.labels,
          "texts of backgrounds": [*map(in_words, backgrounds.categories)]}
report.AnchorSlider(ks, mixed, {of: (words, (first[:, :3] @ prototypes(models[0], words).T).numpy())
                                for of, words in spoken.items()},
                    scale=page.scale, caption=f"Anchors of three objects ({models[0].name}).")

# %% [markdown]
# ## The ablation
#
# For every object and every K: the cosine of the anchor to the text of its class, by how much it exceeds the mean cosine
# to the wrong classes, how many classes are nearer, its largest cosine to the text of any background category, and the
# residual variance. The margin and the rank matter: the mean of many embeddings is shorter than each of them, so its
# cosine to *any* text rises, to the wrong ones too. Anchors for smaller K are prefixes of one set of composites, so the
# whole sweep costs as much as its largest K, and the two draws above are its first two.

# %%
frames = []
for model in models:
    texts = {"labels": torch.tensor([objects.labels.index(x) for x in objects.frame["label"]]),
             "class_text": prototypes(model, objects.labels),
             "background_text": prototypes(model, [*map(in_words, backgrounds.categories)])}
    for seed in range(seeds):
        table = k_ablation(model, pool, ks=ks, seed=seed, **texts)
        frames += [evaluation.record(rows.drop(columns=["k", "object"]).to_dict("list"),
                                     dataset="coco on places", encoder=model.name,
                                     method="Native", seed=seed, group=f"K={k}")
                   for k, rows in table.groupby("k")]
curves = pd.concat(frames, ignore_index=True)

# %% mystnb={"image": {"alt": "Above, cosine of the anchor to object and background text against K; below, residual variance against K on log axes with the fitted line"}} tags=["hide-input"]
page.k_curve(curves)

# %% [markdown]
# Above: what the anchor resembles. Below: each point is the mean squared distance of the first K backgrounds' mean to
# the mean of the whole pool; the line is a least-squares fit on log axes, and its slope stands in the legend. A slope
# of $-1$ is the $1/K$ law; a pool that is finite and drawn without repetition makes it a little steeper.

# %% [markdown]
# ## To the end of the method
#
# What does an anchor of one background cost in the last figure? The whole of page 3 for every K: anchors, alignment, a
# probe on Waterbirds where bird and background always agree. All else is equal, the contexts of the alignment too.

# %%
probed_models = [one for name, one in zip(encoders, models) if name in probed]
scenes = data.waterbirds(root, correlation=100)
birds = data.cub(root, exclude=data.evaluation_paths(root))
elsewhere = data.draw_categories(all_backgrounds, categories,
                                 without=data.evaluation_categories(root),
                                 rng=runtime.rng(0, "categories"))
birds_pool = Compositor(birds.sample(at_most=n_birds, rng=runtime.rng(0, "birds")),
                        elsewhere.sample(at_most=n_backgrounds, rng=runtime.rng(0, "backgrounds")),
                        size=models[0].size, scale=tuple(bird_scale), seed=0).check()

# %%
probe = baselines.LinearProbe(epochs=probe_epochs, features=features)
results = []
for one, seed in product(probed_models, range(runs)):
    passes = Contexts(m=m, epochs=epochs, batch_size=batch_size, redraw=redraw, flips=flips,
                      seed=seed)
    methods = {f"BAP (LP), K = {k}":
               (pretrain_bap(one, birds_pool, contexts=passes, k=k, lr=lr).encoder, probe)
               for k in probe_ks}
    results += evaluate({"Native (LP)": (one, probe), **methods}, [scenes], seed=seed)
to_the_end = evaluation.table(results)
page.keep_predictions(evaluation.predictions_table(results))

# %% tags=["hide-input"]
page.side_by_side(to_the_end, "table14", metrics=["average_accuracy", "worst_group_accuracy"])

# %% mystnb={"image": {"alt": "Average and worst-group accuracy on Waterbirds against K, the backgrounds in an anchor"}} tags=["hide-input"]
page.sweep_plot(to_the_end, what="K", axis="K, backgrounds in an anchor")

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
frame = pd.concat([curves, to_the_end], ignore_index=True)
page.claims(frame)

# %% tags=["hide-input"]
page.stamp(frame, data=[objects, backgrounds, scenes, birds_pool.objects, birds_pool.backgrounds],
           encoders=models)
