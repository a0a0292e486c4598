"""COCO files as programs and people write them: read as meant where it is plain, counted where they
contradict themselves, refused with file and field where nothing can be known.
"""

import json
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bap_core.data import annotated_folder, folders, segmentations

WIDTH, HEIGHT = 96, 80
RING = [20, 16, 76, 16, 76, 64, 20, 64]


def image(number, name="", **more):
    plain = {"id": number, "file_name": name or f"p{number}.png", "width": WIDTH, "height": HEIGHT}
    return plain | more


def annotation(number, **more):
    plain = {"id": number, "image_id": number, "category_id": 1, "segmentation": [RING]}
    return plain | {"bbox": [20, 16, 56, 48], "iscrowd": 0} | more


def write(folder, images, annotations, *, save=True, categories=None, name="instances.json"):
    folder.mkdir(exist_ok=True)
    for one in images if save else ():
        path = folder / one["file_name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDTH, HEIGHT), (int(one["id"]) * 40, 90, 9)).save(path)
    content = {"images": images, "annotations": annotations}
    content["categories"] = categories or [{"id": 1, "name": "cup"}]
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def two(tmp_path, **more):
    return write(tmp_path / "own", [image(1), image(2)], [annotation(1), annotation(2, **more)])


OUTLINES = {
    "pairs": [[[20, 16], [76, 16], [76, 64], [20, 64]]],
    "one polygon of pairs": [[20, 16], [76, 16], [76, 64], [20, 64]],
    "one polygon without its list": RING,
    "numbers as text": [[str(value) for value in RING]],
    "a second part": [RING, [20, 16, 30, 16, 30, 20]],
}


@pytest.mark.parametrize("written", OUTLINES)
def test_outlines_are_read_as_meant(tmp_path, written):
    found = folders.objects(two(tmp_path, segmentation=OUTLINES[written]))
    assert [found.cutout(row).size for row in (0, 1)] == [(56, 48)] * 2


@pytest.mark.parametrize(
    "outline",
    [
        [[value / WIDTH for value in RING]],  # in fractions of the picture
        [[0, 0, 2147483647, 0, 2147483647, 2147483647]],
        [["a", "b"]],
        [[{"x": 1}]],
        "m 20 16",
        [[]],
        None,
    ],
)
def test_an_outline_that_means_nothing_is_counted_and_the_rest_is_used(tmp_path, outline):
    found = folders.objects(two(tmp_path, segmentation=outline))
    assert len(found) == 1 and sum(found.skipped.values()) == 1


def test_a_box_far_from_its_outline_is_counted(tmp_path):
    found = folders.objects(two(tmp_path, bbox=[0, 0, 12, 12]))
    assert len(found) == 1 and found.skipped == {annotated_folder.DISAGREE: 1}


def test_a_box_that_leaves_its_picture_agrees_with_what_is_inside(tmp_path):
    outline = [[60, 40, 96, 40, 96, 80, 60, 80]]
    found = folders.objects(two(tmp_path, segmentation=outline, bbox=[60, 40, 400, 400]))
    assert len(found) == 2


@pytest.mark.parametrize("flag", [0, "0", False, "false", None, ""])
def test_no_crowd_is_written_in_many_ways(tmp_path, flag):
    assert len(folders.objects(two(tmp_path, iscrowd=flag))) == 2


@pytest.mark.parametrize("flag", [1, "1", True, "True"])
def test_so_is_a_crowd(tmp_path, flag):
    assert folders.objects(two(tmp_path, iscrowd=flag)).skipped == {"crowd": 1}


def test_a_flag_that_is_neither_is_refused_with_file_annotation_and_field(tmp_path):
    with pytest.raises(ValueError, match=r"instances\.json: .*iscrowd is 'no'.*annotation 2"):
        folders.objects(two(tmp_path, iscrowd="no"))


def test_ids_as_text_name_those_as_numbers_and_the_reverse(tmp_path):
    found = folders.objects(two(tmp_path, image_id="2"))
    assert found.frame["image"].tolist() == ["p1.png", "p2.png"]
    images = [image("1", "p1.png"), image("2", "p2.png")]
    found = folders.objects(write(tmp_path / "own", images, [annotation(1), annotation(2)]))
    assert found.frame["image"].tolist() == ["p1.png", "p2.png"]


@pytest.mark.parametrize("second", [1, "1"])
def test_ids_that_are_not_unique_are_refused_with_the_ids(tmp_path, second):
    images = [image(1, "a.png"), image(second, "b.png")]
    with pytest.raises(ValueError, match=r"instances\.json: image id 1 stands there more"):
        folders.objects(write(tmp_path / "own", images, [annotation(1)]))
    categories = [{"id": 1, "name": "cup"}, {"id": second, "name": "jug"}]
    with pytest.raises(ValueError, match="category id 1 stands"):
        folders.objects(write(tmp_path / "own", [image(1)], [annotation(1)], categories=categories))


def test_a_namesake_that_another_entry_names_is_not_taken_for_a_missing_picture(tmp_path):
    images = [image(1, "a/0001.png"), image(2, "b/0001.png")]
    folder = write(tmp_path / "own", images, [annotation(1), annotation(2)])
    (folder / "b" / "0001.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"instances\.json lists b/0001\.png"):
        folders.objects(folder)


def test_nor_is_one_picture_taken_for_two_entries(tmp_path):
    folder = write(
        tmp_path / "own",
        [image(1, "a/0001.png"), image(2, "b/0001.png")],
        [annotation(1), annotation(2)],
        save=False,
    )
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "0001.png")
    with pytest.raises(FileNotFoundError, match=r"lists a/0001\.png and 1 more"):
        folders.objects(folder)


@pytest.mark.parametrize("written", ["train/p1.png", "C:\\pictures\\p1.png", "sub\\p1.png"])
def test_a_picture_that_was_moved_is_found_by_its_name_if_nobody_else_has_it(tmp_path, written):
    folder = write(tmp_path / "own", [image(1, written)], [annotation(1)], save=False)
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "p1.png")
    assert folders.objects(folder).frame["image"].tolist() == ["p1.png"]


