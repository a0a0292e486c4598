"""Pages that say what was not measured: doctored naively (the page alone) and carefully (with every
checksum beside it written again). All are refused but those that the book's page on trust names.
"""

import base64
import copy
import json
from io import BytesIO

import nbformat
import pytest
from honest_page import bundle, draw, encode, executed, job_in, metrics, predictions
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

from bap_core import report
from bap_core.recorded.bundle import MIME
from bap_core.recorded.packed import pack
from bap_core.report import redraw
from bap_core.runner import verify
from bap_core.runner.results import BESIDE, write_results

KIND = "forgery"
BANNER, TABLE, FIGURE, CLAIMS, STAMP = 4, 5, 6, 7, 8  # cells
PICTURES, INJECTED = 3, 2


def shown(number: int, old: str, new: str):
    """Change what a cell shows."""

    def change(notebook):
        data = notebook.cells[number].outputs[0].data
        assert old in data["text/html"], f"{old!r} is not shown"
        data["text/html"] = data["text/html"].replace(old, new, 1)

    return change


def told(*path, to):
    """Change a value of the bundle. to: the new one, or a function of the old one."""

    def change(notebook):
        place = notebook.cells[STAMP].outputs[0].data[MIME]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to(place[path[-1]]) if callable(to) else to

    return change


def both(*changes):
    def change(notebook):
        for one in changes:
            one(notebook)

    return change


def drawn_again(change):
    """Draw everything again that is drawn from the bundle, as a careful forger does."""

    def with_all(notebook):
        change(notebook)
        left = notebook.cells[STAMP].outputs[0].data[MIME]
        left["claims"] = json.loads(redraw.judge_again(left).to_json(orient="records"))
        cells = notebook.cells[BANNER:]
        for cell, data in zip(cells, draw(left, [cell.source for cell in cells])):
            cell.outputs[0].data.update(data)

    return with_all


def answered_otherwise(notebook):
    """Make the predictions those of the measurements, as a forger does who invents both."""
    left = notebook.cells[STAMP].outputs[0].data[MIME]
    left["predictions"] = pack(predictions(left["metrics"]))


def pictured(make):
    """Show another figure of metrics."""

    def change(notebook):
        notebook.cells[FIGURE].outputs[0].data["image/png"] = make()

    return change


def plotted(rows: list[dict]) -> str:
    return encode(report.dot_plot(redraw.frame_of(rows), scale="micro"))


def moved() -> str:
    """One point of eight stands a hundredth further right."""
    rows = metrics()
    rows[2]["value"] += 0.01
    return plotted(rows)


