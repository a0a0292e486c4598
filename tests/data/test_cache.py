"""Prepared pictures in memory: the one cache, its limit, and what is read through it."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import psutil
import pytest
from PIL import Image

from bap_core.data import Backgrounds, Scenes, cache
from bap_core.data.cache import CachedPictures, ImageCache


@pytest.fixture
def grounds(tmp_path):
    """Five rows of one picture, which nobody opens."""
    return Backgrounds("grounds", tmp_path, pd.DataFrame({"image": ["a.png"] * 5, "category": "x"}))


@pytest.fixture
def fresh(monkeypatch):
    """As in a process that has not asked for its image cache yet."""
    cache._made.cache_clear()
    yield
    cache._made.cache_clear()


def test_every_row_is_read_once_and_the_unusable_are_dropped(grounds):
    asked = []

    def prepare(listing, row):
        asked.append(row)
        if row == 3:
            raise ValueError("row 3 is broken")
        return np.full(4, row)

    pictures = CachedPictures(grounds, prepare, cache=ImageCache(1000), kind="background")
    assert pictures.check() == [
        {"kind": "background", "image": "a.png", "reason": "row 3 is broken"}
    ]
    assert len(pictures.listing) == 4 and pictures.rows.tolist() == [0, 1, 2, 4]
    assert pictures.get(3).tolist() == [4] * 4
    assert {i: row[0] for i, row in pictures.get_many(np.array([0, 3, 3])).items()} == {0: 0, 3: 4}
    assert sorted(asked) == [0, 1, 2, 3, 4]


def test_the_cache_keeps_to_its_limit_and_drops_the_least_recently_used():
    memory, row = ImageCache(100), np.zeros(40, np.uint8)
    for name in "ab":
        memory.keep(name, row)
    assert memory.get("a") is row
    memory.keep("c", row)
    assert memory.get("b") is None and memory.get("a") is row and memory.nbytes == 80
    assert memory.keep("large", np.zeros(101, np.uint8)).size == 101 and memory.get("large") is None


def test_a_process_has_one_cache_even_if_threads_ask_first_and_at_once(fresh):
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: cache.image_cache(), range(64)))
    assert len({id(one) for one in found}) == 1


def test_its_limit_is_a_part_of_the_machine_or_what_is_asked_for(fresh, monkeypatch):
    monkeypatch.delenv("BAP_CACHE_GB", raising=False)
    for total, limit in ((4 * 10**9, 10**9), (10**12, 8 * 10**9)):
        memory = type("Memory", (), {"total": total})
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        assert cache.memory_limit() == limit
    for text, limit in (("0.5", 500_000_000), ("0", 0), ("20", 20 * 10**9)):
        monkeypatch.setenv("BAP_CACHE_GB", text)
        assert cache.memory_limit() == limit
    assert cache.image_cache().limit == 20 * 10**9


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf"])
def test_a_limit_that_is_no_amount_of_memory_is_refused(monkeypatch, text):
    monkeypatch.setenv("BAP_CACHE_GB", text)
    with pytest.raises(ValueError, match=f"BAP_CACHE_GB='{text}': a number of gigabytes"):
        cache.memory_limit()


def test_pictures_of_two_listings_never_meet_in_one_cache(grounds):
    kept = ImageCache(1000)
    one, other = (
        CachedPictures(grounds, lambda _, row, n=n: np.full(4, 10 * n + row), cache=kept, kind="x")
        for n in (1, 2)
    )
    again = one.prepared_by(lambda _, row: np.full(4, 30 + row))
    assert [pictures.get(2)[0] for pictures in (one, other, again, one)] == [12, 22, 32, 12]


def test_a_scene_is_read_once_for_all_encoders_and_again_when_its_file_changes(
    tmp_path, monkeypatch
):
    Image.new("RGB", (8, 8), (250, 0, 0)).save(tmp_path / "a.png")
    frame = pd.DataFrame(
        [{"image": "a.png", "label": 0, "background": 0, "split": "test", "group": 0}]
    )
    read, image = [], Scenes.image
    monkeypatch.setattr(Scenes, "image", lambda self, i: read.append(i) or image(self, i))
    whole, part = (
        Scenes("one", tmp_path, frame, ("a", "b"), ("c", "d")).select(split="test")
        for _ in range(2)
    )
    assert (whole.square(0, 4) == part.square(0, 4)).all() and len(read) == 1
    assert whole.square(0, 6).shape == (3, 6, 6) and len(read) == 2
    Image.new("RGB", (8, 8), (0, 0, 250)).save(tmp_path / "a.png")
    os.utime(tmp_path / "a.png", (1, 1))
    assert whole.square(0, 4)[2].mean() > 200 and len(read) == 3
