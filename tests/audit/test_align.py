"""An alignment on one's own pictures: nothing that judges it was learned from, and what went wrong
is said.
"""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bap_core import audit, cli, encoders, micro
from bap_core.audit import before_and_after as aligning
from bap_core.data import Backgrounds, folders
from bap_core.report import align_report

CHOICES = {
    "n_objects": 30,
    "n_backgrounds": 8,
    "seed": 0,
    "k": 3,
    "m": 2,
    "epochs": 2,
    "lr": 3e-4,
    "batch_size": 32,
}


@pytest.fixture(scope="module")
def world():
    root = micro.resolve("micro-smoke")
    return (
        folders.objects(root / "annotations/instances_train2017.json"),
        folders.backgrounds(root / "places365_standard/train"),
    )


@pytest.fixture(scope="module")
def made(world):
    return audit.align(encoders.load("micro-clip"), *world, **CHOICES)


@given(st.lists(st.integers(0, 9), min_size=4, max_size=30), st.integers(0, 9))
def test_no_picture_file_is_on_both_sides_and_none_is_lost(files, seed):
    frame = pd.DataFrame({"image": [f"{n}.jpg" for n in files], "category": "sea"})
    listing = Backgrounds("own", ".", frame)
    if frame["image"].nunique() < 4:
        with pytest.raises(ValueError, match="needs at least 4"):
            audit.hold_out(listing, seed=seed)
        return
    learned, judged = (set(one.frame["image"]) for one in audit.hold_out(listing, seed=seed))
    assert not learned & judged and learned | judged == set(frame["image"])
    assert min(len(learned), len(judged)) >= 2


@given(st.lists(st.sampled_from("abc"), min_size=8, max_size=40), st.integers(0, 9))
def test_a_quarter_of_every_class_is_held_out(kinds, seed):
    images = [f"{n}.jpg" for n in range(len(kinds))]
    listing = Backgrounds("own", ".", pd.DataFrame({"image": images, "category": kinds}))
    learned, judged = (
        one.frame["category"].value_counts() for one in audit.hold_out(listing, seed=seed)
    )
    for kind in set(kinds):
        assert abs(judged.get(kind, 0) - 0.25 * kinds.count(kind)) <= 1
        assert learned.get(kind, 0) >= 1


def test_what_judges_the_alignment_was_not_learned_from(made):
    for kind in ("objects", "backgrounds"):
        learned = set(getattr(made.pool, kind).frame["image"])
        for one in (made.before, made.after):
            assert not learned & set(getattr(one.pool, kind).frame["image"])
    assert made.before.pool.fingerprint == made.after.pool.fingerprint


def test_the_background_counts_for_less_afterwards(made):
    before, after = (one.variance["background"].value for one in (made.before, made.after))
    assert after < before and made.losses[-1] < made.losses[0] and not made.collapsed


def test_scenes_alone_are_held_against_themselves(made):
    same, kept = made.scenes["same place"]
    assert same == 1 and kept < 0.999


def test_an_encoder_compared_with_itself_keeps_its_scenes(world):
    encoder = encoders.load("micro-clip")
    found = aligning.compare_scenes(encoder, encoder, world[1].take(range(12)))
    assert found["same place"][1] == pytest.approx(1, abs=1e-5)
    assert all(was == pytest.approx(now, abs=1e-5) for was, now in found.values())


def test_the_report_has_both_audits_and_the_figures_are_strict_json(made):
    html = align_report.render(made)
    assert html.count("Before and after") == 1 and "in the first epoch" in html
    told = json.loads(json.dumps(align_report.figures_of(made), allow_nan=False))
    assert told["before"]["variance"] != told["after"]["variance"]
    assert told["settings"]["k"] == 3 and len(told["losses"]) == 2


def test_warnings_are_said_before_any_figure(made):
    made.after.warnings.append("Look out.")
    assert "Look out." in align_report.in_words(made)[: len(made.after.warnings)]
    assert align_report.render(made).count("Look out.") == 1
    made.after.warnings.remove("Look out.")


