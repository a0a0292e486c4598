"""Predictions as a frame, packed and unpacked."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bap_core import tidy
from bap_core.recorded import packed


def run(seed, said, pictures=("a", "b", "c"), method="BAP (LP)", dataset="toy"):
    n = len(pictures)
    label = [ord(name) % 2 for name in pictures]
    return pd.DataFrame(
        {
            "dataset": dataset,
            "encoder": "tiny",
            "method": method,
            "seed": seed,
            "picture": list(pictures),
            "label": label,
            "group": [2 * y for y in label],
            "group_name": [f"kind {y}" for y in label],
            "n_train": [10 + y for y in label],
            "prediction": np.array(said[:n], dtype=np.int64),
            "score": np.array(said[:n], dtype=np.float16) / 4,
        }
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["BAP (LP)", "Native (LP)"]),
            st.sampled_from(["toy", "other"]),
            st.lists(st.integers(0, 255), min_size=4, max_size=4),
            st.sets(st.sampled_from("abcd"), min_size=1),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_packed_comes_back_as_it_was_for_runs_on_different_pictures(runs):
    frame = pd.concat(
        [
            run(seed, said, tuple(sorted(pictures)), method, dataset)
            for seed, (method, dataset, said, pictures) in enumerate(runs)
        ]
    )
    sent = json.loads(json.dumps(packed.pack(frame)))
    keys = ["dataset", "seed", "picture"]
    found, wanted = (
        one.sort_values(keys).reset_index(drop=True) for one in (packed.unpack(sent), frame)
    )
    pd.testing.assert_frame_equal(found[tidy.ANSWERS], wanted, check_dtype=False)


def test_nothing_is_packed_as_nothing():
    assert packed.pack(packed.unpack([])) == []


def test_more_classes_than_a_byte_has_are_refused():
    with pytest.raises(ValueError, match="class number 256 cannot be packed"):
        packed.pack(run(0, [0, 256, 1]))
