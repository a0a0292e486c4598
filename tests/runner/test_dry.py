"""The dry run of the paper: every notebook at `paper-dry`, on the paper's architectures with
random weights.
"""

import re
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from bap_core import encoders
from bap_core.encoders import checkpoints
from bap_core.recorded import bundle
from bap_core.report import paper_tables
from bap_core.runner import doctor, parameters, planning, verify
from bap_core.runner.doctor import machine, weights
from bap_core.runner.run import run_jobs

PROFILES = planning.notebooks_folder() / "profiles"
NOTEBOOKS = [path.stem for path in planning.find_notebooks([])]
# of one notebook, through all encoders: two minutes on two cores. Page 4 has the most, 474 with
# those that its small labeller sees, and takes a minute and a half
MOST_PICTURES = 500
WITHOUT_WORK = {"11_backbones"}  # at this size it trains and looks at nothing that page 3 does not


def planned(profile: str, **choices) -> dict[str, planning.Job]:
    return {job.name: job for job in planning.plan([], profile=profile, **choices)}


def encoders_of(job: planning.Job) -> list[str]:
    return weights.list_encoders(job.parameters)


def drawn_from(job: planning.Job) -> list[str]:
    """The encoders but for the one that labels: with random weights it would give everybody one
    label.
    """
    return [name for name in encoders_of(job) if name != job.parameters.get("labeller")]


@pytest.fixture(scope="module")
def home():
    """A store that is gone afterwards: students of this size take gigabytes, and a kept one
    would prove nothing.
    """
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAP_HOME", folder)
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.xdist_group("dry")
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_papers_path_runs_from_end_to_end_and_nothing_of_it_counts_as_a_result(name, home):
    job = planned("paper-dry", out=home / "runs")[name]
    assert run_jobs([job]) == [] and verify.find_problems(job) == []
    page = nbformat.read(job.folder / "executed.ipynb", as_version=4)
    left = bundle.read_bundle(page)
    html = " ".join(text for _, text in bundle.find_outputs(page, "text/html"))
    metrics = pd.DataFrame(left["metrics"])
    unmeasured = metrics[metrics["value"].isna()]
    assert (
        left["scale"] == "random"
        and unmeasured.get("reason", pd.Series(dtype=str)).str.startswith("left out").all()
    )
    assert [item["name"] for item in left["stamp"]["encoders"]] == encoders_of(job)
    assert {(claim["verdict"], claim["measured"]) for claim in left["claims"]} == {
        ("not judged", "-")
    }
    assert (
        "bap-banner-random" in html
        and "The numbers mean nothing" in html
        and "none of them judged" in html
    )
    assert "compare directions" not in html
    stamp = left["stamp"]
    print(
        f"{name}: {stamp['images_encoded']} images encoded in {stamp['seconds']} s, "
        f"{stamp['peak_memory_mib']['host']} MiB"
    )
    # the notebooks share a store
    assert stamp["images_encoded"] <= stamp["least_images"] <= MOST_PICTURES
    assert stamp["images_encoded"] or name in WITHOUT_WORK


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_dry_run_uses_architectures_of_the_paper_with_random_weights(name):
    used = drawn_from(planned("paper-dry")[name])
    assert "clip-b16:random" in used
    assert all(
        encoder.endswith(":random") and encoder.removesuffix(":random") in checkpoints.known()
        for encoder in used
    )


def test_the_dry_run_covers_transformers_of_both_families_and_a_convolutional_one():
    used = {encoder for job in planned("paper-dry").values() for encoder in drawn_from(job)}
    assert {"clip-b16:random", "siglip2-b16:random", "clip-convnext-w:random"} <= used
    known, wanted = (
        checkpoints.known(),
        {name for job in planned("paper").values() for name in encoders_of(job)},
    )
    assert {known[name].library for name in wanted} == {
        known[name.removesuffix(":random")].library for name in used
    }


@pytest.mark.parametrize("name", ["clip-b16", "siglip2-b16", "clip-convnext-w"])
def test_the_pictures_of_the_dry_run_are_fitted_to_224_pixels(name):
    import torch

    assert (
        encoders.load(f"{name}:random", device=torch.device("meta"), dtype=torch.float32).size
        == 224
    )


def test_doctor_finds_all_that_the_dry_run_needs(monkeypatch, capsys):
    monkeypatch.setattr(machine, "check_packages", list)
    assert doctor.examine(profile="paper-dry") == 0
    assert capsys.readouterr().out.count("random weights (for") == 7


# -- the profile of the paper ---


def test_every_value_of_the_paper_profile_says_where_the_paper_has_it():
    text = (PROFILES / "paper.yml").read_text()
    values = re.findall(r"^  (\w+): (.*)$", text.partition("01_additivity:")[2], flags=re.MULTILINE)
    assert len(values) > 20
    for name, value in values:
        assert re.search(r"  # .*(section \d|Table \d|appendix [A-Z]|M\.\d|not stated)", value), (
            name
        )


def test_the_paper_profile_has_the_values_of_table_17():
    table = paper_tables.table("table17").set_index("parameter")["value"]
    known = {
        path.stem: parameters.read(planning.read_notebook(path).cells, where=path.stem)
        for path in planning.find_notebooks([])
    }
    loaded = parameters.load_profile(PROFILES, "paper", known)
    for notebook in ("03_waterbirds", "14_your_own_objects"):
        for name in ("lr", "batch_size", "epochs", "n_objects", "m", "k"):
            assert loaded[notebook][name] == float(table[name]), (notebook, name)
