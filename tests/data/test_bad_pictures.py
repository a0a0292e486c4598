"""Pictures and masks as they really come: other modes, other sizes, broken files. Never a
traceback as the answer.
"""

import json
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bap_core.data import (
    Backgrounds,
    EmptyMask,
    Objects,
    folders,
    images,
    mask_files,
    segmentations,
)
from bap_core.data.images import UnreadablePicture
from bap_core.data.listings import MaskSizeWarning
from bap_core.method.compositing import Compositor


def objects(root, *, image="a.png", mask="m.png", **more):
    row = {
        "image": image,
        "mask": mask,
        "segmentation": None,
        "x": np.nan,
        "y": np.nan,
        "width": np.nan,
        "height": np.nan,
        "label": "thing",
        "super_class": "thing",
    }
    return Objects("toys", root, pd.DataFrame([{**row, **more}]))


def picture(width=8, height=6):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (250, 100, 10)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_is_read_as_rgb_with_eight_bits(tmp_path, mode):
    grey = np.tile(np.array([[0, 255]], np.uint8), (4, 2))
    source = Image.fromarray(grey)
    if mode in ("I;16", "I", "F"):
        source = Image.fromarray(
            grey.astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode])
            * (257 if mode != "F" else 1)
        )
    path = tmp_path / "picture.tif"
    (source if mode in ("I;16", "I", "F") else source.convert("RGB").convert(mode)).save(path)
    read = images.read_rgb(path)
    assert (read.mode, read.size) == ("RGB", (4, 4))
    assert np.array_equal(np.asarray(read), np.repeat(grey[..., None], 3, axis=2))


def test_a_cmyk_jpeg_keeps_its_colours(tmp_path):
    Image.new("RGB", (8, 8), (200, 40, 40)).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert np.allclose(np.asarray(images.read_rgb(tmp_path / "a.jpg"), int), [200, 40, 40], atol=6)


def test_a_palette_with_a_transparent_colour_is_read_on_white(tmp_path):
    indexed = Image.new("P", (4, 4), 1)
    indexed.putpalette([10, 20, 30, 40, 50, 60])
    indexed.putpixel((0, 0), 0)
    indexed.save(tmp_path / "a.png", transparency=1)
    read = np.asarray(images.read_rgb(tmp_path / "a.png"))
    assert read[0, 0].tolist() == [10, 20, 30] and read[2, 2].tolist() == [255, 255, 255]


def test_the_extension_is_not_trusted(tmp_path):
    picture().save(tmp_path / "a.jpg", format="PNG")
    assert np.array_equal(np.asarray(images.read_rgb(tmp_path / "a.jpg")), np.asarray(picture()))


def test_a_picture_is_turned_as_its_exif_tag_says_unless_the_annotations_fit_it_unturned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    picture(8, 6).save(tmp_path / "a.jpg", exif=exif)
    assert images.read_rgb(tmp_path / "a.jpg").size == (6, 8)
    assert images.read_rgb(tmp_path / "a.jpg", size=(6, 8)).size == (6, 8)
    assert images.read_rgb(tmp_path / "a.jpg", size=(8, 6)).size == (8, 6)


@pytest.mark.parametrize("content", [b"", b"not a picture", "half a jpeg", "half a png"])
def test_a_truncated_or_foreign_file_gives_one_error_that_names_it(tmp_path, content):
    path = tmp_path / "broken.jpg"
    if isinstance(content, str):
        noise = Image.fromarray(
            np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        )
        noise.save(path, format=content.split()[-1])
        content = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(content)
    for read in (images.read_rgb, images.read_mask, images.read_rgba, mask_files.look):
        with pytest.raises(UnreadablePicture, match="broken.jpg: truncated, or not a picture"):
            read(path)


def test_a_missing_picture_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone.jpg: no such picture"):
        images.read_rgb(tmp_path / "gone.jpg")


def test_a_picture_without_transparency_is_no_cut_out(tmp_path):
    picture().save(tmp_path / "a.png")
    with pytest.raises(UnreadablePicture, match="a.png: a cut-out needs transparency"):
        images.read_rgba(tmp_path / "a.png")


