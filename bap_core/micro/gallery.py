"""Contact sheets of the micro world: every bird and every scene, with its name below."""

from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

from bap_core.micro import backgrounds, birds, scenes
from bap_core.micro.pen import colour
from bap_core.micro.species import SPECIES
from bap_core.micro.world import rng

_PAPER, _INK, _SOFT = colour("#f6f3ea"), colour("#2f3330"), colour("#e6e6da")
_CELL, _LABEL, _GAP = 168, 26, 10


def species_sheet() -> Image.Image:
    """Every species once on paper, water birds first: 6 columns, RGB."""
    return _sheet(((_bird(kind.number), kind.words) for kind in SPECIES), columns=6)


def scene_sheet() -> Image.Image:
    """Every scene category once: 8 columns, RGB."""
    return _sheet(((_scene(category), backgrounds.words(category)) for category in backgrounds.CATEGORIES), columns=8)


def photograph_sheet() -> Image.Image:
    """Every species once where it lives, as CUB's photographs show it: 6 columns, RGB."""
    return _sheet(((_photograph(kind), kind.words) for kind in SPECIES), columns=6)


def _bird(number: int) -> Image.Image:
    kind = next(s for s in SPECIES if s.number == number)
    picture = Image.new("RGB", (_CELL, _CELL), _SOFT)
    # The least worn of some individuals shows the species best.
    drawn = max((birds.draw(kind, rng("gallery", number, k), length=2 * (_CELL - 24)) for k in range(6)), key=_vivid)
    bird = drawn.reduce(2)
    picture.paste(bird, ((_CELL - bird.width) // 2, (_CELL - bird.height) // 2), bird)
    return picture


def _vivid(picture: Image.Image) -> float:
    """Spread of the colours of a cut-out."""
    bands = Image.composite(picture.convert("RGB"), Image.new("RGB", picture.size, (128, 128, 128)), picture.getchannel("A"))
    return sum((value - 128) ** 2 for pixel in bands.resize((16, 16)).get_flattened_data() for value in pixel)


def _scene(category: str) -> Image.Image:
    return backgrounds.draw(category, rng("gallery", category), width=_CELL, height=_CELL)


def _photograph(kind) -> Image.Image:
    return scenes.photograph(kind, kind.home[0], rng("gallery", "photo", kind.number), width=_CELL, height=_CELL).image


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


def _font(label: str) -> ImageFont.FreeTypeFont:
    size = 16
    while size > 9 and ImageFont.load_default(size).getlength(label) > _CELL:
        size -= 1
    return ImageFont.load_default(size)
