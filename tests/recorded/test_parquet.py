"""Predictions as a file."""

import pandas as pd
import pytest
from honest_page import metrics, predictions

from bap_core.recorded import parquet
from bap_core.recorded.packed import unpack


def test_predictions_come_back_from_a_file_as_they_were(tmp_path):
    said, path = predictions(metrics()), tmp_path / "said.parquet"
    path.write_bytes(parquet.to_bytes(said))
    pd.testing.assert_frame_equal(
        parquet.read(path), said.reset_index(drop=True), check_dtype=False
    )


def test_the_same_predictions_are_the_same_file():
    assert parquet.to_bytes(predictions(metrics())) == parquet.to_bytes(predictions(metrics()))


def test_no_predictions_are_a_file_too(tmp_path):
    path = tmp_path / "said.parquet"
    path.write_bytes(parquet.to_bytes(unpack([])))
    assert parquet.read(path).empty


@pytest.mark.parametrize("content", [b"", b"PAR1", b"seed\n0\n"])
def test_what_is_no_such_file_is_refused_by_its_name(tmp_path, content):
    path = tmp_path / "said.parquet"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"said\.parquet holds no predictions"):
        parquet.read(path)


def test_a_table_of_something_else_is_refused(tmp_path):
    path = tmp_path / "said.parquet"
    pd.DataFrame({"seed": [0]}).to_parquet(path)
    with pytest.raises(ValueError, match="holds no predictions"):
        parquet.read(path)
