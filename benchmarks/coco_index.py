"""The slim index of COCO on a synthetic file as long as the official one: seconds and peak memory
of each step.

    python -m benchmarks.coco_index [--annotations 860001] [--images 118287] [--points 27]

Writes the json and an empty folder of pictures into a temporary folder (about 0.5 GB at the
official size), then runs in processes of their own

build      the first `data.coco`: the json is parsed and every segmentation is drawn once
read       the second: the index comes from the store
listing    `data.folders.backgrounds` on a folder of 100,000 pictures, and its fingerprint

so that each peak (largest resident memory of the process, with Python and torch in it) belongs to
one step.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bap_core import data, runtime

FILES = 100_000
STEPS = ("build", "read", "listing")


def main() -> None:
    """Parse; without ``--step`` make the files and run every step in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--annotations", type=int, default=860_001)
    parser.add_argument("--images", type=int, default=118_287)
    parser.add_argument("--points", type=int, default=27, help="corners of a polygon, on average")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        measure(chosen.step, chosen.root)
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, annotations=chosen.annotations, images=chosen.images, points=chosen.points)
        size = (root / "annotations/instances_train2017.json").stat().st_size
        print(
            f"{chosen.annotations:,} annotations on {chosen.images:,} pictures, a json of "
            f"{size / 1e6:,.0f} MB"
        )
        for step in STEPS:
            subprocess.run(
                [sys.executable, "-m", "benchmarks.coco_index", "--step", step, "--root", folder],
                check=True,
                env={**os.environ, "BAP_HOME": str(root / "home")},
            )


def measure(step: str, root: Path) -> None:
    """Print what ``step`` takes in this process."""
    before, start, busy = peak(), time.perf_counter(), time.process_time()
    listing = (
        data.folders.backgrounds(root / "many")
        if step == "listing"
        else data.coco(root, strict=False)
    )
    wall, used = time.perf_counter() - start, time.process_time() - busy
    taken = f"{wall:7.2f} s ({used:.2f} s of processor time), peak {peak():,.0f} MB"
    start = time.perf_counter()
    listing.fingerprint  # noqa: B018
    print(
        f"{step:8s} {len(listing):8,} rows {taken}; fingerprint {time.perf_counter() - start:6.2f} "
        f"s, peak {peak():,.0f} MB; "
        f"{before:,.0f} MB before",
        flush=True,
    )


def peak() -> float:
    """Largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1e6 if sys.platform == "darwin" else 1e3
    )


def write(root: Path, *, annotations: int, images: int, points: int) -> None:
    """An instances json in the official order of keys, empty files for its pictures, and
    ``FILES`` more in folders.
    """
    draw = runtime.rng(0, "benchmark coco")
    for name in ("annotations", "train2017", "many"):
        (root / name).mkdir()
    (root / "bap-world.json").write_text('{"counts": {}}')
    names = [f"{number:012d}.jpg" for number in range(1, images + 1)]
    for name in names:
        (root / "train2017" / name).touch()
    for number in range(FILES):
        path = root / "many" / f"{number % 50:02d}" / f"{number:08d}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    with open(root / "annotations/instances_train2017.json", "w") as file:
        file.write('{"info": {}, "licenses": [], "images": ')
        json.dump(
            [
                {
                    "license": 3,
                    "file_name": name,
                    "coco_url": f"images/train2017/{name}",
                    "height": 480,
                    "width": 640,
                    "date_captured": "2013-11-14 11:18:45",
                    "flickr_url": f"photo_{name}",
                    "id": number,
                }
                for number, name in enumerate(names, 1)
            ],
            file,
        )
        file.write(', "annotations": [')
        outlines = [
            json.dumps(annotation(number, draw, points=points))[:-1]
            for number in range(min(annotations, 5_000))
        ]
        for number in range(annotations):
            file.write(
                f"{', ' if number else ''}{outlines[number % len(outlines)]}, "
                f'"image_id": {number % images + 1}, "id": {number + 1}}}'
            )
        file.write('], "categories": ')
        json.dump(
            [{"supercategory": "thing", "id": k, "name": f"kind {k}"} for k in range(1, 91)], file
        )
        file.write("}")


def annotation(number: int, draw: np.random.Generator, *, points: int) -> dict:
    """One star-shaped polygon with about ``points`` corners; one in a hundred is a crowd with
    run lengths.
    """
    corners = int(draw.integers(points // 2, points + points // 2))
    radius = float(np.exp(draw.uniform(np.log(6), np.log(180))))
    middle = draw.uniform([0, 0], [640, 480])
    angle = np.sort(draw.uniform(0, 2 * np.pi, corners))
    ring = middle + (radius * draw.uniform(0.6, 1, (corners, 1))) * np.stack(
        [np.cos(angle), np.sin(angle)], 1
    )
    ring = np.clip(ring, 0, [640, 480]).round(2)
    low, size = ring.min(0), np.ptp(ring, axis=0)
    crowd = number % 100 == 0
    shape = (
        {"counts": [1000] * 307 + [200], "size": [480, 640]} if crowd else [ring.ravel().tolist()]
    )
    return {
        "segmentation": shape,
        "area": round(float(size.prod()) / 2, 4),
        "iscrowd": int(crowd),
        "bbox": [*low.tolist(), *size.round(2).tolist()],
        "category_id": number % 90 + 1,
    }


if __name__ == "__main__":
    main()
