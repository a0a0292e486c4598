"""One bird: what differs between individuals of a species while they are drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.drawing.pen import Colour, Drawing, colour, jitter, mix, shade, turn

_DULL = (128, 114, 98)  # the colour that immature and worn plumage drifts to


@dataclass
class Bird(Drawing):
    """One individual while it is being drawn: body axis along +x, centre at the origin, y down.

    Lengths are in units of the body's length, angles in radians. tilt: of the body; look: of the
    head; head_at, neck_base: (2,) points; colours: of the parts, and of each mark as
    ``mark:<kind>``; swimming: its legs are out of sight.
    """

    species: Species
    rng: np.random.Generator
    colours: dict[str, Colour]
    tilt: float
    head_at: np.ndarray
    neck_base: np.ndarray
    look: float
    swimming: bool

    def on_body(self, points: ArrayLike) -> np.ndarray:
        """Points (N, 2) around the middle of the body, turned as the body is."""
        return turn(points, self.tilt)

    def on_head(self, points: ArrayLike) -> np.ndarray:
        """Points (N, 2) in units of the head's radius around its middle, turned as the head is."""
        return turn(np.asarray(points, dtype=float) * self.species.head, self.look) + self.head_at


def individual(species: Species, rng: np.random.Generator) -> Bird:
    """An individual of a species with nothing drawn of it yet: its plumage, its light, its pose."""
    dull = rng.beta(1.2, 3.0) * 0.45
    names = {
        "upper": species.upper,
        "under": species.under,
        "wing": species.wing,
        "head": species.head_colour,
        "bill": species.bill[3],
        "leg": species.legs[1],
    }
    names |= {f"mark:{kind}": value for kind, value in species.marks}
    light = rng.uniform(0.88, 1.1)
    colours = {
        key: shade(mix(jitter(colour(value), rng), _DULL, dull), light)
        for key, value in names.items()
    }
    tilt = np.radians(species.body[1] + rng.normal(0, 7))
    reach, _, angle = species.neck
    reach, angle = reach * rng.uniform(0.75, 1.15), np.radians(angle + rng.normal(0, 9))
    base = turn([[0.36, -0.18 * species.body[0]]], tilt)[0]
    head_at = base + (reach + 0.6 * species.head) * np.array([np.cos(angle), -np.sin(angle)])
    look = np.radians(rng.normal(-3, 10))
    swimming = species.is_water and species.body[1] < 20 and rng.random() < 0.55
    return Bird(species, rng, colours, tilt, head_at, base, look, swimming)
