"""Masks in all the ways that programs write them: the same ellipse is found in each, what was
understood is said, and what allows another reading is called uncertain.
"""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bap_core import report
from bap_core.data import directory, folders, mask_files, mask_readings
from bap_core.data.mask_files import Seen

WIDTH, HEIGHT, BOX = 96, 80, (20, 16, 75, 63)  # the ellipse is 56 x 48
VOC = [v for index in range(256) for v in ((index & 1) * 128, (index >> 1 & 1) * 128, 64)]


def ellipse(value=255, behind=0, *, box=BOX, mode="L"):
    picture = Image.new(mode, (WIDTH, HEIGHT), behind)
    ImageDraw.Draw(picture).ellipse(box, fill=value)
    return picture


def grown(by):
    return (BOX[0] - by, BOX[1] - by, BOX[2] + by, BOX[3] + by)


def rimmed(value, rim, behind, *, by=3):
    picture = ellipse(rim, behind, box=grown(by))
    ImageDraw.Draw(picture).ellipse(BOX, fill=value)
    return picture


def deep(value, further=0):
    values = np.zeros((HEIGHT, WIDTH), np.uint16)
    values[np.asarray(ellipse()) > 0] = value
    values[2:14, 2:14] = further
    return Image.fromarray(values)


def palette(picture, colours):
    indexed = picture.copy()
    indexed.putpalette(colours)
    return indexed


def antialiased(colour="white"):
    big = Image.new("RGB", (4 * WIDTH, 4 * HEIGHT))
    ImageDraw.Draw(big).ellipse([4 * v for v in BOX[:2]] + [4 * v + 3 for v in BOX[2:]], colour)
    return big.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def with_alpha(colour="white"):
    picture = Image.new("RGBA", (WIDTH, HEIGHT), colour)
    picture.putalpha(ellipse())
    return picture


def cut_out():
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).convert("RGBA")
    picture.putalpha(ellipse())
    return picture


# how it is written -> mask, what is said of it, whether it is certain
ONE_OBJECT = {
    "black and white": (ellipse(), "255 = object", True),
    "one bit": (ellipse(mode="1", value=1), "255 = object", True),
    "0 and 1": (ellipse(1), "1 = object", True),
    "sixteen bits, white": (deep(65535), "65535 = object", True),
    "sixteen bits, 0 and 1": (deep(1), "1 = object", True),
    "0, 1 and void": (rimmed(1, 255, 0, by=2), "255 = void", True),
    "pet trimap": (rimmed(1, 3, 2), "1 = object, 2 = background, 3 = border", True),
    "matting trimap": (rimmed(255, 128, 0), "128 = unknown", True),
    "a class number": (ellipse(15), "0 = background, 15 = objects", True),
    "palette": (palette(ellipse(1), VOC), "0 = background, 1 = objects", True),
    "palette from white to black": (palette(ellipse(0, 1), [255] * 3 + [0] * 3), "object", True),
    "palette of colours, inverted": (
        palette(ellipse(0, 1), [255, 0, 0, 9, 9, 60]),
        "0 = obj",
        False,
    ),
    "grey palette of soft edges": (antialiased().quantize(16), "above 100 = object", True),
    "red palette of soft edges": (antialiased("red").quantize(16), "shades between", False),
    "red palette of few shades": (antialiased("red").quantize(4), "shades between", False),
    "a colour on black": (ellipse("red", "black", mode="RGB"), "every colour", True),
    "alpha on white": (with_alpha(), "what is opaque", True),
    "a cut-out": (cut_out(), "what is opaque", True),
    "inverted": (ellipse(0, 255), "255 = background, 0 = object", False),
    "inverted, 0 and 1": (ellipse(0, 1), "1 = background, 0 = object", False),
}


def folder(tmp_path, *masks, ending="png", **choices):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    for number, mask in enumerate(masks):
        Image.new("RGB", (WIDTH, HEIGHT), (40, 90, number)).save(
            tmp_path / "images" / f"p{number}.jpg"
        )
        mask.save(tmp_path / "masks" / f"p{number}.{ending}")
    return folders.objects(tmp_path, **choices)


