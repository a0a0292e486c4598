"""What a page and the runner tell each other: the bundle that a page leaves in the outputs of its
notebook, and the parameters that the runner hands to a page.

The bundle is one JSON output of the type `MIME`, made by the page's stamp. `bap run` files it,
`bap verify` checks it, and the book's summary pages are made of it. Importing this module draws
nothing and loads no encoder.
"""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from bap_core import contents, tidy

MIME = "application/vnd.bap+json"
PROFILE, PARAMETERS = "BAP_PROFILE", "BAP_PARAMETERS"
USED = "BAP_USED"  # where a page that `bap run` executes leaves what it read


class Describable(Protocol):
    """A table or figure that a page drew, see `redraw.Drawn`."""

    def describe(self, metrics: Sequence[dict]) -> dict:
        """As JSON values, with rows of ``metrics`` by their numbers."""
        ...


def make_bundle(
    name: str,
    *,
    parameters: dict,
    scale: str,
    metrics: pd.DataFrame,
    claims: pd.DataFrame,
    drawn: Sequence[Describable],
    stamp: dict,
    predictions: Sequence[dict] = (),
    recorded: dict | None = None,
) -> dict:
    """The bundle of the page ``name`` as plain JSON values: the rows of its tidy frame and of its
    judged claims, the tables and figures that it drew from the frame, its parameters in force, its
    scale, `stamp.collect`'s fields, the packed predictions that it was counted from, and what is
    recorded for it (`evidence.recorded_for`).
    """
    rows = to_records(metrics)
    return {
        "notebook": name,
        "parameters": parameters,
        "scale": scale,
        "metrics": rows,
        "claims": to_records(claims),
        "drawn": [one.describe(rows) for one in drawn],
        "predictions": list(predictions),
        "recorded": recorded,
        "stamp": stamp,
        "source_hash": stamp["source_hash"],
    }


def to_records(frame: pd.DataFrame) -> list[dict]:
    """The rows of a frame as JSON values: NaN, which JSON does not have, becomes None."""
    return json.loads(frame.to_json(orient="records", double_precision=15) or "[]")


def read_bundle(notebook: Mapping) -> dict | None:
    """The bundle in the outputs of an executed notebook, or None if it has none. A page stamped
    more than once says what its last stamp says.
    """
    found = [content for _, content in find_outputs(notebook, MIME)]
    return found[-1] if found else None


def find_outputs(notebook: Mapping, kind: str) -> Iterator[tuple[int, Any]]:
    """Number of the cell, counted from one, and content, for every output of one kind.

    kind: a MIME type such as ``text/html``, or the start of several, such as ``image/``.
    """
    for number, cell in enumerate(notebook["cells"], 1):
        for output in cell.get("outputs", []):
            for found, content in output.get("data", {}).items():
                if found.startswith(kind):
                    yield number, content


def metrics_csv(bundle: dict) -> str:
    """The bundle's metrics as CSV text, one row per measurement, with every digit. The columns of
    the tidy frame come first, further ones after them in alphabetical order.
    """
    text = io.StringIO()
    further = sorted({column for row in bundle["metrics"] for column in row} - set(tidy.COLUMNS))
    writer = csv.DictWriter(text, [*tidy.COLUMNS, *further], lineterminator="\n")
    writer.writeheader()
    writer.writerows(bundle["metrics"])
    return text.getvalue()


def to_environment(profile: str, parameters: dict, used: Path) -> dict[str, str]:
    """Environment variables through which a run tells its page the profile, the parameters in force
    (JSON gives every float back as it was), and where to write what it ``used``.
    """
    return {PROFILE: profile, PARAMETERS: json.dumps(parameters), USED: str(used)}


def read_handed_over() -> dict | None:
    """The parameters that the runner handed to this process, or None where no runner started it."""
    text = os.environ.get(PARAMETERS)
    return json.loads(text) if text else None


def watch_reading() -> None:
    """Begin to note all that this process reads, if a runner started it."""
    if USED in os.environ:
        contents.watch()


def leave_used() -> None:
    """Write what this process read to where the runner looks for it, if one started it.

    ValueError if a file was changed meanwhile: then nobody could say what the page was made of.
    """
    if not (place := os.environ.get(USED)):
        return
    used = contents.used()
    if changed := contents.changes():
        raise ValueError(
            f"{changed[0]} was changed while the page was made ({len(changed)} changes in all): "
            "leave the pictures alone and run the page again"
        )
    Path(place).write_text(json.dumps(used, indent=0), encoding="utf-8")
