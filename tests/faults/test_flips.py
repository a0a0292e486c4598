"""Damaged on the disk: what was kept is seen to be broken, and made again with the same values."""

import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path

import children
import numpy as np
import pipeline
import pytest
from test_kills import align, make_anchors, make_features

from bap_core import contents
from bap_core.data import file_index
from bap_core.encoders import training

KIND = "flip"


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("painted") / "pictures"
    pipeline.paint(folder)
    return folder


def list_files(folder: Path):
    file_index.index(folder)


STAGES: dict[str, Callable[[Path], None]] = {
    "features": make_features,
    "anchors": make_anchors,
    "pretrained": align,
    "listing": list_files,
}


def damages(content: bytes, n: int) -> dict[str, bytes]:
    """``n`` ways to damage a file: a bit turned anywhere, cut short, emptied, overwritten."""
    draw = np.random.default_rng(0)
    found = {"empty": b"", "cut to half": content[: len(content) // 2], "noise": draw.bytes(999)}
    found["cut by one"] = content[:-1]
    found["zeros"] = bytes(len(content))
    for at in np.linspace(0, len(content) - 1, max(n - len(found), 0)).astype(int):
        turned = bytes([content[at] ^ (1 << int(draw.integers(8)))])
        found[f"bit in byte {at}"] = content[:at] + turned + content[at + 1 :]
    return found


def note(outcomes, what: str, *, wanted, found) -> None:
    outcomes(KIND, "survived" if found == wanted else "wrong", f"{what}: {found}, not {wanted}")


@pytest.mark.parametrize("kind", STAGES)
def test_a_damaged_artefact_is_made_again_with_the_same_values(
    painted, home, tmp_path, outcomes, budget, kind
):
    STAGES[kind](painted)
    wanted = children.kept(home)
    (path,) = (home / "store" / kind).glob("*.safetensors")
    for what, content in damages(path.read_bytes(), budget(8, 60)).items():
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            STAGES[kind](painted)
        note(outcomes, f"{kind}, {what}", wanted=wanted, found=children.kept(home))


@pytest.mark.parametrize("both", [False, True])
def test_a_damaged_checkpoint_is_set_aside_and_never_becomes_weights(
    painted, tmp_path, outcomes, budget, monkeypatch, both
):
    """both: the one before the last is damaged as well, so that training begins anew."""
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "whole"))
    align(painted)
    wanted = children.kept(tmp_path / "whole")
    home = tmp_path / "killed"
    monkeypatch.setenv("BAP_HOME", str(home))
    events = children.count_events(lambda: align(painted), home=tmp_path / "counted")
    assert children.run_until_killed(lambda: align(painted), home=home, event=events * 2 // 3)
    kept = {path: path.read_bytes() for path in (home / "checkpoints").glob("*.pt")}
    last = next(path for path in kept if not path.name.endswith(".before.pt"))
    assert len(kept) == 2
    for what, content in damages(kept[last], budget(7, 40)).items():
        for path, whole in kept.items():
            path.write_bytes(content if both or path == last else whole)
        for made in (home / "store" / "pretrained").glob("*.safetensors"):
            made.unlink()
        with pytest.warns(UserWarning, match="is broken: it is set aside"):
            align(painted)
        note(outcomes, f"checkpoint, {what}", wanted=wanted, found=children.kept(home))


def test_a_damaged_memory_of_digests_is_forgotten(painted, home, outcomes, budget, monkeypatch):
    monkeypatch.setattr(contents, "_SETTLED_NS", -1)  # the pictures are new
    monkeypatch.setattr(contents, "_known", {})
    make_features(painted)
    wanted, path = children.kept(home), home / "contents.sqlite"
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM contents").fetchone() == (4,)
    for what, content in damages(path.read_bytes(), budget(6, 40)).items():
        path.write_bytes(content)
        monkeypatch.setattr(contents, "_known", {})
        make_features(painted)
        note(outcomes, f"digests, {what}", wanted=wanted, found=children.kept(home))