def sizes(objects):
    return [objects.cutout(row).size for row in range(len(objects))]


@pytest.mark.parametrize("written", ONE_OBJECT)
def test_one_ellipse_is_found_however_it_is_written_and_its_reading_is_said(tmp_path, written):
    mask, said, certain = ONE_OBJECT[written]
    found = folder(tmp_path, mask, mask, mask)
    assert sizes(found) == [(56, 48)] * 3
    solid = np.asarray(found.cutout(0).getchannel("A")) > 100
    assert abs(solid.mean() - 0.78) < 0.02
    (words,) = found.understood.values()
    assert said in words and bool(found.doubts) != certain


def test_ids_of_sixteen_bits_are_objects_and_classes_below_a_thousand_are_not(tmp_path):
    found = folder(tmp_path, deep(24001, 26001), deep(24002, 7))
    assert sizes(found) == [(56, 48), (12, 12), (56, 48)]
    assert found.frame["instance"].tolist() == [24001, 26001, 24002]
    assert "7 were taken for classes" in next(iter(found.doubts))


def test_labels_are_objects_each_of_its_own_and_void_is_none(tmp_path):
    first, second = ellipse(1), ellipse(1)
    ImageDraw.Draw(first).rectangle((2, 2, 13, 13), fill=2)
    ImageDraw.Draw(second).rectangle((80, 70, 90, 75), fill=255)
    found = folder(tmp_path, first, second)
    assert sizes(found) == [(56, 48), (12, 12), (56, 48)] and not found.doubts
    assert next(iter(found.understood.values())).endswith("255 = void")


def test_labels_painted_for_the_eye_are_labels_and_said_to_be_uncertain(tmp_path):
    mask = ellipse(120)
    ImageDraw.Draw(mask).rectangle((2, 2, 13, 13), fill=240)
    found = folder(tmp_path, mask)
    assert sizes(found) == [(56, 48), (12, 12)] and len(found.doubts) == 1


