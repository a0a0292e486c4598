"""The report of an audit: a file that needs nothing else, and figures that any program reads."""

import json
import re

import pytest
from on_disk import save
from PIL import Image

from bap_core import audit, cli, encoders
from bap_core.data import folders
from bap_core.report import audit_report


def pictures(folder, *, labels=("Ca$$h", "dog"), n=3):
    for number, label in enumerate(labels):
        for i in range(n):
            cut = Image.new("RGBA", (40, 30))
            cut.paste((40 * i, 90 * number, 200, 255), (4, 4, 30 + i, 26))
            (folder / "objects" / label).mkdir(parents=True, exist_ok=True)
            cut.save(folder / "objects" / label / f"{i}.png")
    for i in range(4):
        save(folder / "behind" / f"<place>{i}.jpg", size=(64, 48), colour=(60 * i, 120, 9))
    return folders.objects(folder / "objects"), folders.backgrounds(folder / "behind")


@pytest.fixture
def examined(tmp_path, home, request):
    found = pictures(tmp_path, **getattr(request, "param", {}))
    encoder = encoders.load("micro-clip")
    return audit.examine(encoder, *found, n_objects=20, n_backgrounds=20, seed=0)


def test_the_report_loads_nothing_and_shows_names_as_they_are(examined):
    html = audit_report.render(examined)
    assert not re.search(r"https?://|<script|<link|@import", html)
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', html))
    assert "Ca$$h" in html and "&lt;place&gt;" in html and "<place>" not in html
    assert "nan" not in re.sub(r"base64,[^\"]*", "", html).lower().replace("explanation", "")


def test_every_picture_has_words_and_a_size(examined):
    for tag in re.findall(r"<img [^>]*>", audit_report.render(examined)):
        assert re.search(r'alt="[^"]+"', tag) and 'width="136" height="136"' in tag


def test_the_figures_are_strict_json_with_what_they_were_measured_on(examined):
    told = json.loads(json.dumps(audit_report.figures_of(examined), allow_nan=False))
    assert told["objects"]["n"] == 6 and told["backgrounds"]["n"] == 4
    assert set(told["variance"]) == {"object", "background", "both together"}
    assert len(told["changes"]) == 6 and told["attraction"][0]["background"].startswith("<place>")


def test_what_both_left_out_for_one_reason_is_counted_for_each(tmp_path, home):
    pictures(tmp_path)
    for folder in ("objects", "behind"):
        (tmp_path / folder / "note.txt").touch()
    found = folders.objects(tmp_path / "objects"), folders.backgrounds(tmp_path / "behind")
    encoder = encoders.load("micro-clip")
    examined = audit.examine(encoder, *found, n_objects=5, n_backgrounds=5, seed=0)
    reason = {"no picture by its suffix (.txt)": 1}
    told = audit_report.figures_of(examined)["left_out"]
    assert told == {"objects": reason, "backgrounds": reason}
    assert audit_report.render(examined).count("note.txt") == 2


def test_a_toy_on_photographs_is_said_to_say_nothing(examined):
    assert any("toy" in warning for warning in examined.warnings)
    assert audit_report.in_words(examined)[0] in examined.warnings


@pytest.mark.parametrize("examined", [{"labels": ("cup",)}], indirect=True)
def test_one_class_is_audited_without_what_needs_two(examined):
    assert not examined.named and not len(examined.changes) and examined.sensitivity
    assert "Whether classes" not in audit_report.render(examined)


@pytest.mark.parametrize("examined", [{"n": 1}], indirect=True)
def test_classes_of_one_object_have_no_index(examined):
    assert not examined.sensitivity and not examined.neighbours and examined.named
    assert audit_report.render(examined)


def test_an_encoder_without_text_is_audited_by_its_objects(tmp_path, home):
    found = pictures(tmp_path)
    encoder = encoders.load("micro-simclr")
    examined = audit.examine(encoder, *found, n_objects=9, n_backgrounds=9, seed=0)
    assert not examined.reads_text and "other objects of its class" in audit_report.render(examined)


def test_two_audits_have_two_folders_and_the_same_figures(tmp_path, home, monkeypatch, capsys):
    pictures(tmp_path)
    monkeypatch.chdir(tmp_path)
    asked = ["audit", "micro-clip", "--objects", "objects", "--backgrounds", "behind"]
    assert cli.main(asked) == cli.main(asked) == 0
    folders_made = sorted(path.name for path in (tmp_path / "audits").iterdir())
    assert folders_made == ["micro-clip-1", "micro-clip-2"]
    one, other = (
        json.loads((tmp_path / "audits" / name / "report.json").read_text())
        for name in folders_made
    )
    assert one["variance"] == other["variance"] and "The report: file://" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--n-objects", "1"], "--n-objects is 1; it has to be at least 2"),
        (["--mask-from", "alhpa"], "mask_from='alhpa'"),
        (["--objects", ""], "the name of the folder is empty"),
        (["--out", "behind"], None),
    ],
)
def test_what_cannot_be_meant_is_one_message(tmp_path, home, monkeypatch, capsys, more, message):
    pictures(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "behind" / "report.html").touch()
    asked = ["audit", "micro-clip", "--objects", "objects", "--backgrounds", "behind", *more]
    assert cli.main(asked) == 2
    assert (message or "holds a report already") in capsys.readouterr().err
    assert not (tmp_path / "audits").exists()


def test_one_object_or_one_background_is_too_few(tmp_path, home):
    objects, backgrounds = pictures(tmp_path)
    encoder = encoders.load("micro-clip")
    with pytest.raises(ValueError, match="1 objects and 4 backgrounds can be used"):
        audit.examine(encoder, objects.take([0]), backgrounds, n_objects=5, n_backgrounds=5, seed=0)
