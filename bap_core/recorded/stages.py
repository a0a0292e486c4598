"""The versions of the stages that a notebook's numbers come from: data, encoders, method and so on.

A stage is a room of the package that the notebook imports; its version is that of `sources.code`,
so comments and docstrings do not move it. What draws and what runs makes no number and is no stage.
"""

import ast
import re
from collections.abc import Iterable, Mapping

from bap_core import sources

STAGES = (
    "data", "people", "encoders", "method", "baselines", "evaluation", "studies", "micro",
)  # fmt: skip
_MAGIC = re.compile(r"^\s*[%!?].*$", re.MULTILINE)


def versions(cells: Iterable) -> dict[str, str]:
    """Stage -> version, for those that the code cells of a notebook import, in the order of
    `STAGES`.
    """
    imported = set()
    for cell in cells:
        if cell.cell_type == "code":
            imported |= set(_imports(_MAGIC.sub("", cell.source)))
    return {name: sources.code(f"bap_core.{name}") for name in STAGES if name in imported}


def moved(recorded: Mapping[str, str]) -> list[str]:
    """The stages that are other ones now than those ``recorded``, or gone."""
    return [
        name
        for name, version in recorded.items()
        if name not in STAGES or sources.code(f"bap_core.{name}") != version
    ]


def _imports(source: str) -> Iterable[str]:
    """Rooms of the package that a cell imports; none if it is not Python, such as ``%%bash``."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("bap_core."))
