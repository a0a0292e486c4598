"""Nothing is served that other code, files, settings or machines made: one thing is changed at a
time, and every stage that hangs on it makes a new artefact.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pipeline
import pytest
import torch
from PIL import Image

from bap_core import runtime, sources
from bap_core.method import Contexts, Schedule, compute_anchors, pretrain_bap

KIND = "stale key"
PICTURES = "pictures"
# module -> a statement, the same one with a sign turned, and the stages that hang on it
FLIPS = {
    "method/alignment.py": (
        "(1 - (z * a).sum(dim=1))", "(1 + (z * a).sum(dim=1))", {"pretrained of BAP"}
    ),
    "method/anchors.py": (
        "return F.normalize(whole", "return -F.normalize(whole",
        {"anchors of all", "pretrained of BAP"},
    ),
    "encoders/training.py": (
        "value.backward()", "(-value).backward()",
        {"pretrained of BAP", "pretrained of control", "tuned of LP-FT", "tuned of PruSC"},
    ),
    "method/compositing.py": (
        "out[b] = behind[j]", "out[b] = ~behind[j]",
        {"anchors of all", "pretrained of BAP", "additivity of all", "background-swap of all",
         "autoencoders of all"},
    ),
    "method/additivity.py": (
        "return {**names, **choices, ", "return {'sign': -1, **names, **choices, ",
        {"additivity of all", "background-swap of all"},
    ),
    "encoders/encoder.py": (
        # not all signs at once, which leave every cosine between pictures as it was
        "z = self._embed(pictures)", "z = self._embed(pictures).abs()", {"every stage"}
    ),
    "encoders/features.py": (
        "embedded = torch.cat(rows)", "embedded = -torch.cat(rows)",
        {"features of all", "isolated of all", "autoencoders of all", "tuned of LP-FT"},
    ),
    "data/images.py": (
        "np.asarray(fitted).transpose(2, 0, 1)", "~np.asarray(fitted).transpose(2, 0, 1)",
        {"features of all", "anchors of all", "pretrained of BAP", "tuned of LP-FT"},
    ),
    "baselines/fine_tuning.py": (
        "cross_entropy(linear(z)", "cross_entropy(-linear(z)", {"tuned of LP-FT", "tuned of PruSC"}
    ),
    "baselines/control.py": (
        "cross_entropy(head(z)", "cross_entropy(-head(z)", {"pretrained of control"}
    ),
    "baselines/mask_learning.py": (
        "wanted.start}\"", "wanted.start} \"", {"masks of PruSC masks", "tuned of PruSC"}
    ),
    "baselines/nested_autoencoder.py": ("", "\nSIGN = -1\n", {"autoencoders of all"}),
    "people/labels.py": ("", "\nSIGN = -1\n", {"isolated of all"}),
}  # fmt: skip


def copied(folder: Path) -> Path:
    """A checkout of its own: the package and the notebooks."""
    root = sources.PACKAGE.parent
    skipped = shutil.ignore_patterns("__pycache__")
    for name in ("bap_core", "notebooks"):
        shutil.copytree(root / name, folder / name, ignore=skipped)
    shutil.copy(root / "_toc.yml", folder)
    return folder


def turn(checkout: Path, module: str) -> None:
    before, after, _ = FLIPS[module]
    path = checkout / "bap_core" / module
    text = path.read_text()
    assert before in text, f"{module} does not say {before!r} any more"
    path.write_text(text.replace(before, after, 1) if before else text + after)
    long_ago = 1_000_000_000
    os.utime(path, (long_ago, long_ago))  # as if the process began after the edit


def environment(checkout: Path, home: Path) -> dict[str, str]:
    tests = str(Path(__file__).parents[1])
    path = os.pathsep.join([str(checkout), tests, str(Path(__file__).parent)])
    return os.environ | {"PYTHONPATH": path, "BAP_HOME": str(home), "OMP_NUM_THREADS": "1"}


def run_stages(checkout: Path, home: Path) -> dict[str, list[str]]:
    command = [sys.executable, str(Path(pipeline.__file__)), str(home / PICTURES)]
    done = subprocess.run(
        command,
        check=False,
        env=environment(checkout, home),
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Home, and what every stage of an undisturbed checkout keeps in it."""
    home, checkout = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("checkout")
    return home, run_stages(copied(checkout), home)


