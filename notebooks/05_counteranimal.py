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
# # 5. CounterAnimal
#
# The birds of page 3 were pasted. Here they are photographed where they stood, and two pairs of look-alikes mirror
# each other: bramblings are usually seen on grass and bulbuls before the sky, ptarmigans on snow and prairie chickens
# on grass. A classifier that is trained on the usual photographs alone cannot tell the bird from its background, and is
# tested on the swapped ones ({cite}`bap2026`, section 4.2, Table 4; {cite}`wang2024`). None of the four was in the
# pre-training.

# %% tags=["parameters", "hide-input"]
data_root: str = "micro"  # "micro", or the folder of the official downloads
encoders: list[str] = ["micro-clip", "micro-siglip"]  # NAME or NAME:WEIGHTS
pairs: list[str] = ["10/16", "81/83"]  # ImageNet's numbers of two classes that mirror each other
statistics: str = "native"  # of the pictures: the checkpoint's own, or "clip", CLIP's for all (M.1)
seeds: int = 10  # each draws the held-out fifth, the heads and the order
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
head_lr: float = 1e-2
balanced: bool = True
batch_size: int = 64
task_batch: int = 32  # of probe and fine-tuning
features: str = "raw"  # "raw", as the encoder gives them, or "unit", of unit norm
probe_epochs: int = 10  # as many steps as the paper's 40 epochs on its larger pair, 240
probe_lr: float = 1e-4
ft_runs: int = 5  # of the runs, for the methods that train the encoder: what there is time for
ft_probe_epochs: int = 1  # of LP-FT's first probe; as many steps as the paper's 5 epochs
ft_epochs: int = 1  # of LP-FT, and of PruSC's last phase: 25 steps
ft_lr: float = 6e-5  # of the image tower: a fifth of the pre-training's, as in the paper
ft_head_lr: float = 1e-3  # times 25 steps, it is the paper's 1e-4 times 240
wise_ft_head: str = "tuned"  # the tuned one, or "averaged" with the zero-shot one
mask_ratio: float = 0.1  # share of the training photographs that PruSC's masks see
mask_epochs: int = 15  # as in the paper
mask_lr: float = 1e-2  # as in the paper
mask_start: float = 0.05  # of the masks' logits: what so few steps can still bring below 0
sae_pictures: int = 2400  # composites for DIAL's autoencoder, page 3's too
sae_steps: int = 500

# %% tags=["hide-input"]
from itertools import product

import pandas as pd

from bap_core import baselines, data, evaluation, micro, report, runtime
from bap_core.encoders import load
from bap_core.evaluation import evaluate
from bap_core.method import Compositor, Contexts, pretrain_bap

page = report.open_page("05_counteranimal", globals())
root = micro.resolve(data_root)
sets = {(pair, seed): data.counteranimal(root, classes=tuple(map(int, pair.split("/"))), seed=seed)
        for pair, seed in product(pairs, range(seeds))}
models = [load(name, statistics=statistics) for name in encoders]
page.banner(*models, *sets.values())

# %% [markdown]
# ## What the paper printed

# %% tags=["hide-input"]
report.paper_table("table4")

# %% [markdown]
# ## Four groups a pair, two of them small
#
# Training has each bird on its usual background and nowhere else. A random fifth of these photographs is held out, a
# new one in every run, and tested together with all photographs of the swapped backgrounds. There is no validation
# split, so nothing on this page is chosen by a score, and AFR and DFR, which choose by one, are not on it.

# %% tags=["hide-input"]
report.group_table([sets[pair, 0] for pair in pairs])

# %% [markdown]
# The usual groups of the test are a fifth of a folder: 100 photographs at micro scale, which renders as many as are
# needed. In the paper's data that is about 23 and 24 photographs for
# the first pair, and for the second 11 ptarmigans on snow and five prairie chickens on grass. Where one photograph is a
# fifth of a group, the worst of the four groups can be the luck of one picture. So the worse of the two minority groups,
# which are whole folders, is given beside it.

