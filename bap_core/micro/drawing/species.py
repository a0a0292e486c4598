"""The birds of the micro world: two dozen species with CUB-200-2011's numbers and names, as shape
and colour.

Which of them are water birds follows from their names, by the substring rule that made Waterbirds.
Shapes overlap on purpose: a dark land bird and a dark water bird differ in bill, neck and tail
before they differ in colour.
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


_SEA = ("ocean", "coast", "beach", "iceberg")
_FRESH = ("lake/natural", "pond", "river", "marsh")
_WOOD = ("forest/broadleaf", "bamboo_forest", "rainforest")
_OPEN = ("field/wild", "pasture", "wheat_field", "forest/broadleaf")

SPECIES: tuple[Species, ...] = (
    Species(
        1,
        "Black_footed_Albatross",
        "#5b4a3f",
        "#85735f",
        "#463830",
        "#6d5b4d",
        (0.44, 8),
        (0.16, 0.24, 40),
        0.145,
        ("hook", 0.30, 0.085, "#6b5a52"),
        ("square", 0.22, 0.20),
        (0.22, "#2f2a28"),
        (*_SEA[:3], "lake/natural"),
        (("face", "#d8cdbb"),),
    ),
    Species(
        5,
        "Crested_Auklet",
        "#3c4147",
        "#6d757b",
        "#33373c",
        "#33373c",
        (0.56, 42),
        (0.06, 0.30, 70),
        0.17,
        ("stout", 0.13, 0.13, "#e5702a"),
        ("square", 0.12, 0.20),
        (0.14, "#8a94a3"),
        (*_SEA[:3], "iceberg"),
        (("forelock", "#2a2d31"), ("brow", "#f2f0e6")),
    ),
    Species(
        23,
        "Brandt_Cormorant",
        "#2b2c2f",
        "#34353a",
        "#222326",
        "#2b2c2f",
        (0.40, 48),
        (0.44, 0.13, 68),
        0.115,
        ("hook", 0.24, 0.055, "#7a7466"),
        ("round", 0.30, 0.16),
        (0.16, "#1e1e20"),
        (*_SEA[:3], "lake/natural"),
        (("chin", "#3f6fb5"),),
    ),
    Species(
        46,
        "Gadwall",
        "#85786a",
        "#b9ad9c",
        "#6c6055",
        "#93826d",
        (0.44, 4),
        (0.20, 0.17, 58),
        0.135,
        ("duck", 0.20, 0.085, "#4a4640"),
        ("square", 0.14, 0.18),
        (0.10, "#d98a3a"),
        (*_FRESH, "lake/natural"),
        (("scales", "#6b5f53"), ("rump", "#26231f"), ("speculum", "#f0ece0")),
    ),
    Species(
        53,
        "Western_Grebe",
        "#4b4d50",
        "#eceae2",
        "#3e4043",
        "#f0eee8",
        (0.40, 4),
        (0.46, 0.12, 80),
        0.115,
        ("dagger", 0.26, 0.05, "#d8c24a"),
        ("square", 0.06, 0.14),
        (0.05, "#7b7a60"),
        (*_FRESH, "ocean"),
        (("cap", "#2c2d30"), ("nape", "#2c2d30")),
    ),
    Species(
        62,
        "Herring_Gull",
        "#eceae4",
        "#f6f4ee",
        "#a9b0b8",
        "#f4f2ec",
        (0.42, 12),
        (0.14, 0.22, 50),
        0.145,
        ("hook", 0.19, 0.075, "#e6bc3c"),
        ("square", 0.20, 0.15),
        (0.24, "#dca091"),
        (*_SEA[:3], "river"),
        (("wingtip", "#2a2b2e"),),
    ),
    Species(
        86,
        "Pacific_Loon",
        "#33363a",
        "#ecebe4",
        "#2b2d31",
        "#9a9fa3",
        (0.40, 3),
        (0.28, 0.17, 62),
        0.13,
        ("dagger", 0.22, 0.06, "#3a3a3c"),
        ("square", 0.07, 0.14),
        (0.06, "#3a3a3c"),
        (*_FRESH[:2], "ocean", "coast"),
        (("throat", "#26282b"), ("checks", "#f2f1ea")),
    ),
    Species(
        87,
        "Mallard",
        "#b3a999",
        "#d9d2c4",
        "#8d8376",
        "#2f6b4a",
        (0.46, 5),
        (0.20, 0.17, 60),
        0.14,
        ("duck", 0.21, 0.085, "#dcb63f"),
        ("curl", 0.14, 0.16),
        (0.12, "#e0822f"),
        (*_FRESH, "pond"),
        (("breast", "#6d4633"), ("collar", "#f2f0ea"), ("speculum", "#3a5fa8")),
    ),
    Species(
        89,
        "Hooded_Merganser",
        "#2f2c2b",
        "#a86f42",
        "#3a3533",
        "#26282a",
        (0.40, 5),
        (0.17, 0.16, 62),
        0.135,
        ("dagger", 0.17, 0.045, "#2b2a28"),
        ("round", 0.18, 0.14),
        (0.08, "#b5a06a"),
        _FRESH,
        (("hoodcrest", "#26282a"), ("fan", "#f5f3ee"), ("breast", "#f0ede4")),
    ),
    Species(
        101,
        "White_Pelican",
        "#f1ede2",
        "#f8f5ec",
        "#e6e1d5",
        "#f5f1e7",
        (0.46, 12),
        (0.40, 0.14, 72),
        0.125,
        ("pouch", 0.46, 0.10, "#e9a047"),
        ("square", 0.12, 0.18),
        (0.16, "#e58a3c"),
        ("lake/natural", "coast", "marsh", "ocean"),
        (("wingtip", "#2c2b2a"),),
    ),
    Species(
        106,
        "Horned_Puffin",
        "#2f3033",
        "#f1efe8",
        "#2a2b2e",
        "#f1efe8",
        (0.54, 50),
        (0.05, 0.30, 72),
        0.17,
        ("stout", 0.20, 0.19, "#e8682c"),
        ("square", 0.10, 0.16),
        (0.14, "#e8742e"),
        (*_SEA[:3], "iceberg"),
        (("cap", "#2c2d30"), ("billbase", "#f0c54a"), ("collar", "#2f3033")),
    ),
    Species(
        144,
        "Common_Tern",
        "#d5d9dc",
        "#eef0ef",
        "#b2babf",
        "#f0f1ef",
        (0.34, 8),
        (0.10, 0.18, 42),
        0.125,
        ("dagger", 0.20, 0.05, "#d8492f"),
        ("fork", 0.38, 0.20),
        (0.10, "#d8492f"),
        (*_SEA[:3], "marsh"),
        (("cap", "#26272a"),),
    ),
    Species(
        17,
        "Cardinal",
        "#b53330",
        "#c9423a",
        "#93292b",
        "#bf3531",
        (0.50, 34),
        (0.05, 0.28, 66),
        0.165,
        ("cone", 0.12, 0.13, "#e2753a"),
        ("square", 0.46, 0.14),
        (0.16, "#6b4a3a"),
        (*_WOOD[:2], "snowfield", "chalet"),
        (("crest", "#b8322f"), ("mask", "#2a2222")),
    ),
    Species(
        29,
        "American_Crow",
        "#2a2a2e",
        "#323238",
        "#222226",
        "#28282c",
        (0.46, 18),
        (0.10, 0.25, 52),
        0.15,
        ("cone", 0.21, 0.10, "#1f1f22"),
        ("round", 0.32, 0.18),
        (0.22, "#1f1f22"),
        (*_OPEN[1:], "cemetery"),
        (("sheen", "#474b5c"),),
    ),
    Species(
        47,
        "American_Goldfinch",
        "#e0bd3a",
        "#ecd05c",
        "#2d2b29",
        "#e0bd3a",
        (0.54, 28),
        (0.03, 0.30, 60),
        0.175,
        ("cone", 0.11, 0.11, "#dc8f58"),
        ("fork", 0.26, 0.13),
        (0.15, "#b98a70"),
        (*_OPEN[:2], "forest/broadleaf", "bamboo_forest"),
        (("brow", "#2a2826"), ("bars", "#f4f1e6")),
    ),
    Species(
        73,
        "Blue_Jay",
        "#4b7ab5",
        "#dfe1e0",
        "#3f6ca8",
        "#5784bb",
        (0.46, 30),
        (0.06, 0.26, 62),
        0.155,
        ("cone", 0.17, 0.085, "#2c2d31"),
        ("round", 0.48, 0.17),
        (0.19, "#3c3b3e"),
        (*_WOOD[:2], "chalet", "field/wild"),
        (("crest", "#4b7ab5"), ("face", "#eceeed"), ("necklace", "#2a2c33"), ("bars", "#f2f3f2")),
    ),
    Species(
        76,
        "Dark_eyed_Junco",
        "#55585d",
        "#ecebe6",
        "#4a4c50",
        "#4c4f54",
        (0.54, 22),
        (0.03, 0.30, 58),
        0.175,
        ("cone", 0.11, 0.10, "#e3b5a4"),
        ("square", 0.32, 0.13),
        (0.16, "#a67f70"),
        (*_WOOD[:2], "snowfield", "field/wild"),
        (("bib", "#505358"),),
    ),
    Species(
        95,
        "Baltimore_Oriole",
        "#272628",
        "#e3822d",
        "#2c2b2d",
        "#272628",
        (0.46, 36),
        (0.05, 0.26, 62),
        0.15,
        ("dagger", 0.17, 0.06, "#8d939b"),
        ("round", 0.38, 0.13),
        (0.17, "#7d8288"),
        (*_WOOD, "field/wild"),
        (("bars", "#f2ece0"),),
    ),
    Species(
        110,
        "Geococcyx",
        "#75614b",
        "#d6c8ae",
        "#5c4b3a",
        "#6d5a46",
        (0.38, 14),
        (0.28, 0.15, 58),
        0.135,
        ("hook", 0.25, 0.06, "#4c4742"),
        ("round", 0.66, 0.14),
        (0.36, "#8a8376"),
        ("desert/sand", "canyon", "field/wild", "excavation"),
        (("crest", "#4a3a2d"), ("streaks", "#efe4cc"), ("earpatch", "#d0643a")),
    ),
    Species(
        111,
        "Loggerhead_Shrike",
        "#989ea4",
        "#eeedea",
        "#2e2f32",
        "#a2a8ad",
        (0.46, 28),
        (0.04, 0.28, 60),
        0.17,
        ("hook", 0.12, 0.085, "#2b2b2d"),
        ("round", 0.42, 0.13),
        (0.17, "#3a3a3c"),
        (*_OPEN[:3], "desert/sand"),
        (("mask", "#242427"), ("bars", "#f3f2ee")),
    ),
    Species(
        118,
        "House_Sparrow",
        "#8a6444",
        "#cfc6b8",
        "#74543a",
        "#8f8478",
        (0.54, 24),
        (0.03, 0.30, 58),
        0.18,
        ("cone", 0.11, 0.11, "#35312e"),
        ("square", 0.28, 0.13),
        (0.15, "#b08e78"),
        ("field/wild", "alley", "pasture", "forest/broadleaf"),
        (("streaks", "#3f2f24"), ("cap", "#75573c"), ("chin", "#2a2625"), ("bars", "#eee7da")),
    ),
    Species(
        138,
        "Tree_Swallow",
        "#3a5f80",
        "#f0f0ec",
        "#31495f",
        "#3a5f80",
        (0.38, 22),
        (0.02, 0.25, 50),
        0.145,
        ("cone", 0.07, 0.06, "#2a2a2c"),
        ("fork", 0.36, 0.16),
        (0.08, "#4b4240"),
        (*_OPEN[:2], "forest/broadleaf", "bamboo_forest"),
        (("throat", "#f2f2ee"),),
    ),
    Species(
        149,
        "Brown_Thrasher",
        "#a0623a",
        "#eadfca",
        "#8f5531",
        "#a0623a",
        (0.44, 24),
        (0.06, 0.25, 58),
        0.145,
        ("hook", 0.19, 0.055, "#4a403a"),
        ("round", 0.52, 0.14),
        (0.21, "#b48a5f"),
        (*_WOOD[:2], "rainforest", "field/wild"),
        (("dots", "#5c3a26"), ("bars", "#f0e6d2")),
    ),
    Species(
        192,
        "Downy_Woodpecker",
        "#29292b",
        "#efece4",
        "#29292b",
        "#f0ede6",
        (0.44, 58),
        (0.05, 0.24, 66),
        0.15,
        ("dagger", 0.15, 0.065, "#5a5a5e"),
        ("point", 0.30, 0.13),
        (0.10, "#77756e"),
        (*_WOOD, "chalet"),
        (
            ("cap", "#29292b"),
            ("earpatch", "#29292b"),
            ("napespot", "#cf3a32"),
            ("checks", "#f4f2ec"),
        ),
    ),
)


def by_number(number: int) -> Species:
    """The species with that CUB number. ValueError for a number that the micro world lacks."""
    for species in SPECIES:
        if species.number == number:
            return species
    raise ValueError(
        f"the micro world has no CUB species {number}; it has {sorted(s.number for s in SPECIES)}"
    )
