"""The book, built at the smoke profile in a folder of its own, page by page."""

import re

import pytest

from bap_core import runtime
from bap_core.runner import book

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("notebooks")]


def pages(html):
    return sorted((html / "book" / "pages").glob("[0-9]*.html"))


def written(html):
    """Pages that we write; the index of modules and the search page are Sphinx's own."""
    return sorted((html / "book").rglob("*.html"))


def test_every_notebook_has_a_page(html):
    assert [page.stem for page in pages(html)] == sorted(book.list_notebooks(runtime.project()))


def test_every_notebook_page_has_its_banner_its_stamp_and_its_claims(html):
    for page in pages(html):
        text = page.read_text()
        assert "bap-banner-smoke" in text and "bap-stamp" in text and "bap-claims" in text, (
            page.name
        )


def test_every_picture_has_an_alt_text_that_is_not_a_file_name_and_exists(html):
    for page in written(html):
        for tag in re.findall(r"<img\b[^>]*>", page.read_text()):
            alt, source = (re.search(rf'\b{name}="([^"]*)"', tag) for name in ("alt", "src"))
            assert alt and len(alt[1]) >= 4 and not re.search(r"\.(png|jpe?g|svg)$", alt[1]), (
                page.name,
                tag[:200],
            )
            if source and not source[1].startswith(("data:", "http")):
                assert (page.parent / source[1]).exists(), (page.name, source[1])


def test_no_page_shows_a_traceback_or_a_missing_piece(html):
    for page in written(html):
        text = re.sub(r"<script.*?</script>", "", page.read_text(), flags=re.DOTALL)
        for sign in (
            "Traceback (most recent call last)",
            "Pending glue",
            "Unknown directive",
            "problematic",
        ):
            assert sign not in text, (page.name, sign)


def test_the_front_page_says_at_which_scale_its_numbers_were_made(html):
    assert re.search(
        r"smoke scale", (html / "book" / "index.html").read_text(), flags=re.IGNORECASE
    )


def test_a_link_to_a_page_is_shown_with_its_title_its_first_words_and_a_picture(html):
    for page in pages(html):
        shown = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]+)"', page.read_text()))
        assert shown["image"].endswith("idea.png") and (html / "_static" / "idea.png").exists()
        assert shown["title"] in page.read_text() and len(shown["description"]) > 60, page.name
