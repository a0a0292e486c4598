"""The code that decides a result, as part of its key: a result must not outlive what made it.

The code of a module is its own source and that of every module of the package that it imports, and
so on, found by reading the imports; of the libraries that they import it is the version. Comments,
docstrings and formatting do not count.
"""

import ast
import functools
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# of the package as a whole, beside its weights
_HASHED = (".py", ".csv", ".yml", ".json")
# before any other module of the package is imported, or within moments of it
_STARTED = time.time()
_MOMENTS = 2.0  # seconds: clocks of file systems are coarse
# libraries that are imported by another name; to look for it takes half a second
_INSTALLED_AS = {
    "PIL": "pillow",
    "open_clip": "open_clip_torch",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "PyYAML",
}
# they draw bars, hold locks, find folders and measure memory: no number hangs on their version
_WITHOUT_EFFECT = {"filelock", "platformdirs", "psutil", "tqdm"}


@functools.cache
def code(module: str) -> str:
    """Twenty hex digits over all code that decides what ``module`` (its ``__name__``) gives.

    RuntimeError if one of the files was edited since this process began: what runs is then not what
    is written there.
    """
    files, libraries = closure(module)
    for path in files.values():
        _refuse_if_edited(path)
    state = sha256()
    for name, path in sorted(files.items()):
        state.update(f"{name} {normalise(path.read_text(encoding='utf-8'))}\n".encode())
    for library in sorted(libraries):
        state.update(f"{library} {version(library)}\n".encode())
    return state.hexdigest()[:20]


def closure(module: str, package: Path = PACKAGE) -> tuple[dict[str, Path], set[str]]:
    """The modules of ``package`` (its folder) that ``module`` imports, directly or through others,
    itself among them, with their files; and the names of the libraries that they import.

    A name that a package only passes on, as in ``from bap_core.encoders import Encoder``, leads to
    the module that has it. ValueError for what is no module of the package.
    """
    files: dict[str, Path] = {}
    libraries: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in files:
            continue
        if (path := _find(name, package)) is None:
            raise ValueError(f"{name} is no module of {package}")
        files[name] = path
        for owner, imported in _imports(path):
            if owner.split(".")[0] == package.name:
                waiting.append(_owner_of(owner, imported, package))
            else:
                libraries.add(owner.split(".")[0])
    return files, libraries - set(sys.stdlib_module_names) - _WITHOUT_EFFECT


def normalise(source: str) -> str:
    """What a source says, without comments, docstrings and formatting."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[:1]
            if first and isinstance(first[0], ast.Expr) and _is_text(first[0].value):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree, annotate_fields=False)


@functools.cache
def version(library: str) -> str:
    """Version of an installed library by the name that it is imported by, "absent" without one."""
    try:
        return metadata.version(_INSTALLED_AS.get(library, library))
    except metadata.PackageNotFoundError:
        owners = _owners_of_libraries().get(library, [])
        return ", ".join(metadata.version(owner) for owner in sorted(set(owners))) or "absent"


@functools.cache
def versions() -> dict[str, str]:
    """Library -> version, for every library that a module of the package imports."""
    found = {
        owner.split(".")[0]
        for path in PACKAGE.rglob("*.py")
        for owner, _ in _imports(path)
        if owner.split(".")[0] != PACKAGE.name
    }
    return {name: version(name) for name in sorted(found - set(sys.stdlib_module_names))}


def source_hash() -> str:
    """SHA-256 (16 hex digits) over the names and contents of the package's sources and text
    data, weights left out.
    """
    state = sha256()
    hashed = (path for path in PACKAGE.rglob("*") if path.suffix in _HASHED)
    for path in sorted(path for path in hashed if "__pycache__" not in path.parts):
        name = path.relative_to(PACKAGE).as_posix()
        state.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()[:16]


# such as pillow for PIL: slow, as it looks at everything that is installed
_owners_of_libraries = functools.cache(metadata.packages_distributions)


def _find(module: str, package: Path) -> Path | None:
    stem = package.parent / Path(*module.split("."))
    candidates = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _imports(path: Path) -> Iterator[tuple[str, str | None]]:
    """Module, and the name that is taken from it if one is, for every import anywhere in a file."""
    for node in _statements(_parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError(f"{path}:{node.lineno}: imports are absolute in this package")
            yield from ((node.module, alias.name) for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Those in a module, at any depth. What is in an expression is no import, and is nine tenths of
    the nodes.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _statements(child)


def _owner_of(module: str, name: str | None, package: Path) -> str:
    """The module that ``from module import name`` leads to."""
    if name is None:
        return module
    if _find(f"{module}.{name}", package):
        return f"{module}.{name}"
    path = _find(module, package)
    if path is not None and path.name == "__init__.py":
        for owner, passed_on in _imports(path):
            if passed_on == name and owner.startswith(f"{package.name}."):
                return _owner_of(owner, name, package)
    return module


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _refuse_if_edited(path: Path) -> None:
    edited = path.stat().st_mtime
    if _STARTED + _MOMENTS < edited <= time.time():  # a time to come says nothing
        raise RuntimeError(
            f"{path} was edited after this process began, so what runs is not what is written "
            "there: start again (in a notebook: restart the kernel)"
        )
