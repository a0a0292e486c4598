"""Vehicles of the road as drawings: car, truck, bus, bicycle and motorcycle, each in several
builds.

Every function paints one individual on a `Draft`: front to the right, from x = 0 to about 1,
standing on y = 0.
"""

import numpy as np

from bap_core.micro.drawing.draft import GLASS, PAINTS, RUBBER, STEEL, Draft, rounded
from bap_core.micro.drawing.pen import mix, oval, shade, smooth

_HEADLIGHT, _TAILLIGHT = (247, 236, 190), (190, 52, 44)


def car(d: Draft) -> None:
    """Saloon, hatchback, estate or off-roader: one low body, a glazed cabin, two wheels."""
    coat, rim, r = d.tone(*PAINTS), d.tone("#c3c7ca", "#8f9599", "#5d6165"), d.uniform(0.080, 0.096)
    belt, roof = -d.uniform(0.235, 0.27), -d.uniform(0.385, 0.46)
    rear_base, rear_roof, front_roof, front_base = d.pick(
        (0.13, 0.27, 0.56, 0.73),
        (0.03, 0.11, 0.55, 0.73),
        (0.01, 0.05, 0.56, 0.72),
        (0.02, 0.18, 0.52, 0.72),
    )
    front_roof, front_base = (
        front_roof + d.uniform(-0.04, 0.03),
        front_base + d.uniform(-0.03, 0.03),
    )
    nose = belt + d.uniform(0.02, 0.06)
    d.add(
        rounded(
            [
                (rear_base, belt + 0.03),
                (rear_roof, roof),
                (front_roof, roof),
                (front_base, belt + 0.03),
            ],
            0.06,
        ),
        shade(coat, 0.94),
    )
    pillar = d.uniform(0.36, 0.44)
    for name, a, b in (
        ("rear", (rear_base, rear_roof), (pillar, pillar)),
        ("front", (pillar + 0.02, pillar + 0.02), (front_base, front_roof)),
    ):
        inset = 0.035
        base_x = (a[0] + inset * (name == "rear"), b[0] - inset * (name == "front"))
        roof_x = (a[1] + inset * (name == "rear"), b[1] - inset * (name == "front") * 0.5)
        d.pane(
            [
                (base_x[0], belt),
                (roof_x[0], roof + 0.035),
                (roof_x[1], roof + 0.035),
                (base_x[1], belt),
            ],
            radius=0.015,
            name=name,
        )
    d.add(
        rounded(
            [
                (0.005, -0.07),
                (0.0, -0.19),
                (0.02, belt),
                (0.30, belt - 0.005),
                (front_base - 0.02, belt - 0.005),
                (0.95, nose),
                (1.0, -0.16),
                (0.995, -0.07),
            ],
            0.035,
        ),
        coat,
        group="body",
    )
    d.add([(-0.1, -0.13), (1.1, -0.13), (1.1, 0), (-0.1, 0)], shade(coat, 0.84), clip="body")
    d.bar([(0.02, belt + 0.022), (0.98, belt + 0.026)], 0.012, shade(coat, 1.16), clip="body")
    _doors(d, coat, pillar, belt)
    _ends(d, nose)
    for x in (0.20, 0.80):
        d.disc(x, -r, 1.22 * r, shade(coat, 0.42), clip="body")
        d.wheel(x + d.uniform(-0.01, 0.01), r, rim)


def _doors(d: Draft, coat, pillar: float, belt: float) -> None:
    for x in (pillar + 0.01, 0.665) if d.chance(0.7) else (0.665,):
        d.bar([(x, belt), (x - 0.006, -0.09)], 0.008, shade(coat, 0.68), clip="body")
        d.box(x - 0.075, belt + 0.052, x - 0.03, belt + 0.066, shade(coat, 0.6))


def _ends(d: Draft, nose: float) -> None:
    d.add(oval((0.965, nose + 0.05), 0.030, 0.020), _HEADLIGHT, clip="body")
    d.box(-0.01, -0.205, 0.025, -0.155, _TAILLIGHT, clip="body")
    d.box(-0.02, -0.105, 0.05, -0.075, (70, 72, 75), clip="body")
    d.box(0.93, -0.105, 1.02, -0.075, (70, 72, 75), clip="body")