# %% mystnb={"image": {"alt": "Test photographs of each pair's four groups, two of each: usual and swapped backgrounds, as the encoder gets them"}} tags=["hide-input"]
shown = []
for test in [sets[pair, 0].select(split="test") for pair in pairs]:
    shown += [(test.square(i, models[0].size), test.group_names[test.groups[i]])
              for i in test.per_group(2, seed=0)]
report.picture_grid(*zip(*shown), columns=4, side=1.9)

# %% [markdown]
# These are the squares that the encoder gets: a little is cut from the two ends of the longer side, and the rest is
# resized to a square (appendix M.5.2).

# %% [markdown]
# ## The pre-training is that of Waterbirds
#
# The same birds of CUB on the same backgrounds, for as long (appendix M.5.1): every object is drawn to its anchor, the
# mean of its embeddings over K backgrounds (equations 2 and 3),
#
# $$\mathcal{L} = 1 - f_\theta(\mathcal{C}(x_i, b_m)) \cdot a_i, \qquad a_i \propto \frac{1}{K} \sum_{k=1}^{K} f(\mathcal{C}(x_i, b_k)).$$
#
# So this page asks for what page 3 makes with its first seed, and finds it in the store if page 3 was run before. All
# runs share it: one aligned encoder and one control of each encoder. What varies from run to run is the task.

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
# ## One encoder, one run
#
# The paper's probe is one layer on frozen features, for 40 epochs at 1e-4 in batches of 32 (appendix M.5.3); ours takes
# as many steps. It ends far from where it could go, which is the recipe.

# %%
probe = baselines.LinearProbe(epochs=probe_epochs, lr=probe_lr, batch_size=task_batch,
                              features=features)
model = models[0]
passes = Contexts(m=m, epochs=epochs, batch_size=batch_size, redraw=redraw, flips=flips, seed=0)
bap = pretrain_bap(model, pool, contexts=passes, k=k, lr=lr)
print(f"N = {len(objects)}, K = {k}, M = {m}, {epochs} epochs, learning rate {lr:g}")
print("loss by epoch:", *(f"{loss:.4f}" for loss in bap.losses))
first = {"Native (LP)": (model, probe), "BAP (LP)": (bap.encoder, probe)}
one_run = evaluation.table(evaluate(first, [sets[pair, 0] for pair in pairs], seed=0))
page.results_table(one_run, caption=f"{model.name}, one run.")

# %% [markdown]
# ## What the other methods are given
#
# **The control** learned to tell waterbirds from landbirds, which is not the question here: it has seen the pictures that
# BAP has seen, and labels that belong to another task. **RoboShot** costs nothing more than zero-shot and is shown though
# Table 4 leaves it out; so is **WiSE-FT**, the mean of the weights of LP-FT's tower and
# the untouched ones ($\alpha = 0.5$). Methods that
# read text see no training photograph, but their test photographs change from run to run with the fifth that is held
# out, and so do their accuracies; the paper prints a spread of zero.
#
# Methods that train the encoder cost the most, so they are given the first `ft_runs` of the runs (the paper gives them
# all ten). **PruSC**'s masks see a tenth of a small set: at every step the same few photographs. They learn from clusters
# that hold both classes; where there is none, every anchor is skipped, and what is cut has nothing to do with backgrounds.

# %%
text = {(one.name, pair): baselines.embed_texts(one, sets[pair, 0].labels,
                                                sets[pair, 0].backgrounds)
        for one, pair in product(models, pairs)}
sae = {one.name: baselines.train_autoencoder(one, pool, n=sae_pictures, seed=0, steps=sae_steps)[0]
       for one in models}
recipe = {"epochs": ft_epochs, "lr": ft_lr, "head_lr": ft_head_lr, "batch_size": task_batch,
          "features": features}
lp_ft = baselines.LPFT(recipe, probe_epochs=ft_probe_epochs)
masks = {"ratio": mask_ratio, "epochs": mask_epochs, "lr": mask_lr, "start": mask_start}

# %% tags=["hide-input"]
prompts = {pair: (sets[pair, 0].labels, text[model.name, pair].concepts) for pair in pairs}
report.words_table({f"{pair}, {what}": words for pair, both in prompts.items()
                    for what, words in zip(("classes", "concepts of RoboShot and DIAL"), both)},
                   caption="What is told in words.")

