"""The catalogue: what every entry says, and what is lacking below a data root."""

import re
from urllib.parse import urlsplit

import pytest

from bap_core import cli, micro
from bap_core.data import catalogue
from bap_core.data.acquire import fetch, status
from bap_core.micro.world import World


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A micro world of a few pictures, in the official formats."""
    root = tmp_path_factory.mktemp("world")
    micro.render(root, World("tiny", photos=2, train=2, val=1, coco=4, nico=3), workers=1)
    return str(root)


@pytest.mark.parametrize("name", catalogue.CATALOGUE)
def test_every_entry_says_what_a_reader_has_to_know(name):
    source = catalogue.source(name)
    assert source.title and source.where and source.licence and source.counts and source.folders
    assert len({archive.name for archive in source.archives}) == len(source.archives)
    for archive in source.archives:
        assert (
            archive.holds
            and re.fullmatch("([0-9a-f]{32})?", archive.md5)
            and bool(archive.md5) <= bool(archive.bytes)
        )
        assert archive.name not in archive.holds or not archive.name.endswith(fetch.SUFFIXES)


@pytest.mark.parametrize(
    "size, text",
    [(999, "999 bytes"), (39272883, "39.3 MB"), (1150585339, "1.15 GB"), (26103685120, "26.1 GB")],
)
def test_sizes_are_written_for_people(size, text):
    assert catalogue.readable(size) == text


def test_the_download_of_cub_is_added_up_by_hand():
    assert status.needed(catalogue.source("cub").archives) == "1.19 GB"
    # validation pictures are an extra
    assert status.needed(catalogue.source("places").archives) == "26.1 GB"
    assert status.needed(catalogue.source("waterbirds").archives) == "about 500 MB"
    assert status.needed(catalogue.source("nico").archives) == "1 file of unpublished size"


def test_an_address_is_that_of_its_file_and_a_plain_one_has_a_checksum_to_hold_it_to():
    addressed = [
        archive
        for source in catalogue.CATALOGUE.values()
        for archive in source.archives
        if archive.address
    ]
    for archive in addressed:
        found = urlsplit(archive.address)
        assert found.scheme in ("http", "https") and found.path.endswith(f"/{archive.name}"), (
            archive
        )
        assert found.scheme == "https" or archive.md5, (
            f"{archive.name}: nothing would show that another file came"
        )
    assert len({archive.address for archive in addressed}) == len(addressed)


def test_the_datasets_without_a_direct_address_are_known():
    by_hand = {
        name
        for name, source in catalogue.CATALOGUE.items()
        if not all(archive.address for archive in source.archives)
    }
    assert by_hand == {"counteranimal", "nico", "places205", "waterbirds-1.0"}
    assert not any(
        archive.address for name in by_hand for archive in catalogue.source(name).archives
    )


def test_a_misspelt_dataset_gets_the_nearest_name():
    with pytest.raises(ValueError, match="did you mean 'waterbirds'"):
        catalogue.source("waterbird")


@pytest.mark.parametrize(
    "path, left",
    [
        ("CUB_200_2011/images.txt", ["segmentations.tgz"]),
        ("images.txt", ["segmentations.tgz"]),
        ("CUB_200_2011/segmentations/a.png", ["CUB_200_2011.tgz"]),
        ("segmentations/a.png", ["CUB_200_2011.tgz"]),
    ],
)
def test_an_archive_is_there_once_its_content_is_in_any_of_the_usual_places(tmp_path, path, left):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    assert [archive.name for archive in catalogue.lacking(tmp_path, "cub")] == left


def test_an_archive_that_is_being_unpacked_is_not_there_yet(tmp_path):
    (tmp_path / "segmentations").mkdir()
    _, masks = catalogue.source("cub").archives
    assert masks.there(tmp_path)
    masks.unpacking(tmp_path).mkdir()
    assert masks.there(tmp_path) is None


def test_extras_are_lacking_only_if_they_are_asked_for(tmp_path):
    assert [archive.name for archive in catalogue.lacking(tmp_path, "coco")] == [
        "annotations_trainval2017.zip",
        "train2017.zip",
    ]
    assert "val2017.zip" in [
        archive.name for archive in catalogue.lacking(tmp_path, "coco", extras=True)
    ]


def test_the_list_shows_every_dataset_with_licence_size_and_what_is_missing(tmp_path, capsys):
    assert cli.main(["data", "list", "--root", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    for name, source in catalogue.CATALOGUE.items():
        assert f"\n{name} " in shown and source.title in shown and source.archives[0].name in shown
    assert all(len(line) <= 80 for line in shown.splitlines()[1:])


@pytest.mark.parametrize(
    "name", ["cub", "waterbirds", "places", "coco", "counteranimal", "nico", "dtd"]
)
def test_a_check_of_the_micro_world_finds_everything_and_its_loader_agrees(tiny, capsys, name):
    assert cli.main(["data", "check", name, "--root", tiny]) == 0
    assert re.search(
        r": unpacked as .*(.|\n)*its loader finds [\d,]+ rows", capsys.readouterr().out
    )


def test_a_check_fails_for_what_is_missing(tmp_path, capsys):
    assert cli.main(["data", "check", "waterbirds", "--root", str(tmp_path)]) == 1
    assert "(about 500 MB): missing" in capsys.readouterr().out


def test_a_check_shows_what_the_loader_objects_to_and_a_wrong_archive(tmp_path, capsys):
    folder = tmp_path / "waterbird_complete95_forest2water2"
    folder.mkdir()
    (folder / "metadata.csv").write_text(
        "img_id,img_filename,y,split,place,place_filename\n1,a.jpg,0,0,0,/o/ocean/1.jpg\n"
    )
    assert (
        not status.check("waterbirds", tmp_path)
        and "train: 1, expected 4795" in capsys.readouterr().out
    )
    (tmp_path / "segmentations.tgz").write_bytes(b"short")
    assert (
        not status.check("cub", tmp_path)
        and "5 bytes, expected 39,272,883" in capsys.readouterr().out
    )


def test_an_index_of_the_micro_places_counts_its_pictures(tiny, capsys, home):
    assert cli.main(["data", "index", "places", "--root", tiny]) == 0
    assert re.search(r"train: 80 pictures \(.*\) in 41 folders", capsys.readouterr().out)
