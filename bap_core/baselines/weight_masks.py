"""Masks on the weights of an image tower, for PruSC: one logit per weight while they are learnt,
then a fixed cut.

They are parametrisations of the weight tensors themselves, so that attention, which reads its
weights without calling the layers that hold them, meets the mask as well.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from bap_core import runtime


class Mask(nn.Module):
    """A parametrisation of a weight tensor: every weight times m. logits: pi, as large as the
    tensor.

    Without noise, as before the first `draw`, m = [pi >= 0].
    """

    def __init__(self, weight: Tensor, *, start: float, seed: int, name: str):
        super().__init__()
        self.logits = nn.Parameter(torch.full_like(weight, start))
        # so that a resumed run goes on with its noise
        self.register_buffer("draws", torch.zeros((), dtype=torch.int64))
        self._names, self._noise = (seed, "mask", name), 0.0

    def draw(self) -> None:
        """New noise, the same for all uses of the weight until the next call."""
        self.draws += 1
        seed, *names = self._names
        source = torch.Generator(self.logits.device).manual_seed(
            runtime.generator(seed, *names, int(self.draws)).initial_seed()
        )
        self._noise = torch.empty_like(self.logits).uniform_(generator=source).logit_(eps=1e-6)

    def forward(self, weight: Tensor) -> Tensor:
        """The masked weight; its gradient with respect to pi is that of sigmoid(pi + noise)."""
        x = self.logits + self._noise
        soft = torch.sigmoid(x)
        return weight * ((x >= 0).to(weight.dtype) + (soft - soft.detach()))


class _Cut(nn.Module):
    """A parametrisation of a weight tensor: what the mask does not keep is 0, whatever the
    optimiser does.
    """

    mask: Tensor

    def __init__(self, mask: Tensor):
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.mask


def add_masks(tower: nn.Module, *, start: float, seed: int) -> dict[str, Mask]:
    """Put a `Mask` on every `prunable` weight, drawn anew in every forward pass; all else is
    frozen.
    """
    tower.requires_grad_(False)
    masks = {}
    for name, (module, attribute) in prunable(tower).items():
        masks[name] = Mask(getattr(module, attribute), start=start, seed=seed, name=name)
        parametrize.register_parametrization(module, attribute, masks[name])

    def draw(*_) -> None:
        for mask in masks.values():
            mask.draw()

    tower.register_forward_pre_hook(draw)
    return masks


def apply_masks(tower: nn.Module, masks: dict[str, Tensor]) -> None:
    """Set every `prunable` weight to 0 where its mask is False, and hold it there. masks: bool,
    by name.
    """
    for name, (module, attribute) in prunable(tower).items():
        weight = getattr(module, attribute)
        parametrize.register_parametrization(module, attribute, _Cut(masks[name].to(weight.device)))


def fold_masks(tower: nn.Module) -> None:
    """Make the masked weights of `apply_masks` ordinary ones again; the tower's state has its usual
    names afterwards.
    """
    for module, attribute in prunable(tower).values():
        parametrize.remove_parametrizations(module, attribute, leave_parametrized=True)


def prunable(tower: nn.Module) -> dict[str, tuple[nn.Module, str]]:
    """Weights of linear maps: name in the tower's state -> module and attribute.

    These are linear layers, convolutions, and the fused projections of torch's attention, which a
    search for linear layers does not find. Left out are biases, norms and embeddings, the first
    convolution among them, which embeds the pixels, and bare parameters such as the last projection
    of CLIP's transformers.
    """
    found, convolutions = {}, 0
    for place, module in tower.named_modules():
        convolutions += isinstance(module, nn.Conv2d)
        if isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and convolutions > 1):
            names = ["weight"]
        elif isinstance(module, nn.MultiheadAttention):
            names = [f"{part}_proj_weight" for part in ("in", "q", "k", "v")]
        else:
            continue
        found |= {
            f"{place}.{name}": (module, name) for name in names if getattr(module, name) is not None
        }
    return found
