"""Single buildings in the open: one function per Places365 category."""

import numpy as np

from bap_core.micro.drawing.pen import mix, shade
from bap_core.micro.drawing.scenery.canvas import LAWNS, Canvas


def castle(c: Canvas) -> None:
    """Towers and battlements on a hill."""
    stone, y = c.tone("#b3a68f", "#9c9890", "#c0ab88"), c.uniform(0.66, 0.76)
    c.sky(0.8)
    c.ridge(y, 0.06, c.tone(*LAWNS))
    c.bricks(0.2, y - 0.28, 0.8, y + 0.04, stone)
    for k in range(8):
        c.box(0.2 + k * 0.08, y - 0.32, 0.24 + k * 0.08, y - 0.27, stone)
    for x in (0.18, c.uniform(0.42, 0.55), 0.80):
        h, w = c.uniform(0.38, 0.56), c.uniform(0.06, 0.085)
        c.bricks(x - w, y - h, x + w, y + 0.04, shade(stone, c.uniform(0.85, 1.05)))
        if c.rng.random() < 0.6:
            c.polygon(
                [(x - w - 0.02, y - h), (x, y - h - 0.18), (x + w + 0.02, y - h)],
                c.tone("#8a3f38", "#4c5f7c", "#5a4a48"),
            )
        else:
            for k in range(3):
                c.box(x - w + k * 0.8 * w, y - h - 0.04, x - w + (k * 0.8 + 0.45) * w, y - h, stone)
        c.box(x - 0.012, y - 0.7 * h, x + 0.012, y - 0.7 * h + 0.06, (58, 52, 48))
    c.disc(0.5, y, 0.06, 0.11, (66, 50, 40))
    c.grass(y + 0.06, 1.04, c.tone(*LAWNS), blades=50, height=0.07)


def chalet(c: Canvas) -> None:
    """Wooden house with a wide roof before mountains."""
    wood, y = c.tone("#8a5a38", "#9b6b42", "#74492f"), c.uniform(0.76, 0.84)
    snowy = c.rng.random() < 0.4
    c.sky(0.7)
    for x in (0.1, 0.5, 0.9):
        c.polygon(
            [(x - 0.5, 0.75), (x + c.uniform(-0.1, 0.1), c.uniform(0.14, 0.3)), (x + 0.5, 0.75)],
            c.tone("#8b9bb0", "#7f93a0", "#a5b1bf"),
        )
    c.band(
        0.7, 1, *(((240, 243, 247), (222, 230, 240)) if snowy else (c.tone(*LAWNS), c.tone(*LAWNS)))
    )
    x, w = c.uniform(0.4, 0.6), c.uniform(0.24, 0.3)
    c.box(x - w, y - 0.36, x + w, y, wood)
    c.box(x - w, y - 0.10, x + w, y, c.tone("#d9d2c2", "#b5aea2"))
    for k in range(6):
        c.line(
            [(x - w, y - 0.34 + 0.04 * k), (x + w, y - 0.34 + 0.04 * k)], shade(wood, 0.8), 0.006
        )
    c.polygon(
        [
            (x - w - 0.1, y - 0.32),
            (x, y - 0.58),
            (x + w + 0.1, y - 0.32),
            (x + w + 0.05, y - 0.28),
            (x, y - 0.50),
            (x - w - 0.05, y - 0.28),
        ],
        (245, 247, 250) if snowy else shade(wood, 0.55),
    )
    c.polygon([(x - w, y - 0.31), (x, y - 0.5), (x + w, y - 0.31)], shade(wood, 1.12))
    for k in (-0.6, 0, 0.6):
        c.box(
            x + k * w - 0.035, y - 0.25, x + k * w + 0.035, y - 0.15, c.tone("#f0d890", "#5b6a78")
        )
    c.box(x - w, y - 0.15, x + w, y - 0.13, shade(wood, 0.6))
    for _ in c.many(1, 3):
        c.conifer(
            c.rng.choice([c.uniform(0, 0.14), c.uniform(0.86, 1)]),
            y + 0.04,
            c.uniform(0.3, 0.46),
            c.tone("#35573f", "#41634a"),
        )


