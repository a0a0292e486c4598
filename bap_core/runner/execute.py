"""One notebook through papermill: a kernel of this very interpreter, time limits, and a line in the
terminal.

Nothing is written to the user's home: the kernel's specification, its connection file and IPython's
folder live in a temporary folder that goes when the run ends.
"""

import copy
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from papermill.exceptions import PapermillExecutionError

from bap_core import processes, runtime, store
from bap_core.recorded import bundle
from bap_core.runner.progress_line import ProgressLine

START_SECONDS = 600  # for a machine that others keep busy
CELL_SECONDS = {"smoke": 600, "paper-dry": 600, "micro": 3600}
LONGEST_CELL_SECONDS = 7 * 24 * 3600


class RunFailed(RuntimeError):
    """A notebook that did not run to its end. partial: its text (JSON) as far as it came, if any
    was written.
    """

    def __init__(self, message: str, partial: str | None = None):
        super().__init__(message)
        self.partial = partial


def execute(
    notebook: NotebookNode,
    parameters: dict,
    *,
    name: str,
    profile: str,
    used: Path,
    times: Path,
    show: TextIO,
    further: Mapping[str, str] = MappingProxyType({}),
) -> NotebookNode:
    """A copy of the notebook, executed with all of its parameters injected, in the caller's folder.

    The page finds the profile, the parameters and the path ``used``, where it writes what it read,
    in its environment as well, see `bap_core.recorded.bundle`. times: see `ProgressLine`, whose
    line goes to ``show``. further: variables of the environment. RunFailed if a cell fails.
    """
    with store.scratch_folder("bap-run") as temporary:
        output, bar = temporary / "executed.ipynb", temporary / "bar"
        variables = {**bundle.to_environment(profile, parameters, used), **further}
        variables[runtime.BAR_FILE] = str(bar)
        cells = [*notebook.cells, *([new_code_cell()] if parameters else [])]  # papermill's own
        line = ProgressLine(name, cells=cells, bar=bar, times=times, stream=show)
        try:
            with _own_kernel(temporary, variables), line, _quiet("papermill"):
                done = papermill.execute_notebook(
                    copy.deepcopy(notebook),
                    output,
                    parameters=parameters,
                    kernel_name="python3",
                    progress_bar=False,
                    start_timeout=START_SECONDS,
                    execution_timeout=CELL_SECONDS.get(profile, LONGEST_CELL_SECONDS),
                    on_cell_start=lambda cell, cell_index: line.at(cell_index + 1, cell),
                )
        except (PapermillExecutionError, CellTimeoutError, DeadKernelError, RuntimeError) as error:
            partial = output.read_text(encoding="utf-8") if output.exists() else None
            raise RunFailed(_explain(error, name=name, at=line.where()), partial) from error
    return _tidy(done, name)


def _tidy(notebook: NotebookNode, name: str) -> NotebookNode:
    """The notebook without the paths of this run. The cell that papermill injected is folded like
    the one it overrides.
    """
    notebook.metadata.papermill.update(input_path=f"{name}.py", output_path="executed.ipynb")
    for cell in notebook.cells:
        if (
            "injected-parameters" in cell.metadata.get("tags", [])
            and "hide-input" not in cell.metadata.tags
        ):
            cell.metadata.tags.append("hide-input")
    return notebook


@contextmanager
def _own_kernel(folder: Path, variables: dict[str, str]) -> Iterator[None]:
    """Environment in which ``python3`` is this interpreter, whatever kernels the user has
    registered. variables: further ones, for the page.
    """
    spec = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = processes.make_command(
        "ipykernel_launcher", "--log-level=CRITICAL", "-f", "{connection_file}"
    )
    spec.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    changes = {
        "JUPYTER_PATH": os.pathsep.join(
            [str(folder / "jupyter"), *filter(None, [os.environ.get("JUPYTER_PATH")])]
        ),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        # a backend set by the user would leave no pictures
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **variables,
    }
    before = {key: os.environ.get(key) for key in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """The client logs every failure at length; our own message says it once."""
    level = logging.getLogger(logger).level
    logging.getLogger(logger).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logging.getLogger(logger).setLevel(level)


def _explain(error: Exception, *, name: str, at: str) -> str:
    if isinstance(error, PapermillExecutionError):
        return f"{name} failed in {at}: {error.ename}: {error.evalue}\n{_find_failing_lines(error)}"
    if isinstance(error, CellTimeoutError):
        return f"{name} was stopped in {at}: the cell took longer than this profile allows"
    if isinstance(error, DeadKernelError):
        return (
            f"{name} lost its kernel in {at}: the process died, most often because memory ran out"
        )
    return f"{name} could not be executed ({at}): {error}"


def _find_failing_lines(error: PapermillExecutionError) -> str:
    """The line of the cell that the traceback points at, else the last three lines of the cell."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
    pointed = re.findall(r"^-+> *\d+ (.*)$", plain, flags=re.MULTILINE)
    lines = pointed[:1] or [line for line in error.source.splitlines() if line.strip()][-3:]
    return "\n".join(f"    {line.strip()}" for line in lines)
