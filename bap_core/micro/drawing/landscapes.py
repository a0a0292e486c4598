"""Natural scenes of the micro world: one function per Places365 category, each with its own
accidents.
"""

from bap_core.micro.drawing.pen import mix, shade
from bap_core.micro.drawing.scenery import Canvas

_GREENS = ("#4f7d45", "#5f8f4a", "#47704a", "#76934b")
_SEAS = ("#2f6a93", "#3d7ea3", "#3a6f80", "#547f98")


def ocean(c: Canvas) -> None:
    """Open sea to the horizon, with swell."""
    horizon, sea = c.uniform(0.22, 0.5), c.tone(*_SEAS)
    c.sky(horizon)
    c.water(horizon, 1, mix(sea, (210, 225, 230), 0.35), shade(sea, 0.8), ripples=80, length=0.22)
    for _ in c.many(2, 5):
        x, y = c.uniform(0, 1), c.uniform(horizon + 0.12, 0.95)
        c.polygon([(x - 0.25, y), (x, y - 0.04), (x + 0.28, y)], shade(sea, 1.16))


def lake(c: Canvas) -> None:
    """Still water below a wooded shore that it mirrors."""
    shore, water = c.uniform(0.34, 0.5), c.tone("#5d8ea6", "#6c97a0", "#5a8790")
    c.sky(shore)
    hills = c.tone("#54706a", "#5f7f6a", "#65798a")
    c.ridge(shore - 0.14, 0.07, mix(hills, (200, 212, 220), 0.4), base=shore)
    c.ridge(shore - 0.04, 0.03, hills, steps=30, base=shore)
    c.band(shore, shore + 0.14, shade(hills, 0.9), water)
    c.water(shore + 0.10, 1, water, shade(water, 0.82), ripples=24, length=0.4)
    for _ in c.many(0, 6):
        c.conifer(c.uniform(0, 1), shore + 0.01, c.uniform(0.08, 0.16), shade(hills, 0.75))


def pond(c: Canvas) -> None:
    """Small green water among grass, with lily pads."""
    bank, water = c.uniform(0.22, 0.34), c.tone("#5f8878", "#54808a", "#6d8f70")
    grass = c.tone(*_GREENS)
    c.box(0, 0, 1, 1, grass)
    for _ in range(9):
        c.crown(c.uniform(0, 1), c.uniform(0, bank * 0.6), 0.13, shade(grass, 0.75), lumps=4)
    c.disc(0.5, 0.68, c.uniform(0.52, 0.66), c.uniform(0.34, 0.44), shade(water, 0.85))
    c.disc(0.5, 0.70, 0.52, 0.34, water)
    c.grass(bank, bank + 0.14, shade(grass, 1.1), blades=50, height=0.12)
    for _ in c.many(4, 11):
        x, y = c.uniform(0.1, 0.9), c.uniform(0.5, 0.95)
        c.disc(x, y, 0.055, 0.025, c.tone("#7fb05a", "#6fa25a"))
        if c.rng.random() < 0.35:
            c.disc(x, y - 0.02, 0.02, 0.018, c.tone("#f0c8d4", "#f6efe4"))
    c.grass(0.9, 1.05, grass, blades=30, height=0.16)


def river(c: Canvas) -> None:
    """Water that winds from a valley to the viewer."""
    far, green, water = (
        c.uniform(0.28, 0.42),
        c.tone(*_GREENS),
        c.tone("#6a9db5", "#78a5ad", "#5f90a8"),
    )
    c.sky(far)
    c.ridge(far - 0.08, 0.08, c.tone("#7d9398", "#6f8a7c"), base=far + 0.05)
    c.band(far, 1, shade(green, 1.1), shade(green, 0.85))
    bend, lean = c.uniform(-0.3, 0.3), c.uniform(-0.1, 0.1)
    c.polygon(
        [
            (0.47, far),
            (0.53, far),
            (0.60 + bend, far + 0.16),
            (0.66 - bend / 2, 0.72),
            (1.0 + lean, 1),
            (0.0 + lean, 1),
            (0.34 - bend / 2, 0.72),
            (0.46 + bend, far + 0.16),
        ],
        water,
    )
    for _ in range(12):
        y = c.uniform(0.75, 1)
        x = c.uniform(0.3, 0.7)
        c.line([(x - 0.07, y), (x + 0.07, y)], mix(water, (255, 255, 255), 0.4), 0.008)
    c.grass(far + 0.1, 0.7, green, blades=30, height=0.06)


