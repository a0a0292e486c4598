"""The page of the API: every public module is on it, and everything on it exists."""

import importlib
import re
from pathlib import Path

import pytest

import bap_core

PACKAGE = Path(bap_core.__file__).parent
PAGE = (PACKAGE.parent / "book" / "api.md").read_text()
ENTRIES = re.findall(
    r"^\.\. auto(module|function|class):: ([\w.]+)(?:\n   :members:(.*))?$", PAGE, flags=re.M
)
# Packages whose modules need not be listed one by one.
DRAWING = {
    "bap_core.micro",
    "bap_core.micro.drawing",
    "bap_core.micro.formats",
    "bap_core.micro.pretraining",
}


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def found(kind: str, name: str):
    if kind == "module":
        return importlib.import_module(name)
    owner, _, last = name.rpartition(".")
    return getattr(importlib.import_module(owner), last)


def public(path: Path) -> bool:
    inner = dotted(path).rpartition(".")[0] in DRAWING and path.name != "__init__.py"
    return not inner and bool(re.search(r"^(def|class) [A-Za-z]", path.read_text(), flags=re.M))


@pytest.mark.parametrize(("kind", "name", "members"), ENTRIES, ids=[name for _, name, _ in ENTRIES])
def test_what_the_page_lists_exists(kind, name, members):
    listed = found(kind, name)
    for member in filter(None, re.split(r"[,\s]+", members or "")):
        assert hasattr(listed, member), f"{name} has no {member}"


@pytest.mark.parametrize("path", sorted(filter(public, PACKAGE.rglob("*.py"))), ids=dotted)
def test_every_public_module_is_on_the_page(path):
    homes = {
        name if kind == "module" else found(kind, name).__module__ for kind, name, _ in ENTRIES
    }
    assert dotted(path) in homes, f"add {dotted(path)} to book/api.md"


def test_nothing_is_listed_twice():
    names = [name for _, name, _ in ENTRIES]
    assert len(names) == len(set(names))
