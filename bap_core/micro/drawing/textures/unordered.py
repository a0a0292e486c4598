"""Unordered textures, one function per DTD class: noise, cracks, spots, stones, flows and spirals.

Each takes a `Plane` and returns (H, W) floats within 0..1: how much of the second colour is seen,
or how high the surface is.
"""

import numpy as np

from bap_core.micro.drawing.textures.plane import Plane, saw, step, tent, wave


def blotchy(p: Plane) -> np.ndarray:
    """Irregular patches that run into each other."""
    return 0.8 * step(p.noise(6, octaves=3) - p.uniform(0.45, 0.55), soft=0.10) + 0.2 * p.noise(5)


def stained(p: Plane) -> np.ndarray:
    """A plain ground with a few washed-out marks, darker at their rims."""
    ground = 0.12 * p.noise(10, octaves=2)
    for _ in range(int(p.rng.integers(2, 6))):
        x, y, r = p.uniform(0, 1), p.uniform(0, 1), p.uniform(0.12, 0.36)
        far = np.hypot(p.u - x, p.v - y) + 0.16 * (p.noise(5, octaves=2) - 0.5)
        ground = np.maximum(
            ground, 0.55 * step(r - far, soft=0.05) + 0.45 * step(0.02 - np.abs(far - r), soft=0.03)
        )
    return ground


def smeared(p: Plane) -> np.ndarray:
    """Paint pulled one way by a cloth."""
    p.warp(0.10, 2)
    return np.clip(0.6 * _along(p, 60) + 0.7 * _along(p, 12) - 0.15, 0, 1)


def _along(p: Plane, lines: int) -> np.ndarray:
    """Noise in lines that follow the plane's y, whatever warped it."""
    values = p.rng.random(lines * 24, dtype=np.float32)
    at = p.y * lines
    low = np.floor(at).astype(int)
    t = at - low
    t = t * t * (3 - 2 * t)
    return values[low % len(values)] * (1 - t) + values[(low + 1) % len(values)] * t


def marbled(p: Plane) -> np.ndarray:
    """Soft veins that wander through polished stone."""
    return wave(p.x * p.uniform(1, 2) + 2.2 * p.noise(4, octaves=4)) ** 1.6


def swirly(p: Plane) -> np.ndarray:
    """Lines that curl around several centres."""
    x, y = p.u.copy(), p.v.copy()
    for _ in range(5):
        cx, cy, size = p.uniform(0, 1), p.uniform(0, 1), p.uniform(0.2, 0.4)
        dx, dy = x - cx, y - cy
        angle = p.uniform(-4, 4) * np.exp(-(dx**2 + dy**2) / size**2 * 3)
        x, y = (
            cx + np.cos(angle) * dx - np.sin(angle) * dy,
            cy + np.sin(angle) * dx + np.cos(angle) * dy,
        )
    return wave(y * p.uniform(5, 8))


def spiralled(p: Plane) -> np.ndarray:
    """Arms that wind around one or several centres."""
    f, arms, way = p.uniform(3, 6), int(p.rng.integers(1, 4)), p.rng.choice([-1, 1])
    best, turn = np.full(p.shape, 9, np.float32), np.zeros(p.shape, np.float32)
    for _ in range(int(p.rng.integers(1, 3))):
        dx, dy = p.u - p.uniform(0.1, 1), p.v - p.uniform(0.1, 0.9)
        far = np.hypot(dx, dy)
        turn = np.where(far < best, far * f + way * arms * np.arctan2(dy, dx) / (2 * np.pi), turn)
        best = np.minimum(best, far)
    return step(wave(turn) - 0.5, soft=0.5)


def stratified(p: Plane) -> np.ndarray:
    """Layers of rock, bent a little."""
    p.warp(0.05, 2)
    return np.clip(
        0.65 * _along(p, 9) + 0.45 * _along(p, 34) - 0.05 + 0.12 * (p.noise(24) - 0.5), 0, 1
    )


