"""The course of a loss, told in numbers."""

import math

import pytest

from bap_core.studies import early_share, loss_rows


@pytest.mark.parametrize(
    ("losses", "share"),
    [
        ([1.0, 0.2, 0.1, 0.1, 0.1, 0.0], 0.8),  # two of six epochs
        ([1.0, 0.9, 0.5, 0.0], 0.1),  # a third of four is two, rounded up
        ([0.3, 0.2, 0.1], 0.0),  # a straight line: after the first of three nothing has fallen
    ],
)
def test_the_early_share_is_what_has_fallen_after_a_third_of_the_epochs(losses, share):
    assert early_share(losses) == pytest.approx(share)


@pytest.mark.parametrize("losses", [[0.1], [0.2, 0.1], [0.1, 0.1, 0.1], [0.1, 0.2, 0.3]])
def test_a_loss_that_does_not_fall_has_no_early_share_and_no_row_of_one(losses):
    assert math.isnan(early_share(losses))
    rows = loss_rows(losses, encoder="e", seed=0, dataset="birds")
    assert "early_share" not in set(rows["metric"]) and rows["value"].notna().all()


def test_every_epoch_has_a_row_of_its_own_and_the_end_is_summed_up():
    rows = loss_rows([0.4, 0.2, 0.1], encoder="e", seed=3, dataset="birds")
    by_epoch = rows[rows["metric"] == "alignment_loss"].set_index("method")["value"]
    assert by_epoch.to_dict() == {
        "BAP, epoch = 1": 0.4,
        "BAP, epoch = 2": 0.2,
        "BAP, epoch = 3": 0.1,
    }
    told = rows[rows["method"] == "BAP"].set_index("metric")["value"]
    assert told.to_dict() == pytest.approx(
        {"final_loss": 0.1, "last_fall": 0.5, "early_share": 0.0}
    )
    assert set(rows["split"]) == {"train"} and set(rows["seed"]) == {3}
