"""`bap book`: run what is out of date, refuse what cannot be trusted, copy the rest beside the
prose, and build.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_markdown_cell

from bap_core import processes, runtime, store
from bap_core.micro import gallery
from bap_core.recorded import bundle
from bap_core.recorded.parquet import PREDICTIONS
from bap_core.report import answers, figure_style, paper_tables, summary
from bap_core.runner import printing, verify
from bap_core.runner.planning import Job, plan
from bap_core.runner.side_by_side import run_side_by_side

PAGES = "book/pages"
# what the pages load of MathJax, and what that loads when it is asked for
MATHEMATICS = tuple(
    f"mathjax/{part}"
    for part in ("tex-chtml.js", "output/chtml/fonts/woff-v2/", "input/tex/extensions/")
)


def build(*, profile: str, pdf: bool = False, at_once: int | None = None) -> int:
    """Build the book of the checkout at a profile and print its address. Returns the exit code.

    pdf: also as one file, which needs a Chromium; where there is none, nothing is built. at_once:
    see `run_side_by_side`.

    A notebook that fails or a page that is refused stops the build before anything of the last book
    is touched.
    """
    root = runtime.project()
    if root is None:
        raise FileNotFoundError(
            "the book is built from a checkout of the project, and bap_core is "
            "not imported from one"
        )
    browser = printing.find_browser() if pdf else ""
    jobs = plan(list_notebooks(root), profile=profile)
    with store.alone(root / "_build" / ".book.lock", "building the book"):
        if run_side_by_side(jobs, at_once=at_once) or not verify.announce(
            {job.name: verify.find_problems(job) for job in jobs}
        ):
            print("the book is not built: see above", file=sys.stderr)
            return 1
        publish(jobs, root, repository=_read_address(root))
        failed = build_html(root, output=root)
        html = root / "_build" / "html"
        if browser and not failed:
            printed = printing.print_book(
                browser, root / "_toc.yml", html, to=root / "_build" / "book.pdf"
            )
            print(f"In one file: {printed.as_uri()}")
    if not failed:
        print(f"The book: {(html / 'index.html').as_uri()}")
    return failed


def list_notebooks(root: Path) -> list[str]:
    """Names of the notebooks whose pages the table of contents lists, in its order."""
    listed = re.findall(
        rf"{PAGES}/(\w+)",
        yaml.safe_dump(yaml.safe_load((root / "_toc.yml").read_text()), sort_keys=False),
    )
    return list(dict.fromkeys(listed))


def publish(jobs: Sequence[Job], root: Path, *, repository: str = "") -> None:
    """Copy the executed notebooks to the book's pages and write what the prose pages include.
    repository: see `make_page`.
    """
    pages = root / PAGES
    pages.mkdir(parents=True, exist_ok=True)
    for old in pages.glob("*.ipynb"):
        if old.stem not in {job.name for job in jobs}:
            old.unlink()
            (pages / f"{old.stem}_{PREDICTIONS}").unlink(missing_ok=True)
    for job in jobs:
        # what did not change keeps its time, so that Sphinx need not read its page again
        kept = pages / f"{job.name}_{PREDICTIONS}"
        store.write_if_changed((job.folder / PREDICTIONS).read_bytes(), kept)
        text = make_page(job, predictions=kept.name, repository=repository)
        store.write_if_changed(text.encode(), pages / f"{job.name}.ipynb")
    summary.write_summaries(pages, pages, pictures=gallery.sheets())


def make_page(job: Job, *, predictions: str, repository: str = "") -> str:
    """The page of the book for a job's executed notebook, as the text of a notebook: under its
    title the answer, which the notebook itself knows only at its end; instead of the predictions a
    link to their file.

    repository: address of the code, where the notebook can be opened in Binder.
    """
    page = nbformat.read(job.folder / "executed.ipynb", as_version=4)
    left = bundle.read_bundle(page)
    first = page.cells[0]
    if left and left["notebook"] in paper_tables.questions() and first.source.startswith("# "):
        title, _, rest = first.source.partition("\n")
        first.source = f"{title}\n\n{answers.render_answer(left)}\n{rest}"
    for cell in page.cells:
        for output in cell.get("outputs", []):
            _make_light(output.get("data", {}))
    ways_out = []
    if left and left["predictions"]:
        link = f"{{download}}`the predictions <{predictions}>`"
        ways_out.append(f"Every accuracy of this page can be counted from {link}.")
    if repository:
        ways_out.append(f"[Run this page in Binder]({_binder(repository, job.name)}).")
    if ways_out:
        # the id that nbformat draws would make it another page each time
        page.cells.append(new_markdown_cell(" ".join(ways_out), id="ways-out"))
    # nbformat gives every number of a list a line, an eighth of the file
    return json.dumps(page, ensure_ascii=False, separators=(",", ":"))


def _read_address(root: Path) -> str:
    """Where the code lies, as the book's settings say; "" for nowhere yet."""
    said = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return said["repository"]["url"]


def _binder(repository: str, notebook: str) -> str:
    name = repository.removeprefix("https://github.com/").strip("/")
    return f"https://mybinder.org/v2/gh/{name}/HEAD?labpath=notebooks/{notebook}.py"


def _make_light(shown: dict) -> None:
    """Predictions lie in a file beside the page, and pictures take fewer bytes."""
    if bundle.MIME in shown:
        shown[bundle.MIME] = {**shown[bundle.MIME], "predictions": []}
    if png := shown.pop("image/png", None):
        kind, picture = figure_style.lighten(base64.b64decode(png))
        shown[kind] = base64.b64encode(picture).decode()


def build_html(root: Path, *, output: Path) -> int:
    """Sphinx through jupyter-book, warnings being errors; the pages go to ``<output>/_build/html``.
    Returns its code.

    After a build that failed or was killed Sphinx reads all anew: it would neither repeat the
    warnings of pages that it has read, nor write a page again of which half is there.
    """
    unfinished = output / "_build" / ".unfinished"
    if unfinished.exists():
        for place in ("_build/.doctrees", "_build/html/.doctrees"):
            shutil.rmtree(output / place, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    command = processes.make_command(
        "jupyter_book.cli.main:main",
        "build",
        str(root),
        "--path-output",
        str(output),
        "-W",
        "-n",
        "--keep-going",
        "-q",
    )
    done = subprocess.run(
        command, cwd=root, env=os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}, check=False
    )
    if done.returncode:
        print("jupyter-book stopped: the warnings above are errors", file=sys.stderr)
        return 1
    _drop_unused(output / "_build" / "html" / "_static")
    _drop_former(output / "_build" / "html")
    unfinished.unlink()
    return 0


def _drop_unused(static: Path) -> None:
    """MathJax comes in ten variants, of which the pages load one, and the theme with translations,
    the sources of its scripts and every font twice: 27 MB that no page loads.
    """
    for path in static.rglob("*"):
        place = path.relative_to(static).as_posix()
        unused = place.startswith("locales/") or path.suffix == ".map"
        unused |= place.startswith("mathjax/") and not place.startswith(MATHEMATICS)
        unused |= path.suffix == ".ttf" and path.with_suffix(".woff2").exists()
        if path.is_file() and unused:
            path.unlink()


def _drop_former(html: Path) -> None:
    """Pictures of pages as they were before: Sphinx leaves them where they are."""
    pages = "".join(page.read_text(encoding="utf-8") for page in html.rglob("*.html"))
    shown = set(re.findall(r"_images/([^\"?)]+)", pages))
    for picture in html.glob("_images/*"):
        if picture.name not in shown:
            picture.unlink()
