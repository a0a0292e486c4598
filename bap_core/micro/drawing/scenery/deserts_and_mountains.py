"""Scenes where little grows: sand, snow, rock, ice, and the open sky; one function per Places365
category.
"""

from bap_core.micro.drawing.pen import mix, shade
from bap_core.micro.drawing.scenery.canvas import Canvas


def desert_sand(c: Canvas) -> None:
    """Dunes with a lit and a shaded side."""
    horizon, sand = c.uniform(0.3, 0.45), c.tone("#e0ad62", "#d99f58", "#e8c07c")
    c.sky(horizon + 0.05, clouds=1, top=("#6aa6d8", "#87b3d6", "#e0b98a"))
    for i in range(3):
        y = horizon + 0.2 * i
        c.ridge(y, 0.09, shade(sand, 1.06 - 0.08 * i), steps=5)
        x = c.uniform(0.2, 0.8)
        c.polygon([(x, y - 0.04), (x + 0.5, y + 0.14), (x + 0.1, y + 0.22)], shade(sand, 0.78))
    for _ in c.many(4, 10):
        y, x = c.uniform(0.72, 0.98), c.uniform(0, 0.8)
        c.line([(x, y), (x + 0.12, y - 0.015), (x + 0.25, y)], shade(sand, 0.82), 0.008)


def snowfield(c: Canvas) -> None:
    """White plain, blue shadows, a few spruces."""
    horizon, snow = c.uniform(0.3, 0.46), c.tone("#eef2f6", "#e6edf4", strength=0.04)
    c.sky(horizon, top=("#9fbbd6", "#b8c6d2", "#8fb0d6"))
    c.ridge(horizon, 0.04, shade(snow, 0.93))
    for _ in c.many(2, 6):
        c.conifer(
            c.uniform(0, 1),
            horizon + c.uniform(0.02, 0.1),
            c.uniform(0.12, 0.26),
            c.tone("#3f5f55", "#4a6660"),
        )
    c.ridge(horizon + 0.12, 0.03, snow)
    for _ in c.many(4, 9):
        x, y = c.uniform(0, 1), c.uniform(horizon + 0.2, 1)
        c.disc(x, y, c.uniform(0.1, 0.25), 0.018, mix(snow, (150, 175, 215), 0.35))


def mountain_snowy(c: Canvas) -> None:
    """Jagged peaks with snow caps."""
    rock = c.tone("#6f7688", "#7d7a80", "#5f6f80")
    c.sky(0.8)
    for depth in range(2):
        base = 0.62 + 0.16 * depth
        for _ in range(3):
            x, h, w = c.uniform(0, 1), c.uniform(0.34, 0.56), c.uniform(0.26, 0.42)
            c.polygon(
                [(x - w, base + 0.1), (x, base - h), (x + w, base + 0.1)],
                mix(rock, (200, 210, 225), 0.35 * (1 - depth)),
            )
            c.polygon(
                [(x, base - h), (x + w, base + 0.1), (x + 0.2 * w, base + 0.1)], shade(rock, 0.8)
            )
            c.polygon(
                [
                    (x - 0.36 * w, base - 0.6 * h),
                    (x, base - h),
                    (x + 0.36 * w, base - 0.6 * h),
                    (x + 0.12 * w, base - 0.7 * h),
                    (x, base - 0.52 * h),
                    (x - 0.15 * w, base - 0.7 * h),
                ],
                (245, 248, 252),
            )
    c.ridge(0.78, 0.05, c.tone("#4c6a52", "#56705c", "#e2e8ee"))


def canyon(c: Canvas) -> None:
    """Layered red walls on both sides of a gorge."""
    red = c.tone("#b8613c", "#c7734a", "#a4583f")
    c.sky(0.5, clouds=2)
    gap, width = c.uniform(0.35, 0.65), c.uniform(0.08, 0.2)
    c.ridge(0.42, 0.05, mix(red, (215, 180, 170), 0.45), peaked=True)
    for i in range(6):
        y, open_ = 0.22 + 0.13 * i, width * (1.35 - 0.16 * i)
        tint = shade(red, 0.8 + 0.13 * ((i + c.rng.integers(2)) % 3))
        c.polygon(
            [(0, y - 0.08), (gap - open_ - 0.04, y - 0.05), (gap - open_, y + 0.12), (0, y + 0.14)],
            tint,
        )
        c.polygon(
            [(1, y - 0.1), (gap + open_ + 0.04, y - 0.04), (gap + open_, y + 0.12), (1, y + 0.14)],
            shade(tint, 0.9),
        )
    c.polygon(
        [(gap - 0.03, 0.72), (gap + 0.04, 0.72), (gap + 0.12, 1), (gap - 0.1, 1)],
        c.tone("#6f9a96", "#c49a6c"),
    )


def crevasse(c: Canvas) -> None:
    """A blue-black split between walls of ice."""
    ice = c.tone("#cfe3f0", "#bcd8ea", "#dcebf3", strength=0.05)
    c.band(0, 1, mix(ice, (255, 255, 255), 0.5), shade(ice, 0.88))
    x, lean = c.uniform(0.4, 0.6), c.uniform(-0.2, 0.2)
    for width, tint in ((0.30, 0.8), (0.22, 0.6), (0.14, 0.4), (0.07, 0.2)):
        deep = shade(mix(ice, (60, 120, 180), 0.6), tint + 0.15)
        left = [
            (x + lean * t - width * (0.3 + 0.7 * t) + c.uniform(-0.02, 0.02), t)
            for t in (0, 0.2, 0.45, 0.7, 1)
        ]
        right = [
            (x + lean * t + width * (0.3 + 0.7 * t) + c.uniform(-0.02, 0.02), t)
            for t in (1, 0.7, 0.45, 0.2, 0)
        ]
        c.polygon(left + right, deep)
    for _ in range(6):
        y, side = c.uniform(0.1, 1), c.rng.integers(2)
        c.line([(side, y), (abs(side - 0.22), y + c.uniform(-0.05, 0.08))], shade(ice, 0.8), 0.008)


def sky(c: Canvas) -> None:
    """Nothing but air and clouds."""
    top = c.tone("#4f8fd0", "#6fa8dc", "#8698b8", "#d58a6a")
    c.band(0, 1, top, mix(top, (250, 244, 232), c.uniform(0.3, 0.7)))
    for _ in c.many(3, 7):
        x, y, w = c.uniform(0, 1), c.uniform(0, 1), c.uniform(0.1, 0.24)
        white = mix(top, (255, 255, 252), c.uniform(0.55, 0.9))
        for _ in range(7):
            c.disc(x + c.uniform(-w, w), y + c.uniform(-0.3, 0.3) * w, w * 0.5, w * 0.32, white)
        c.disc(x, y + 0.22 * w, w * 1.1, w * 0.14, shade(white, 0.93))
