# ---
# jupyter:
#   bap:
#     datasets: []
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
# # 14. Your own objects
#
# You have pictures of objects with masks, some backgrounds, and an encoder that looks at the background too much.
# This page pastes your objects on your backgrounds, makes an anchor for each, aligns the encoder to them, saves the
# result, and says how to load it. Run it with
#
# ```bash
# bap run 14_your_own_objects -p objects=MY_OBJECTS -p backgrounds=MY_BACKGROUNDS
# ```
#
# where `MY_OBJECTS` is a COCO json beside its images, a folder of cut-outs with transparency, or a folder of images
# with masks of the same name, and `MY_BACKGROUNDS` any folder of pictures. Without parameters it uses the micro world.

# %% tags=["parameters", "hide-input"]
objects: str = "micro:annotations/instances_train2017.json"  # COCO json, cut-outs, or images+masks
backgrounds: str = "micro:places365_standard/train"  # folder of pictures
mask_values: list[int] = []  # values of masks that are objects; empty: found out, and said below
mask_from: str = "auto"  # or "grey", "inverted" (dark is the object), "alpha" (opaque is)
encoder: str = "micro-clip"  # micro name, open_clip NAME:TAG, :FILE or :random, or a .safetensors
n_objects: int = 300  # N, objects at most
n_backgrounds: int = 600  # backgrounds at most
k: int = 10  # K, backgrounds per anchor
m: int = 5  # M, contexts per object and epoch
epochs: int = 10
lr: float = 3e-4  # 5e-6 for a full-size encoder (Table 17)
batch_size: int = 128
n: int = 500  # held-out objects at most, and composites for the additivity
n_audited: int = 60  # held-out objects at most that are pasted on all of ...
n_places: int = 20  # ... so many held-out backgrounds
seed: int = 0
save_to: str = ""  # file; empty: a new folder in aligned/<scale>, among BAP's files

# %% tags=["hide-input"]
import pandas as pd

from bap_core import audit, evaluation, micro, report, runtime, store, studies
from bap_core.data import folders
from bap_core.encoders import exporting, load
from bap_core.method import Compositor, Contexts, additivity_scores, pretrain_bap
from bap_core.report import audit_report

page = report.open_page("14_your_own_objects", globals())
teacher = load(encoder)
found = folders.objects(micro.resolve(objects), mask_values=mask_values, mask_from=mask_from)
scenery = folders.backgrounds(micro.resolve(backgrounds))
page.banner(teacher, found, scenery)

# %% [markdown]
# ## What was found
#
# Pictures that cannot be read and masks that are empty are left out and counted here; look at this table before you
# trust the rest.
#
# A quarter of the pictures is held out, objects as well as backgrounds: the encoder is judged on them and never aligned
# with them. Two objects of one picture stand on the same side.

# %%
learned, judged = zip(audit.hold_out(found, seed=seed), audit.hold_out(scenery, seed=seed))
used = learned[0].sample(at_most=n_objects, rng=runtime.rng(seed, "objects"))
behind = learned[1].sample(at_most=n_backgrounds, rng=runtime.rng(seed, "backgrounds"))
pool = Compositor(used, behind, size=teacher.size, seed=seed).check()
held_out = Compositor(judged[0].sample(at_most=n, rng=runtime.rng(seed, "held-out objects")),
                      judged[1].sample(at_most=n, rng=runtime.rng(seed, "held-out backgrounds")),
                      size=teacher.size, seed=seed).check()
report.inventory(pool)

# %% tags=["hide-input"]
report.doubts(found)

# %% mystnb={"image": {"alt": "The first three pictures with their mask files and what was cut out, where there are mask files"}} tags=["hide-input"]
report.mask_sheet(found)

# %% [markdown]
# ## The contact sheet
#
# Each row is an object as it was cut out, then pasted on backgrounds. If masks are wrong, you see it here: halos,
# missing parts, a neighbour that came along.

# %% mystnb={"image": {"alt": "Contact sheet: every row an object as cut out, followed by its composites on six backgrounds"}} tags=["hide-input"]
shown = range(min(8, len(pool.objects)))
drawn = runtime.rng(seed, "sheet").integers(len(pool.backgrounds), size=(len(shown), 6))
report.contact_sheet([[pool.objects.cutout(i), *pool.batch([i] * 6, drawn[i])] for i in shown],
                     names=pool.objects.frame["label"][:len(shown)].tolist())

