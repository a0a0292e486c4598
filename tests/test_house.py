"""The house rules that a machine can check. A rule names all its offenders at once, and each is
shown to find one. Run as a program, this file draws the picture of the rooms anew.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import house
import pytest
import yaml

import bap_core
from bap_core.report import house_figure

PACKAGE = Path(bap_core.__file__).parent
ROOT = PACKAGE.parent
# The order of the rooms: a module imports its own room and those that stand before it.
ORDER = [
    "processes", "runtime", "together", "sources", "contents", "groups", "metrics", "tidy", "store",
    "data", "encoders", "method", "people", "evaluation", "baselines", "studies", "audit",
    "recorded", "report", "micro", "runner", "cli",
]  # fmt: skip
MODULE_LINES, FUNCTION_LINES = 300, 60
METHOD_LINES, BASELINE_LINES = 1000, 250
REPEATED = 6  # like lines in two places
COLUMNS = 100

MODULES = house.modules_of(PACKAGE)
IMPORTS = house.imports(MODULES)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
PICTURE = ROOT / "book" / "_static" / "house.svg"
CHECKERS = {
    "ruff's rules": ["ruff", "check", "--output-format", "concise", "--no-cache", "."],
    "ruff's format": ["ruff", "format", "--check", "--no-cache", "."],
    "types": ["basedpyright", "--pythonpath", sys.executable],
}


def written(folder: Path, **modules: str) -> house.Modules:
    """A small package ``p`` in ``folder``; a name with two underscores is a module in a room."""
    for name, text in modules.items():
        inner = name if name == "__init__" else name.replace("__", "/")
        path = folder / "p" / f"{inner}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return house.modules_of(folder / "p")


def listed(offenders) -> str:
    return "\n".join(["", *offenders])


def test_a_room_imports_only_the_rooms_before_it_so_that_there_is_no_circle_of_rooms():
    assert sorted(ORDER) == sorted({house.room(name) for name in MODULES} - {"__init__"})
    assert not (found := house.upward(IMPORTS, ORDER)), listed(found)


def test_an_import_against_the_order_and_an_unknown_room_are_found_out(tmp_path):
    modules = written(
        tmp_path,
        __init__="import p.first",
        first="def late():\n    from p.second import inner",
        second__inner="import p.first\nfrom p import third",
        third="from p.second import inner",
    )
    assert house.upward(house.imports(modules), ["first", "second"]) == [
        "p imports p.first",
        "p.first imports p.second.inner",
        "p.second.inner imports p.third",
        "p.third imports p.second.inner",
    ]
    assert house.upward(house.imports(modules), ["second", "first", "third"]) == [
        "p imports p.first", "p.second.inner imports p.first", "p.second.inner imports p.third",
    ]  # fmt: skip


def test_no_modules_of_a_room_import_each_other_in_a_circle():
    assert not (found := house.circles_in_rooms(IMPORTS)), listed(found)


def test_a_circle_in_a_room_is_found_out(tmp_path):
    modules = written(
        tmp_path,
        a__one="from p.a import two",
        a__two="from p.a.three import x",
        a__three="def f():\n    import p.a.one",
        a__above="from p.a import one",
        a__below="",
        b__one="import p.a.one",
    )
    assert house.circles_in_rooms(house.imports(modules)) == [
        "p.a.one imports p.a.two",
        "p.a.three imports p.a.one",
        "p.a.two imports p.a.three",
    ]


def test_modules_and_functions_keep_their_size():
    found = house.too_long(MODULES, module_lines=MODULE_LINES, function_lines=FUNCTION_LINES)
    assert not found, listed(found)


def test_a_long_module_and_a_long_function_are_found_out(tmp_path):
    body = '    """What\n    it does."""\n    x = 1\n    y = 2\n'
    modules = written(tmp_path, a=f"def f():\n{body}", b="x = 1\n" * 5)
    assert house.too_long(modules, module_lines=5, function_lines=3) == []
    assert house.too_long(modules, module_lines=4, function_lines=2) == [
        "p.a: 5 lines, 4 are allowed",
        "p.a.f: 3 lines, 2 are allowed",
        "p.b: 5 lines, 4 are allowed",
    ]


def test_the_method_fits_in_a_thousand_lines_and_a_baseline_in_a_quarter_of_that():
    found = house.over_budget((PACKAGE / "method").glob("*.py"), METHOD_LINES)
    for path in sorted((PACKAGE / "baselines").glob("*.py")):
        found += house.over_budget([path], BASELINE_LINES)
    assert not found, listed(found)


def test_a_room_over_its_budget_is_found_out(tmp_path):
    paths = written(tmp_path, a="x = 1\n" * 2, b="x = 1\n" * 3).values()
    assert house.over_budget(paths, 5) == []
    assert house.over_budget(paths, 4) == ["5 lines, 4 are allowed: a.py 2, b.py 3"]


def test_modules_open_with_a_docstring_and_public_things_have_one():
    assert not (found := house.undocumented(MODULES)), listed(found)


def test_what_has_no_docstring_is_found_out(tmp_path):
    modules = written(
        tmp_path,
        a="def f(): ...",
        b='"""B."""\nclass C:\n    def m(self): ...\n    def _m(self): ...',
        empty="",
    )
    assert house.undocumented(modules) == [
        "p.a: a module opens with what it is for", "p.a.f", "p.b.C", "p.b.C.m",
    ]  # fmt: skip


def test_no_six_lines_stand_in_two_places():
    assert not (found := house.repeats(MODULES, REPEATED)), listed(found)


def test_a_run_of_like_lines_is_found_out_and_imports_and_docstrings_are_none(tmp_path):
    run = ["a = 1", "", "b = f(", "    # why", "    a,", ")", "c = 3"]  # 4 lines count
    modules = written(
        tmp_path,
        one='"""Opens."""\nimport os\n' + "\n".join([*run, "d = 4", "last = 1"]),
        two="\n".join(["first = 0", "if first:", *(f"    {line}" for line in run), "    d = 4"]),
        three='"""Opens."""\nimport os\nfrom os import (\n    path,\n    sep,\n    name,\n)\n',
        four='"""Opens."""\nimport os\nfrom os import (\n    path,\n    sep,\n    name,\n)\n',
    )
    expected = ["p.one:3 and p.two:3, 5 lines from: a = 1"]
    assert house.repeats(modules, 5) == house.repeats(modules, 3) == expected
    assert house.repeats(modules, 6) == []


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_the_checkers_are_content(checker):
    assert not (found := house.complaints(CHECKERS[checker], ROOT)), listed([found])


@pytest.mark.parametrize(
    ("checker", "text", "found"),
    [
        ("ruff's rules", '"""Opens."""\n\nimport os\n', "F401"),
        ("ruff's rules", f'"""Opens."""\n\nx = "{"-" * COLUMNS}"\n', "E501"),
        ("ruff's format", '"""Opens."""\nx = {  }\n', "1 file would be reformatted"),
        ("types", '"""Opens."""\n\nx: int = "one"\n', "reportAssignmentType"),
    ],
)
def test_what_a_checker_must_not_let_pass_is_found_out(checker, text, found, tmp_path):
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / "bap_core").mkdir()
    (tmp_path / "bap_core" / "wrong.py").write_text(text)
    assert found in house.complaints(CHECKERS[checker], tmp_path)


def test_code_of_a_notebook_is_as_narrow_as_the_rest():
    assert not (found := house.long_lines(NOTEBOOKS, COLUMNS)), listed(found)


def test_a_long_line_of_code_is_found_out_and_a_long_comment_is_none(tmp_path):
    path = tmp_path / "note.py"
    path.write_text(f"# {'-' * 100}\nx = 1\n{'y' * 100}\n{'z' * 101}\n")
    assert house.long_lines([path], 100) == ["note.py:4: 101 columns"]


def cells_of(path: Path) -> list[tuple[str, str]]:
    """(heading, code) of a notebook's cells of code."""
    cells = [cell.partition("\n") for cell in path.read_text().split("\n# %%")[1:]]
    return [(heading, code) for heading, _, code in cells if "[markdown]" not in heading]


