"""The exercises: each can be run, and its answer is what was measured."""

import pandas as pd
import pytest

from bap_core.report import exercises, paper_tables
from bap_core.report.exercises import Exercise, Exercises, find_exercises, read_measured, verdict
from bap_core.runner import planning

PAGES = [path.stem for path in planning.find_notebooks([])]
ALL = [pytest.param(one, id=f"{page}-{i}") for page in PAGES
       for i, one in enumerate(find_exercises(page), 1)]  # fmt: skip


def an_exercise(**changed) -> Exercise:
    parts = {"page": "03_toy", "ask": "What <if>?", "set": {"k": 1}, "expect": "falls",
             "look": {"method": "M", "metric": "average_accuracy"}, "answer": "Less & less.",
             "base": {"names": ["a", "b"], "both": True}, "before": {}}  # fmt: skip
    return Exercise(**{**parts, **changed})


def test_every_page_has_three_exercises_and_shows_them():
    assert list(paper_tables.exercises()) == PAGES
    assert all(len(find_exercises(page)) == 3 for page in PAGES)
    for page in PAGES:
        source = (planning.notebooks_folder() / f"{page}.py").read_text()
        assert source.count("\npage.exercises()\n") == 1, page


@pytest.mark.parametrize("one", ALL)
def test_an_exercise_can_be_run_and_changes_something(one):
    before, after = (
        planning.plan([one.page], profile="micro", overrides=one.overrides(changed=changed))[0]
        for changed in (False, True)
    )
    assert before.folder != after.folder and before.parameters != after.parameters


@pytest.mark.parametrize("one", ALL)
def test_the_answer_is_what_was_measured_and_took_less_than_two_minutes(one):
    found = read_measured()[one.key]
    assert verdict(found["before"], found["after"]) == one.expect
    assert found["seconds"] < 120


def test_nothing_is_kept_of_an_exercise_that_is_none_any_more():
    assert set(read_measured()) == {one.values[0].key for one in ALL}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(1.0, 1.04, "stays"), (1.0, 1.06, "rises"), (-2.0, -2.2, "falls"), (0.0, 0.0, "stays"),
     (0.5, 0.4, "falls"), (0.0, 0.1, "rises")],
)  # fmt: skip
def test_a_figure_rises_falls_or_stays(before, after, said):
    assert verdict(before, after) == said


def test_the_figure_is_the_mean_of_the_rows_that_are_named_in_the_run_that_is_meant():
    frame = pd.DataFrame(
        [("M", "all", 0.5), ("M", "all", 0.7), ("M", "other", 9.0), ("N", "all", 0.1)],
        columns=["method", "group", "value"],
    ).assign(metric="average_accuracy")
    one = an_exercise(before={"method": "N"})
    assert one.find(frame, changed=True) == pytest.approx(0.6)
    assert one.find(frame, changed=False) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="03_toy measures nothing with .*'method': 'X'"):
        an_exercise(look={"method": "X"}).find(frame, changed=True)


def test_the_command_is_typed_as_a_shell_takes_it():
    one = an_exercise(set={"names": ["one scale"], "lr": "1e-6"})
    assert one.command == "bap run 03_toy -p 'names=one scale' -p both=true -p lr=1e-6"
    assert one.overrides(changed=False) == ["names=a,b", "both=true"]


def test_an_exercise_shows_its_question_its_command_and_folded_its_answer_with_the_figures(
    monkeypatch,
):
    one = an_exercise()
    shown = Exercises([one])._repr_html_()
    assert "What &lt;if&gt;?" in shown and "Less &amp; less. Not measured yet." in shown
    measured = {one.key: {"before": 0.5, "after": 0.25, "seconds": 31.2}}
    monkeypatch.setattr(exercises, "read_measured", lambda: measured)
    shown = Exercises([one])._repr_html_()
    assert "<details" in shown and "AVG of M 50.0 before, 25.0 after (31 seconds" in shown
    assert repr(Exercises([one])).startswith("What <if>?\n    bap run 03_toy")


def test_what_is_run_or_looked_at_names_the_record_and_its_words_do_not():
    assert an_exercise().key == an_exercise(answer="Other words.", ask="Why?").key
    assert an_exercise().key != an_exercise(set={"k": 2}).key
