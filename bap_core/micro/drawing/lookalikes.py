"""The four birds of CounterAnimal's two pairs in the paper, under their ImageNet-1k indices.

Each pair is alike in build and near in colour: two perching birds with a dark head, and two plump
ground birds with mottled brown backs. None of them is one of CUB's species, as in the paper, where
pre-training never shows them.
"""

from bap_core.micro.drawing.species import Species

LOOKALIKES: tuple[Species, ...] = (
    Species(
        10,
        "Brambling",
        "#4a4038",
        "#efe8dc",
        "#3c342e",
        "#3a3430",
        (0.52, 26),
        (0.03, 0.30, 60),
        0.17,
        ("cone", 0.11, 0.10, "#d8b45a"),
        ("fork", 0.34, 0.14),
        (0.16, "#a87c68"),
        ("field/wild", "pasture", "wheat_field", "forest/broadleaf"),
        (("streaks", "#c9824a"), ("breast", "#bf8052"), ("bars", "#cf9c6c")),
    ),
    Species(
        16,
        "Bulbul",
        "#5b4c40",
        "#d9cfc0",
        "#4b3f36",
        "#34302e",
        (0.48, 30),
        (0.05, 0.27, 62),
        0.16,
        ("cone", 0.15, 0.075, "#2c2a29"),
        ("square", 0.42, 0.14),
        (0.16, "#4a4340"),
        ("sky", "rainforest", "bamboo_forest", "forest/broadleaf"),
        (("crest", "#34302e"), ("bib", "#c08a64"), ("earpatch", "#e6ddd0")),
    ),
    Species(
        81,
        "Ptarmigan",
        "#91836f",
        "#e4ded2",
        "#c6bcab",
        "#9c8f7d",
        (0.58, 14),
        (0.10, 0.26, 62),
        0.135,
        ("cone", 0.10, 0.09, "#33302e"),
        ("round", 0.24, 0.20),
        (0.12, "#e9e6df"),
        ("snowfield", "mountain_snowy", "field/wild", "pasture"),
        (("scales", "#6b6056"), ("brow", "#c0483c")),
    ),
    Species(
        83,
        "Prairie_Chicken",
        "#8f7558",
        "#cdb896",
        "#7d6449",
        "#a58c6c",
        (0.56, 16),
        (0.13, 0.25, 62),
        0.135,
        ("cone", 0.11, 0.09, "#4a4038"),
        ("round", 0.26, 0.20),
        (0.15, "#b59a78"),
        ("field/wild", "pasture", "wheat_field", "desert/sand"),
        (("scales", "#54432f"), ("bars", "#cdb58e"), ("earpatch", "#54402f")),
    ),
)


def by_index(index: int) -> Species:
    """The bird with that ImageNet index. ValueError for an index that is none of the four."""
    for bird in LOOKALIKES:
        if bird.number == index:
            return bird
    raise ValueError(
        f"the micro world's CounterAnimal has no class {index}; it has "
        f"{sorted(b.number for b in LOOKALIKES)}"
    )
