"""The figures that pages tell in words are those of their recorded runs."""

from functools import cache

import jupytext
import pandas as pd
import pytest

from bap_core import runtime
from bap_core.recorded import find_records

ROOT = runtime.project()
CLIP, SIGLIP, CONVNEXT = "micro-clip", "micro-siglip", "micro-clip-convnext"
WORST = "worst_group_accuracy"


@cache
def table(page):
    """The tidy frame of a page's newest recorded run at micro scale."""
    (record, *_) = [
        one
        for one in find_records(ROOT / "results")
        if one.provenance["notebook"].startswith(page) and one.name.startswith("long/")
    ]
    return pd.read_csv(record.folder / "metrics.csv")


@cache
def prose(page):
    (path,) = (ROOT / "notebooks").glob(f"{page}_*.py")
    cells = jupytext.read(path).cells
    return " ".join(" ".join(one.source for one in cells if one.cell_type == "markdown").split())


def rows(page, method, encoder=CLIP, metric=WORST, data=None):
    found = table(page)
    found = found[(found["metric"] == metric) & (found["method"] == method)]
    found = found[found["encoder"] == encoder]
    return found if data is None else found[found["dataset"] == data]


def mean(*told, **further):
    """The mean over the runs, in points where it is an accuracy."""
    found = rows(*told, **further)
    assert len(found), told
    factor = 100 if found["metric"].iloc[0].endswith("accuracy") else 1
    return factor * found["value"].mean()


def spread(*told, **further):
    return 100 * rows(*told, **further)["value"].std()


def class_accuracy(method, encoder, name):
    found = rows("10", method, encoder, "class_accuracy", "waterbirds-95")
    return 100 * found.loc[found["group"] == name, "value"].mean()


def moved(name):
    """How far BAP moves the zero-shot accuracy of a class on page 10, for each encoder."""
    return [
        class_accuracy("BAP (ZS)", one, name) - class_accuracy("Native (ZS)", one, name)
        for one in (CLIP, SIGLIP)
    ]


W95, W100 = "waterbirds-95", "waterbirds-100"
BULBUL = "counteranimal brambling/bulbul"
PTARMIGAN = "counteranimal ptarmigan/prairie chicken"
ANIMALS = [(data, encoder) for data in (BULBUL, PTARMIGAN) for encoder in (CLIP, SIGLIP)]
VEHICLES = ["nico car/truck", "nico car/bus", "nico ship/sailboat", "nico bicycle/motorcycle"]
SIZES = ["micro-clip-small", CLIP, "micro-clip-large", "micro-clip-second", "micro-clip-third"]


def additivity(name, metric="additivity", page="01", method="Native"):
    return mean(page, method, name, metric)


def to_page_15(method, metric=WORST):
    data = {"data": W95} if metric == WORST else {}
    return mean("15", method, metric=metric, **data)


