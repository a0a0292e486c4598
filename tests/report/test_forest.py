"""Claims as a picture: every verdict has a mark, a word and a place to link to."""

import re

import pandas as pd
import pytest

from bap_core.evaluation.intervals import Interval
from bap_core.report import answers, claims, forest, paper_tables, printed

WGA = "worst_group_accuracy"


def effect(mean, reach=0.02, *, metric=WGA, wanted=(0.0, None), paper=None):
    return {"metric": metric, "mean": mean, "reach": reach, "wanted": [*wanted], "paper": paper}


def judged(*rows):
    """(id, encoder, verdict, effect) as a frame of judged claims."""
    same = {"claim": "BAP < control & all", "where": "Table 2", "compared": "WGA", "paper": "-"}
    return pd.DataFrame(
        [
            {**same, "id": name, "encoder": encoder, "measured": "-", "verdict": verdict,
             "reason": "difference +10", "effect": found}
            for name, encoder, verdict, found in rows
        ],
        columns=claims.COLUMNS,
    )  # fmt: skip


SHOWN = judged(
    ("first", "micro-clip", "holds", effect(0.3, paper=0.4)),
    ("first", "micro-siglip", "undecided", effect(0.01, None)),
    ("second", "micro-clip", "does not hold", effect(-0.2)),
    ("third", "micro-clip", "not testable here", None),
    ("fourth", "micro-clip", "holds", effect(-3.0, 1.0, metric="bsi", wanted=(None, 0.0))),
)


def marks(html):
    return re.findall(r'<g class="bap-mark (bap-\w+)">', html)


def test_every_measured_claim_has_a_mark_of_its_verdict_and_every_claim_its_word():
    html = forest.draw(SHOWN)
    assert marks(html) == ["bap-good", "bap-undecided", "bap-bad", "bap-good"]
    assert re.findall(r'data-verdict="([^"]+)"', html) == [
        "holds", "undecided", "does not hold", "holds", "not testable here",
    ]  # fmt: skip
    assert html.count("bap-printed") == 1  # one encoder has a printed value


def test_claims_of_one_metric_share_an_axis_and_say_its_unit():
    html = forest.draw(SHOWN)
    assert re.findall(r'rowgroup">([^<]+)<', html) == [
        "difference in WGA, points", "difference in BSI",
    ]  # fmt: skip


def test_a_mark_says_in_words_what_it_shows():
    html = forest.draw(SHOWN)
    said = "micro-clip 30.0 ± 2.0, holds; micro-siglip 1.0, undecided; the paper 40.0"
    assert f'aria-label="{said}"' in html
    assert "BAP &lt; control &amp; all" in html


def test_a_claim_can_be_linked_to_and_a_repeated_one_leads_to_it():
    assert re.findall(r'<tr id="([\w-]+)"', forest.draw(SHOWN)) == [
        "claim-first", "claim-second", "claim-fourth", "claim-third",
    ]  # fmt: skip
    repeated = forest.draw(SHOWN, to="claims.html")
    assert "id=" not in repeated and 'href="claims.html#claim-first"' in repeated


def test_a_mark_lies_where_its_value_is_and_one_wide_interval_does_not_make_all_others_small():
    narrow = [effect(0.1), effect(-0.1, 30.0)]
    axis = forest._fit_axis(WGA, narrow)
    assert (axis.low, axis.high) == pytest.approx((-0.216, 0.216))
    assert axis.at(0.0) == forest.WIDTH / 2 and axis.at(9.0) == forest.WIDTH - forest.EDGE
    assert axis.at(-0.1) < axis.at(0.0) < axis.at(0.1)


def test_the_shade_lies_where_a_claim_holds():
    drawn = forest.draw(judged(("close", "e", "holds", effect(0.0, 0.1, wanted=(-0.1, 0.3)))))
    x, width = map(float, re.search(r'bap-wanted" x="([\d.]+)" width="([\d.]+)"', drawn).groups())
    axis = forest._fit_axis(WGA, [effect(0.0, 0.1, wanted=(-0.1, 0.3))])
    assert (x, x + width) == pytest.approx((axis.at(-0.1), axis.at(0.3)), abs=0.2)


def test_a_tally_counts_every_verdict():
    html = forest.tally(["holds", "undecided", "holds", "not reproduced"])
    assert re.findall(r">(\d+ [\w ]+)<", html) == ["2 holds", "1 not reproduced", "1 undecided"]
    assert "flex:2" in html


def test_nothing_is_drawn_of_what_is_not_judged():
    unjudged = SHOWN.assign(verdict="not judged")
    assert "bap-forest" not in forest.show_claims(unjudged, "smoke")._repr_html_()
    assert "bap-forest" in forest.show_claims(SHOWN, "micro")._repr_html_()


# -- the numbers of a claim ---