@pytest.mark.parametrize("side", [12, 24, 48])
def test_a_small_mask_with_few_shades_at_its_edge_is_no_map_of_labels(tmp_path, side):
    big = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(big).ellipse((side // 2 + 1, side // 2, side + side // 2, side + 5), fill=255)
    mask = big.resize((side, side), Image.Resampling.BOX)
    assert 3 <= len(np.unique(np.asarray(mask))) <= 5
    found = folder(tmp_path, mask, mask)
    assert len(found) == 2 and next(iter(found.understood.values())).startswith("grey values")


def test_small_ids_in_colours_are_no_greys(tmp_path):
    mask = ellipse((7, 0, 0), (0, 0, 0), mode="RGB")
    ImageDraw.Draw(mask).rectangle((2, 2, 13, 13), fill=(3, 1, 0))
    found = folder(tmp_path, mask)
    assert found.frame["instance"].tolist() == [7, 3 + 256]


def test_grey_masks_of_a_lossy_file_are_soft(tmp_path):
    found = folder(tmp_path, ellipse(), ellipse(), ending="jpg")
    assert all(abs(w - 56) <= 2 and abs(h - 48) <= 2 for w, h in sizes(found))


def test_what_the_user_says_goes_before_what_is_guessed(tmp_path):
    mask = rimmed(1, 3, 2)
    found = folder(tmp_path, mask, mask_values=[1, 3])
    assert len(found) == 2 and found.understood == {"1 masks": "as told: 1, 3 = objects"}
    inverted = folders.objects(tmp_path, mask_from="inverted")
    assert inverted.understood == {"1 masks": "as told: below 155 = object"}


def test_values_that_no_mask_holds_and_unknown_sources_are_refused(tmp_path):
    folder(tmp_path, ellipse())
    with pytest.raises(ValueError, match=r"mask_values=\[7\]: no mask holds .* found 0, 255"):
        folders.objects(tmp_path, mask_values=[7])
    with pytest.raises(ValueError, match="mask_from='alhpa'; choices: auto, grey, alpha, inverted"):
        folders.objects(tmp_path, mask_from="alhpa")
    with pytest.raises(ValueError, match="give one of them"):
        folders.objects(tmp_path, mask_values=[255], mask_from="grey")


def test_masks_are_told_of_where_there_are_none(tmp_path):
    with_alpha().save(tmp_path / "cut.png")
    with pytest.raises(ValueError, match="has no masks: leave mask_values and mask_from out"):
        folders.objects(tmp_path, mask_from="alpha")


def test_masks_of_two_kinds_in_one_folder_are_read_each_in_its_way(tmp_path):
    found = folder(tmp_path, ellipse(), with_alpha(), ellipse())
    assert sizes(found) == [(56, 48)] * 3 and len(found.understood) == 2


def test_a_mask_that_cannot_be_read_is_counted_with_its_name_and_the_rest_is_used(tmp_path):
    folder(tmp_path, ellipse(), ellipse())
    whole = (tmp_path / "masks" / "p1.png").read_bytes()
    (tmp_path / "masks" / "p1.png").write_bytes(whole[: len(whole) // 2])
    found = folders.objects(tmp_path)
    assert len(found) == 1 and found.skipped == {"mask that cannot be read": 1}
    (name,) = found.named["mask that cannot be read"]
    assert name.startswith("masks/p1.png (") and "truncated" in name


@pytest.mark.parametrize("name", ["p0.jpg.png", "p0.jpg_mask.png", "p0_mask.png", "p0.PNG"])
def test_names_of_masks_are_paired_whatever_a_program_adds(tmp_path, name):
    (tmp_path / "masks").mkdir()
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "p0.jpg")
    ellipse().save(tmp_path / "masks" / name)
    assert sizes(folders.objects(tmp_path)) == [(56, 48)]


def test_a_picture_with_a_dot_in_its_name_is_not_taken_for_another(tmp_path):
    for number in ("1", "2"):
        Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / f"scan.{number}.jpg")
    ellipse().save(tmp_path / "scan.1_mask.png")
    found = folders.objects(tmp_path)
    assert found.frame["image"].tolist() == ["scan.1.jpg"]
    assert found.skipped == {"picture without a mask": 1}
    assert found.named == {"picture without a mask": ["scan.2.jpg"]}


def test_the_page_shows_masks_as_they_are_and_what_was_understood(tmp_path):
    found = folder(tmp_path, ellipse(0, 255))
    box = report.doubts(found)
    assert "inverted" in box.text and "mask_from" in box.text
    assert len(report.mask_sheet(found).axes) == 3


def test_cut_outs_have_no_masks_to_show_and_nothing_to_doubt(tmp_path):
    with_alpha().save(tmp_path / "cut.png")
    found = folders.objects(tmp_path)
    assert report.doubts(found) is None and report.mask_sheet(found) is None


@given(
    st.sampled_from([0, 1, 3, 100, 128, 254, 255]),
    st.sampled_from([0, 1, 2, 101, 200, 255]),
    st.sampled_from(["grey", "deep", "index", "colour", "alpha", "blend"]),
)
def test_every_pair_of_values_has_a_reading_in_words_that_finds_no_strange_object(a, b, kind):
    seen = Seen(kind, {} if kind == "blend" else {a: 0.7, b: 0.3}, (a, 1.0))
    reading = mask_readings.decide([seen])
    assert reading.how in mask_files.HOW and reading.words and reading.files == 1
    assert set(reading.instances(seen)) <= {None, a, b}


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6, unique=True), st.integers(0, 9))
def test_labels_drawn_at_random_give_back_as_many_objects(values, seed):
    """However many labels, wherever they lie: each is an object, and its pixels are its own."""
    grid = np.zeros((24, 24), np.uint8)
    places = np.random.default_rng(seed).permutation(36)[: len(values)]
    for place, value in zip(places, values):
        y, x = divmod(int(place), 6)
        grid[4 * y + 1 : 4 * y + 3, 4 * x + 1 : 4 * x + 3] = value
    wanted = sorted(set(values) - {0})
    if len(wanted) < 2:
        return
    kind, numbers = mask_files._numbered(Image.fromarray(grid))
    seen = mask_files._seen(kind, numbers)
    assert mask_readings.decide([seen]).instances(seen) == wanted


