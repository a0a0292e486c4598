"""What the house rules look at: rooms, imports, sizes, repeats. Each function takes a folder and
gives the offenders, one line each, so that a rule can be tried on a small tree of its own.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

Modules = dict[str, Path]  # dotted name -> file
Arrows = dict[str, set[str]]  # who imports -> what is imported


def modules_of(package: Path) -> Modules:
    """Every module of a package; a folder is called by its own name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(modules: Modules) -> Arrows:
    """Module -> the package's own modules that it imports, wherever in the file."""
    return {
        name: {found for target in _imported(path) if (found := _module_of(target, modules))}
        for name, path in modules.items()
    }


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module_of(name: str, modules: Modules) -> str | None:
    """The module that ``from a.b import c`` reads: ``a.b.c`` if that is a module, else ``a.b``."""
    owner = name.rpartition(".")[0]
    return next((candidate for candidate in (name, owner) if candidate in modules), None)


def room(module: str) -> str:
    """The first name below the package; the package itself is called ``__init__``."""
    return (*module.split("."), "__init__")[1]


def between_rooms(arrows: Arrows) -> Arrows:
    """Room -> the other rooms that its modules import."""
    found: Arrows = {}
    for module, targets in arrows.items():
        found.setdefault(room(module), set()).update(map(room, targets))
    return {name: targets - {name} for name, targets in found.items()}


def upward(arrows: Arrows, order: Sequence[str]) -> list[str]:
    """Modules that import a room which stands below their own in ``order``, or is not in it.

    The package's own ``__init__`` stands above all rooms: it may import none.
    """
    place = {name: number for number, name in enumerate(["__init__", *order])}
    return [
        f"{module} imports {target}"
        for module, targets in arrows.items()
        for target in sorted(targets)
        if place.get(room(target), len(place)) > place.get(room(module), -1)
    ]


def circles(arrows: Arrows) -> list[str]:
    """What lies on a circle of imports, or between two circles.

    Whoever imports nothing that is left, or is imported by nobody who is left, goes, until nobody
    goes.
    """
    left = set(arrows)
    while True:
        imported = set().union(*(arrows[name] for name in left))
        stay = {name for name in left & imported if arrows[name] & left}
        if stay == left:
            kept = {name: ", ".join(sorted(arrows[name] & left)) for name in sorted(left)}
            return [f"{name} imports {targets}" for name, targets in kept.items()]
        left = stay


def circles_in_rooms(arrows: Arrows) -> list[str]:
    """`circles` of the modules of one room, for every room."""
    found = []
    for name in sorted(set(map(room, arrows))):
        inside = {module for module in arrows if room(module) == name}
        found += circles({module: arrows[module] & inside for module in inside})
    return found


def too_long(modules: Modules, *, module_lines: int, function_lines: int) -> list[str]:
    """Modules, and functions without their docstring, of more lines than they may have."""
    found = []
    for name, path in modules.items():
        text = path.read_text()
        if (n := len(text.splitlines())) > module_lines:
            found.append(f"{name}: {n} lines, {module_lines} are allowed")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                n = len(set(range(node.lineno, _end(node))) - _docstring_lines(node))
                if n > function_lines:
                    found.append(f"{name}.{node.name}: {n} lines, {function_lines} are allowed")
    return found


def over_budget(paths: Iterable[Path], budget: int) -> list[str]:
    """Nothing if the files have at most ``budget`` lines together, else their sum and sizes."""
    sizes = {path.name: len(path.read_text().splitlines()) for path in paths}
    if (total := sum(sizes.values())) <= budget:
        return []
    listed = ", ".join(f"{name} {n}" for name, n in sizes.items())
    return [f"{total} lines, {budget} are allowed: {listed}"]


def undocumented(modules: Modules) -> list[str]:
    """Modules with code that do not open with a docstring, and public functions, classes and
    methods of them without one.
    """
    found = []
    for name, path in modules.items():
        tree = ast.parse(path.read_text())
        if tree.body and not ast.get_docstring(tree):
            found.append(f"{name}: a module opens with what it is for")
        found += [f"{name}.{inner}" for inner in _without_docstring(tree)]
    return found


def _without_docstring(owner: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in owner.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{inner}" for inner in _without_docstring(node))


def repeats(modules: Modules, length: int) -> list[str]:
    """Runs of ``length`` or more like lines that stand in two places.

    Lines count without their indent; empty lines, comments, docstrings, imports and lines of
    brackets alone do not count.
    """
    lines = [
        (name, number, line)
        for name, path in modules.items()
        for number, line in _code_lines(path.read_text())
    ]
    places: dict[tuple[str, ...], list[int]] = {}
    for start in range(len(lines) - length + 1):
        window = lines[start : start + length]
        if window[0][0] == window[-1][0]:  # of one module
            places.setdefault(tuple(line for _, _, line in window), []).append(start)
    pairs = {
        (a, b) for starts in places.values() for a, b in combinations(starts, 2) if b - a >= length
    }
    found = []
    for a, b in sorted(pairs - {(a + 1, b + 1) for a, b in pairs}):  # where a run begins
        more = next(n for n in range(len(lines)) if (a + n + 1, b + n + 1) not in pairs)
        (first, at, line), (second, there, _) = lines[a], lines[b]
        found.append(f"{first}:{at} and {second}:{there}, {length + more} lines from: {line}")
    return found


def _code_lines(text: str) -> list[tuple[int, str]]:
    skipped = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            skipped |= set(range(node.lineno, _end(node)))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            skipped |= _docstring_lines(node)
    numbered = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    return [
        (n, line)
        for n, line in numbered
        if n not in skipped and line.strip("()[]{},: ") and not line.startswith("#")
    ]


def _docstring_lines(node) -> set[int]:
    has_one = node.body and ast.get_docstring(node, clean=False) is not None
    return set(range(node.body[0].lineno, _end(node.body[0]))) if has_one else set()


def _end(node) -> int:
    return node.end_lineno + 1


def long_lines(paths: Iterable[Path], columns: int) -> list[str]:
    """Lines of code that are longer than ``columns``; lines of comment may be as long as they
    like.
    """
    return [
        f"{path.name}:{number}: {len(line)} columns"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > columns and not line.startswith("#")
    ]


def complaints(tool: Sequence[str], root: Path) -> str:
    """What a checker that lies beside this Python says in ``root``; "" if it is content."""
    command = [str(Path(sys.executable).with_name(tool[0])), *tool[1:]]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
