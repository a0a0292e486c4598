"""Killed at any moment, and started again: the end is that of an undisturbed run, and nothing stays
behind.

A child is killed (SIGKILL) at the n-th thing that it does to a file of its store, for every n, so
that no moment that could matter is left out.
"""

import contextlib
import os
import signal
from functools import partial
from pathlib import Path

import children
import nbformat
import pipeline
import psutil
import pytest
import small
import toy
from waiting import LONG, wait_until

from bap_core import micro
from bap_core.encoders import features, training
from bap_core.method import Contexts, compute_anchors, pretrain_bap
from bap_core.recorded.bundle import MIME
from bap_core.runner import book, planning
from bap_core.runner import run as running
from bap_core.runner.results import is_up_to_date

KIND = "kill"


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("painted") / "pictures"
    pipeline.paint(folder)
    small.painted(folder / "scenes", train=(3, 2, 2, 3))
    return folder


def make_features(folder: Path):
    features.extract(small.encoder("transformer"), pipeline.pool(folder).objects)


def make_anchors(folder: Path):
    compute_anchors(small.encoder("transformer"), pipeline.pool(folder), k=3, seed=0)


def align(folder: Path):
    contexts = Contexts(m=2, epochs=2, batch_size=4, seed=0)
    encoder = small.encoder("transformer")
    pretrain_bap(encoder, pipeline.pool(folder), contexts=contexts, k=3, lr=1e-3)


STAGES = {"features": make_features, "anchors": make_anchors, "alignment": align}
SAMPLE = {"features": 3, "anchors": 3, "alignment": 6}


def spread(n: int, total: int) -> list[int]:
    """``n`` of the numbers from 1 to ``total``, evenly."""
    return sorted({1 + round(i * (total - 1) / max(n - 1, 1)) for i in range(min(n, total))})


def note(outcomes, what: str, *, wanted, found) -> None:
    ending = "survived" if found == wanted else "wrong"
    outcomes(KIND, ending, f"{what}: {found} instead of {wanted}")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_was_killed_ends_as_if_it_had_not(
    painted, tmp_path, outcomes, budget, monkeypatch, stage
):
    def work():
        STAGES[stage](painted)

    monkeypatch.setenv("BAP_HOME", str(tmp_path / "warm"))
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)  # one after every step
    work()  # what is loaded now, no child has to load
    children.run(work, home=tmp_path / "whole")
    wanted = children.kept(tmp_path / "whole")
    events = children.count_events(work, home=tmp_path / "counted")
    for event in spread(budget(SAMPLE[stage], events), events):
        home = tmp_path / f"killed{event}"
        assert children.run_until_killed(work, home=home, event=event)
        children.run(work, home=home)
        note(outcomes, f"{stage} at {event}", wanted=wanted, found=children.kept(home))


def has_ended(group: int) -> bool:
    """Whether no process of the group lives, zombies left out."""
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return False
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    return True


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    home = tmp_path_factory.mktemp("rendered")
    children.run(lambda: micro.resolve("micro-dry"), home=home)
    return children.kept(home)


PARTS = ["CUB_200_2011", "places365_standard", "train2017", "LAION-final", "dtd"]


def test_a_rendering_that_was_killed_leaves_no_worker_and_no_half_world(
    rendered, tmp_path, outcomes, budget
):
    def render():
        os.setpgid(0, 0)
        os.cpu_count = lambda: 2  # so many workers
        micro.resolve("micro-dry")

    for part in PARTS[: budget(1, len(PARTS))]:
        home = tmp_path / part
        child = children.start(render, home=home)
        wait_until(partial(is_begun, home, part), f"{part} is begun", child)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        wait_until(partial(has_ended, child), "the workers have ended")
        children.run(lambda: micro.resolve("micro-dry"), home=home)
        note(outcomes, f"rendering in {part}", wanted=rendered, found=children.kept(home))


def is_begun(home: Path, part: str) -> bool:
    """Whether a picture of the part is there, in the folder that is being filled."""
    with contextlib.suppress(FileNotFoundError):  # a folder that is moved while it is listed
        found = home.glob(f"store/micro/*.part/**/{part}/**/*")
        return any(path.suffix in (".jpg", ".png") for path in found)
    return False


@pytest.fixture
def job(tmp_path):
    """A job whose notebook is executed already, so that what is killed is the filing."""
    notebook = toy.write(tmp_path)
    (job,) = planning.plan([str(notebook)], profile="smoke", out=tmp_path / "runs")
    return job


def executed(*_, **__):
    left = {"metrics": [{"metric": "m", "value": 1 / 3}], "parameters": {}, "scale": "micro"}
    left |= {"notebook": "03_toy", "claims": [], "predictions": [], "recorded": None}
    left |= {"stamp": {"world": None, "data": [], "encoders": []}}
    output = nbformat.v4.new_output("display_data", {MIME: left})
    cell = nbformat.v4.new_code_cell("x", outputs=[output], id="one")
    return nbformat.v4.new_notebook(cells=[cell])