def marsh(c: Canvas) -> None:
    """Reed beds with bulrushes between strips of water."""
    horizon, reed, water = (
        c.uniform(0.25, 0.4),
        c.tone("#9a8f52", "#a8984f", "#8a8a4e"),
        c.tone("#7d99a0", "#8ba39a"),
    )
    c.sky(horizon, top=("#9fb4c0", "#c5c4b4", "#89a7bf"))
    c.ridge(horizon, 0.02, shade(reed, 0.8), steps=40)
    for i in range(5):
        y = horizon + 0.04 + i * (1 - horizon) / 5
        c.band(y, y + 0.09, water, shade(water, 0.9))
        c.grass(y + 0.08, y + 0.16, reed, blades=34, height=0.10 + 0.05 * i)
    for _ in c.many(5, 12):
        x, y, h = c.uniform(0, 1), c.uniform(0.7, 1), c.uniform(0.2, 0.34)
        c.line([(x, y), (x, y - h)], shade(reed, 0.75), 0.008)
        c.line([(x, y - h), (x, y - h + 0.09)], c.tone("#6a4630"), 0.024)


def beach(c: Canvas) -> None:
    """Broad sand with a strip of sea and a line of foam."""
    horizon, sand, sea = (
        c.uniform(0.2, 0.34),
        c.tone("#e3cf9f", "#d9c295", "#ead9b5"),
        c.tone("#4f9fb0", "#5b9cc0"),
    )
    shore = horizon + c.uniform(0.08, 0.18)
    c.sky(horizon, top=("#6fb0dd", "#84bbdf", "#a9c0cc"))
    c.water(horizon, shore + 0.06, sea, mix(sea, (235, 240, 225), 0.3), ripples=24)
    c.ridge(shore, 0.03, (244, 243, 234), steps=8)
    c.ridge(shore + 0.035, 0.03, shade(sand, 0.86), steps=8)
    c.band(shore + 0.12, 1, sand, mix(sand, (255, 245, 220), 0.2))
    c.speckle(shore + 0.15, 1, shade(sand, 0.8), count=30, size=0.012)
    for _ in c.many(0, 2):
        x, y = c.uniform(0.1, 0.9), c.uniform(shore + 0.08, shore + 0.2)
        c.line([(x, y), (x, y - 0.2)], (150, 120, 90), 0.012)
        c.polygon(
            [(x - 0.14, y - 0.17), (x, y - 0.28), (x + 0.14, y - 0.17)],
            c.tone("#d0503f", "#e6b23c", "#f0ede2"),
        )


def coast(c: Canvas) -> None:
    """Dark cliffs and rocks with surf at their feet."""
    horizon, rock, sea = (
        c.uniform(0.3, 0.42),
        c.tone("#6b6258", "#7a6a58", "#5f6266"),
        c.tone(*_SEAS),
    )
    c.sky(horizon)
    c.water(horizon, 1, mix(sea, (200, 220, 225), 0.3), sea, ripples=40)
    left = c.rng.random() < 0.5
    cliff = [
        (0, 0.1),
        (0.22, 0.14),
        (0.32, 0.3),
        (0.44, horizon + 0.04),
        (0.50, 0.62),
        (0.34, 0.74),
        (0.40, 1),
        (0, 1),
    ]
    cliff = [(x * c.uniform(0.85, 1.15), y) for x, y in cliff]
    flip = (lambda p: p) if left else (lambda p: [(1 - x, y) for x, y in p])
    c.polygon(flip(cliff), rock)
    c.polygon(flip([(0, 0.1), (0.22, 0.14), (0.30, 0.26), (0, 0.24)]), c.tone("#7c9a55", "#8fa35e"))
    for k in range(5):
        c.line(
            flip([(0.05 * k, 0.3 + 0.1 * k), (0.05 * k + 0.16, 0.36 + 0.12 * k)]),
            shade(rock, 0.72),
            0.02,
        )
    for _ in c.many(3, 6):
        x, y, r = c.uniform(0.1, 0.95), c.uniform(0.62, 0.95), c.uniform(0.05, 0.11)
        c.disc(x, y + 0.02, r * 1.3, r * 0.5, (236, 242, 240))
        c.polygon(
            [(x - r, y), (x - 0.4 * r, y - r), (x + 0.5 * r, y - 0.8 * r), (x + r, y)],
            shade(rock, c.uniform(0.7, 0.95)),
        )


