"""Which open choices could turn a claim, and how the page says it."""

import pandas as pd
import pytest

from bap_core.report import open_points, paper_tables


@pytest.fixture
def choices(monkeypatch):
    """Two open points of one notebook, one of 2 and one of 26 points, and one that is in none."""
    entries = [
        {"id": "small", "where": "M.1", "touches": ["03_toy"], "points": 2.0},
        {"id": "large", "where": "M.2", "touches": ["03_toy"], "points": 26.0},
        {"id": "other", "where": "M.3", "touches": ["04_toy"], "points": 99.0},
        {"id": "unsized", "where": "M.4", "touches": ["03_toy"]},
    ]
    monkeypatch.setattr(paper_tables, "ambiguities", lambda: entries)


def judged(*effects, name="one"):
    return pd.DataFrame([{"id": name, "claim": "A < B.", "effect": one} for one in effects])


def effect(mean, wanted=(0.0, None), metric="worst_group_accuracy"):
    return {"metric": metric, "mean": mean, "reach": 0.1, "wanted": list(wanted), "paper": None}


def test_a_choice_larger_than_what_decides_a_claim_is_named_largest_first(choices):
    text = open_points.render_choices("03_toy", judged(effect(0.015)))
    assert '<a href="#claim-one">A &lt; B.</a> Decided by 1.5 points: ' in text
    large, small = "[M.2](ambiguity-large) (26 points)", "[M.1](ambiguity-small) (2 points)"
    assert f"{large}, {small}." in text and "M.3" not in text and "M.4" not in text


def test_the_nearest_encoder_and_the_nearest_bound_count(choices):
    text = open_points.render_choices("03_toy", judged(effect(0.9), effect(-0.1)))
    assert "Decided by 10.0 points: [M.2]" in text and "M.1" not in text
    text = open_points.render_choices("03_toy", judged(effect(0.04, wanted=(-0.05, 0.05))))
    assert "Decided by 1.0 points" in text


def test_what_is_decided_by_more_is_not_accuracy_or_was_not_measured_names_none(choices):
    for one in (effect(0.5), effect(0.0, metric="bsi"), None):
        assert open_points.render_choices("03_toy", judged(one)) == ""
    assert open_points.render_choices("05_toy", judged(effect(0.0))) == ""
