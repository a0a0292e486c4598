"""Ordered textures, one function per DTD class: lines, grids, weaves, dots and scales.

Each takes a `Plane` and returns (H, W) floats within 0..1: how much of the second colour is seen,
or how high the surface is.
"""

import numpy as np

from bap_core.micro.drawing.textures.plane import Plane, saw, step, tent, wave


def banded(p: Plane) -> np.ndarray:
    """Broad bands of several tones."""
    y = p.warp(0.015, 2).y * p.uniform(5, 8)
    tones = np.concatenate([p.rng.permutation([0, 0.3, 0.65, 1.0]) for _ in range(16)])
    return tones[np.floor(y + 0.12 * np.sin(4 * np.pi * y)).astype(int) % 64]


def striped(p: Plane) -> np.ndarray:
    """Equal stripes of two colours with hard edges."""
    return step(wave((p.y + p.uniform(-0.6, 0.6) * p.x) * p.uniform(4, 10)) - 0.5, soft=0.2)


def lined(p: Plane) -> np.ndarray:
    """Thin parallel lines with wide gaps."""
    return step(0.07 - tent(p.y * p.uniform(7, 13)), soft=0.05)


def grooved(p: Plane) -> np.ndarray:
    """Parallel channels with round ridges between them."""
    return np.sqrt(np.abs(np.sin(np.pi * p.y * p.uniform(6, 12))))


def pleated(p: Plane) -> np.ndarray:
    """Folds of cloth: each rises slowly and falls at once."""
    t = saw(p.warp(0.015, 2).x * p.uniform(5, 9))
    return t * step(0.94 - t, soft=0.12)


def frilly(p: Plane) -> np.ndarray:
    """Ruffles: rows of cloth with waving hems."""
    x, y = p.warp(0.02, 3).x * p.uniform(4, 7), p.y * p.uniform(4, 6)
    t = saw(y + 0.16 * np.sin(2 * np.pi * x))
    return np.sqrt(t) * (0.55 + 0.45 * wave(x + 0.25 + 0.1 * t)) * step(0.95 - t, soft=0.1)


def zigzagged(p: Plane) -> np.ndarray:
    """Chevrons."""
    return step(
        wave(p.y * p.uniform(4, 7) + p.uniform(1.4, 2.4) * tent(p.x * p.uniform(3, 5))) - 0.5,
        soft=0.2,
    )


def crosshatched(p: Plane) -> np.ndarray:
    """Two sets of thin pen strokes that cross."""
    p.warp(0.01, 6)
    a = step(0.10 - tent((p.x + p.y) * p.uniform(10, 14)), soft=0.08)
    b = step(0.10 - tent((p.x - 0.8 * p.y) * p.uniform(10, 14)), soft=0.08)
    return np.maximum(a * step(p.noise(6) - 0.25, soft=0.2), b * step(p.noise(6) - 0.35, soft=0.2))


def chequered(p: Plane) -> np.ndarray:
    """Squares of two colours by turns."""
    f = p.uniform(5, 9)
    return step(np.sin(np.pi * p.x * f) * np.sin(np.pi * p.y * f), soft=0.15)


def grid(p: Plane) -> np.ndarray:
    """Thin lines that cross at right angles."""
    f, thin = p.uniform(5, 9), p.uniform(0.05, 0.10)
    return np.maximum(step(thin - tent(p.x * f)), step(thin - tent(p.y * f)))


def meshed(p: Plane) -> np.ndarray:
    """A net of wires with lozenge-shaped holes."""
    f, a, b = p.uniform(5, 8), p.x + 0.7 * p.y, p.x - 0.7 * p.y
    return np.maximum(
        step(0.13 - tent(a * f)) * (0.75 + 0.25 * wave(b * f / 2)),
        step(0.13 - tent(b * f)) * (0.75 + 0.25 * wave(a * f / 2 + 0.5)),
    )


def waffled(p: Plane) -> np.ndarray:
    """Square hollows between thick bars."""
    f = p.uniform(4, 7)
    return 1 - step(np.minimum(tent(p.x * f), tent(p.y * f)) - 0.14, soft=0.20)


def _over_under(p: Plane, f: float, width: float) -> np.ndarray:
    x, y = p.x * f, p.y * f
    up = (np.floor(x) + np.floor(y)) % 2
    across, along = np.abs(saw(x) - 0.5), np.abs(saw(y) - 0.5)
    warp = np.where(
        across < width, np.cos(np.pi * across) * (0.72 + 0.28 * np.cos(np.pi * along)), 0
    )
    weft = np.where(
        along < width, np.cos(np.pi * along) * (0.72 + 0.28 * np.cos(np.pi * across)), 0
    )
    return np.where(
        up, np.where(warp > 0, warp, 0.6 * weft), np.where(weft > 0, 0.82 * weft, 0.6 * warp)
    )


def woven(p: Plane) -> np.ndarray:
    """Close threads that go over and under each other."""
    return _over_under(p, p.uniform(9, 14), 0.47)


