"""Odd inputs: each ends in success, a counted skip, or one clear error that names the file or the
value; never in another exception, a crash, or a wrong number.
"""

import io
import json
import math
import operator
import resource
from pathlib import Path

import children
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from on_disk import people, save
from PIL import Image

from bap_core import groups, metrics
from bap_core.data import folders, images, segmentations
from bap_core.encoders import prompts
from bap_core.runner import parameters

KIND = "fuzz"
MEMORY = 2 * 2**30  # bytes that odd pictures and outlines may take, beside what is loaded
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.integers(), st.floats(), st.text(max_size=5)
)


TEXTS = st.one_of(
    st.text(max_size=12), st.sampled_from(["a,,b", "[1,2", "1" * 5000, "nan", "1e999", "0x1", ","]),
    st.lists(st.text(max_size=4), max_size=4).map(",".join), st.floats().map(str),
)  # fmt: skip


@pytest.mark.parametrize("declared", parameters.TYPES)
def test_fuzz_a_parameter_is_of_its_type_or_refused_by_name(fuzz, declared):
    def run(text):
        value = parameters.parse_text(text, declared, name="the_name")
        items = value if declared.startswith("list") else [value]
        kind = {"int": int, "float": float, "str": str, "bool": bool}[
            declared.removeprefix("list[").removesuffix("]")
        ]
        assert all(type(item) is kind for item in items)
        assert "" not in items or declared == "str"
        assert all(math.isfinite(item) for item in items if kind is float)

    fuzz(TEXTS, run, naming="the_name", sample=25, every=400)


YAML = st.one_of(
    st.text(max_size=40), st.binary(max_size=40),
    st.recursive(ODD, lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.dictionaries(st.sampled_from(["all", "03_toy"]), inner, max_size=2),
    )).map(json.dumps),
    st.sampled_from(["&a [*a]", "&a {all: *a}", "all: &a {x: *a}", "9" * 5000, "[" * 5000,
                     "all: [1]", "03_toy: 7", "1: {}", "? [1]",
                     "all: {seeds: " + "9" * 5000 + "}"]),
)  # fmt: skip


def test_fuzz_a_profile_is_names_with_values_or_refused(fuzz, tmp_path):
    known = {"03_toy": {"seeds": parameters.Parameter("seeds", "int", 3)}}

    def run(content):
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        (tmp_path / "odd.yml").write_bytes(raw)
        part = parameters.load_profile(tmp_path, "odd", known)["03_toy"]
        parameters.settle(known["03_toy"], part, [], where="03_toy")

    fuzz(YAML, run)


class Silent:
    """An encoder of texts."""

    def encode_text(self, texts):
        assert all(isinstance(text, str) and text for text in texts)
        return torch.ones(len(texts), 2)


PROMPTS = st.one_of(
    ODD,
    st.sampled_from(["a {}.", "{0}", "{", "{}{}", "{name}", "{!r}", "{:>9999999999}", "}{", ""]),
)


def test_fuzz_prompts_are_filled_or_refused(fuzz):
    def run(drawn):
        names, templates = drawn
        found = prompts.embed_templates(Silent(), names, templates=templates)
        assert found.shape[:2] == (len(names), len(templates))

    odd = st.tuples(st.lists(PROMPTS, max_size=3), st.lists(PROMPTS, max_size=3))
    fuzz(odd, run)


NUMBERS = st.one_of(
    st.lists(st.integers(-1, 4), max_size=5), st.lists(ODD, max_size=4), ODD,
    st.lists(st.floats(), max_size=4), st.lists(st.lists(st.floats(-1, 1), max_size=3), max_size=3),
    st.just([0, 1, 0, 1]), st.just([1, 1, 0, 0]), st.just([[1e200, 1.0]]), st.just([[1e90, 1.0]]),
)  # fmt: skip


def agrees(y, predicted, group) -> None:
    """Whole numbers of one length, or it would have been refused."""
    columns = [np.asarray(column) for column in (y, predicted, group)]
    assert len({column.shape for column in columns}) == 1
    assert all((column == column.astype(np.int64)).all() for column in columns if column.size)


def per_group(a, b, c):
    found = metrics.group_accuracy(a, b, c, n_groups=4)
    agrees(a, b, c)
    assert found.n.sum() == len(a)
    return found.accuracy


def average(a, b, c):
    found = metrics.average_accuracy(a, b)
    agrees(a, b, b)
    assert math.isnan(found) if not len(a) else found == sum(map(operator.eq, a, b)) / len(a)
    return found


# what of three odd arguments is measured, and the limits of what may come out
METRICS = {
    "group_accuracy": (per_group, 0, 1),
    "worst": (lambda a, b, c: metrics.worst_group_accuracy(a, b, c, n_groups=2), 0, 1),
    "average_accuracy": (average, 0, 1),
    "reweighted": (lambda a, b, c: metrics.reweighted_accuracy(a, b, b, train_counts=c), 0, 1),
    "minority": (lambda a, b, c: metrics.minority_group_accuracy(a, n_backgrounds=2), 0, 1),
    "additivity": (metrics.additivity, -1, 1),
    "bsi": (lambda a, b, c: metrics.background_sensitivity_index(a, b), 0, math.inf),
    "class bsi": (metrics.class_sensitivity_index, 0, math.inf),
    "residual": (lambda a, b, c: metrics.residual_variance([a], b, ks=c), 0, 1e201),
    "slope": (lambda a, b, c: metrics.power_law_slope(a, b), -1e300, 1e300),
    "group_id": (lambda a, b, c: groups.group_id(a, b, n_backgrounds=2), 0, 2**63),
    "group_counts": (lambda a, b, c: groups.group_counts(a, n_groups=3), 0, 5),
}  # fmt: skip


