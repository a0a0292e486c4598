"""The camera of the micro world: photographs of an object *in* a scene, not pasted on it.

It takes the light of the place, throws a shadow or a reflection, is partly covered by grass or
water, and is neither centred nor of one size. That is what separates these pictures from
composites.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bap_core.micro.drawing import kinds
from bap_core.micro.drawing.kinds import Kind
from bap_core.micro.drawing.pen import Colour
from bap_core.micro.drawing.scenery import backgrounds

SPAN = (0.75, 1.00)  # length of what is shown in units of the picture's shorter side


@dataclass(frozen=True)
class Photograph:
    """image: RGB; visible: "L", the share (0..255) of each pixel that shows what was
    photographed.
    """

    image: Image.Image
    visible: Image.Image

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, width, height of what is visible of it, in pixels."""
        seen = self.visible.point([255 * (share > 100) for share in range(256)])
        left, top, right, bottom = seen.getbbox() or (0, 0, 1, 1)
        return left, top, right - left, bottom - top


def frame(
    rng: np.random.Generator, *, long: int, short: int, lying: float = 0.75
) -> tuple[int, int]:
    """Width and height of a photograph in pixels: one side is ``long``, the other between ``short``
    and that; wider than high with probability ``lying``.
    """
    other = int(rng.uniform(short, long + 1))
    return (long, other) if rng.random() < lying else (other, long)


def photograph(
    kind: Kind,
    category: str,
    rng: np.random.Generator,
    *,
    width: int,
    height: int,
    span: tuple[float, float] = SPAN,
) -> Photograph:
    """One photograph of one individual in one scene, width x height pixels. span: shortest and
    longest of what is shown, in units of the picture's shorter side.
    """
    scene = backgrounds.draw(category, rng, width=width, height=height)
    cutout = kinds.draw(kind, rng, length=int(rng.uniform(*span) * min(width, height)))
    at = _place(cutout, rng, width, height)
    wet = category in backgrounds.WET and rng.random() < 0.8
    return shot(scene, cutout, at, rng, wet=wet, aloft=kinds.is_aloft(kind), sink=kinds.sink(kind))


def shot(
    scene: Image.Image,
    cutout: Image.Image,
    at: tuple[int, int],
    rng: np.random.Generator,
    *,
    wet: bool,
    aloft: bool = False,
    sink: float = 0.2,
) -> Photograph:
    """A cut-out (RGBA) put into ``scene``, which is changed, with its upper left corner ``at``.

    wet: it is mirrored and stands in water, up to the share ``sink`` of its height; else it has a
    shadow and, often, blades before it. aloft: it has neither ground nor cover.
    """
    if wet and not aloft:
        _mirror(scene, cutout, at)
    elif not aloft:
        _shadow(scene, cutout, at, rng)
    scene.paste(_lit(cutout, scene, rng), at, cutout)
    visible = Image.new("L", scene.size)
    visible.paste(cutout.getchannel("A"), at)
    if aloft:
        return Photograph(develop(scene, rng), visible)
    cover = (
        _water_line(scene, cutout, at, rng, sink) if wet else _undergrowth(scene, cutout, at, rng)
    )
    scene.paste(cover, (0, 0), cover)
    visible = Image.fromarray(
        (
            np.asarray(visible, np.uint16)
            * (255 - np.asarray(cover.getchannel("A"), np.uint16))
            // 255
        ).astype(np.uint8)
    )
    return Photograph(develop(scene, rng), visible)


def view(category: str, rng: np.random.Generator, *, width: int, height: int) -> Image.Image:
    """A scene with nothing in it, through the same camera."""
    return develop(backgrounds.draw(category, rng, width=width, height=height), rng)


