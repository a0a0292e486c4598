"""The book's summary pages, made from what the executed notebooks left in their outputs, never
typed by hand.

`write_summaries` turns the bundles of ``book/pages/*.ipynb`` into files that the prose pages
include: the headline table, every claim with its verdict, the native rows of the micro world, its
gallery, the list of ambiguities, and the recorded runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import nbformat
import pandas as pd
from nbformat import NotebookNode
from PIL import Image

from bap_core import store
from bap_core.recorded import bundle, find_records
from bap_core.report import (
    answers,
    calibration_table,
    claims,
    coverage,
    evidence,
    figure_style,
    forest,
    html,
    labels,
    open_points,
    paper_tables,
    scales,
)

# What the paper's abstract and its list of contributions say, whatever comes of it here.
HEADLINES = (
    "additivity-above-supervised",
    "additivity-above-self-supervised",
    "lp-bap-above-90",
    "lp-bap-beats-native-100",
    "lp-bap-beats-control-100",
    "lp-bap-beats-lp-ft-100",
    "counteranimal-lp-bulbul",
    "counteranimal-lp-ptarmigan",
    "nico-lp-car-truck",
    "nico-lp-bicycle-motorcycle",
)
_NOT_BUILT = pd.DataFrame(columns=claims.COLUMNS)  # the claims of a scale that is recorded only
NOTHING_YET = (
    "No notebook has been executed yet, so there is nothing to show. `make book` executes them.\n"
)


def read_pages(folder: str | Path) -> dict[str, NotebookNode]:
    """Name -> notebook, for every executed notebook of a folder."""
    paths = sorted(Path(folder).glob("*.ipynb"))
    return {path.stem: nbformat.read(path, as_version=4) for path in paths}


def find_bundles(pages: Mapping[str, NotebookNode]) -> dict[str, dict]:
    """Name -> the bundle that its stamp left, for every page that has one."""
    found = {name: bundle.read_bundle(page) for name, page in pages.items()}
    return {name: left for name, left in found.items() if left is not None}


def find_title(page: NotebookNode, name: str) -> str:
    """The first heading of a notebook, such as "3. Waterbirds"; ``name`` if it has none."""
    texts = [cell.source for cell in page.cells if cell.cell_type == "markdown"]
    lines = [line for text in texts for line in text.splitlines()]
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), name)


def write_summaries(
    pages_dir: str | Path,
    out_dir: str | Path,
    *,
    pictures: Mapping[str, tuple[Image.Image, str]] | None = None,
) -> list[Path]:
    """Write the files that the prose pages include; returns their paths.

    pages_dir: executed notebooks; out_dir: where the files go, a folder right under the prose
    pages; pictures: name -> (picture, alternative text) of the micro world's gallery, in the order
    to show them.
    """
    pages, out_dir = read_pages(pages_dir), Path(out_dir)
    found = find_bundles(pages)
    titles = {name: find_title(pages[name], name) for name in found}
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, (picture, _) in (pictures or {}).items():
        store.write_if_changed(figure_style.jpeg(picture), out_dir / f"{name}.jpg")
    texts = {
        "headline.md": render_headline(found),
        "whole.md": answers.render_whole(found),
        "against.md": answers.render_against(found, titles, folder=out_dir.name),
        "claims_by_page.md": render_claims(found, titles, folder=out_dir.name),
        "coverage.md": coverage.render_coverage(found, titles, folder=out_dir.name),
        "native_rows.md": calibration_table.rows(found),
        "faults.md": render_faults(out_dir.parent / "faults.csv"),
        "speed.md": render_speed(out_dir.parent / "speed.csv"),
        "gallery.md": render_gallery(
            {name: alt for name, (_, alt) in (pictures or {}).items()}, folder=out_dir.name
        ),
        "ambiguity_list.md": open_points.render_ambiguities(),
        "errata_list.md": open_points.render_errata(),
        "recorded_runs.md": render_records(),
    }
    return [store.write_if_changed(text.encode(), out_dir / name) for name, text in texts.items()]


def render_headline(found: Mapping[str, dict]) -> str:
    """The claims that matter most, paper | measured | verdict, at the scale of the pages;
    Markdown with HTML.
    """
    return (
        "".join([*_render_per_scale(found, wanted=HEADLINES), render_tally(found)]) or NOTHING_YET
    )


def render_tally(found: Mapping[str, dict]) -> str:
    """How many claims of every page came out which way."""
    rows = {
        name: evidence.claims_of(left)["verdict"].value_counts()
        for name, left in found.items()
        if left["claims"]
    }
    if not rows:
        return ""
    counts = pd.DataFrame(rows).T.fillna(0).astype(int)
    counts.loc["all pages"] = counts.sum()
    caption = (
        "Verdicts by page, one for every claim and encoder: of the recorded run where there is one."
    )
    return html.Table(counts.map(str), caption)._repr_html_() + "\n"


def render_claims(found: Mapping[str, dict], titles: Mapping[str, str], *, folder: str) -> str:
    """Every claim of every page under its title, a link to it; Markdown with HTML. folder: where
    the pages lie.
    """
    parts = []
    for name, left in found.items():
        if not left["claims"]:
            continue
        judged = pd.DataFrame(left["claims"])
        table = forest.show_claims(judged, left["scale"], left["recorded"])._repr_html_()
        parts.append(f"## [{titles[name]}]({folder}/{name}.ipynb)\n\n{table}\n\n")
        parts.append(open_points.render_choices(name, evidence.claims_of(left)))
        if (elsewhere := evidence.recorded_at_paper_scale(left)) is not None:
            table = forest.show_claims(_NOT_BUILT, "paper", elsewhere, to="")._repr_html_()
            parts.append(f"{scales.banner_html('paper')}\n\n{table}\n\n")
    return "".join([*parts, _render_unjudged()]) if parts else NOTHING_YET


def _render_unjudged() -> str:
    said = paper_tables.claims()["unjudged"]
    rows = pd.DataFrame({"where": {entry["claim"]: entry["where"] for entry in said}})
    table = html.Table(rows, "Said by the paper and measured on no page yet.", words=("where",))
    return f"## Not measured yet\n\n{table._repr_html_()}\n"


def render_records() -> str:
    """Every recorded run: how its claims come out, whether the code has moved on, and what made
    it.
    """
    names, rows = [], []
    for record in find_records():
        counts = evidence.judge_record(record)["verdict"].value_counts()
        older = ", ".join(record.moved)
        profile_and_notebook, _, run = record.name.rpartition("/")
        names.append((profile_and_notebook, run))
        rows.append(
            {
                "verdicts": ", ".join(f"{n} {verdict}" for verdict, n in counts.items()),
                "code": f"older: {older} changed since" if older else "as it is now",
                "made": record.about,
            }
        )
    if not rows:
        return "Nothing is recorded yet: `bap results add` records a run.\n"
    frame = pd.DataFrame(rows, index=pd.Index(names, name="run", tupleize_cols=False))
    caption = "Recorded runs, judged by the rules of today."
    return html.Table(frame, caption, words=tuple(frame.columns))._repr_html_() + "\n"


def render_faults(path: Path) -> str:
    """What was broken on purpose in the last full run, and how it ended: a table of the counts that
    `make faults` wrote to ``path``, or a line that says that it did not.
    """
    if not path.exists():
        return "Nothing is recorded yet: `make faults` tries every case and writes the counts.\n"
    recorded = pd.read_csv(path, dtype={"commit": str}).set_index("kind")
    counts = recorded.drop(columns=["commit", "made"])
    counts.loc["all"] = counts.sum()
    commit, made = recorded[["commit", "made"]].iloc[0]
    caption = f"What was tried in the last full run, at {commit} on {made}, and how it ended."
    return html.Table(counts.map("{:,}".format), caption)._repr_html_() + "\n"


def render_speed(path: Path) -> str:
    """What `make bench` measured last on each machine and kept in ``path``, with its goals: a table
    for each, or a line that says that nothing was kept.
    """
    if not path.exists():
        return "Nothing is recorded yet: `make bench` measures, and keeps it with `--write`.\n"
    recorded = pd.read_csv(path, keep_default_na=False)
    parts = []
    recorded["where"] = "On " + recorded["on"] + ", " + recorded["made"]
    for where, rows in recorded.groupby("where", sort=False):
        spread = (
            rows["smallest"].map("{:.3f}".format) + " to " + rows["largest"].map("{:.3f}".format)
        )
        numbers = rows["median"].map("{:.3f}".format) + (" " + rows["unit"]).str.rstrip()
        goals = rows["goal"].replace({">=": "≥", "<=": "≤"}, regex=True)
        shown = pd.DataFrame({"median": list(zip(numbers, spread)), "goal": goals})
        shown["met"] = rows["met"]
        shown["of"] = rows["note"]
        shown.index = pd.Index(rows["measured"], name="measured")
        caption = f"{where}: the median of the repeats, the smallest and the largest."
        parts.append(html.Table(shown, caption, words=("of",))._repr_html_())
    return "\n".join(parts) + "\n"


def render_gallery(pictures: Mapping[str, str], *, folder: str) -> str:
    """Markdown for the pictures of the micro world: file stem -> alternative text. folder: where
    the files lie.
    """
    blocks = [
        f"```{{image}} {folder}/{name}.jpg\n:alt: {alt}\n```\n\n" for name, alt in pictures.items()
    ]
    return "".join(blocks) or "The pictures are drawn when the book is built (`make book`).\n"


def _render_per_scale(found: Mapping[str, dict], *, wanted: tuple[str, ...]) -> Iterator[str]:
    """Pages can be of different scales (a notebook on one's own pictures): a banner and a table
    for each scale.
    """
    for scale in labels.SCALES:
        there = [left for left in found.values() if left["scale"] == scale]
        recorded = [left["recorded"] for left in there]
        if scale == "paper":
            recorded += map(evidence.recorded_at_paper_scale, found.values())
        recorded = [one for one in recorded if one is not None]
        judged = _pick([left["claims"] for left in there], wanted)
        kept = _pick([one["claims"] for one in recorded], wanted)
        if judged or kept:
            known = {**evidence.together(recorded), "claims": kept} if kept else None
            built = pd.DataFrame(judged) if judged else _NOT_BUILT
            table = forest.show_claims(built, scale, known, to="claims.html")._repr_html_()
            yield f"{scales.banner_html(scale)}\n\n{table}\n\n"


def _pick(judged: Sequence[list[dict]], wanted: tuple[str, ...]) -> list[dict]:
    """Those of the claims that are wanted, in their order."""
    rows = [claim for some in judged for claim in some if claim["id"] in wanted]
    return sorted(rows, key=lambda row: wanted.index(row["id"]))
