"""Maps of an embedding space: what is drawn, and what the HTML carries."""

import base64
import json
import re
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bap_core.report import MapExplorer, map_grid

FLAT = np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 0.5]])


@pytest.fixture
def explorer():
    pictures = [np.full((3, 48, 48), 80 * nth, dtype=np.uint8) for nth in range(3)]
    return MapExplorer(
        {"Native": FLAT, "BAP": FLAT[::-1]},
        {"bird": ["landbird", "waterbird", "landbird"], "background": ["</script>", "sea", "sea"]},
        pictures,
        scale="micro",
        caption="Birds.",
    )


def test_the_maps_travel_as_whole_numbers_in_one_piece_that_loads_nothing(explorer):
    html = explorer._repr_html_()
    told = json.loads(re.search(r'json">(.*?)</script>', html, re.DOTALL)[1])
    assert [one["title"] for one in told["maps"]] == ["Native", "BAP"]
    assert told["maps"][0]["xy"] == [[30, 30], [500, 265], [970, 148]]
    assert told["colours"][0] == {"by": "bird", "names": ["landbird", "waterbird"], "of": [0, 1, 0]}
    assert not re.findall(r"(?:src|href)=|url\((?!\$)", html) and "@" not in re.sub(
        "@media", "", html
    )
    assert "micro scale" in html


def test_a_name_cannot_end_the_script(explorer):
    assert explorer._repr_html_().count("</script>") == 2


def test_every_picture_has_its_thumbnail_on_the_sheet(explorer):
    address = re.search(r"data:image/jpeg;base64,([^\"]+)", explorer._repr_html_())[1]
    sheet = np.asarray(Image.open(BytesIO(base64.b64decode(address))))
    assert sheet.shape == (40, 32 * 40, 3)
    assert [int(sheet[20, 40 * nth + 20, 0]) for nth in range(3)] == pytest.approx(
        [0, 80, 160], abs=4
    )


def test_a_row_of_panels_is_drawn_for_every_map_with_a_colour_for_every_name():
    points = pd.DataFrame({"panel": ["birds", "birds", "scenes"], "name": ["land", "water", "sky"]})
    figure = map_grid({"Native": FLAT, "BAP": FLAT}, points, scale="micro")
    assert len(figure.axes) == 4 and [axes.get_title("left") for axes in figure.axes[:2]] == [
        "birds",
        "scenes",
    ]
    assert [len(axes.get_lines()) for axes in figure.axes] == [2, 1, 2, 1]
