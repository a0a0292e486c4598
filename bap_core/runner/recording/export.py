"""`bap results export`: a record as evaluation results of the Hugging Face Hub."""

from pathlib import Path
from typing import cast

import pandas as pd
import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from bap_core import store
from bap_core.recorded.record import Record

METRICS = ("average_accuracy", "worst_group_accuracy")


def export_hub(record: Record, folder: Path, *, benchmark: str) -> list[Path]:
    """Write ``<encoder>/.eval_results/<notebook>.yaml`` below ``folder`` for every encoder of the
    record; returns the paths.

    benchmark: the identifier of the benchmark's data set on the hub. One entry per data set, method
    and metric: the mean over the runs in percent. Nothing is written if the record has no accuracy.
    """
    metrics = record.metrics
    shown = metrics.loc[metrics["metric"].isin(METRICS) & (metrics["split"] == "test")].dropna(
        subset=["value"]
    )
    paths = []
    for encoder, rows in shown.groupby("encoder", sort=False):
        entries = [
            _entry(record, benchmark, cast(tuple, key), runs["value"])
            for key, runs in rows.groupby(["dataset", "method", "metric"], sort=False)
        ]
        path = folder / str(encoder) / ".eval_results" / f"{record.provenance['notebook']}.yaml"
        with store.atomic_write(path) as temporary:
            said = eval_result_entries_to_yaml(entries)
            temporary.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True))
        paths.append(path)
    return paths


def _entry(record: Record, benchmark: str, names: tuple, values: pd.Series) -> EvalResultEntry:
    (dataset, method, metric), n = names, len(values)
    spread = f" ± {100 * values.std():.2f} over {n} runs" if n > 1 else ""
    return EvalResultEntry(
        dataset_id=benchmark,
        task_id=f"{dataset} {metric}".replace(" ", "_").replace("/", "-"),
        value=round(100 * float(values.mean()), 2),
        date=record.provenance["stamp"]["made"],
        notes=f"{method}{spread}, scale {record.provenance['scale']}, {record.name}",
    )
