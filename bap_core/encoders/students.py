"""Trained students, kept in the store: whoever trains one, by whatever loss."""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from bap_core import runtime, store
from bap_core.encoders.encoder import Encoder


def cached_training(
    encoder: Encoder,
    fit: Callable[[Encoder, Path], dict[str, Tensor]],
    *,
    kind: str,
    parts: dict,
    pictures: int,
) -> tuple[Encoder, dict[str, Tensor]]:
    """A student of ``encoder`` trained by ``fit(student, checkpoint)``, and what that gave back.

    kind, parts: what names the result in the store, where its tower and the other tensors are kept.
    pictures: how many encodings it takes. The weights of ``encoder`` are not touched. Gradients are
    sums that threads share, so their number is part of the name.
    """
    student = encoder.student()
    parts = {**parts, "threads": runtime.threads(encoder.device)}

    def make() -> dict[str, Tensor]:
        more = fit(student, store.checkpoint_path(parts))
        return {**more, **student.image_tower.state_dict()}

    kept = store.arrays(kind, parts, make, tally=encoder.tally, pictures=pictures)
    store.Checkpoint(store.checkpoint_path(parts)).remove()
    tower = {name: kept.pop(name) for name in student.image_tower.state_dict()}
    student.image_tower.load_state_dict(tower)
    student.model.requires_grad_(False)
    return student, kept
