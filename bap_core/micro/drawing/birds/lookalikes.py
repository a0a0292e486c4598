"""The four birds of CounterAnimal's two pairs in the paper, under their ImageNet-1k indices.

Each pair is alike in build: two perching birds with a dark head, of which one has a brambling's
orange breast, and, nearer in colour, two plump ground birds with mottled backs. None of them is one
of CUB's species, as in the paper, where pre-training never shows them.
"""

from bap_core.micro.drawing.birds.species import Species

LOOKALIKES: tuple[Species, ...] = (
    Species(
        number=10,
        name="Brambling",
        upper="#4c3c30",
        under="#f1e6d6",
        wing="#3a2f28",
        head_colour="#3a3430",
        body=(0.52, 26),
        neck=(0.03, 0.30, 60),
        head=0.17,
        bill=("cone", 0.11, 0.10, "#d8b45a"),
        tail=("fork", 0.34, 0.14),
        legs=(0.16, "#a87c68"),
        home=("field/wild", "pasture", "wheat_field", "forest/broadleaf"),
        marks=(("streaks", "#cd7e3f"), ("breast", "#cc7d42"), ("bars", "#d4935a")),
    ),
    Species(
        number=16,
        name="Bulbul",
        upper="#655a4e",
        under="#d1cac0",
        wing="#544b42",
        head_colour="#34302e",
        body=(0.48, 30),
        neck=(0.05, 0.27, 62),
        head=0.16,
        bill=("cone", 0.15, 0.075, "#2c2a29"),
        tail=("square", 0.42, 0.14),
        legs=(0.16, "#4a4340"),
        home=("sky", "rainforest", "bamboo_forest", "forest/broadleaf"),
        marks=(("crest", "#26221f"), ("bib", "#ccb098"), ("earpatch", "#efeae2")),
    ),
    Species(
        number=81,
        name="Ptarmigan",
        upper="#9c9282",
        under="#e4ded2",
        wing="#d6cfc2",
        head_colour="#9c8f7d",
        body=(0.58, 14),
        neck=(0.10, 0.26, 62),
        head=0.135,
        bill=("cone", 0.10, 0.09, "#33302e"),
        tail=("round", 0.24, 0.20),
        legs=(0.12, "#e9e6df"),
        home=("snowfield", "mountain_snowy", "field/wild", "pasture"),
        marks=(("scales", "#6b6056"), ("brow", "#c0483c")),
    ),
    Species(
        number=83,
        name="Prairie_Chicken",
        upper="#866742",
        under="#cdb896",
        wing="#6f5535",
        head_colour="#a58c6c",
        body=(0.56, 16),
        neck=(0.13, 0.25, 62),
        head=0.135,
        bill=("cone", 0.11, 0.09, "#4a4038"),
        tail=("round", 0.26, 0.20),
        legs=(0.15, "#b59a78"),
        home=("field/wild", "pasture", "wheat_field", "desert/sand"),
        marks=(("scales", "#54432f"), ("bars", "#cdb58e"), ("earpatch", "#54402f")),
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
