"""Processes that compute one thing together, as ``bap run --processes N`` starts them.

All of them execute the same notebook. What is heavy is divided: each process has a share of every
batch, and the sums over all processes are those that one alone would have, up to rounding. What is
kept is written by the first, and read by all.

    WORLD_SIZE, RANK        how many they are, and which this one is: the names that torch has
    MASTER_ADDR, MASTER_PORT  where they meet
"""

import functools
import os
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from bap_core import runtime

ENDED = "another process of this run has ended"


def count() -> int:
    """How many processes there are; one, where nothing else is said."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this one writes what is kept."""
    return _rank() == 0


def share(n: int) -> slice:
    """Which of ``n`` rows are this process's: neighbours, in the order of the processes. Where
    there are fewer rows than processes, each has all.
    """
    if n < count():
        return slice(0, n)
    return slice(n * _rank() // count(), n * (_rank() + 1) // count())


def weight(n: int) -> float:
    """What the mean over this process's `share` of ``n`` rows counts in the mean over all of
    them.
    """
    own = share(n)
    return 1 / count() if n < count() else (own.stop - own.start) / n


def total(value: Tensor) -> Tensor:
    """The sum over all processes, in each of them. ConnectionError in one sentence if one of them
    has ended.
    """
    from accelerate.utils import reduce

    state = _meet()
    try:
        summed = cast(Tensor, reduce(value.to(state.device), "sum"))
        return summed.to(value.device)
    except RuntimeError as error:
        raise ConnectionError(
            f"{ENDED}, so this one ends too; start the run again, with as many processes as you "
            f"like: it goes on where it was ({_first_line(error)})"
        ) from error


def join(part: Tensor, at: slice, n: int) -> Tensor:
    """All ``n`` rows of what every process has its `share` of. part: the rows ``at`` of it."""
    if len(part) == n:
        return part
    whole = part.new_zeros(n, *part.shape[1:])
    whole[at] = part
    return total(whole)


def sum_gradients(parameters: Sequence[torch.nn.Parameter]) -> None:
    """Replace every gradient by its sum over the processes."""
    trained = [one for one in parameters if one.grad is not None]
    flat = total(torch.cat([one.grad.reshape(-1) for one in trained if one.grad is not None]))
    for one, grad in zip(trained, flat.split([one.numel() for one in trained])):
        one.grad = grad.view_as(one)


def first_says(answer: bool) -> bool:
    """What the first process says, whatever the others found."""
    return bool(total(torch.tensor(float(answer and is_first()))))


def number_of_first(number: int) -> int:
    """The number that the first process has, in each of them."""
    return number if count() == 1 else int(total(torch.tensor(number * is_first())))


def wait() -> None:
    """Until all are here."""
    if count() > 1:
        total(torch.zeros(1))


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


@functools.cache
def _meet():
    from accelerate import PartialState

    return PartialState(cpu=runtime.device().type == "cpu")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