def bamboo_forest(c: Canvas) -> None:
    """Close upright culms with rings."""
    glow, green = c.tone("#b7cf8a", "#9fc088", "#c9d79a"), c.tone("#6f9a45", "#86a64c", "#5d8c4e")
    c.band(0, 1, glow, shade(glow, 0.55))
    for layer, width in ((0.62, 0.020), (0.82, 0.034), (1.05, 0.052)):
        for _ in c.many(7, 10):
            x, lean = c.uniform(-0.05, 1.05), c.uniform(-0.04, 0.04)
            fill = shade(mix(green, glow, 0.5 * (1.05 - layer)), layer * c.uniform(0.85, 1.15))
            c.line([(x, -0.05), (x + lean, 1.05)], fill, width)
            c.line(
                [(x - width * 0.25, -0.05), (x + lean - width * 0.25, 1.05)],
                shade(fill, 1.2),
                width * 0.22,
            )
            for k in range(6):
                y = (k + c.uniform(0.3, 0.5)) / 6
                at = x + lean * y
                c.line([(at - width * 0.55, y), (at + width * 0.55, y)], shade(fill, 0.62), 0.010)
    c.grass(0.92, 1.06, shade(green, 0.7), blades=40, height=0.1)


def broadleaf(c: Canvas) -> None:
    """Trunks under a leafy roof, leaves on the ground."""
    leaf = c.tone("#5d8a3f", "#6f9442", "#4a7a45", "#587f35", "#7a8f45", "#a98a3c", strength=0.15)
    floor, bark = c.tone("#7a6642", "#6d6a3e", "#857046"), c.tone("#5c4938", "#6b5947", "#4b4038")
    c.band(0, 0.62, mix(leaf, (240, 240, 200), 0.5), shade(leaf, 0.7))
    c.band(0.6, 1, shade(floor, 0.85), floor)
    for depth in (0.45, 0.7, 1.0):
        for _ in c.many(2, 4):
            x, w, base = c.uniform(0, 1), 0.03 + 0.05 * depth, 0.58 + 0.3 * depth
            trunk = mix(bark, leaf, 0.5 * (1 - depth))
            c.polygon([(x - w / 3, 0), (x + w / 3, 0), (x + w / 2, base), (x - w / 2, base)], trunk)
            c.line([(x, 0.35), (x + c.uniform(-0.2, 0.2), 0.1)], trunk, w * 0.35)
    for _ in range(8):
        c.crown(c.uniform(0, 1), c.uniform(-0.05, 0.22), 0.16, leaf, lumps=5)
    c.speckle(0.66, 1, mix(leaf, floor, 0.3), count=50, size=0.02)


def rainforest(c: Canvas) -> None:
    """Dense wet green with big leaves, ferns and lianas."""
    green = c.tone("#2f6a45", "#28604a", "#3a7440")
    c.band(0, 1, mix(green, (170, 205, 170), 0.4), shade(green, 0.45))
    for _ in range(8):
        c.crown(
            c.uniform(0, 1), c.uniform(0, 0.6), 0.16, shade(green, c.uniform(0.7, 1.2)), lumps=5
        )
    for _ in c.many(3, 6):
        x = c.uniform(0, 1)
        c.line(
            [(x, 0), (x + 0.05, 0.3), (x - 0.03, 0.6), (x + 0.03, 0.85)],
            c.tone("#5a4a32", "#4c5a30"),
            0.014,
        )
    for _ in c.many(9, 14):
        x, y, s = c.uniform(0, 1), c.uniform(0.45, 1.0), c.uniform(0.12, 0.24)
        side, fill = c.uniform(-1, 1), shade(green, c.uniform(0.8, 1.6))
        c.polygon(
            [
                (x, y),
                (x + side * s * 0.6 - 0.06, y - s * 0.5),
                (x + side * s, y - s),
                (x + side * s * 0.6 + 0.06, y - s * 0.4),
            ],
            fill,
        )
        c.line([(x, y), (x + side * s, y - s)], shade(fill, 0.7), 0.006)


