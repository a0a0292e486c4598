"""`bap book --pdf`: the built book as one file, printed page by page by the Chromium that the
machine has.
"""

import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path

import yaml
from pypdf import PdfWriter

from bap_core import runtime, store

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE = 120  # seconds for one page


def find_browser() -> str:
    """The first of `BROWSERS` on the path. FileNotFoundError if there is none."""
    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return found
    raise FileNotFoundError(
        f"the book is printed by Chromium, and none of {', '.join(BROWSERS)} is installed"
    )


def pages_in_order(contents: Path) -> list[str]:
    """The pages that a table of contents lists, without suffix, the first page first."""

    def walk(part) -> list[str]:
        if isinstance(part, list):
            return [name for one in part for name in walk(one)]
        if not isinstance(part, dict):
            return []
        here = [str(part[key]) for key in ("root", "file") if key in part]
        return here + [name for value in part.values() for name in walk(value)]

    return walk(yaml.safe_load(contents.read_text(encoding="utf-8")))


def print_book(browser: str, contents: Path, html: Path, *, to: Path) -> Path:
    """Print the built pages below ``html`` in the order of ``contents`` into one PDF with an
    outline; returns ``to``.

    FileNotFoundError for a page that was not built; OSError with the browser's words if it prints
    nothing.
    """
    built = [html / f"{name}.html" for name in pages_in_order(contents)]
    if lacking := [page for page in built if not page.is_file()]:
        raise FileNotFoundError(f"{lacking[0]} is not built")
    whole = PdfWriter()
    with tempfile.TemporaryDirectory(prefix="bap-pdf-") as folder:
        for page in runtime.progress(built, total=len(built), label="printing", unit="page"):
            whole.append(_print(browser, page, Path(folder)), outline_item=_title(page))
        with store.atomic_write(to) as temporary:
            whole.write(temporary)
    return to


def _print(browser: str, page: Path, folder: Path) -> Path:
    printed = folder / "page.pdf"
    printed.unlink(missing_ok=True)
    command = [
        browser,
        "--headless",
        "--no-sandbox",  # the pages are our own, and as root there is none
        "--disable-gpu",
        "--no-pdf-header-footer",
        "--virtual-time-budget=20000",  # milliseconds of its own clock, for the equations
        f"--user-data-dir={folder / 'profile'}",
        f"--print-to-pdf={printed}",
        page.as_uri(),
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise OSError(f"{page} was not printed within {_PATIENCE} seconds") from None
    if not printed.is_file():
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["nothing"]
        raise OSError(f"{page}: {Path(browser).name} printed nothing and said {said[0]!r}")
    return printed


def _title(page: Path) -> str:
    found = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.DOTALL)
    return unescape(found[1]).partition(" — ")[0].strip() if found else page.stem
