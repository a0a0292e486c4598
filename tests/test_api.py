"""The pages of the API: every public module is on one, by rooms, and everything on them exists."""

import importlib
import re

import house
from test_house import MODULES, ORDER, ROOT, listed

PAGE = "\n".join(path.read_text() for path in sorted((ROOT / "book" / "api").glob("*.md")))
# Packages whose modules need not be listed one by one.
UNLISTED = ("bap_core.micro.drawing", "bap_core.micro.formats", "bap_core.micro.pretraining")
Entry = tuple[str, str, str]  # kind, dotted name, members


def entries(page: str) -> list[Entry]:
    """What a page lists, from its top to its end."""
    directive = r"^\.\. auto(module|function|class):: ([\w.]+)(?:\n   :members:(.*))?$"
    return re.findall(directive, page, flags=re.MULTILINE)


def found(kind: str, name: str):
    if kind == "module":
        return importlib.import_module(name)
    owner, _, last = name.rpartition(".")
    return getattr(importlib.import_module(owner), last)


def missing(listing: list[Entry]) -> list[str]:
    """Names of a page that the package has not."""
    gone = []
    for kind, name, members in listing:
        try:
            there = found(kind, name)
        except (ImportError, AttributeError):
            gone.append(name)
            continue
        named = filter(None, re.split(r"[,\s]+", members))
        gone += [f"{name}.{member}" for member in named if not hasattr(there, member)]
    return gone


def home(kind: str, name: str) -> str:
    """The module of what is listed, also of a function that is listed by a shorter name."""
    return name if kind == "module" else found(kind, name).__module__


def unlisted(modules: house.Modules, listing: list[Entry]) -> list[str]:
    """Modules with something public that are not on the page."""
    homes = {home(kind, name) for kind, name, _ in listing}
    public = re.compile(r"^(def|class) [A-Za-z]", re.MULTILINE)
    return [
        name
        for name, path in modules.items()
        if name not in homes and not name.startswith(UNLISTED) and public.search(path.read_text())
    ]


def test_what_the_page_lists_exists():
    assert not (gone := missing(entries(PAGE))), listed(gone)


def test_every_public_module_is_on_the_page():
    assert not (left_out := unlisted(MODULES, entries(PAGE))), listed(left_out)


def test_nothing_is_listed_twice_and_rooms_stand_in_their_order():
    names = [name for _, name, _ in entries(PAGE)]
    assert len(names) == len(set(names))
    rooms = [house.room(home(kind, name)) for kind, name, _ in entries(PAGE)]
    assert rooms == sorted(rooms, key=ORDER.index)


def test_a_page_that_lists_too_much_or_too_little_is_found_out():
    listing = entries(
        ".. autofunction:: bap_core.data.pool\n\n"
        ".. automodule:: bap_core.metrics\n   :members: additivity, absent\n\n"
        ".. autoclass:: bap_core.store.Absent\n\n.. automodule:: bap_core.absent\n"
    )
    assert missing(listing) == [
        "bap_core.metrics.absent",
        "bap_core.store.Absent",
        "bap_core.absent",
    ]
    some = ("bap_core.data.background_pool", "bap_core.data.cub", "bap_core.metrics")
    modules = {name: MODULES[name] for name in some}
    assert unlisted(modules, listing[:2]) == ["bap_core.data.cub"]


def test_the_first_page_of_the_api_and_the_contents_lead_to_every_other():
    pages = [path.stem for path in sorted((ROOT / "book" / "api").glob("*.md"))]
    assert re.findall(r"\(api/(\w+)\.md\)", (ROOT / "book" / "api.md").read_text()) == pages
    assert re.findall(r"file: book/api/(\w+)", (ROOT / "_toc.yml").read_text()) == pages
