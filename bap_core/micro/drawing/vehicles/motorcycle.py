"""A motorcycle as a drawing: roadster, cruiser or racer."""

import numpy as np

from bap_core.micro.drawing.draft import GLASS, HEADLIGHT, PAINTS, RUBBER, STEEL, Draft, rounded
from bap_core.micro.drawing.pen import Colour, mix, shade, smooth


def draw_motorcycle(d: Draft) -> None:
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
    _seat(d, build, coat)
    _fuel_tank(d, head, coat)
    d.arc(front[0], front[1], r + 0.02, (1.12, 1.72), 0.03, coat, steps=9)
    _front(d, build, head, coat)


def _seat(d: Draft, build: str, coat: Colour) -> None:
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


def _fuel_tank(d: Draft, head: np.ndarray, coat: Colour) -> None:
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


def _fat_wheel(d: Draft, x: float, y: float, r: float, chrome: Colour) -> None:
    d.spokes(x, y, r - 0.05, 0.018, shade(chrome, 0.8), pairs=4, loose=0.7)
    d.ring(x, y, r, 0.068, RUBBER)
    d.ring(x, y, r - 0.064, 0.018, chrome)
    d.disc(x, y, 0.05, shade(chrome, 0.6))
    d.disc(x, y, 0.022, shade(chrome, 0.35))


def _engine(d: Draft, chrome: Colour) -> None:
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


def _front(d: Draft, build: str, head: np.ndarray, coat: Colour) -> None:
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
        d.disc(head[0] + 0.095, head[1], 0.022, HEADLIGHT)
        return
    rise = 0.14 if build == "cruiser" else 0.06
    d.bar(head + np.array([(-0.01, -0.02), (-0.03, -rise), (-0.11, -rise - 0.005)]), 0.026, STEEL)
    d.bar(head + np.array([(-0.07, -rise - 0.003), (-0.14, -rise)]), 0.036, RUBBER)
    d.disc(head[0] + 0.045, head[1], 0.048, shade(STEEL, 0.7))
    d.disc(head[0] + 0.057, head[1], 0.036, HEADLIGHT)
