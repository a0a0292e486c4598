"""A result is out of date as soon as one of the files that its page read is another one, whatever
the parameters look like.
"""

import io
import os
import shutil

import numpy as np
import pytest
import toy
from PIL import Image

from bap_core.encoders.backends.common import MICRO
from bap_core.runner import planning
from bap_core.runner.hashes import hash_inputs
from bap_core.runner.results import is_up_to_date
from bap_core.runner.run import run_jobs

READING = """
import pathlib

import pandas as pd

from bap_core import encoders
from bap_core.data import file_index, images

root = pathlib.Path(names[0])
pd.read_csv(root / "table.csv")
images.read_rgb(root / "picture.png")
linked = file_index.list_files(root / "linked")
encoders.load(f"micro-clip:{root / 'weights.safetensors'}")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A result of a page that reads a table, a picture, a linked folder and weights."""
    folder = tmp_path_factory.mktemp("page")
    root, behind = folder / "data", folder / "elsewhere" / "behind"
    root.mkdir()
    behind.mkdir(parents=True)
    (root / "table.csv").write_text("a\n1\n")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(root / "picture.png")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(behind / "one.png")
    (root / "linked").symlink_to(behind)
    shutil.copy(MICRO / "micro-clip.safetensors", root / "weights.safetensors")
    notebook = toy.write(folder, source=toy.PAGE.replace("# ---- between", READING))
    (job,) = planning.plan(
        [str(notebook)], profile="smoke", overrides=[f"names={root}"], out=folder / "runs"
    )
    shown = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAP_HOME", str(folder / "home"))
        patch.setenv("TMPDIR", str(folder / "elsewhere"))  # what is temporary does not count
        assert run_jobs([job], show=shown) == [], shown.getvalue()
    return job, root


@pytest.fixture
def inputs(made, tmp_path, monkeypatch):
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "home"))
    job, _ = made
    return hash_inputs(job)


def test_nothing_changed_is_up_to_date_also_with_new_times(made, inputs):
    job, root = made
    assert is_up_to_date(job.folder, inputs)
    os.utime(root / "table.csv")
    assert is_up_to_date(job.folder, inputs)


@pytest.mark.parametrize("name", ["table.csv", "picture.png", "weights.safetensors"])
def test_a_file_with_one_other_byte_is_noticed_with_its_size_and_time_as_before(made, inputs, name):
    job, path = made[0], made[1] / name
    content, times = path.read_bytes(), path.stat()
    path.write_bytes(bytes([*content[:-1], content[-1] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not is_up_to_date(job.folder, inputs)
    path.write_bytes(content)
    assert is_up_to_date(job.folder, inputs)


def test_a_file_more_or_less_behind_a_linked_folder_is_noticed(made, inputs):
    job, root = made
    more = root / "linked" / "two.png"
    shutil.copy(root / "picture.png", more)
    assert not is_up_to_date(job.folder, inputs)
    more.unlink()
    assert is_up_to_date(job.folder, inputs)
    (root / "linked").rename(root / "gone")
    assert not is_up_to_date(job.folder, inputs)
    (root / "gone").rename(root / "linked")


def test_a_file_that_is_gone_is_noticed(made, inputs):
    job, root = made
    (root / "table.csv").rename(root / "away.csv")
    assert not is_up_to_date(job.folder, inputs)
    (root / "away.csv").rename(root / "table.csv")


def test_a_file_changed_while_the_page_is_made_stops_it(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    changing = f"""
from bap_core.data import images

images.read_rgb({str(path)!r})
open({str(path)!r}, "ab").write(b" ")
"""
    notebook = toy.write(tmp_path, source=toy.PAGE.replace("# ---- between", changing))
    (job,) = planning.plan([str(notebook)], profile="smoke", out=tmp_path / "runs")
    (failure,) = run_jobs([job], show=io.StringIO())
    assert "picture.png was changed while the page was made" in str(failure)