def fibrous(p: Plane) -> np.ndarray:
    """Fine fibres side by side."""
    p.warp(0.06, 3)
    return np.clip(0.55 * _along(p, 90) + 0.55 * _along(p, 36) - 0.05, 0, 1)


def matted(p: Plane) -> np.ndarray:
    """Tangled hair and felt: fibres in all directions."""
    layers = []
    for k in range(4):
        angle = np.pi * (k + p.uniform(0, 0.8)) / 4
        turned = Plane(p.shape[1], p.shape[0], p.rng)
        turned.y = np.cos(angle) * p.u + np.sin(angle) * p.v + 9
        layers.append(_along(turned.warp(0.12, 4), 46) * (0.6 + 0.4 * p.noise(6)))
    return np.max(layers, axis=0) ** 2


def wrinkled(p: Plane) -> np.ndarray:
    """Creased paper or skin."""
    a, b = p.noise(5, octaves=3), p.noise(8, octaves=2)
    return np.clip(1.15 - 5 * np.minimum(np.abs(a - 0.5), np.abs(b - 0.5)), 0, 1)


def veined(p: Plane) -> np.ndarray:
    """A leaf: one rib, side ribs, and a net between them."""
    p.warp(0.02, 3)
    u, v = (p.u - 0.5 + 0.1 * (p.noise(2) - 0.5)), p.v
    rib = step(0.014 - np.abs(u), soft=0.02)
    side = step(0.075 - tent((v + 0.7 * np.abs(u)) * p.uniform(5, 7)), soft=0.08)
    cells = p.cells(p.uniform(9, 13))
    return np.maximum(
        np.maximum(rib, 0.85 * side), 0.45 * (1 - step(cells.second - cells.near - 0.07, soft=0.1))
    )


def cracked(p: Plane) -> np.ndarray:
    """Dry mud: plates between dark gaps of uneven width."""
    cells = p.warp(0.04, 6).cells(p.uniform(4, 7))
    return 1 - step(cells.second - cells.near - 0.03 - 0.08 * p.noise(5), soft=0.05) * (
        0.85 + 0.15 * cells.tag
    )


def crystalline(p: Plane) -> np.ndarray:
    """Facets that each catch the light in their own way."""
    cells = p.cells(p.uniform(4, 7), loose=1)
    lean = 6.28 * saw(cells.tag * 7)
    return np.clip(
        cells.tag
        + 0.7 * (np.cos(lean) * cells.dx + np.sin(lean) * cells.dy)
        + 0.5 * (cells.second - cells.near < 0.05),
        0,
        1,
    )


def cobwebbed(p: Plane) -> np.ndarray:
    """A web: spokes from one point and sagging threads between them."""
    dx, dy = p.u - p.uniform(0.3, 0.8), p.v - p.uniform(0.2, 0.8)
    spokes = int(p.rng.integers(11, 17))
    far, turn = (
        np.hypot(dx, dy),
        np.arctan2(dy, dx) / (2 * np.pi) * spokes + 0.25 * (p.noise(2) - 0.5),
    )
    sag = far * (1 + 0.10 * (4 * tent(turn) ** 2)) * p.uniform(9, 13)
    threads = step(0.09 - tent(sag), soft=0.10) * 0.75
    return np.maximum(
        threads, step(0.006 - tent(turn) / spokes * 6.28 * far, soft=0.012)
    ) + 0.10 * p.noise(4)


def _spots(p: Plane, count: float, low: float, high: float, share: float) -> np.ndarray:
    """Scattered round spots; a cell holds one with probability ``share``, of a radius between
    the two.
    """
    cells = p.cells(count)
    tag = saw(cells.tag * 13)
    return np.where(cells.tag < share, step(low + (high - low) * tag - cells.near, soft=0.10), 0)