# page, what it says, the numbers behind it, and the range in which they make it true
SAID = [
    (
        "01",
        "the self-supervised encoder is more additive than those trained with language",
        lambda: [
            additivity("micro-simclr") - additivity(name) for name in [*SIZES, SIGLIP, CONVNEXT]
        ],
        (0, 1),
    ),
    (
        "01",
        "with another background word it scores nearly as high",
        lambda: [
            additivity("micro-bert", "text_additivity")
            - additivity("micro-bert", "text_additivity_swapped")
        ],
        (0, 0.05),
    ),
    (
        "03",
        "its worst group stays below 90 %",
        lambda: [mean("03", "BAP (LP)", one, data=W95) for one in (CLIP, SIGLIP, CONVNEXT)],
        (80, 90),
    ),
    (
        "03",
        "RoboShot lowers that of two of three to about ten percent",
        lambda: [mean("03", "RoboShot", one, data=W95) for one in (SIGLIP, CONVNEXT)],
        (7, 12),
    ),
    (
        "03",
        "AFR's worst group spreads by eleven points from run to run on one encoder",
        lambda: [spread("03", "AFR", CONVNEXT, data=W95)],
        (10.5, 11.5),
    ),
    (
        "04",
        "the control does as well as BAP on one encoder and far better on the other",
        lambda: [
            mean("04", "Control (LP)", one, data="coco-gender-95")
            - mean("04", "BAP (LP)", one, data="coco-gender-95")
            - least
            for one, least in ((CLIP, 0), (SIGLIP, 11))
        ],
        (0, 2),
    ),
    (
        "05",
        "the untouched encoder is right on nine of ten pictures of its worst group",
        lambda: [mean("05", "Native (ZS)", one, data=data) for data, one in ANIMALS],
        (90, 95),
    ),
    (
        "05",
        "its worst group spreads by more than twenty points from run to run",
        lambda: [spread("05", "Native (LP)", one, data=data) for data, one in ANIMALS],
        (20, 30),
    ),
    (
        "05",
        "BAP's by two to six",
        lambda: [spread("05", "BAP (LP)", one, data=data) for data, one in ANIMALS],
        (1.5, 6.5),
    ),
    (
        "06",
        "the probe on the untouched one spreads by more than ten points from run to run",
        lambda: [spread("06", "Native (LP)", CONVNEXT, data=data) for data in VEHICLES],
        (10, 20),
    ),
    (
        "06",
        "far on car and bus",
        lambda: [
            mean("06", "Native (ZS)", one, data=VEHICLES[1])
            - mean("06", "BAP (ZS)", one, data=VEHICLES[1])
            for one in (SIGLIP, CONVNEXT)
        ],
        (20, 50),
    ),
    (
        "07",
        "sets them five times as far apart as BAP does",
        lambda: [
            mean("07", "Control (LP)", one, "separation_class")
            / mean("07", "BAP (LP)", one, "separation_class")
            for one in (CLIP, SIGLIP)
        ],
        (4.5, 5.5),
    ),
    (
        "07",
        "moves six to seven times as far when the background is changed",
        lambda: [
            mean("07", "Control (LP)", one, "bsi") / mean("07", "BAP (LP)", one, "bsi")
            for one in (CLIP, SIGLIP)
        ],
        (5.5, 7.5),
    ),
    (
        "08",
        "they end fifteen to twenty points lower",
        lambda: [
            mean("08", "BAP (LP)", one, data=W100)
            - mean("08", "Random targets (LP)", one, data=W100)
            for one in (CLIP, SIGLIP)
        ],
        (14.5, 20.5),
    ),
    (
        "08",
        "The untouched encoder's probe spreads by fifteen to twenty points over runs",
        lambda: [spread("08", "Native (LP)", one, data=data) for data, one in ANIMALS],
        (14.5, 21.5),
    ),
    (
        "09",
        "fifty objects on sixteen contexts come within fifteen points of the whole pool",
        lambda: [mean("09", "BAP (LP), N = 1440") - mean("09", "BAP (LP), N = 50, M = 16")],
        (3, 15),
    ),
    (
        "09",
        "a hundred come within six",
        lambda: [mean("09", "BAP (LP), N = 1440") - mean("09", "BAP (LP), N = 100, M = 16")],
        (3, 6),
    ),
    (
        "09",
        "One that is too large costs three points",
        lambda: [mean("09", "BAP (LP)") - mean("09", "BAP (LP), dilated masks")],
        (2.5, 3.5),
    ),
    (
        "09",
        "a box thirty",
        lambda: [mean("09", "BAP (LP)") - mean("09", "BAP (LP), box masks")],
        (29.5, 30.5),
    ),
    (
        "10",
        "of ten pictures nine and more were named",
        lambda: [
            mean("10", "Native (ZS)", one, "average_accuracy", "places") for one in (CLIP, SIGLIP)
        ],
        (90, 100),
    ),
    (
        "10",
        "and one is after",
        lambda: [
            mean("10", "BAP (ZS)", one, "average_accuracy", "places") for one in (CLIP, SIGLIP)
        ],
        (5, 15),
    ),
    ("10", "waterbirds gain thirteen to nineteen points", lambda: moved("waterbird"), (12.5, 19.5)),
    ("10", "landbirds lose five or six", lambda: moved("landbird"), (-6.5, -4.5)),
    (
        "11",
        "from 7 to 27 %",
        lambda: [mean("11", "Native (LP)", one) for one in SIZES],
        (6.5, 27.5),
    ),
    ("11", "to 77 to 88 %", lambda: [mean("11", "BAP (LP)", one) for one in SIZES], (76.5, 88.5)),
    (
        "11",
        "lies 32 to 48 points above the control",
        lambda: [mean("11", "BAP (LP)", one) - mean("11", "Control (LP)", one) for one in SIZES],
        (31.5, 48.5),
    ),
    (
        "11",
        "BAP differs by 3.3 points",
        lambda: [mean("11", "BAP (LP)", metric=f"range_of_{WORST}")],
        (3.25, 3.35),
    ),
    (
        "11",
        "the control by 9.6",
        lambda: [mean("11", "Control (LP)", metric=f"range_of_{WORST}")],
        (9.55, 9.65),
    ),
    (
        "12",
        "it gains to the end",
        lambda: [
            mean("12", f"BAP (LP), probe epochs = {later}")
            - mean("12", f"BAP (LP), probe epochs = {before}")
            for before, later in zip((1, 2, 4, 8, 16, 32, 64), (2, 4, 8, 16, 32, 64, 95))
        ],
        (0, 20),
    ),
    (
        "12",
        "Fine-tuning takes most of the gain away within an epoch",
        lambda: [
            (mean("12", "BAP (LP), probe epochs = 95") - mean("12", "BAP (FT), tuning epochs = 1"))
            / (
                mean("12", "BAP (LP), probe epochs = 95")
                - mean("12", "Native (LP), probe epochs = 95")
            )
        ],
        (0.5, 1),
    ),
    (
        "13",
        "it moves the untouched encoder's probe by 25 points",
        lambda: [mean("13", "probe, raw", data=W95) - mean("13", "probe, unit norm", data=W95)],
        (24.5, 25.5),
    ),
    (
        "13",
        "the lead of BAP over the control from 37 points",
        lambda: [mean("13", "BAP (LP), raw") - mean("13", "Control (LP), raw")],
        (36.5, 37.5),
    ),
    (
        "13",
        "37 points to 5",
        lambda: [mean("13", "BAP (LP), unit norm") - mean("13", "Control (LP), unit norm")],
        (4.5, 5.5),
    ),
    (
        "13",
        "move their rows by 15",
        lambda: [mean("13", "WiSE-FT, head averaged") - mean("13", "WiSE-FT, head tuned")],
        (14.5, 15.5),
    ),
    (
        "13",
        "and by 27 points",
        lambda: [mean("13", "AFR, raw") - mean("13", "AFR, unit norm")],
        (26.5, 27.5),
    ),
    (
        "15",
        "on black instead of grey lowers the additivity by 0.21",
        lambda: [to_page_15("as on page 1", "additivity") - to_page_15("on black", "additivity")],
        (0.205, 0.215),
    ),
    (
        "15",
        "and on white by 0.05",
        lambda: [to_page_15("as on page 1", "additivity") - to_page_15("on white", "additivity")],
        (0.045, 0.055),
    ),
    (
        "15",
        "a fifth of the birds costs 23 points of the worst group",
        lambda: [to_page_15("BAP (LP), as on page 3") - to_page_15("BAP (LP), fewer birds")],
        (22.5, 23.5),
    ),
    (
        "15",
        "ten kinds of scene instead of thirty cost 8",
        lambda: [to_page_15("BAP (LP), as on page 3") - to_page_15("BAP (LP), few categories")],
        (7.5, 8.5),
    ),
    ("15", "(56 against", lambda: [to_page_15("Control (LP), head at 0.001")], (55.5, 56.5)),
    ("15", "against 44)", lambda: [to_page_15("Control (LP), head at 0.01")], (43.5, 44.5)),
    ("15", "far behind BAP (84)", lambda: [to_page_15("BAP (LP), as on page 3")], (83.5, 84.5)),
]


@pytest.mark.parametrize(
    ("page", "words", "measure", "within"), SAID, ids=[f"{page} {said}" for page, said, *_ in SAID]
)
def test_what_a_page_says_of_its_recorded_run_was_measured(page, words, measure, within):
    assert words in prose(page), f"page {page} does not say it any more"
    assert [one for one in measure() if not within[0] <= one <= within[1]] == []