@pytest.mark.parametrize(("on_disk", "in_json"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_both_spellings_of_an_accent_are_one_name(tmp_path, on_disk, in_json):
    name = unicodedata.normalize(in_json, "Käfer.png")
    folder = write(tmp_path / "own", [image(1, name)], [annotation(1)], save=False)
    path = unicodedata.normalize(on_disk, "Käfer.png")
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / path)
    found = folders.objects(folder)
    assert found.frame["image"].tolist() == [path] and found.cutout(0).size == (56, 48)


@pytest.mark.parametrize("name", ["._instances.json", "settings.json", "broken.json"])
@pytest.mark.parametrize("content", [b"\0\5\26\7", b'{"editor": "dark"}', b"[1, 2"])
def test_another_json_beside_the_real_one_is_left_out_and_said(tmp_path, name, content):
    folder = two(tmp_path)
    (folder / name).write_bytes(content)
    found = folders.objects(folder)
    assert len(found) == 2 and sum(found.skipped.values()) == 1
    assert [name] in found.named.values()


def test_the_only_json_is_not_left_out_when_it_is_broken(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "instances.json").write_text("[1, 2")
    with pytest.raises(ValueError, match=r"instances\.json: not a whole JSON file"):
        folders.objects(folder)


def turned(folder, *, size, orientation):
    """A picture that its camera's tag turns, with its JSON."""
    folder.mkdir(exist_ok=True)
    tag = Image.Exif()
    tag[0x112] = orientation
    upright = Image.new("RGB", (80, 96), "green")
    ImageDraw.Draw(upright).rectangle((10, 10, 39, 79), fill="red")
    stored = upright.transpose(Image.Transpose.ROTATE_90) if orientation > 4 else upright
    stored.save(folder / "p1.jpg", exif=tag)
    outline = [[10, 10, 40, 10, 40, 80, 10, 80]]
    one = annotation(1, segmentation=outline, bbox=[10, 10, 30, 70])
    listed = [image(1, "p1.jpg", width=size[0], height=size[1])]
    return write(folder, listed, [one], save=False)


def test_a_turned_picture_of_the_size_as_shown_is_certain(tmp_path):
    found = folders.objects(turned(tmp_path / "own", size=(80, 96), orientation=6))
    red = np.asarray(found.cutout(0))[..., 0]
    assert found.cutout(0).size == (30, 70) and (red > 200).mean() > 0.9 and not found.doubts


@pytest.mark.parametrize(("size", "orientation"), [((96, 80), 6), ((80, 96), 3)])
def test_a_turned_picture_whose_size_settles_nothing_is_counted_as_uncertain(
    tmp_path, size, orientation
):
    found = folders.objects(turned(tmp_path / "own", size=size, orientation=orientation))
    assert found.doubts == {annotated_folder.ON_ITS_SIDE: 1} and len(found) == 1


NUMBERS = st.one_of(
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=True),
    st.none(),
    st.text(max_size=3),
    st.booleans(),
)


