"""The machine: where files live, which device computes, in which number format, and where
randomness comes from.

Randomness is never global. Every draw comes from a generator derived from a seed and the names of
what it is for, so an added experiment cannot shift the draws of the others.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
import platformdirs
import torch
from tqdm import tqdm

from bap_core import processes

BAR_FILE = "BAP_BAR"  # where a notebook that `bap run` executes tells how far its bar is

Item = TypeVar("Item")

_BFLOAT16 = ("amx_bf16", "avx512_bf16", "bf16")  # of processors; the last is ARM's name


def project() -> Path | None:
    """Root of the checkout that this package is imported from, or None for an ordinary
    installation.
    """
    root = Path(__file__).resolve().parent.parent
    return root if (root / "_toc.yml").exists() and (root / "notebooks").is_dir() else None


def home() -> Path:
    """Folder of every cache: ``$BAP_HOME``, else ``.bap`` in the checkout, else the user's cache
    folder.
    """
    if chosen := os.environ.get("BAP_HOME"):
        return Path(chosen).expanduser().resolve()
    root = project()
    return root / ".bap" if root else Path(platformdirs.user_cache_dir("bap"))


def device() -> torch.device:
    """``$BAP_DEVICE`` if set, else the first CUDA device, else the CPU. ValueError if the named
    one cannot be used.
    """
    own = os.environ.get("LOCAL_RANK")  # of several processes, each has a GPU of its own
    found = f"cuda:{own}" if own else "cuda"
    name = os.environ.get("BAP_DEVICE") or (found if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=name)
        return torch.device(name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"BAP_DEVICE={name!r} cannot be used here ({error}): unset it, or use 'cpu'"
        ) from None


def compute_dtype(device: torch.device) -> torch.dtype:
    """Autocast format on ``device``: bfloat16 (Table 17) where the hardware computes in it, else
    float32.

    A processor without such instructions emulates them: measured 13 times slower than float32.
    """
    if device.type == "cuda":
        return (
            torch.bfloat16
            if torch.cuda.is_bf16_supported(including_emulation=False)
            else torch.float32
        )
    if device.type == "cpu":
        abilities = torch.cpu.get_capabilities()
        return torch.bfloat16 if any(abilities.get(name) for name in _BFLOAT16) else torch.float32
    return torch.bfloat16


def processor(device: torch.device) -> str:
    """What computes, as far as the last bits of a forward pass hang on it: the name of the GPU, or
    "cpu" with the instructions that are used.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"


def threads(device: torch.device) -> int | None:
    """Threads that share the sums of a training step on a CPU; None on another device.

    Measured with the micro encoders and ViT-B/32: embeddings are equal for one and two threads and
    for any batch size, weights differ in their last bits after one step.
    """
    return torch.get_num_threads() if device.type == "cpu" else None


def use_page_threads() -> None:
    """Compute with as many threads as `bap run` gives a page, so that a notebook that somebody
    works in finds what a run has kept, and the other way round.
    """
    torch.set_num_threads(processes.page_threads())


def _derived(seed: int, names: tuple) -> int:
    return int(sha256(repr((int(seed), *names)).encode()).hexdigest()[:15], 16)


def generator(seed: int, *names: str | int) -> torch.Generator:
    """CPU torch generator for the purpose that ``names`` spell out."""
    return torch.Generator().manual_seed(_derived(seed, names))


def rng(seed: int, *names: str | int) -> np.random.Generator:
    """NumPy generator for the purpose that ``names`` spell out; the twin of `generator`."""
    return np.random.default_rng(_derived(seed, names))


def progress(
    iterable: Iterable[Item], *, total: int | None = None, label: str = "", unit: str = "it"
) -> "tqdm[Item]":
    """Show a bar while iterating, or at its ``update``: in the terminal, and as one line below the
    cell of a notebook that somebody works in, once it takes more than some seconds.

    In a notebook that `bap run` executes nothing is shown: frames of a bar would fill the page, and
    the runner shows its own line, with the share that it finds in the file ``$BAP_BAR``.
    """
    in_notebook = "ipykernel" in sys.modules
    if in_notebook and (told := os.environ.get(BAR_FILE)):
        return _ToldBar(iterable, Path(told), total=total)
    silent = "BAP_PROFILE" in os.environ if in_notebook else not sys.stderr.isatty()
    look = {"file": sys.stdout, "delay": 5, "mininterval": 2} if in_notebook else {}
    shown = {"file": sys.stderr, "disable": silent, "leave": False, **look}
    return tqdm(iterable, total=total, desc=label, unit=unit, **shown)


class _ToldBar(tqdm):
    """A bar that is told instead of drawn: the share done of the innermost one goes to a file, at
    most once a second; "" when there is none.
    """

    monitor_interval = 0  # no thread that looks after slow bars: each step looks at the clock
    _opened: ClassVar[list["_ToldBar"]] = []

    def __init__(self, iterable: Iterable, path: Path, *, total: int | None):
        self._path, self._is_told = path, False
        self._opened.append(self)
        nowhere = io.StringIO()  # for what tqdm itself writes at the end
        super().__init__(
            iterable, total=total, file=nowhere, leave=False, delay=1, mininterval=1, miniters=1
        )

    def display(self, *_, **__) -> None:
        """What tqdm calls to draw; an outer bar waits until the inner one is closed."""
        if self._opened and self._opened[-1] is self:
            self._tell(f"{100 * self.n // self.total} %" if self.total else "")

    def close(self) -> None:
        """Leave the file to the bar around this one."""
        # one by one, since bars on the same line of a screen are equal to tqdm
        self._opened[:] = [bar for bar in self._opened if bar is not self]
        if self._is_told:
            self._tell("")
            self._is_told = False
        super().close()

    def _tell(self, text: str) -> None:
        self._is_told = True
        with contextlib.suppress(OSError):  # nothing that a full disk should stop
            self._path.write_text(text, encoding="utf-8")


def prefetch(items: Iterable[Item]) -> Iterator[Item]:
    """Iterate while a thread prepares the next item, so that reading pictures overlaps with
    encoding them.
    """
    stream = iter(items)
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(list, islice(stream, 1))  # a list of one, or of none at the end
        while found := coming.result():
            coming = thread.submit(list, islice(stream, 1))
            yield found[0]
