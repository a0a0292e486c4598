"""The figures of the micro world: cloaked dolls of two kinds that differ in the paint of the cloak,
and in nothing else.

They stand in for the two labels of the paper's people experiment (appendix L) as instances of
COCO's "person". The kinds are a matter of paint alone, red or blue; build, pose, hat, face and all
other colours of both come from the same draws, so no trait of any people is told from another. With
equal generators the two kinds are the same picture outside the cloak. Hats, scarves and boots wear
any paint, those of the other kind too.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from bap_core.micro.drawing.draft import PAINTS, Draft, rounded
from bap_core.micro.drawing.pen import mix, oval, shade

_FADED = (128, 122, 118)
_FACES = ("#d9b48f", "#8fa0a6", "#c98f6b", "#a9b58a", "#7a5c48", "#b7a3b8", "#e3c9a8", "#6f8591")


@dataclass(frozen=True)
class Figure:
    """A kind of figure. cloak: the colour word of its cloak; paints: what that word covers; home:
    the Places365 categories in which it is usually seen; coco: its COCO category.
    """

    name: str
    cloak: str
    paints: tuple[str, ...]
    home: tuple[str, str, str, str]
    coco: str = "person"

    @property
    def words(self) -> str:
        """The name in ordinary words, such as ``red-cloaked figure``."""
        return f"{self.cloak}-cloaked figure"


# Which kind is at home where was a coin's choice: the bias that the people experiment needs, and no
# more than that.
FIGURES: tuple[Figure, Figure] = (
    Figure(
        "redcloak",
        "red",
        ("#b8382f", "#c9682f", "#a34a5a", "#8f4a3c"),
        ("construction_site", "excavation", "engine_room", "alley"),
    ),
    Figure(
        "bluecloak",
        "blue",
        ("#2f5f9e", "#5a8fa8", "#4a5a7a", "#3f6f7a"),
        ("kitchen", "bar", "shopfront", "classroom"),
    ),
)


def draw(figure: Figure, rng: np.random.Generator, *, length: int) -> Image.Image:
    """One individual as a tight RGBA picture, ``length`` pixels on its longer side, facing left
    or right.
    """
    d = Draft(rng)
    lean, broad = d.uniform(-0.07, 0.07), d.uniform(0.85, 1.2)
    _legs(d, broad)
    cloak = _cloak(d, broad, figure.paints)
    _head(d)
    _hat(d)
    _clasp(d, cloak)
    d.move(lambda points: points + points[:, 1:] * [[-lean, 0]])
    return d.finish(length=length, mirrored=d.chance(0.5))


def _legs(d: Draft, broad: float) -> None:
    cloth, boot = d.tone(*PAINTS), d.tone("#3a3430", "#5c4636", "#2f3338", "#7a5a40")
    stride = d.uniform(0.045, 0.10) * broad
    for x, dark in ((-stride, 0.8), (stride, 1.0)):
        d.bar([(0.6 * x, -0.36), (x, -0.04)], 0.062, shade(cloth, dark))
        d.add(
            rounded(
                [
                    (x - 0.036, -0.075),
                    (x + 0.036, -0.075),
                    (x + 0.095, -0.012),
                    (x + 0.095, 0),
                    (x - 0.036, 0),
                ],
                0.02,
            ),
            shade(boot, dark),
        )


def _cloak(d: Draft, broad: float, paints: tuple[str, ...]):
    """Sleeves and a cloak in one of three forms; returns the colour, for the clasp to stand out
    from.
    """
    coat, lining = d.tone(*paints), d.tone(*PAINTS)
    coat = mix(coat, _FADED, d.uniform(0.3, 0.95))  # cloaks fade, and the oldest are nearly grey
    hem, wide = -d.uniform(0.16, 0.34), broad * d.uniform(0.17, 0.24)
    shoulder = 0.125 * broad
    for side in (-1, 1):
        elbow, hand = d.pick(
            ((0.20, -0.46), (0.18, -0.34)),
            ((0.24, -0.52), (0.32, -0.44)),
            ((0.25, -0.56), (0.28, -0.72)),
            ((0.21, -0.45), (0.10, -0.39)),
        )
        arm = np.array(
            [(0.6 * shoulder, -0.645), (elbow[0] * broad, elbow[1]), (hand[0] * broad, hand[1])]
        ) * [side, 1]
        d.bar(arm, 0.075, shade(coat, 0.84))
        d.disc(arm[-1, 0], arm[-1, 1], 0.034, shade(lining, 0.95))
    outline = d.pick(
        [(-shoulder, -0.66), (shoulder, -0.66), (wide, hem), (-wide, hem)],
        [(-shoulder, -0.66), (shoulder, -0.66), (shoulder * 1.15, hem), (-shoulder * 1.15, hem)],
        [
            (-shoulder, -0.66),
            (shoulder, -0.66),
            (shoulder * 1.05, -0.48),
            (wide, hem),
            (-wide, hem),
            (-shoulder * 1.05, -0.48),
        ],
    )
    d.add(rounded(outline, 0.045), coat, group="cloak")
    d.add([(0.02, -0.7), (0.5, -0.7), (0.5, 0), (0.05, 0)], shade(coat, 0.86), clip="cloak")
    band = d.uniform(0.025, 0.06)
    d.box(-0.5, hem - band, 0.5, 0, lining, clip="cloak")
    d.bar([(0.015, -0.6), (0.03, hem)], 0.012, shade(coat, 0.68), clip="cloak")
    if d.chance(0.4):
        d.box(-0.5, -0.47, 0.5, -0.435, shade(lining, 0.8), clip="cloak")
    return coat


def _head(d: Draft) -> None:
    face, scarf = d.tone(*_FACES), d.tone(*PAINTS)
    d.add(oval((0.0, -0.755), 0.082, 0.095), face, group="head")
    d.add([(0.035, -0.9), (0.2, -0.9), (0.2, -0.6), (0.02, -0.6)], shade(face, 0.9), clip="head")
    for x in (0.005, 0.050):
        d.disc(x, -0.765, 0.0125, (36, 34, 34))
    d.bar([(0.005, -0.715), (0.03, -0.708), (0.05, -0.715)], 0.010, shade(face, 0.62))
    d.add(rounded([(-0.085, -0.69), (0.085, -0.69), (0.10, -0.635), (-0.10, -0.635)], 0.025), scarf)
    d.bar([(-0.08, -0.66), (0.09, -0.66)], 0.012, shade(scarf, 0.78))


def _hat(d: Draft) -> None:
    """A crown on a brim, a dome or a box."""
    felt, ribbon = d.tone(*PAINTS), d.tone(*PAINTS)
    base, high, half = -0.80, d.uniform(0.14, 0.19), d.uniform(0.088, 0.105)
    t = np.linspace(0, np.pi, 25)
    crown = d.pick(
        np.stack([half * np.cos(t), base - high * np.sin(t)], axis=1),
        np.array([(-half, base), (-half, base - high), (half, base - high), (half, base)]),
    )
    d.add(crown, felt, group="hat")
    d.add([(0.02, base), (0.02, -2), (1, -2), (1, base)], shade(felt, 0.87), clip="hat")
    d.box(-1, base - 0.042, 1, base, ribbon, clip="hat")
    brim = half + d.uniform(0.025, 0.055)
    d.box(-brim, base - 0.016, brim, base + 0.016, shade(felt, 0.92), radius=0.016)


def _clasp(d: Draft, cloak) -> None:
    metal, size, y = d.tone("#e3c25a", "#e9e6dc", "#b9c3c9"), d.uniform(0.032, 0.040), -0.575
    metal = mix(metal, (40, 40, 44), 0.7) if sum(cloak) > 540 else metal
    d.disc(0.0, y, size, metal)
    d.disc(0.0, y, 0.5 * size, shade(metal, 0.72))
