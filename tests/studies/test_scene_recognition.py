"""Scenes as a task, accuracies by class, and what is taken for what: counted by hand."""

import numpy as np
import pandas as pd
import pytest

from bap_core.data import Backgrounds
from bap_core.evaluation import Predictions, evaluate
from bap_core.studies import class_accuracies, confusions, scene_task


@pytest.fixture
def scenes(tmp_path):
    files = [
        f"{name}/{i}.png" for name in ("sky", "engine_room", "forest/broadleaf") for i in (0, 1)
    ]
    frame = pd.DataFrame({"image": files, "category": [file.rpartition("/")[0] for file in files]})
    return scene_task(Backgrounds("places", tmp_path, frame, origin="micro"))


class Says:
    """A method that gives the answers that it was made with."""

    def __init__(self, *answers, reason=""):
        self.answers, self.reason = answers, reason

    def run(self, encoder, scenes, *, seed):
        scores = None if self.reason else np.eye(len(scenes.labels))[list(self.answers)]
        return Predictions(scores, reason=self.reason)


class Anyone:
    name = "anyone"


def results(scenes, **methods):
    return evaluate({name: (Anyone(), said) for name, said in methods.items()}, [scenes], seed=0)


def test_a_category_is_a_class_in_ordinary_words_and_every_picture_is_a_test_picture(scenes):
    assert scenes.labels == ("engine room", "broadleaf forest", "sky")
    assert scenes.frame["label"].tolist() == [2, 2, 0, 0, 1, 1]
    assert len(scenes.select(split="test")) == 6 and scenes.origin == "micro"
    assert (scenes.groups == scenes.frame["label"]).all()


def test_accuracies_by_class_are_shares_of_its_pictures(scenes):
    found = results(scenes, some=Says(2, 0, 0, 0, 2, 2), none=Says(reason="left out: nothing"))
    rows = class_accuracies(found, scenes.labels)
    assert rows.set_index("group")["value"].to_dict() == {
        "engine room": 1.0,
        "broadleaf forest": 0.0,
        "sky": 0.5,
    }
    assert set(rows["method"]) == {"some"} and set(rows["n"]) == {2}
    assert set(rows["metric"]) == {"class_accuracy"} and set(rows["split"]) == {"test"}


def test_confusions_name_the_wrong_answer_that_is_given_most(scenes):
    (result,) = results(scenes, some=Says(2, 0, 0, 0, 2, 2))
    found = confusions(result, scenes.labels)
    assert found["taken_for"].to_dict() == {
        "engine room": "",
        "broadleaf forest": "sky",
        "sky": "engine room",
    }
    assert found["right"].tolist() == [1.0, 0.0, 0.5]
    assert found["share"].tolist() == [0.0, 1.0, 0.5]
    assert found["answers"].tolist() == [3, 0, 3]


def test_a_method_that_was_left_out_confused_nothing_and_says_so(scenes):
    (result,) = results(scenes, none=Says(reason="left out: nothing"))
    with pytest.raises(ValueError, match="left out"):
        confusions(result, scenes.labels)
