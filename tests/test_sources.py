"""The code in a key: found by reading imports, blind to comments, deaf to nothing."""

import os
import shutil
import time
from pathlib import Path

import pytest

from bap_core import sources

STAGES = {
    "bap_core.method.anchors": {"bap_core.store", "bap_core.runtime"},
    "bap_core.method.bap": {
        "bap_core.method.anchors",
        "bap_core.method.alignment",
        "bap_core.encoders.training",
        "bap_core.encoders.encoder",
    },
    "bap_core.method.compositing": {
        "bap_core.method.blending",
        "bap_core.method.pasting",
        "bap_core.data.images",
        "bap_core.data.listings",
        "bap_core.data.cache",
    },
    "bap_core.encoders.encoder": {
        "bap_core.encoders.backends.from_timm",
        "bap_core.encoders.backends.from_open_clip",
        "bap_core.encoders.configuration",
    },
    "bap_core.baselines.prusc": {
        "bap_core.baselines.mask_learning",
        "bap_core.baselines.fine_tuning",
        "bap_core.baselines.picture_batches",
    },
    "bap_core.people.labels": {"bap_core.method.pasting", "bap_core.encoders.prompts"},
}


@pytest.mark.parametrize("stage", STAGES)
def test_the_code_of_a_stage_is_its_own_and_that_of_all_that_it_imports(stage):
    files, libraries = sources.closure(stage)
    assert {stage, *STAGES[stage]} <= set(files) and "torch" in libraries
    assert not any(name.startswith(("bap_core.report", "bap_core.runner")) for name in files)
    assert not libraries & {"os", "json", "tqdm", "bap_core"}


@pytest.fixture
def package(tmp_path):
    """A package ``p`` of four modules, one of them in a room that passes a name on."""
    texts = {
        "__init__": '"""P."""\n',
        "stage": "from p import base\nfrom p.room import thing\nimport numpy as np\n",
        "base": "SIGN = 1\n",
        "room/__init__": "from p.room.inner import thing\nfrom p.room.aside import other\n",
        "room/inner": "def thing():\n    import PIL\n    return 1\n",
        "room/aside": "other = 2\n",
    }
    for name, text in texts.items():
        path = tmp_path / "p" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "p"


def test_a_name_that_a_room_passes_on_leads_to_the_module_that_has_it_and_to_no_other(package):
    files, libraries = sources.closure("p.stage", package)
    assert set(files) == {"p.stage", "p.base", "p.room.inner"} and libraries == {"numpy", "PIL"}
    whole, _ = sources.closure("p.room", package)
    assert set(whole) == {"p.room", "p.room.inner", "p.room.aside"}


def test_what_is_no_module_and_relative_imports_are_refused(package):
    with pytest.raises(ValueError, match="p.nothing is no module of"):
        sources.closure("p.nothing", package)
    (package / "stage.py").write_text("from . import base\n")
    with pytest.raises(ValueError, match="stage.py:1: imports are absolute"):
        sources.closure("p.stage", package)


SOURCE = 'def f(x):\n    """Of x."""\n    return x + 1  # one\n'


