"""What is to be run: notebooks found by name, profiles and overrides checked, datasets declared."""

import ast
import re
from collections import Counter

import jupytext
import pytest
import toy

from bap_core import data
from bap_core.data import catalogue
from bap_core.runner import parameters, planning

NOTEBOOKS = planning.find_notebooks([])


@pytest.fixture
def plan_toy(tmp_path):
    notebook = toy.write(tmp_path)

    def make(*overrides):
        return planning.plan(
            [str(notebook)], profile="smoke", overrides=overrides, out=tmp_path / "runs"
        )

    return make


def test_overrides_go_to_a_folder_of_their_own(plan_toy):
    (own,), (tweaked,) = plan_toy(), plan_toy("seeds=4")
    assert (
        own.folder.name == "03_toy"
        and tweaked.folder.name.startswith("03_toy-")
        and len(tweaked.folder.name) == 15
    )
    assert tweaked.folder == plan_toy("seeds=4")[0].folder != plan_toy("seeds=5")[0].folder
    assert tweaked.parameters["seeds"] == 4 and tweaked.overrides == {"seeds": 4}


@pytest.mark.parametrize(
    "name, part",
    [
        ("03_waterbrids", "did you mean '03_waterbirds'"),
        ("99", "unknown notebook '99'"),
        ("nowhere.py", "not a notebook file"),
    ],
)
def test_an_unknown_notebook_is_refused(name, part):
    with pytest.raises((ValueError, FileNotFoundError), match=part):
        planning.find_notebooks([name])


def test_notebooks_are_found_by_number_and_name():
    assert (
        planning.find_notebooks(["03"])
        == planning.find_notebooks(["03_waterbirds"])
        == [planning.notebooks_folder() / "03_waterbirds.py"]
    )


def test_every_profile_of_the_project_fits_its_notebooks():
    for profile in planning.notebooks_folder().joinpath("profiles").glob("*.yml"):
        assert len(planning.plan([], profile=profile.stem)) == len(planning.find_notebooks([]))


OF_PAGE_3 = ["n_objects", "categories", "n_backgrounds", "k", "m", "epochs", "lr", "head_lr"]
OF_PAGE_3 += ["batch_size"]
FURTHER = ["statistics", "test_scenes", "scale", "redraw", "flips", "balanced"]
FURTHER += ["sae_pictures", "sae_steps"]


def source(job) -> str:
    """The code of a page in one line, as of its first run."""
    code = " ".join(cell.source for cell in job.notebook.cells if "birds" in cell.source)
    return re.sub(r"\s+", " ", re.sub(r"\brun\b(?=[,)])", "0", code))


@pytest.mark.parametrize("profile", ["smoke", "micro", "paper", "paper-dry"])
def test_counteranimal_asks_for_the_pre_training_of_waterbirds_and_its_autoencoder(profile):
    jobs = {job.name: job for job in planning.plan(["03", "05", "13"], profile=profile)}
    birds, photographs, choices = jobs.values()
    for name in OF_PAGE_3 + FURTHER:
        assert photographs.parameters[name] == birds.parameters[name], name
    for name in OF_PAGE_3:
        assert choices.parameters[name] == birds.parameters[name], name
    assert set(photographs.parameters["encoders"]) <= set(birds.parameters["encoders"])
    assert choices.parameters["encoder"] in birds.parameters["encoders"]
    assert not birds.parameters["pool_per_run"]  # or the first run alone would be shared
    for made in (r"birds = .*?\)\)", r"scenery = .*?\)\)", r"Compositor\(.*?\)\.check\(\)"):
        of_page = [re.findall(made, source(job)) for job in (birds, photographs)]
        assert of_page[0] == of_page[1] and len(of_page[0]) == 1, made


def test_profiles_of_the_project_read_small_numbers_as_floats():
    known = {
        path.stem: parameters.read(planning.read_notebook(path).cells, where=path.stem)
        for path in planning.find_notebooks([])
    }
    loaded = parameters.load_profile(planning.notebooks_folder() / "profiles", "paper", known)
    assert type(loaded["03_waterbirds"]["lr"]) is float