def church(c: Canvas) -> None:
    """White or stone church with a steeple and a cross."""
    wall, roof, y = (
        c.tone("#efebe0", "#cbb99a", "#b0705a"),
        c.tone("#5a5f6a", "#7a4a40", "#4c6a60"),
        c.uniform(0.78, 0.86),
    )
    c.sky(0.8)
    for _ in range(3):
        c.crown(c.uniform(0, 1), y - 0.1, 0.1, c.tone("#4f7a44", "#5f8548"), lumps=4)
    c.band(y - 0.02, 1, c.tone(*LAWNS), c.tone(*LAWNS))
    x, way = c.uniform(0.34, 0.42), 1
    c.box(x, y - 0.26, x + 0.42, y, wall)
    c.polygon(
        [(x - 0.02, y - 0.26), (x + 0.06, y - 0.42), (x + 0.38, y - 0.42), (x + 0.46, y - 0.26)],
        roof,
    )
    c.box(x - 0.12, y - 0.44, x + 0.06, y, shade(wall, 0.95))
    c.polygon([(x - 0.14, y - 0.44), (x - 0.03, y - 0.72), (x + 0.08, y - 0.44)], roof)
    c.line([(x - 0.03, y - 0.72), (x - 0.03, y - 0.82)], (60, 52, 44), 0.012)
    c.line([(x - 0.065, y - 0.78), (x + 0.005, y - 0.78)], (60, 52, 44), 0.012)
    c.disc(x - 0.03, y - 0.34, 0.035, 0.045, (92, 110, 150))
    for k in range(3):
        at = x + 0.14 + 0.11 * k * way
        c.disc(at, y - 0.17, 0.026, 0.03, (86, 96, 130))
        c.box(at - 0.026, y - 0.17, at + 0.026, y - 0.06, (86, 96, 130))
    c.disc(x - 0.03, y - 0.1, 0.04, 0.05, (96, 66, 46))
    c.box(x - 0.07, y - 0.1, x + 0.01, y, (96, 66, 46))


def igloo(c: Canvas) -> None:
    """Dome of snow blocks with a dark entrance."""
    snow, y = c.tone("#eaf0f5", "#dfe9f2", strength=0.04), c.uniform(0.68, 0.78)
    c.sky(0.55, clouds=2, top=("#86aacd", "#5d7fb0", "#a9bccb", "#45598a"))
    c.ridge(0.55, 0.03, shade(snow, 0.92))
    x, r = c.uniform(0.42, 0.58), c.uniform(0.28, 0.36)
    c.disc(x, y, r, r * 1.15, shade(snow, 0.96))
    for k in range(1, 5):
        half = r * np.sqrt(1 - (k / 5) ** 2)
        c.line(
            [(x - half, y - k * r * 0.23), (x + half, y - k * r * 0.23)],
            mix(snow, (110, 145, 190), 0.55),
            0.008,
        )
        for j in np.linspace(-0.8, 0.8, 6):
            at = x + half * (j + 0.1 * (k % 2))
            c.line(
                [(at, y - k * r * 0.23), (at, y - (k - 1) * r * 0.23)],
                mix(snow, (110, 145, 190), 0.45),
                0.007,
            )
    c.disc(x, y, r * 0.42, r * 0.6, shade(snow, 0.82))
    c.disc(x, y + 0.01, r * 0.28, r * 0.44, (48, 56, 78))
    c.box(0, y, 1, 1, snow)
    for _ in c.many(3, 6):
        c.disc(
            c.uniform(0, 1),
            c.uniform(y + 0.04, 1),
            c.uniform(0.1, 0.2),
            0.014,
            mix(snow, (150, 175, 215), 0.4),
        )


def windmill(c: Canvas) -> None:
    """Mill with four sails in a field."""
    horizon, x, y = c.uniform(0.66, 0.76), c.uniform(0.38, 0.62), c.uniform(0.30, 0.38)
    c.sky(horizon)
    c.ridge(horizon, 0.02, c.tone(*LAWNS, "#b8a856"))
    body = c.tone("#efe9dc", "#8a6248", "#b5a58c")
    c.polygon(
        [(x - 0.08, y), (x + 0.08, y), (x + 0.15, horizon + 0.06), (x - 0.15, horizon + 0.06)], body
    )
    c.polygon(
        [(x, y), (x + 0.08, y), (x + 0.15, horizon + 0.06), (x + 0.04, horizon + 0.06)],
        shade(body, 0.86),
    )
    c.polygon([(x - 0.1, y), (x, y - 0.11), (x + 0.1, y)], c.tone("#5c4a42", "#8a3f35", "#4f5a62"))
    c.box(x - 0.035, horizon - 0.08, x + 0.035, horizon + 0.06, (74, 58, 48))
    spin, long = c.uniform(0, np.pi / 2), c.uniform(0.28, 0.34)
    for k in range(4):
        a = spin + k * np.pi / 2
        d, n = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
        hub = np.array([x, y])
        c.polygon(
            [hub + 0.06 * d, hub + long * d, hub + long * d + 0.07 * n, hub + 0.06 * d + 0.07 * n],
            (236, 230, 214),
        )
        c.line([hub, hub + long * d], (84, 66, 52), 0.016)
        for t in (0.3, 0.5, 0.7, 0.9):
            c.line([hub + t * long * d, hub + t * long * d + 0.07 * n], (120, 100, 80), 0.005)
    c.grass(horizon + 0.08, 1.04, c.tone(*LAWNS), blades=60, height=0.1)