def too_much_for_a_notebook(path: Path) -> list[str]:
    """Definitions, ``while`` loops, and cells of more than 15 lines of code; the parameters may
    be more.
    """
    found = []
    for heading, code in cells_of(path):
        lines = [line for line in code.splitlines() if line.strip() and line[0] not in "#%!"]
        if len(lines) > 15 and 'tags=["parameters"' not in heading:
            found.append(f"{path.name}: a cell of {len(lines)} lines: {lines[0]}")
        refused = ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.While
        nodes = ast.walk(ast.parse("\n".join(lines)))
        found += [
            f"{path.name}: {type(node).__name__}: {lines[node.lineno - 1].strip()}"
            for node in nodes
            if isinstance(node, refused)
        ]
    return found


def test_a_notebook_tells_calls_and_shows():
    found = [line for path in NOTEBOOKS for line in too_much_for_a_notebook(path)]
    assert not found, listed(found)


def test_a_notebook_that_does_more_is_found_out(tmp_path):
    path = tmp_path / "note.py"
    heads = ["[markdown]\n# def is a word here", ' tags=["parameters"]\n' + "x = 1\n" * 16]
    cells = ["", *heads, "\n%time f()\ng = lambda: 0", "\n" + "y = 1\n" * 16]
    path.write_text("\n# %%".join(cells))
    assert too_much_for_a_notebook(path) == [
        "note.py: Lambda: g = lambda: 0", "note.py: a cell of 16 lines: y = 1",
    ]  # fmt: skip


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


