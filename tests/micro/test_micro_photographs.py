"""Places, textures, and photographs of objects in places."""

import numpy as np
import pytest
from PIL import Image

from bap_core.micro import gallery, world
from bap_core.micro.drawing import camera, textures, vehicles
from bap_core.micro.drawing.birds import SPECIES, lookalikes
from bap_core.micro.drawing.scenery import backgrounds, contexts
from bap_core.micro.drawing.textures import plane
from bap_core.micro.formats import counteranimal, nico


def _bird(number: int):
    return next(species for species in SPECIES if species.number == number)


def test_every_category_can_be_drawn_with_any_accidents():
    pictures = {
        category: {
            backgrounds.draw(category, np.random.default_rng(i), width=24, height=18).tobytes()
            for i in range(12)
        }
        for category in backgrounds.CATEGORIES
    }
    assert len(pictures) == 40
    assert not [category for category, drawn in pictures.items() if len(drawn) < 12]


def test_every_context_can_be_drawn_with_any_accidents():
    pictures = {
        context: {
            contexts.draw(context, np.random.default_rng(seed), width=32, height=24).tobytes()
            for seed in range(8)
        }
        for context in contexts.CONTEXTS
    }
    assert len(pictures) == 6
    assert not [context for context, drawn in pictures.items() if len(drawn) < 8]


def test_every_texture_can_be_drawn_with_any_accidents():
    for name in textures.CLASSES:
        made = [
            textures.draw(name, np.random.default_rng(seed), width=40, height=30)
            for seed in range(6)
        ]
        assert len({picture.tobytes() for picture in made}) == 6, name
        assert {(picture.mode, picture.size) for picture in made} == {("RGB", (40, 30))}, name
        assert max(np.asarray(picture.convert("L")).std() for picture in made) > 4, name


def test_a_scene_is_the_same_picture_at_two_sizes():
    small, large = (
        world.scene("castle", "train", 3, side=side).resize((24, 24)) for side in (96, 144)
    )
    assert np.abs(np.asarray(small, int) - np.asarray(large, int)).mean() < 6


def test_cells_know_their_nearest_and_second_nearest_point():
    cells = plane.Cells(
        *np.meshgrid(np.arange(3, 6, 0.25), np.arange(3, 6, 0.25)),
        np.random.default_rng(0),
        0.0,
        False,
    )
    assert cells.near.min() == pytest.approx(0) and (cells.near <= cells.second + 1e-6).all()
    at_point = cells.near < 1e-6
    assert np.allclose(cells.second[at_point], 1) and np.allclose(
        np.hypot(cells.dx, cells.dy), cells.near, atol=1e-6
    )


def test_dim_is_an_illumination_and_darkens_thing_and_place_alike():
    photo = nico.photograph(
        vehicles.by_name("bus"), "dim", np.random.default_rng(2), width=90, height=70
    )
    day = nico.photograph(
        vehicles.by_name("bus"), "outdoor", np.random.default_rng(2), width=90, height=70
    )
    bus = np.asarray(photo.visible) > 200
    dark, light = np.asarray(photo.image, float), np.asarray(day.image, float)
    assert (
        dark[~bus].mean() < 0.75 * light[~bus].mean()
        and dark[bus].mean() < light[np.asarray(day.visible) > 200].mean()
    )


def test_a_thing_aloft_is_whole_without_a_shadow_and_one_in_water_is_hidden_at_its_foot():
    scene = Image.new("RGB", (100, 80), (90, 120, 140))
    cutout = Image.new("RGBA", (40, 30), (200, 40, 40, 255))
    wet = np.asarray(
        camera.shot(scene.copy(), cutout, (20, 40), np.random.default_rng(0), wet=True).visible
    )[40:70, 20:60]
    aloft = camera.shot(
        scene.copy(), cutout, (20, 40), np.random.default_rng(0), wet=False, aloft=True
    )
    assert aloft.box == (20, 40, 40, 30) and (np.asarray(aloft.visible) == 255).sum() == 1200
    assert (wet[:20] == 255).all() and wet[-1].max() < 200
    outside = np.asarray(aloft.image, int)[:35]
    assert np.abs(outside - [90, 120, 140]).mean() < 6  # neither a shadow nor cover


