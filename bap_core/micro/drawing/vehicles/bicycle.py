"""A bicycle as a drawing, with three kinds of handlebar."""

import numpy as np

from bap_core.micro.drawing.draft import PAINTS, RUBBER, STEEL, Draft
from bap_core.micro.drawing.pen import shade, smooth


def draw_bicycle(d: Draft) -> None:
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
        d.spokes(x, y, r - 0.02, 0.007, STEEL, pairs=6, loose=0.5)
        d.ring(x, y, r, 0.036, tyre)
        d.ring(x, y, r - 0.034, 0.014, STEEL)
        d.disc(x, y, 0.024, shade(STEEL, 0.6))
    if d.chance(0.4):
        for x, y in (back, front):
            d.arc(x, y, r + 0.018, (1.02, 1.85), 0.022, shade(coat, 0.9), steps=12)
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
    d.ring(at[0], at[1], 0.065, 0.026, shade(STEEL, 0.55))
    angle = d.uniform(0, 2 * np.pi)
    for way in (1, -1):
        end = at + way * 0.105 * np.array([np.cos(angle), np.sin(angle)])
        d.bar([at, end], 0.024, shade(STEEL, 0.7))
        d.bar([end - [0.04, 0], end + [0.04, 0]], 0.030, RUBBER)