def truck(d: Draft) -> None:
    """Lorry: a tall cab at the front and a cargo box, tipper, tank or flat bed behind, on three
    axles.
    """
    coat, rim, r = d.tone(*PAINTS), d.tone("#c3c7ca", "#8f9599"), d.uniform(0.062, 0.076)
    cab, top = d.uniform(0.72, 0.78), -d.uniform(0.36, 0.44)
    d.box(0.02, -0.145, 0.97, -0.095, (58, 60, 63))
    d.pick(_box_load, _box_load, _tipper, _tank, _logs)(d, cab - 0.025)
    lean = d.uniform(0.0, 0.05)
    d.add(
        rounded([(cab, -0.08), (cab, top), (0.97 - lean, top), (1.0, -0.24), (1.0, -0.08)], 0.025),
        coat,
        group="cab",
    )
    d.box(0, -0.15, 1.1, 0, shade(coat, 0.82), clip="cab")
    d.bar([(cab, -0.235), (1.0, -0.235)], 0.012, shade(coat, 1.15), clip="cab")
    d.pane(
        [(cab + 0.06, -0.25), (cab + 0.06, top + 0.04), (0.955 - lean, top + 0.04), (0.975, -0.25)],
        radius=0.015,
        name="cabin",
    )
    d.bar([(cab + 0.045, top + 0.03), (cab + 0.045, -0.1)], 0.008, shade(coat, 0.66))
    d.box(0.965, -0.175, 1.0, -0.14, _HEADLIGHT, clip="cab")
    d.box(0.93, -0.10, 1.01, -0.07, (70, 72, 75))
    for x in (0.13, 0.13 + 2.25 * r, 0.86):
        d.disc(x, -r, 1.2 * r, (44, 45, 47), clip="cab")
        d.wheel(x, r, rim)


def _box_load(d: Draft, end: float) -> None:
    side, top = d.tone("#e9e6dc", *PAINTS), -d.uniform(0.44, 0.56)
    d.box(0.0, top, end, -0.125, side, radius=0.012, group="load")
    d.box(-0.1, -0.17, 1, 0, shade(side, 0.84), clip="load")
    if d.chance(0.6):
        stripe, y = d.tone(*PAINTS), d.uniform(top + 0.10, -0.24)
        d.add(
            [(-0.1, y), (0.8, y - d.uniform(-0.08, 0.08)), (0.8, y + 0.07), (-0.1, y + 0.05)],
            stripe,
            clip="load",
        )
    else:
        for x in np.arange(0.07, end, 0.085):
            d.bar([(x, top), (x, -0.12)], 0.008, shade(side, 0.84), clip="load")
    d.box(-0.1, -1, 1, top + 0.022, shade(side, 1.1), clip="load")


def _tipper(d: Draft, end: float) -> None:
    side, heap = d.tone(*PAINTS), d.tone("#8a6a48", "#6f6a64", "#c2a878", "#4c4a48")
    top = -d.uniform(0.30, 0.36)
    d.add(
        smooth(
            [
                (0.04, top + 0.02),
                (0.18, top - 0.05),
                (0.34, top - d.uniform(0.06, 0.12)),
                (0.52, top - 0.05),
                (end - 0.03, top + 0.02),
                (0.3, top + 0.06),
            ]
        ),
        heap,
    )
    d.add([(0.0, top), (end, top), (end - 0.03, -0.125), (0.07, -0.125)], side, group="load")
    for x in np.linspace(0.12, end - 0.1, 5):
        d.bar([(x, top), (x, -0.12)], 0.014, shade(side, 0.78), clip="load")
    d.box(-0.1, top, 1, top + 0.03, shade(side, 1.14), clip="load")


def _tank(d: Draft, end: float) -> None:
    side, top = d.tone("#cfd3d6", "#e9e6dc", *PAINTS), -d.uniform(0.36, 0.42)
    d.box(0.0, top, end, -0.13, side, radius=0.11, group="load")
    d.box(-0.1, -0.21, 1, 0, shade(side, 0.78), clip="load")
    d.box(-0.1, top + 0.03, 1, top + 0.06, shade(side, 1.18), clip="load")
    for x in (0.2, 0.42):
        d.bar([(x, top), (x, -0.12)], 0.010, shade(side, 0.7), clip="load")
        d.box(x - 0.03, top - 0.02, x + 0.03, top + 0.01, shade(side, 0.7))