def test_an_object_takes_the_light_of_its_scene():
    cutout = Image.new("RGBA", (40, 30), (120, 120, 120, 255))

    def redness(scene):
        scene = Image.new("RGB", (100, 80), scene)
        rng = np.random.default_rng(0)
        photo = camera.shot(scene, cutout, (20, 40), rng, wet=False, aloft=True)
        pixels = np.asarray(photo.image, float)[40:70, 20:60].mean(axis=(0, 1))
        return pixels[0] - pixels[2]

    assert redness((200, 60, 60)) > 5 and redness((60, 60, 200)) < -5


def test_what_is_visible_lies_within_the_photograph():
    photo = camera.photograph(_bird(62), "ocean", np.random.default_rng(4), width=100, height=90)
    assert photo.image.size == photo.visible.size == (100, 90)
    x, y, width, height = photo.box
    assert width > 20 and height > 10 and x + width <= 100 and y + height <= 90


def test_a_frame_is_long_one_way_and_lies_as_often_as_it_is_told():
    rng = np.random.default_rng(0)
    made = [camera.frame(rng, long=100, short=60, lying=0.8) for _ in range(400)]
    assert {max(size) for size in made} == {100} and 60 <= min(min(size) for size in made) < 65
    assert 0.7 < np.mean([width > height for width, height in made]) < 0.9


def test_vehicles_stand_low_and_are_not_centred():
    boxes = [
        nico.photograph(
            vehicles.by_name("car"), "rock", np.random.default_rng(seed), width=150, height=90
        ).box
        for seed in range(10)
    ]
    assert min(y + height for _, y, _, height in boxes) > 0.6 * 90
    assert np.std([x + width / 2 for x, _, width, _ in boxes]) > 5


def test_a_bird_in_the_sky_sits_on_a_branch():
    bird = lookalikes.by_index(16)
    photo = counteranimal.photograph(bird, "sky", np.random.default_rng(1), width=100, height=90)
    x, y, width, height = photo.box
    below = np.asarray(photo.image.convert("L"), float)[y + height // 2 :, x + width // 2]
    assert below.min() < below.max() - 40


def test_names_that_no_table_has_are_refused_with_those_that_it_has():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="no category 'moon'.*ocean"):
        backgrounds.draw("moon", rng, width=8, height=8)
    with pytest.raises(ValueError, match="'furry' is no texture.*woven"):
        textures.draw("furry", rng, width=8, height=8)
    with pytest.raises(ValueError, match="no context 'night'.*autumn"):
        contexts.draw("night", rng, width=8, height=8)


def test_the_contact_sheets_show_every_kind_category_context_and_texture():
    shown = {name: _filled_cells(sheet) for name, (sheet, _) in gallery.sheets().items()}
    assert shown == {
        "micro_birds": 24,
        "micro_photographs": 24,
        "micro_scenes": 40,
        "micro_pairs": 4 * 2,
        "micro_vehicles": 9 * 2,
        "micro_contexts": 7 * 6,
        "micro_figures": 2 * 3,
        "micro_textures": 47,
    }


def _filled_cells(sheet: Image.Image) -> int:
    """How many different pictures of 168 pixels stand on a sheet, 10 pixels apart over 26 of
    label.
    """
    cells = [
        sheet.crop((x, y, x + 168, y + 168))
        for y in range(10, sheet.height - 168, 168 + 26 + 10)
        for x in range(10, sheet.width - 168, 168 + 10)
    ]
    return len({cell.tobytes() for cell in cells if np.asarray(cell).std(axis=(0, 1)).max() > 0})
