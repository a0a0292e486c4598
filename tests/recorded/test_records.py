"""Recorded runs: what is taken in, what is refused, and what a broken one is called."""

import json

import nbformat
import pytest

from bap_core import cli
from bap_core.recorded import Record, find_records, newest, parquet
from bap_core.recorded.record import FILES
from bap_core.runner.recording import add, check

NAME = "long/03_waterbirds/2026-01-01-aaaaaaaaaa"


@pytest.fixture
def record(finished, results):
    return add.add(finished(), by="A. Nobody")


def edit(record: Record, change) -> Record:
    """The record with another provenance, read anew."""
    said = json.loads((record.folder / "provenance.json").read_text())
    change(said)
    (record.folder / "provenance.json").write_text(json.dumps(said))
    return Record(record.folder)


def test_a_finished_run_is_recorded_under_its_profile_notebook_day_and_commit(record, results):
    assert record.name == NAME and record.folder == results / NAME
    assert {path.name for path in record.folder.iterdir()} == set(FILES)
    assert check.find_problems(record) == []
    assert record.provenance["by"] == "A. Nobody" and record.provenance["stages"] == {}
    assert len(record.metrics) == 8 and set(record.predictions["prediction"]) == {0, 1}
    assert record.about.startswith("by A. Nobody on 2026-01-01 at aaaaaaaaaa, 2 runs, on cpu")
    assert record.about.endswith("in 0 min, profile long")
    went_on = edit(record, lambda said: said["stamp"].update(least_images=11))
    assert went_on.about.endswith("in 0 min with what earlier starts had left, profile long")


def test_the_newest_record_of_a_notebook_at_a_scale_is_the_one_that_counts(finished, results):
    add.add(finished(), by="me")
    later = add.add(finished(lambda left: left["stamp"].update(made="2026-02-01T00:00")), by="me")
    own = add.add(finished(lambda left: left.update(scale="own"), profile="mine"), by="me")
    assert len(find_records()) == 3 and find_records(notebook="01_additivity") == []
    assert newest("03_waterbirds", "micro") == later
    assert newest("03_waterbirds", "own") == own
    assert newest("03_waterbirds", "paper") is None


@pytest.mark.parametrize(
    "change, choices, reason",
    [
        (lambda left: left.update(scale="random"), {"profile": "paper-dry"}, "random weights"),
        (lambda left: left.update(scale="smoke"), {"profile": "smoke"}, "too small to mean"),
        (lambda left: left["stamp"].update(dirty=True), {}, "uncommitted changes"),
        (lambda left: left["stamp"].update(dirty=None), {}, "outside a checkout"),
        (lambda left: left["stamp"].update(commit="f" * 40), {}, "no commit of this project"),
        (lambda left: left["stamp"].pop("device"), {}, "does not say: stamp/device"),
        (lambda left: left["stamp"].update(seeds=[0]), {}, "the metrics have others"),
        (lambda left: left.update(predictions=[]), {}, "accuracies without a prediction"),
        (lambda left: left["metrics"][0].update(value=0.9), {}, "its predictions give"),
        (lambda left: left["metrics"].append(left["metrics"][0]), {}, "measured more than once"),
        (lambda left: None, {"overrides": {"seeds": 2}}, "seeds differ from the profile long"),
        (lambda left: None, {"profile": "a/b"}, "it lies in"),
    ],
)
def test_what_is_no_evidence_is_refused_and_nothing_is_added(
    finished, results, change, choices, reason
):
    with pytest.raises(ValueError, match=reason):
        add.add(finished(change, **choices), by="me")
    assert find_records() == []


def test_a_run_that_failed_was_changed_or_is_none_is_refused(finished, results, tmp_path):
    run = finished()
    notebook = nbformat.read(run / "executed.ipynb", as_version=4)
    notebook.metadata.papermill["exception"] = True
    nbformat.write(notebook, run / "executed.ipynb")
    with pytest.raises(ValueError, match="a cell of it failed\n  executed.ipynb was changed"):
        add.add(run, by="me")
    (run / "predictions.parquet").unlink()
    with pytest.raises(ValueError, match=r"predictions\.parquet was changed after the run"):
        add.add(run, by="me")
    with pytest.raises(ValueError, match="holds no run"):
        add.add(tmp_path, by="me")
    with pytest.raises(ValueError, match="nobody is named"):
        add.add(finished(), by=" ")


