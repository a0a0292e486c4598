# ---
# jupyter:
#   bap:
#     datasets: [coco, dtd, nico, places]
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
# # 6. NICO++
#
# Is it the birds? Here vehicles are photographed in six contexts, and two classes are told apart that never share
# one in training: every car on grass, every truck in water. Two of the seven classes, truck and motorcycle, are kept out
# of the pre-training altogether. If BAP helps them too, it has taught the encoder to look at vehicles, and not at the
# kinds of vehicle that it was shown ({cite}`bap2026`, section 4.2, Tables 5 and 9; {cite}`zhang2023`).

# %% tags=["parameters", "hide-input"]
data_root: str = "micro"  # "micro", or the folder of the official downloads
encoders: list[str] = ["micro-clip-convnext", "micro-siglip"]  # NAME or NAME:WEIGHTS
pairs: list[str] = ["car/truck", "car/bus", "ship/sailboat", "bicycle/motorcycle"]
contexts: list[str] = ["grass", "water"]  # of the first class and of the second, in training
statistics: str = "native"  # of the pictures: the checkpoint's own, or "clip", CLIP's for all (M.1)
seeds: int = 2
n_objects: int = 240  # N, vehicles for the pre-training, at most
n_backgrounds: int = 1400  # backgrounds for the pre-training
textures: float = 0.1  # share of the backgrounds that are textures
scale: list[float] = [0.6, 0.8]  # longest side of an object, as a share of the picture's
pool_per_run: bool = False  # whether every run draws objects, backgrounds and scales of its own
k: int = 10  # K, backgrounds per anchor
m: int = 5  # M, contexts per vehicle and epoch
redraw: bool = True  # whether an epoch draws new contexts, or all have those of the first
flips: bool = False  # whether composites are mirrored at random, BAP's and the control's
epochs: int = 4  # of the pre-training
pretrain_per_run: bool = True  # whether every run pre-trains encoders of its own
lr: float = 3e-4  # of the image tower
head_lr: float = 1e-2  # of the control's head
balanced: bool = True  # whether the control's loss is balanced over its classes
lr_min: float = 2e-5  # where the rates end: a fourteenth of the tower's, as in the paper
warmup: int = 10  # steps in which BAP's rate rises
control_warmup: int = 5  # the control's: half of BAP's, as in the paper
control_probe_epochs: int = 1  # in which the control's head learns alone
control_probe_lr: float = 1e-2
batch_size: int = 64
task_batch: int = 32  # of the probe on photographs
features: str = "raw"  # "raw", as the encoder gives them, or "unit", of unit norm
probe_epochs: int = 20  # as many steps as the paper's 40 epochs have on classes of 200 photographs
probe_lr: float = 1e-4
sae_pictures: int = 2400  # composites for DIAL's autoencoder
sae_steps: int = 500

# %% tags=["hide-input"]
from itertools import product

import pandas as pd

from bap_core import baselines, data, evaluation, micro, report, runtime
from bap_core.encoders import load
from bap_core.evaluation import evaluate
from bap_core.method import Compositor, Contexts, Schedule, draw_backgrounds, pretrain_bap

page = report.open_page("06_nico", globals())
root = micro.resolve(data_root)
sets = {(pair, seed): data.nico(root, classes=pair.split("/"), contexts=contexts, seed=seed)
        for pair, seed in product(pairs, range(seeds))}
models = [load(name, statistics=statistics) for name in encoders]
page.banner(*models, *sets.values())

# %% [markdown]
# ## What the paper printed
#
# Table 5 has CLIP's convolutional encoder, Table 9 SigLIP 2's transformer.

# %% tags=["hide-input"]
report.paper_table("table5")

# %% tags=["hide-input"]
report.paper_table("table9")

# %% [markdown]
# ## Four groups a pair
#
# A fifth of the training photographs is held out and tested together with all photographs of the swapped contexts. The
# paper names the contexts of one pair, cars on grass and trucks in water; here all four have these two.

# %% tags=["hide-input"]
report.group_table([sets[pair, 0] for pair in pairs])

# %% mystnb={"image": {"alt": "Test photographs of four pairs of vehicles, one of each group: both classes on grass and in water"}} tags=["hide-input"]
shown = []
for test in [sets[pair, 0].select(split="test") for pair in pairs]:
    shown += [(test.square(i, models[0].size), test.group_names[test.groups[i]])
              for i in test.per_group(1, seed=0)]
