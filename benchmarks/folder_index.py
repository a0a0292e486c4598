"""How long a folder of 100,000 files takes to list: walked, and read back from the store.

    python -m benchmarks.folder_index [--files 100000] [--folders 365] [--repeats 5] [--where
    FOLDER]

The files are empty; a walk on a network drive, or on a disk that has not seen the folder since it
was started, takes far longer than here, reading back hardly does.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from bap_core.data import directory, file_index


def main() -> None:
    """Parse, make the folder, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folders", type=int, default=365)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--where", help="a folder on the disk to be measured (default: that of temporary files)"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.where) as folder:
        os.environ["BAP_HOME"] = f"{folder}/home"
        root = fill(Path(folder) / "data_256", chosen.files, chosen.folders)
        plain = seconds(lambda: directory.list_pictures(root), 1)
        first, again = (
            seconds(lambda: file_index.list_files(root), 1),
            seconds(lambda: file_index.list_files(root), chosen.repeats),
        )
        assert len(file_index.list_files(root)) == chosen.files
        print(
            f"{chosen.files:,} files in {chosen.folders} folders: rglob {plain:.2f} s, walked "
            f"and kept {first:.2f} s, "
            f"read back {again:.3f} s (median of {chosen.repeats})"
        )


def fill(root: Path, files: int, folders: int) -> Path:
    """Empty files in the layout of the 256-pixel Places, in folders whose modification time lies
    an hour back.
    """
    for i in range(folders):
        folder = root / "abcdefghijklmnopqrstuvwxyz"[i % 26] / f"category_{i:03d}"
        folder.mkdir(parents=True)
        for number in range(i, files, folders):
            (folder / f"{number:08d}.jpg").touch()
    for folder in [root, *root.glob("*"), *root.glob("*/*")]:
        os.utime(folder, (time.time() - 3600, time.time() - 3600))
    return root


def seconds(work, repeats: int) -> float:
    """Median wall time of ``work()``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
