"""Asked for by several processes at once: one computes, the others wait, all get the same."""

import contextlib
import io
import os
import tempfile
from pathlib import Path

import children
import pipeline
import small

from bap_core import store
from bap_core.encoders import features

KIND = "race"
RUNNERS = 3


def test_what_several_ask_for_at_once_is_computed_once(tmp_path, outcomes, budget):
    pipeline.paint(tmp_path / "pictures")
    encoder = small.encoder("transformer")
    objects = pipeline.pool(tmp_path / "pictures").objects
    _ = encoder.key, objects.key  # known before the race
    for turn in range(budget(5, 50)):
        home = tmp_path / f"home{turn}"
        found = race(lambda: features.extract(encoder, objects), encoder.tally, home)
        made = sum(encoded for encoded, _ in found)
        whole = len({values for _, values in found}) == 1 and made == len(objects)
        outcomes(KIND, "survived" if whole else "wrong", f"turn {turn}: {found}")


def race(work, tally, home: Path) -> list[tuple[int, bytes]]:
    """Of every runner: pictures encoded, and the values that it got."""
    reading, writing = os.pipe()

    def run():
        os.close(writing)
        os.read(reading, 1)  # ends for all of them at once, when the last writer closes
        before = tally.encoded
        values = work()
        return tally.encoded - before, values.numpy().tobytes()

    with contextlib.ExitStack() as stack:
        answers = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(RUNNERS)]
        started = [children.start(run, home=home, answer=answer.fileno()) for answer in answers]
        os.close(writing)
        os.close(reading)
        for child in started:
            os.waitpid(child, 0)
        return [children.read(answer) for answer in answers]


class LettingGo(io.StringIO):
    """Takes lines, and tells the other process to go on at the first."""

    def __init__(self, writing: int):
        super().__init__()
        self._writing = writing

    def write(self, text: str) -> int:
        os.write(self._writing, b"x")
        return super().write(text)


def test_who_waits_is_told_for_whom(tmp_path, monkeypatch):
    monkeypatch.setattr(store.locks, "PATIENCE", 0.05)
    lock, (reading, writing) = tmp_path / "a.lock", os.pipe()

    def hold():
        with store.alone(lock, "making anchors"):
            os.write(writing, b"held")
            os.read(other_reading, 1)

    other_reading, other_writing = os.pipe()
    child = children.start(hold, home=tmp_path)
    os.read(reading, 4)
    told = LettingGo(other_writing)
    with store.alone(lock, "making anchors too", show=told):
        pass
    os.waitpid(child, 0)
    assert f"waiting for process {child}, making anchors since" in told.getvalue()
