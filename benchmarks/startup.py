"""How long it takes until something happens: the help, and the first cell of a notebook; and what
the book that lies here has encoded, over the least that would have done.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bap_core import runtime
from benchmarks.table import Row

BAP = [sys.executable, "-m", "bap_core.cli"]
NOTEBOOK = """# %% tags=["parameters"]
seeds: int = 1

# %%
import pathlib, time
pathlib.Path({path!r}).write_text(str(time.time()))
"""


def rows(*, repeats: int) -> list[Row]:
    """A row of each."""
    found = [
        Row("bap --help", [run_help() for _ in range(repeats)], "<= 0.3", "s"),
        Row("bap run, to its first cell", [reach_cell() for _ in range(repeats)], "<= 4", "s"),
    ]
    return found + encoded_of_the_book()


def run_help() -> float:
    """Seconds."""
    start = time.perf_counter()
    subprocess.run([*BAP, "--help"], capture_output=True, check=True)
    return time.perf_counter() - start


def reach_cell() -> float:
    """Seconds from the command to the first line of the first cell that does something."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "profiles").mkdir()
        (folder / "profiles" / "smoke.yml").write_text("all: {}\n")
        (folder / "03_toy.py").write_text(NOTEBOOK.format(path=str(folder / "at")))
        start = time.time()
        # it leaves no stamp, so the run fails when it has told what is asked of it
        command = [*BAP, "run", str(folder / "03_toy.py"), "--profile", "smoke"]
        subprocess.run([*command, "--out", str(folder / "runs")], capture_output=True, check=False)
        return float((folder / "at").read_text()) - start


def encoded_of_the_book() -> list[Row]:
    """Pictures encoded over the least, of all micro pages that lie here; none if none do."""
    folder = (runtime.project() or Path()) / "runs" / "micro"
    stamps = [
        json.loads(path.read_text(encoding="utf-8"))["stamp"]
        for path in sorted(folder.glob("[0-9][0-9]_*/provenance.json"))
    ]
    if not (least := sum(stamp["least_images"] for stamp in stamps)):
        return []
    ratio = sum(stamp["images_encoded"] for stamp in stamps) / least
    note = f"{len(stamps)} pages"
    return [Row("images encoded / least, whole book", [ratio], "<= 1.0", note=note)]
