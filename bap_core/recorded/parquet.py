"""Predictions as a file: one row per picture, method and run, small enough to be kept for good."""

from pathlib import Path

import numpy as np
import pandas as pd

from bap_core import tidy

PREDICTIONS = "predictions.parquet"


def to_bytes(predictions: pd.DataFrame) -> bytes:
    """The rows of `tidy.ANSWERS` as the content of a Parquet file."""
    numbers = dict.fromkeys(("seed", "label", "group", "n_train", "prediction"), np.int32)
    return predictions.astype({**numbers, "score": np.float32}).to_parquet(
        None, engine="pyarrow", index=False, compression="zstd", compression_level=19
    )


def read(path: Path) -> pd.DataFrame:
    """The rows of `to_bytes` from a file. ValueError, naming it, if it holds anything else."""
    try:
        return pd.read_parquet(path, engine="pyarrow").loc[:, tidy.ANSWERS]
    except (OSError, ValueError, KeyError) as error:  # pyarrow's own errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path} holds no predictions of this project ({reason})") from None
