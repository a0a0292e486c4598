"""What is to be run: notebooks by name, number or path, at a profile, with every name and value
checked before anything runs.

Each notebook and each profile is read once for a whole plan.
"""

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from bap_core import micro, runtime, store
from bap_core.data import catalogue
from bap_core.runner import checks, parameters

SUFFIXES = (".py", ".ipynb")
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@dataclass(frozen=True)
class Job:
    """One notebook with all that decides its result.

    notebook: as it was read; datasets: names of the catalogue that it opens below its
    ``data_root``; parameters: all in force; overrides: those of ``-p``; folder: of its result.
    """

    path: Path
    profile: str
    notebook: NotebookNode
    datasets: tuple[str, ...]
    parameters: dict
    overrides: dict
    folder: Path

    @property
    def name(self) -> str:
        """Name of the notebook, such as ``03_waterbirds``."""
        return self.path.stem


def notebooks_folder() -> Path:
    """``notebooks`` of the checkout. FileNotFoundError for an installation without one."""
    root = runtime.project()
    if root is None:
        raise FileNotFoundError(
            "bap_core is not imported from a checkout: give the path of a notebook"
        )
    return root / "notebooks"


def find_data_root(root: str | None = None) -> Path:
    """Where the official data lie: ``root``, else the ``data_root`` of the profile ``paper``; the
    name of a rendered world renders it.
    """
    named = (
        root
        or parameters.read_yaml(notebooks_folder() / "profiles" / "paper.yml")["all"]["data_root"]
    )
    if str(named).partition(":")[0] in micro.WORLDS:
        return micro.resolve(named)
    return Path(named).expanduser()


def runs_folder() -> Path:
    """``runs`` in the checkout, else in the current folder."""
    return (runtime.project() or Path.cwd()) / "runs"


def find_notebooks(names: Sequence[str]) -> list[Path]:
    """Notebook files for names (``03_waterbirds``), numbers (``03``) or paths; none means all.

    ValueError for a name that fits no notebook, or several; FileNotFoundError for a path that does
    not exist.
    """
    if not names:
        return sorted(notebooks_folder().glob("[0-9]*.py"))
    return [_find_one(name) for name in names]


def _find_one(name: str) -> Path:
    if name.endswith(SUFFIXES) or os.sep in name:
        path = Path(name).expanduser()
        if path.suffix not in SUFFIXES or not path.is_file():
            raise FileNotFoundError(f"{name} is not a notebook file ({' or '.join(SUFFIXES)})")
        return path
    known = {path.stem: path for path in find_notebooks([])}
    fitting = [name] if name in known else [stem for stem in known if stem.split("_")[0] == name]
    if len(fitting) == 1:
        return known[fitting[0]]
    near = parameters.suggest(name, known) or _suggest_by_word(name, known)
    raise ValueError(f"unknown notebook {name!r}{near}; known: {', '.join(known)}")


def _suggest_by_word(name: str, known: Iterable[str]) -> str:
    words = {stem.partition("_")[2]: stem for stem in known}
    near = difflib.get_close_matches(name, list(words), n=1)
    return f"; did you mean {words[near[0]]!r}?" if near else ""


def plan(
    names: Sequence[str], *, profile: str, overrides: Sequence[str] = (), out: Path | None = None
) -> list[Job]:
    """Jobs for notebooks at a profile, every name and value checked before anything runs.

    names: as for `find_notebooks`; overrides: ``name=value``, for each of the notebooks; out:
    folder of all results, by default `runs_folder`. ValueError for what does not fit.
    """
    paths = find_notebooks(names)
    notebooks = _read_with_neighbours(paths)
    known = {
        path: parameters.read(notebook.cells, where=path.name)
        for path, notebook in notebooks.items()
    }
    values = _load_profiles(profile, paths, known)
    jobs = []
    for path in paths:
        given = values[path.parent][path.stem]
        every, changed = parameters.settle(known[path], given, overrides, where=path.stem)
        checks.refuse_unusable(known[path], every, changed)
        datasets = find_datasets(notebooks[path], where=path.name)
        if datasets and "data_root" not in every:
            raise ValueError(f"{path.name} declares datasets, but has no parameter data_root")
        folder = _choose_folder(path.stem, changed, Path(out or runs_folder()) / profile)
        jobs.append(Job(path, profile, notebooks[path], datasets, every, changed, folder))
    return jobs


def read_notebook(path: Path) -> NotebookNode:
    """The notebook that jupytext reads from a text notebook (or an .ipynb file), asking for a
    Python kernel.
    """
    notebook = jupytext.read(path)
    notebook.metadata["kernelspec"] = dict(KERNEL)
    return notebook


def find_datasets(notebook: NotebookNode, *, where: str) -> tuple[str, ...]:
    """Names of the catalogue that a notebook declares in its front matter, as ``bap: {datasets:
    [cub, places]}``; none where it declares nothing.

    where: the notebook, for messages. ValueError for a name that the catalogue does not have.
    """
    declared = notebook.metadata.get("bap", {}).get("datasets", [])
    known = list(catalogue.CATALOGUE)
    for name in declared:
        if name not in known:
            raise ValueError(
                f"{where} declares the dataset {name!r}{parameters.suggest(str(name), known)}; "
                f"known: {', '.join(known)}"
            )
    return tuple(declared)


def _read_with_neighbours(paths: Sequence[Path]) -> dict[Path, NotebookNode]:
    """The notebooks and all numbered ones beside them, whose parameters a profile may name, too."""
    folders = dict.fromkeys(path.parent for path in paths)
    beside = [path for folder in folders for path in sorted(folder.glob("[0-9]*.py"))]
    return {path: read_notebook(path) for path in dict.fromkeys([*beside, *paths])}


def _load_profiles(
    profile: str, paths: Sequence[Path], known: dict[Path, dict[str, parameters.Parameter]]
) -> dict[Path, dict[str, dict]]:
    """Folder of notebooks -> what the profile beside them sets, for the name of each notebook."""
    return {
        folder: parameters.load_profile(
            folder / "profiles",
            profile,
            {path.stem: known[path] for path in known if path.parent == folder},
        )
        for folder in dict.fromkeys(path.parent for path in paths)
    }


def _choose_folder(name: str, changed: dict, out: Path) -> Path:
    """A result with overrides gets a folder of its own."""
    return out / (f"{name}-{store.key(**changed)[:8]}" if changed else name)
