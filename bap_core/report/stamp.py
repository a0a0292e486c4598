"""The stamp at the end of a page: what produced its numbers, complete enough to make them again
or to refuse them.
"""

import json
import os
import platform
import resource
import subprocess
import sys
from dataclasses import asdict, fields
from datetime import UTC, datetime
from html import escape
from importlib import metadata
from pathlib import Path

import torch

from bap_core import runtime, sources, together
from bap_core.encoders.checkpoints import Identity
from bap_core.recorded import bundle
from bap_core.report import scales

PACKAGES = {
    "torch": "torch",
    "open_clip": "open_clip_torch",
    "numpy": "numpy",
    "pandas": "pandas",
    "bap_core": "bap-companion",
}


def read_commit() -> dict:
    """``{"commit": hash or "not a checkout", "dirty": bool or None}`` of the checkout that the
    package runs from.
    """
    root = runtime.project()
    if root is None or (head := _run_git(root, "rev-parse", "HEAD")) is None:
        return {"commit": "not a checkout", "dirty": None}
    return {"commit": head, "dirty": bool(_run_git(root, "status", "--porcelain"))}


def has_commit(name: str) -> bool:
    """Whether the checkout that the package runs from has the commit; True where that cannot be
    known: there is no checkout, or not its whole history.
    """
    root = runtime.project()
    if root is None or _run_git(root, "rev-parse", "--is-shallow-repository") != "false":
        return True
    return _run_git(root, "cat-file", "-t", name) == "commit"


def describe_machine(encoders: list) -> dict:
    """Name of the device, the number formats of the encoders, and the versions of what can
    change numbers.
    """
    device = runtime.device()
    n, instructions = torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()
    threads = f"{n} {'thread' if n == 1 else 'threads'}"
    on_cpu = f"{platform.machine()} {instructions}, {threads}"
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else on_cpu
    formats = sorted({str(encoder.dtype).removeprefix("torch.") for encoder in encoders})
    where = f"{device.type} ({', '.join([name, *formats])})"
    if together.count() > 1:
        where += f" in {together.count()} processes"
    machine = [runtime.processor(device), runtime.threads(device)]
    return {"device": where, "machine": machine, "versions": read_versions()}


def read_versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change numbers, by short name."""
    found = {key: _find_version(package) for key, package in PACKAGES.items()}
    return {"python": platform.python_version()} | found


def measure_peak_memory() -> dict:
    """Highest memory use so far in MiB: ``host`` of this process, and ``gpu`` if one is used."""
    unit = 1 if sys.platform == "darwin" else 1024
    peak = {"host": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)}
    if torch.cuda.is_available():
        peak["gpu"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return peak


def collect(*, data: list, encoders: list, seeds: list[int], seconds: float) -> dict:
    """Every field of the stamp but the parameters, as JSON values. Paths of the machine stay out.

    data: listings with ``name``, ``fingerprint`` and a length; encoders: with ``name``, ``scale``,
    ``dtype``, ``fingerprint``, ``identity`` and ``tally`` (pictures encoded, and the least that
    would have done); seconds: wall time.
    """
    worlds = [world for item in data if (world := scales.world_of(item))]
    # a student has its teacher's
    tallies = list({id(encoder.tally): encoder.tally for encoder in encoders}.values())
    return {
        **read_commit(),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "profile": os.environ.get(bundle.PROFILE),
        "seeds": seeds,
        **describe_machine(encoders),
        "source_hash": sources.source_hash(),
        "world": {key: worlds[0].get(key) for key in ("name", "version", "hash")}
        if worlds
        else None,
        "data": [
            {"name": item.name, "n": len(item), "fingerprint": item.fingerprint} for item in data
        ],
        "encoders": [
            {
                "name": item.name,
                "scale": item.scale,
                "fingerprint": item.fingerprint,
                **asdict(item.identity),
            }
            for item in encoders
        ],
        "images_encoded": _count_encoded(tallies),
        "least_images": sum(sum(tally.needed.values()) for tally in tallies),
        "seconds": round(seconds, 1),
        "peak_memory_mib": measure_peak_memory(),
    }


def _count_encoded(tallies: list) -> int:
    """Pictures that went through an encoder, in all processes."""
    here = sum(tally.encoded for tally in tallies)
    return here if together.count() == 1 else int(together.total(torch.tensor(float(here))))


def identities_of(stamp: dict) -> dict[str, Identity]:
    """Encoder name -> what it is in the paper's words."""
    known = [field.name for field in fields(Identity)]
    return {
        item["name"]: Identity(**{name: item[name] for name in known if name in item})
        for item in stamp["encoders"]
    }


def render_stamp(stamp: dict, parameters: dict) -> str:
    """The stamp as an HTML box: one line that is always visible, the rest under a fold."""
    # a notebook keeps names in alphabetical order, and the box is drawn from what it keeps, too
    kept = json.loads(json.dumps([stamp, parameters], sort_keys=True))
    lines = _list_rows(*kept)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in lines
    )
    return (
        f'<div class="bap-stamp"><details><summary>{escape(summarise(stamp))}</summary>'
        f'<div class="bap-scroll"><table><tbody>{rows}</tbody></table></div></details></div>'
    )


def summarise(stamp: dict) -> str:
    """The stamp in one line: commit, time, device, images encoded."""
    state = {True: ", with uncommitted changes", False: "", None: ""}[stamp["dirty"]]
    where = stamp["commit"][:10] if stamp["dirty"] is not None else stamp["commit"]
    work = f"{stamp['images_encoded']:,} images encoded"
    when = f"on {stamp['made'][:10]} in {stamp['seconds']:.0f} s"
    return f"Made by {where}{state} {when} on {stamp['device']}, {work}"


def _list_rows(stamp: dict, parameters: dict) -> list[tuple[str, str]]:
    world = stamp["world"] and " ".join(f"{key} {value}" for key, value in stamp["world"].items())
    return [
        (
            "commit",
            stamp["commit"] + {True: " (dirty)", False: " (clean)", None: ""}[stamp["dirty"]],
        ),
        ("made", f"{stamp['made'][:16].replace('T', ' ')} UTC"),
        ("package source", stamp["source_hash"]),
        ("profile", stamp["profile"] or "none named"),
        *((f"parameter {name}", str(value)) for name, value in parameters.items()),
        ("seeds", _list_seeds(stamp["seeds"]) or "none"),
        ("device", stamp["device"]),
        ("versions", ", ".join(f"{name} {version}" for name, version in stamp["versions"].items())),
        ("world", world or "none: pictures from folders"),
        *(
            (f"data {item['name']}", f"{item['n']:,} rows, {item['fingerprint']}")
            for item in stamp["data"]
        ),
        *(
            (f"encoder {item['name']}", f"{item['scale']} weights {item['fingerprint']}")
            for item in stamp["encoders"]
        ),
        ("images encoded", f"{stamp['images_encoded']:,} ({_least(stamp)})"),
        ("wall time", f"{stamp['seconds']:.1f} s"),
        (
            "peak memory",
            ", ".join(f"{name} {mib:,} MiB" for name, mib in stamp["peak_memory_mib"].items()),
        ),
    ]


def _list_seeds(seeds: list[int]) -> str:
    if len(seeds) > 3 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _least(stamp: dict) -> str:
    """Beside the pictures that were encoded: how many would have done. An interrupted run that was
    gone on with had encoded some of them before.
    """
    if (least := stamp["least_images"]) > stamp["images_encoded"]:
        return f"of {least:,}: the others by an earlier run, which was interrupted"
    return f"the least that would do: {least:,}"


def _run_git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _find_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
