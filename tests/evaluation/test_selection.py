from dataclasses import dataclass

import numpy as np
import pytest

from bap_core.evaluation.selection import select


@dataclass
class Fixed:
    """Predicts what it is told of the rows whose numbers it sees."""

    y_pred: list

    def predict(self, X):
        return np.array(self.y_pred)[X]


Y, GROUP = [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 2, 3]
CANDIDATES = {
    "all but one group": Fixed([0, 0, 0, 1, 1, 1]),
    "even": Fixed([0, 1, 1, 0, 1, 1]),
    "even again": Fixed([1, 0, 1, 0, 1, 1]),
    "all wrong": Fixed([1, 1, 1, 1, 0, 0]),
}


def chosen(**changes):
    arguments = {"candidates": CANDIDATES, "X": np.arange(6), "y": Y, "group": GROUP, "n_groups": 4}
    return select(**arguments | changes)


def test_the_best_worst_group_wins_over_a_better_average_and_the_first_of_equals_is_taken():
    choice = chosen()
    assert (
        choice.setting == "even"
        and choice.estimator is CANDIDATES["even"]
        and not choice.transferred
    )
    assert choice.table["worst_group_accuracy"].tolist() == pytest.approx([0, 1 / 3, 1 / 3, 0])
    assert choice.table["average_accuracy"].tolist() == pytest.approx([5 / 6, 4 / 6, 4 / 6, 0])
    assert choice.table["chosen"].tolist() == [False, True, False, False]


def test_without_a_group_there_is_no_choice_but_one_can_be_carried_over_and_the_result_says_so():
    rows = {"group": [0, 0, 0, 0, 3, 3]}
    with pytest.raises(ValueError, match=r"groups \[1, 2\].*transferred="):
        chosen(**rows)
    choice = chosen(**rows, transferred="all wrong")
    assert choice.transferred and choice.estimator is CANDIDATES["all wrong"]
    assert (
        choice.table["worst_group_accuracy"].isna().all()
        and choice.table["average_accuracy"].notna().all()
    )
    assert choice.table["chosen"].tolist() == [False, False, False, True]


def test_a_setting_is_not_carried_over_where_validation_can_choose():
    with pytest.raises(ValueError, match="every group"):
        chosen(transferred="even")


def test_a_carried_setting_must_be_among_the_candidates_and_there_must_be_some():
    with pytest.raises(ValueError, match="'odd' is not among.*'even'"):
        chosen(group=[0] * 6, transferred="odd")
    with pytest.raises(ValueError, match="empty"):
        chosen(candidates={})