@pytest.mark.parametrize(
    "same",
    [
        "def f(x):\n    return x + 1\n",
        'def f( x ):\n    """Other words."""\n\n    return (x + 1)\n',
        '"""A module."""\n' + SOURCE,
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(same):
    assert sources.normalise(same) == sources.normalise(SOURCE)


@pytest.mark.parametrize(
    "other", ["x - 1", "x + 2", "-x + 1", "x + 1.0", "1 + x", "x + '1'", "f(x) + 1"]
)
def test_everything_else_counts(other):
    assert sources.normalise(SOURCE.replace("x + 1", other)) != sources.normalise(SOURCE)


def test_a_text_that_is_no_docstring_counts():
    assert sources.normalise("a = 'x'") != sources.normalise("a = 'y'")


def flipped(tmp_path: Path, module: str) -> Path:
    """The package with one more statement in one of its modules."""
    copy = tmp_path / module / "bap_core"
    shutil.copytree(sources.PACKAGE, copy, ignore=shutil.ignore_patterns("weights", "__pycache__"))
    path = copy.parent / Path(*module.split(".")).with_suffix(".py")
    path.write_text(path.read_text() + "\nSIGN = -1\n")
    return copy


def code(stage: str, package: Path) -> dict[str, str]:
    files, _ = sources.closure(stage, package)
    return {name: sources.normalise(path.read_text()) for name, path in files.items()}


@pytest.mark.parametrize(
    ("changed", "concerned", "not_concerned"),
    [
        ("bap_core.method.anchors", "bap_core.method.bap", "bap_core.encoders.features"),
        ("bap_core.encoders.training", "bap_core.baselines.lp_ft", "bap_core.method.anchors"),
        ("bap_core.baselines.contrast", "bap_core.baselines.prusc", "bap_core.baselines.lp_ft"),
        ("bap_core.data.images", "bap_core.method.compositing", "bap_core.method.anchors"),
    ],
)
def test_one_changed_module_changes_all_that_import_it_and_nothing_else(
    tmp_path, changed, concerned, not_concerned
):
    other = flipped(tmp_path, changed)
    assert code(concerned, other) != code(concerned, sources.PACKAGE)
    assert code(not_concerned, other) == code(not_concerned, sources.PACKAGE)


def test_another_version_of_a_library_is_another_code(monkeypatch):
    before = sources.code.__wrapped__("bap_core.method.compositing")
    monkeypatch.setattr(sources, "version", lambda library: f"{library} 0")
    assert sources.code.__wrapped__("bap_core.method.compositing") != before


def test_versions_are_those_of_every_library_that_the_package_imports():
    found = sources.versions()
    assert found["PIL"][0].isdigit() and found["sklearn"][0].isdigit()
    assert {"torch", "open_clip", "timm", "numpy", "transformers"} <= set(found)
    assert "absent" not in found.values() and sources.version("no_such_library") == "absent"


def test_a_file_edited_since_the_process_began_is_refused(tmp_path):
    path = tmp_path / "stage.py"
    path.write_text("SIGN = 1\n")
    os.utime(path, (0, 0))
    sources._refuse_if_edited(path)
    os.utime(path, (time.time(), time.time() + 3600))  # a clock that is ahead says nothing
    sources._refuse_if_edited(path)
    os.utime(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "_STARTED", time.time() - 60)
        with pytest.raises(RuntimeError, match=r"stage\.py was edited after .* restart the kernel"):
            sources._refuse_if_edited(path)


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """A copy of the package's sources, of which the hash is taken."""
    copy = tmp_path / "bap_core"
    ignored = shutil.ignore_patterns("*.safetensors", "__pycache__")
    shutil.copytree(sources.PACKAGE, copy, ignore=ignored)
    monkeypatch.setattr(sources, "PACKAGE", copy)
    return copy


def test_a_copy_of_the_package_in_another_place_has_the_same_source_hash(whole, monkeypatch):
    copied = sources.source_hash()
    monkeypatch.undo()
    assert copied == sources.source_hash() and len(copied) == 16


@pytest.mark.parametrize("name", ["metrics.py", "paper/table2.csv", "paper/claims.yml"])
def test_the_source_hash_sees_a_line_more_in_code_and_in_tables(whole, name):
    before = sources.source_hash()
    text = (whole / name).read_text()
    (whole / name).write_text(text + "# a comment\n")
    assert sources.source_hash() != before
    (whole / name).write_text(text)
    assert sources.source_hash() == before


def test_the_source_hash_sees_a_file_more_a_file_less_and_another_name(whole):
    found = [sources.source_hash()]
    (whole / "metrics.py").rename(whole / "measures.py")
    found.append(sources.source_hash())
    (whole / "more.py").touch()
    found.append(sources.source_hash())
    (whole / "measures.py").unlink()
    found.append(sources.source_hash())
    assert len(set(found)) == 4


def test_the_source_hash_does_not_see_weights_caches_and_other_files(whole):
    before = sources.source_hash()
    (whole / "micro" / "weights" / "micro-clip.safetensors").write_bytes(b"weights")
    (whole / "__pycache__").mkdir()
    (whole / "__pycache__" / "metrics.py").write_text("x = 1")
    (whole / "notes.txt").write_text("x = 1")
    (whole.parent / "beside.py").write_text("x = 1")
    assert sources.source_hash() == before
