"""Typed parameters of a notebook: read from its own cell, set by a profile, overridden on the
command line.

Every notebook has one cell tagged ``parameters`` whose lines read ``name: type = default  # help``.
Values from a profile or from ``-p`` must have a known name and the declared type before anything
runs: papermill itself only warns, and ordinary YAML reads ``1e-3`` as a string and ``no`` as False.
"""

import ast
import difflib
import math
import re
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

import yaml

TYPES = ("int", "float", "str", "bool", "list[int]", "list[float]", "list[str]")


@dataclass(frozen=True)
class Parameter:
    """One line of the parameters cell. type: one of `TYPES`; default: a value of that type;
    help: its comment.
    """

    name: str
    type: str
    default: object
    help: str = ""

    def __str__(self) -> str:
        line = f"{self.name}: {self.type} = {self.default!r}"
        return f"{line}  # {self.help}" if self.help else line


def read(cells: Iterable, *, where: str) -> dict[str, Parameter]:
    """Parameters of a notebook's cells by name, in their order. where: the notebook, for messages.

    ValueError unless exactly one code cell is tagged ``parameters`` and each of its statements is a
    typed assignment of a literal.
    """
    tagged = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ValueError(
            f"{where} has {len(tagged)} cells tagged 'parameters'; it needs exactly one"
        )
    lines = tagged[0].splitlines()
    found = [
        _read_parameter(node, lines, where=where)
        for node in ast.parse(tagged[0]).body
        if not _is_text(node)
    ]
    return {parameter.name: parameter for parameter in found}


def _read_parameter(node: ast.stmt, lines: list[str], *, where: str) -> Parameter:
    code = " ".join(lines[node.lineno - 1 : node.end_lineno])
    if not (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.value is not None
    ):
        raise ValueError(
            f"{where}: {code!r} in the parameters cell must read `name: type = default  # help`"
        )
    name, declared = node.target.id, ast.unparse(node.annotation)
    if declared not in TYPES:
        raise ValueError(
            f"{where}: parameter {name} has the type {declared!r}; known: {', '.join(TYPES)}"
        )
    try:
        default = ast.literal_eval(node.value)
    except ValueError:
        raise ValueError(
            f"{where}: the default of {name} must be a literal, not {ast.unparse(node.value)!r}"
        ) from None
    end = cast(int, node.end_lineno)  # a parsed node has one
    _, _, comment = lines[end - 1][node.end_col_offset :].partition("#")
    return Parameter(name, declared, coerce(default, declared, name=name), comment.strip())


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def coerce(value, declared: str, *, name: str):
    """``value`` as the ``declared`` type, or a ValueError that names both.

    Values are never bent: only an int becomes a float. 2.5 is no int, True is no number, 5 is no
    str.
    """
    if declared.startswith("list["):
        if not isinstance(value, list):
            raise _refuse(value, declared, name)
        if declared == "list[str]" and "" in value:
            raise _refuse(value, declared, name)
        return [coerce(item, declared[5:-1], name=name) for item in value]
    if declared == "float" and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value).__name__ != declared or (declared == "float" and not math.isfinite(value)):
        raise _refuse(value, declared, name)
    return value


def parse_text(text: str, declared: str, *, name: str):
    """The value that ``-p name=text`` means. Lists are written ``a,b`` or ``[a, b]``; bools are
    true or false.
    """
    text = text.strip()
    if declared == "str":
        return text
    if declared.startswith("list["):
        inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        items = [item.strip().strip("'\"") for item in inner.split(",")] if inner.strip() else []
        if "" in items:
            raise _refuse(text, declared, name)
        return [parse_text(item, declared[5:-1], name=name) for item in items]
    if declared == "bool":
        if text.lower() not in ("true", "false"):
            raise _refuse(text, declared, name)
        return text.lower() == "true"
    try:
        return coerce({"int": int, "float": float}[declared](text), declared, name=name)
    except ValueError:
        raise _refuse(text, declared, name) from None


def _refuse(value, declared: str, name: str) -> ValueError:
    example = {"int": "5", "float": "1e-3", "str": "micro", "bool": "true", "list[int]": "1,2"}
    example |= {"list[float]": "0.5,1.0", "list[str]": "micro-clip,micro-siglip"}
    return ValueError(
        f"parameter {name} is declared {declared}; {reprlib.repr(value)} is not one (an example: "
        f"{example[declared]})"
    )


