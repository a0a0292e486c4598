import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bap_core.micro import gallery, world
from bap_core.micro.drawing import camera, draft, figures, textures, vehicles
from bap_core.micro.drawing.birds import SPECIES, lookalikes
from bap_core.micro.drawing.scenery import backgrounds, contexts
from bap_core.micro.drawing.textures import plane
from bap_core.micro.formats import coco, counteranimal, dtd, nico
from bap_core.micro.formats.folders import render

TINY = world.World("tiny", photos=2, train=1, val=1, coco=2, counteranimal=1, nico=1, dtd=1)
WRITERS = (counteranimal, nico, dtd)
# The 47 folders of dtd/images.
DTD = """banded blotchy braided bubbly bumpy chequered cobwebbed cracked crosshatched crystalline
dotted fibrous flecked freckled frilly gauzy grid grooved honeycombed interlaced knitted
lacelike lined marbled matted meshed paisley perforated pitted pleated polka-dotted porous
potholed scaly smeared spiralled sprinkled stained stratified striped studded swirly
veined waffled woven wrinkled zigzagged""".split()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("more")
    counts = {
        writer.__name__.rsplit(".", 1)[1]: writer.write(root, TINY, workers=2) for writer in WRITERS
    }
    return root, counts


def _cut(kind, seed, *, length=60):
    draw = figures.draw if isinstance(kind, figures.Figure) else vehicles.draw
    return draw(kind, np.random.default_rng(seed), length=length)


KINDS = [pytest.param(kind, id=kind.name) for kind in (*vehicles.VEHICLES, *figures.FIGURES)]


# Folders.


@pytest.mark.parametrize("writer", WRITERS, ids=lambda w: w.__name__.rsplit(".", 1)[1])
def test_the_bytes_do_not_depend_on_the_number_of_workers(writer, tiny, tmp_path):
    small = {counteranimal: "LAION-final", nico: "track_1", dtd: "dtd"}[writer]
    writer.write(tmp_path, TINY, workers=1)
    assert (made := sorted((tmp_path / small).rglob("*.*"))) and len(made) == len(
        sorted((tiny[0] / small).rglob("*.*"))
    )
    for path in made:
        assert path.read_bytes() == (tiny[0] / path.relative_to(tmp_path)).read_bytes()


def test_a_picture_depends_on_its_names_and_not_on_how_many_others_there_are():
    many = world.World("other", photos=2, train=1, val=1, coco=2, counteranimal=3, nico=2, dtd=2)
    for writer in WRITERS:
        assert set(writer.plan(TINY)) < set(writer.plan(many))


def test_counteranimal_has_the_folders_of_the_benchmark(tiny):
    root, counts = tiny
    folders = {
        p.relative_to(root / "LAION-final").as_posix() for p in (root / "LAION-final").glob("*/*")
    }
    assert folders == {
        "10 brambling/common-grass",
        "10 brambling/counter-sky",
        "16 bulbul/common-sky",
        "16 bulbul/counter-grass",
        "81 ptarmigan/common-snow",
        "81 ptarmigan/counter-grass",
        "83 prairie chicken/common-grass",
        "83 prairie chicken/counter-snow",
    }
    assert (
        counts["counteranimal"] == {"classes": 4, "common": 4, "counter": 4}
        and _pictures(root / "LAION-final") == 8
    )


def test_the_two_birds_of_a_pair_mirror_each_other():
    for one, other in ((10, 16), (81, 83)):
        assert counteranimal.BACKGROUNDS[one] == counteranimal.BACKGROUNDS[other][::-1]


def test_the_look_alike_birds_are_none_of_cubs_and_none_is_a_water_bird():
    assert not {b.name for b in lookalikes.LOOKALIKES} & {s.name for s in SPECIES}
    for bird in lookalikes.LOOKALIKES:
        assert (
            not bird.is_water
            and len(bird.home) == 4
            and set(bird.home) <= set(backgrounds.CATEGORIES)
        )
    with pytest.raises(ValueError, match="no class 7.*81"):
        lookalikes.by_index(7)


def test_nico_has_every_class_in_every_context_and_the_official_numbers(tiny):
    root, counts = tiny
    folder = root / "track_1" / "public_dg_0416" / "train"
    assert sorted(p.name for p in folder.iterdir()) == [
        "autumn",
        "dim",
        "grass",
        "outdoor",
        "rock",
        "water",
    ]
    assert all(
        {p.name for p in context.iterdir()} == set(nico.CLASSES) for context in folder.iterdir()
    )
    assert counts["nico"] == {"contexts": 6, "classes": 7, "images": 42} and _pictures(folder) == 42
    assert json.loads((root / "dg_label_id_mapping.json").read_text()) == {
        "car": 0,
        "truck": 3,
        "motorcycle": 26,
        "bus": 33,
        "sailboat": 35,
        "ship": 40,
        "bicycle": 42,
    }