@pytest.mark.parametrize("name", METRICS)
def test_fuzz_a_metric_is_measured_or_its_argument_refused(fuzz, name):
    measure, low, high = METRICS[name]

    def run(drawn):
        found = np.asarray(measure(*drawn), dtype=float)
        found = found[~np.isnan(found)]
        assert (found >= low - 1e-9).all() and (found <= high + 1e-9).all()

    fuzz(st.tuples(NUMBERS, NUMBERS, NUMBERS), run, sample=20, every=200)


CORNERS = st.one_of(st.floats(), st.floats(-20, 60), st.sampled_from([1e7, 1e8, -1e300, 2**31]))
RUNS = st.one_of(
    st.text(max_size=8), st.text("0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmno"),
    st.lists(st.integers(-3, 80), max_size=5), st.lists(ODD, max_size=4), ODD,
    st.just([20, 10, 18]), st.just("d03Q1"),
)  # fmt: skip
OUTLINES = st.one_of(
    ODD,
    st.lists(st.lists(CORNERS, max_size=9), max_size=3),
    st.fixed_dictionaries({
        "size": st.one_of(st.just([6, 8]), st.lists(st.integers(), max_size=3), ODD,
                          st.just([2**31, 2**31]), st.just([8000, 8000])),
        "counts": RUNS,
    }),
)  # fmt: skip


def in_bounds(run):
    """In a child, which a crash would end, with so much memory and no more."""

    def bounded():
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        return run()

    return bounded


def names(error: Exception, text: str) -> bool:
    """False, for "refused"; AssertionError if the error does not name what it is about."""
    assert text in str(error), error
    return False


def endings(strategy, run, n: int) -> list[tuple[str, str]]:
    found = []

    @settings(max_examples=n, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def each(value):
        try:
            found.append(("survived" if run(value) else "refused", ""))
        except Exception as error:
            found.append(("wrong", f"{value!r:.300}: {error!r:.300}"))

    each()
    return found


@pytest.mark.parametrize("width, height", [(8, 6), (10**6, 10**6), (-1, 3), (0, 0)])
def test_fuzz_an_outline_is_drawn_inside_its_picture_or_none(outcomes, budget, home, width, height):
    def run(outline):
        try:
            found = segmentations.encode_segmentation(outline, width=width, height=height)
        except TypeError:  # a polygon of something else than numbers, which the index counts
            return False
        if found is None:
            return False
        assert 0 <= segmentations.covered(found) <= found["size"][0] * found["size"][1]
        segmentations._run_lengths.decode(found)
        return True

    work = in_bounds(lambda: endings(OUTLINES, run, budget(60, 1000)))
    for how, what in children.run(work, home=home):
        outcomes(KIND, how, what)


def test_fuzz_a_damaged_picture_is_read_or_named(outcomes, budget, home, tmp_path):
    whole = {}
    for kind in ("png", "jpeg", "gif", "bmp", "tiff", "webp"):
        buffer = io.BytesIO()
        pixels = np.random.default_rng(0).integers(0, 256, (9, 13, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(buffer, kind)
        whole[kind] = buffer.getvalue()

    def run(drawn):
        kind, changes, cut = drawn
        content = bytearray(whole[kind])
        for at, value in changes:
            content[at % len(content)] = value
        path = tmp_path / f"odd.{kind}"
        path.write_bytes(content[: len(content) - cut % len(content)])
        try:
            return max(images.read_rgb(path).size) > 0 and images.read_mask(path) is not None
        except images.UnreadablePicture as error:
            return names(error, str(path))

    changes = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6)
    odd = st.tuples(st.sampled_from(list(whole)), changes, st.sampled_from([0, 0, 0, 1, 30]))
    work = in_bounds(lambda: endings(odd, run, budget(60, 1500)))
    for how, what in children.run(work, home=home):
        outcomes(KIND, how, what)


def annotated(folder: Path, content) -> Path:
    """A folder of one's own pictures with a COCO file of this content beside them."""
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def test_fuzz_an_annotation_file_is_read_counted_or_named(outcomes, budget, home, tmp_path):
    save(tmp_path / "people.jpg", size=(20, 10), colour=(9, 9, 9))
    content = people()
    content["images"][0]["file_name"] = "people.jpg"
    places = [(i, key) for i, row in enumerate(content["annotations"]) for key in row]
    places += [("images", key) for key in content["images"][0]]
    places += [("categories", key) for key in content["categories"][0]]

    def run(drawn):
        odd = json.loads(json.dumps(content))
        for (where, key), value in drawn:
            part = odd[where][0] if isinstance(where, str) else odd["annotations"][where]
            part[key] = value
        try:
            return len(folders.objects(annotated(tmp_path, odd))) > 0
        except (ValueError, FileNotFoundError) as error:
            return names(error, str(tmp_path))

    odd = st.lists(st.tuples(st.sampled_from(places), st.one_of(ODD, OUTLINES)), max_size=3)
    work = in_bounds(lambda: endings(odd, run, budget(60, 2000)))
    for how, what in children.run(work, home=home):
        outcomes(KIND, how, what)
