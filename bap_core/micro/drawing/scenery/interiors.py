"""Built scenes of the micro world, indoors: one function per Places365 category."""

from bap_core.micro.drawing.pen import mix, shade
from bap_core.micro.drawing.scenery.canvas import Canvas


def attic(c: Canvas) -> None:
    """Sloping beams, a round window, boxes on the boards."""
    wood, floor = c.tone("#a5815a", "#8f6e4e", "#b8946a"), c.tone("#7a5a40", "#86684c")
    c.box(0, 0, 1, 1, shade(wood, 0.9))
    c.polygon([(0.5, 0.05), (0.74, 0.66), (0.26, 0.66)], mix(wood, (235, 215, 180), 0.45))
    c.polygon([(0, 1), (0.26, 0.66), (0.74, 0.66), (1, 1)], floor)
    for k in range(5):
        t = k / 4
        for side in (-1, 1):
            c.line(
                [(0.5, 0.02 + 0.03 * t), (0.5 + side * (0.24 + 0.36 * t), 0.66 + 0.3 * t)],
                shade(wood, 0.55),
                0.016 + 0.012 * t,
            )
    c.disc(0.5, 0.34, 0.08, 0.08, c.tone("#cfe2ea", "#f3dfa6", "#a9bfd0"))
    c.line([(0.42, 0.34), (0.58, 0.34)], shade(wood, 0.5), 0.01)
    c.line([(0.5, 0.26), (0.5, 0.42)], shade(wood, 0.5), 0.01)
    for _ in c.many(3, 6):
        x, y, s = c.uniform(0.12, 0.78), c.uniform(0.72, 0.92), c.uniform(0.07, 0.14)
        box = c.tone("#c29a62", "#8a5a44", "#6f7a68")
        c.box(x, y - s, x + 1.2 * s, y, box)
        c.box(x + 0.5 * s, y - s, x + 0.65 * s, y, shade(box, 0.75))


def auditorium(c: Canvas) -> None:
    """Rows of seats before a curtained stage."""
    seat, wall = c.tone("#9a2f35", "#2f4f86", "#6a3a5a"), c.tone("#5a463c", "#4a4448", "#6f5a48")
    c.box(0, 0, 1, 1, wall)
    c.box(0.14, 0.10, 0.86, 0.44, c.tone("#d9c9a6", "#cfd6da", "#3a3436"))
    curtain = c.tone("#a02f38", "#7a2f4a", "#b5563a")
    for x in (0.10, 0.15, 0.20, 0.75, 0.80, 0.85):
        c.polygon(
            [(x, 0.08), (x + 0.05, 0.08), (x + 0.045, 0.46), (x - 0.005, 0.46)],
            shade(curtain, c.uniform(0.8, 1.15)),
        )
    c.box(0.08, 0.05, 0.92, 0.11, curtain)
    c.box(0.1, 0.44, 0.9, 0.5, c.tone("#b08a5a", "#8f6a45"))
    for row in range(5):
        y, n = 0.54 + row * 0.105, 9 - row
        c.box(0, y, 1, y + 0.105, shade(wall, 0.6))
        for k in range(n):
            x, w = (k + 0.5) / n, 0.38 / n
            c.disc(x, y + 0.03, w, 0.035, shade(seat, 0.8 + 0.08 * row))
            c.box(x - w, y + 0.03, x + w, y + 0.1, shade(seat, 0.8 + 0.08 * row))


def bar(c: Canvas) -> None:
    """Shelves of bottles, a counter and stools."""
    wall, wood = c.tone("#4a342c", "#3a3036", "#5a4030"), c.tone("#8a5a38", "#6f4630", "#9a7048")
    c.box(0, 0, 1, 1, wall)
    for shelf in range(3):
        y = 0.18 + 0.15 * shelf
        c.box(0.06, y, 0.94, y + 0.02, wood)
        x = 0.08
        while x < 0.9:
            w, h = c.uniform(0.022, 0.042), c.uniform(0.07, 0.115)
            glass = c.tone("#4f8a4a", "#c98a3a", "#dcd8c8", "#a03f3a", "#4f7fae", strength=0.2)
            c.box(x, y - 0.7 * h, x + w, y, glass)
            c.box(x + 0.33 * w, y - h, x + 0.67 * w, y, glass)
            x += w + c.uniform(0.008, 0.04)
    c.box(0, 0.60, 1, 0.65, shade(wood, 1.25))
    c.box(0, 0.65, 1, 0.92, wood)
    for k in range(6):
        c.box(k / 6 + 0.02, 0.69, k / 6 + 0.145, 0.88, shade(wood, 0.8))
    c.box(0, 0.92, 1, 1, shade(wall, 0.8))
    for k in range(int(c.rng.integers(2, 5))):
        x = 0.14 + 0.24 * k
        c.line([(x, 0.8), (x, 1)], (170, 168, 160), 0.02)
        c.disc(x, 0.78, 0.06, 0.03, c.tone("#b03f3a", "#2f2c2c", "#c9a04a"))
    for x in (0.25, 0.5, 0.75):
        c.line([(x, 0), (x, 0.05)], (30, 28, 28), 0.008)
        c.disc(x, 0.06, 0.04, 0.03, (250, 224, 150))