def test_the_four_pairs_use_each_class_that_is_written():
    assert len(nico.PAIRS) == 4 and {name for pair in nico.PAIRS for name in pair} == set(
        nico.CLASSES
    )


def test_dtd_has_its_47_classes_and_ten_partitions_in_thirds(tiny):
    root, counts = tiny
    assert (
        list(textures.CLASSES) == DTD == sorted(p.name for p in (root / "dtd" / "images").iterdir())
    )
    assert counts["dtd"] == {"classes": 47, "images": 47} and _pictures(root / "dtd") == 47
    assert (root / "dtd/images/polka-dotted/polka-dotted_0001.jpg").exists()
    lists = sorted(p.name for p in (root / "dtd" / "labels").iterdir())
    assert len(lists) == 31 and "labels_joint_anno.txt" in lists and "val10.txt" in lists
    assert (root / "dtd/labels/labels_joint_anno.txt").read_text().splitlines()[
        0
    ] == "banded/banded_0001.jpg banded"


def test_a_partition_of_dtd_holds_every_picture_once_and_differs_from_the_next():
    six = world.World("six", photos=2, train=1, val=1, coco=2, dtd=6)
    first, second = dtd.partition(six, 1), dtd.partition(six, 2)
    assert {part: len(paths) for part, paths in first.items()} == {
        "train": 94,
        "val": 94,
        "test": 94,
    }
    assert (
        sorted(sum(first.values(), [])) == sorted(row.path for row in dtd.plan(six))
        and first != second
    )
    assert set(Counter(path.split("/")[0] for path in first["val"]).values()) == {2}


def test_a_render_holds_the_new_folders_and_declares_their_counts(tmp_path):
    render(tmp_path, TINY, workers=1)
    assert {"LAION-final", "track_1", "dtd"} <= {p.name for p in tmp_path.iterdir()}
    counts = json.loads((tmp_path / "bap-world.json").read_text())["counts"]
    assert counts["counteranimal"] == {"classes": 4, "common": 4, "counter": 4}
    assert counts["nico"] == {"contexts": 6, "classes": 7, "images": 42}


def _pictures(folder: Path) -> int:
    return sum(Image.open(path).mode == "RGB" for path in folder.rglob("*.jpg"))


