"""An honest page of one table, one figure of metrics and one of pictures, as a run leaves it, for
tests of what `bap verify` makes of it and of its forgeries.
"""

import base64
import copy
import functools
import json
from pathlib import Path

import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bap_core import report, sources
from bap_core.recorded.bundle import MIME
from bap_core.recorded.packed import pack
from bap_core.report import redraw, stamp
from bap_core.runner.planning import Job

PARAMETERS = {"seeds": 2, "lr": 1e-3}
N = 100  # test pictures of a group
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PICTURE = {"image/png": PIXEL, "text/plain": "<Figure>"}


def metrics() -> list[dict]:
    row = {
        "dataset": "waterbirds-95",
        "encoder": "tiny",
        "split": "test",
        "group": "all",
        "n": N,
        "metric": "worst_group_accuracy",
    }
    values = {
        "Native (ZS)": (0.3, 0.32),
        "BAP (ZS)": (0.6, 0.61),
        "Native (LP)": (0.4, 0.5),
        "BAP (LP)": (0.7, None),
    }
    return [
        {**row, "method": method, "seed": seed, "value": value}
        for method, pair in values.items()
        for seed, value in enumerate(pair)
    ]


def predictions(rows: list[dict]) -> pd.DataFrame:
    """Answers with the worst groups of ``rows``: the first group has that share right, the other
    three have all.
    """
    keys = ["dataset", "encoder", "method", "seed"]
    runs = []
    for row in rows:
        if row["value"] is not None:
            right = [i >= N or i < round(row["value"] * N) for i in range(4 * N)]
            run = {key: row[key] for key in keys} | {"picture": [f"{i}.jpg" for i in range(4 * N)]}
            number = [i // N for i in range(4 * N)]
            known = {"label": 1, "group": number, "group_name": [f"group {g}" for g in number]}
            said = {"n_train": 10, "prediction": [int(r) for r in right], "score": 0.5}
            runs.append(pd.DataFrame({**run, **known, **said}))
    return pd.concat(runs)


def bundle() -> dict:
    """What its stamp leaves."""
    return copy.deepcopy(_bundle())


@functools.cache
def _bundle() -> dict:
    answers = predictions(metrics())
    claims = report.judge(pd.DataFrame(metrics()), "03_waterbirds", "micro", {}, answers)
    made = {
        **stamp.read_commit(),
        "made": "2026-01-01T00:00:00+00:00",
        "profile": "smoke",
        "seeds": [0, 1],
        **stamp.describe_machine([]),
        "source_hash": sources.source_hash(),
        "world": None,
        "data": [],
        "encoders": [{"name": "tiny", "fingerprint": "0", "scale": "micro"}],
        "images_encoded": 10,
        "least_images": 10,
        "seconds": 1.0,
        "peak_memory_mib": {"host": 100},
    }
    drawn = [
        {"call": call, "names": [], "choices": {}, "rows": list(range(8))}
        for call in ("results_table", "dot_plot")
    ]
    return {
        "notebook": "03_waterbirds",
        "parameters": PARAMETERS,
        "scale": "micro",
        "metrics": metrics(),
        "claims": json.loads(claims.to_json(orient="records")),
        "drawn": drawn,
        "predictions": pack(answers),
        "recorded": None,
        "stamp": made,
        "source_hash": sources.source_hash(),
    }


def source() -> list:
    return [
        new_markdown_cell("# A page"),
        new_code_cell("seeds: int = 3\nlr: float = 1e-3", metadata={"tags": ["parameters"]}),
        new_code_cell("show(pictures)", metadata=_alt("Two birds, cut out of their photographs")),
        new_code_cell("page.banner(model)"),
        new_code_cell("page.results_table(frame)"),
        new_code_cell("page.dot_plot(frame)", metadata=_alt("Worst-group accuracy by method")),
        new_code_cell("page.claims(frame)"),
        new_code_cell("page.stamp(frame)"),
    ]


def _alt(text: str) -> dict:
    return {"mystnb": {"image": {"alt": text}}}


def executed(found: dict):
    """The page as papermill leaves it: with the injected cell, outputs, and its own metadata."""
    cells = source()
    injected = "# Parameters\nseeds = 2\nlr = 0.001\n"
    cells.insert(2, new_code_cell(injected, metadata={"tags": ["injected-parameters"]}))
    for number, cell in enumerate([cell for cell in cells if cell.cell_type == "code"], 1):
        cell.execution_count = number
        cell.metadata.setdefault("tags", [])
    cells[3].outputs = [new_output("display_data", dict(PICTURE))]
    for cell, data in zip(cells[4:], _drawn()):
        cell.outputs = [new_output("display_data", {**data, "text/plain": ""})]
    cells[-1].outputs[0].data[MIME] = found
    return new_notebook(
        cells=cells, metadata={"papermill": {"exception": None, "parameters": PARAMETERS}}
    )


@functools.cache
def _drawn() -> list[dict]:
    return draw(_bundle(), [cell.source for cell in source()[3:]])


def draw(found: dict, sources: list[str]) -> list[dict]:
    """What cells that show one thing each display, by its kind."""
    return [
        {"text/html": one} if isinstance(one, str) else {"image/png": encode(one)}
        for (one,) in redraw.draw_again(found, sources, redraw.judge_again(found))
    ]


def encode(figure) -> str:
    return base64.b64encode(figure._repr_png_()).decode()


def job_in(folder: Path) -> Job:
    """The job of the page, whose results go below ``folder``."""
    notebook, place = new_notebook(cells=source()), folder / "03_waterbirds"
    return Job(Path("03_waterbirds.py"), "smoke", notebook, (), PARAMETERS, {}, place)