def noisy() -> str:
    """One pixel of the honest figure is black."""
    buffer = BytesIO(base64.b64decode(plotted(metrics())))
    picture = Image.open(buffer).convert("RGB")
    picture.putpixel((2, 2), (0, 0, 0))
    picture.save(buffer := BytesIO(), "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def cell(number: int, source: str):
    def change(notebook):
        notebook.cells[number].source = source

    return change


def tag(number: int, *tags: str):
    def change(notebook):
        notebook.cells[number].metadata["tags"] = list(tags)

    return change


def more(place: int, *, tags=(), html="", source="lr = 5"):
    """Put a further cell in."""

    def change(notebook):
        outputs = [new_output("display_data", {"text/html": html})] if html else []
        extra = new_code_cell(source, outputs=outputs, execution_count=9)
        extra.metadata["tags"] = list(tags)
        notebook.cells.insert(place, extra)

    return change


def another(number: int, html: str):
    """Show something more in a cell."""

    def change(notebook):
        output = new_output("display_data", {"text/html": html, "text/plain": ""})
        notebook.cells[number].outputs.append(output)

    return change


def nothing(number: int):
    def change(notebook):
        notebook.cells[number].outputs = []

    return change


def noted(**parameters):
    def change(notebook):
        notebook.metadata.papermill["parameters"].update(parameters)

    return change


FORGED_TABLE = '<div class="bap-table bap-results"><table><td>99.9</td></table></div>'
INVENTED = {**metrics()[0], "value": 0.99}  # beside the measurements, which stay as they are
DOCTORED = {
    "a metric": [told("metrics", 2, "value", to=0.9),
                 told("metrics", 2, "method", to="BAP (LP)"), told("metrics", 0, "seed", to=7),
                 told("metrics", to=lambda rows: rows[:-1]),
                 told("metrics", to=lambda rows: [*rows, rows[0]])],
    "a claim": [told("claims", 0, "verdict", to="reproduced"),
                told("claims", 0, "claim", to="BAP wins"), told("claims", 0, "paper", to="1.0"),
                told("claims", 0, "measured", to="0.99"), told("claims", 0, "reason", to="sure"),
                told("claims", 0, "where", to="Table 1"), told("claims", to=lambda rows: rows[1:]),
                told("claims", to=lambda rows: [*rows, rows[0]]), told("claims", to=[])],
    "a table": [shown(TABLE, "60", "90"), shown(TABLE, "BAP", "Bap"), shown(TABLE, "</p>", "!</p>"),
                another(TABLE, FORGED_TABLE), another(TABLE, "<p>99.9</p>"), nothing(TABLE),
                told("drawn", 0, "choices", to={"caption": "Better."}),
                told("drawn", 0, "rows", to=[0, 1]), told("drawn", to=[]),
                drawn_again(told("drawn", 0, "rows", to=lambda rows: [INVENTED, *rows[1:]]))],
    "a figure": [pictured(lambda: plotted(metrics()[1:])), pictured(moved), pictured(noisy),
                 pictured(lambda: "AAAA"), nothing(FIGURE), another(FIGURE, "<p>99.9</p>"),
                 both(another(FIGURE, ""), nothing(TABLE)),
                 lambda notebook: notebook.cells[FIGURE].outputs[0].data.update(
                     {"text/html": "<img src='better.png' alt='a much better figure'>"}),
                 lambda notebook: notebook.cells[FIGURE].outputs[0].data.update(
                     {"image/svg+xml": "<svg/>"}),
                 told("drawn", 1, "rows", to=[0, 1]), told("drawn", 1, "call", to="k_curve"),
                 drawn_again(told("drawn", 1, "rows", to=lambda rows: [INVENTED, *rows[1:]]))],
    "the banner": [shown(BANNER, "Micro scale", "Paper scale"), shown(BANNER, "not", ""),
                   told("scale", to="paper"), told("scale", to="random"), nothing(BANNER),
                   both(told("scale", to="paper"), shown(BANNER, "Micro scale", "Paper scale")),
                   another(BANNER, '<div class="bap-banner">Paper scale</div>')],
    "the stamp": [shown(STAMP, "smoke", "paper"), shown(STAMP, "images encoded", "images seen"),
                  nothing(STAMP), another(STAMP, '<div class="bap-stamp">made by us</div>'),
                  told("stamp", "profile", to="paper"), told("stamp", "seeds", to=[0, 1, 2, 3]),
                  told("stamp", "commit", to="0" * 40), told("stamp", "commit", to=None),
                  told("stamp", "made", to="2999-01-01T00:00:00+00:00"),
                  told("stamp", "versions", "torch", to="9.9"),
                  told("stamp", "source_hash", to="0"), told("stamp", "device", to="cuda (H100)"),
                  told("stamp", "encoders", 0, "name", to="ViT-B-16"),
                  told("stamp", "encoders", to=[]),
                  told("stamp", "world", to={"name": "micro", "version": "9", "hash": "0"})],
    "a parameter": [told("parameters", "lr", to=5.0), told("parameters", to={}), noted(lr=5.0),
                    noted(more=1), cell(INJECTED, "# Parameters\nseeds = 2\nlr = 5.0\n"),
                    cell(INJECTED, "# Parameters\nseeds = 2\nlr = 0.001\nfrom evil import cheat"),
                    told("parameters", "new", to=1)],
    "the code": [cell(STAMP, "page.stamp(frame * 2)"), cell(0, "# Another page"),
                 more(3), more(3, tags=["injected-parameters"]),
                 more(5, tags=["injected-parameters"], html=FORGED_TABLE, source="show()"),
                 tag(STAMP, "injected-parameters"), tag(TABLE, "hide-input"),
                 tag(INJECTED), more(8, html="<p>more</p>", source="")],
    "the execution": [lambda notebook: notebook.metadata.papermill.update(exception=True),
                      lambda notebook: notebook.cells[FIGURE].update(execution_count=None),
                      lambda notebook: notebook.cells[FIGURE].outputs.append(
                          new_output("error", ename="E", evalue="x", traceback=[])),
                      lambda notebook: notebook.cells[PICTURES].metadata.pop("mystnb")],
    "measurements": [drawn_again(told("metrics", 2, "value", to=0.9)),
                     drawn_again(told("metrics", 2, "n", to=99999)),
                     drawn_again(told("predictions", to=[])),
                     drawn_again(told("predictions", 0, "label", 3, to=0))],
    "the bundle": [told("notebook", to="01_additivity"), told("source_hash", to="0"),
                   told("stamp", to={}), told("metrics", to=None), told("claims", to=7),
                   told("parameters", to=None), told("drawn", to="x"), told("scale", to=3)],
}  # fmt: skip
# refused as long as the files beside the page are as they were: what a careful forger can do
OPEN = {
    "every number and every answer, all drawn again": drawn_again(
        both(told("metrics", 2, "value", to=0.9), answered_otherwise)
    ),
    "a figure of pictures": lambda notebook: (
        notebook.cells[PICTURES].outputs[0].data.update({"image/png": "AAAA"})
    ),
    "printed lines": lambda notebook: notebook.cells[PICTURES].outputs.append(
        new_output("stream", text="loss by epoch: 0.1 0.0")
    ),
    "pictures encoded": drawn_again(told("stamp", "images_encoded", to=9)),
    "wall time": drawn_again(told("stamp", "seconds", to=0.1)),
    "peak memory": drawn_again(told("stamp", "peak_memory_mib", to={"host": 1})),
    "another machine": drawn_again(
        both(told("stamp", "machine", to=["H100", None]), told("stamp", "device", to="cuda (H100)"))
    ),
    "data that were not read": drawn_again(
        told("stamp", "data", to=[{"name": "places", "n": 9, "fingerprint": "0"}])
    ),
    "the weights of an encoder that is not shipped": drawn_again(
        told("stamp", "encoders", 0, "fingerprint", to="1")
    ),
}


@pytest.fixture
def job(tmp_path):
    return job_in(tmp_path)


def judged(outcomes, what: str, problems: list[str]) -> None:
    clear = problems and all(len(problem.splitlines()) == 1 for problem in problems)
    outcomes(KIND, "refused" if clear else "wrong", f"{what}: {problems}")


def test_an_honest_page_is_verified(job):
    write_results(job, executed(bundle()), "key")
    assert verify.find_problems(job) == []


@pytest.mark.parametrize("kind", DOCTORED)
@pytest.mark.parametrize("careful", [False, True], ids=["naive", "careful"])
def test_a_doctored_page_is_refused(job, outcomes, budget, kind, careful):
    for number, change in enumerate(DOCTORED[kind][: budget(3, len(DOCTORED[kind]))]):
        honest = executed(bundle())
        forged = copy.deepcopy(honest)
        change(forged)
        assert forged != honest
        if careful and has_rows(forged):  # every checksum fits
            write_results(job, forged, "key")
        else:
            write_results(job, honest, "key")
            nbformat.write(forged, job.folder / "executed.ipynb")
        judged(outcomes, f"{kind} {number}", verify.find_problems(job))


def has_rows(notebook) -> bool:
    """Whether a forger could have it filed as a result at all."""
    left = notebook.cells[STAMP].outputs and notebook.cells[STAMP].outputs[0].data.get(MIME)
    return bool(left) and isinstance(left["metrics"], list)


@pytest.mark.parametrize("what", OPEN)
def test_what_a_careful_forger_can_do_is_refused_only_if_a_file_is_left(job, outcomes, what):
    forged = executed(bundle())
    OPEN[what](forged)
    write_results(job, executed(bundle()), "key")
    nbformat.write(forged, job.folder / "executed.ipynb")
    judged(outcomes, what, verify.find_problems(job))
    write_results(job, forged, "key")
    assert verify.find_problems(job) == []  # the page on trust says so


FILES = [*BESIDE, "provenance.json"]
BROKEN = {
    "missing": None, "empty": b"", "no JSON": b"{", "bad bytes": b"\xff\xfe\x00\xd8",
    "null": b"null", "a list": b"[]", "a number": b"7", "no fields": b"{}",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_one_problem_and_no_traceback(job, outcomes, name, how):
    write_results(job, executed(bundle()), "key")
    if (content := BROKEN[how]) is None:
        (job.folder / name).unlink()
    else:
        (job.folder / name).write_bytes(content)
    judged(outcomes, f"{name} {how}", verify.find_problems(job))


@pytest.mark.parametrize("name", ["metrics.csv", "inputs.json", "provenance.json"])
def test_a_file_that_was_edited_is_refused(job, outcomes, name):
    write_results(job, executed(bundle()), "key")
    path = job.folder / name
    path.write_text(path.read_text().replace("1", "2", 1) + " ")
    judged(outcomes, f"{name} edited", verify.find_problems(job))


@pytest.mark.parametrize("files", [{}, {"executed.ipynb": "0"}, None, {"metrics.csv": None}])
def test_checksums_that_are_left_out_are_missed(job, outcomes, files):
    write_results(job, executed(bundle()), "key")
    path = job.folder / "provenance.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "files": files}))
    judged(outcomes, f"files: {files}", verify.find_problems(job))


@pytest.mark.parametrize("name", ["profile", "overrides", "notebook", "scale", "claims", "drawn"])
def test_a_provenance_that_says_something_else_is_refused(job, outcomes, name):
    write_results(job, executed(bundle()), "key")
    path = job.folder / "provenance.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: "another"}))
    judged(outcomes, f"provenance with another {name}", verify.find_problems(job))
