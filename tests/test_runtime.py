import io
import sys

import pytest
import torch

from bap_core import runtime


def test_generators_repeat_and_differ_by_every_name():
    draws = [
        torch.rand(4, generator=runtime.generator(seed, *names))
        for seed, names in [(0, ("a",)), (0, ("a",)), (1, ("a",)), (0, ("b",)), (0, ("a", 1))]
    ]
    assert torch.equal(draws[0], draws[1])
    assert all(not torch.equal(draws[0], other) for other in draws[2:])


def test_numpy_twin_repeats_too():
    assert (
        runtime.rng(3, "x").random() == runtime.rng(3, "x").random() != runtime.rng(4, "x").random()
    )


def test_home_follows_its_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("BAP_HOME", str(tmp_path))
    assert runtime.home() == tmp_path


def test_an_unusable_device_is_named(monkeypatch):
    monkeypatch.setenv("BAP_DEVICE", "abacus")
    with pytest.raises(ValueError, match="BAP_DEVICE='abacus'"):
        runtime.device()


@pytest.mark.parametrize(
    ("able", "dtype"),
    [
        ({"avx2": True, "avx512_bf16": False}, torch.float32),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
    ],
)
def test_a_processor_computes_in_bfloat16_only_if_it_has_instructions_for_it(
    monkeypatch, able, dtype
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert runtime.compute_dtype(torch.device("cpu")) == dtype


def test_prefetching_keeps_the_order_and_passes_errors_on():
    assert list(runtime.prefetch(iter(range(50)))) == list(range(50))

    def broken():
        yield 1
        raise ValueError("second is broken")

    stream = runtime.prefetch(broken())
    assert next(stream) == 1
    with pytest.raises(ValueError, match="second is broken"):
        next(stream)


class Screen(io.StringIO):
    def isatty(self):
        return True


def shown_of(monkeypatch, *, notebook, by_runner):
    """What a bar of two slow steps writes to either stream."""
    out, err = Screen(), Screen()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    if notebook:
        monkeypatch.setitem(sys.modules, "ipykernel", object())
    else:
        monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    if by_runner:
        monkeypatch.setenv("BAP_PROFILE", "micro")
    else:
        monkeypatch.delenv("BAP_PROFILE", raising=False)
    bar = runtime.progress([], total=2, label="work")
    bar.delay, bar.mininterval, bar.start_t = 0, 0, 0.0
    bar.update(1)
    bar.close()
    return out.getvalue(), err.getvalue()


def test_a_bar_is_shown_in_the_terminal_and_to_who_works_in_a_notebook_but_not_on_a_page(
    monkeypatch,
):
    out, err = shown_of(monkeypatch, notebook=False, by_runner=False)
    assert not out and "work" in err
    out, err = shown_of(monkeypatch, notebook=True, by_runner=False)
    assert "work" in out and not err
    assert shown_of(monkeypatch, notebook=True, by_runner=True) == ("", "")


class Clock:
    """Goes on by a second whenever it is looked at."""

    now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


def test_on_a_page_that_is_run_the_innermost_bar_tells_its_share_in_a_file(monkeypatch, tmp_path):
    path = tmp_path / "bar"
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setenv(runtime.BAR_FILE, str(path))
    monkeypatch.setattr("tqdm.std.time", Clock())
    seen = []
    for _ in runtime.progress(range(2), label="outer"):
        inner = runtime.progress(range(4), label="inner")
        seen += [path.read_text() if path.exists() else "none" for _ in inner]
    assert seen == ["none", "25 %", "50 %", "75 %", "50 %", "25 %", "50 %", "75 %"]
    assert path.read_text() == ""
    assert not runtime._ToldBar._opened


def test_a_bar_that_is_left_early_or_cannot_be_told_stops_nothing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setenv(runtime.BAR_FILE, str(tmp_path / "nowhere" / "bar"))
    monkeypatch.setattr("tqdm.std.time", Clock())
    bar = runtime.progress(iter("abc"), label="without a total")
    for _ in bar:
        break
    bar.close()
    bar = runtime.progress([], total=2)
    bar.update(1)
    bar.close()
    assert not runtime._ToldBar._opened
