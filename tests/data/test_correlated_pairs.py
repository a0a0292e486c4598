"""CounterAnimal, NICO++ and DTD on small folders in their layouts, with the traps of real
copies.
"""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from on_disk import declare, save
from PIL import Image

from bap_core.data import correlated_pairs, counteranimal, dtd, images, nico, nico_table
from bap_core.data.nico import CONTEXTS
from bap_core.report.scales import scale_of

pytestmark = pytest.mark.usefixtures("home")


def fill(folder, n, ending=".jpg"):
    for number in range(n):
        save(folder / f"{number}{ending}", size=(4, 3))


@pytest.fixture
def animals(tmp_path):
    """Brambling and bulbul, which mirror each other, a pelican, and what lies beside them."""
    root = tmp_path / "data"
    for name, n in {
        "10 brambling, Fringilla montifringilla/common-grass": 10,
        "10 brambling, Fringilla montifringilla/counter-sky": 3,
        "16 bulbul/common-sky": 6,
        "16 bulbul/counter-grass": 2,
        "144 pelican/common-water": 4,
        "144 pelican/counter-sky": 1,
    }.items():
        fill(root / "LAION-final" / name, n)
    (root / "LAION-final" / "imagenet_names.txt").write_text("x")
    (root / "LAION-final" / "loader.py").write_text("x")
    fill(root / "LAION-final" / "__pycache__", 1)
    fill(root / "ImageNet-final" / "10 brambling/common-grass", 5)
    declare(root, counteranimal={"classes": 3, "common": 20, "counter": 6})
    return root


def test_counteranimal_trains_on_common_photographs_and_tests_on_a_fifth_and_all_counter_ones(
    animals,
):
    scenes = counteranimal(animals, seed=0)
    assert scenes.name == "counteranimal brambling/bulbul"
    assert (scenes.labels, scenes.backgrounds) == (("brambling", "bulbul"), ("grass", "sky"))
    counted = {
        split: np.bincount(scenes.select(split=split).groups, minlength=4).tolist()
        for split in ("train", "test")
    }
    assert counted == {"train": [8, 0, 0, 5], "test": [2, 3, 2, 1]}  # fifths of 10 and 6, rounded
    assert scenes.group_names[1] == "brambling on sky" and scenes.image(0).size == (4, 3)


def test_the_class_is_the_whole_integer_and_the_side_is_the_first_word(animals):
    folder = animals / "LAION-final"
    fill(folder / "1 ostrich/common-ground", 1)
    (folder / "10 brambling, Fringilla montifringilla").rename(folder / "10_brambling")
    (folder / "16 bulbul/common-sky").rename(folder / "16 bulbul/Common_Sky")
    (folder / "16 bulbul/counter-grass/0.jpg").rename(
        folder / "16 bulbul/counter-grass/with a blank.JPEG"
    )
    (folder / "16 bulbul/counter-grass/notes.txt").write_text("x")
    (folder / "16 bulbul/counter-grass/._1.jpg").write_text("x")
    fill(folder / "16 bulbul/counterfeit", 1)
    declare(animals, counteranimal={"classes": 4, "common": 21, "counter": 6})
    scenes = counteranimal(animals, seed=0, classes=(16, 10))
    assert scenes.labels == ("bulbul", "brambling") and scenes.backgrounds == ("sky", "grass")
    assert np.bincount(scenes.groups).tolist() == [6, 2, 3, 10]
    assert "16 bulbul/counter-grass/with a blank.JPEG" in scenes.frame["image"].tolist()


def test_the_folder_itself_may_be_the_root_and_the_imagenet_variant_beside_it_is_not_mixed_in(
    animals,
):
    inside = counteranimal(animals / "LAION-final", seed=0)
    assert inside.fingerprint == counteranimal(animals, seed=0).fingerprint
    (animals / "CounterAnimal").mkdir()
    (animals / "LAION-final").rename(animals / "CounterAnimal/LAION-final")
    assert len(counteranimal(animals, seed=0)) == 21


