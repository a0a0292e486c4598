"""The doctor: what is missing is named, with the command that brings it, at 80 columns."""

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook

from bap_core import encoders, micro
from bap_core.micro.world import World
from bap_core.runner import doctor
from bap_core.runner.doctor import datasets, finding, machine, weights
from bap_core.runner.planning import Job, plan


def job(*opened: str, **parameters) -> Job:
    """A job whose notebook declares the datasets ``opened``."""
    return Job(
        Path("03_toy.py"), "smoke", new_notebook(), opened, parameters, {}, Path("runs", "03_toy")
    )


def test_every_line_fits_80_columns_but_for_commands():
    found = finding.Finding("missing", "encoder", "word " * 40, "go on\n$ " + "x" * 100)
    lines = finding.format_lines(found)
    assert all(len(line) <= 80 for line in lines if "$" not in line) and any(
        line.endswith("x" * 100) for line in lines
    )


def test_data_that_a_notebook_declares_are_looked_for_below_its_root(tmp_path):
    for name in ("CUB_200_2011/images.txt", "segmentations/001/a.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    jobs = [job("cub", "places", data_root=str(tmp_path))]
    found = {finding.what: finding for finding in datasets.check_data(jobs)}
    assert found["cub"].state == "ok" and found["places"].state == "missing"
    assert (
        "train_256_places365standard.tar (26.1 GB)" in found["places"].detail
        and "03_toy" in found["places"].detail
    )
    assert f"$ bap data fetch places --root {tmp_path}" in found["places"].remedy


def test_only_declared_datasets_are_looked_for_each_once_with_all_its_notebooks(tmp_path):
    one, other = job("waterbirds", data_root=str(tmp_path)), job(data_root=str(tmp_path))
    third = replace(one, path=Path("13_choices.py"))
    release, room = datasets.check_data([one, other, third])
    assert release.what == "waterbirds" and "(for 03_toy, 13_choices)" in release.detail
    assert room.what == "disk for the data"


def test_a_dataset_of_which_one_archive_is_missing_is_missing_with_that_archive(tmp_path):
    (tmp_path / "CUB_200_2011").mkdir()
    (tmp_path / "CUB_200_2011" / "images.txt").touch()
    found = next(iter(datasets.check_data([job("cub", data_root=str(tmp_path))])))
    assert (
        found.state == "missing"
        and "segmentations.tgz" in found.detail
        and "CUB_200_2011.tgz" not in found.detail
    )


def test_an_empty_machine_lists_every_dataset_and_checkpoint_of_the_paper_with_size_and_command(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(machine, "check_packages", list)
    monkeypatch.setattr(weights, "is_in_cache", lambda repository: False)
    assert doctor.examine(profile="paper", root=str(tmp_path / "nothing")) == 1
    shown = capsys.readouterr().out
    for name, notebook in {
        "cub": "03_water",
        "waterbirds": "03_water",
        "places": "01_additivity",
        "coco": "02_k",
    }.items():
        part = shown[shown.index(f"missing {name} ") :].split("$")[0]
        assert notebook in part and (" GB)" in part or " MB)" in part) and "Licence: " in part
        assert f"$ bap data fetch {name} --root {tmp_path / 'nothing'}" in shown
    for name in ("clip-b16", "siglip2-b16"):
        part = shown[shown.index(f"missing {name}") :].split("$ python")[0]
        assert "about " in part and "GB" in part.replace("MB", "GB") and "01_additivity" in part
    missing = re.findall(r"^missing (\S+)", shown, flags=re.MULTILINE)
    assert {
        "cub",
        "places",
        "waterbirds",
        "coco",
        "clip-b16",
        "siglip2-b16",
        "clip-convnext-w",
    } < set(missing)
    assert f"paper: {len(missing)} missing" in shown
    assert re.search(r"about \d[\d.]* GB .*to download", " ".join(shown.split()))


def test_pointed_at_a_micro_root_everything_is_there(tmp_path, monkeypatch, capsys):
    micro.render(tmp_path, World("tiny", photos=1, train=1, val=1, coco=2), workers=1)
    monkeypatch.setattr(machine, "check_packages", list)
    monkeypatch.setattr(weights, "check_weights", lambda jobs: [])
    for root in (str(tmp_path), "micro"):
        assert doctor.examine(profile="paper", root=root) == 0
        shown = capsys.readouterr().out
        assert shown.count("\nok ") >= 4 and "missing" not in shown and "to download" not in shown


@pytest.mark.parametrize(
    ("name", "size"),
    [
        # 149.6 million weights of 4 bytes
        ("ViT-B-16:laion2b_s34b_b88k", "about 598 MB"),
        ("clip-b16", "about 598 MB"),
        ("dinov2-b14", "about 343 MB"),
        ("google/siglip2-base-patch16-224", "about 1.5 GB"),
        ("RN50:openai", "nobody states"),
    ],
)
def test_what_must_be_fetched_is_named_with_its_size_and_the_command(name, size, monkeypatch):
    monkeypatch.setattr(weights, "is_in_cache", lambda repository: False)
    found = weights.check_fetched(name)
    assert (
        found.state == "missing"
        and size in found.detail
        and f"encoders.load('{name}')" in found.remedy
    )


def test_the_micro_world_is_never_missing():
    (found,) = datasets.check_data([job("cub", data_root="micro")])
    assert found.state == "ok" and "rendered on first use" in found.detail


def test_own_pictures_must_exist(tmp_path):
    here, gone = datasets.check_data(
        [job(objects=str(tmp_path), backgrounds=str(tmp_path / "gone"))]
    )
    assert (here.state, gone.state) == ("ok", "missing")


def test_shipped_weights_are_checked_against_their_card(tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "MICRO", tmp_path)
    assert weights.check_shipped("micro-toy").state == "missing"
    (tmp_path / "micro-toy.safetensors").write_bytes(b"weights")
    (tmp_path / "micro-toy.card.json").write_text(
        json.dumps({"sha256": sha256(b"weights").hexdigest()})
    )
    assert weights.check_shipped("micro-toy").state == "ok"
    (tmp_path / "micro-toy.safetensors").write_bytes(b"others")
    assert "not the one that its card describes" in weights.check_shipped("micro-toy").detail


@pytest.mark.parametrize(
    "name, state",
    [
        ("ViT-B-16:random", "ok"),
        ("ViT-B-16:laion2b_s34b_b88k", "missing"),
        ("ViT-B-16:nothing", "missing"),
        ("nowhere.safetensors", "missing"),
    ],
)
def test_encoders_that_must_be_fetched_are_looked_for_in_the_local_cache(name, state, monkeypatch):
    monkeypatch.setattr(weights, "is_in_cache", lambda repository: False)
    assert weights.check_fetched(name).state == state


def test_a_package_outside_its_range_is_named(monkeypatch):
    monkeypatch.setattr(machine, "find_version", lambda package: "0.0.1")
    monkeypatch.setattr(
        machine, "try_import", lambda module, package: finding.Finding("ok", package, "")
    )
    monkeypatch.setattr(
        machine.metadata, "requires", lambda package: ["torch>=2.11", "pytest>=9; extra == 'dev'"]
    )
    (wrong,) = [found for found in machine.check_packages() if found.state == "missing"]
    assert wrong.what == "torch" and ">=2.11" in wrong.detail and "pip install" in wrong.remedy


def test_a_package_that_cannot_be_imported_is_named():
    found = machine.try_import("no_such_module_at_all", "nothing")
    assert found.state == "missing" and "cannot be imported" in found.detail


def test_the_labeller_of_the_people_experiment_is_looked_for_too(monkeypatch):
    monkeypatch.setattr(weights, "is_in_cache", lambda repository: False)
    (job,) = plan(["04_coco_gender"], profile="paper")
    found = {finding.what: finding for finding in weights.check_weights([job])}
    assert found["clip-h14"].state == "missing" and "about 3.94 GB" in found["clip-h14"].detail
    assert set(found) == {"clip-h14", "clip-b16", "siglip2-b16"}


def test_little_disk_is_a_note_and_does_not_refuse():
    assert machine.compare_free("free disk", 10**9, 4, "free some").state == "note"


def test_the_exit_code_says_whether_the_profile_can_run(monkeypatch, capsys):
    monkeypatch.setattr(machine, "check_packages", list)
    monkeypatch.setattr(
        weights, "check_weights", lambda jobs: [finding.Finding("ok", "micro-clip", "shipped")]
    )
    assert doctor.examine(profile="smoke") == 0
    monkeypatch.setattr(
        weights,
        "check_weights",
        lambda jobs: [finding.Finding("missing", "micro-clip", "gone", "$ fetch it")],
    )
    assert (
        doctor.examine(profile="smoke") == 1 and "1 missing, see above" in capsys.readouterr().out
    )
