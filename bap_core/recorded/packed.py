"""Predictions in a form small enough to travel with a page."""

import base64
import zlib
from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from bap_core import tidy

_OF_PICTURES = ["label", "group", "group_name", "n_train"]


def pack(predictions: pd.DataFrame) -> list[dict]:
    """As JSON values, one entry per data set and per list of its test pictures: what is known of
    them once, and for every run one small number and one short float per picture, compressed.
    """
    by_pictures: dict[tuple, list] = {}
    for key, run in predictions.groupby(tidy.RUN, sort=False):
        dataset, *names = cast(tuple, key)
        known = run[["picture", *_OF_PICTURES]].to_csv(index=False)
        by_pictures.setdefault((dataset, known), []).append((names, run))
    return [_pack_some(dataset, runs) for (dataset, _), runs in by_pictures.items()]


def unpack(packed: Sequence[dict]) -> pd.DataFrame:
    """The frame that `pack` was given, runs on the same pictures behind each other."""
    found = [_unpack_runs(entry) for entry in packed if entry["runs"]]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=tidy.ANSWERS)


def _pack_some(dataset: str, runs: list[tuple]) -> dict:
    known = runs[0][1]
    groups = known.drop_duplicates("group")[["group", "group_name", "n_train"]]
    return {
        "dataset": dataset,
        "pictures": known["picture"].tolist(),
        "label": known["label"].tolist(),
        "group": known["group"].tolist(),
        "groups": groups.to_dict("records"),
        "runs": [
            {"encoder": encoder, "method": method, "seed": int(seed), **_pack_run(run)}
            for (encoder, method, seed), run in runs
        ],
    }


def _pack_run(run: pd.DataFrame) -> dict[str, str]:
    said = run["prediction"].to_numpy()
    if said.max() > np.iinfo(np.uint8).max:
        raise ValueError(f"{run['dataset'].iloc[0]}: class number {said.max()} cannot be packed")
    columns = {"said": said.astype(np.uint8), "score": run["score"].to_numpy(np.float16)}
    return {
        name: base64.b64encode(zlib.compress(values.tobytes(), 9)).decode()
        for name, values in columns.items()
    }


def _unpack_runs(entry: dict) -> pd.DataFrame:
    """All runs on the same pictures."""
    known = pd.DataFrame({name: entry[name] for name in ("label", "group")})
    known = known.merge(pd.DataFrame(entry["groups"]), on="group", how="left")
    known = known.assign(dataset=entry["dataset"], picture=entry["pictures"])
    runs, n = entry["runs"], len(known)
    every = known.take(np.tile(np.arange(n), len(runs)))
    columns = {
        name: pd.Series([run[name] for run in runs]).repeat(n).array
        for name in ("encoder", "method", "seed")
    }
    said = np.concatenate([_read(run["said"], np.uint8) for run in runs])
    score = np.concatenate([_read(run["score"], np.float16) for run in runs])
    every = every.assign(**columns, prediction=said.astype(np.int64), score=score.astype("f4"))
    return every.loc[:, tidy.ANSWERS]


def _read(text: str, dtype: type) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype)
