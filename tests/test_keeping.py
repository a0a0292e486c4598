"""What is kept is listed, checked and removed."""

import os
import time

import pytest
import torch

from bap_core import store
from bap_core.cli import main
from bap_core.store import keeping

DAY = 24 * 3600


@pytest.fixture
def kept(home):
    """Two artefacts and a folder of one kind each, ten days old, and a checkpoint of today."""
    for seed in (0, 1):
        store.arrays("anchors", {"seed": seed}, lambda: {"x": torch.ones(1000)})
    store.folder("micro", {"seed": 0}, lambda path: (path / "a.jpg").write_bytes(b"x" * 5000))
    for path in (home / "store").glob("*/*"):
        os.utime(path, (time.time() - 10 * DAY,) * 2)
    store.Checkpoint(store.checkpoint_path({"seed": 0})).save({"epoch": 1})
    return home


def test_every_kind_is_listed_with_number_size_and_age(kept, capsys):
    assert main(["cache", "list"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"below {kept}:"
    assert [line.split()[:2] for line in shown[1:]] == [
        ["anchors", "2"], ["checkpoints", "1"], ["micro", "1"]
    ]  # fmt: skip
    assert shown[1].endswith("10 to 10 days old") and shown[2].endswith("0 to 0 days old")


def test_an_empty_store_says_so(home):
    assert keeping.overview() == ["nothing is kept"]


def test_a_damaged_artefact_is_found_and_named(kept, capsys):
    assert main(["cache", "verify"]) == 0 and "damaged: nothing" in capsys.readouterr().out
    path = next((kept / "store" / "anchors").glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-1])
    store.value("judged", {"seed": 0}, lambda: "holds")
    (said,) = (kept / "store" / "judged").iterdir()
    said.write_text(said.read_text().replace("holds", "fails"))
    assert main(["cache", "verify"]) == 1
    shown = capsys.readouterr().out
    assert f"{path}: damaged" in shown and f"{said}: damaged" in shown


def test_what_is_old_is_removed_and_what_is_young_stays(kept, capsys):
    assert main(["cache", "prune", "--days", "20"]) == 0
    assert "0 removed" in capsys.readouterr().out
    assert main(["cache", "prune", "--days", "5"]) == 0
    assert "3 removed" in capsys.readouterr().out
    assert [line.split()[0] for line in keeping.overview() if "empty" not in line] == [
        "checkpoints"
    ]
    made = store.arrays("anchors", {"seed": 0}, lambda: {"x": torch.ones(1000)})
    assert torch.equal(made["x"], torch.ones(1000))


@pytest.mark.parametrize("days", [-1, float("nan")])
def test_an_age_below_nothing_is_refused(kept, days):
    with pytest.raises(ValueError, match="give 0 or more"):
        keeping.prune(days=days)
