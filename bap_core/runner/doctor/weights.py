"""The encoders that the notebooks of a profile load: shipped, random, from a file, or fetched."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import open_clip

from bap_core import encoders, store
from bap_core.data import catalogue
from bap_core.encoders import checkpoints
from bap_core.encoders import names as naming
from bap_core.encoders.backends import from_timm
from bap_core.runner.doctor.finding import Finding, group_users
from bap_core.runner.parameters import read_yaml
from bap_core.runner.planning import Job


def check_weights(jobs: Sequence[Job]) -> Iterator[Finding]:
    """The encoders that the notebooks load: shipped ones against their cards, others in the
    local cache or as files.
    """
    encoders.register_micro()
    wanted = group_users((name, job.name) for job in jobs for name in list_encoders(job.parameters))
    for name, users in wanted.items():
        found = check_shipped(name) if name.startswith("micro-") else check_fetched(name)
        yield replace(found, detail=f"{found.detail} {users}")


def list_encoders(parameters: dict) -> list[str]:
    """Names of the encoders that a notebook's parameters ask for, each once, the labeller's
    last.
    """
    lists = [parameters.get(name, []) for name in ("encoders", "text_encoders")]
    singles = filter(None, map(parameters.get, ("encoder", "text_encoder", "labeller")))
    return list(dict.fromkeys([*lists[0], *lists[1], *singles]))


def check_shipped(name: str) -> Finding:
    """An encoder that ships with the package, against the checksum on its card."""
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


def check_fetched(name: str) -> Finding:
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
    if not (repository := _find_repository(wanted)):
        return Finding("missing", name, f"{wanted.architecture} has no weights {wanted.weights!r}")
    if is_in_cache(repository):
        return Finding("ok", name, "in the local cache")
    fetch = f"$ python -c \"from bap_core import encoders; encoders.load('{name}')\""
    return Finding(
        "missing",
        name,
        f"not in the local cache, {_describe_size(wanted)}",
        f"on a machine with a network:\n{fetch}",
    )


def _describe_size(wanted: naming.Wanted) -> str:
    """Size of a download in words: 4 bytes a weight, where the paper's table of checkpoints
    counts them.
    """
    row = checkpoints.find(wanted.architecture, wanted.weights)
    return (
        f"about {catalogue.readable(4 * row.parameters)} (4 bytes a weight)"
        if row
        else "of a size that nobody states"
    )


def _find_repository(wanted: naming.Wanted) -> str:
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


def is_in_cache(repository: str) -> bool:
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
