"""The slider over K: what its script is told, and that it loads nothing."""

import json
import re

import numpy as np
import pytest

from bap_core.report import AnchorSlider


@pytest.fixture
def slider():
    cosines = np.array([[[0.1, 0.9, 0.5]], [[0.7, 0.2, 0.7]]])  # two K, one object, three texts
    return AnchorSlider(
        [1, 8],
        [[np.zeros((3, 16, 16), dtype=np.uint8), np.full((3, 16, 16), 200, dtype=np.uint8)]],
        {"texts of objects": (["duck", "gull", "</script>"], cosines)},
        scale="micro",
        caption="Anchors.",
    )


def told(slider):
    return json.loads(re.search(r'json">(.*?)</script>', slider._repr_html_(), re.DOTALL)[1])


def test_every_step_has_the_nearest_texts_nearest_first(slider):
    (texts,) = told(slider)["lists"]
    assert texts["steps"][0] == [[["gull", 0.9], ["</script>", 0.5], ["duck", 0.1]]]
    assert [name for name, _ in texts["steps"][1][0]] == ["duck", "</script>", "gull"]


def test_it_is_one_piece_that_loads_nothing_and_says_its_scale(slider):
    html = slider._repr_html_()
    assert "Measured at micro scale" in html and html.count("</script>") == 2
    assert not re.findall(r"(?:src|href)=|https?:", html)
    assert told(slider)["ks"] == [1, 8] and told(slider)["objects"] == 1
