"""Whether memory depends on the number of composites: 300,000 of them stream through, and are not
kept.

    python -m benchmarks.streaming [--n 300000] [--size 64] [--cache 16] [--k 10] [--world
    micro-smoke]

composites  batches of random objects on random backgrounds, made and dropped
anchors     `anchors` with K backgrounds an object, and an encoder that costs next to nothing

The world's few pictures are listed over and over as if they were different ones, 30,000 objects and
20,000 backgrounds at the default, so that the cache (``--cache`` in MB) overflows early and goes on
dropping pictures. At every tenth a line gives composites/s, and the resident and the peak memory of
the process. Memory is flat if the resident size never exceeds its largest value in the first tenth
by more than 5 %. Exit code 1 if it is not.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import psutil
import torch.nn.functional as F
from torch import Tensor

from bap_core import data, micro, runtime
from bap_core.data.cache import ImageCache
from bap_core.encoders import Tally
from bap_core.method.anchors import compute_anchors
from bap_core.method.compositing import Compositor
from benchmarks.ratios import empty_store

BATCH, BACKGROUNDS = 256, 20_000
# of the resident size; all of torch lies in it, so this is some 40 MB, or 150 bytes a composite of
# 300,000
GROWTH = 0.05


def main() -> bool:
    """Parse, stream both ways, print. Returns whether memory was flat in both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--n", type=int, default=300_000, help="composites each way, 10 batches or more"
    )
    parser.add_argument("--size", type=int, default=64, help="side of a composite in pixels")
    parser.add_argument(
        "--cache", type=int, default=16, help="the compositor's limit for prepared pictures, in MB"
    )
    parser.add_argument("--k", type=int, default=10, help="backgrounds per anchor")
    parser.add_argument("--world", default="micro-smoke", help="data root")
    chosen = parser.parse_args()
    cache = chosen.cache << 20
    if min(chosen.n // 10, BACKGROUNDS) * 3 * chosen.size**2 < cache:
        parser.error(
            f"a tenth of {chosen.n:,} composites does not fill a cache of {chosen.cache} "
            "MB, so memory would still "
            "grow as it should: take more composites or a smaller cache"
        )
    root = micro.resolve(chosen.world)
    print(f"{chosen.n:,} composites of {chosen.size} px each way, a cache of {chosen.cache} MB")
    flat = [
        way(
            pool(root, n=chosen.n, k=chosen.k, size=chosen.size, cache_bytes=cache),
            n=chosen.n,
            k=chosen.k,
        )
        for way in (composites, through_anchors)
    ]
    return all(flat)


def pool(root, *, n: int, k: int, size: int, cache_bytes: int) -> Compositor:
    """n / k objects and `BACKGROUNDS` backgrounds of a world, every picture listed as often as
    it takes.
    """
    objects, backgrounds = data.cub(root), data.places(root)
    return Compositor(
        objects.take(np.arange(n // k) % len(objects)),
        backgrounds.take(np.arange(BACKGROUNDS) % len(backgrounds)),
        size=size,
        seed=0,
        cache=ImageCache(cache_bytes),
    )


def composites(compositor: Compositor, *, n: int, k: int) -> bool:
    """Random pairs as `additivity_scores` draws them, in batches. Returns whether memory was
    flat.
    """
    draw = runtime.rng(0, "streaming")
    # neighbours share their cut-out
    objects = np.sort(draw.integers(len(compositor.objects), size=n))
    backgrounds = draw.integers(len(compositor.backgrounds), size=n)
    meter = Meter("composites", n)
    for start in range(0, n, BATCH):
        meter.saw(
            len(
                compositor.batch(objects[start : start + BATCH], backgrounds[start : start + BATCH])
            )
        )
    return meter.verdict()


def through_anchors(compositor: Compositor, *, n: int, k: int) -> bool:
    """An anchor for every object, in an empty store. Returns whether memory was flat."""
    meter = Meter("anchors", len(compositor.objects) * k)
    with empty_store():
        compute_anchors(
            MeanColour(meter, compositor.size), compositor, k=k, seed=0, batch_size=BATCH
        )
    return meter.verdict()


class MeanColour:
    """An encoder that costs next to nothing: the mean colour of a picture, at unit norm."""

    name = key = "mean colour"
    dim = 3

    def __init__(self, meter: "Meter", size: int):
        self.meter, self.size, self.tally = meter, size, Tally()

    def encode_images(self, pictures: Tensor) -> Tensor:
        """uint8 (B, 3, S, S) -> (B, 3) float32."""
        self.meter.saw(len(pictures))
        return F.normalize(pictures.float().mean(dim=(2, 3)), dim=1)


class Meter:
    """Counts what streams by and watches the memory of the process. resident: gives its size in
    MB now.
    """

    def __init__(self, label: str, total: int, *, resident: Callable[[], float] | None = None):
        self.label, self.total, self.seen = label, total, 0
        self._resident = resident or _resident
        self._before, self._first, self._later = self._resident(), 0.0, 0.0
        self._start = time.perf_counter()

    def saw(self, n: int) -> None:
        """Note ``n`` more composites; prints a line whenever another tenth is full."""
        before, self.seen = self.seen, self.seen + n
        now = self._resident()
        if before < self.total / 10:
            self._first = max(self._first, now)
        else:
            self._later = max(self._later, now)
        if 10 * self.seen // self.total > 10 * before // self.total:
            rate = self.seen / (time.perf_counter() - self._start)
            print(
                f"{self.label:10s} {self.seen:9,}  {rate:7,.0f}/s  resident {now:6,.0f} MB, peak "
                f"{_peak():6,.0f} MB",
                flush=True,
            )

    @property
    def growth(self) -> float:
        """MB by which the resident size exceeded, later on, its largest value in the first
        tenth; 0 if it never did.
        """
        return max(0.0, self._later - self._first)

    @property
    def flat(self) -> bool:
        """Whether the growth stayed within `GROWTH` of the resident size of the first tenth."""
        return self.growth <= GROWTH * self._first

    def verdict(self) -> bool:
        """Print whether memory stayed flat, and return it. ValueError if nothing came after the
        first tenth.
        """
        if not self._later:
            raise ValueError(
                f"{self.label}: {self.seen} composites are too few to tell; take 10 batches or more"
            )
        state = "flat" if self.flat else "NOT FLAT"
        print(
            f"{self.label:10s} memory {state}: {self.growth:+.1f} MB after the first tenth, "
            f"{GROWTH * self._first:.0f} MB allowed "
            f"(resident: {self._before:,.0f} MB before, {self._first:,.0f} MB in it)",
            flush=True,
        )
        return self.flat


def _resident() -> float:
    return psutil.Process().memory_info().rss / 1e6


def _peak() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    sys.exit(not main())
