"""Scenes at the water: one function per Places365 category, each with its own accidents."""

from bap_core.micro.drawing.pen import mix, shade
from bap_core.micro.drawing.scenery.canvas import Canvas

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