# object or not (H, W) -> mask
WRITTEN = {
    "black and white": lambda inside: Image.fromarray(inside * np.uint8(255)),
    "0 and 1": lambda inside: Image.fromarray(inside.astype(np.uint8)),
    "one bit": lambda inside: Image.fromarray(inside * np.uint8(255)).convert("1"),
    "sixteen bits": lambda inside: Image.fromarray(inside * np.uint16(65535)),
    "a class number": lambda inside: Image.fromarray(inside * np.uint8(15)),
    "palette": lambda inside: palette(Image.fromarray(inside.astype(np.uint8)), VOC),
    "inverted": lambda inside: Image.fromarray(~inside * np.uint8(255)),
    "trimap": lambda inside: Image.fromarray(np.where(inside, 1, 2).astype(np.uint8)),
    "colour": lambda inside: Image.fromarray(inside[..., None] * np.array([220, 20, 60], np.uint8)),
}
# what file systems take, but for what the pairing reads: no slash, no leading dot, no mask ending
NAMES = st.text("aZ9 $%&+,;=@[]()'é日ß☃.", min_size=1, max_size=12).map("p{}q".format)


@settings(max_examples=60, deadline=None)
@given(
    written=st.sampled_from(sorted(WRITTEN)),
    names=st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower),
    suffix=st.sampled_from([".jpg", ".JPG", ".jpeg", ".png", ".webp"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_shapes_and_names_drawn_at_random_are_found_in_every_way_to_write_them(
    written, names, suffix, seed
):
    draw, shapes = np.random.default_rng(seed), {}
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "masks").mkdir()
        for name in names:
            inside = np.zeros((HEIGHT, WIDTH), bool)
            top, left = draw.integers(4, 30, size=2)
            height, width = draw.integers(12, 40, size=2)
            inside[top : top + height, left : left + width] = True
            Image.new("RGB", (WIDTH, HEIGHT), (40, 90, 7)).save(root / f"{name}{suffix}")
            WRITTEN[written](inside).save(root / "masks" / f"{name}.png")
            shapes[f"{name}{suffix}"] = width, height
        found = folders.objects(root)
        assert dict(zip(found.frame["image"], sizes(found))) == shapes
        cut = np.asarray(found.cutout(0).getchannel("A"))
        assert (cut > 100).all() and found.understood and not found.skipped


def test_names_that_are_no_text_links_and_suffixes_are_counted_with_the_first_names(tmp_path):
    for number in range(5):
        (tmp_path / f"note{number}.txt").touch()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    found, left_out = directory.survey(tmp_path)
    named = left_out.names["no picture by its suffix (.txt)"]
    assert found == [] and sorted(left_out.values()) == [1, 5]
    assert left_out.names["a link that leads nowhere"] == ["gone.jpg"]
    assert len(named) == 3 and set(named) < {f"note{number}.txt" for number in range(5)}


def test_folders_behind_links_are_walked_once_even_where_they_lead_back(tmp_path):
    (tmp_path / "store").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "store" / "a.jpg")
    own = tmp_path / "own"
    own.mkdir()
    (own / "sea").symlink_to(tmp_path / "store")
    (tmp_path / "store" / "back").symlink_to(own)
    found = folders.backgrounds(own)
    assert found.frame["image"].tolist() == ["sea/a.jpg"] and found.categories == ["sea"]


@pytest.mark.parametrize("what", ["objects", "backgrounds"])
@pytest.mark.parametrize("path", ["", "  "])
def test_an_empty_path_is_not_the_folder_one_happens_to_be_in(what, path):
    with pytest.raises(ValueError, match=f"{what} is empty"):
        getattr(folders, what)(path)
