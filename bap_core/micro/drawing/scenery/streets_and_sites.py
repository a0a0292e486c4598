"""Ways, yards and sites that people have built, out of doors: one function per Places365
category.
"""

from bap_core.micro.drawing.pen import mix, shade
from bap_core.micro.drawing.scenery.canvas import LAWNS, Canvas


def alley(c: Canvas) -> None:
    """Narrow passage between brick walls."""
    wall, other = c.tone("#9a6a52", "#8a7868", "#a5785c"), c.tone("#7c7468", "#94624c", "#8d8478")
    c.sky(0.5, clouds=1)
    x = c.uniform(0.42, 0.58)
    c.box(x - 0.12, 0.24, x + 0.12, 0.62, shade(wall, 1.15))
    c.polygon(
        [(0, 1), (0, 0.9), (x - 0.1, 0.6), (x + 0.1, 0.6), (1, 0.9), (1, 1)],
        c.tone("#6d6a66", "#7b756c"),
    )
    c.polygon([(0, 0), (x - 0.12, 0.18), (x - 0.10, 0.62), (0, 0.96)], wall)
    c.polygon([(1, 0), (x + 0.12, 0.18), (x + 0.10, 0.62), (1, 0.96)], shade(other, 0.85))
    for k in range(8):
        y = (k + 0.5) / 8
        c.line([(0, y * 0.96), (x - 0.11, 0.2 + 0.4 * y)], shade(wall, 0.82), 0.006)
        c.line([(1, y * 0.96), (x + 0.11, 0.2 + 0.4 * y)], shade(other, 0.7), 0.006)
    for side in (0.08, 0.86):
        c.box(side, 0.3, side + 0.07, 0.5, c.tone("#3c4650", "#e7cf8a"))
    if c.rng.random() < 0.7:
        c.line([(0, 0.16), (0.5, 0.24), (1, 0.14)], (60, 58, 56), 0.006)
        for k in range(4):
            c.box(
                0.2 + 0.17 * k, 0.2, 0.29 + 0.17 * k, 0.32, c.tone("#d8d3c4", "#b0524a", "#5c7ea0")
            )


def bridge(c: Canvas) -> None:
    """Arches over water."""
    horizon, stone, water = (
        c.uniform(0.5, 0.6),
        c.tone("#a39684", "#8c8a86", "#b0674a"),
        c.tone("#5f8fa5", "#6f9490"),
    )
    c.sky(horizon)
    c.ridge(horizon, 0.03, c.tone("#62825a", "#75906a"))
    c.water(horizon + 0.06, 1, water, shade(water, 0.8), ripples=26)
    deck, arches = c.uniform(0.30, 0.40), int(c.rng.integers(2, 5))
    c.box(0, deck, 1, horizon + 0.16, stone)
    for k in range(arches):
        x, r = (k + 0.5) / arches, 0.40 / arches
        c.disc(
            x, horizon + 0.16, r, 0.85 * (horizon + 0.08 - deck), mix(water, (220, 230, 235), 0.25)
        )
    c.box(0, horizon + 0.16, 1, horizon + 0.18, shade(water, 0.75))
    c.box(0, deck - 0.045, 1, deck, shade(stone, 1.15))
    for k in range(14):
        c.box(k / 13, deck - 0.075, k / 13 + 0.015, deck - 0.04, shade(stone, 0.8))


