"""Typed parameters: what a notebook declares, what a profile and the command line may say, and
what is refused.
"""

import jupytext
import pytest

from bap_core.runner import parameters

CELL = """seeds: int = 3  # how many
lr: float = 1e-3
name: str = "micro"  # a data root
on: bool = False
ks: list[int] = [1, 2]
rates: list[float] = [0.5]
encoders: list[str] = [
    "micro-clip",
]  # names
"""


def notebook(cell: str = CELL):
    return jupytext.reads(
        f'# %% tags=["parameters"]\n{cell}\n# %%\nprint(seeds)\n', fmt="py:percent"
    ).cells


@pytest.fixture
def known():
    return parameters.read(notebook(), where="03_toy.py")


def test_types_defaults_and_help_are_read_from_the_tagged_cell(known):
    assert [p.type for p in known.values()] == [
        "int",
        "float",
        "str",
        "bool",
        "list[int]",
        "list[float]",
        "list[str]",
    ]
    assert known["lr"].default == 1e-3 and known["encoders"].default == ["micro-clip"]
    assert (
        known["seeds"].help == "how many"
        and known["encoders"].help == "names"
        and known["lr"].help == ""
    )


@pytest.mark.parametrize(
    "cell, part",
    [
        ("seeds = 3", "seeds = 3"),
        ("seeds: tuple = 3", "tuple"),
        ("seeds: int = 2.5", "seeds"),
        ("seeds: int = len([1])", "literal"),
        ("import os", "import os"),
    ],
)
def test_a_line_that_is_no_typed_default_is_refused(cell, part):
    with pytest.raises(ValueError, match="toy.py|declared") as refused:
        parameters.read(notebook(cell), where="toy.py")
    assert part in str(refused.value)


def test_a_notebook_without_a_parameters_cell_is_refused():
    with pytest.raises(ValueError, match="0 cells tagged"):
        parameters.read(jupytext.reads("# %%\nx = 1\n", fmt="py:percent").cells, where="toy.py")


@pytest.mark.parametrize(
    "text, value",
    [
        ("seeds=5", 5),
        ("seeds=1_000", 1000),
        ("lr=1e-3", 1e-3),
        ("lr=1", 1.0),
        ("name=no", "no"),
        ("name=a=b", "a=b"),
        ("on=TRUE", True),
        ("ks=1,2,3", [1, 2, 3]),
        ("ks=[4, 5]", [4, 5]),
        ("ks=", []),
        ("rates=1,0.5", [1.0, 0.5]),
        ("encoders=['a', b]", ["a", "b"]),
    ],
)
def test_command_line_texts_become_values_of_the_declared_type(known, text, value):
    values, changed = parameters.settle(known, {}, [text], where="03_toy")
    (name,) = changed
    assert values[name] == value and type(values[name]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "seeds=2.5",
        "seeds=true",
        "seeds=",
        "lr=fast",
        "lr=nan",
        "on=yes",
        "on=1",
        "ks=1,x",
        "rates=a",
    ],
)
def test_texts_of_another_type_are_refused_by_name(known, text):
    with pytest.raises(ValueError, match=f"parameter {text.split('=')[0]} is declared"):
        parameters.settle(known, {}, [text], where="03_toy")


def test_an_unknown_name_is_refused_with_the_nearest_one_and_the_whole_list(known):
    with pytest.raises(ValueError, match="no parameter 'sedes'; did you mean 'seeds'") as refused:
        parameters.settle(known, {}, ["sedes=2"], where="03_toy")
    assert all(f"  {name}: " in str(refused.value) for name in known)


def test_the_command_line_wins_over_the_profile_and_the_profile_over_the_default(known):
    values, changed = parameters.settle(known, {"seeds": 7, "lr": 1}, ["seeds=9"], where="03_toy")
    assert (
        values["seeds"] == 9
        and values["lr"] == 1.0
        and values["name"] == "micro"
        and changed == {"seeds": 9}
    )


