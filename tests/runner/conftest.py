"""A toy notebook, the plan of running it, and a book of its own."""

import shutil

import honest_page
import pytest
import toy

from bap_core import runtime
from bap_core.report import summary
from bap_core.runner import book, planning
from bap_core.runner.run import run_jobs


@pytest.fixture
def notebook(tmp_path):
    return toy.write(tmp_path)


@pytest.fixture
def plan(notebook, tmp_path):
    def make(*overrides):
        return planning.plan(
            [str(notebook)], profile="smoke", overrides=overrides, out=tmp_path / "runs"
        )

    return make


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """Folder of the built pages, at the smoke profile. Nothing is judged there, so that the list of
    claims, and the front page, have those of another page.
    """
    root, copy = runtime.project(), tmp_path_factory.mktemp("checkout")
    shutil.copytree(root / "book", copy / "book", ignore=shutil.ignore_patterns("pages"))
    for name in ("_config.yml", "_toc.yml", "CHANGELOG.md"):
        shutil.copy(root / name, copy / name)
    jobs = planning.plan(book.list_notebooks(root), profile="smoke")
    assert run_jobs(jobs) == []
    book.publish(jobs, copy)
    judged, titles = {"03_waterbirds": honest_page.bundle()}, {"03_waterbirds": "3. Waterbirds"}
    pages = copy / "book" / "pages"
    (pages / "claims_by_page.md").write_text(
        summary.render_claims(judged, titles, folder="pages"), encoding="utf-8"
    )
    (pages / "headline.md").write_text(summary.render_headline(judged), encoding="utf-8")
    assert book.build_html(copy, output=copy) == 0
    return copy / "_build" / "html"
