"""The page: scale, banner, stamp, bundle, and what the book makes of the bundles."""

import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bap_core import report, runtime
from bap_core.encoders import Tally
from bap_core.encoders.checkpoints import Identity
from bap_core.recorded import bundle
from bap_core.report import calibration_table, redraw, scales, stamp, summary
from bap_core.report import page as pages
from bap_core.tidy import COLUMNS


class Listing:
    def __init__(self, name, root, origin="micro"):
        self.name, self.root, self.origin, self.fingerprint = name, root, origin, f"print of {name}"

    def __len__(self):
        return 7


CLIP = Identity("CLIP", "VLM")


def encoder(scale="micro", encoded=12, least=10, identity=CLIP):
    tally = Tally(encoded, {"features": least})
    return SimpleNamespace(
        name="micro-clip",
        scale=scale,
        dtype=torch.float32,
        fingerprint="f00d",
        tally=tally,
        identity=identity,
    )


@pytest.fixture
def world(tmp_path):
    declared = {"counts": {}, "hash": "abc", "name": "micro", "version": "1"}
    (tmp_path / "bap-world.json").write_text(json.dumps(declared))
    return tmp_path


@pytest.fixture
def displayed(monkeypatch):
    """What a page shows, as a list of MIME bundles."""
    shown = []
    monkeypatch.setattr(pages, "display", lambda bundle, raw: shown.append(bundle))
    return shown


def metrics():
    values = [
        ("BAP (LP)", 0, 0.95),
        ("BAP (LP)", 1, 0.95),
        ("Native (LP)", 0, 0.1),
        ("Native (LP)", 1, np.nan),
    ]
    about, metric = ["waterbirds-100", "micro-clip"], ["test", "all", "worst_group_accuracy"]
    rows = [[*about, name, seed, *metric, value, 642] for name, seed, value in values]
    return pd.DataFrame(rows, columns=COLUMNS)


# -- scale -----------------------------------------------------------------------------------------


