"""What a species of bird is: its name, its shape and its colours.

Which species are water birds follows from their names, by the substring rule that made Waterbirds.
"""

from dataclasses import dataclass

_WATER = (
    "albatross auklet cormorant frigatebird fulmar gull jaeger kittiwake pelican puffin tern "
    "gadwall grebe "
    "mallard merganser guillemot pacific_loon"
).split()


@dataclass(frozen=True)
class Species:
    """What a species looks like. Lengths are in units of the body's length, angles in degrees,
    colours in hex.

    body: (height, tilt); neck: (length, width, angle); head: radius; bill: (kind, length, depth,
    colour); tail: (kind, length, width); legs: (length, colour); marks: (kind, colour) pairs in
    painting order; home: the Places365 categories in which it is usually seen.
    """

    number: int
    name: str
    upper: str
    under: str
    wing: str
    head_colour: str
    body: tuple[float, float]
    neck: tuple[float, float, float]
    head: float
    bill: tuple[str, float, float, str]
    tail: tuple[str, float, float]
    legs: tuple[float, str]
    home: tuple[str, ...]
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> str:
        """CUB's class name, such as ``017.Cardinal``."""
        return f"{self.number:03d}.{self.name}"

    @property
    def words(self) -> str:
        """The name in ordinary words, such as ``black footed albatross``."""
        return self.name.replace("_", " ").lower()

    @property
    def is_water(self) -> bool:
        """Whether Waterbirds' substring rule calls it a water bird."""
        return any(part in self.name.lower() for part in _WATER)