def test_hidden_colours_of_a_cut_out_are_those_of_the_nearest_visible_pixel(tmp_path):
    pixels = np.zeros((1, 5, 4), np.uint8)
    pixels[0, 1], pixels[0, 4] = (10, 20, 30, 255), (70, 80, 90, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    read = np.asarray(images.read_rgba(tmp_path / "a.png"))[0]
    assert read[:, 0].tolist() == [10, 10, 10, 70, 70] and read[:, 3].tolist() == [
        0,
        255,
        0,
        0,
        255,
    ]


def test_masks_of_every_mode_are_read_as_grey(tmp_path):
    votes = Image.fromarray(np.array([[0, 51, 102, 255]], np.uint8))
    for mode in ("L", "LA", "RGB", "RGBA"):
        votes.convert(mode).save(tmp_path / "m.png")
        assert np.asarray(images.read_mask(tmp_path / "m.png")).tolist() == [[0, 51, 102, 255]]
    Image.fromarray(np.array([[0, 1]], np.uint8)).save(tmp_path / "m.png")
    assert np.asarray(images.read_mask(tmp_path / "m.png")).tolist() == [[0, 255]]
    Image.fromarray(np.array([[False, True]])).save(tmp_path / "m.png")
    assert np.asarray(images.read_mask(tmp_path / "m.png")).tolist() == [[0, 255]]


def test_a_mask_of_another_size_is_resized_with_a_warning_and_counted(tmp_path):
    picture(8, 6).save(tmp_path / "a.png")
    mask = np.zeros((3, 4), np.uint8)
    mask[1:, 2:] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    with pytest.warns(MaskSizeWarning, match=r"a.png: the mask is 4 x 3, the picture 8 x 6"):
        assert objects(tmp_path).cutout(0).size == (4, 4)
    grounds = Backgrounds("grounds", tmp_path, pd.DataFrame({"image": ["a.png"], "category": "a"}))
    compositor = Compositor(objects(tmp_path), grounds, size=16, seed=0)
    with pytest.warns(MaskSizeWarning):
        compositor.check()
    assert compositor.resized_masks == 1 and len(compositor.skipped) == 0


@pytest.mark.parametrize("value", [0, 100])
def test_a_mask_without_a_pixel_above_100_is_refused_and_the_file_is_named(tmp_path, value):
    picture().save(tmp_path / "a.png")
    Image.new("L", (8, 6), value).save(tmp_path / "m.png")
    with pytest.raises(
        EmptyMask, match=r"a.png, row 0 \(thing\): no pixel of the mask is above 100"
    ):
        objects(tmp_path).cutout(0)


def test_a_single_pixel_is_an_object(tmp_path):
    picture().save(tmp_path / "a.png")
    mask = Image.new("L", (8, 6))
    mask.putpixel((3, 2), 255)
    mask.save(tmp_path / "m.png")
    assert np.asarray(objects(tmp_path).cutout(0)).tolist() == [[[250, 100, 10, 255]]]


def test_a_greyscale_photograph_gives_a_cut_out_in_rgb(tmp_path):
    picture().convert("L").save(tmp_path / "a.jpg")
    Image.new("L", (8, 6), 255).save(tmp_path / "m.png")
    assert objects(tmp_path, image="a.jpg").cutout(0).mode == "RGBA"


BAD_SEGMENTATIONS = [
    [],
    [[1, 1, 5, 5]],
    [[1, 1, 5, 1, 5]],
    [[float("nan"), 1, 5, 1, 5, 5]],
    {"counts": [1, 2], "size": [6, 8]},
    {"counts": [-1, 49], "size": [6, 8]},
    {"counts": [48]},
    {"size": [6, 8]},
    None,
    "polygon",
]


@pytest.mark.parametrize("segmentation", BAD_SEGMENTATIONS, ids=str)
def test_malformed_segmentations_cover_nothing_and_never_reach_the_c_code(segmentation):
    assert segmentations.encode_segmentation(segmentation, width=8, height=6) is None
    with pytest.raises(EmptyMask):
        segmentations.decode_segmentation(segmentation, width=8, height=6)


@pytest.mark.parametrize("counts", ["", "0", "zzzz", "PPYo1"])
def test_compressed_run_lengths_that_do_not_add_up_cover_nothing(counts):
    with pytest.raises(EmptyMask):
        segmentations.decode_segmentation({"counts": counts, "size": [6, 8]}, width=8, height=6)


def test_a_json_that_is_cut_off_is_named(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"images": []})[:-3])
    with pytest.raises(ValueError, match="a.json: not a whole JSON file"):
        folders.objects(tmp_path)


def test_a_pipe_with_a_pictures_name_is_named_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.jpg")
    assert not images.is_whole(tmp_path / "x.jpg")
    with pytest.raises(images.UnreadablePicture, match="x.jpg: .*no ordinary file"):
        images.read_rgb(tmp_path / "x.jpg")


def test_a_picture_too_large_for_the_memory_is_refused_by_its_header(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    with pytest.raises(images.UnreadablePicture, match="9000 x 9000 pixels, at most 67,108,864"):
        images.read_rgb(tmp_path / "huge.png")
