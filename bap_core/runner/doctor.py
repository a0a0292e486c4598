"""`bap doctor`: what this machine has and lacks for a profile, and the command that brings what
is missing.
"""

import importlib
import re
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import open_clip
import psutil
from packaging.requirements import Requirement

from bap_core import encoders, micro, runtime, store
from bap_core.data import catalogue
from bap_core.data.acquire import status
from bap_core.encoders import checkpoints
from bap_core.encoders import names as naming
from bap_core.encoders.backends import from_timm
from bap_core.runner import run
from bap_core.runner.parameters import read_yaml

WIDTH = 80
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


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. state: "ok", "note" or "missing"; remedy: what to do, a
    command if there is one.
    """

    state: str
    what: str
    detail: str
    remedy: str = ""


def examine(*, profile: str, root: str | None = None) -> int:
    """Print what was found for ``profile``; 0 if its notebooks can run, 1 if something they need is
    missing.

    root: where to look for the data, instead of the profile's ``data_root``.
    """
    jobs = run.plan([], profile=profile)
    if root:
        jobs = [replace(job, parameters=job.parameters | {"data_root": root}) for job in jobs]
    found = [*versions(), *machine(profile), *data(jobs), *weights(jobs)]
    for finding in found:
        print("\n".join(_lines(finding)))
    missing = sum(finding.state == "missing" for finding in found)
    print(
        f"\n{profile}: "
        + (f"{missing} missing, see above" if missing else "its notebooks can run on this machine")
    )
    return 1 if missing else 0


def versions() -> Iterator[Finding]:
    """The packages that our metadata asks for, against what is installed; the touchy ones are
    imported as well.
    """
    if not _installed(PACKAGE):
        yield Finding("missing", PACKAGE, "bap_core is imported, but not installed", REINSTALL)
    for wanted in map(Requirement, metadata.requires(PACKAGE) if _installed(PACKAGE) else []):
        found = _installed(wanted.name)
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
        yield _importable(module, package)


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _importable(module: str, package: str) -> Finding:
    try:
        importlib.import_module(module)
    # mismatched builds of torch and torchvision raise a RuntimeError here
    except Exception as error:
        remedy = f"torch and torchvision must be of one build:\n{REINSTALL}"
        return Finding(
            "missing", package, f"cannot be imported: {str(error).splitlines()[0]}", remedy
        )
    return Finding("ok", package, _installed(package))


def machine(profile: str) -> Iterator[Finding]:
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
    home = _existing(runtime.home())
    yield _enough(
        "free disk",
        shutil.disk_usage(home).free,
        disk,
        f"free some below {home}, or set BAP_HOME elsewhere",
    )
    yield _enough("free memory", psutil.virtual_memory().available, memory, "close other programs")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _enough(what: str, bytes_free: int, needed: int, remedy: str) -> Finding:
    gigabytes = bytes_free / 1e9
    short = gigabytes < needed
    return Finding(
        "note" if short else "ok",
        what,
        f"{gigabytes:.0f} GB; {needed} GB are comfortable",
        remedy if short else "",
    )


# Functions beside the loader of a data set's own name that read its files.
READERS = {"waterbirds": ("evaluation_paths", "bird_labels", "used_backgrounds")}


def data(jobs: list[run.Job]) -> Iterator[Finding]:
    """The data that the notebooks open below their ``data_root``, and the folders that other
    parameters name.
    """
    wanted: dict[tuple[str, str], list[str]] = {}
    for job in jobs:
        code = "\n".join(cell.source for cell in job.cells if cell.cell_type == "code")
        for name in catalogue.CATALOGUE:
            if re.search(rf"\bdata\.({'|'.join((name, *READERS.get(name, ())))})\(", code):
                wanted.setdefault((job.parameters["data_root"], name), []).append(job.name)
        for path in filter(None, map(job.parameters.get, ("objects", "backgrounds"))):
            wanted.setdefault((path, ""), []).append(job.name)
    for (root, name), notebooks in wanted.items():
        yield (_release if name else _pictures)(root, name, f"(for {', '.join(notebooks)})")
    for root in dict.fromkeys(root for root, name in wanted if name and not _rendered(root)):
        yield from _to_download(root, [name for other, name in wanted if name and other == root])


def _rendered(root: str) -> bool:
    return root.partition(":")[0] in micro.WORLDS


def _pictures(path: str, _: str, notebooks: str) -> Finding:
    if _rendered(path):
        return Finding("ok", "pictures", f"{path}: rendered on first use {notebooks}")
    if Path(path).expanduser().exists():
        return Finding("ok", "pictures", f"{path} {notebooks}")
    return Finding("missing", "pictures", f"{path} {notebooks}", "give an existing path with -p")


def _release(root: str, name: str, notebooks: str) -> Finding:
    """One dataset of the catalogue, archive by archive."""
    if _rendered(root):
        return Finding("ok", name, f"{root}: rendered on first use {notebooks}")
    source, lacking = catalogue.source(name), catalogue.lacking(root, name)
    if not lacking:
        return Finding("ok", name, f"there, below {root} {notebooks}")
    direct = all(archive.address for archive in lacking)
    remedy = (
        ""
        if direct
        else " No direct address is known: this prints what to do by hand, then checks and unpacks "
        "it."
    )
    return Finding(
        "missing",
        name,
        f"{', '.join(map(str, lacking))} {notebooks}",
        f"Licence: {source.licence}.{remedy}\n$ bap data fetch {name} --root {root}",
    )


def _to_download(root: str, names: list[str]) -> Iterator[Finding]:
    """What the missing data amount to, against the room on the disk of ``root``; archive and
    content are there at once.
    """
    lacking = [archive for name in names for archive in catalogue.lacking(root, name)]
    if not lacking:
        return
    free = shutil.disk_usage(_existing(Path(root).expanduser())).free
    size = sum(archive.size for archive in lacking)
    needed, free_words = status.needed(lacking), catalogue.readable(free)
    detail = f"{needed} to download, twice that while unpacking; {free_words} free"
    remedy = f"free some, or give another data root than {root}" if 2 * size > free else ""
    yield Finding("note" if remedy else "ok", "disk for the data", detail, remedy)


def weights(jobs: list[run.Job]) -> Iterator[Finding]:
    """The encoders that the notebooks load: shipped ones against their cards, others in the
    local cache or as files.
    """
    encoders.register_micro()
    wanted: dict[str, list[str]] = {}
    for job in jobs:
        for name in _encoders(job.parameters):
            wanted.setdefault(name, []).append(job.name)
    for name, notebooks in wanted.items():
        found = _shipped(name) if name.startswith("micro-") else _fetched(name)
        yield replace(found, detail=f"{found.detail} (for {', '.join(notebooks)})")


def _encoders(parameters: dict) -> list[str]:
    return [
        *parameters.get("encoders", []),
        *filter(None, map(parameters.get, ("encoder", "labeller"))),
    ]


def _shipped(name: str) -> Finding:
    path, card = encoders.MICRO / f"{name}.safetensors", encoders.MICRO / f"{name}.card.json"
    remedy = f"get the file from the repository again, or make it:\n$ bap micro pretrain {name}"
    if not (path.exists() and card.exists()):
        return Finding("missing", name, f"{path.name} or its card is not in the package", remedy)
    recorded = read_yaml(card).get("sha256")
    if store.digest(path) != recorded:
        return Finding("missing", name, "the file is not the one that its card describes", remedy)
    return Finding(
        "ok", name, f"shipped, {path.stat().st_size / 1e6:.1f} MB, checksum as on its card"
    )


def _fetched(name: str) -> Finding:
    """An encoder that does not ship: random, from a local file or folder, in its library's
    cache, or to be fetched.
    """
    try:
        wanted = naming.resolve(name, None)
    except (ValueError, FileNotFoundError) as error:
        return Finding("missing", name, str(error))
    if wanted.weights == "random":
        return Finding("ok", name, "random weights")
    if Path(wanted.weights).expanduser().exists():
        return Finding("ok", name, "a local file or folder")
    if not (repository := _repository(wanted)):
        return Finding("missing", name, f"{wanted.architecture} has no weights {wanted.weights!r}")
    if _in_cache(repository):
        return Finding("ok", name, "in the local cache")
    fetch = f"$ python -c \"from bap_core import encoders; encoders.load('{name}')\""
    return Finding(
        "missing",
        name,
        f"not in the local cache, {_size(wanted)}",
        f"on a machine with a network:\n{fetch}",
    )


def _size(wanted: naming.Wanted) -> str:
    """Size of a download in words: 4 bytes a weight, where the paper's table of checkpoints
    counts them.
    """
    row = checkpoints.find(wanted.architecture, wanted.weights)
    return (
        f"about {catalogue.readable(4 * row.parameters)} (4 bytes a weight)"
        if row
        else "of a size that nobody states"
    )


def _repository(wanted: naming.Wanted) -> str:
    """Where the hub, or for an address open_clip's own cache, keeps the weights; "" if they do
    not exist.
    """
    if wanted.library == "open_clip":
        settings = open_clip.get_pretrained_cfg(wanted.architecture, wanted.weights) or {}
        return settings.get("url") or settings.get("hf_hub", "").rstrip("/")
    if wanted.library == "timm":
        tags = from_timm.tags(wanted.architecture)
        return f"{wanted.architecture}.{wanted.weights}" if wanted.weights in tags else ""
    return wanted.architecture


def _in_cache(repository: str) -> bool:
    """Whether the weights of a repository of the hub, or of a plain address, lie on this
    machine.
    """
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    if "://" in repository:
        return (Path("~/.cache/clip").expanduser() / repository.rsplit("/", 1)[-1]).is_file()
    try:
        cached = scan_cache_dir().repos
    except CacheNotFound:
        return False
    files = [
        file.file_name
        for repo in cached
        if repo.repo_id == repository
        for part in repo.revisions
        for file in part.files
    ]
    return any(file.endswith((".safetensors", ".bin", ".pt")) for file in files)


def _lines(finding: Finding) -> list[str]:
    """The finding in at most 80 columns. Only commands (after ``$``) may be longer, so that they
    can be copied whole.
    """
    head = f"{finding.state:8}{finding.what:22} "
    first, *rest = _wrapped(finding.detail, WIDTH - len(head))
    lines = [head + first, *(" " * len(head) + line for line in rest)]
    for part in filter(None, finding.remedy.split("\n")):
        wrapped = [part] if part.startswith("$") else _wrapped(part, WIDTH - 10)
        lines += [" " * 10 + line for line in wrapped]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 30), break_long_words=False, break_on_hyphens=False)