def test_with_one_sign_turned_in_a_stage_every_stage_that_hangs_on_it_is_made_anew(
    whole, tmp_path, budget, outcomes
):
    home, before = whole
    again = run_stages(copied(tmp_path / "same"), home)
    assert all(set(again[stage]) <= set(before[stage]) for stage in before), "equal code, equal key"
    for number, module in enumerate(list(FLIPS)[: budget(2, len(FLIPS))]):
        checkout = copied(tmp_path / str(number))
        turn(checkout, module)
        after, concerned = run_stages(checkout, home), FLIPS[module][2]
        for stage in before:
            must = stage in concerned or concerned == {"every stage"}
            old = set(before[stage]) & set(after.get(stage, []))
            ending = "wrong" if must and old else "survived"
            outcomes(KIND, ending, f"{stage} is served as before with {module} turned")


@pytest.mark.slow
@pytest.mark.parametrize("notebook", ["02", "03", "14"])
def test_with_one_sign_turned_every_page_that_uses_the_stage_says_something_else(
    tmp_path, budget, outcomes, notebook
):
    home, code = tmp_path / "home", "import sys; from bap_core.cli import main; sys.exit(main())"
    modules = ["encoders/encoder.py", "method/anchors.py", "data/images.py", "encoders/training.py"]
    found = {}
    for module in [None, *modules[: budget(0, len(modules))]]:
        checkout = copied(tmp_path / (module or "same").replace("/", "-"))
        if module:
            turn(checkout, module)
        arguments = ["run", notebook, "--profile", "smoke", "--out", str(checkout / "runs")]
        subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=environment(checkout, home), cwd=checkout, check=True, capture_output=True,
        )  # fmt: skip
        [metrics] = (checkout / "runs").rglob("metrics.csv")
        found[module] = metrics.read_text()
        if module == "encoders/training.py" and notebook == "02":
            continue  # trains nothing
        if module:
            ending = "wrong" if found[module] == found[None] else "survived"
            outcomes(KIND, ending, f"page {notebook} says the same with {module} turned")


@pytest.fixture
def painted(tmp_path, home):
    pipeline.paint(tmp_path / PICTURES)
    return tmp_path / PICTURES


def anchors_and_student(folder, encoder, *, choices=None, contexts=None, **more):
    compositor = pipeline.pool(folder, **(choices or {}))
    plan = {"m": 2, "epochs": 1, "batch_size": 4, "seed": 0, **(contexts or {})}
    anchors = compute_anchors(encoder, compositor, k=more.get("k", 3), seed=plan["seed"])
    settings = {"k": 3, "lr": 1e-3, **more}
    done = pretrain_bap(encoder, compositor, contexts=Contexts(**plan), **settings)
    return anchors, done.encoder.fingerprint


def kept(home) -> set[str]:
    return {path.stem for path in (home / "store").rglob("*.safetensors")}