# %% [markdown]
# ## The whole grid

# %%
compared = {}
for one in models:
    aligned = pretrain_bap(one, pool, contexts=passes, k=k, lr=lr)
    control = baselines.pretrain_control(one, pool, labels, contexts=passes, lr=lr,
                                         head_lr=head_lr, class_weights=balanced)
    compared[one.name] = {"Native": one, "Control": control.encoder, "BAP": aligned.encoder}

# %%
results = []
for (name, encoders_of), ((pair, seed), scenes) in product(compared.items(), sets.items()):
    fine_tuned = lp_ft if seed < ft_runs else None
    methods = baselines.compared_methods(encoders_of, text[name, pair], sae[name], probe=probe,
                                         last_layer=False, fine_tuned=fine_tuned, masks=masks,
                                         wise_ft_head=wise_ft_head)
    results += evaluate(methods, [scenes], seed=seed)
measured = evaluation.table(results)
small = [evaluation.minority_groups(measured, sets[pair, 0]) for pair in pairs]
frame = pd.concat([measured, *small], ignore_index=True)
page.keep_predictions(evaluation.predictions_table(results))

# %% [markdown]
# ## The tables
#
# The paper's worst groups beside ours; then all that was measured, with the worse of the two minority groups in a
# column of its own.

# %% tags=["hide-input"]
page.side_by_side(frame, "table4")

# %% [markdown]
# The same for the averages over all test pictures:

# %% tags=["hide-input"]
page.side_by_side(frame, "table4", metrics="average_accuracy")

# %% tags=["hide-input"]
page.results_table(frame, metrics=["average_accuracy", "worst_group_accuracy",
                                   "minority_group_accuracy"])

# %% mystnb={"image": {"alt": "Worst-group accuracy of every method and run, one panel per encoder, the two pairs of birds"}} tags=["hide-input"]
page.dot_plot(frame, metric="worst_group_accuracy")

# %% mystnb={"image": {"alt": "Accuracy on the worse of the two minority groups, every method and run, one panel per encoder"}} tags=["hide-input"]
page.dot_plot(frame, metric="minority_group_accuracy")

# %% [markdown]
# All four groups of the first pair:

# %% tags=["hide-input"]
first_pair = frame[frame["dataset"] == sets[pairs[0], 0].name]
page.group_accuracy_table(first_pair)

# %% [markdown]
# ## Inside two methods
#
# What DIAL does, and what PruSC does:

# %% tags=["hide-input"]
page.results_table(frame, rows=["encoder", "dataset"], columns=[],
                   metrics=["candidates", "latents", "head_cosine", "reconstruction_accuracy"])

# %% tags=["hide-input"]
pruned = frame[frame["method"] == "PruSC"]
page.results_table(pruned, metrics=["kept", "skipped_anchors"], rows=["encoder", "dataset"],
                   columns=[])

# %% [markdown]
# ## Who gets which picture wrong
#
# Three test photographs of each group of the last pair, drawn at random, and the methods that failed on them (first
# encoder and run).

# %% mystnb={"image": {"alt": "Test photographs of the last pair's four groups, three of each; below every one the methods that got it wrong"}} tags=["hide-input"]
scenes = sets[pairs[-1], 0]
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
# In the recorded run at micro scale zero-shot rows go the other way: the untouched encoder is right on nine of ten pictures of
# its worst group, where the paper's is right on four to six. From there BAP can only lose, and it loses much, since its objects were
# other birds than these four and its text side was not aligned with it. With probes BAP is ahead in every mean, and nothing is
# decided: a probe on the untouched encoder is trained on few photographs, and its worst group spreads by more than twenty points
# from run to run, BAP's by two to six. That BAP's results agree with one another so much better is a finding too, only not
# one that the paper states. Fine-tuning on ptarmigans and prairie chickens does no harm here, perhaps because the two birds are
# easier to tell in this world than their backgrounds.

# %% tags=["hide-input"]
page.stamp(frame, data=[*(sets[pair, 0] for pair in pairs), objects, backgrounds], encoders=models)