def classroom(c: Canvas) -> None:
    """Board on the wall, desks in rows."""
    wall, desk = c.tone("#e6dcc2", "#d3dcd6", "#e8e4da"), c.tone("#c69a62", "#b5895a", "#d0b07c")
    c.room(wall, c.tone("#a8937a", "#9aa0a0"), horizon=0.58, depth=0.1)
    board = c.tone("#2f5a48", "#30383a", "#f4f4f0")
    c.box(0.2, 0.16, 0.8, 0.46, shade(desk, 0.8))
    c.box(0.22, 0.18, 0.78, 0.44, board)
    for k in range(int(c.rng.integers(2, 5))):
        x = c.uniform(0.25, 0.5)
        c.line(
            [(x, 0.22 + 0.05 * k), (x + c.uniform(0.08, 0.25), 0.22 + 0.05 * k)],
            mix(board, (255, 255, 255) if sum(board) < 400 else (40, 60, 120), 0.8),
            0.008,
        )
    for row in range(3):
        y, n = 0.64 + 0.13 * row, 4 - (row > 1)
        for k in range(n):
            x, w = (k + 0.5) / n + c.uniform(-0.02, 0.02), 0.36 / n
            c.box(x - 0.8 * w, y, x - 0.65 * w, y + 0.12, (90, 92, 96))
            c.box(x + 0.65 * w, y, x + 0.8 * w, y + 0.12, (90, 92, 96))
            c.polygon(
                [
                    (x - 0.8 * w, y - 0.03),
                    (x + 0.8 * w, y - 0.03),
                    (x + w, y + 0.03),
                    (x - w, y + 0.03),
                ],
                desk,
            )


def closet(c: Canvas) -> None:
    """Clothes on a rail, shoes below."""
    wall = c.tone("#e9e2d4", "#cdbfae", "#b9b4b0")
    c.box(0, 0, 1, 1, wall)
    c.box(0, 0.10, 1, 0.13, shade(wall, 0.72))
    for _ in c.many(3, 5):
        x = c.uniform(0.05, 0.85)
        c.box(x, 0.02, x + c.uniform(0.07, 0.13), 0.10, c.tone("#b08a62", "#7f8a96", "#c9b9a0"))
    c.line([(0, 0.19), (1, 0.19)], (150, 150, 152), 0.018)
    x = 0.02
    while x < 0.96:
        w, h = c.uniform(0.05, 0.10), c.uniform(0.34, 0.56)
        cloth = c.tone(
            "#a03f4a",
            "#3f5f8a",
            "#e3ddd0",
            "#4a5a44",
            "#d0a24a",
            "#2f2f36",
            "#8a6a9a",
            strength=0.2,
        )
        c.line([(x + w / 2, 0.18), (x + w / 2, 0.24)], (120, 120, 120), 0.008)
        c.polygon(
            [
                (x + 0.35 * w, 0.22),
                (x + 0.65 * w, 0.22),
                (x + 1.05 * w, 0.28),
                (x + w, 0.22 + h),
                (x, 0.22 + h),
                (x - 0.05 * w, 0.28),
            ],
            cloth,
        )
        c.line([(x + 0.5 * w, 0.28), (x + 0.5 * w, 0.2 + h)], shade(cloth, 0.8), 0.008)
        x += w + c.uniform(0.0, 0.02)
    c.box(0, 0.84, 1, 0.87, shade(wall, 0.72))
    for k in range(6):
        at, shoe = 0.05 + 0.16 * k, c.tone("#5a3a2c", "#2c2c30", "#c05a4a", "#e9e6de")
        c.polygon(
            [(at, 0.97), (at, 0.90), (at + 0.05, 0.91), (at + 0.12, 0.95), (at + 0.12, 0.97)], shoe
        )


def engine_room(c: Canvas) -> None:
    """Pipes, valves, gauges and a boiler."""
    wall, steel = c.tone("#5f6a6a", "#6f6a5c", "#4f5a66"), c.tone("#9aa3a6", "#a89c86", "#8a949c")
    c.box(0, 0, 1, 1, wall)
    c.band(0.84, 1, (78, 76, 72), (58, 56, 54))
    for _ in c.many(5, 8):
        pipe, w = (
            c.tone("#9aa3a6", "#b5643a", "#4f7a6a", "#c9a53f", "#a8443a"),
            c.uniform(0.025, 0.055),
        )
        if c.rng.random() < 0.5:
            x = c.uniform(0, 1)
            c.line([(x, 0), (x, 0.86)], pipe, w)
            c.line([(x - w / 4, 0), (x - w / 4, 0.86)], shade(pipe, 1.25), w / 4)
        else:
            y = c.uniform(0.05, 0.7)
            c.line([(0, y), (1, y)], pipe, w)
            c.line([(0, y - w / 4), (1, y - w / 4)], shade(pipe, 1.25), w / 4)
    x, r = c.uniform(0.3, 0.7), c.uniform(0.17, 0.24)
    c.disc(x, 0.6, r, 0.26, shade(steel, 0.75))
    c.disc(x - 0.02, 0.58, r * 0.9, 0.23, steel)
    c.disc(x, 0.58, r * 0.5, 0.13, shade(steel, 0.6))
    for _ in c.many(2, 4):
        at, y = c.uniform(0.05, 0.95), c.uniform(0.12, 0.8)
        c.disc(at, y, 0.05, 0.05, (46, 46, 48))
        c.disc(at, y, 0.038, 0.038, (240, 238, 228))
        c.line([(at, y), (at + 0.02, y - 0.025)], (190, 50, 40), 0.008)
    at, y = c.uniform(0.1, 0.9), c.uniform(0.3, 0.7)
    for a, b in ((0.06, 0), (0, 0.06)):
        c.line([(at - a, y - b), (at + a, y + b)], (190, 60, 50), 0.018)


