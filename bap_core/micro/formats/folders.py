"""The whole micro world as folders in the official formats, below one root."""

from pathlib import Path

from bap_core.micro.formats import coco, counteranimal, cub, dtd, nico, places, waterbirds
from bap_core.micro.world import WORLDS, World, declare


def render(root: str | Path, world: str | World, *, workers: int | None = None) -> None:
    """Write every dataset of the micro world, and ``bap-world.json``, into the empty folder
    ``root``.

    CUB, Places365, Waterbirds, COCO, CounterAnimal, NICO++ and DTD lie where the official archives
    put them.

    The bytes depend on the world and its version only, not on the number of ``workers`` (default:
    one a core).
    """
    root, world = Path(root), world if isinstance(world, World) else WORLDS[world]
    writers = {
        "cub": cub,
        "places": places,
        "waterbirds": waterbirds,
        "coco": coco,
        "counteranimal": counteranimal,
        "nico": nico,
        "dtd": dtd,
    }
    declare(
        root,
        world,
        {name: writer.write(root, world, workers=workers) for name, writer in writers.items()},
    )
