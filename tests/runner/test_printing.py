"""The book as one file, with a stand-in for the browser."""

import subprocess
import sys

import pytest
from pypdf import PdfReader

from bap_core import runtime
from bap_core.runner import printing

CONTENTS = """
format: jb-book
root: index
parts:
  - caption: Pages
    chapters:
      - file: pages/02_second
        sections:
          - file: pages/03_third
      - file: last
"""
BROWSER = """#!{python}
import sys
from pypdf import PdfWriter
writer = PdfWriter()
writer.add_blank_page(100, 100)
writer.write(next(a for a in sys.argv if a.startswith("--print-to-pdf=")).partition("=")[2])
"""


@pytest.fixture
def built(tmp_path):
    contents = tmp_path / "_toc.yml"
    contents.write_text(CONTENTS)
    for name in printing.pages_in_order(contents):
        page = tmp_path / f"{name}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"<title>{name} &amp; more — The book</title>", encoding="utf-8")
    return contents


def browser(folder, text):
    path = folder / "browser"
    path.write_text(text.format(python=sys.executable))
    path.chmod(0o755)
    return str(path)


def test_pages_come_in_the_order_of_the_contents_whatever_their_depth(built):
    names = printing.pages_in_order(built)
    assert names == ["index", "pages/02_second", "pages/03_third", "last"]


def test_all_pages_of_the_books_own_contents_are_found():
    contents = runtime.project() / "_toc.yml"
    listed = contents.read_text().count("file: ")
    assert len(printing.pages_in_order(contents)) == listed + 1


def test_every_page_is_in_the_file_with_its_title(built, tmp_path):
    to = tmp_path / "book.pdf"
    printing.print_book(browser(tmp_path, BROWSER), built, tmp_path, to=to)
    read = PdfReader(to)
    assert len(read.pages) == 4
    assert [one.title for one in read.outline][1] == "pages/02_second & more"


def test_a_browser_that_prints_nothing_is_quoted_and_leaves_the_last_file(built, tmp_path):
    to, dumb = tmp_path / "book.pdf", "#!/bin/sh\necho no display >&2\n"
    to.write_bytes(b"the last one")
    with pytest.raises(OSError, match=r"index\.html: browser printed nothing .*no display"):
        printing.print_book(browser(tmp_path, dumb), built, tmp_path, to=to)
    assert to.read_bytes() == b"the last one"


def test_a_browser_that_hangs_is_left_with_a_word(built, tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "_PATIENCE", 0.1)
    slow = browser(tmp_path, "#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(OSError, match="was not printed within"):
        printing.print_book(slow, built, tmp_path, to=tmp_path / "book.pdf")


def test_a_page_that_was_not_built_is_named_before_anything_is_printed(built, tmp_path):
    (tmp_path / "last.html").unlink()
    with pytest.raises(FileNotFoundError, match=r"last\.html is not built"):
        printing.print_book("no-browser", built, tmp_path, to=tmp_path / "book.pdf")


def test_a_machine_without_a_browser_is_told_so_before_anything_runs(tmp_path):
    command = [sys.executable, "-m", "bap_core.cli", "book", "--pdf", "--profile", "smoke"]
    bare = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(command, check=False, env=bare, capture_output=True, text=True)
    assert done.returncode == 2 and "none of chromium," in done.stderr