def test_seeds_list_the_same_photographs_and_hold_out_others(animals):
    drawn = [counteranimal(animals, seed=seed) for seed in range(5)]
    assert (
        len({scenes.key for scenes in drawn}) == 1
        and len({scenes.fingerprint for scenes in drawn}) > 1
    )
    assert counteranimal(animals, seed=0).fingerprint == drawn[0].fingerprint


def test_photographs_are_fitted_by_the_smart_crop_unless_another_is_asked_for(animals, vehicles):
    for scenes in (counteranimal(animals, seed=0), nico(vehicles, seed=0, smallest=5)):
        assert scenes.margin == (50, 0.1) and scenes.square(0, 8).shape == (3, 8, 8)
    assert counteranimal(animals, seed=0, margin=None).margin is None
    assert nico(vehicles, seed=0, smallest=5, margin=(5, 0.2)).margin == (5, 0.2)


def test_counteranimal_refuses_what_makes_no_four_groups(animals):
    with pytest.raises(
        ValueError,
        match=r"brambling \(common \['grass'\], counter \['sky'\]\) and pelican .* do not mirror",
    ):
        counteranimal(animals, seed=0, classes=(10, 144))
    with pytest.warns(UserWarning, match="do not mirror"):
        assert counteranimal(animals, seed=0, classes=(10, 144), strict=False).backgrounds == (
            "grass",
            "water",
        )
    with pytest.raises(
        ValueError, match=r"classes=\(10, 83\): two different ImageNet indices of \[10, 16, 144\]"
    ):
        counteranimal(animals, seed=0, classes=(10, 83))
    save(animals / "LAION-final/016 bulbul again/common-sky/0.jpg")
    with pytest.raises(ValueError, match="'016 bulbul again' and '16 bulbul' are both class 16"):
        counteranimal(animals, seed=0)


def test_counteranimal_counts_the_release_and_says_what_is_missing(animals, tmp_path):
    (animals / "bap-world.json").unlink()
    with pytest.raises(
        ValueError,
        match="classes: 3, expected 45; common: 20, expected 7174; counter: 6, expected 5926",
    ):
        counteranimal(animals, seed=0)
    with pytest.warns(UserWarning, match="brambling common: 10, expected 117"):
        assert scale_of([counteranimal(animals, seed=0, strict=False)]) == "paper"
    with pytest.raises(
        FileNotFoundError, match="LAION-final is missing. CounterAnimal: .*bap doctor"
    ):
        counteranimal(tmp_path / "elsewhere", seed=0)


