"""Values of the right type that cannot be meant are refused before anything runs."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bap_core.runner import checks, parameters, planning

OWN = "14_your_own_objects"


def plan(*overrides, notebook=OWN):
    return planning.plan([notebook], profile="micro", overrides=overrides)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("lr=-1", "lr is -1.0; it has to be above 0"),
        ("lr=0", "lr is 0.0; it has to be above 0"),
        ("epochs=0", "epochs is 0; it has to be at least 1"),
        ("n_objects=-3", "n_objects is -3"),
        ("seed=-1", "seed is -1; it has to be at least 0"),
        ("encoder=micro-clp", "encoder: unknown encoder 'micro-clp': did you mean micro-clip"),
        ("encoder=", "encoder is empty"),
        ("encoder=gone.safetensors", "encoder: encoder file gone.safetensors does not exist"),
        ("objects=", "objects is empty"),
        ("objects=/no/such/place", "objects: '/no/such/place' does not exist"),
        ("backgrounds=/no/such/place", "backgrounds: '/no/such/place' does not exist"),
        (
            "save_to=aligned.pt",
            "save_to: aligned.pt ends in .pt; weights are saved as .safetensors",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_plan(override, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message.replace("[", r"\[")):
        plan(override)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("mask_ratio=1.5", "mask_ratio is 1.5; a share is at most 1"),
        ("scale=0.5,1.2", "scale is 1.2; a share"),
        ("encoders=", "encoders is an empty list; an example: "),
        ("seeds=0", "seeds is 0"),
        ("encoders=micro-clip,clip-b61", "encoders: unknown encoder 'clip-b61'"),
    ],
)
def test_so_is_it_on_a_page_of_the_paper(override, message):
    with pytest.raises(ValueError, match=message):
        plan(override, notebook="03_waterbirds")


def test_what_may_be_zero_or_empty_is_planned():
    assert plan("seed=0", "mask_values=", "save_to=~/aligned.safetensors")


def test_a_folder_that_may_not_be_written_to_is_said_before_hours_of_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="is a file, so nothing can be written below it"):
        plan(f"save_to={tmp_path}/file/aligned.safetensors")
    if os.geteuid():  # root may write everywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(PermissionError, match="may not be written to"):
            plan(f"save_to={tmp_path}/closed/aligned.safetensors")


def test_every_profile_of_every_notebook_is_within_its_ranges():
    folder = planning.notebooks_folder() / "profiles"
    for profile in sorted(path.stem for path in folder.glob("*.yml")):
        assert planning.plan([], profile=profile), profile


def test_every_name_with_a_rule_of_its_own_is_a_parameter_of_some_notebook():
    known = {
        name
        for path in planning.find_notebooks([])
        for name in parameters.read(planning.read_notebook(path).cells, where=path.name)
    }
    ruled = checks._MAY_BE_ZERO | checks._SHARES | checks._ENCODERS | checks._FOLDERS
    assert not (left := sorted(ruled - known)), left


@given(st.integers(-5, 5), st.floats(-2, 2))
def test_counts_start_at_one_and_rates_above_zero_whatever_they_are_called(count, rate):
    known = {
        "n": parameters.Parameter("n", "int", 5),
        "lr": parameters.Parameter("lr", "float", 0.1),
    }
    values = {"n": count, "lr": rate}
    if count >= 1 and rate > 0:
        assert checks.refuse_unusable(known, values, {}) is None
    else:
        with pytest.raises(ValueError, match="has to be"):
            checks.refuse_unusable(known, values, {})