def interlaced(p: Plane) -> np.ndarray:
    """Broad bands that pass over and under, with holes between."""
    return _over_under(p, p.uniform(4, 6), 0.36)


def gauzy(p: Plane) -> np.ndarray:
    """Fine open cloth, seen through in folds."""
    f, fold = p.uniform(22, 30), p.noise(3, 2, octaves=2)
    p.warp(0.02, 3)
    return np.clip(0.30 * np.maximum(wave(p.x * f), wave(p.y * f)) + 0.9 * fold - 0.1, 0, 1)


def braided(p: Plane) -> np.ndarray:
    """Plaits side by side: strands lean to alternate sides."""
    x = p.x * p.uniform(5, 8)
    lean = np.where(np.floor(x) % 2 == 0, saw(x), 1 - saw(x))
    return np.sqrt(np.abs(np.sin(np.pi * (p.y * p.uniform(5, 8) + 0.8 * lean)))) * (
        0.35 + 0.65 * np.sin(np.pi * saw(x))
    )


def knitted(p: Plane) -> np.ndarray:
    """Columns of stitches shaped like a V."""
    x, y = p.warp(0.01, 3).x * p.uniform(6, 9), p.y * p.uniform(8, 12)
    side = tent(x)
    return np.abs(np.sin(np.pi * (y + 1.5 * side))) * np.clip(
        4 * np.minimum(side, 0.5 - side) + 0.25, 0, 1
    )


def dotted(p: Plane) -> np.ndarray:
    """Many small dots in rows."""
    return step(
        0.22 - p.cells(p.uniform(9, 14), loose=0, staggered=p.rng.random() < 0.5).near, soft=0.1
    )


def polka_dotted(p: Plane) -> np.ndarray:
    """Big dots in staggered rows."""
    return step(
        p.uniform(0.26, 0.34) - p.cells(p.uniform(4, 6), loose=0, staggered=True).near, soft=0.05
    )


def perforated(p: Plane) -> np.ndarray:
    """A plate with a regular field of holes."""
    return step(
        p.cells(p.uniform(6, 9), loose=0, staggered=p.rng.random() < 0.6).near
        - p.uniform(0.24, 0.32),
        soft=0.12,
    )


def studded(p: Plane) -> np.ndarray:
    """Round-headed studs in rows."""
    near = p.cells(p.uniform(4, 7), loose=0, staggered=p.rng.random() < 0.5).near
    return np.sqrt(np.clip(1 - (near / 0.34) ** 2, 0, 1))


def honeycombed(p: Plane) -> np.ndarray:
    """Hexagonal cells with thin walls."""
    cells = p.warp(0.008, 4).cells(p.uniform(5, 8), loose=0, staggered=True)
    return 1 - step(cells.second - cells.near - 0.13, soft=0.16)


def scaly(p: Plane) -> np.ndarray:
    """Rounded plates, each row lying over the next."""
    x, y = p.x * p.uniform(6, 9), p.y * p.uniform(7, 10)
    row, t = np.floor(y), saw(y)
    above, own = (np.abs(saw(x + 0.5 * (r % 2)) - 0.5) for r in (row - 1, row))
    covered = t < 0.85 * np.sqrt(np.clip(1 - (2 * above) ** 2, 0, 1))
    return np.where(covered, 0.45 + 0.30 * t * (1 - above), 0.12 + 0.40 * t * (1 - own))


def lacelike(p: Plane) -> np.ndarray:
    """Open-work rosettes joined by a fine net."""
    f = p.uniform(3, 5)
    cells = p.cells(f, loose=0, staggered=True)
    petals = 0.30 + 0.10 * np.cos(8 * np.arctan2(cells.dy, cells.dx))
    rose = np.maximum(
        step(0.035 - np.abs(cells.near - petals), soft=0.03), step(0.09 - cells.near, soft=0.04)
    )
    net = np.maximum(
        step(0.12 - tent((p.x + p.y) * 4 * f), soft=0.1),
        step(0.12 - tent((p.x - p.y) * 4 * f), soft=0.1),
    )
    return np.maximum(
        np.maximum(rose, step(0.05 - np.abs(cells.near - 0.2), soft=0.05)),
        0.75 * net * (cells.near > petals),
    )


def paisley(p: Plane) -> np.ndarray:
    """Bent drops with outlines inside them, in staggered rows."""
    cells = p.cells(p.uniform(3, 4.5), loose=0.1, staggered=True)
    bend = cells.dx - 0.9 * np.clip(-cells.dy - 0.05, 0, 1) ** 1.6
    reach = np.hypot(
        bend * (1.25 + 1.8 * np.clip(-cells.dy, 0, 1)),
        cells.dy * np.where(cells.dy < 0, 0.85, 1.35),
    )
    inner = np.maximum(step(0.045 - np.abs(reach - 0.24), soft=0.03), step(0.11 - reach, soft=0.03))
    edge = step(0.03 - np.abs(reach - 0.40), soft=0.03)
    return np.maximum(
        np.maximum(inner, edge),
        0.55 * step(0.36 - reach, soft=0.03) * step(reach - 0.16, soft=0.03),
    )
