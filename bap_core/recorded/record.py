"""A recorded run on disk, ``results/<profile>/<notebook>/<run>/``: what was measured, what every
method answered, and what made it.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from bap_core import runtime
from bap_core.recorded import parquet, stages

METRICS, PROVENANCE = "metrics.csv", "provenance.json"
FILES = (METRICS, parquet.PREDICTIONS, PROVENANCE)
SAID = (
    "notebook", "notebook_hash", "profile", "overrides", "parameters", "scale", "stages", "files",
    "stamp",
)  # fmt: skip
STAMPED = (
    "commit", "dirty", "made", "seeds", "device", "machine", "versions", "source_hash", "data",
    "encoders", "images_encoded", "least_images", "seconds", "peak_memory_mib",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One recorded run. What it says of itself is read when it is asked for; a ValueError that
    names the file says that it cannot be read.
    """

    folder: Path

    @property
    def name(self) -> str:
        """``<profile>/<notebook>/<run>``."""
        return "/".join(self.folder.parts[-3:])

    @cached_property
    def provenance(self) -> dict:
        """Notebook, profile, parameters, scale, stages, stamp, who made it, and the checksums of
        the other files. ValueError if `SAID` or `STAMPED` is not all there.
        """
        path = self.folder / PROVENANCE
        try:
            said = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None
        missing = [name for name in SAID if name not in said]
        missing += [f"stamp/{name}" for name in STAMPED if name not in said.get("stamp", {})]
        if missing:
            raise ValueError(f"{path} does not say: {', '.join(missing)}")
        return said

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The tidy frame of the run."""
        path = self.folder / METRICS
        try:
            frame = pd.read_csv(path, dtype={"value": str}, keep_default_na=False)
            values = [float(text or "nan") for text in frame["value"]]  # with every digit
            return frame.assign(value=values)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The rows of `predictions.answers`."""
        return parquet.read(self.folder / parquet.PREDICTIONS)

    @property
    def moved(self) -> list[str]:
        """Stages whose code is another now: the record is older than the code."""
        return stages.moved(self.provenance["stages"])

    @property
    def about(self) -> str:
        """Who made it, when, from what, on what, in how many runs, and how long that took."""
        said, stamp = self.provenance, self.provenance["stamp"]
        n, encoded = len(stamp["seeds"]), stamp["images_encoded"]
        went_on = encoded < stamp["least_images"] or not encoded
        return (
            f"by {said['by']} on {stamp['made'][:10]} at {stamp['commit'][:10]}, "
            f"{n} {'run' if n == 1 else 'runs'}, on {stamp['device']}, "
            f"in {stamp['seconds'] / 60:.0f} min"
            f"{' with what earlier starts had left' if went_on else ''}, profile "
            f"{said['profile']}"
        )


def results_folder() -> Path:
    """``results`` in the checkout, else in the current folder."""
    return (runtime.project() or Path.cwd()) / "results"


def find_records(root: Path | None = None, *, notebook: str = "*") -> list[Record]:
    """All recorded runs, or those of one notebook, in the order of their names. root: by default
    `results_folder`.
    """
    folders = (root or results_folder()).glob(f"*/{notebook}/*/")
    return [Record(folder) for folder in sorted(folders)]


def newest(notebook: str, scale: str, root: Path | None = None) -> Record | None:
    """The latest record of a notebook at a scale (a name of `labels.SCALES`), if there is one."""
    found = find_records(root, notebook=notebook)
    fitting = [record for record in found if record.provenance["scale"] == scale]
    return max(fitting, key=lambda record: record.provenance["stamp"]["made"], default=None)
