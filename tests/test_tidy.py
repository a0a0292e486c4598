"""The frame that everything is measured into, and what is read off it."""

import numpy as np
import pandas as pd

from bap_core.tidy import COLUMNS, strongest

READINGS = ["AFR", "AFR (ERM)"]


def measured(method, encoder, *values, group="all", metric="worst_group_accuracy"):
    rows = [
        ("birds", encoder, method, seed, "test", group, metric, value, 9)
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_strongest_reading_has_the_highest_mean_over_runs_for_each_encoder_by_itself():
    frame = pd.concat(
        [
            measured("AFR", "one", 0.5, 0.7),
            measured("AFR (ERM)", "one", 0.9, 0.1),
            measured("AFR", "two", 0.2, 0.2),
            measured("AFR (ERM)", "two", 0.3, 0.3),
            measured("AFR (ERM)", "one", 1.0, group="a group"),
            measured("AFR (ERM)", "one", 1.0, metric="average_accuracy"),
            measured("BAP (LP)", "one", 1.0),
        ]
    )
    found = strongest(frame, READINGS)
    assert found == {("birds", "one"): "AFR", ("birds", "two"): "AFR (ERM)"}


def test_of_equal_readings_the_first_is_taken_and_one_that_was_left_out_never_is():
    equal = pd.concat([measured("AFR (ERM)", "one", 0.5), measured("AFR", "one", 0.5)])
    assert strongest(equal, READINGS) == {("birds", "one"): "AFR"}
    half = pd.concat([measured("AFR", "one", np.nan), measured("AFR (ERM)", "one", 0.0)])
    assert strongest(half, READINGS) == {("birds", "one"): "AFR (ERM)"}
    assert strongest(measured("AFR", "one", np.nan), READINGS) == {}
    assert strongest(measured("BAP (LP)", "one", 0.4), READINGS) == {}