@pytest.mark.parametrize(
    "profile", [{"seeds": 2.0}, {"seeds": True}, {"name": 5}, {"ks": 3}, {"on": "no"}, {"lr": "1"}]
)
def test_profile_values_are_never_bent(known, profile):
    with pytest.raises(ValueError, match="is declared"):
        parameters.settle(known, profile, [], where="03_toy")


def write_profile(folder, text):
    (folder / "smoke.yml").write_text(text)
    return folder


def test_yaml_reads_exponents_as_floats_and_words_as_strings(tmp_path, known):
    write_profile(tmp_path, "all: {lr: 1e-3, name: no}\n03_toy: {seeds: 1_0, 'on': true}\n")
    assert parameters.load_profile(tmp_path, "smoke", {"03_toy": known}) == {
        "03_toy": {"lr": 0.001, "name": "no", "seeds": 10, "on": True}
    }


@pytest.mark.parametrize(
    "text, value",
    [
        ("1e-3", 1e-3),
        ("-5E+2", -500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("010", 10),
        ("yes", "yes"),
        ("off", "off"),
        ("2024-01-01", "2024-01-01"),
        ("true", True),
        ("~", None),
        ("'1'", "1"),
        ("1:30", "1:30"),
    ],
)
def test_plain_yaml_scalars_are_those_of_version_1_2(tmp_path, text, value):
    (tmp_path / "x.yml").write_text(f"a: {text}\n")
    found = parameters.read_yaml(tmp_path / "x.yml")["a"]
    assert found == value and type(found) is type(value)


def test_all_reaches_only_the_notebooks_that_have_the_name(tmp_path, known):
    other = {"n": parameters.Parameter("n", "int", 1)}
    found = parameters.load_profile(
        write_profile(tmp_path, "all: {n: 2, seeds: 1}"), "smoke", {"03_toy": known, "04": other}
    )
    assert found == {"03_toy": {"seeds": 1}, "04": {"n": 2}}


@pytest.mark.parametrize(
    "text, part",
    [
        ("all: {sedes: 1}", "did you mean 'seeds'"),
        ("03_tyo: {seeds: 1}", "did you mean '03_toy'"),
        ("all: [", "smoke.yml is not valid YAML"),
        ("all: {seeds: 1, seeds: 2}", "set twice"),
    ],
)
def test_a_profile_with_a_slip_is_refused(tmp_path, known, text, part):
    with pytest.raises(ValueError, match=part):
        parameters.load_profile(write_profile(tmp_path, text), "smoke", {"03_toy": known})


def test_an_unknown_profile_is_refused_with_the_known_ones(tmp_path, known):
    write_profile(tmp_path, "all: {}")
    with pytest.raises(ValueError, match="unknown profile 'smok'; did you mean 'smoke'"):
        parameters.load_profile(tmp_path, "smok", {"03_toy": known})


@pytest.mark.parametrize("text", ["a,,b", ",", "a,", "[a,]"])
def test_an_empty_name_in_a_list_is_refused(text):
    with pytest.raises(ValueError, match="parameter encoders is declared"):
        parameters.parse_text(text, "list[str]", name="encoders")


def test_a_number_of_thousands_of_digits_is_refused_in_one_short_line():
    with pytest.raises(ValueError, match="parameter seeds is declared int") as error:
        parameters.parse_text("9" * 5000, "int", name="seeds")
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "content", ["7", "[1]", "all: [1]", "03_toy: 7", "1: {}", "all: {seeds: " + "9" * 5000 + "}"]
)
def test_a_profile_that_is_no_table_of_names_and_values_is_refused_by_name(tmp_path, content):
    (tmp_path / "odd.yml").write_text(content)
    known = {"03_toy": {"seeds": parameters.Parameter("seeds", "int", 3)}}
    with pytest.raises(ValueError, match=r"profile odd|odd\.yml"):
        parameters.load_profile(tmp_path, "odd", known)