def martial_arts_gym(c: Canvas) -> None:
    """Bright mats, white wall, a banner and a heavy bag."""
    wall, a, b = (
        c.tone("#ece7da", "#dfd8c4", "#d5dcde"),
        c.tone("#c2453f", "#c9563a"),
        c.tone("#3a68a8", "#3f8a72", "#d9b04a"),
    )
    horizon = c.uniform(0.48, 0.56)
    c.box(0, 0, 1, horizon, wall)
    c.box(0, horizon - 0.12, 1, horizon, c.tone("#a87a4c", "#8f6a48"))
    for row in range(4):
        y0, y1 = (
            horizon + (1 - horizon) * (row / 4) ** 1.2,
            horizon + (1 - horizon) * ((row + 1) / 4) ** 1.2,
        )
        for k in range(-3, 9):
            s0, s1 = 0.14 + 0.10 * row, 0.14 + 0.10 * (row + 1)
            x0, x1 = 0.5 + (k - 3) * s0, 0.5 + (k - 3) * s1
            c.polygon([(x0, y0), (x0 + s0, y0), (x1 + s1, y1), (x1, y1)], a if (k + row) % 2 else b)
    x = c.uniform(0.15, 0.45)
    c.box(x, 0.06, x + 0.12, 0.34, c.tone("#f8f6f0", "#b0302f"))
    for k in range(3):
        c.box(x + 0.035, 0.09 + 0.08 * k, x + 0.085, 0.14 + 0.08 * k, (34, 30, 30))
    at = c.uniform(0.62, 0.9)
    c.line([(at, 0), (at, 0.16)], (90, 90, 90), 0.01)
    c.box(at - 0.055, 0.15, at + 0.055, 0.56, c.tone("#2c2c30", "#8a2f2c", "#5a4030"))
    c.box(at - 0.055, 0.26, at + 0.055, 0.28, (200, 196, 188))


def kitchen(c: Canvas) -> None:
    """Cupboards, a stove with a hood, tiles and a window."""
    front, tile = (
        c.tone("#e9e4d6", "#7f9a94", "#b98a5c", "#c9ccd0"),
        c.tone("#d8e0e0", "#e6d9c0", "#b9d0d6"),
    )
    c.box(0, 0, 1, 1, tile)
    for k in range(12):
        c.line([(k / 11, 0.34), (k / 11, 0.6)], shade(tile, 0.86), 0.005)
        c.line([(0, 0.34 + 0.03 * k), (1, 0.34 + 0.03 * k)], shade(tile, 0.86), 0.005)
    c.box(0, 0, 1, 0.34, front)
    for k in range(4):
        c.box(k / 4 + 0.015, 0.03, k / 4 + 0.235, 0.32, shade(front, 0.92))
        c.box(k / 4 + 0.20, 0.26, k / 4 + 0.215, 0.30, (90, 84, 76))
    x = c.uniform(0.1, 0.6)
    c.polygon(
        [(x + 0.05, 0.1), (x + 0.21, 0.1), (x + 0.28, 0.36), (x - 0.02, 0.36)], (176, 180, 184)
    )
    c.box(0, 0.60, 1, 0.645, c.tone("#5a5450", "#c9b896", "#efece4"))
    c.box(0, 0.645, 1, 0.94, front)
    for k in range(4):
        c.box(k / 4 + 0.015, 0.67, k / 4 + 0.235, 0.91, shade(front, 0.9))
    c.box(x, 0.645, x + 0.26, 0.94, (66, 66, 70))
    c.box(x + 0.03, 0.73, x + 0.23, 0.89, (26, 26, 30))
    for k in range(4):
        c.disc(x + 0.04 + 0.06 * k, 0.685, 0.014, 0.014, (214, 212, 208))
    pot = c.tone("#b0443c", "#8f9498", "#c9923a")
    c.box(x + 0.04, 0.50, x + 0.16, 0.60, pot)
    c.line([(x + 0.16, 0.53), (x + 0.24, 0.53)], shade(pot, 0.7), 0.016)
    c.band(0.94, 1, c.tone("#a88a68", "#8f9094"), (110, 100, 92))
