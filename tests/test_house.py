"""The house rules that a machine can check."""

import ast
from pathlib import Path

import pytest

import bap_core

PACKAGE = Path(bap_core.__file__).parent
ORDER = [
    "runtime",
    "groups",
    "metrics",
    "tidy",
    "selection",
    "store",
    "data",
    "encoders",
    "method",
    "people",
    "baselines",
    "evaluation",
    "report",
    "micro",
    "runner",
    "cli",
]
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {
                alias.name.split(".")[1]
                for alias in node.names
                if alias.name.startswith("bap_core.")
            }
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] == "bap_core"
        ):
            inner = node.module.split(".")[1:]
            found |= {inner[0]} if inner else {alias.name for alias in node.names}
    return found - {"__version__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_import_only_from_above(path):
    if room(path) == "__init__":
        assert not imported_rooms(path)
        return
    later = {
        other for other in imported_rooms(path) if ORDER.index(other) > ORDER.index(room(path))
    }
    assert not later, f"{path.name} imports {later}, which stand below it"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_functions_keep_their_size_and_public_ones_are_documented(path):
    text = path.read_text()
    assert text.count("\n") <= 300, "split the module"
    tree = ast.parse(text)
    assert not text.strip() or ast.get_docstring(tree), "a module opens with what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node) or ""
            length = node.end_lineno - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)
            assert length <= 60, f"{node.name} has {length} lines"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} is public and has no docstring"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE.parent / "notebooks").glob("*.py")), ids=lambda p: p.stem
)
def test_a_notebook_tells_calls_and_shows(path):
    text = path.read_text()
    tree = ast.parse(
        "\n".join(line for line in text.splitlines() if not line.startswith(("%", "!")))
    )
    assert not [
        n
        for n in ast.walk(tree)
        if isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.While))
    ]
    for cell in text.split("\n# %%")[1:]:
        code = [line for line in cell.splitlines()[1:] if line.strip() and not line.startswith("#")]
        assert len(code) <= 15 or 'tags=["parameters"' in cell.splitlines()[0], (
            f"a cell of {len(code)} lines: {code[0]}"
        )


def changed_by_a_second_run(cell: ast.Module) -> set[str]:
    """Names that a cell changes without having made them: ``x += ...``, or ``x = f(x)`` of an x
    from another cell.
    """
    made, changed = set(), set()
    for statement in cell.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                changed |= {node.target.id} - made
        if isinstance(statement, ast.Assign):
            targets = {
                n.id
                for target in statement.targets
                for n in ast.walk(target)
                if isinstance(n, ast.Name)
            }
            read = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
            bound = {
                n.id
                for n in ast.walk(statement.value)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            changed |= (targets & (read - bound)) - made
            made |= targets
    return changed


@pytest.mark.parametrize(
    "path", sorted((PACKAGE.parent / "notebooks").glob("*.py")), ids=lambda p: p.stem
)
def test_a_cell_can_be_run_twice(path):
    cells = [
        "\n".join(cell.splitlines()[1:])
        for cell in path.read_text().split("\n# %%")[1:]
        if "[markdown]" not in cell[:20]
    ]
    assert not set().union(*(changed_by_a_second_run(ast.parse(cell)) for cell in cells))


def test_a_cell_that_cannot_be_run_twice_is_found_out():
    for cell in ("x += [1]", "for i in y:\n    x += [i]", "x = f(x)", "x, z = g(x), 1"):
        assert changed_by_a_second_run(ast.parse(cell)) == {"x"}
    assert not changed_by_a_second_run(
        ast.parse("x = []\nfor i in y:\n    x += [i]\nx = f(x)\nz = [x for x in y]")
    )


def test_importing_the_package_makes_no_folder(tmp_path):
    import subprocess
    import sys

    modules = ("runtime", "store", "encoders", "report", "cli")
    code = f"import {', '.join(f'bap_core.{module}' for module in modules)}"
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        env={"BAP_HOME": str(tmp_path / "home"), "PATH": "", "HOME": str(tmp_path)},
    )
    assert not (tmp_path / "home").exists()
