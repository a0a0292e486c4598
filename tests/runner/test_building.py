"""What building the book leaves in the checkout while it works."""

import shutil
import subprocess

import honest_page

from bap_core import runtime
from bap_core.report import stamp
from bap_core.runner import book
from bap_core.runner.results import write_results


def commit_all(folder):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "whole"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def test_a_clean_checkout_is_stamped_as_clean_while_its_book_is_built(tmp_path, monkeypatch):
    for name in (".gitignore", "_toc.yml", "_config.yml"):
        shutil.copy(runtime.project() / name, tmp_path)
    commit_all(tmp_path)
    monkeypatch.setattr(runtime, "project", lambda: tmp_path)
    monkeypatch.setattr(book, "plan", lambda names, profile: [])
    seen = {}

    def step(name):
        def note(*arguments, **choices):
            seen[name] = stamp.read_commit()["dirty"]

        return note

    monkeypatch.setattr(book, "run_side_by_side", step("the pages are run"))
    monkeypatch.setattr(book, "publish", step("the pages are published"))
    monkeypatch.setattr(book, "build_html", step("Sphinx runs"))
    book.build(profile="micro")
    assert seen == dict.fromkeys(seen, False) and len(seen) == 3


def test_the_page_of_a_result_is_the_same_each_time_and_names_binder_where_the_code_has_an_address(
    tmp_path,
):
    job = honest_page.job_in(tmp_path)
    write_results(job, honest_page.executed(honest_page.bundle()), "key")
    plain, again, linked = (
        book.make_page(job, predictions="p.parquet", repository=address)
        for address in ("", "", "https://github.com/name/bap/")
    )
    assert plain == again and "mybinder" not in plain and "p.parquet" in plain
    assert "https://mybinder.org/v2/gh/name/bap/HEAD?labpath=notebooks/03_waterbirds.py" in linked


def test_only_what_no_page_loads_is_dropped_wherever_the_checkout_lies(tmp_path):
    static = tmp_path / "mathjax" / "_static"
    kept = ("bap.css", "mathjax/tex-chtml.js", "mathjax/output/chtml/fonts/woff-v2/a.woff")
    kept += ("fonts/a.woff2", "fonts/b.ttf")
    unused = ("mathjax/tex-svg.js", "scripts/theme.js.map", "fonts/a.ttf", "locales/de/theme.mo")
    for name in (*kept, *unused):
        (static / name).parent.mkdir(parents=True, exist_ok=True)
        (static / name).touch()
    book._drop_unused(static)
    found = {path.relative_to(static).as_posix() for path in static.rglob("*") if path.is_file()}
    assert found == set(kept)


def test_pictures_of_former_pages_are_dropped_and_those_of_all_pages_stay(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.html").write_text('<img src="../_images/a b.png" alt="x">')
    (tmp_path / "index.html").write_text('<a href="_images/c.jpg"><img src="_images/d.svg"></a>')
    (tmp_path / "_images").mkdir()
    for name in ("a b.png", "c.jpg", "d.svg", "former.png"):
        (tmp_path / "_images" / name).touch()
    book._drop_former(tmp_path)
    assert {path.name for path in (tmp_path / "_images").iterdir()} == {"a b.png", "c.jpg", "d.svg"}
