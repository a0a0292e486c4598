"""From what a caller writes, such as ``clip-b16`` or ``ViT-B-16:weights.safetensors``, to a
library and its arguments.
"""

from dataclasses import dataclass
from pathlib import Path

import open_clip

from bap_core.encoders import checkpoints
from bap_core.encoders.backends import from_timm
from bap_core.encoders.backends.common import (
    MICRO,
    SETTINGS,
    micro_identity,
    micro_library,
    micro_names,
    settings,
)
from bap_core.encoders.backends.refusals import suggest
from bap_core.encoders.backends.transformers_configurations import NAMES as HUB_NAMES


@dataclass(frozen=True)
class Wanted:
    """What to build, and how it was used when its weights were trained or saved.

    weights: "random", a tag, a path, or the name again for the hub's own. size in pixels, mean and
    std per channel, pooling: None for what the library says. scale: "micro", "paper" or "random".
    identity: what the paper calls it.
    """

    library: str
    architecture: str
    weights: str
    size: int | None
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    pooling: str | None
    scale: str
    identity: checkpoints.Identity


def resolve(name: str, weights: str | Path | None) -> Wanted:
    """What ``name`` and ``weights`` ask for. ValueError with near names, or FileNotFoundError
    for a missing file.
    """
    head, _, given = name.partition(":")
    if given and weights:
        raise ValueError(f"{name!r} names weights already; leave weights={str(weights)!r} out")
    row = checkpoints.known().get(head)
    if not (given or weights) and (path := _own_path(name)):
        architecture, weights = settings(path).get("architecture"), str(path)
        if architecture is None:
            raise ValueError(
                f"{path} does not name its architecture; write NAME:{path}, such as ViT-B-16:{path}"
            )
    else:
        architecture = row.architecture if row else head
        weights = given or (str(weights) if weights else _usual(architecture, row))
    whose = library(architecture, name)
    if not weights:
        raise ValueError(
            f"encoder {name!r} needs weights, as in {_example(architecture)!r}; "
            "'random' is a choice too"
        )
    noted = _noted(architecture, weights)
    mean, std = _statistics(noted, row or checkpoints.find(architecture))
    return Wanted(
        whose,
        architecture,
        weights,
        noted.get("size", row.size if row else None),
        mean,
        std,
        noted.get("pooling"),
        _scale(architecture, weights, noted),
        _identity(row, architecture, weights),
    )


def library(architecture: str, name: str) -> str:
    """Whose model ``architecture`` is: "open_clip", "timm", "transformers" or "gensim".

    name: as the caller wrote it. ValueError with near names for one that no library has.
    """
    if micro := micro_library(architecture):
        return micro
    if architecture.startswith("timm/"):
        from_timm.tags(architecture)  # refuses a name that timm does not have
        return "timm"
    if architecture in HUB_NAMES:
        return "transformers"
    if row := checkpoints.find(architecture):
        return row.library
    shipped, rows, known = micro_names(), list(checkpoints.known()), open_clip.list_models()
    if architecture in known:
        return "open_clip"
    hint = suggest(architecture, [*shipped, *rows, *known, *HUB_NAMES])
    raise ValueError(
        f"unknown encoder {name!r}: {hint}{' ' if hint else ''}shipped: {', '.join(shipped)}; "
        f"of the paper: {', '.join(rows)}; or an open_clip or timm name with weights, NAME:TAG, "
        "NAME:FILE or NAME:random (timm/NAME for timm)"
    )


def _own_path(name: str) -> Path | None:
    path = Path(name).expanduser()
    if name.endswith(".safetensors"):
        if not path.is_file():
            raise FileNotFoundError(
                f"encoder file {path} does not exist; `Encoder.save` or "
                "notebook 14 writes such files"
            )
        return path
    return path if (path / SETTINGS).is_file() else None


def _usual(architecture: str, row: checkpoints.Checkpoint | None) -> str:
    """The weights that a name alone stands for; "" if it has to say."""
    if architecture in micro_names():
        return str(MICRO / f"{architecture}.safetensors")
    if row or (row := checkpoints.find(architecture)):
        return row.tag or row.name
    return ""


def _noted(architecture: str, weights: str) -> dict:
    """What stands beside weights of our own. ValueError if they are those of another
    architecture.
    """
    path = Path(weights).expanduser()
    noted = settings(path) if path.exists() else {}
    if (other := noted.get("architecture", architecture)) != architecture:
        raise ValueError(f"{path} cannot be loaded into {architecture}: it holds a {other}")
    return noted


def _statistics(noted: dict, row: checkpoints.Checkpoint | None) -> tuple:
    if noted.get("mean"):
        return tuple(noted["mean"]), tuple(noted["std"])
    return checkpoints.STATISTICS[row.statistics] if row and row.statistics else (None, None)


def _scale(architecture: str, weights: str, noted: dict) -> str:
    if weights == "random":
        return "random"
    return noted.get("scale") or ("micro" if architecture in micro_names() else "paper")


def _identity(
    row: checkpoints.Checkpoint | None, architecture: str, weights: str
) -> checkpoints.Identity:
    """That of the paper's checkpoint, or of the recipe on a micro encoder's card; unknown for all
    others.

    A name of the paper's table says which checkpoint is meant, also where its weights come from a
    file. The name of an architecture does not: only the tag that the paper used makes it one of the
    paper's encoders.
    """
    if row or (row := checkpoints.find(architecture, weights)):
        return row.identity
    return micro_identity(architecture)


def _example(architecture: str) -> str:
    in_timm = architecture.startswith("timm/")
    tags = (
        from_timm.tags(architecture)
        if in_timm
        else open_clip.list_pretrained_tags_by_model(architecture)
    )
    return f"{architecture}:{next(iter(tags), 'random')}"