def settle(
    known: dict[str, Parameter], profile: dict, overrides: Iterable[str], *, where: str
) -> tuple[dict, dict]:
    """All parameters in force, and those that ``overrides`` (``name=text``) set, in the order of
    the notebook.

    known: of `read`; profile: plain values of this notebook. ValueError for a name or value that
    does not fit.
    """
    given = {
        name: coerce(value, _find(known, name, where).type, name=name)
        for name, value in profile.items()
    }
    changed = {}
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"-p {text!r} must read name=value")
        parameter = _find(known, name.strip(), where)
        changed[parameter.name] = parse_text(value, parameter.type, name=parameter.name)
    return {
        name: (given | changed).get(name, parameter.default) for name, parameter in known.items()
    }, changed


def _find(known: dict[str, Parameter], name: str, where: str) -> Parameter:
    if name not in known:
        listed = "\n".join(f"  {parameter}" for parameter in known.values())
        raise ValueError(
            f"{where} has no parameter {name!r}{suggest(name, known)}\nIts parameters:\n{listed}"
        )
    return known[name]


def suggest(name: str, choices: Iterable[str]) -> str:
    """``; did you mean 'seeds'?`` for the nearest of ``choices``, or nothing if none is near."""
    near = difflib.get_close_matches(name, list(choices), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def load_profile(
    folder: Path, profile: str, notebooks: dict[str, dict[str, Parameter]]
) -> dict[str, dict]:
    """Plain values that ``<folder>/<profile>.yml`` sets, for each of ``notebooks`` (name -> its
    parameters).

    The file has a part per notebook and a part ``all``, which each notebook takes as far as it has
    the parameter. ValueError for an unknown profile, an unknown notebook, or a name in ``all`` that
    no notebook has.
    """
    names = sorted(path.stem for path in folder.glob("*.yml"))
    if profile not in names:
        raise ValueError(
            f"unknown profile {profile!r}{suggest(profile, names)}; known in "
            f"{folder}: {', '.join(names)}"
        )
    parts = _parts(read_yaml(folder / f"{profile}.yml"), f"profile {profile}")
    parts = {name: _parts(part, f"profile {profile}, {name}") for name, part in parts.items()}
    shared = parts.pop("all", {})
    if unknown := [name for name in parts if name not in notebooks]:
        raise ValueError(
            f"profile {profile} sets {unknown[0]!r}, which is no "
            f"notebook{suggest(unknown[0], notebooks)}"
        )
    anywhere = {name for known in notebooks.values() for name in known}
    for name in shared:
        if name not in anywhere:
            raise ValueError(
                f"profile {profile} sets {name!r} for all, but no notebook has "
                f"it{suggest(name, anywhere)}"
            )
    taken = {
        notebook: {k: v for k, v in shared.items() if k in known}
        for notebook, known in notebooks.items()
    }
    return {notebook: taken[notebook] | (parts.get(notebook) or {}) for notebook in notebooks}


def _parts(content, where: str) -> dict[str, Any]:
    """A part of a profile: names with values, or nothing. ValueError for anything else."""
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ValueError(
            f"{where}: expected lines that read name: value, got {reprlib.repr(content)}"
        )
    return content


def read_yaml(path: Path):
    """Content of a YAML file as YAML 1.2 reads it. ValueError naming the file if it is no YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except RecursionError:
        raise ValueError(f"{path} is not valid YAML: it is nested too deep") from None
    # ValueError: no text in UTF-8, a number of thousands of digits
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{path} is not valid YAML: {error}") from None


class _Loader(yaml.SafeLoader):
    """Safe loader with YAML 1.2's plain scalars: 1e-3 is a float; no, yes, on, off and dates are
    strings.
    """

    yaml_implicit_resolvers: ClassVar[dict] = {}

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in node.value]
        if repeated := [name for name in names if names.count(name) > 1]:
            raise yaml.constructor.ConstructorError(
                None, None, f"{repeated[0]!r} is set twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _plain(tag: str, pattern: str, first: str, make) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
    _Loader.add_constructor(f"tag:yaml.org,2002:{tag}", lambda loader, node: make(node.value))


_plain("null", r"^(~|null|Null|NULL|)$", "~nN", lambda text: None)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])
_plain("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF", lambda text: text.lower() == "true")
_plain("int", r"^[-+]?[0-9][0-9_]*$", "-+0123456789", int)
_plain(
    "float", r"^[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789", float
)