def test_a_run_is_recorded_once(record, finished):
    with pytest.raises(ValueError, match=f"{NAME} is recorded already"):
        add.add(finished(), by="somebody else")
    assert newest("03_waterbirds", "micro").provenance["by"] == "A. Nobody"


def _other_metrics(record):
    path = record.folder / "metrics.csv"
    path.write_text(path.read_text().replace("0.", "0.9", 1))


def _other_answers(record):
    said = record.predictions.assign(prediction=0)
    (record.folder / "predictions.parquet").write_bytes(parquet.to_bytes(said))


@pytest.mark.parametrize(
    "breaking, problem",
    [
        (lambda record: (record.folder / "notes.txt").write_text("x"), "does not belong there"),
        (lambda record: (record.folder / "metrics.csv").unlink(), "metrics.csv is missing"),
        (_other_metrics, "metrics.csv was changed after it was recorded"),
        (_other_answers, "predictions.parquet was changed after it was recorded"),
        (_other_answers, "its predictions give"),
        (lambda record: (record.folder / "provenance.json").write_text("{"), "cannot be read"),
        (lambda record: edit(record, lambda said: said.pop("by")), "nobody is named"),
        (lambda record: edit(record, lambda said: said.pop("scale")), "does not say: scale"),
        (lambda record: edit(record, lambda said: said["files"].clear()), "lists no files"),
        (lambda record: edit(record, lambda said: said.update(profile="paper")), "says that it is"),
        (lambda record: edit(record, lambda said: said.update(notebook="99_x")), "no claim for"),
        (lambda record: edit(record, lambda said: said.update(scale="random")), "random weights"),
    ],
)
def test_a_record_with_one_fault_is_refused_and_the_fault_is_named(record, breaking, problem):
    breaking(record)
    assert any(problem in sentence for sentence in check.find_problems(Record(record.folder)))


def test_a_record_that_is_too_large_is_refused(record, monkeypatch):
    monkeypatch.setattr(check, "LARGEST", 1000)
    assert check.find_problems(record)[0].endswith("are the most")


def test_a_record_whose_stages_moved_on_says_which(record):
    assert record.moved == []
    older = edit(record, lambda said: said.update(stages={"method": "0" * 20}))
    assert older.moved == ["method"]
    assert check.find_problems(older) == []  # it was true of the code as it was


def test_the_command_adds_lists_checks_and_exports(finished, results, tmp_path, capsys):
    assert cli.main(["results", "list"]) == 2
    assert "`bap results add` records one" in capsys.readouterr().err
    assert cli.main(["results", "add", str(finished()), "--by", "me"]) == 0
    assert cli.main(["results", "list"]) == 0
    assert f"{NAME}  " in capsys.readouterr().out
    assert cli.main(["results", "check"]) == 0
    assert f"{NAME}  whole: " in capsys.readouterr().out
    assert cli.main(["results", "check", "paper/"]) == 2
    assert NAME in capsys.readouterr().err
    out = tmp_path / "hub"
    assert cli.main(["results", "export", "--hub", "me/birds", "--out", str(out)]) == 0
    assert (out / "tiny" / ".eval_results" / "03_waterbirds.yaml").exists()


def test_the_command_names_what_is_wrong_with_a_record(record, capsys):
    _other_answers(record)
    assert cli.main(["results", "check"]) == 1
    shown = capsys.readouterr().err
    assert f"{NAME}  refused" in shown and "predictions.parquet was changed" in shown


def test_the_hub_gets_the_mean_of_every_method_in_percent(record, tmp_path):
    from huggingface_hub import parse_eval_result_entries
    from yaml import safe_load

    from bap_core.runner.recording.export import export_hub

    (path,) = export_hub(record, tmp_path, benchmark="me/birds")
    entries = parse_eval_result_entries(safe_load(path.read_text()))
    rows = record.metrics.dropna(subset=["value"])
    first = rows[rows["method"] == rows["method"].iloc[0]]["value"]
    assert len(entries) == rows["method"].nunique()
    assert entries[0].value == pytest.approx(100 * first.mean(), abs=0.01)
    assert entries[0].dataset_id == "me/birds" and NAME in entries[0].notes


def test_metrics_come_back_with_every_digit(record):
    path = record.folder / "metrics.csv"
    frame = record.metrics.assign(value=1 / 3)
    frame.to_csv(path, index=False)
    assert set(Record(record.folder).metrics["value"]) == {1 / 3}
    frame.assign(value="").to_csv(path, index=False)
    assert Record(record.folder).metrics["value"].isna().all()
