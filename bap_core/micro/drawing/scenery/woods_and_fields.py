"""Scenes where plants grow, wild or sown: one function per Places365 category."""

from bap_core.micro.drawing.pen import mix, shade
from bap_core.micro.drawing.scenery.canvas import Canvas


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
