"""What grows with the number of composites, and how: time in proportion, memory not at all."""

import subprocess
import sys

import numpy as np

from bap_core.method.alignment import CompositeBatches, Contexts
from benchmarks.ratios import seconds
from benchmarks.table import Row

FEW, MANY = 1_000, 100_000


def rows(compositor, *, repeats: int) -> list[Row]:
    """Time of eight times as many composites over eight times that of one, and peak memory of
    `MANY` over that of `FEW`.
    """
    times = [proportion(compositor) for _ in range(repeats)]
    memory = [peak(MANY) / peak(FEW)]
    return [
        Row("8 N M composites / 8 times N M", times, "<= 1.1"),
        Row("memory, 100,000 / 1,000 composites", memory, "<= 1.1"),
    ]


def proportion(compositor) -> float:
    """Seconds of an epoch with eight times as many contexts, over eight times those of one."""
    taken = {}
    for m in (4, 32):
        batches = CompositeBatches(compositor, Contexts(m=m, epochs=1, batch_size=128, seed=0))
        taken[m] = seconds(lambda batches=batches: sum(len(rows) for rows, _ in batches.epoch(0)))
    return taken[32] / (8 * taken[4])


def peak(n: int) -> float:
    """Peak memory in MB of a process of its own that makes so many composites."""
    code = f"from benchmarks import growth; print(growth.stream({n}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def stream(n: int) -> float:
    """Make and drop so many composites of the small world; peak memory in MB."""
    from bap_core import micro
    from benchmarks import streaming

    pool = streaming.pool(micro.resolve("micro-smoke"), n=FEW, k=10, size=64, cache_bytes=1 << 20)
    draw = np.random.default_rng(0)
    for start in range(0, n, streaming.BATCH):
        size = min(streaming.BATCH, n - start)
        pairs = (draw.integers(len(one), size=size) for one in (pool.objects, pool.backgrounds))
        pool.batch(*pairs)
    return streaming._peak()