def test_the_scale_follows_from_encoders_and_data(world, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("official")
    official, own = Listing("cub", elsewhere, "official"), Listing("pets", elsewhere, "own")
    micro = Listing("waterbirds-95", world)
    assert scales.scale_of([encoder("paper"), official]) == "paper"
    assert scales.scale_of([encoder("paper"), own]) == "own"
    assert scales.scale_of([encoder("paper"), micro]) == "micro"
    assert scales.scale_of([encoder("micro"), micro]) == "micro"
    assert {scales.scale_of([encoder("micro"), one]) for one in (official, own)} == {"toy"}
    assert scales.scale_of([encoder("micro"), own, micro]) == "toy"
    assert scales.scale_of([encoder("random"), micro]) == "random"


def test_the_people_experiment_on_official_data_is_of_paper_scale(tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("official")
    listings = [
        Listing(name, elsewhere, "official")
        for name in ("coco", "places", "coco-gender-95", "coco-gender-100")
    ]
    assert scales.scale_of([encoder("paper"), *listings]) == "paper"


def test_a_notice_shows_its_title_and_text_and_no_markup_of_theirs():
    notice = report.Notice("Mind <this>", "a & b")
    shown = "<strong>Mind &lt;this&gt;</strong><p>a &amp; b</p>"
    shown = f'<div class="bap-notice" role="note">{shown}</div>'
    assert notice._repr_html_() == shown
    assert repr(notice) == "Mind <this>. a & b"


def test_a_world_is_found_from_a_folder_inside_it(world):
    inside = world / "places365_standard" / "train"
    inside.mkdir(parents=True)
    assert scales.world_of(Listing("backgrounds", inside))["hash"] == "abc"


def test_the_scale_needs_something_to_follow_from():
    with pytest.raises(ValueError, match="pass its encoders and data"):
        scales.scale_of([])


def test_the_banner_names_the_scale_and_brings_its_own_colours(displayed, world):
    page = report.open_page("03_waterbirds", {})
    page.banner(encoder(), Listing("cub", world))
    assert (
        "Micro scale" in displayed[0]["text/html"]
        and "not the paper's" in displayed[0]["text/html"]
    )
    assert "background:#" in displayed[0]["text/html"]
    assert displayed[0]["text/plain"].startswith("Micro scale.")


def test_the_banner_says_which_encoders_are_compared_with_nothing_of_the_paper(displayed, world):
    report.open_page("03_waterbirds", {}).banner(encoder(), Listing("cub", world))
    report.open_page("03_waterbirds", {}).banner(
        encoder(identity=Identity()), Listing("cub", world)
    )
    known, unknown = (shown["text/html"] for shown in displayed)
    assert "micro-clip: not among the paper&#x27;s encoders" in unknown and "not among" not in known


def test_a_page_with_one_measurement_twice_leaves_no_stamp(displayed, world):
    page = report.open_page("03_waterbirds", {})
    page.banner(encoder(), Listing("cub", world))
    with pytest.raises(
        ValueError, match="measured more than once: waterbirds-100 / micro-clip / BAP"
    ):
        page.stamp(pd.concat([metrics(), metrics()]), data=[], encoders=[encoder()])
    assert len(displayed) == 1


def test_a_table_before_the_banner_is_refused():
    with pytest.raises(ValueError, match="page.banner"):
        report.open_page("03_waterbirds", {}).results_table(metrics())


# -- parameters ------------------------------------------------------------------------------------


@pytest.fixture
def hand_over(monkeypatch, tmp_path):
    """Set the environment of a page as the runner does."""

    def tell(**parameters):
        handed_over = bundle.to_environment("smoke", parameters, tmp_path / "used")
        for name, text in handed_over.items():
            monkeypatch.setenv(name, text)

    return tell


def test_a_page_takes_the_parameters_that_the_runner_hands_over_whatever_its_cells_look_like(
    hand_over,
):
    hand_over(lr=1e-5, names=["a", "b"], on=False)
    namespace = {"In": ["note: str = 'x'"], "note": "x", "lr": 1e-5, "names": ["a", "b"]}
    page = report.open_page("x", namespace | {"on": False})
    assert page.parameters == {"lr": 1e-5, "names": ["a", "b"], "on": False}


@pytest.mark.parametrize("namespace", [{"seeds": 5}, {}])
def test_a_parameter_changed_since_the_run_set_it_is_refused(hand_over, namespace):
    hand_over(seeds=2)
    with pytest.raises(ValueError, match=r"parameter seeds is (5|'nothing') now, but was 2 when"):
        report.open_page("x", namespace)


@pytest.mark.parametrize("handed_over", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda namespace: namespace.update(seeds=5),
        lambda namespace: namespace.pop("seeds"),
        lambda namespace: namespace["names"].append("b"),
    ],
)
def test_a_parameter_changed_since_the_page_was_opened_leaves_no_stamp(
    displayed, world, hand_over, handed_over, change
):
    if handed_over:
        hand_over(seeds=2, names=["a"])
    cell = "seeds: int = 3\nnames: list[str] = ['a']"
    namespace = {"In": [cell], "seeds": 2, "names": ["a"]}
    page = report.open_page("03_waterbirds", namespace)
    page.banner(encoder(), Listing("cub", world))
    change(namespace)
    with pytest.raises(ValueError, match="parameter (seeds|names) is .* now, but was"):
        page.stamp(metrics(), data=[], encoders=[encoder()])
    assert len(displayed) == 1


def test_effective_values_of_the_parameters_cell_are_kept_and_nothing_else():
    cells = [
        "",
        "import os",
        "seeds: int = 3\nlr: float = 5e-4\nother = 1",
        "seeds = 5",
        "later: int = 1",
    ]
    namespace = {"In": cells, "seeds": 5, "lr": 5e-4, "other": 1, "later": 1}
    assert report.open_page("x", namespace).parameters == {"seeds": 5, "lr": 5e-4}


def test_cells_that_are_not_python_are_skipped():
    namespace = {"In": ["%matplotlib inline", "k: int = 10"], "k": 10}
    assert report.open_page("x", namespace).parameters == {"k": 10}


# -- stamp -----------------------------------------------------------------------------------------


def test_the_stamp_leaves_a_bundle_of_plain_json(displayed, world):
    page = report.open_page("03_waterbirds", {"In": ["seeds: int = 3"], "seeds": 2})
    teacher, data = encoder(), Listing("waterbirds-100", world)
    page.banner(teacher, data)
    page.stamp(metrics(), data=[data], encoders=[teacher])
    left = json.loads(json.dumps(displayed[-1][bundle.MIME], allow_nan=False))
    assert set(left) == {
        "notebook",
        "parameters",
        "predictions",
        "recorded",
        "scale",
        "metrics",
        "claims",
        "drawn",
        "stamp",
        "source_hash",
    }
    assert left["parameters"] == {"seeds": 2}
    assert left["scale"] == "micro"
    assert left["metrics"][3]["value"] is None
    assert left["stamp"]["seeds"] == [0, 1]
    assert left["stamp"]["world"] == {"name": "micro", "version": "1", "hash": "abc"}
    assert left["stamp"]["data"] == [
        {"name": "waterbirds-100", "n": 7, "fingerprint": "print of waterbirds-100"}
    ]
    assert {"id", "verdict", "measured"} <= set(left["claims"][0])


def test_a_page_is_drawn_again_from_its_bundle_to_the_last_character(displayed, world):
    page = report.open_page("03_waterbirds", {"In": ["seeds: int = 3"], "seeds": 2})
    used, data = encoder(), Listing("waterbirds-100", world)
    page.banner(used, data)
    other = metrics().assign(metric="average_accuracy")  # not in the frame of the page
    shown = [page.results_table(metrics()[:3]), page.side_by_side(metrics(), "table2")]
    shown.append(page.results_table(other, metrics="average_accuracy", caption="One run."))
    plot, claims = page.dot_plot(metrics()), page.claims(metrics())
    page.stamp(metrics(), data=[data], encoders=[used])
    left = json.loads(json.dumps(displayed[-1][bundle.MIME], sort_keys=True))
    rows = [set(map(type, drawn["rows"])) for drawn in left["drawn"]]
    assert rows == [{int}, {int}, {dict}, {int}]
    sources = [
        "page.banner(used, data)",
        'report.paper_table("table2")',
        "page.results_table(a)\npage.side_by_side(b)",
        "frame.head()",
        "page.results_table(c)",
        "page.dot_plot(d)",
        "page.claims(e)",
        "page.stamp(f)",
    ]
    *drawn, figure, drawn_claims, box = redraw.draw_again(left, sources, redraw.judge_again(left))
    tables = [table._repr_html_() for table in shown]
    paper = report.paper_table("table2")._repr_html_()
    assert drawn == [[displayed[0]["text/html"]], [paper], tables[:2], [], tables[2:]]
    assert plot._repr_png_() == figure[0]._repr_png_()
    assert [drawn_claims, box] == [[claims._repr_html_()], [displayed[-1]["text/html"]]]


def test_a_page_that_shows_more_than_its_bundle_has_is_not_drawn_again(displayed, world):
    page = report.open_page("03_waterbirds", {"In": []})
    page.banner(encoder(), Listing("cub", world))
    page.results_table(metrics())
    page.stamp(metrics(), data=[], encoders=[encoder()])
    left = displayed[-1][bundle.MIME]
    for source in ("page.results_table(frame)\npage.results_table(frame)", "page.dot_plot(frame)"):
        with pytest.raises(ValueError, match="where the page calls it"):
            list(redraw.draw_again(left, [source], redraw.judge_again(left)))


@pytest.mark.parametrize(
    "encoded, least, said",
    [
        (30, 20, "30 (the least that would do: 20)"),
        (3962, 7924, "3,962 (of 7,924: the others by an earlier run, which was interrupted)"),
    ],
)
def test_the_stamp_says_when_on_how_many_threads_and_counts_that_fit(
    monkeypatch, encoded, least, said
):
    monkeypatch.setattr(stamp.torch, "get_num_threads", lambda: 1)
    made = stamp.collect(
        data=[], encoders=[encoder(encoded=encoded, least=least)], seeds=[0], seconds=1.0
    )
    shown = stamp.render_stamp(made, {})
    assert said in shown and ", 1 thread," in shown
    assert f"on {datetime.now(UTC).date()} in 1 s" in stamp.summarise(made)


def test_values_survive_the_bundle_to_the_last_digit(displayed, world):
    page = report.open_page("03_waterbirds", {})
    frame = metrics().assign(value=[0.1 + 0.2, 1 / 3, 2 / 3, 1e-9])
    page.banner(encoder(), Listing("cub", world))
    page.stamp(frame, data=[], encoders=[encoder()])
    found = [row["value"] for row in displayed[-1][bundle.MIME]["metrics"]]
    assert found == pytest.approx(frame["value"].tolist(), rel=1e-14)


def test_images_are_counted_once_for_a_teacher_and_its_student():
    teacher = encoder(encoded=30, least=20)
    student = SimpleNamespace(**{**vars(teacher), "fingerprint": "beef"})
    made = stamp.collect(data=[], encoders=[teacher, student], seeds=[0], seconds=1.0)
    assert (made["images_encoded"], made["least_images"]) == (30, 20)


def test_the_stamp_names_no_folder_of_the_machine(world):
    made = stamp.collect(data=[Listing("cub", world)], encoders=[], seeds=[0], seconds=1.0)
    assert str(world) not in json.dumps(made)


def test_outside_a_checkout_the_commit_says_so(monkeypatch):
    monkeypatch.setattr(runtime, "project", lambda: None)
    assert stamp.read_commit() == {"commit": "not a checkout", "dirty": None}


def test_the_stamps_html_shows_work_and_parameters_escaped(world):
    made = stamp.collect(
        data=[], encoders=[encoder(encoded=1200, least=1000)], seeds=[0, 1], seconds=61.2
    )
    markup = stamp.render_stamp(made, {"encoders": ["<x>"]})
    assert "1,200 (the least that would do: 1,000)" in markup
    assert "&lt;x&gt;" in markup and "bap-stamp" in markup


# -- summaries -------------------------------------------------------------------------------------


@pytest.fixture
def executed(tmp_path, displayed, world):
    """A folder with one executed notebook that carries a stamp and one that does not."""
    page = report.open_page("03_waterbirds", {})
    page.banner(encoder(), Listing("waterbirds-100", world))
    page.stamp(metrics(), data=[Listing("waterbirds-100", world)], encoders=[encoder()])
    output = nbformat.v4.new_output("display_data", data=displayed[-1])
    folder = tmp_path / "executed"
    folder.mkdir()
    for name, outputs in (("03_waterbirds", [output]), ("99_nothing", [])):
        cells = [
            nbformat.v4.new_markdown_cell("# 3. Waterbirds\n\nBirds."),
            nbformat.v4.new_code_cell("page.stamp(frame)", outputs=outputs),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    return folder


def test_only_stamped_notebooks_give_bundles(executed):
    assert list(summary.find_bundles(summary.read_pages(executed))) == ["03_waterbirds"]


def test_summaries_repeat_the_verdicts_of_the_run(executed, tmp_path):
    written = summary.write_summaries(executed, tmp_path / "book" / "pages")
    texts = {path.name: path.read_text(encoding="utf-8") for path in written}
    assert (
        "Micro scale" in texts["headline.md"] and 'href="claims.html#claim-' in texts["headline.md"]
    )
    assert 'data-verdict="does not hold"' not in texts["headline.md"]
    assert "95.0" in texts["headline.md"] and "not testable here" in texts["headline.md"]
    assert "No claim is known not to hold" in texts["against.md"]
    assert "## [3. Waterbirds](pages/03_waterbirds.ipynb)" in texts["claims_by_page.md"]
    assert "(ambiguity-feature-normalisation) (44.4 points)" in texts["claims_by_page.md"]
    assert "hash `abc`" in texts["native_rows.md"]
    sizes = [float(size) for size in re.findall(r"### ([\d.]+) points", texts["ambiguity_list.md"])]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) >= 10
    entries = texts["ambiguity_list.md"]
    assert entries.count("- **Here:**") == len(summary.paper_tables.ambiguities())
    assert entries.count("(ambiguity-") + entries.count("{dropdown}") == entries.count("**Here:**")


def test_pictures_are_written_with_their_alternative_texts(executed, tmp_path):
    out = tmp_path / "book" / "pages"
    pictures = {"micro_birds": (Image.new("RGB", (4, 4)), "Every bird of the world")}
    summary.write_summaries(executed, out, pictures=pictures)
    assert (out / "micro_birds.jpg").exists()
    gallery = (out / "gallery.md").read_text()
    assert "{image} pages/micro_birds.jpg" in gallery and ":alt: Every bird of the world" in gallery


def test_before_any_run_the_pages_say_so(tmp_path):
    (tmp_path / "none").mkdir()
    written = summary.write_summaries(tmp_path / "none", tmp_path / "out")
    assert "No notebook has been executed yet" in written[0].read_text()


def test_headlines_are_claims_that_exist():
    known = {entry["id"] for entry in summary.paper_tables.claims()["claims"]}
    assert set(summary.HEADLINES) <= known


def test_cards_of_the_shipped_encoders_can_be_read():
    assert all(
        {"name", "world_version", "sha256"} <= set(card)
        for card in calibration_table.cards().values()
    )


def test_the_counts_of_the_last_full_run_name_its_commit_and_day(tmp_path):
    assert "Nothing is recorded yet" in summary.render_faults(tmp_path / "faults.csv")
    rows = ["kind,tried,survived,refused,wrong,commit,made", "flip,3,2,1,0,1234567890,2026-01-02"]
    rows.append("kill,1000,999,0,1,1234567890,2026-01-02")
    (tmp_path / "faults.csv").write_text("\n".join(rows))
    shown = summary.render_faults(tmp_path / "faults.csv")
    assert "at 1234567890 on 2026-01-02" in shown and ">1,003<" in shown and ">1,001<" in shown