# %% [markdown]
# ## The alignment
#
# Anchors from the untouched encoder (equation 2), then a student that maps each object to its anchor on M new
# backgrounds an epoch (equation 3):
#
# $$a_i \propto \frac{1}{K} \sum_{k=1}^{K} f(\mathcal{C}(x_i, b_k)), \qquad \mathcal{L} = 1 - f_\theta(\mathcal{C}(x_i, b_m)) \cdot a_i.$$

# %%
contexts = Contexts(m=m, epochs=epochs, batch_size=batch_size, seed=seed)
k_used = min(k, len(pool.backgrounds))
aligned = pretrain_bap(teacher, pool, contexts=contexts, k=k_used, lr=lr)
print(f"N = {len(pool.objects)}, K = {k_used}, M = {m}, {epochs} epochs, learning rate {lr:g}")
print(f"loss {aligned.losses[0]:.4f} in the first epoch, {aligned.losses[-1]:.4f} in the last")
name = teacher.architecture.replace("/", "-")
folder = runtime.home() / "aligned" / teacher.scale
saved = aligned.encoder.save(save_to or store.next_folder(folder, name) / "weights.safetensors")
print(f"saved as {saved.name}; load it with\n{aligned.encoder.how_to_load(saved.name)}")

# %% [markdown]
# ## Before and after
#
# Two figures, both on composites of your objects, of those that were held out. The background
# sensitivity index (appendix D.1) compares all objects of a class on one background with the same objects on another:
# how far their centre moves, over how widely they spread; then the mean over the classes that have two objects. Lower
# means that the encoder looks at the background less. How widely vectors spread, the paper does not define: the
# variance of a dimension gives numbers of the size that it prints, the variance summed over all dimensions smaller
# ones. Additivity (equation 1) says how nearly a composite is the sum of its parts.

# %%
rows = []
for method, model in {"Native": teacher, "BAP": aligned.encoder}.items():
    scores = additivity_scores(model, held_out, n=n, seed=seed)["score"].to_numpy()
    swapped = studies.background_swap_bsi(model, held_out, pairs=20, seed=seed,
                                  labels=held_out.objects.frame["label"])
    measured = {**swapped.to_dict("list"), "additivity": scores}
    rows.append(evaluation.record(measured, dataset="own objects", encoder=teacher.name,
                                  method=method, seed=seed))
frame = pd.concat(rows, ignore_index=True)
page.results_table(frame, metrics=["bsi", "bsi_total", "additivity"], rows="method",
                   columns="encoder")

# %% mystnb={"image": {"alt": "Background sensitivity index and additivity of the encoder before and after the alignment"}} tags=["hide-input"]
page.before_and_after(frame)

# %% [markdown]
# ## An audit, before and after
#
# A low index alone proves little: an encoder that maps everything to one point has it too. `bap audit` asks more, of any
# encoder: every object is pasted on every background, so that nothing differs between two pictures of one object but
# what is behind it. Here it is on held-out objects and backgrounds. The background's share should fall; that the nearest
# object is of the same class should become as likely on another background as on the same one; and fewer objects should
# be taken for another class only because they stand elsewhere.

# %%
for name, model in {"Before": teacher, "After": aligned.encoder}.items():
    seen = audit.examine(model, held_out.objects, held_out.backgrounds, n_objects=n_audited,
                         n_backgrounds=n_places, seed=seed)
    print(f"{name}, {len(seen.pool.objects)} objects on {len(seen.pool.backgrounds)} backgrounds:",
          *audit_report.in_words(seen), sep="\n  ")

# %% [markdown]
# The whole report, with pictures and intervals, comes from the command, and so does all of this page: `bap align` holds
# out, aligns, audits twice, and lists the classes that got worse and what scenes lose. An aligned encoder is poor at
# recognising scenes (appendix J); keep the original for them.
#
# ## Taking it away
#
# `bap export` writes what was saved above as a folder that another library loads with its own function, without this
# package, and a card beside it. It is tried here for every library that has such a model, in a folder that goes again.

# %%
for library in exporting.libraries(aligned.encoder):
    with store.scratch_folder("bap-export") as folder:
        line = exporting.export(aligned.encoder, folder / "my-encoder", to=library)
        names = sorted(path.name for path in (folder / "my-encoder").iterdir())
        print(f"{library}: {', '.join(names)}", line.replace(f"{folder}/", ""), sep="\n  ")

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

# %% tags=["hide-input"]
page.stamp(frame, data=[pool.objects, pool.backgrounds, held_out.objects, held_out.backgrounds],
           encoders=[teacher])