report.picture_grid(*zip(*shown), columns=4)

# %% [markdown]
# ## The pre-training pool
#
# Vehicles of six classes are cut out of COCO, where their box has at least 28 pixels on either side, and pasted on
# places and on textures {cite}`cimpoi2014` (appendix M.6.1). What share the textures have, the paper does not say.

# %%
all_objects = data.coco(root, categories=data.VEHICLES, min_side=28)
sources = [(data.places(root), 1 - textures), (data.dtd(root), textures)]
pools = {run: Compositor(all_objects.sample(at_most=n_objects, rng=runtime.rng(run, "vehicles")),
                         data.pool(sources, n=n_backgrounds, rng=runtime.rng(run, "backgrounds")),
                         size=models[0].size, scale=tuple(scale), seed=run).check()
         for run in (range(seeds) if pool_per_run else [0])}
pool, objects, backgrounds = pools[0], pools[0].objects, pools[0].backgrounds
report.inventory(pool)

# %% [markdown]
# Trucks and motorcycles are in COCO, and not in the pool:

# %% tags=["hide-input"]
there = data.coco(root, categories=[*data.VEHICLES, "truck", "motorcycle"], min_side=28)
counts = {"in COCO": there.frame["label"].value_counts(),
          "in the pool": objects.frame["label"].value_counts()}
pd.DataFrame(counts).fillna(0).astype(int).rename_axis("vehicles")

# %% mystnb={"image": {"alt": "Vehicles cut out of COCO, and each of them on random places and textures"}} tags=["hide-input"]
few = range(min(3, len(objects)))
drawn = draw_backgrounds(len(few), len(backgrounds), k=5, seed=0)
pasted = [pool.at(models[0].size).batch([i] * 5, drawn[i]) for i in few]
report.contact_sheet([[objects.cutout(i), *pasted[i]] for i in few],
                     names=[objects.frame["label"][i] for i in few])

# %% [markdown]
# ## One encoder, one run
#
# As on page 3, every object is drawn to its anchor, the mean of its embeddings over K backgrounds (equations 2 and 3),
#
# $$\mathcal{L} = 1 - f_\theta(\mathcal{C}(x_i, b_m)) \cdot a_i, \qquad a_i \propto \frac{1}{K} \sum_{k=1}^{K} f(\mathcal{C}(x_i, b_k)),$$
#
# with a schedule of its own: a warm-up of some steps, then a cosine that ends above zero (appendix M.6.2).

# %%
probe = baselines.LinearProbe(epochs=probe_epochs, lr=probe_lr, batch_size=task_batch,
                              features=features)
model = models[0]
shape = {"m": m, "epochs": epochs, "batch_size": batch_size, "redraw": redraw, "flips": flips}
bap = pretrain_bap(model, pool, contexts=Contexts(seed=0, **shape), k=k, lr=lr,
                   schedule=Schedule(warmup, lr_min))
print(f"N = {len(objects)}, K = {k}, M = {m}, {epochs} epochs, learning rate {lr:g} to {lr_min:g}")
print("loss by epoch:", *(f"{loss:.4f}" for loss in bap.losses))
first = {"Native (LP)": (model, probe), "BAP (LP)": (bap.encoder, probe)}
one_run = evaluation.table(evaluate(first, [sets[pair, 0] for pair in pairs], seed=0))
page.results_table(one_run, metrics="worst_group_accuracy", caption=f"{model.name}, one run.")

# %% [markdown]
# ## What the other methods are given
#
# **The control** learns to name the six classes, its head alone first. Of the seven that are told apart below it is shown
# car, bus and bicycle by name; ship and sailboat are both boats to it, and truck and motorcycle it never sees.
# **Zero-shot** and **DIAL** read text alone; **RoboShot** is not in the paper's tables for vehicles and costs nothing.
# AFR and DFR would need the two groups that training does not have, and there is no validation split.

# %%
text = {(one.name, pair): baselines.embed_texts(one, sets[pair, 0].labels,
                                                sets[pair, 0].backgrounds)
        for one, pair in product(models, pairs)}
sae = {one.name: baselines.train_autoencoder(one, pool, n=sae_pictures, seed=0, steps=sae_steps)[0]
       for one in models}