def test_photographs_that_are_cut_off_are_counted_and_left_out_and_grey_ones_stay(animals):
    folder = animals / "LAION-final/16 bulbul/counter-grass"
    Image.effect_noise((80, 60), 60).save(folder / "0.jpg")  # one channel
    whole = (folder / "0.jpg").read_bytes()
    (folder / "1.jpg").write_bytes(whole[: -len(whole) // 3])
    scenes = counteranimal(animals, seed=0)
    assert scenes.skipped == {"truncated, or not a picture": 1} and len(scenes) == 20
    grey = scenes.frame["image"].tolist().index("16 bulbul/counter-grass/0.jpg")
    assert scenes.image(grey).mode == "RGB"
    (folder / "1.jpg").write_bytes(whole)
    assert len(counteranimal(animals, seed=0)) == 21 and images.is_whole(folder / "1.jpg")


def test_photographs_are_read_once_and_again_when_one_changes(animals, monkeypatch):
    read = []
    whole = images.is_whole
    monkeypatch.setattr(images, "is_whole", lambda path: read.append(path) or whole(path))
    for seed in (0, 1):
        counteranimal(animals, seed=seed)
    assert len(read) == 21
    save(animals / "LAION-final/16 bulbul/common-sky/0.jpg", size=(40, 30))
    assert len(counteranimal(animals, seed=0)) == 21 and len(read) == 42


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=4, max_size=4),
    seed=st.integers(0, 5),
    more=st.integers(1, 5),
)
def test_every_photograph_is_used_once_and_other_cells_do_not_shift_the_draw(sizes, seed, more):
    def split(sizes):
        cells = {
            (i // 2, i % 2): [f"{i}/{k:02d}.png" for k in range(n)] for i, n in enumerate(sizes)
        }
        scenes = correlated_pairs.correlate(
            "toys", root, cells, labels=("a", "b"), backgrounds=("p", "q"), seed=seed, margin=None
        )
        return scenes.frame.set_index("image")["split"], scenes

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        patch.setattr(
            correlated_pairs, "readable", lambda root, files: np.ones(len(files), dtype=bool)
        )
        splits, scenes = split(sizes)
        train = np.bincount(scenes.select(split="train").groups, minlength=4).tolist()
        assert train == [sizes[0] - round(0.2 * sizes[0]), 0, 0, sizes[3] - round(0.2 * sizes[3])]
        assert (
            len(splits) == sum(sizes)
            and splits.index.is_unique
            and set(splits) <= {"train", "test"}
        )
        other, _ = split([sizes[0], sizes[1] + more, sizes[2], sizes[3] + more])
        assert other[splits.index[: sizes[0]]].tolist() == splits.tolist()[: sizes[0]]


def contexts(folder, *, classes=("car", "truck", "hot air balloon"), n=5):
    for context in CONTEXTS:
        for name in classes:
            fill(folder / context / name, n)


@pytest.fixture
def vehicles(tmp_path):
    """Three classes of five photographs in six contexts, in the layout of the challenge's
    archive.
    """
    contexts(tmp_path / "track_1/public_dg_0416/train")
    fill(tmp_path / "track_1/public_dg_0416/public_test_flat", 2)
    declare(tmp_path, nico={"contexts": 6, "classes": 3, "images": 90})
    return tmp_path


def test_nico_trains_each_class_in_its_context_and_tests_on_the_swapped_cells(vehicles):
    scenes = nico(vehicles, seed=0, smallest=5)
    assert (scenes.name, scenes.labels, scenes.backgrounds) == (
        "nico car/truck",
        ("car", "truck"),
        ("grass", "water"),
    )
    counted = {
        split: np.bincount(scenes.select(split=split).groups, minlength=4).tolist()
        for split in ("train", "test")
    }
    assert counted == {"train": [4, 0, 0, 4], "test": [1, 5, 5, 1]}
    assert scenes.path(0) == vehicles / "track_1/public_dg_0416/train/grass/car/0.jpg"


@pytest.mark.parametrize(
    "around", ["", "track_1/track_1/public_dg_0416/train", "NICO_DG", "NICO++/train"]
)
def test_nico_is_found_in_the_folders_that_copies_have(tmp_path, around):
    contexts(tmp_path / around, classes=("car", "hot_air_balloon"))
    fill(tmp_path / "train2017", 3)
    declare(tmp_path, nico={"contexts": 6, "classes": 2, "images": 60})
    scenes = nico(
        tmp_path, seed=0, classes=("hot air balloon", "Car"), contexts=("Rock", "dim"), smallest=1
    )
    assert scenes.labels == ("hot air balloon", "car") and len(scenes) == 20


def test_nico_accepts_the_papers_short_names_and_merges_spellings_of_one_class(tmp_path):
    contexts(tmp_path, classes=("bicycle", "motorcycle", "fishing rod"), n=2)
    fill(tmp_path / "water/Fishing_Rod", 3, ending=".PNG")
    declare(tmp_path, nico={"contexts": 6, "classes": 3, "images": 39})
    assert nico(tmp_path, seed=0, classes=("bike", "motorbike"), smallest=1).labels == (
        "bicycle",
        "motorcycle",
    )
    table = nico_table(tmp_path)
    assert (
        table.loc["fishing rod", "water"] == 5
        and table.to_numpy().sum() == 39
        and list(table.columns) == sorted(CONTEXTS)
    )


def test_nico_refuses_small_cells_unknown_names_and_wrong_counts(vehicles, tmp_path):
    with pytest.raises(
        ValueError,
        match="fewer than smallest=20 photographs: {'car in grass': 5, 'car in water': 5",
    ):
        nico(vehicles, seed=0, smallest=20)
    with pytest.warns(UserWarning, match="fewer than smallest=20"):
        assert len(nico(vehicles, seed=0, smallest=20, strict=False)) == 20
    with pytest.raises(ValueError, match="no 'trukc' among its 3 classes; did you mean 'truck'"):
        nico(vehicles, seed=0, classes=("car", "trukc"), smallest=1)
    with pytest.raises(ValueError, match="no 'snow' among its 6 contexts"):
        nico(vehicles, seed=0, contexts=("snow", "rock"), smallest=1)
    with pytest.raises(ValueError, match=r"classes=\['car', 'car'\]: two different ones"):
        nico(vehicles, seed=0, classes=("car", "Car"), smallest=1)
    (vehicles / "bap-world.json").unlink()
    with pytest.raises(ValueError, match="classes: 3, expected 60; images: 90, expected 88866"):
        nico(vehicles, seed=0, smallest=1)
    with pytest.raises(
        FileNotFoundError, match="track_1/public_dg_0416/train is missing. NICO.*: track_1.zip"
    ):
        nico(tmp_path / "elsewhere", seed=0)


def test_a_cell_of_a_small_world_may_be_small_but_not_smaller_than_its_world_says(vehicles):
    folder = vehicles / "track_1/public_dg_0416/train"
    assert len(nico(vehicles, seed=0)) == 20  # 90 photographs in 18 cells: five each
    (folder / "grass/car/0.jpg").rename(folder / "rock/car/more.jpg")
    with pytest.raises(ValueError, match="fewer than smallest=5 photographs: {'car in grass': 4"):
        nico(vehicles, seed=0)


@pytest.mark.parametrize(
    "declared", [None, {}, {"nico": {"contexts": 6, "classes": 3, "images": 18 * 30}}]
)
def test_of_the_release_and_of_large_worlds_a_cell_must_have_twenty(vehicles, declared):
    (vehicles / "bap-world.json").unlink()
    if declared is not None:
        declare(vehicles, **declared)
    with pytest.warns(UserWarning, match="fewer than smallest=20 photographs"):
        nico(vehicles, seed=0, strict=False)


def test_nico_without_all_contexts_is_read_when_the_two_are_there_and_it_need_not_be_whole(
    tmp_path,
):
    for context in ("grass", "water"):
        for name in ("car", "truck"):
            fill(tmp_path / "train" / context / name, 2)
    with pytest.raises(FileNotFoundError):
        nico(tmp_path, seed=0)
    with pytest.warns(UserWarning, match="contexts: 2, expected 6"):
        assert len(nico(tmp_path, seed=0, smallest=1, strict=False)) == 8


@pytest.mark.parametrize("around", ["dtd", "dtd/dtd", "."])
def test_dtd_lists_the_textures_by_class_and_ignores_other_files(tmp_path, around):
    for name in ("polka-dotted", "banded"):
        for number in (1, 2):
            save(tmp_path / around / "images" / name / f"{name}_{number:04d}.jpg", size=(5, 4))
    (tmp_path / around / "images/banded/.directory").write_text("x")
    declare(tmp_path, dtd={"classes": 2, "images": 4, "smallest class": 2})
    textures = dtd(tmp_path)
    assert textures.frame["category"].tolist() == [
        "banded",
        "banded",
        "polka-dotted",
        "polka-dotted",
    ]
    assert textures.name == "dtd" and textures.image(3).size == (5, 4)


def test_dtd_counts_47_classes_of_120_and_says_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="dtd-r1.0.1.tar.gz"):
        dtd(tmp_path)
    save(tmp_path / "dtd/images/banded/banded_0001.jpg")
    with pytest.raises(
        ValueError,
        match="classes: 1, expected 47; images: 1, expected 5640; smallest class: 1, expected 120",
    ):
        dtd(tmp_path)
    with pytest.warns(UserWarning, match="expected 5640"):
        assert len(dtd(tmp_path, strict=False)) == 1
    (tmp_path / "dtd/images/banded/banded_0001.jpg").unlink()
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="no textures here"):
        dtd(tmp_path, strict=False)
