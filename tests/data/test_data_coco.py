"""COCO's instances and their slim index, on files written by hand."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from on_disk import declare, people, save

from bap_core.data import catalogue, coco, coco_index, segmentations
from bap_core.data.coco import VEHICLES, instances


def write(root, content):
    (root / "annotations/instances_train2017.json").write_text(json.dumps(content))


@pytest.fixture
def photographs(tmp_path, home):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations/instances_train2017.json").write_text(json.dumps(people()))
    save(tmp_path / "train2017/one.jpg", size=(20, 10))
    declare(tmp_path)
    return tmp_path


def test_coco_skips_and_counts_crowds_slivers_and_lines_and_goes_by_name(photographs):
    objects = coco(photographs)
    assert objects.frame["label"].tolist() == ["person", "person", "dog"]
    assert objects.skipped == {
        "crowd": 1,
        "no usable polygon or run length": 1,
        "box side below 1 pixels": 1,
        "segmentation covers no pixel": 1,
    }
    assert coco(photographs, categories=["dog"]).frame["super_class"].tolist() == ["animal"]
    assert len(coco(photographs, min_side=7)) == 1
    with pytest.raises(ValueError, match="no category 'persn'; did you mean 'person'"):
        coco(photographs, categories=["persn"])


def test_coco_boxes_become_whole_pixels_inside_the_picture(photographs):
    boxes = coco(photographs).frame[["x", "y", "width", "height"]].values.tolist()
    assert boxes[0] == [1, 1, 8, 8]  # 1.6..8.5, 1.2..8.5
    assert boxes[1] == [9, 0, 11, 10]  # 9.5..29.5, -0.5..29.5


def test_polygons_and_both_forms_of_run_lengths_become_one_form_and_are_cut_out(photographs):
    content = people()
    content["annotations"].append(
        {
            **content["annotations"][1],
            "id": 8,
            "segmentation": {"size": [10, 20], "counts": "T3b1b1"},
        }
    )
    write(photographs, content)
    objects = coco(photographs, categories=["person"])
    assert {type(shape["counts"]) for shape in objects.frame["segmentation"]} == {str}
    assert objects.cutout(0).size == (6, 6)
    # runs go down the columns: 10 to 14
    assert objects.cutout(1).size == objects.cutout(2).size == (5, 10)
    _, one, same = objects.frame["segmentation"].tolist()
    assert one == same


def test_coco_names_json_and_picture_when_the_picture_is_missing(photographs):
    (photographs / "train2017/one.jpg").unlink()
    with pytest.raises(
        FileNotFoundError, match="instances_train2017.json lists one.jpg, but the picture is"
    ):
        coco(photographs)
    with pytest.raises(ValueError, match="no object is left .*'picture is missing': 3"):
        coco(photographs, strict=False)


def test_a_json_of_another_kind_and_garbled_entries_are_refused(photographs):
    write(photographs, {"images": []})
    with pytest.raises(ValueError, match="instances_train2017.json: not a COCO instances file"):
        coco(photographs)
    for key, value, message in (
        ("bbox", None, "lacks or garbles .*annotation 1"),
        ("bbox", [1, 2], "garbles 'bbox'"),
        ("bbox", [1, 2, float("nan"), 1], "garbles 'bbox'"),
        ("image_id", 99, "annotation 1 names category 1 and image 99"),
        ("segmentation", [["a", "b"]], None),
    ):
        content = people()
        content["annotations"][0][key] = value
        write(photographs, content)
        if message is None:
            assert coco(photographs).skipped["no usable polygon or run length"] == 2
            continue
        with pytest.raises(ValueError, match=f"instances_train2017.json: .*{message}"):
            coco(photographs)
    content = people()
    del content["annotations"][0]["bbox"]
    write(photographs, content)
    with pytest.raises(ValueError, match="an entry lacks or garbles 'bbox' .annotation 1."):
        coco(photographs)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {
            "images": [],
            "categories": [],
            "annotations": [{"caption": "a cat", "image_id": 7, "id": 1}],
        },
        {
            "images": [],
            "categories": [],
            "annotations": [
                {
                    "image_id": 7,
                    "file_name": "7.png",
                    "segments_info": [
                        {"id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "iscrowd": 0}
                    ],
                }
            ],
        },
        {
            "images": [],
            "categories": [],
            "annotations": [{"image_id": 7, "category_id": 1, "bbox": [0, 0, 1, 1]}],
        },
    ],
)
def test_detections_captions_panoptic_files_and_boxes_alone_are_no_instances(tmp_path, content):
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert coco_index.parsed(tmp_path / "a.json") is None


def test_the_json_is_parsed_once_and_again_only_when_it_changes(photographs, monkeypatch):
    read = []
    parse = coco_index._read
    monkeypatch.setattr(coco_index, "_read", lambda path: read.append(path) or parse(path))
    first, again = coco(photographs), coco(photographs, categories=["person"], min_side=2)
    assert len(read) == 1 and (len(first), len(again)) == (3, 2)
    assert coco(photographs).fingerprint == first.fingerprint and len(read) == 1
    content = people()
    del content["annotations"][5]
    write(photographs, content)
    assert coco(photographs).labels == ["person"] and len(read) == 2


def test_the_categories_may_stand_before_or_after_the_annotations_and_numbers_may_have_gaps(
    photographs,
):
    before = coco(photographs).fingerprint
    write(photographs, dict(reversed(people().items())))
    assert coco(photographs).fingerprint == before


def test_ids_may_be_words_as_some_converters_write_them(photographs):
    text = (
        json.dumps(people())
        .replace('"image_id": 7', '"image_id": "seven"')
        .replace('"id": 7,', '"id": "seven",')
    )
    (photographs / "annotations/instances_train2017.json").write_text(text)
    objects = coco(photographs)
    assert set(objects.frame["image_id"]) == {"seven"} and len(objects) == 3


def test_instances_are_counted_against_the_release_without_crowds(photographs):
    declare(
        photographs,
        coco={
            "train2017": 1,
            "train2017 annotations": 7,
            "train2017 person": 5,
            "train2017 dog": 2,
        },
    )
    with pytest.raises(ValueError, match="not the whole release: train2017 dog: 1, expected 2"):
        coco(photographs)
    with pytest.warns(UserWarning, match="train2017 dog: 1, expected 2"):
        assert len(coco(photographs, strict=False)) == 3


def test_the_six_vehicle_classes_of_the_release_have_fewer_instances_than_the_paper_says():
    counts = catalogue.CATALOGUE["coco"].counts
    assert sum(counts[f"train2017 {name}"] for name in VEHICLES) == 76_925 < 80_000


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(1, 12), st.integers(1, 9)),
        min_size=1,
        max_size=6,
    )
)
def test_a_rectangle_keeps_its_area_and_its_box_stays_inside_the_picture(rectangles):
    content = people(
        annotations=[
            {
                "id": i,
                "image_id": 7,
                "category_id": 1,
                "bbox": [x - 0.5, y - 0.5, w + 1, h + 1],
                "segmentation": [[x, y, x + w, y, x + w, y + h, x, y + h]],
                "iscrowd": 0,
            }
            for i, (x, y, w, h) in enumerate(rectangles)
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        path.write_text(json.dumps(content))
        index = coco_index.parsed(path)
    assert index is not None
    inside = [max(0, min(20, x + w) - x) * max(0, min(10, y + h) - y) for x, y, w, h in rectangles]
    assert index.area.tolist() == inside
    shapes = index.segmentations(range(len(inside)))
    assert [segmentations.covered(shape) for shape in shapes] == inside
    if any(inside):
        frame = instances(
            index, "toys", root=path.parent, find=lambda name: name, origin="own"
        ).frame
        assert len(frame) == sum(area > 0 for area in inside)
        right, bottom = frame["x"] + frame["width"], frame["y"] + frame["height"]
        assert max(right.tolist()) <= 20 and max(bottom.tolist()) <= 10
