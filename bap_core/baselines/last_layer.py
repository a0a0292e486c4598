"""What the methods that retrain the last layer (AFR, DFR) ask of a set of labelled pictures."""

from bap_core.evaluation.scoring import absent_groups


def missing_groups(scenes) -> str:
    """Why last-layer retraining is left out: a group that training or validation lacks; "" if none.

    Validation alone would do for DFR, and the set of persons has every group there at 100 % too
    (M.4.2). The paper's tables leave both out wherever training has no minority.
    """
    if absent := absent_groups(scenes, "train"):
        lacking = " and without ".join(absent)
        return f"left out as in the paper: {scenes.name} is trained without {lacking}"
    if absent := absent_groups(scenes, "val"):
        lacking = ", no ".join(absent)
        return f"left out: it needs every group in validation, and {scenes.name} has no {lacking}"
    return ""