def cemetery(c: Canvas) -> None:
    """Rows of headstones on a lawn."""
    horizon, lawn = c.uniform(0.28, 0.4), c.tone(*LAWNS)
    c.sky(horizon, top=("#9fb0bc", "#7fa3c4", "#b7b9b8"))
    for _ in range(6):
        c.crown(c.uniform(0, 1), horizon - 0.02, 0.1, c.tone("#4a6a44", "#3f5f48"), lumps=4)
    c.band(horizon + 0.02, 1, lawn, shade(lawn, 0.8))
    for row in range(3):
        y, size = horizon + 0.14 + row * 0.22, 0.05 + 0.026 * row
        for k in range(5 - row):
            x, stone = (
                (k + 0.5 + c.uniform(-0.15, 0.15)) / (5 - row),
                c.tone("#a9aaa8", "#8e9093", "#c4c0b6"),
            )
            if c.rng.random() < 0.25:
                c.box(x - 0.18 * size, y - 2.4 * size, x + 0.18 * size, y, stone)
                c.box(x - 0.8 * size, y - 1.8 * size, x + 0.8 * size, y - 1.45 * size, stone)
            else:
                c.disc(x, y - 1.5 * size, 0.8 * size, 0.8 * size, stone)
                c.box(x - 0.8 * size, y - 1.5 * size, x + 0.8 * size, y, stone)
                c.box(
                    x - 0.4 * size,
                    y - 1.3 * size,
                    x + 0.4 * size,
                    y - 1.15 * size,
                    shade(stone, 0.7),
                )
            c.disc(x, y, size, 0.2 * size, shade(lawn, 0.7))


def construction_site(c: Canvas) -> None:
    """Concrete skeleton, scaffolding and a crane."""
    concrete, x = c.tone("#a9a69f", "#b8b0a2", "#96979a"), c.uniform(0.1, 0.22)
    c.sky(0.8)
    c.band(0.8, 1, *(c.tone("#a8906e", "#96846c"),) * 2)
    floors = int(c.rng.integers(3, 5))
    for k in range(floors + 1):
        c.box(x, 0.82 - k * 0.15, x + 0.52, 0.845 - k * 0.15, concrete)
    for k in range(5):
        c.box(x + k * 0.12, 0.82 - floors * 0.15, x + 0.03 + k * 0.12, 0.84, shade(concrete, 0.85))
    for k in range(6):
        c.line([(x + 0.1 * k, 0.86), (x + 0.1 * k, 0.8 - floors * 0.15)], (205, 120, 60), 0.006)
    mast, jib, steel = c.uniform(0.74, 0.84), c.uniform(0.12, 0.2), c.tone("#e0a83a", "#d0563a")
    c.line([(mast, 0.84), (mast, jib - 0.06)], steel, 0.024)
    c.line([(mast + 0.14, jib), (mast - 0.5, jib)], steel, 0.018)
    c.line([(mast, jib - 0.06), (mast - 0.45, jib)], steel, 0.006)
    c.line([(mast - 0.38, jib), (mast - 0.38, jib + 0.2)], (60, 60, 60), 0.005)
    c.box(mast - 0.42, jib + 0.2, mast - 0.34, jib + 0.24, (150, 80, 60))
    for _ in c.many(2, 5):
        at = c.uniform(0, 0.95)
        c.box(at, 0.9, at + c.uniform(0.06, 0.14), 0.96, c.tone("#b06a4a", "#c9c4b8", "#d9b04a"))


def driveway(c: Canvas) -> None:
    """Paved way up to a garage door."""
    lawn, wall, y = c.tone(*LAWNS), c.tone("#d8cbb0", "#c2a58c", "#b9c0c2"), c.uniform(0.5, 0.58)
    c.sky(0.5)
    c.band(y, 1, lawn, shade(lawn, 0.85))
    x = c.uniform(0.42, 0.6)
    c.box(x - 0.34, y - 0.24, x + 0.34, y + 0.02, wall)
    c.polygon(
        [(x - 0.4, y - 0.24), (x, y - 0.44), (x + 0.4, y - 0.24)],
        c.tone("#7a4f42", "#5f6064", "#86684e"),
    )
    c.box(x - 0.16, y - 0.18, x + 0.16, y + 0.02, (244, 243, 238))
    for k in range(4):
        c.line(
            [(x - 0.16, y - 0.14 + 0.045 * k), (x + 0.16, y - 0.14 + 0.045 * k)],
            (190, 190, 186),
            0.006,
        )
    c.box(x + 0.21, y - 0.16, x + 0.29, y - 0.07, (88, 108, 128))
    pave = c.tone("#a8a39a", "#b5a894", "#8f8d8a")
    c.polygon([(x - 0.16, y + 0.02), (x + 0.16, y + 0.02), (x + 0.42, 1), (x - 0.42, 1)], pave)
    for k in range(4):
        t = (k + 1) / 5
        c.line(
            [(x - 0.16 - 0.26 * t, y + t * (1 - y)), (x + 0.16 + 0.26 * t, y + t * (1 - y))],
            shade(pave, 0.85),
            0.008,
        )
    for _ in c.many(2, 5):
        c.crown(
            c.rng.choice([c.uniform(0, 0.12), c.uniform(0.9, 1)]),
            c.uniform(y, 0.8),
            0.08,
            shade(lawn, 0.75),
            lumps=4,
        )


