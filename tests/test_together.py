"""Two processes that compute one thing: together they make what one makes alone."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from waiting import LONG

from bap_core import together
from bap_core.runner.companions import _find_port

# Trains a tiny encoder on coloured squares, as the pages do, in a store of its own.
CODE = """
import json, os, sys
sys.path[:0] = json.loads(os.environ["TESTS"])
import torch
from conftest import Shapes, make_tiny
from bap_core import runtime, store, together
from bap_core.encoders import training
from bap_core.method import Contexts, compute_anchors, pretrain_bap

torch.set_num_threads(1)
stop = int(os.environ.get("STOP_AT", 0))
seen = []

def watch(z, a):
    seen.append(len(z))
    if stop and len(seen) == stop and os.environ.get("RANK", "0") == os.environ.get("WHO", "0"):
        os.kill(os.getpid(), 9)

training.CHECKPOINT_SECONDS = 0
teacher, shapes = make_tiny(), Shapes(n_objects=7)
anchors = compute_anchors(teacher, shapes, k=3, seed=0)
contexts = Contexts(m=3, epochs=3, batch_size=5, seed=0)  # 21 composites: a last batch of one
made = pretrain_bap(teacher, shapes, contexts=contexts, k=3, lr=1e-3, watch=watch)
folder = store.next_folder(runtime.home() / "aligned", "tiny")
assert made.encoder.save(folder / "weights.safetensors").stat().st_size
if together.is_first():
    weights = made.encoder.image_tower.state_dict()
    torch.save({"losses": made.losses, "anchors": anchors, "seen": seen, "weights": weights},
               sys.argv[1])
"""


def start(folder, *, of: int, home, **variables):
    """Processes that run `CODE` together, with the variables given."""
    here = os.path.dirname(__file__)
    shared = os.environ | {
        "TESTS": json.dumps([here, os.path.dirname(here)]),
        "BAP_HOME": str(home),
        "BAP_DEVICE": "cpu",
        **variables,
    }
    if of > 1:
        shared |= {"WORLD_SIZE": str(of), "MASTER_ADDR": "127.0.0.1"}
        shared |= {"MASTER_PORT": str(_find_port())}
    return [
        subprocess.Popen(
            [sys.executable, "-c", CODE, str(folder / "made.pt")],
            env=shared | ({"RANK": str(rank)} if of > 1 else {}),
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(of)
    ]


def run(folder, *, of: int, home=None, **variables) -> dict:
    """What the processes made; they have to end well."""
    folder.mkdir(exist_ok=True)
    for process in start(folder, of=of, home=home or folder / "home", **variables):
        _, said = process.communicate(timeout=LONG)
        assert process.returncode == 0, said[-3000:]
    return torch.load(folder / "made.pt", weights_only=True)


def assert_alike(one: dict, other: dict) -> None:
    assert one["losses"] == pytest.approx(other["losses"], rel=1e-5)
    assert torch.allclose(one["anchors"], other["anchors"], atol=1e-6)
    for name, ours in one["weights"].items():
        # no embedding depends on the bias of keys: its gradient is rounding alone, of which AdamW
        # makes steps
        keys = slice(32, 64) if name.endswith("in_proj_bias") else slice(0)
        apart = (ours - other["weights"][name]).abs()
        apart[keys] = 0
        assert apart.max() < 2e-5, name


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return run(tmp_path_factory.mktemp("alone"), of=1)


def test_two_processes_make_what_one_makes_and_divide_every_batch(alone, tmp_path):
    both = run(tmp_path, of=2)
    assert_alike(alone, both)
    assert [path.name for path in (tmp_path / "home" / "aligned").iterdir()] == ["tiny-1"]
    assert alone["seen"] == [5, 5, 5, 5, 1] * 3
    assert both["seen"] == [2, 2, 2, 2, 1] * 3  # of five the other has three; of one both have it


def test_a_killed_process_ends_the_other_with_a_sentence_and_training_goes_on_with_any_number(
    alone, tmp_path
):
    home = tmp_path / "home"
    (single,) = start(tmp_path, of=1, home=home, STOP_AT="6")
    assert single.wait(timeout=LONG) == -9 and list(home.glob("checkpoints/*.pt"))
    first, second = start(tmp_path, of=2, home=home, STOP_AT="4", WHO="1")
    assert second.wait(timeout=LONG) == -9
    _, said = first.communicate(timeout=60)
    assert first.returncode == 1
    assert f"ConnectionError: {together.ENDED}" in said.strip().splitlines()[-1]
    assert list(home.glob("checkpoints/*.pt")) and not (tmp_path / "made.pt").exists()
    last = run(tmp_path, of=1, home=home)
    assert len(last["seen"]) < 15 - 6  # the steps before were not made again
    assert_alike(alone, last)


@pytest.mark.parametrize(("n", "of"), [(10, 1), (10, 2), (7, 3), (3, 3), (1, 2), (0, 2)])
def test_shares_are_neighbours_and_each_row_is_in_one_or_in_all(monkeypatch, n, of):
    rows, seen, weights = np.arange(n), [], []
    monkeypatch.setenv("WORLD_SIZE", str(of))
    for rank in range(of):
        monkeypatch.setenv("RANK", str(rank))
        seen.append(rows[together.share(n)].tolist())
        weights.append(together.weight(n) if n else 1 / of)
    if n < of:
        assert seen == [rows.tolist()] * of
    else:
        assert [row for part in seen for row in part] == rows.tolist()
        assert max(map(len, seen)) - min(map(len, seen)) <= 1
    assert sum(weights) == pytest.approx(1)


def test_alone_nothing_is_divided_and_accelerate_is_not_loaded(monkeypatch):
    for name in ("WORLD_SIZE", "RANK"):
        monkeypatch.delenv(name, raising=False)
    assert together.count() == 1 and together.is_first() and together.share(9) == slice(0, 9)
    part = torch.ones(3, 2)
    assert together.join(part, slice(0, 3), 3) is part
    code = "import sys, bap_core.method; sys.exit('accelerate' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