def test_classes_that_got_worse_are_named_the_worst_first(made):
    worse = made.worse
    fall = (worse["after"] - worse["before"]).to_numpy()
    assert (fall < 0).all() and (np.diff(fall) >= 0).all()


def test_an_encoder_that_maps_all_to_one_point_is_said_to_have_collapsed(world, monkeypatch):
    def flat(teacher, *arguments, **choices):
        student = teacher.student()
        with torch.no_grad():
            for parameter in student.image_tower.parameters():
                parameter.mul_(0 if parameter.ndim > 1 else 1)
            student.image_tower.ln_post.bias.fill_(1.0)
            student.image_tower.proj.fill_(0.1)
        return _Made(student, [0.2, 0.1])

    monkeypatch.setattr(aligning, "pretrain_bap", flat)
    made = audit.align(encoders.load("micro-clip"), *world, **CHOICES)
    assert made.collapsed and "has collapsed" in align_report.in_words(made)[0]


def test_a_training_that_maps_all_to_one_point_is_ended_and_one_that_does_not_is_not(world):
    with pytest.raises(ValueError, match=r"has collapsed: for 20 steps .* learning rate \(0.5\)"):
        audit.align(
            encoders.load("micro-clip"), *world, **(CHOICES | {"lr": 0.5, "epochs": 8, "seed": 1})
        )
    watch, apart = aligning.CollapseWatch(lr=0.1), torch.eye(4)
    for _ in range(aligning.PATIENCE - 1):
        watch(torch.ones(4, 4), apart)
    watch(apart, apart)
    watch(torch.ones(4, 4), torch.ones(4, 4))  # of one object: there is nothing to keep apart
    for _ in range(aligning.PATIENCE - 1):
        watch(torch.ones(4, 4), apart)
    with pytest.raises(ValueError, match="nothing was saved"):
        watch(torch.ones(4, 4), apart)


class _Made:
    def __init__(self, encoder, losses):
        self.encoder, self.losses = encoder, losses


def asked(*more):
    root = micro.resolve("micro-smoke")
    return [
        *("align", "micro-clip", "--objects", str(root / "annotations/instances_train2017.json")),
        *("--backgrounds", str(root / "places365_standard/train")),
        *("--n-objects", "30", "--n-backgrounds", "8", "--k", "3", "--m", "2", "--epochs", "2"),
        *("--batch-size", "32", *more),
    ]


def test_weights_load_back_and_a_second_run_overwrites_nothing(made, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(asked()) == cli.main(asked()) == 0
    found = sorted(path.name for path in (tmp_path / "aligned").iterdir())
    assert found == ["micro-clip-1", "micro-clip-2"] and "load them with" in capsys.readouterr().out
    again = encoders.load(str(tmp_path / "aligned" / "micro-clip-1" / "weights.safetensors"))
    pictures = torch.zeros(1, 3, again.size, again.size, dtype=torch.uint8)
    assert torch.allclose(
        again.encode_images(pictures), made.encoder.encode_images(pictures), atol=1e-5
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--method", "dfr"], "--method is 'dfr'; choices: bap"),
        (["--lr", "-1"], "--lr is -1; it has to be above 0"),
        (["--epochs", "0"], "--epochs is 0; it has to be at least 1"),
        (["--objects", "/no/such/place"], "'/no/such/place' does not exist"),
    ],
)
def test_what_cannot_be_meant_leaves_nothing_behind(tmp_path, monkeypatch, capsys, more, message):
    monkeypatch.chdir(tmp_path)
    assert cli.main(asked(*more)) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_too_few_pictures_are_said_and_leave_no_empty_folder(tmp_path, world, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    behind = tmp_path / "behind"
    behind.mkdir()
    world[1].image(0).save(behind / "one.png")
    assert cli.main(asked("--backgrounds", str(behind))) == 2
    assert "1 picture files; an alignment needs at least 4" in capsys.readouterr().err
    assert not list((tmp_path / "aligned").iterdir())
