"""The book in a real browser, from files and without a network: what a reader meets."""

import re
import shutil
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("notebooks"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
PAPER = {"width": 717, "height": 1000}  # A4 within the margins of Chromium
FREE = 4  # pixels that may stick out: scroll bars and roundings
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as tool:
        opened = tool.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


@contextmanager
def _tab(browser):
    context = browser.new_context(offline=True, viewport=DESK)
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("requestfailed", lambda request: page.wrong.extend(_lost(request)))
    page.on("console", lambda said: page.wrong.append(said.text) if said.type == "error" else None)
    yield page
    context.close()


@pytest.fixture
def tab(browser):
    """A tab without a network, and what went wrong in it."""
    with _tab(browser) as page:
        yield page


def _lost(request) -> list[str]:
    """What could not be loaded; a request that the next page cut short was not lost."""
    return [] if "ERR_ABORTED" in (request.failure or "") else [f"not loaded: {request.url}"]


def pages(html: Path) -> list[Path]:
    return sorted((html / "book").rglob("*.html"))


LOOK = """() => ({
    cut: [...document.querySelectorAll(".bd-content div.highlight pre")]
        .filter((one) => one.scrollWidth > one.clientWidth + 4 && one.offsetParent).length,
    bare: [...document.querySelectorAll(".bd-content img")]
        .filter((one) => !one.naturalWidth || one.alt.length < 4).map((one) => one.src.slice(-60)),
})"""


WIDE = """() => {
    const right = document.querySelector("article.bd-article").getBoundingClientRect().right;
    return [...document.querySelectorAll(".bap-table table")]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().right > right + 4)
        .map((one) => one.innerText.slice(0, 60));
}"""


@pytest.fixture(scope="module")
def seen(html, browser):
    """What every page shows on a desk, on a phone and on paper: page -> facts; each is opened
    once.
    """
    facts = {}
    with _tab(browser) as tab:
        for path in pages(html):
            tab.set_viewport_size(DESK)
            tab.wrong.clear()
            tab.goto(path.as_uri())
            found = tab.evaluate(LOOK) | {"wrong": [*tab.wrong]}
            tab.set_viewport_size(PHONE)
            found["width"] = tab.evaluate("document.documentElement.scrollWidth")
            tab.set_viewport_size(PAPER)
            tab.emulate_media(media="print")
            found["wide"] = tab.evaluate(WIDE)
            tab.emulate_media(media="screen")
            facts[path.name] = found
    return facts


def test_every_page_loads_without_a_network_and_without_an_error(seen):
    assert not {name: found["wrong"] for name, found in seen.items() if found["wrong"]}


def test_no_page_can_be_scrolled_sideways_on_a_phone(seen):
    widths = {name: found["width"] for name, found in seen.items()}
    assert not {name: width for name, width in widths.items() if width > PHONE["width"] + FREE}


def test_no_code_is_cut_off_on_a_desk(seen):
    assert not {name: found["cut"] for name, found in seen.items() if found["cut"]}


def test_no_table_is_cut_off_on_paper(seen):
    assert not {name: found["wide"] for name, found in seen.items() if found["wide"]}


def test_every_picture_has_words_and_a_size(seen):
    assert not {name: found["bare"] for name, found in seen.items() if found["bare"]}


def test_links_and_their_anchors_exist(html):
    texts = {path: path.read_text(encoding="utf-8") for path in pages(html)}
    anchors = {path: {*re.findall(r'\bid="([^"]+)"', text)} for path, text in texts.items()}
    dead = []
    for path, text in texts.items():
        for link in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text):
            where, _, anchor = unquote(unescape(link)).partition("#")
            if re.match(r"(\w+:|//)", link):
                continue
            target = (path.parent / where).resolve() if where else path
            if not target.exists() or (
                anchor and target in anchors and anchor not in anchors[target]
            ):
                dead.append((path.name, link))
    assert not dead


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(html, tab, theme):
    tab.add_init_script(f'localStorage.setItem("mode", "{theme}")')
    tab.add_init_script(f'localStorage.setItem("theme", "{theme}")')
    found, tool = {}, axe.Axe()
    # pages of the API are all alike, and long: one tells
    alike = sorted(html.glob("book/api/*.html"))[1:]
    for path in [one for one in pages(html) if one not in alike]:
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.dataset.theme") == theme
        results = tool.run(tab).response["violations"]
        for one in results:
            if one["impact"] in SERIOUS:
                places = [node["target"][0] for node in one["nodes"]]
                found.setdefault(one["id"], []).append((path.name, len(places), str(places[0])))
    assert not found