def _logs(d: Draft, end: float) -> None:
    wood, steel = d.tone("#8f6a45", "#a98255", "#c9a66b"), d.tone("#5d6165", "#8f9599")
    d.box(0.0, -0.165, end, -0.125, steel)
    for row in range(3):
        for k in range(2):
            y = -0.195 - 0.062 * row
            d.box(
                0.01 + 0.02 * row,
                y - 0.031,
                end - 0.01 - 0.03 * row,
                y + 0.033,
                shade(wood, 0.85 + 0.12 * row + 0.05 * k),
                radius=0.02,
            )
            d.disc(0.035 + 0.02 * row, y, 0.024, shade(wood, 1.25))
    for x in (0.12, end / 2, end - 0.08):
        d.bar([(x, -0.37), (x, -0.13)], 0.018, shade(steel, 0.8))


def bus(d: Draft) -> None:
    """Long box with a row of windows and a door: single-decker, coach or double-decker."""
    coat, second, r = d.tone(*PAINTS), d.tone("#e9e6dc", *PAINTS), d.uniform(0.052, 0.062)
    double, slant = d.chance(0.25), d.uniform(0.0, 0.05)
    top = -d.uniform(0.46, 0.53) if double else -d.uniform(0.29, 0.35)
    d.add(
        rounded([(0.0, -0.045), (0.0, top), (1 - slant, top), (1.0, -0.16), (1.0, -0.045)], 0.03),
        coat,
        group="body",
    )
    if d.chance(0.6):
        d.box(-0.1, -1, 1.1, top + d.uniform(0.05, 0.09), second, clip="body")
    d.box(-0.1, -0.085, 1.1, 0, shade(coat, 0.8), clip="body")
    if d.chance(0.6):
        d.bar([(-0.1, -0.115), (1.1, -0.115)], 0.02, second, clip="body")
    count = int(d.rng.integers(5, 8))
    for deck, y in enumerate((-0.15, top + 0.155) if double else (-0.15,)):
        high = y - (0.10 if double else min(0.13, -0.045 - top + y))
        _windows(d, y, max(high, top + 0.04), count, slant, deck)
    x = d.uniform(0.80, 0.83)
    d.box(x - 0.005, -0.24, x + 0.065, -0.05, shade(coat, 0.55))
    d.pane(
        [(x + 0.002, -0.055), (x + 0.002, -0.232), (x + 0.058, -0.232), (x + 0.058, -0.055)],
        name="door",
    )
    d.box(0.97, -0.115, 1.02, -0.08, _HEADLIGHT, clip="body")
    d.box(-0.02, -0.15, 0.014, -0.09, _TAILLIGHT, clip="body")
    for x in (0.20, 0.72):
        d.disc(x, -r, 1.25 * r, shade(coat, 0.4), clip="body")
        d.wheel(x, r, d.tone("#c3c7ca", "#8f9599"))


def _windows(d: Draft, low: float, high: float, count: int, slant: float, deck: int) -> None:
    edges = np.linspace(0.035, 0.79 if deck == 0 else 0.90, count + 1)
    for k, (a, b) in enumerate(zip(edges[:-1], edges[1:])):
        d.pane(
            [(a, low), (a, high), (b - 0.016, high), (b - 0.016, low)],
            radius=0.008,
            name=f"window {deck} {k}",
        )
    front = 0.995 - slant * (0.6 if deck == 0 else 1)
    d.pane(
        [(0.91, low), (0.91, high), (front - 0.012, high), (front, low)],
        radius=0.008,
        name=f"screen {deck}",
    )