# Cut-outs.


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn_with_any_accidents_and_individuals_differ(kind):
    made = [_cut(kind, seed, length=40) for seed in range(24)]
    assert len({picture.tobytes() for picture in made}) == 24
    assert all(picture.mode == "RGBA" and max(picture.size) == 40 for picture in made)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_out_is_tight_and_its_mask_is_full_inside_and_soft_at_the_edge(kind):
    picture = _cut(kind, 5, length=90)
    alpha = np.asarray(picture.getchannel("A"))
    assert alpha.max() == 255 and ((alpha > 0) & (alpha < 255)).mean() > 0.005
    assert min(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_hangs_together(kind):
    for seed in range(6):  # no floating wheels: one outline holds all but specks of the mask
        alpha = np.pad(np.asarray(_cut(kind, seed, length=90).getchannel("A")), 1)
        found = _largest_part(alpha > 100)
        assert found > 0.97 * (alpha > 100).sum()


def _largest_part(mask: np.ndarray) -> int:
    best, left = 0, mask.copy()
    while left.any():
        part = np.zeros_like(left)
        part[np.unravel_index(left.argmax(), left.shape)] = True
        grown = part
        while (grown := _spread(part) & left).sum() > part.sum():
            part = grown
        best, left = max(best, int(part.sum())), left & ~part
    return best


def _spread(part: np.ndarray) -> np.ndarray:
    rows = part | np.roll(part, 1, 0) | np.roll(part, -1, 0)
    return rows | np.roll(rows, 1, 1) | np.roll(rows, -1, 1)


def test_edges_carry_the_colours_of_the_thing_and_no_fringe():
    picture = np.asarray(_cut(vehicles.by_name("bus"), 3, length=120), dtype=int)
    edge = (picture[..., 3] > 40) & (picture[..., 3] < 200)
    inside = picture[picture[..., 3] == 255][:, :3]
    assert edge.any() and all(
        np.abs(inside - colour).sum(axis=1).min() < 60 for colour in picture[edge][:, :3]
    )


def test_the_nine_vehicles_have_coco_and_nico_names_and_two_are_withheld():
    names = [v.name for v in vehicles.VEHICLES]
    assert len(names) == len(set(names)) == 9 and set(nico.CLASSES) <= set(names)
    known = {entry["name"] for entry in coco.categories() if entry["supercategory"] == "vehicle"}
    assert {v.coco for v in vehicles.VEHICLES} == known
    assert {v.name for v in vehicles.VEHICLES if v.withheld} == {"truck", "motorcycle"}
    with pytest.raises(ValueError, match="no vehicle 'rocket'.*bicycle"):
        vehicles.by_name("rocket")


def test_a_vehicle_has_four_homes_as_a_bird_has():
    for vehicle in vehicles.VEHICLES:
        assert len(set(vehicle.home)) == 4 and set(vehicle.home) <= set(backgrounds.CATEGORIES)
        assert world.habitat(vehicle, np.random.default_rng(0), loyalty=1.0) in vehicle.home


def test_kinds_share_their_paints_so_that_colour_does_not_tell_them_apart():
    def tints(name):
        found = []
        for seed in range(40):
            pixels = np.asarray(_cut(vehicles.by_name(name), seed), dtype=float)
            colour = pixels[pixels[..., 3] == 255][:, :3].mean(axis=0)
            # panes and tyres darken some kinds more; the tint is what paint decides
            found.append(colour / colour.sum())
        return np.array(found)

    car, bus = tints("car"), tints("bus")
    assert (
        np.abs(car.mean(axis=0) - bus.mean(axis=0)) < np.minimum(car.std(axis=0), bus.std(axis=0))
    ).all()


def test_figures_differ_in_the_paint_of_the_cloak_and_in_nothing_else():
    for seed in range(12):
        red, blue = (
            np.asarray(_cut(kind, seed, length=200), dtype=int) for kind in figures.FIGURES
        )
        assert np.array_equal(red[..., 3], blue[..., 3])
        rows, _ = np.nonzero(np.abs(red - blue).sum(axis=2) > 30)
        # the hat, and below it the face, are the same
        assert len(rows) > 1000 and rows.min() > 0.2 * 200


def test_the_two_figures_are_persons_for_coco_with_words_that_name_the_paint_only():
    assert {f.coco for f in figures.FIGURES} == {"person"}
    assert [f.words for f in figures.FIGURES] == ["red-cloaked figure", "blue-cloaked figure"]


def test_rounded_corners_stay_inside_the_polygon_and_keep_its_sides():
    box = draft.rounded([(0, 0), (4, 0), (4, 2), (0, 2)], 0.5)
    assert np.allclose(box.min(axis=0), 0) and np.allclose(box.max(axis=0), (4, 2))
    assert not (np.abs(box).sum(axis=1) < 0.2).any()  # the corner itself is cut off
    assert np.allclose(draft.rounded([(0, 0), (1, 0), (0, 1)], 0.0), [(0, 0), (1, 0), (0, 1)])


# Textures, places and photographs.


@pytest.mark.parametrize("name", textures.CLASSES)
def test_every_texture_can_be_drawn_with_any_accidents(name):
    made = [
        textures.draw(name, np.random.default_rng(seed), width=40, height=30) for seed in range(6)
    ]
    assert len({picture.tobytes() for picture in made}) == 6
    assert all(picture.mode == "RGB" and picture.size == (40, 30) for picture in made)
    assert max(np.asarray(picture.convert("L")).std() for picture in made) > 4


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


@pytest.mark.parametrize("context", contexts.CONTEXTS)
def test_every_context_can_be_drawn_with_any_accidents(context):
    made = {
        contexts.draw(context, np.random.default_rng(seed), width=32, height=24).tobytes()
        for seed in range(8)
    }
    assert len(made) == 8


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


def test_vehicles_stand_low_and_are_not_centred():
    boxes = [
        nico.photograph(
            vehicles.by_name("car"), "rock", np.random.default_rng(seed), width=100, height=90
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
    with pytest.raises(ValueError, match="'furry' is no texture.*woven"):
        textures.draw("furry", np.random.default_rng(0), width=8, height=8)
    with pytest.raises(ValueError, match="no context 'night'.*autumn"):
        contexts.draw("night", np.random.default_rng(0), width=8, height=8)


def test_the_new_contact_sheets_show_every_kind():
    assert gallery.vehicle_sheet().height > 600 and gallery.figure_sheet().width > 500
    assert gallery.pair_sheet().width > 700 and gallery.texture_sheet().width > 1400
    assert gallery.context_sheet().height > 1400
