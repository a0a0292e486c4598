"""The shape in which `encoders.Encoder` takes a model, whatever library it is of.

open_clip's own models have it, the others are wrapped to have it. Each is a torch module that
embeds pictures (`ImageModel`), text (`TextModel`, or `WordModel` if nothing else), or both, and may
have beside that:

- ``tokens(prompts)``: T strings -> (T, L) int64; without it open_clip's tokenizer is used;
- ``native``: the library's own module, whose weights are what a file holds; without it the model
  itself;
- ``pooling``: how the outputs become one vector, where there is a choice;
- ``write(folder)``: as in `FolderModel`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypedDict, TypeGuard, cast, runtime_checkable

from torch import Tensor, nn

Tokenizer = Callable[[list[str]], Tensor]  # T strings -> (T, L) int64


class Statistics(TypedDict):
    """What pictures are shifted and scaled by: per channel, of values in [0, 1]."""

    mean: Sequence[float]
    std: Sequence[float]


class ImageTower(nn.Module):
    """A library's image tower, with what its input has to be.

    Nothing is made of this class: it names for the type checker what is written onto the tower,
    which a protocol could not do for something that is a module as well. image_size: side of the
    square input in pixels.
    """

    image_size: int | tuple[int, int]
    preprocess_cfg: Statistics


class ImageModel(Protocol):
    """A model that embeds pictures, and text too if it is a `TextModel` as well."""

    @property
    def visual(self) -> ImageTower:
        """The image tower."""
        ...

    def encode_image(self, x: Tensor) -> Tensor:
        """Float (B, 3, S, S), shifted and scaled -> (B, D)."""
        ...


@runtime_checkable
class TextModel(Protocol):
    """A model that embeds text."""

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Integers (T, L) -> (T, D)."""
        ...


class WordModel(TextModel, Protocol):
    """A model that embeds text only. width: length D of an embedding."""

    width: int


@runtime_checkable
class FolderModel(Protocol):
    """A model that its library keeps in a folder."""

    def write(self, folder: Path) -> None:
        """Write everything that the library reads back."""
        ...


def embeds_pictures(model: nn.Module) -> TypeGuard[ImageModel]:
    """Whether there is an image tower. `isinstance` would not find one that torch registered."""
    return hasattr(model, "visual")


def unwrap(model: nn.Module | ImageModel) -> nn.Module:
    """The library's own module, which is the model itself where nothing is wrapped."""
    return cast(nn.Module, getattr(model, "native", model))


def side(tower: ImageTower) -> int:
    """Side of the square input, in pixels."""
    size = tower.image_size
    return int(size[0] if isinstance(size, (tuple, list)) else size)


def statistics(tower: ImageTower) -> dict[str, tuple[float, ...]]:
    """Its ``mean`` and ``std``, without what a library keeps beside them."""
    return {key: tuple(tower.preprocess_cfg[key]) for key in ("mean", "std")}
