"""Every notebook at the smoke profile: through `bap run`, again through nbmake, and through
plain jupytext | papermill.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from bap_core import runtime
from bap_core.recorded.bundle import read_bundle
from bap_core.runner import verify
from bap_core.runner.planning import find_notebooks, plan
from bap_core.runner.run import run_jobs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("notebooks")]
NOTEBOOKS = [path.stem for path in find_notebooks([])]


@pytest.fixture(scope="module")
def jobs():
    """All notebooks, run at smoke where that is not up to date."""
    planned = plan([], profile="smoke")
    assert run_jobs(planned) == []
    return {job.name: job for job in planned}


GROUPED = """
import os, pathlib, pytest

{mark}
@pytest.mark.parametrize("name", range(8))
def test_page(name):
    pathlib.Path(os.environ["SEEN"], str(os.getpid())).touch()
"""


@pytest.mark.parametrize(
    ("mark", "workers"), [('@pytest.mark.xdist_group("notebooks")', 1), ("", 2)]
)
def test_tests_of_one_group_go_to_one_worker_so_that_no_page_is_made_twice(tmp_path, mark, workers):
    seen = tmp_path / "seen"
    seen.mkdir()
    (tmp_path / "test_pages.py").write_text(GROUPED.format(mark=mark))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "."]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment() | {"SEEN": seen},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert len(list(seen.iterdir())) == workers


def environment() -> dict:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def bundle(path: Path) -> dict:
    found = read_bundle(nbformat.read(path, as_version=4))
    assert found is not None, f"{path.name} has no stamp"
    return found


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_page_is_fit_to_be_published(jobs, name):
    assert verify.find_problems(jobs[name]) == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_page_says_that_it_means_nothing_and_has_measured_something(jobs, name):
    found = bundle(jobs[name].folder / "executed.ipynb")
    assert found["scale"] == "smoke"
    assert len(found["metrics"]) > 0 and found["claims"]
    assert {claim["verdict"] for claim in found["claims"]} == {"not judged"}
    metrics = pd.DataFrame(found["metrics"])
    unmeasured = metrics[metrics["value"].isna()]
    assert unmeasured.get("reason", pd.Series(dtype=str)).str.startswith("left out").all()


def test_the_people_page_says_what_its_labels_are_before_it_shows_anybody(jobs):
    page = nbformat.read(jobs["04_coco_gender"].folder / "executed.ipynb", as_version=4)
    shown = [
        (data, kind)
        for cell in page.cells
        for output in cell.get("outputs", [])
        for kind, data in output.get("data", {}).items()
        if kind in ("text/html", "image/png")
    ]
    said = next(
        i
        for i, (data, kind) in enumerate(shown)
        if kind == "text/html" and "It is not a person" in data
    )
    first = next(i for i, (_, kind) in enumerate(shown) if kind == "image/png")
    assert said < first and said == 1  # right below the banner


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nbmake_on_a_copy_with_an_empty_store_gives_the_same_metrics(jobs, name, tmp_path):
    copy = tmp_path / f"{name}.ipynb"
    shutil.copy(jobs[name].folder / "executed.ipynb", copy)
    # another store, or the copy would read the numbers back instead of making them again
    world = runtime.home() / "store" / "micro"
    (tmp_path / "home" / "store").mkdir(parents=True)
    (tmp_path / "home" / "store" / "micro").symlink_to(world)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbmake",
        "--overwrite",
        "--nbmake-timeout=3600",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--rootdir",
        str(tmp_path),
        str(copy),
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment() | {"BAP_HOME": str(tmp_path / "home")},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    first, second = (
        bundle(path)["metrics"] for path in (jobs[name].folder / "executed.ipynb", copy)
    )
    assert first == second  # row by row, to the last digit


def test_a_page_that_is_made_of_what_is_kept_measures_the_same(jobs, tmp_path):
    (again,) = plan(["03_waterbirds"], profile="smoke", out=tmp_path)
    assert run_jobs([again]) == []
    first, second = (
        bundle(job.folder / "executed.ipynb") for job in (jobs["03_waterbirds"], again)
    )
    assert second["stamp"]["images_encoded"] == 0
    assert all(first[part] == second[part] for part in ("metrics", "claims", "drawn"))


def test_plain_jupytext_and_papermill_work_from_any_folder(jobs, tmp_path):
    source = jobs["02_k_ablation"].path
    chain = (
        f"jupytext --to ipynb --output - {source} | papermill - out.ipynb -p data_root "
        "micro-smoke -p seeds 1 "
        "-p n_objects 4 -p n_backgrounds 20 -y 'ks: [1, 2]'"
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", chain],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert bundle(tmp_path / "out.ipynb")["parameters"]["ks"] == [1, 2]
