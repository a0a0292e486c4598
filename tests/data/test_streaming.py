"""The benchmark of memory: what it calls flat is flat, and what is kept is found out."""

import mmap
import sys

import pytest

from bap_core import micro
from bap_core.micro.world import World
from benchmarks import streaming


def metered(sizes, *, total=20):
    """A meter that saw two composites at each of these resident sizes in MB."""
    coming = iter([300, *sizes])
    meter = streaming.Meter("toy", total, resident=lambda: next(coming))
    for _ in sizes:
        meter.saw(2)
    return meter


def test_what_grows_in_the_first_tenth_alone_is_flat():
    meter = metered([400, *[390] * 9])
    assert meter.growth == 0 and meter.flat and meter.verdict()


def test_five_percent_of_growth_are_allowed_and_no_more():
    assert metered([400, *[400] * 8, 420]).flat
    grown = metered([400, *[400] * 8, 421])
    assert grown.growth == 21 and not grown.flat and not grown.verdict()


def test_a_peak_that_went_away_again_counts():
    assert not metered([400, 400, 500, *[400] * 7]).flat


def test_every_tenth_gets_a_line_and_the_last_one_says_the_verdict(capsys):
    assert not metered([400, *[440] * 9]).verdict()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11 and "20 " in lines[9] and "resident    440 MB" in lines[9]
    assert (
        "NOT FLAT: +40.0 MB" in lines[10]
        and "20 MB allowed (resident: 300 MB before, 400 MB in it)" in lines[10]
    )


def test_too_few_composites_are_no_verdict():
    with pytest.raises(ValueError, match="too few"):
        metered([400], total=2).verdict()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("world")
    micro.render(root, World("tiny", photos=2, train=1, val=1, coco=2), workers=1)
    return root


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["streaming", *map(str, arguments)])
    return streaming.main()


def test_every_composite_of_both_ways_is_counted(world, home, monkeypatch, capsys):
    monkeypatch.setattr(streaming, "BACKGROUNDS", 400)
    run(monkeypatch, "--world", world, "--n", 2000, "--size", 48, "--cache", 1)
    shown = capsys.readouterr().out
    assert (
        "composites     2,000" in shown
        and "anchors        2,000" in shown
        and shown.count(" memory ") == 2
    )


def test_composites_that_are_kept_are_found_out(world, monkeypatch):
    compositor, kept = streaming.pool(world, n=2000, k=10, size=48, cache_bytes=1 << 20), []
    make = compositor.batch

    def hoarding(objects, backgrounds):
        kept.append(make(objects, backgrounds))
        return kept[-1]

    # 6.9 kB a composite, counted here: a worker's heap has room that its size does not show
    monkeypatch.setattr(compositor, "batch", hoarding)
    monkeypatch.setattr(
        streaming, "_resident", lambda: 100 + sum(batch.nbytes for batch in kept) / 1e6
    )
    assert not streaming.composites(compositor, n=2000, k=10)


def test_a_cache_that_would_still_fill_later_on_is_refused(world, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, "--world", world, "--n", 3000, "--cache", 64)
    assert "does not fill a cache of 64 MB" in capsys.readouterr().err


def test_the_resident_size_is_that_of_the_process():
    before = streaming._resident()
    # of the system, not of the heap, whose free room would be reused
    with mmap.mmap(-1, 100_000_000) as block:
        block.write(b"1" * 100_000_000)
        assert 80 < streaming._resident() - before < 200
