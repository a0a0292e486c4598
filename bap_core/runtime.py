"""The machine: where files live, which device computes, in which number format, and where
randomness comes from.

Randomness is never global. Every draw comes from a generator derived from a seed and the names of
what it is for, so an added experiment cannot shift the draws of the others.
"""

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import platformdirs
import torch
from tqdm import tqdm

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
    name = os.environ.get("BAP_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
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


def end_with_parent(parent: int) -> None:
    """From now on this process ends within a second or so of the process ``parent`` that started
    it, however that ended: one that is killed cannot stop its children.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
    the runner shows its own line.
    """
    in_notebook = "ipykernel" in sys.modules
    silent = "BAP_PROFILE" in os.environ if in_notebook else not sys.stderr.isatty()
    look = {"file": sys.stdout, "delay": 5, "mininterval": 2} if in_notebook else {}
    shown = {"file": sys.stderr, "disable": silent, "leave": False, **look}
    return tqdm(iterable, total=total, desc=label, unit=unit, **shown)


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
