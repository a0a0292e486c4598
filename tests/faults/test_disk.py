"""Disks that are full, and stores that cannot be written: one sentence that names the folder and
the way out, and what is whole is read all the same.
"""

import os
import resource
import shutil
import signal
import tempfile
from pathlib import Path

import children
import pipeline
import pytest
from test_kills import STAGES

from bap_core.encoders import training

KIND = "disk"
NOBODY = 65534


@pytest.fixture(scope="module")
def painted():
    """Where others may look, too."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        pipeline.paint(Path(folder) / "pictures")
        yield Path(folder) / "pictures"


@pytest.fixture
def home(painted):
    """A store where others may look."""
    folder = Path(tempfile.mkdtemp(dir=painted.parent))
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def warm(painted, monkeypatch, tmp_path):
    """What is loaded now, no child has to load."""
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "warm"))
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    for stage in STAGES.values():
        stage(painted)
    return children.kept(tmp_path / "warm")


def ending(work, home: Path) -> tuple[str, str]:
    """How the work ended, and what it said."""
    try:
        children.run(work, home=home)
    except children.Failed as error:
        said = str(error)
        clear = said.startswith(("OSError", "PermissionError"))
        named = str(home) in said and "BAP_HOME=/path/to/folder" in said
        return ("refused" if clear and named and said.count("\n") == 0 else "wrong"), said
    return "survived", ""


@pytest.mark.parametrize("stage", STAGES)
def test_a_disk_without_room_is_named_and_leaves_nothing_half(
    painted, home, warm, outcomes, budget, stage
):
    for limit in [0, 2_000, 9_000, 100, 700, 40_000][: budget(2, 6)]:

        def work(limit=limit):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
            STAGES[stage](painted)

        how, said = ending(work, home)
        outcomes(KIND, how, f"{stage} with {limit} bytes: {said}")
        half = list(home.rglob("*.part"))
        assert not half and set(children.kept(home).values()) <= set(warm.values()) | {EMPTY}
    children.run(lambda: STAGES[stage](painted), home=home)
    assert set(children.kept(home).values()) <= set(warm.values())


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def as_nobody(work):
    """The work of a user who may not write here."""

    def done():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        work()

    return done


@pytest.mark.parametrize("stage", STAGES)
def test_a_store_of_somebody_else_is_read_and_one_that_is_not_whole_is_named(
    painted, home, warm, outcomes, stage
):
    def work():
        STAGES[stage](painted)

    if os.geteuid():
        pytest.skip("only root can become another user")
    how, said = ending(as_nobody(work), home)
    outcomes(KIND, how if how == "refused" else "wrong", f"{stage} in an empty store: {said}")
    children.run(work, home=home)
    how, said = ending(as_nobody(work), home)
    outcomes(KIND, how if how == "survived" else "wrong", f"{stage} in a whole store: {said}")
