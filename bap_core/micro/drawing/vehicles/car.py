"""A car as a drawing: saloon, hatchback, estate or off-roader."""

from bap_core.micro.drawing.draft import HEADLIGHT, PAINTS, TAILLIGHT, Draft, rounded
from bap_core.micro.drawing.pen import Colour, oval, shade


def draw_car(d: Draft) -> None:
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
    _panes(d, (rear_base, rear_roof), pillar, (front_base, front_roof), belt, roof)
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


def _doors(d: Draft, coat: Colour, pillar: float, belt: float) -> None:
    for x in (pillar + 0.01, 0.665) if d.chance(0.7) else (0.665,):
        d.bar([(x, belt), (x - 0.006, -0.09)], 0.008, shade(coat, 0.68), clip="body")
        d.box(x - 0.075, belt + 0.052, x - 0.03, belt + 0.066, shade(coat, 0.6))


def _ends(d: Draft, nose: float) -> None:
    d.add(oval((0.965, nose + 0.05), 0.030, 0.020), HEADLIGHT, clip="body")
    d.box(-0.01, -0.205, 0.025, -0.155, TAILLIGHT, clip="body")
    d.box(-0.02, -0.105, 0.05, -0.075, (70, 72, 75), clip="body")
    d.box(0.93, -0.105, 1.02, -0.075, (70, 72, 75), clip="body")


def _panes(
    d: Draft,
    rear: tuple[float, float],
    pillar: float,
    front: tuple[float, float],
    belt: float,
    roof: float,
) -> None:
    """Side windows before and behind the pillar. rear, front: x of the cabin's ends, at the belt
    and at the roof.
    """
    for name, a, b in (
        ("rear", rear, (pillar, pillar)),
        ("front", (pillar + 0.02, pillar + 0.02), front),
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
