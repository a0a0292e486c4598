"""Describable Textures: 47 classes of 120 pictures, further backgrounds for the vehicles (paper,
appendix M.6.1).

The paper names the set only as a source of backgrounds, so all three parts of its ten partitions
are used.
"""

from pathlib import Path

import pandas as pd

from bap_core.data import catalogue, directory, world_file
from bap_core.data.listings import Backgrounds


def dtd(root: str | Path, *, strict: bool = True) -> Backgrounds:
    """All textures as `Backgrounds`, sorted by class and file name; the category is the class.

    root: the data root with ``dtd/images/`` (or ``dtd/dtd/images/``, as torchvision unpacks it), or
    that ``dtd/``. FileNotFoundError if it is not there. strict: other counts than 47 x 120 are an
    error, otherwise a warning.
    """
    root = Path(root).expanduser()
    folder = catalogue.find(root, "dtd", having="images")
    found = {
        path.name: directory.list_folder(path) for path in directory.subfolders(folder / "images")
    }
    sizes = [len(files) for files in found.values()]
    catalogue.check_counts(
        root,
        "dtd",
        strict=strict,
        found={
            "classes": len(found),
            "images": sum(sizes),
            "smallest class": min(sizes, default=0),
            "largest class": max(sizes, default=0),
        },
    )
    rows = [(f"images/{name}/{file}", name) for name, files in found.items() for file in files]
    if not rows:
        raise ValueError(
            f"{folder / 'images'}: no textures here; unpack "
            f"{catalogue.source('dtd').downloads[0]} again"
        )
    return Backgrounds(
        "dtd",
        folder,
        pd.DataFrame(rows, columns=["image", "category"]),
        origin=world_file.origin(folder),
    )