@given(st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=8), max_leaves=30))
def test_no_outline_whatever_it_is_made_of_does_more_than_be_refused(outline):
    found = segmentations.encode_segmentation(outline, width=WIDTH, height=HEIGHT)
    assert found is None or 0 <= segmentations.covered(found) <= WIDTH * HEIGHT


@given(st.integers(3, 9), st.integers(0, 99))
def test_pairs_and_plain_lists_of_the_same_corners_draw_the_same(n, seed):
    corners = np.random.default_rng(seed).integers(0, 70, (n, 2)).tolist()
    plain = [[value for corner in corners for value in corner]]
    drawn = [
        segmentations.encode_segmentation(outline, width=WIDTH, height=HEIGHT)
        for outline in (plain, plain[0], [corners], corners)
    ]
    assert all(found == drawn[0] for found in drawn)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("12")), min_size=1, unique=True),
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("12")), unique=True),
)
def test_every_entry_gets_its_own_picture_or_none(listed, there):
    """Whatever is listed and whatever is there: no picture stands for two entries, and a picture
    that is there under its name stands for that name.
    """
    names, paths = ["/".join(one) for one in listed], ["/".join(one) for one in there]
    index = type("Index", (), {"pictures": [[i, n, 1, 1] for i, n in enumerate(names)]})
    index.path = annotated_folder.Path("own.json")
    try:
        found = annotated_folder._pictures(index, paths)
    except ValueError:  # of two that are equally near, none is taken
        return
    assert len(set(found.values())) == len(found)
    assert all(found[name] == name for name in names if name in paths)


@settings(max_examples=40, deadline=None)
@given(
    ids=st.lists(st.integers(-5, 10**14), min_size=1, max_size=5, unique=True),
    as_text=st.tuples(st.booleans(), st.booleans()),
    order=st.randoms(use_true_random=False),
)
def test_ids_drawn_at_random_name_their_picture_and_class_as_numbers_or_as_text(
    ids, as_text, order
):
    in_list, in_annotation = (str if text else int for text in as_text)
    images = [
        {"id": in_list(n), "file_name": f"n{n}.png", "width": WIDTH, "height": HEIGHT} for n in ids
    ]
    named = [annotation(n, image_id=in_annotation(n), category_id=in_annotation(n)) for n in ids]
    categories = [{"id": in_list(n), "name": f"class {n}"} for n in ids]
    for entries in (images, named, categories):
        order.shuffle(entries)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for n in ids:
            Image.new("RGB", (WIDTH, HEIGHT)).save(root / f"n{n}.png")
        write(root, images, named, save=False, categories=categories)
        found = folders.objects(root).frame
    assert len(found) == len(ids)
    assert all(
        picture == f"n{label.removeprefix('class ')}.png"
        for picture, label in zip(found["image"], found["label"])
    )