def bicycle(d: Draft) -> None:
    """Two spoked wheels, open between: diamond or step-through frame; straight, dropped or
    upright handlebar.
    """
    coat, r = d.tone(*PAINTS), d.uniform(0.225, 0.255)
    tyre, leather = d.tone("#2b2c2f", "#2b2c2f", "#4a3f38"), d.tone("#2f2a28", "#7a4f32", "#b08a5c")
    back, front = np.array([r, -r]), np.array([1 - r, -r])
    crank, post = (
        np.array([r + d.uniform(0.19, 0.22), -r + 0.02]),
        np.array([r + d.uniform(0.11, 0.14), -d.uniform(0.50, 0.56)]),
    )
    head = np.array([front[0] - d.uniform(0.09, 0.12), -d.uniform(0.52, 0.60)])
    for x, y in (back, front):
        for angle in np.linspace(0, np.pi, 7)[:-1] + d.uniform(0, 0.5):
            reach = (r - 0.02) * np.array([np.cos(angle), np.sin(angle)])
            d.bar([(x, y) - reach, (x, y) + reach], 0.007, STEEL)
        d.ring(x, y, r, 0.036, tyre)
        d.ring(x, y, r - 0.034, 0.014, STEEL)
        d.disc(x, y, 0.024, shade(STEEL, 0.6))
    if d.chance(0.4):
        for x, y in (back, front):
            _mudguard(d, x, y, r, shade(coat, 0.9))
    joint = (0.25 if d.chance(0.3) else 0.86) * (post - crank) + crank
    for a, b in (
        (back, crank),
        (back, 0.9 * (post - crank) + crank),
        (crank, post),
        (crank, head + [0.012, 0.05]),
        (joint, head),
    ):
        d.bar([a, b], 0.032, coat)
    d.bar([head + [-0.012, -0.05], head + [0.02, 0.08], front], 0.030, shade(coat, 0.85))
    d.add(
        smooth(
            post
            + np.array(
                [(-0.10, -0.035), (0.02, -0.03), (0.10, -0.012), (0.02, 0.008), (-0.09, 0.012)]
            )
        ),
        leather,
    )
    _handlebar(d, head + [-0.012, -0.05], leather)
    _cranks(d, crank)
    if d.chance(0.25):
        d.box(
            head[0] + 0.04,
            head[1] - 0.05,
            head[0] + 0.19,
            head[1] + 0.09,
            d.tone("#a9814f", "#6b4f35"),
            radius=0.02,
        )


def _mudguard(d: Draft, x: float, y: float, r: float, fill) -> None:
    t = np.linspace(np.pi * 1.02, np.pi * 1.85, 12)
    d.bar(np.stack([x + (r + 0.018) * np.cos(t), y + (r + 0.018) * np.sin(t)], axis=1), 0.022, fill)


def _handlebar(d: Draft, at, grip) -> None:
    bend = np.array(
        d.pick(
            [(0, 0), (0.06, -0.01), (0.10, 0.01)],
            [(0, 0), (0.09, -0.01), (0.13, 0.04), (0.09, 0.10), (0.05, 0.10)],
            [(0, 0), (-0.02, -0.06), (-0.10, -0.075)],
        )
    )
    d.bar(at + bend, 0.028, shade(STEEL, 0.75))
    d.bar(at + bend[-2:], 0.040, grip)


def _cranks(d: Draft, at) -> None:
    d.ring(*at, 0.065, 0.026, shade(STEEL, 0.55))
    angle = d.uniform(0, 2 * np.pi)
    for way in (1, -1):
        end = at + way * 0.105 * np.array([np.cos(angle), np.sin(angle)])
        d.bar([at, end], 0.024, shade(STEEL, 0.7))
        d.bar([end - [0.04, 0], end + [0.04, 0]], 0.030, RUBBER)