def freckled(p: Plane) -> np.ndarray:
    """Small soft spots of several sizes."""
    p.warp(0.012, 14)
    return np.maximum(
        0.9 * _spots(p, p.uniform(9, 12), 0.10, 0.34, 0.8), 0.5 * _spots(p, 20, 0.1, 0.4, 0.5)
    )


def _rods(p: Plane, count: float, *, half: float, thick: float) -> np.ndarray:
    """Short rods in all directions, 0 between them; the value of a rod is its own, 0.34..1."""
    cells = p.cells(count, loose=0.8)
    lean, value = 6.28 * saw(cells.tag * 17), 0.34 + 0.66 * saw(cells.tag * 31)
    along, across = (
        np.cos(lean) * cells.dx + np.sin(lean) * cells.dy,
        np.sin(lean) * cells.dx - np.cos(lean) * cells.dy,
    )
    off = np.hypot(np.clip(np.abs(along) - half, 0, 1), across)
    return np.where((off < thick) & (cells.tag < 0.75), value, 0)


def flecked(p: Plane) -> np.ndarray:
    """Tweed: a fine ground with short flecks."""
    flecks = np.maximum(
        _rods(p, p.uniform(12, 15), half=0.22, thick=0.12),
        _rods(p, p.uniform(16, 20), half=0.15, thick=0.15),
    )
    return np.clip(0.28 * p.noise(50) + flecks, 0, 1)


def sprinkled(p: Plane) -> np.ndarray:
    """Short rods thrown over a plain ground; the value of a rod is its own."""
    first, second = (_rods(p, p.uniform(7, 10), half=0.2, thick=0.10) for _ in range(2))
    return np.where(second > 0, second, first)


def bubbly(p: Plane) -> np.ndarray:
    """Froth: round bubbles of two sizes with bright rims."""
    best = np.zeros(p.shape, np.float32)
    for count in (14, p.uniform(4, 6)):
        cells = p.cells(count, loose=0.7)
        size = 0.30 + 0.20 * saw(cells.tag * 13)
        inside = np.clip(cells.near / size, 0, 1)
        shine = np.clip(
            1 - np.hypot(cells.dx + 0.35 * size, cells.dy + 0.35 * size) / (0.3 * size), 0, 1
        )
        best = np.where(inside < 1, np.clip(0.25 + 0.6 * inside**4 + 0.8 * shine, 0, 1), best)
    return best


def bumpy(p: Plane) -> np.ndarray:
    """Round lumps close together."""
    cells = p.warp(0.02, 5).cells(p.uniform(5, 8), loose=0.7)
    return np.clip(1 - 1.3 * cells.near**2 - 0.25 * cells.near, 0, 1) * (0.8 + 0.2 * cells.tag)


def pitted(p: Plane) -> np.ndarray:
    """Small hollows in a rough face."""
    return 1 - np.maximum(_spots(p, p.uniform(8, 12), 0.12, 0.38, 0.7), 0.35 * p.noise(40))


def porous(p: Plane) -> np.ndarray:
    """Sponge: holes of all sizes, large and small."""
    p.warp(0.03, 8)
    holes = [_spots(p, count, 0.15, 0.45, 0.75) for count in (p.uniform(3, 4.5), 8, 15)]
    return 1 - np.max(holes, axis=0)


def potholed(p: Plane) -> np.ndarray:
    """A worn road with a few deep holes."""
    road = 0.70 + 0.3 * p.noise(60) * p.noise(8)
    for _ in range(int(p.rng.integers(2, 6))):
        x, y, r = p.uniform(0.05, 1.1), p.uniform(0.05, 0.95), p.uniform(0.07, 0.20)
        far = np.hypot((p.u - x) * 0.8, (p.v - y) * 1.4) + 0.10 * (p.noise(8, octaves=2) - 0.5)
        road = np.minimum(road, 0.12 + 0.58 * step(far - r, soft=0.05))
    return road
