"""Predictions as a frame."""

from types import SimpleNamespace

import numpy as np
from spurious_scenes import birds

from bap_core import tidy
from bap_core.evaluation import predictions


def test_answers_are_those_of_the_test_pictures_under_names_of_their_own(monkeypatch):
    pictures = birds(monkeypatch)
    test = pictures.select(split="test")
    found = predictions.answers(
        pictures, np.eye(2)[np.zeros(len(test), int)], encoder="tiny", method="ZS", seed=3
    )
    assert found["picture"].is_unique and len(found) == len(test)
    assert found["label"].tolist() == test.frame["label"].tolist()
    assert set(found["seed"]) == {3} and set(found["prediction"]) == {0}
    assert set(found["score"]) == {1.0}
    names, train = pictures.group_names, pictures.select(split="train").groups
    assert found["group_name"].tolist() == [names[g] for g in test.groups]
    assert found["n_train"].tolist() == [(train == g).sum() for g in test.groups]


def test_a_method_that_is_left_out_predicted_nothing():
    left_out = SimpleNamespace(answers=None)
    assert predictions.predictions_table([left_out]).columns.tolist() == tidy.ANSWERS