# %% tags=["hide-input"]
prompts = {f"{pair}, classes": sets[pair, 0].labels for pair in pairs}
prompts["concepts of RoboShot and DIAL"] = text[model.name, pairs[0]].concepts
report.words_table(prompts, caption="What is told in words.")

# %% [markdown]
# ## The whole grid

# %%
compared = {}
for one, seed in product(models, range(seeds)):
    passes = Contexts(seed=seed if pretrain_per_run else 0, **shape)
    drawn = pools.get(seed if pretrain_per_run else 0, pool)
    labels = pd.factorize(drawn.objects.frame["label"], sort=True)[0]
    aligned = pretrain_bap(one, drawn, contexts=passes, k=k, lr=lr,
                           schedule=Schedule(warmup, lr_min))
    control = baselines.pretrain_control(one, drawn, labels, contexts=passes, lr=lr,
                                         head_lr=head_lr, class_weights=balanced,
                                         schedule=Schedule(control_warmup, lr_min),
                                         probe_epochs=control_probe_epochs,
                                         probe_lr=control_probe_lr)
    compared[one.name, seed] = {"Native": one, "Control": control.encoder, "BAP": aligned.encoder}

# %%
results = []
for one, ((pair, seed), scenes) in product(models, sets.items()):
    methods = baselines.compared_methods(compared[one.name, seed], text[one.name, pair],
                                         sae[one.name], probe=probe, last_layer=False)
    results += evaluate(methods, [scenes], seed=seed)
measured = evaluation.table(results)
small = [evaluation.minority_groups(measured, sets[pair, 0]) for pair in pairs]
frame = pd.concat([measured, *small], ignore_index=True)
page.keep_predictions(evaluation.predictions_table(results))

# %% [markdown]
# ## The tables
#
# First the paper's worst groups beside ours, then all that was measured.

# %% tags=["hide-input"]
page.side_by_side(frame, "table5", "table9")

# %% [markdown]
# The same for the averages over all test pictures:

# %% tags=["hide-input"]
page.side_by_side(frame, "table5", "table9", metrics="average_accuracy")

# %% tags=["hide-input"]
page.results_table(frame)

# %% [markdown]
# The two usual groups of a test are a fifth of a folder: 100 photographs at micro scale, in the data set itself often a
# few dozen. The worse of the two minority groups, which are whole folders, alone:

# %% tags=["hide-input"]
page.results_table(frame, metrics="minority_group_accuracy")

# %% mystnb={"image": {"alt": "Worst-group accuracy of every method and run, one panel per encoder, the four pairs of vehicles"}} tags=["hide-input"]
page.dot_plot(frame, metric="worst_group_accuracy")

# %% [markdown]
# All four groups of the first pair, where the second class was never in the pre-training:

# %% tags=["hide-input"]
first_pair = frame[frame["dataset"] == sets[pairs[0], 0].name]
page.group_accuracy_table(first_pair)

# %% [markdown]
# ## Inside one method
#
# What DIAL does: how many pictures it cleans, how much it takes out, and what the autoencoder alone would cost.

# %% tags=["hide-input"]
page.results_table(frame, rows=["encoder", "dataset"], columns=[],
                   metrics=["candidates", "latents", "head_cosine", "reconstruction_accuracy"])

# %% [markdown]
# ## Who gets which picture wrong
#
# Three test photographs of each group of the first pair, drawn at random, and the methods that failed on them (first
# encoder and run). No truck was in the pre-training.

# %% mystnb={"image": {"alt": "Test photographs of the first pair's four groups, three of each; below every one the methods that got it wrong"}} tags=["hide-input"]
scenes = sets[pairs[0], 0]
test = scenes.select(split="test")
missed = evaluation.find_mistakes(results, scenes, encoder=models[0].name)
report.mistakes(test, missed, test.per_group(3, seed=1))

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
# In the recorded run at micro scale zero-shot rows fall on two pairs, far on car and bus, while probes on the very same
# embeddings rise. So the embeddings still tell the classes apart, and do it better; what they have lost is their place beside the
# texts, whose encoder did not move. The pre-training on vehicles also ends at a higher loss than that on birds. On the convolutional
# encoder BAP and the control cannot be told apart; the control learned the names of six of the seven classes. Most verdicts
# on that encoder are undecided because the probe on the untouched one spreads by more than ten points from run to run.

# %% tags=["hide-input"]
page.stamp(frame, data=[*(sets[pair, 0] for pair in pairs), objects, backgrounds], encoders=models)