def move_mask(folder):
    """By a pixel: of as many bytes, and with the times of before."""
    path = folder / "mask.png"
    times, size = path.stat(), path.stat().st_size
    moved = np.roll(np.asarray(Image.open(path)), 1, axis=1)
    Image.fromarray(moved).save(path)
    path.write_bytes(path.read_bytes().ljust(size, b"\0"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def repaint(name, at):
    def change(folder):
        pixels = np.array(Image.open(folder / name))
        pixels[at, at, 0] ^= 255
        Image.fromarray(pixels).save(folder / name)

    return change


FILES = {
    "a mask moved by one pixel": move_mask,
    "one pixel of an object": repaint("0.png", 20),
    "one pixel of a background": repaint("6.png", 1),
}
SETTINGS = {
    "scale": {"choices": {"scale": 0.5}},
    "seed of the scale": {"choices": {"seed": 1}},
    "size": {"choices": {"n_objects": 3}},
    "backgrounds": {"choices": {"n_backgrounds": 4}},
    "m": {"contexts": {"m": 1}},
    "epochs": {"contexts": {"epochs": 2}},
    "batch size": {"contexts": {"batch_size": 8}},
    "seed": {"contexts": {"seed": 1}},
    "redraw": {"contexts": {"redraw": False, "epochs": 2}},
    "k": {"k": 2},
    "learning rate": {"lr": 2e-3},
    "weight decay": {"weight_decay": 0.5},
    "schedule": {"schedule": Schedule(warmup=2)},
}


@pytest.mark.parametrize("what", FILES)
def test_one_file_changed_under_its_name_gives_new_anchors_and_another_student(
    painted, home, tiny, outcomes, what
):
    before, known = anchors_and_student(painted, tiny), kept(home)
    FILES[what](painted)
    after = anchors_and_student(painted, tiny)
    same = torch.equal(before[0], after[0]) or before[1] == after[1] or kept(home) == known
    outcomes(KIND, "wrong" if same else "survived", what)


@pytest.mark.parametrize("what", SETTINGS)
def test_one_setting_changed_gives_another_student(painted, home, tiny, outcomes, what):
    before, known = anchors_and_student(painted, tiny), kept(home)
    after = anchors_and_student(painted, tiny, **SETTINGS[what])
    same = before[1] == after[1] or kept(home) == known
    outcomes(KIND, "wrong" if same else "survived", what)


def change_heads(encoder):
    encoder.model.visual.transformer.resblocks[0].attn.num_heads = 1
    encoder.model.visual.transformer.resblocks[0].attn.head_dim = 32


def change_activation(encoder):
    encoder.model.visual.transformer.resblocks[0].mlp.gelu = torch.nn.SiLU()


def change_statistics(encoder):
    encoder.image_tower.preprocess_cfg = {"mean": (0.4,) * 3, "std": (0.25,) * 3}


def change_weights(encoder):
    encoder.model.visual.proj.data.neg_()


def change_through_numpy(encoder):
    array = encoder.model.visual.proj.detach().numpy()
    array *= -1


MODELS = {
    "attention heads": change_heads,
    "activation": change_activation,
    "statistics": change_statistics,
    "weights through .data": change_weights,
    "weights through NumPy": change_through_numpy,
}


@pytest.mark.parametrize("what", MODELS)
def test_one_thing_changed_in_an_encoder_that_was_used_gives_new_anchors(
    painted, home, tiny, outcomes, what
):
    compositor = pipeline.pool(painted)
    before = compute_anchors(tiny, compositor, k=3, seed=0)
    MODELS[what](tiny)
    after = compute_anchors(tiny, compositor, k=3, seed=0)
    outcomes(KIND, "wrong" if torch.equal(before, after) else "survived", what)


MACHINES = {
    "processor": ("processor", lambda device: "another processor"),
    "threads": ("threads", lambda device: 64),
}


@pytest.mark.parametrize("what", MACHINES)
def test_another_machine_makes_its_own_student(painted, home, tiny, outcomes, monkeypatch, what):
    anchors_and_student(painted, tiny)
    known = kept(home)
    monkeypatch.setattr(runtime, *MACHINES[what])
    anchors_and_student(painted, tiny)
    outcomes(KIND, "wrong" if kept(home) == known else "survived", what)


@pytest.mark.parametrize("batch_size", [1, 7])
def test_another_batch_size_makes_its_own_anchors(painted, home, tiny, outcomes, batch_size):
    compositor = pipeline.pool(painted)
    compute_anchors(tiny, compositor, k=3, seed=0)
    known = kept(home)
    compute_anchors(tiny, compositor, k=3, seed=0, batch_size=batch_size)
    outcomes(KIND, "wrong" if kept(home) == known else "survived", "batch size of anchors")


def test_two_folders_with_equal_names_and_sizes_share_nothing(painted, home, tiny, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(painted, other)
    assert torch.equal(*[anchors_and_student(folder, tiny)[0] for folder in (painted, other)])
    FILES["a mask moved by one pixel"](other)
    assert not torch.equal(*[anchors_and_student(folder, tiny)[0] for folder in (painted, other)])
