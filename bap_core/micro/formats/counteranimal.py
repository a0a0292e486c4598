"""Writes photographs of the paper's two pairs of look-alike birds in CounterAnimal's format: index
and name, side and place.

Each bird is seen on its common background and on its counter background, and the two birds of a
pair mirror each other. The cells are of one size, unlike the original's (57 to 185), so that no
group is too small to be measured.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from bap_core.micro.drawing import birds, camera
from bap_core.micro.drawing.birds.lookalikes import LOOKALIKES, by_index
from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.drawing.pen import mix, tube
from bap_core.micro.drawing.scenery import backgrounds
from bap_core.micro.world import World, in_parallel, rng

FOLDER = "LAION-final"
LONG_SIDE = 128
SPAN = (0.66, 0.88)  # length of a bird in units of the picture's shorter side
# ImageNet index: common and counter background, as the benchmark's table of names has them.
BACKGROUNDS = {
    10: ("grass", "sky"),
    16: ("sky", "grass"),
    81: ("snow", "grass"),
    83: ("grass", "snow"),
}
SCENES = {"grass": ("pasture", "field/wild"), "sky": ("sky",), "snow": ("snowfield",)}


@dataclass(frozen=True)
class Row:
    """One photograph to be made: ImageNet index, background, number within its cell, path below
    ``LAION-final``.
    """

    index: int
    background: str
    number: int
    path: str


def folder_name(bird: Species) -> str:
    """``81 ptarmigan``: the index, a space, the name."""
    return f"{bird.number} {bird.words}"


def plan(world: World) -> list[Row]:
    """The photographs of a world: ``world.counteranimal`` of each bird on each of its two
    backgrounds.
    """
    return [
        Row(
            bird.number,
            background,
            number,
            f"{folder_name(bird)}/{side}-{background}/{number:04d}.jpg",
        )
        for bird in LOOKALIKES
        for side, background in zip(("common", "counter"), BACKGROUNDS[bird.number])
        for number in range(1, world.counteranimal + 1)
    ]


def write(root: Path, world: World, *, workers: int | None = None) -> dict:
    """Make ``LAION-final`` below ``root``; returns the counts that a loader can assert."""
    rows, folder = plan(world), root / FOLDER
    for name in {Path(row.path).parent for row in rows}:
        (folder / name).mkdir(parents=True)
    in_parallel(_make, [(folder, row) for row in rows], label="CounterAnimal", workers=workers)
    sides = [Path(row.path).parent.name.split("-")[0] for row in rows]
    return {
        "classes": len(LOOKALIKES),
        "common": sides.count("common"),
        "counter": sides.count("counter"),
    }


def _make(job: tuple[Path, Row]) -> None:
    folder, row = job
    generator = rng("counteranimal", row.index, row.background, row.number)
    width, height = camera.frame(generator, long=LONG_SIDE, short=80)
    photo = photograph(by_index(row.index), row.background, generator, width=width, height=height)
    photo.image.save(folder / row.path, quality=92)


def photograph(
    bird: Species, background: str, generator: np.random.Generator, *, width: int, height: int
) -> camera.Photograph:
    """One bird on "grass" or "snow", or on a branch before the "sky"; width x height pixels."""
    category = SCENES[background][generator.integers(len(SCENES[background]))]
    if background != "sky":
        return camera.photograph(bird, category, generator, width=width, height=height, span=SPAN)
    scene = backgrounds.draw(category, generator, width=width, height=height)
    cutout = birds.draw(bird, generator, length=int(generator.uniform(*SPAN) * min(width, height)))
    left = int((width - cutout.width) * generator.uniform(0.04, 0.9))
    top = int((height - cutout.height) * generator.uniform(0.04, 0.9))
    foot = _foot(cutout)
    _branch(scene, left + foot[0], top + foot[1], generator)
    return camera.shot(scene, cutout, (left, top), generator, wet=False, aloft=True)


def _foot(cutout: Image.Image) -> tuple[float, float]:
    """x, y of the lowest pixels in the middle of a cut-out: tails hang lower, but at the sides."""
    third = cutout.width // 3
    rows, columns = np.nonzero(np.asarray(cutout.getchannel("A"))[:, third : 2 * third + 1] > 127)
    return third + float(columns[rows == rows.max()].mean()), float(rows.max())


def _branch(scene: Image.Image, x: float, y: float, generator: np.random.Generator) -> None:
    """A twig across the picture that passes below (x, y), with side twigs, few leaves or many."""
    layer = Image.new("RGBA", (scene.width * 2, scene.height * 2))
    pen, bark = ImageDraw.Draw(layer), mix((92, 74, 58), (60, 66, 52), generator.random())
    slope, thick = generator.uniform(-0.25, 0.25), generator.uniform(2.5, 5.0)
    ends = np.array([-0.1 * scene.width, x, 1.1 * scene.width])
    line = np.stack([ends, y + slope * (ends - x) + generator.normal(0, 3, 3) * [1, 0, 1]], axis=1)
    _stroke(pen, line, (1.5 * thick, thick, 0.6 * thick), bark)
    leaf = mix((86, 128, 62), (176, 132, 60), generator.random())
    for _ in range(int(generator.integers(2, 10))):
        root = np.array([generator.uniform(0, scene.width), 0.0])
        root[1] = y + slope * (root[0] - x)
        tip = root + [generator.uniform(-14, 14), generator.uniform(-20, 12)]
        _stroke(pen, [root, tip], (0.5 * thick, 1.0), bark)
        side = np.array([-(tip - root)[1], (tip - root)[0]]) * 0.22
        _stroke(
            pen, [tip, tip + 0.4 * (tip - root) + side, tip + 0.8 * (tip - root)], (1, 6, 1), leaf
        )
    layer = layer.reduce(2)
    scene.paste(layer, (0, 0), layer)


def _stroke(
    pen: ImageDraw.ImageDraw, points, widths: tuple[float, ...], fill: tuple[int, int, int]
) -> None:
    pen.polygon([tuple(2 * p) for p in tube(points, widths)], fill=(*fill, 255))
