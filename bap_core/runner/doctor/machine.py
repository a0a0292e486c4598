"""The machine itself: installed packages, device, memory and disk."""

import importlib
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from bap_core import runtime
from bap_core.runner.doctor.finding import Finding

PACKAGE = "bap-companion"
IMPORTED = {
    "torch": "torch",
    "torchvision": "torchvision",
    "open_clip": "open_clip_torch",
    "jupyter_book": "jupyter-book",
}
GIGABYTES = {"smoke": (1, 2), "micro": (2, 4), "paper-dry": (4, 8)}  # free disk, free memory
PAPER_GIGABYTES = (60, 32)
REINSTALL = "$ uv pip install -c constraints.txt -e '.[dev]'"


def check_packages() -> Iterator[Finding]:
    """The packages that our metadata asks for, against what is installed; the touchy ones are
    imported as well.
    """
    if not find_version(PACKAGE):
        yield Finding("missing", PACKAGE, "bap_core is imported, but not installed", REINSTALL)
    for wanted in map(Requirement, _list_requirements()):
        found = find_version(wanted.name)
        if wanted.marker is None and not (
            found and wanted.specifier.contains(found, prereleases=True)
        ):
            yield Finding(
                "missing",
                wanted.name,
                f"{found or 'not installed'}; needed {wanted.specifier}",
                REINSTALL,
            )
    for module, package in IMPORTED.items():
        yield try_import(module, package)


def _list_requirements() -> list[str]:
    return (metadata.requires(PACKAGE) or []) if find_version(PACKAGE) else []


def find_version(package: str) -> str:
    """Version of an installed package; "" if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def try_import(module: str, package: str) -> Finding:
    """Whether a module can be imported, which can fail for a package that is installed."""
    try:
        importlib.import_module(module)
    # mismatched builds of torch and torchvision raise a RuntimeError here
    except Exception as error:
        remedy = f"torch and torchvision must be of one build:\n{REINSTALL}"
        return Finding(
            "missing", package, f"cannot be imported: {str(error).splitlines()[0]}", remedy
        )
    return Finding("ok", package, find_version(package))


def check_machine(profile: str) -> Iterator[Finding]:
    """Device, processor cores, free memory and free disk where the caches lie."""
    device = runtime.device()
    form = str(runtime.compute_dtype(device)).removeprefix("torch.")
    note = device.type == "cpu" and profile not in GIGABYTES
    remedy = (
        "the numbers of this profile are meant for a GPU; on a CPU it takes days" if note else ""
    )
    yield Finding(
        "note" if note else "ok",
        "device",
        f"{device}; the paper's encoders compute in {form}",
        remedy,
    )
    disk, memory = GIGABYTES.get(profile, PAPER_GIGABYTES)
    home = find_existing(runtime.home())
    yield compare_free(
        "free disk",
        shutil.disk_usage(home).free,
        disk,
        f"free some below {home}, or set BAP_HOME elsewhere",
    )
    yield compare_free(
        "free memory", psutil.virtual_memory().available, memory, "close other programs"
    )


def find_existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists: the one whose disk counts."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def compare_free(what: str, bytes_free: int, needed: int, remedy: str) -> Finding:
    """A note if fewer than ``needed`` gigabytes are free. Less may do, so nothing is refused."""
    gigabytes = bytes_free / 1e9
    short = gigabytes < needed
    return Finding(
        "note" if short else "ok",
        what,
        f"{gigabytes:.0f} GB; {needed} GB are comfortable",
        remedy if short else "",
    )
