"""What a value of the right type may not be: numbers out of their range, encoders and folders that
are not there, a file that cannot be written. Found out before anything runs.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from bap_core.runner.parameters import Parameter

# counts are at least 1 and rates above 0, but for these
_MAY_BE_ZERO = frozenset(
    {
        *("seed", "warmup", "control_warmup", "textures", "mask_start", "min_dist", "lr_min"),
        *("sparsities", "starts", "window", "mask_values"),
    }
)
_SHARES = frozenset({"mask_ratio", "textures", "scale", "bird_scale", "window"})  # at most 1
_ENCODERS = frozenset({"encoder", "encoders", "text_encoders", "checkpoints", "labeller"})
_FOLDERS = frozenset({"objects", "backgrounds"})
WEIGHTS = (".safetensors", "")  # suffixes of what `Encoder.save` writes; "" is a folder


def refuse_unusable(known: Mapping[str, Parameter], values: Mapping, changed: Mapping) -> None:
    """ValueError or FileNotFoundError for the first value that cannot be meant.

    values: all in force; changed: those of ``-p``, of which names and places are looked up too.
    """
    for name, value in values.items():
        _refuse_out_of_range(known[name], value)
    for name, value in changed.items():
        if name in _ENCODERS:
            _refuse_unknown_encoders(name, value)
        elif name in _FOLDERS:
            _refuse_missing_folder(name, value)
        elif name == "save_to" and value:
            refuse_unwritable(value, name=name)


def _refuse_out_of_range(parameter: Parameter, value) -> None:
    name, listed = parameter.name, isinstance(value, list)
    if listed and not value and parameter.default:
        raise ValueError(f"parameter {name} is an empty list; an example: {parameter.default!r}")
    if parameter.type.removeprefix("list[").removesuffix("]") not in ("int", "float"):
        return
    zero = name in _MAY_BE_ZERO
    least = 0 if zero or parameter.type.endswith(("float", "float]")) else 1
    for number in value if listed else [value]:
        if number < least or (number == 0 and not zero):
            bound = f"at least {least}" if zero or least else "above 0"
            raise ValueError(f"parameter {name} is {number!r}; it has to be {bound}")
        if number > 1 and name in _SHARES:
            raise ValueError(f"parameter {name} is {number!r}; a share is at most 1")


def _refuse_unknown_encoders(name: str, value) -> None:
    from bap_core.encoders.names import resolve  # loads the libraries that know the names

    for encoder in value if isinstance(value, list) else [value]:
        if not encoder:
            raise ValueError(f"parameter {name} is empty; an example: micro-clip")
        _named(name, lambda asked: resolve(asked, None), encoder)


def _refuse_missing_folder(name: str, value: str) -> None:
    from bap_core import micro

    if not value.strip():
        raise ValueError(f"parameter {name} is empty: give a folder")
    if value.partition(":")[0] not in micro.WORLDS:
        _named(name, micro.resolve, value)


def _named(name: str, look_up: Callable[[str], object], value: str) -> None:
    try:
        look_up(value)
    except (ValueError, FileNotFoundError) as error:
        raise type(error)(f"parameter {name}: {error}") from None


def refuse_unwritable(path: str | Path, *, name: str) -> None:
    """ValueError for a suffix that weights are not saved under, FileNotFoundError for a folder that
    is not there, PermissionError for one that may not be written to.
    """
    path = Path(path).expanduser()
    if path.suffix not in WEIGHTS:
        raise ValueError(
            f"{name}: {path} ends in {path.suffix}; weights are saved as .safetensors, or without "
            "a suffix as a folder for transformers"
        )
    place = next(parent for parent in path.absolute().parents if parent.exists())
    if not place.is_dir():
        raise ValueError(f"{name}: {place} is a file, so nothing can be written below it")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"{name}: {place} may not be written to")