def excavation(c: Canvas) -> None:
    """Terraced pit of earth with a digger."""
    earth = c.tone("#9a7048", "#a87f55", "#85623f")
    c.sky(0.36, top=("#9fb4c0", "#87b0d0", "#c2bfb4"))
    c.ridge(0.3, 0.04, shade(earth, 1.15))
    for i in range(4):
        y = 0.40 + 0.16 * i
        c.ridge(y, 0.02, shade(earth, 0.95 - 0.09 * i), steps=6)
        c.ridge(y + 0.06, 0.02, shade(earth, 1.12 - 0.07 * i), steps=6)
    c.speckle(0.5, 1, shade(earth, 0.7), count=40, size=0.016)
    x, y, s = c.uniform(0.25, 0.7), c.uniform(0.46, 0.6), c.uniform(0.8, 1.1)
    yellow, way = c.tone("#e2b13a", "#dd9a35"), c.rng.choice([-1, 1])
    c.box(x - 0.10 * s, y, x + 0.10 * s, y + 0.05 * s, (52, 48, 46))
    c.box(x - 0.09 * s, y - 0.09 * s, x + 0.08 * s, y, yellow)
    c.box(x - 0.03 * s, y - 0.16 * s, x + 0.05 * s, y - 0.06 * s, (120, 140, 150))
    elbow, tip = (x + way * 0.18 * s, y - 0.22 * s), (x + way * 0.28 * s, y + 0.02 * s)
    c.line([(x + way * 0.05 * s, y - 0.05 * s), elbow, tip], shade(yellow, 0.85), 0.026)
    c.disc(tip[0], tip[1] + 0.02, 0.04 * s, 0.035 * s, (70, 64, 58))


def shopfront(c: Canvas) -> None:
    """Display window below a striped awning and a sign."""
    wall, sign = (
        c.tone("#8f5f4c", "#c9bda6", "#5f7480", "#ad8a68"),
        c.tone("#2f4f4a", "#7a2f35", "#2f3f66", "#c99a3a"),
    )
    c.bricks(0, 0, 1, 0.9, wall)
    c.band(0.88, 1, (165, 160, 152), (140, 136, 130))
    c.box(0.06, 0.10, 0.94, 0.24, sign)
    for k in range(int(c.rng.integers(5, 9))):
        c.box(0.2 + 0.075 * k, 0.14, 0.25 + 0.075 * k, 0.20, (242, 232, 200))
    c.box(0.07, 0.3, 0.68, 0.78, mix(c.tone("#f2dfae", "#cfe0e4"), (255, 255, 255), 0.2))
    for _ in c.many(5, 10):
        x, h = c.uniform(0.1, 0.6), c.uniform(0.06, 0.2)
        c.box(
            x,
            0.76 - h,
            x + c.uniform(0.03, 0.08),
            0.76,
            c.tone("#c05a4a", "#4f7fae", "#d9a94a", "#6f9a5a"),
        )
    c.box(0.72, 0.32, 0.92, 0.9, shade(sign, 0.8))
    c.box(0.75, 0.36, 0.89, 0.66, (176, 200, 208))
    stripe = c.tone("#c24a42", "#3f7a5c", "#3f6a9e", "#d98a3a")
    for k in range(12):
        x = 0.04 + 0.0767 * k
        c.polygon(
            [(x + 0.01, 0.24), (x + 0.07, 0.24), (x + 0.0767, 0.38), (x, 0.38)],
            stripe if k % 2 else (246, 243, 235),
        )