def field_wild(c: Canvas) -> None:
    """Tall grass and flowers under an open sky."""
    horizon, green = c.uniform(0.3, 0.5), c.tone("#8aa04f", "#9aa856", "#76954d")
    c.sky(horizon)
    c.ridge(horizon, 0.04, mix(green, (120, 140, 150), 0.4))
    c.band(horizon + 0.05, 1, green, shade(green, 0.8))
    c.grass(horizon + 0.08, 1.05, green, blades=140, height=0.16)
    c.speckle(
        horizon + 0.15, 1, c.tone("#e8d34f", "#d9667a", "#f2efe6", "#8f77c0"), count=34, size=0.017
    )


def wheat_field(c: Canvas) -> None:
    """Golden rows under the sky."""
    horizon, gold = c.uniform(0.32, 0.5), c.tone("#d8b04a", "#e0bb58", "#c99f42")
    c.sky(horizon)
    c.ridge(horizon - 0.01, 0.015, c.tone("#6d8a5a", "#5f7d60"), steps=30)
    c.band(horizon, 1, mix(gold, (255, 240, 190), 0.3), shade(gold, 0.85))
    vanish = c.uniform(0.2, 0.8)
    for k in range(-9, 10):
        c.line([(vanish, horizon), (vanish + k * 0.16, 1)], shade(gold, 0.78), 0.010)
    c.grass(0.72, 1.06, gold, blades=90, height=0.17)


def pasture(c: Canvas) -> None:
    """Short green meadow with a fence and trees far away."""
    horizon, green = c.uniform(0.34, 0.48), c.tone("#6fa84e", "#7fb455", "#649c50")
    c.sky(horizon)
    c.ridge(horizon - 0.02, 0.04, shade(green, 0.75))
    for _ in c.many(1, 4):
        c.crown(c.uniform(0, 1), horizon - 0.04, 0.07, c.tone("#44703e", "#557d3f"), lumps=5)
    c.band(horizon + 0.02, 1, shade(green, 1.1), shade(green, 0.88))
    y, wood = c.uniform(horizon + 0.1, 0.66), c.tone("#8a6f52", "#e9e4d8", "#6f5a45")
    for k in range(7):
        x = k / 6 + c.uniform(-0.02, 0.02)
        c.box(x - 0.012, y - 0.09, x + 0.012, y + 0.07, wood)
    for dy in (-0.05, 0.01):
        c.line([(0, y + dy), (1, y + dy + c.uniform(-0.02, 0.02))], wood, 0.016)
    c.grass(y + 0.1, 1.02, shade(green, 0.9), blades=40, height=0.04)


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


def iceberg(c: Canvas) -> None:
    """White block in a cold sea."""
    horizon, sea = c.uniform(0.42, 0.55), c.tone("#3f7390", "#2f6580", "#4d8299")
    c.sky(horizon, top=("#8fb3cc", "#a9bccb", "#79a8cf"))
    c.water(horizon, 1, mix(sea, (200, 220, 230), 0.3), shade(sea, 0.75), ripples=30)
    x, w, h = c.uniform(0.35, 0.65), c.uniform(0.26, 0.4), c.uniform(0.26, 0.4)
    base = horizon + 0.1
    top = [
        (x - w, base),
        (x - 0.7 * w, base - 0.5 * h),
        (x - 0.25 * w, base - h),
        (x + 0.1 * w, base - 0.7 * h),
        (x + 0.45 * w, base - 0.9 * h),
        (x + w, base),
    ]
    c.polygon(top, (238, 245, 249))
    c.polygon(
        [
            (x - 0.25 * w, base - h),
            (x + 0.1 * w, base - 0.7 * h),
            (x - 0.05 * w, base),
            (x - 0.5 * w, base),
        ],
        (196, 220, 233),
    )
    c.polygon(
        [(x - w, base), (x + w, base), (x + 0.6 * w, base + 0.12), (x - 0.7 * w, base + 0.1)],
        mix(sea, (150, 215, 225), 0.6),
    )


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