def test_a_run_that_was_killed_while_it_filed_is_run_again_to_the_same_files(
    job, tmp_path, outcomes, budget, monkeypatch
):
    monkeypatch.setattr(running, "execute", executed)

    def work():
        assert not running.run_jobs([job])

    runs = tmp_path / "runs"
    children.run(work, home=tmp_path / "home")
    wanted = children.kept(runs)
    children.run(lambda: empty(runs), home=tmp_path / "home")
    events = count_in(work, runs, tmp_path / "home")
    for event in spread(budget(4, events), events):
        empty(runs)
        assert killed_in(work, runs, tmp_path / "home", event)
        half = is_up_to_date(job.folder, running.hash_inputs(job))
        whole = children.kept(runs) == wanted
        children.run(work, home=tmp_path / "home")
        note(
            outcomes,
            f"run at {event}",
            wanted=(True, wanted),
            found=(whole or not half, children.kept(runs)),
        )


def empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def count_in(work, folder: Path, home: Path) -> int:
    """`children.count_events` of what happens in another folder than the store."""
    return children.count_events(lambda: at(home, work), home=folder)


def killed_in(work, folder: Path, home: Path, event: int) -> bool:
    return children.run_until_killed(lambda: at(home, work), home=folder, event=event)


def at(home: Path, work) -> None:
    os.environ["BAP_HOME"] = str(home)
    work()


def test_a_book_whose_publishing_was_killed_is_published_again_to_the_same_pages(
    job, tmp_path, outcomes, budget, monkeypatch
):
    monkeypatch.setattr(running, "execute", executed)
    monkeypatch.setattr(book.gallery, "sheets", dict)
    children.run(lambda: running.run_jobs([job]), home=tmp_path / "home")
    root, pages = tmp_path / "book", tmp_path / "book" / book.PAGES

    def work():
        book.publish([job], root)

    children.run(work, home=tmp_path / "home")
    wanted = children.kept(pages)
    assert f"{job.name}.ipynb" in wanted
    empty(root)
    events = count_in(work, root, tmp_path / "home")
    for event in spread(budget(3, events), events):
        empty(root)
        assert killed_in(work, root, tmp_path / "home", event)
        children.run(work, home=tmp_path / "home")
        note(outcomes, f"book at {event}", wanted=wanted, found=children.kept(pages))


# Sphinx waits for good where it should write the last page, once it was told to.
STALL = """
import os, time
def setup(app):
    app.connect("html-page-context", stall)
def stall(app, page, *rest):
    if page == "third" and "REACHED" in os.environ:
        open(os.environ["REACHED"], "w").close()
        time.sleep(10**6)
"""
TINY_BOOK = {
    "_config.yml": "title: Tiny\nsphinx: {local_extensions: {stall: .}}\n",
    "_toc.yml": "format: jb-book\nroot: first\nchapters: [{file: second}, {file: third}]\n",
    "stall.py": STALL,
}
WORDS = {"first.md": "# First\n", "second.md": "# Second\n", "third.md": "# Third\n"}


@pytest.mark.slow
def test_a_killed_sphinx_ends_with_the_book_and_its_half_page_is_written_again(tmp_path, outcomes):
    reached, page = tmp_path / "reached", tmp_path / "_build" / "html" / "second.html"

    def build():
        return book.build_html(tmp_path, output=tmp_path)

    def stalling():
        os.environ["REACHED"] = str(reached)
        build()

    for name, content in {**TINY_BOOK, **WORDS}.items():
        (tmp_path / name).write_text(content)
    assert children.run(build, home=tmp_path / "home") == 0
    for name, content in WORDS.items():
        (tmp_path / name).write_text(content.replace("#", "# The"))
    child = children.start(stalling, home=tmp_path / "home")
    wait_until(reached.exists, "the last page is written", child)
    sphinx = psutil.Process(child).children(recursive=True)
    wanted = page.read_text()
    assert sphinx and "The Second" in wanted
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    _, alive = psutil.wait_procs(sphinx, timeout=LONG)
    page.write_text(wanted[: len(wanted) // 2])  # as if it had been killed within this page
    assert children.run(build, home=tmp_path / "home") == 0
    note(outcomes, "sphinx", wanted=([], wanted), found=(alive, page.read_text()))


def test_a_kernel_ends_with_the_run_that_was_killed(tmp_path, outcomes):
    notebook = toy.write(tmp_path)
    (job,) = planning.plan(
        [str(notebook)], profile="smoke", out=tmp_path / "runs", overrides=["mood=slow"]
    )

    def work():
        os.setpgid(0, 0)
        os.environ["TOY_ASLEEP"] = str(tmp_path / "asleep")
        running.run_jobs([job])

    child = children.start(work, home=tmp_path / "home")
    wait_until((tmp_path / "asleep").exists, "the cell sleeps", child)
    kernels = psutil.Process(child).children(recursive=True)
    assert kernels
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    _, alive = psutil.wait_procs(kernels, timeout=LONG)
    outcomes(KIND, "wrong" if alive else "survived", f"kernels live on: {alive}")