def motorcycle(d: Draft) -> None:
    """Two fat wheels with an engine between them: roadster, cruiser or racer with a fairing."""
    coat, r, chrome = (
        d.tone(*PAINTS),
        d.uniform(0.175, 0.20),
        d.tone("#c3c7ca", "#8f9599", "#5d6165"),
    )
    build = d.pick("roadster", "cruiser", "racer")
    back, front = np.array([r, -r]), np.array([1 - r, -r])
    head = np.array(
        [
            front[0] - {"roadster": 0.15, "cruiser": 0.21, "racer": 0.14}[build],
            -d.uniform(0.49, 0.53),
        ]
    )
    for x, y in (back, front):
        _fat_wheel(d, x, y, r, chrome)
    d.bar([back, (0.47, -0.20), (0.50, -0.17)], 0.045, shade(chrome, 0.7))
    d.bar([(0.30, -0.36), back], 0.032, shade(chrome, 0.85))
    _engine(d, chrome)
    d.bar([head + [-0.02, -0.05], front], 0.042, chrome)
    d.add(
        smooth(
            [
                (0.10, -0.43),
                (0.30, -0.41),
                (0.50, -0.36),
                (0.45, -0.30),
                (0.25, -0.31),
                (0.06, -0.36 if build == "cruiser" else -0.42),
            ]
        ),
        shade(coat, 0.8),
    )
    d.add(
        smooth(
            [
                (0.09, -0.48 if build == "racer" else -0.44),
                (0.26, -0.445),
                (0.46, -0.41),
                (0.46, -0.37),
                (0.24, -0.39),
            ]
        ),
        RUBBER,
    )
    tank = [
        (0.42, -0.385),
        (0.46, -0.47),
        (0.56, -0.515),
        (head[0] + 0.01, -0.48),
        (head[0] + 0.01, -0.40),
        (0.56, -0.345),
    ]
    d.add(smooth(tank), coat, group="tank")
    d.add(
        np.array([(0.3, -0.40), (0.9, -0.42), (0.9, -0.2), (0.3, -0.2)]),
        shade(coat, 0.82),
        clip="tank",
    )
    d.bar([(0.46, -0.45), (0.57, -0.485), (0.64, -0.47)], 0.014, shade(coat, 1.2), clip="tank")
    t = np.linspace(np.pi * 1.12, np.pi * 1.72, 9)
    d.bar(
        np.stack([front[0] + (r + 0.02) * np.cos(t), front[1] + (r + 0.02) * np.sin(t)], axis=1),
        0.03,
        coat,
    )
    _front(d, build, head, coat)


def _fat_wheel(d: Draft, x: float, y: float, r: float, chrome) -> None:
    for angle in np.linspace(0, np.pi, 5)[:-1] + d.uniform(0, 0.7):
        reach = (r - 0.05) * np.array([np.cos(angle), np.sin(angle)])
        d.bar([(x, y) - reach, (x, y) + reach], 0.018, shade(chrome, 0.8))
    d.ring(x, y, r, 0.068, RUBBER)
    d.ring(x, y, r - 0.064, 0.018, chrome)
    d.disc(x, y, 0.05, shade(chrome, 0.6))
    d.disc(x, y, 0.022, shade(chrome, 0.35))


def _engine(d: Draft, chrome) -> None:
    d.add(
        rounded(
            [
                (0.36, -0.17),
                (0.36, -0.34),
                (0.66, -0.40),
                (0.66, -0.22),
                (0.60, -0.12),
                (0.42, -0.12),
            ],
            0.03,
        ),
        (62, 64, 68),
        group="engine",
    )
    for k in range(4):
        d.bar([(0.50, -0.30 + 0.03 * k), (0.64, -0.335 + 0.03 * k)], 0.012, chrome, clip="engine")
    d.disc(0.45, -0.20, 0.055, shade(chrome, 0.85))
    d.disc(0.45, -0.20, 0.03, shade(chrome, 0.6))
    d.bar(
        [(0.62, -0.24), (0.60, -0.14), (0.46, -0.105), (0.28, -0.12), (0.06, -0.155)],
        0.036,
        shade(chrome, 1.1),
    )


def _front(d: Draft, build: str, head, coat) -> None:
    if build == "racer":
        d.add(
            smooth(
                head
                + np.array(
                    [
                        (-0.05, -0.09),
                        (0.05, -0.06),
                        (0.14, 0.02),
                        (0.08, 0.10),
                        (-0.06, 0.20),
                        (-0.12, 0.10),
                    ]
                )
            ),
            coat,
        )
        d.add(
            head + np.array([(-0.05, -0.08), (0.0, -0.135), (0.06, -0.05)]),
            mix(GLASS, (190, 215, 225), 0.4),
        )
        d.disc(*(head + [0.095, 0.0]), 0.022, _HEADLIGHT)
        return
    rise = 0.14 if build == "cruiser" else 0.06
    d.bar(head + np.array([(-0.01, -0.02), (-0.03, -rise), (-0.11, -rise - 0.005)]), 0.026, STEEL)
    d.bar(head + np.array([(-0.07, -rise - 0.003), (-0.14, -rise)]), 0.036, RUBBER)
    d.disc(*(head + [0.045, 0.0]), 0.048, shade(STEEL, 0.7))
    d.disc(*(head + [0.057, 0.0]), 0.036, _HEADLIGHT)