def develop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The camera: a little blur in some pictures, grain in all."""
    if rng.random() < 0.25:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    pixels = np.asarray(picture, dtype=np.float32)
    grain = rng.standard_normal(pixels.shape[:2], dtype=np.float32)[..., None] * rng.uniform(
        1.0, 5.0
    )
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def _place(
    cutout: Image.Image, rng: np.random.Generator, width: int, height: int
) -> tuple[int, int]:
    free_x, free_y = width - cutout.width, height - cutout.height
    return int(free_x * rng.uniform(0.04, 0.96)), int(free_y * rng.beta(3.0, 2.0))


def _lit(cutout: Image.Image, scene: Image.Image, rng: np.random.Generator) -> Image.Image:
    ambient = np.asarray(scene.resize((1, 1), Image.Resampling.BOX), dtype=np.float32)[0, 0] / 140
    strength, slope = rng.uniform(0.2, 0.5), rng.uniform(-0.22, 0.22)
    pixels = np.asarray(cutout.convert("RGB"), dtype=np.float32)
    side = 1 + slope * np.linspace(-1, 1, cutout.width, dtype=np.float32)[None, :, None]
    return Image.fromarray(
        np.clip(pixels * (1 - strength + strength * ambient) * side, 0, 255).astype(np.uint8)
    )


def _mirror(scene: Image.Image, cutout: Image.Image, at: tuple[int, int]) -> None:
    ghost = cutout.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(
        (cutout.width, max(1, cutout.height // 2))
    )
    scene.paste(
        ghost.convert("RGB"),
        (at[0], at[1] + cutout.height - cutout.height // 10),
        ghost.getchannel("A").point(lambda a: a * 0.28),
    )


def _shadow(
    scene: Image.Image, cutout: Image.Image, at: tuple[int, int], rng: np.random.Generator
) -> None:
    blot = Image.new("L", scene.size)
    lean, half = rng.uniform(-0.15, 0.15) * cutout.width, 0.42 * cutout.width
    middle, foot = at[0] + cutout.width / 2 + lean, at[1] + cutout.height
    thick = 0.06 * cutout.height + 2
    ImageDraw.Draw(blot).ellipse(
        [middle - half, foot - thick, middle + half, foot + thick], fill=int(rng.uniform(70, 130))
    )
    scene.paste((22, 24, 28), (0, 0), blot.filter(ImageFilter.GaussianBlur(2)))


def _sampled(scene: Image.Image, rng: np.random.Generator, bottom: int) -> Colour:
    at = int(rng.integers(0, scene.width)), int(np.clip(bottom, 0, scene.height - 1))
    return cast(Colour, scene.getpixel(at))  # the stub allows for pictures of one band


def _undergrowth(
    scene: Image.Image, cutout: Image.Image, at: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """Blades in the colours of the scene, in front of the object's lower part."""
    cover = Image.new("RGBA", (scene.width * 2, scene.height * 2))
    if rng.random() < 0.55:
        pen, foot = ImageDraw.Draw(cover), 2 * (at[1] + cutout.height)
        reach = 2 * cutout.height * rng.uniform(0.1, 0.4)
        for _ in range(int(rng.integers(5, 16))):
            x = 2 * at[0] + 2 * cutout.width * rng.uniform(0.0, 1.0)
            lean, tall, thick = (
                rng.normal(0, 6),
                reach * rng.uniform(0.5, 1.1),
                rng.uniform(1.5, 3.5),
            )
            tint = tuple(int(v * 0.9) for v in _sampled(scene, rng, at[1] + cutout.height + 3))
            pen.polygon(
                [(x - thick, foot + 6), (x + lean, foot - tall), (x + thick, foot + 6)],
                fill=(*tint, 255),
            )
    return cover.reduce(2)


def _water_line(
    scene: Image.Image,
    cutout: Image.Image,
    at: tuple[int, int],
    rng: np.random.Generator,
    sink: float,
) -> Image.Image:
    """Water over the lowest part of the object, with a wave on its edge."""
    cover = Image.new("RGBA", (scene.width * 2, scene.height * 2))
    foot, deep = 2 * (at[1] + cutout.height), 2 * cutout.height * rng.uniform(0.04, sink)
    x = np.linspace(2 * at[0] - 8, 2 * (at[0] + cutout.width) + 8, 20)
    edge = foot - deep + 2.0 * np.sin(x / rng.uniform(5, 12) + rng.uniform(0, 6))
    tint = _sampled(scene, rng, at[1] + cutout.height + 2)
    ImageDraw.Draw(cover).polygon(
        [*zip(x, edge), (x[-1], foot + 2), (x[0], foot + 2)],
        fill=(*tint, int(rng.uniform(150, 235))),
    )
    return cover.reduce(2)