@pytest.mark.parametrize(
    ("claim", "wanted"),
    [
        ({"rule": "above", "margin": 0.1}, [0.1, None]),
        ({"rule": "below"}, [None, 0.0]),
        ({"rule": "below", "margin": 0.1}, [None, -0.1]),
        ({"rule": "close", "within": 0.01}, [-0.01, 0.01]),
        ({"rule": "rises"}, [0.0, None]),
        ({"rule": "falls"}, [None, 0.0]),
    ],
)
def test_an_effect_knows_where_its_interval_has_to_lie(claim, wanted):
    claim = {"a": {"metric": WGA}, "b": 0.5, **claim}
    found = printed.effect(claim, Interval(0.2, 0.1), {"a": (0.9, 0.01), "b": None})
    assert found["wanted"] == wanted
    assert (found["mean"], found["reach"], found["paper"]) == (0.2, 0.1, 0.4)


def test_an_effect_of_one_run_has_no_reach_and_an_unmeasured_claim_no_effect():
    claim = {"rule": "above", "a": {"metric": WGA}, "b": {"metric": WGA, "times": 3}}
    values = {"a": (0.9, 0.01), "b": (0.2, 0.01)}
    assert printed.effect(claim, Interval(0.2, float("inf")), values)["reach"] is None
    assert printed.effect(claim, Interval(0.2, 0.1), values)["paper"] == pytest.approx(0.3)
    assert printed.effect(claim, None, values) is None


# -- the answer first ---


def test_every_page_has_a_question_an_answer_and_leading_claims_of_its_own():
    known = {entry["id"]: entry["notebook"] for entry in paper_tables.claims()["claims"]}
    notebooks = dict.fromkeys(known.values())
    assert sorted(paper_tables.questions()) == sorted(notebooks)
    for notebook, said in paper_tables.questions().items():
        assert said["question"].endswith("?") and said["leading"]
        assert {known[name] for name in said["leading"]} == {notebook}


def test_every_figure_of_an_answer_stands_in_a_table_of_the_paper():
    cells = {
        f"{value:.{digits}f}"
        for name in paper_tables.TABLES
        if name != "table17"
        for value in paper_tables.table(name)["value"].dropna()
        for digits in (1, 2)
    }
    for notebook, said in paper_tables.questions().items():
        assert not {*re.findall(r"\d+\.\d+", said["paper"])} - cells, notebook


def left(frame, *, scale="micro", recorded=None):
    rows = frame.assign(encoder=frame["encoder"]).to_dict("records")
    return {"notebook": "03_waterbirds", "scale": scale, "claims": rows, "recorded": recorded}


def test_the_answer_counts_the_leading_verdicts_and_draws_them():
    leading = paper_tables.questions()["03_waterbirds"]["leading"]
    frame = judged(
        (leading[0], "e", "holds", effect(0.3)),
        (leading[1], "e", "does not hold", effect(-0.3)),
        ("another", "e", "holds", effect(0.3)),
    )
    html = answers.render_answer(left(frame))
    assert "Part of what decides it holds: 1 of 2 verdicts. At micro scale, in this build." in html
    assert marks(html) == ["bap-good", "bap-bad"] and "2 holds" in html and "\n" not in html


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["holds", "reproduced"], "All that decides it holds: 2 of 2 verdicts."),
        (["undecided", "does not hold"], "Nothing that decides it holds: 0 of 2 verdicts."),
        (["holds", "not testable here"], "All that decides it holds: 1 of 1 verdicts."),
        (["not run"], "Nothing was measured that could decide it."),
    ],
)
def test_the_answer_says_in_a_sentence_how_it_came_out(verdicts, said):
    frame = judged(*(("a", f"e{n}", verdict, None) for n, verdict in enumerate(verdicts)))
    assert answers.sum_up(frame, ["a"]) == said


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ([0, 1], "in a recorded run."),
        ([0], "in a recorded run and, what it lacks, this build."),
        ([], "in this build."),
    ],
)
def test_the_answer_says_whose_verdicts_it_has_also_where_claims_are_younger(recorded, said):
    leading = paper_tables.questions()["03_waterbirds"]["leading"]
    frame = judged(*((name, "e", "holds", effect(0.3)) for name in leading[:2]))
    frame["measured"] = "87.3"
    record = {"claims": frame.iloc[recorded].to_dict("records")} if recorded else None
    assert said in answers.render_answer(left(frame, recorded=record))


def test_nothing_is_answered_by_what_means_nothing():
    html = answers.render_answer(left(SHOWN.assign(verdict="not judged"), scale="random"))
    assert "Nothing is judged: random weights." in html and "bap-forest" not in html


def test_the_front_page_says_how_many_verdicts_are_as_the_paper_says():
    html = answers.render_whole({"03_waterbirds": left(SHOWN)})
    assert "At micro scale 2 of 5 verdicts are as the paper says, 1 go against it" in html
    assert answers.render_whole({"03_waterbirds": left(SHOWN, scale="smoke")}) == ""


def test_a_page_against_the_paper_has_an_honest_line():
    titles = {"03_waterbirds": "3. Waterbirds"}
    line = answers.render_against({"03_waterbirds": left(SHOWN)}, titles, folder="pages")
    assert line == (
        "- [3. Waterbirds](pages/03_waterbirds.ipynb): 1 of 5 do not hold. For no encoder: "
        "*BAP < control & all*\n"
    )
    fine = left(SHOWN[SHOWN["verdict"] == "holds"])
    assert "No claim is known" in answers.render_against({"a": fine}, titles, folder="pages")