def test_a_cell_can_be_run_twice():
    found = [
        f"{path.name}: {name} in the cell that begins with {code.splitlines()[0]}"
        for path in NOTEBOOKS
        for _, code in cells_of(path)
        for name in changed_by_a_second_run(ast.parse(code))
    ]
    assert not found, listed(found)


def test_a_cell_that_cannot_be_run_twice_is_found_out():
    for cell in ("x += [1]", "for i in y:\n    x += [i]", "x = f(x)", "x, z = g(x), 1"):
        assert changed_by_a_second_run(ast.parse(cell)) == {"x"}
    assert not changed_by_a_second_run(
        ast.parse("x = []\nfor i in y:\n    x += [i]\nx = f(x)\nz = [x for x in y]")
    )


def test_importing_the_package_makes_no_folder(tmp_path):
    modules = ("runtime", "store", "encoders", "report", "cli")
    code = f"import {', '.join(f'bap_core.{module}' for module in modules)}"
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        env={
            "BAP_HOME": str(tmp_path / "home"),
            "PATH": "",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        },
    )
    assert not (tmp_path / "home").exists()


def test_the_version_stands_in_one_place():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert bap_core.__version__ == metadata.version("bap-companion") == stated
    assert "version" not in cited
    assert f"\n## [{stated}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_workflows_run_the_two_commands_of_the_readme():
    shown = (ROOT / "README.md").read_text().partition("## Two commands")[2].split("```")[1]
    commands = re.findall(r"^make \w+", shown, re.MULTILINE)
    workflows = [
        yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())
        for name in ("book", "test")
    ]
    steps = [step for flow in workflows for job in flow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == commands
    assert len(commands) == 2


def test_the_types_and_the_data_ship_with_the_package():
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = shipped["package-data"]["bap_core"]
    files = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    data = {
        path for path in PACKAGE.rglob("*") if path.is_file() and not path.suffix.startswith(".py")
    }
    assert PACKAGE / "py.typed" in files
    assert not (missing := data - files), listed(map(str, missing))


def drawn() -> str:
    """What the picture of the rooms shows, in words; it carries them as its description."""
    arrows = house.between_rooms(IMPORTS)
    return house_figure.in_words(ORDER, arrows)


def test_the_picture_of_the_rooms_shows_todays_imports():
    assert house_figure.described(PICTURE) == drawn(), f"python {os.path.relpath(__file__, ROOT)}"


def test_the_page_of_the_rooms_lists_them_in_their_order():
    page = (ROOT / "book" / "how_it_is_built.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == ORDER


if __name__ == "__main__":
    house_figure.write(PICTURE, ORDER, house.between_rooms(IMPORTS))
