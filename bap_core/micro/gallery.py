"""Contact sheets of the micro world: all that is drawn, and the photographs made of it, with its
name below.
"""

from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bap_core.micro.drawing import camera, figures, kinds, textures, vehicles
from bap_core.micro.drawing.birds import SPECIES
from bap_core.micro.drawing.birds.lookalikes import LOOKALIKES
from bap_core.micro.drawing.kinds import Kind
from bap_core.micro.drawing.pen import colour
from bap_core.micro.drawing.scenery import backgrounds, contexts
from bap_core.micro.formats import counteranimal, nico
from bap_core.micro.world import rng

_PAPER, _INK, _SOFT = colour("#f6f3ea"), colour("#2f3330"), colour("#e6e6da")
_CELL, _LABEL, _GAP = 168, 26, 10


def sheets() -> dict[str, tuple[Image.Image, str]]:
    """Every sheet of the gallery: file name -> (picture, alternative text)."""
    return {
        "micro_birds": (species_sheet(), "Every bird of the micro world on paper, with its name"),
        "micro_photographs": (
            photograph_sheet(),
            "Every bird of the micro world in a scene where it lives",
        ),
        "micro_scenes": (
            scene_sheet(),
            "Every background category of the micro world, with its name",
        ),
        "micro_pairs": (
            pair_sheet(),
            "Two pairs of look-alike birds, each bird on its common and on its counter background",
        ),
        "micro_vehicles": (
            vehicle_sheet(),
            (
                "Nine kinds of vehicle on paper, two individuals each; "
                "truck and motorcycle are withheld"
            ),
        ),
        "micro_contexts": (
            context_sheet(),
            (
                "Seven kinds of vehicle, each in six contexts: "
                "autumn, dim, grass, outdoor, rock, water"
            ),
        ),
        "micro_figures": (
            figure_sheet(),
            (
                "Two kinds of figure that differ in the paint of the cloak only, "
                "three individuals each"
            ),
        ),
        "micro_textures": (texture_sheet(), "Forty-seven textures with the class names of DTD"),
    }


def species_sheet() -> Image.Image:
    """Every species once on paper, water birds first: 6 columns, RGB."""
    return _sheet(((_on_paper(kind, kind.number), kind.words) for kind in SPECIES), columns=6)


def scene_sheet() -> Image.Image:
    """Every scene category once: 8 columns, RGB."""
    return _sheet(
        ((_scene(category), backgrounds.words(category)) for category in backgrounds.CATEGORIES),
        columns=8,
    )


def photograph_sheet() -> Image.Image:
    """Every species once where it lives, as CUB's photographs show it: 6 columns, RGB."""
    return _sheet(((_photograph(kind), kind.words) for kind in SPECIES), columns=6)


def vehicle_sheet() -> Image.Image:
    """Every kind of vehicle, two individuals of each: 6 columns, RGB."""
    return _sheet(
        (
            (_on_paper(kind, kind.name, k), _held_back(kind))
            for kind in vehicles.VEHICLES
            for k in range(2)
        ),
        columns=6,
    )


def figure_sheet() -> Image.Image:
    """Both kinds of figure as three individuals that differ in nothing else: 3 columns, RGB."""
    return _sheet(
        (
            (_on_paper(kind, "figure", k, tries=1), kind.words)
            for kind in figures.FIGURES
            for k in range(3)
        ),
        columns=3,
    )


def texture_sheet() -> Image.Image:
    """Every texture once: 8 columns, RGB."""
    return _sheet(
        (
            (textures.draw(name, rng("gallery", "texture", name), width=_CELL, height=_CELL), name)
            for name in textures.CLASSES
        ),
        columns=8,
    )


def pair_sheet() -> Image.Image:
    """CounterAnimal's birds, each on its common and on its counter background: 4 columns, RGB."""
    return _sheet(
        (
            (_in(counteranimal.photograph, bird, place, bird.name), f"{bird.words}, {place}")
            for bird in LOOKALIKES
            for place in counteranimal.BACKGROUNDS[bird.number]
        ),
        columns=4,
    )


def context_sheet() -> Image.Image:
    """NICO++'s vehicles (rows) in its six contexts (columns), RGB."""
    return _sheet(
        (
            (_in(nico.photograph, vehicles.by_name(name), context, name), f"{name}, {context}")
            for name in nico.CLASSES
            for context in contexts.CONTEXTS
        ),
        columns=6,
    )


def _held_back(kind: vehicles.Vehicle) -> str:
    return f"{kind.words} (withheld)" if kind.withheld else kind.words


def _in(photograph: Callable, kind, place: str, name: str) -> Image.Image:
    return photograph(kind, place, rng("gallery", name, place), width=_CELL, height=_CELL).image


def _on_paper(kind: Kind, *names: str | int, tries: int = 6) -> Image.Image:
    """The most vivid of some individuals: the least worn shows its kind best."""
    length = 2 * (_CELL - 24)
    found = (kinds.draw(kind, rng("gallery", *names, k), length=length) for k in range(tries))
    drawn = max(found, key=_vivid).reduce(2)
    picture = Image.new("RGB", (_CELL, _CELL), _SOFT)
    picture.paste(drawn, ((_CELL - drawn.width) // 2, (_CELL - drawn.height) // 2), drawn)
    return picture


def _vivid(picture: Image.Image) -> float:
    """Spread of the colours of a cut-out."""
    bands = Image.composite(
        picture.convert("RGB"),
        Image.new("RGB", picture.size, (128, 128, 128)),
        picture.getchannel("A"),
    )
    return float(((np.asarray(bands.resize((16, 16)), dtype=int) - 128) ** 2).sum())


def _scene(category: str) -> Image.Image:
    return backgrounds.draw(category, rng("gallery", category), width=_CELL, height=_CELL)


def _photograph(kind) -> Image.Image:
    return camera.photograph(
        kind, kind.home[0], rng("gallery", "photo", kind.number), width=_CELL, height=_CELL
    ).image


def _sheet(cells: Iterable[tuple[Image.Image, str]], *, columns: int) -> Image.Image:
    cells = list(cells)
    rows = -(-len(cells) // columns)
    step_x, step_y = _CELL + _GAP, _CELL + _LABEL + _GAP
    sheet = Image.new("RGB", (columns * step_x + _GAP, rows * step_y + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, (picture, label) in enumerate(cells):
        x, y = _GAP + i % columns * step_x, _GAP + i // columns * step_y
        sheet.paste(picture, (x, y))
        pen.text((x + _CELL / 2, y + _CELL + 6), label, fill=_INK, font=_font(label), anchor="mt")
    return sheet


def _font(label: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    size = 16
    while size > 9 and ImageFont.load_default(size).getlength(label) > _CELL:
        size -= 1
    return ImageFont.load_default(size)