@pytest.mark.parametrize(
    ("word", "page"), [("additivity", "pages/01_additivity"), ("motorcycle", "pages/06_nico")]
)
def test_the_search_finds_pages_before_symbols(html, tab, word, page):
    tab.goto(f"{(html / 'search.html').as_uri()}?q={word}")
    tab.locator("#search-results p.search-summary").wait_for()
    links = [link.get_attribute("href") or "" for link in tab.locator("ul.search li a").all()]
    assert page in " ".join(links[:6])


def test_the_theme_can_be_switched(html, tab):
    tab.goto((html / "book" / "index.html").as_uri())
    before = tab.evaluate("document.documentElement.dataset.theme")
    button = tab.locator("button.theme-switch-button").first
    for _ in range(2):
        button.click()
    assert tab.evaluate("document.documentElement.dataset.theme") in {"light", "dark"}
    seen = {before}
    for _ in range(3):
        button.click()
        seen.add(tab.evaluate("document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}


def test_claims_can_be_picked_by_verdict_and_every_one_has_a_link(html, tab):
    tab.goto((html / "book" / "claims.html").as_uri())
    whole = tab.locator("tr.bap-claim").count()
    said = tab.locator("#bap-filters output")
    n = int(said.inner_text().split(" of ")[1].split()[0])
    assert whole >= 10 and said.inner_text() == f"{n} of {n} verdicts"
    tab.select_option("#bap-filters select[name=verdict]", "holds")
    held = tab.locator('.bap-line[data-verdict="holds"]').count()
    assert said.inner_text() == f"{held} of {n} verdicts" and 0 < held < n
    assert tab.locator("tr.bap-claim:visible").count() < whole
    name = tab.locator("tr.bap-claim:visible").first.get_attribute("id")
    assert name and tab.locator(f'#{name} a[href="#{name}"]').count() == 1


def test_a_verdict_of_the_front_page_leads_to_its_claim(html, tab):
    tab.goto((html / "book" / "index.html").as_uri())
    link = tab.locator("tr.bap-repeated a").first
    wanted = (link.get_attribute("href") or "").partition("#")[2]
    link.click()
    tab.wait_for_url("**/claims.html*")
    assert tab.locator(f"#{wanted}").is_visible()


def test_a_table_can_be_saved(html, tab):
    tab.goto((html / "book" / "pages" / "03_waterbirds.html").as_uri())
    with tab.expect_download() as saved:
        tab.locator("button.bap-csv").first.click()
    lines = Path(saved.value.path()).read_text().splitlines()
    assert len(lines) > 5 and all(line.startswith('"') for line in lines)


def test_the_map_answers_to_the_pointer_and_to_the_keyboard(html, tab):
    tab.goto((html / "book" / "pages" / "07_bsi_umap.html").as_uri())
    said = tab.locator("[data-bap-map] [role=status]").first
    before = said.inner_text()
    tab.locator("[data-bap-map] svg").first.focus()
    tab.keyboard.press("ArrowRight")
    first = said.inner_text()
    tab.keyboard.press("ArrowRight")
    assert len({before, first, said.inner_text()}) == 3


def test_the_slider_over_k_answers_to_the_keyboard(html, tab):
    tab.goto((html / "book" / "pages" / "02_k_ablation.html").as_uri())
    slider, shown = tab.locator("[data-bap-slider] input"), tab.locator("[data-bap-slider] output")
    picture = tab.locator(".bap-slider-picture").first
    before = shown.inner_text(), picture.get_attribute("style")
    slider.press("ArrowRight")
    assert shown.inner_text() != before[0] and picture.get_attribute("style") != before[1]


def test_the_answer_of_a_page_stands_on_its_first_screen(html, tab):
    for path in sorted((html / "book" / "pages").glob("[0-9]*.html")):
        tab.goto(path.as_uri())
        box = tab.locator(".bap-answer").bounding_box()
        assert box and box["y"] + box["height"] < DESK["height"], path.name
