"""What every method answered for every test picture, as one tidy frame, and in a form small enough
to travel with a page.

Metrics are made of these rows and of nothing else, so they can be counted again from them; and how
sure a comparison is follows from which pictures two methods had right.
"""

import base64
import zlib
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import pandas as pd

from bap_core.data.listings import LabelledPictures

KEYS = ["dataset", "encoder", "method", "seed"]
COLUMNS = [*KEYS, "picture", "label", "group", "prediction"]
_ABSENT = 255  # a picture that is not in a run's test


def answers(scenes: LabelledPictures, y_pred, **names) -> pd.DataFrame:
    """Rows of `COLUMNS` for the test pictures of ``scenes``. names: encoder, method and seed."""
    test = scenes.select(split="test")
    return pd.DataFrame(
        {
            "dataset": scenes.name,
            **names,
            "picture": test.picture_names(),
            "label": test.frame["label"].to_numpy(),
            "group": test.groups,
            "prediction": np.asarray(y_pred, dtype=np.int64),
        },
        columns=COLUMNS,
    )


def predictions_table(results: Iterable) -> pd.DataFrame:
    """The rows of all results that predicted anything."""
    found = [result.answers for result in results if result.answers is not None]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def pack(predictions: pd.DataFrame) -> list[dict]:
    """As JSON values, one entry per data set: its test pictures once, and for every run one small
    number per picture, compressed.
    """
    return [_pack_one(str(name), rows) for name, rows in predictions.groupby("dataset", sort=False)]


def unpack(packed: Sequence[dict]) -> pd.DataFrame:
    """The frame that `pack` was given, in the order of its runs."""
    found = [_unpack_run(entry, run) for entry in packed for run in entry["runs"]]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def _pack_one(name: str, rows: pd.DataFrame) -> dict:
    if rows["prediction"].to_numpy().max() >= _ABSENT:
        raise ValueError(f"{name}: class numbers of {_ABSENT} and more cannot be packed")
    pictures = rows.drop_duplicates("picture").set_index("picture")[["label", "group"]]
    place = pd.Series(range(len(pictures)), index=pictures.index)
    runs = []
    for key, run in rows.groupby(KEYS[1:], sort=False):
        encoder, method, seed = cast(tuple, key)
        said = np.full(len(pictures), _ABSENT, dtype=np.uint8)
        said[place.loc[run["picture"]].to_numpy()] = run["prediction"]
        text = base64.b64encode(zlib.compress(said.tobytes(), 9)).decode()
        runs.append({"encoder": encoder, "method": method, "seed": int(seed), "said": text})
    return {
        "dataset": name,
        "pictures": pictures.index.tolist(),
        "label": pictures["label"].tolist(),
        "group": pictures["group"].tolist(),
        "runs": runs,
    }


def _unpack_run(entry: dict, run: dict) -> pd.DataFrame:
    said = np.frombuffer(zlib.decompress(base64.b64decode(run["said"])), dtype=np.uint8)
    frame = pd.DataFrame({key: entry[key] for key in ("label", "group")})
    frame = frame.assign(
        dataset=entry["dataset"],
        encoder=run["encoder"],
        method=run["method"],
        seed=run["seed"],
        picture=entry["pictures"],
        prediction=said.astype(np.int64),
    )
    return frame.loc[said != _ABSENT, COLUMNS]
