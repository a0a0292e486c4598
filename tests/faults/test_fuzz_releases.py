"""Copies of the official releases with odd lines, bytes and names: each is read, or refused by the
name of what is odd.
"""

import warnings
from pathlib import Path

import pytest
from hypothesis import strategies as st
from on_disk import bird_texts, declare, flat_scenes, save, waterbird_table

from bap_core.data import counteranimal, cub, dtd, folders, nico, places, waterbirds

WORDS = st.one_of(
    st.text(max_size=6), st.integers(-3, 9).map(str), st.floats().map(str),
    st.sampled_from(["²", "1" * 5000, "../x.jpg", "/etc/x.jpg", "a.jpg\0", " ", "nan", '"', "1,2"]),
)  # fmt: skip


@st.composite
def damages(draw, files: list[str]):
    """Which file, and a change of its lines: (content in bytes -> content)."""
    file, at, word = draw(st.sampled_from(files)), draw(st.integers(0, 400)), draw(WORDS)
    put = word.encode("utf-8", "surrogatepass")

    def exchange_word(content: bytes) -> bytes:
        separator = b"," if b"," in content else b" "
        lines = content.split(b"\n")
        words = lines[at % len(lines)].split(separator)
        words[at % len(words)] = put
        lines[at % len(lines)] = separator.join(words)
        return b"\n".join(lines)

    def repeat_line(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join([*lines, lines[at % len(lines)]]) if lines else put

    def put_bytes(content: bytes) -> bytes:
        place = at % (len(content) + 1)
        return content[:place] + put + content[place:]

    def cut(content: bytes) -> bytes:
        return content[: at % (len(content) + 1)]

    def flip(content: bytes) -> bytes:
        place = at % max(1, len(content))
        flipped = bytes(byte ^ 0xC0 for byte in content[place : place + 1])
        return content[:place] + flipped + content[place + 1 :]

    changes = [exchange_word, repeat_line, put_bytes, cut, flip]
    return file, draw(st.sampled_from(changes))


def stays_below(root: Path, names: list[str]) -> bool:
    return all((root / name).resolve().is_relative_to(root.resolve()) for name in names)


TEXTS = {
    "cub": (bird_texts, cub),
    "waterbirds": (waterbird_table, waterbirds),
    "places": (flat_scenes, lambda root: places(root, part="val")),
}


@pytest.mark.parametrize("name", TEXTS)
def test_fuzz_a_text_file_of_a_release_is_read_or_named(fuzz, tmp_path, name):
    make, load = TEXTS[name]
    whole = {path: path.read_bytes() for path in make(tmp_path)}

    def run(drawn):
        for path, content in whole.items():
            path.write_bytes(content)
        for path, change in drawn:
            path.write_bytes(change(path.read_bytes()))
        listing = load(tmp_path)
        assert len(listing) > 0
        for column in {"image", "mask"} & set(listing.frame):
            assert stays_below(listing.root, listing.frame[column].tolist())
        if name == "cub":
            assert listing.frame["image_id"].is_unique
            assert (listing.frame[["width", "height"]] > 0).all(axis=None)

    odd = st.lists(damages(list(whole)), min_size=1, max_size=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other groups than the release's, as they should
        fuzz(odd, run, clear=(ValueError, FileNotFoundError), naming=str(tmp_path))


PARTS = st.one_of(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1,
            max_size=8),
    st.sampled_from(["10 brambling", "16 bulbul", "10", "²", "9" * 30, "common-grass",
                     "counter-sky", "common-", "Common_Sky", "._x.jpg", "x.JPG", "x.png", ".x",
                     "autumn", "Grass", "grass", "bicycle", "car", "banded", "images", "dtd",
                     "masks", "1_mask.png", "1.png", "annotations", "x.json", "1.gif"]),
)  # fmt: skip
FOLDERS = {
    "dtd": ("dtd/images", ["a/1.jpg", "b/2.jpg"], dtd),
    "counteranimal": (
        "LAION-final",
        [f"{bird}/{side}-{ground}/{n}.jpg"
         for bird, grounds in (("10 brambling", ("grass", "sky")), ("16 bulbul", ("sky", "grass")))
         for side, ground in zip(("common", "counter"), grounds) for n in range(5)],
        lambda root: counteranimal(root, seed=0),
    ),
    "nico": (
        "track_1/public_dg_0416/train",
        [f"{context}/{name}/{n}.jpg"
         for context in ("grass", "water") for name in ("car", "truck") for n in range(5)],
        lambda root: nico(root, seed=0, smallest=1, strict=False),
    ),
    "own objects": (
        "mine",
        [f"duck/{n}{ending}" for n in range(2) for ending in (".jpg", "_mask.png")],
        lambda root: folders.objects(root / "mine"),
    ),
    "own backgrounds": (
        "mine", ["sky/1.jpg", "2.jpg"], lambda root: folders.backgrounds(root / "mine")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDERS)
def test_fuzz_a_folder_of_a_release_with_odd_names_is_read_or_named(fuzz, tmp_path_factory, name):
    top, usual, load = FOLDERS[name]

    def run(drawn):
        root = tmp_path_factory.mktemp("odd")
        declare(root)
        for file in usual:
            save(root / top / file, colour=(255, 255, 255))
        for parts, is_folder in drawn:
            add(root / top / Path(*parts), is_folder)
        listing = load(root)
        images = {str(image).removeprefix("images/") for image in listing.frame["image"]}
        assert {file for file in usual if not file.endswith("_mask.png")} <= images
        assert all((listing.root / image).is_file() for image in listing.frame["image"])

    odd = st.tuples(st.lists(PARTS, min_size=1, max_size=3), st.booleans())
    fuzz(st.lists(odd, max_size=4), run, sample=30, clear=(ValueError, FileNotFoundError))


def add(path: Path, is_folder: bool) -> None:
    """A folder or an empty file, if its name can be had here."""
    try:
        if is_folder:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    except OSError:
        pass
