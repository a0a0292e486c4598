"""WiSE-FT (paper M.2, Wortsman et al. 2022): the mean of the zero-shot and the fine-tuned weights.

    theta = (1 - alpha) theta_0 + alpha theta_1        every tensor of the image tower

theta_0 is the untouched encoder, theta_1 the result of LP-FT, whose head stays. The other reading
averages the head too, with one made of text prototypes. Its rows have the length exp(logit scale),
up to 100, and those of a probe about 1, so at alpha = 0.5 the averaged head is nearly the zero-shot
one; but at 100 % the paper prints worst groups next to those of LP-FT (22.0 beside 23.8 in Table 2)
and far from those of zero-shot (51.3).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from bap_core.baselines.fine_tuning import Head, Tuned
from bap_core.baselines.lp_ft import LPFT
from bap_core.encoders import Encoder
from bap_core.evaluation.protocol import Predictions

HEADS = ("tuned", "averaged")


@dataclass(frozen=True, eq=False)
class WiSEFT:
    """WiSE-FT as a method. start: what it averages with; the other fields as for
    `average_wise_ft`.
    """

    start: LPFT
    prototypes: Tensor
    alpha: float = 0.5
    head: str = "tuned"

    def __post_init__(self):
        _refuse_unknown(self.head)

    def run(self, encoder: Encoder, scenes, *, seed: int) -> Predictions:
        """The averaged encoder with its own head; only test pictures are encoded."""
        tuned = self.start.tune(encoder, scenes, seed=seed)
        choices = {"alpha": self.alpha, "head": self.head}
        averaged = average_wise_ft(encoder, tuned, self.prototypes, **choices)
        return Predictions(averaged.decision_function(scenes.select(split="test")))


def average_wise_ft(
    encoder: Encoder, tuned: Tuned, prototypes: Tensor, *, alpha: float = 0.5, head: str = "tuned"
) -> Tuned:
    """Between ``encoder`` (alpha = 0) and ``tuned`` (alpha = 1), which LP-FT made from it. Neither
    is touched.

    prototypes: (C, D), unit norm, from `prompts.prototypes`. head: the "tuned" one, or "averaged"
    with the zero-shot head like all other weights (the paper does not say). ValueError if the two
    do not fit.
    """
    _refuse_unknown(head)
    student = encoder.student()
    student.image_tower.load_state_dict(
        interpolate(encoder.image_tower.state_dict(), tuned.encoder.image_tower.state_dict(), alpha)
    )
    student.model.requires_grad_(False)
    if head == "tuned":
        return Tuned(student, tuned.head, [], unit=tuned.unit)
    start, end = (vars(one) for one in (zero_shot_head(encoder, prototypes), tuned.head))
    return Tuned(student, Head(**interpolate(start, end, alpha)), [], unit=tuned.unit)


def _refuse_unknown(head: str) -> None:
    if head not in HEADS:
        raise ValueError(f"head={head!r}; choices: {', '.join(HEADS)}")


def interpolate(
    state_0: dict[str, Tensor], state_1: dict[str, Tensor], alpha: float
) -> dict[str, Tensor]:
    """(1 - alpha) state_0 + alpha state_1, tensor by tensor, in float32 whatever the format of the
    two.

    Tensors that are not floating, such as counters, are copied from ``state_0``. All results are
    new tensors. Both ends come out bit for bit. ValueError for an alpha outside [0, 1], and for
    names or shapes that differ.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha={alpha} must lie in [0, 1]: 0 is the first state, 1 the second")
    if alone := sorted(state_0.keys() ^ state_1.keys()):
        raise ValueError(
            f"{len(alone)} tensors are in one of the two states only, such as {alone[0]}"
        )
    for name in state_0:
        if state_0[name].shape != state_1[name].shape:
            raise ValueError(
                f"{name} is {tuple(state_0[name].shape)} in one state and "
                f"{tuple(state_1[name].shape)} in "
                "the other"
            )
    return {
        name: torch.lerp(start.float(), state_1[name].float(), alpha)
        if start.is_floating_point()
        else start.clone()
        for name, start in state_0.items()
    }


def zero_shot_head(encoder: Encoder, prototypes: Tensor) -> Head:
    """Rows are prototypes times exp(logit scale), bias 0. SigLIP's logit bias is common to all
    classes and cancels.
    """
    if encoder.logit_scale is None:
        raise ValueError(
            f"{encoder.name} has no logit scale and so no zero-shot head; use a "
            "vision-language encoder "
            "such as clip-b16"
        )
    return Head(encoder.logit_scale * prototypes, torch.zeros(len(prototypes)))
