"""What is drawn: objects, scenery, textures, and photographs of objects in scenery."""

import numpy as np
import pytest
from PIL import Image

from bap_core.micro import world
from bap_core.micro.drawing import draft, figures, kinds, vehicles
from bap_core.micro.drawing.birds import SPECIES, lookalikes
from bap_core.micro.drawing.kinds import Kind
from bap_core.micro.drawing.pen import Drawing, smooth, tube
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.formats import coco, nico

EVERY_KIND: tuple[Kind, ...] = (*kinds.BIRDS, *vehicles.VEHICLES, *figures.FIGURES)


def _cut(kind: Kind, seed: int, *, length: int = 60) -> Image.Image:
    return kinds.draw(kind, np.random.default_rng(seed), length=length)


def _alpha(kind: Kind, seed: int, *, length: int) -> np.ndarray:
    return np.asarray(_cut(kind, seed, length=length).getchannel("A"))


def _bird(number: int):
    return next(species for species in SPECIES if species.number == number)


# Objects.


def test_half_of_the_species_are_water_birds_and_their_names_are_cubs_own():
    assert sum(s.is_water for s in SPECIES) == 12 == len(SPECIES) // 2
    assert len({s.folder for s in SPECIES}) == 24
    assert _bird(17).folder == "017.Cardinal" and _bird(1).words == "black footed albatross"


def test_every_home_is_a_category_and_water_birds_live_near_water():
    for species in SPECIES:
        assert len(set(species.home[:4])) == 4 and set(species.home) <= set(backgrounds.CATEGORIES)
        assert (species.home[0] in backgrounds.WET) == species.is_water


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


def test_every_kind_can_be_drawn_with_any_accidents_and_individuals_differ():
    for kind in EVERY_KIND:
        made = [_cut(kind, seed, length=40) for seed in range(24)]
        assert len({picture.tobytes() for picture in made}) == 24, kind.name
        assert {picture.mode for picture in made} == {"RGBA"}
        longest = {40, 41} if kind in kinds.BIRDS else {40}  # rounding may add a pixel
        assert {max(picture.size) for picture in made} <= longest, kind.name


def test_a_cut_out_is_tight_and_its_mask_is_full_inside_and_soft_at_the_edge():
    for kind in EVERY_KIND:
        alpha = _alpha(kind, 5, length=90)
        assert alpha.max() == 255 and ((alpha > 0) & (alpha < 255)).mean() > 0.005, kind.name
        edges = (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1])
        assert min(edge.max() for edge in edges) > 0, kind.name


def test_a_vehicle_or_figure_hangs_together():
    loose = []
    for kind in (*vehicles.VEHICLES, *figures.FIGURES):
        for seed in range(6):  # no floating wheels: one outline holds all but specks of the mask
            mask = np.pad(_alpha(kind, seed, length=90), 1) > 100
            if _largest_part(mask) <= 0.97 * mask.sum():
                loose.append((kind.name, seed))
    assert not loose


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
        rows, _ = np.nonzero(np.abs(red - blue).sum(axis=2) > 2)  # old cloaks are nearly grey
        # the hat, and below it the face, are the same
        assert len(rows) > 1000 and rows.min() > 0.2 * 200


def test_the_two_figures_are_persons_for_coco_with_words_that_name_the_paint_only():
    assert {f.coco for f in figures.FIGURES} == {"person"}
    assert [f.words for f in figures.FIGURES] == ["red-cloaked figure", "blue-cloaked figure"]


def test_a_drawing_is_mirrored_left_to_right_and_stays_upright():
    def drawn(*, mirrored):
        drawing = Drawing()
        drawing.add([(0, 0), (4, 0), (0, 2)], (200, 0, 0))
        return np.asarray(drawing.finish(length=40, mirrored=mirrored).getchannel("A")) > 100

    plain = drawn(mirrored=False)
    assert plain[2, 2] and plain[2, 30] and not plain[17, 30]  # the right angle is up and left
    assert (drawn(mirrored=True) == plain[:, ::-1]).mean() > 0.97


def test_tubes_and_curves_pass_through_what_they_are_given():
    assert np.allclose(
        smooth([(0, 0), (2, 0), (2, 2), (0, 2)], steps=4)[::4], [(0, 0), (2, 0), (2, 2), (0, 2)]
    )
    assert np.allclose(np.abs(tube([(0, 0), (1, 0)], (2, 4))[:, 1]), [1, 2, 2, 1])


def test_rounded_corners_stay_inside_the_polygon_and_keep_its_sides():
    box = draft.rounded([(0, 0), (4, 0), (4, 2), (0, 2)], 0.5)
    assert np.allclose(box.min(axis=0), 0) and np.allclose(box.max(axis=0), (4, 2))
    assert not (np.abs(box).sum(axis=1) < 0.2).any()  # the corner itself is cut off
    assert np.allclose(draft.rounded([(0, 0), (1, 0), (0, 1)], 0.0), [(0, 0), (1, 0), (0, 1)])