@pytest.mark.parametrize("names", [[], ["03"], ["01", "03", "14"]])
def test_a_plan_reads_every_notebook_and_its_profile_once(names, monkeypatch):
    seen = Counter()

    def count(module, function):
        inner = getattr(module, function)
        monkeypatch.setattr(
            module, function, lambda path: (seen.update([path.name]), inner(path))[1]
        )

    count(planning.jupytext, "read")
    count(planning.parameters, "read_yaml")
    planning.plan(names, profile="smoke")
    # the others too, because a profile may name their parameters
    assert seen == Counter([*(path.name for path in NOTEBOOKS), "smoke.yml"])


# -- datasets --------------------------------------------------------------------------------------


def declare(datasets: str):
    header = f"# ---\n# jupyter:\n#   bap:\n#     datasets: {datasets}\n# ---\n\n"
    return jupytext.reads(header + toy.SOURCE, fmt="py:percent")


def test_datasets_are_those_that_the_front_matter_declares():
    found = planning.find_datasets(declare("[cub, places]"), where="03_toy.py")
    assert found == ("cub", "places")
    assert planning.find_datasets(declare("[]"), where="03_toy.py") == ()
    undeclared = jupytext.reads(toy.SOURCE, fmt="py:percent")
    assert planning.find_datasets(undeclared, where="03_toy.py") == ()


def test_an_unknown_dataset_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="did you mean 'places'") as refused:
        planning.find_datasets(declare("[cub, place]"), where="03_toy.py")
    assert "03_toy.py declares the dataset 'place'" in str(refused.value)
    assert all(name in str(refused.value) for name in catalogue.CATALOGUE)


def test_a_notebook_with_datasets_needs_a_data_root(tmp_path):
    header = "# ---\n# jupyter:\n#   bap:\n#     datasets: [cub]\n# ---\n\n"
    path = toy.write(tmp_path, source=header + toy.SOURCE)
    with pytest.raises(ValueError, match="declares datasets, but has no parameter data_root"):
        planning.plan([str(path)], profile="smoke")


def find_opened(cells) -> set[str]:
    """Datasets of whose module a function is called, as in ``data.bird_labels(root)``."""
    calls = (
        node.func
        for cell in cells
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call)
    )
    called = {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and ast.unparse(call.value) == "data"
    }
    homes = {getattr(data, name).__module__.rpartition(".")[2] for name in called}
    return homes & set(catalogue.CATALOGUE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_declares_what_it_opens_and_opens_what_it_declares(path):
    notebook = planning.read_notebook(path)
    declared = notebook.metadata["bap"]["datasets"]
    assert sorted(declared) == declared == sorted(find_opened(notebook.cells))


def test_what_a_notebook_opens_is_found_out():
    cells = jupytext.reads(
        "x = data.pool([(data.dtd(root), 1)])\ny = data.evaluation_paths(root)\ndata.VEHICLES\n",
        fmt="py:percent",
    ).cells
    assert find_opened(cells) == {"dtd", "waterbirds"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_declaration_survives_saving_from_jupyter(path):
    notebook = jupytext.read(path)
    saved = jupytext.reads(jupytext.writes(notebook, fmt="py:percent"), fmt="py:percent")
    assert saved.metadata["bap"] == notebook.metadata["bap"]


def test_whatever_is_pasted_for_a_pre_training_or_a_figure_is_read_once_and_counted_first():
    pages = {job.name: job.notebook for job in planning.plan([], profile="micro")}
    code = {
        name: re.sub(r"\s+", " ", " ".join(cell.source for cell in page.cells))
        for name, page in pages.items()
    }
    # silhouettes are of objects that were checked before
    pasted = r" Compositor\((?!people\.visible)"
    made = {name: len(re.findall(pasted, text)) for name, text in code.items()}
    checked = {name: text.count(".check()") for name, text in code.items()}
    assert made == checked and min(made.values()) == 1
