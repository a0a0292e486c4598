"""What the micro encoders are trained to do: match captions, name what a scene shows, or know a
scene again.

An objective is a module that holds the model (and a head, which is thrown away afterwards); called
with normalised pictures (B, 3, S, S) and their row numbers (B,), it gives the loss of the batch in
float32.
"""

from typing import Protocol

import open_clip
import torch
import torch.nn.functional as F
from open_clip.loss import SigLipLoss
from torch import Tensor, nn

from bap_core.encoders.backends.from_timm import Pictures
from bap_core.encoders.backends.shape import ImageModel


class CaptionModel(ImageModel, Protocol):
    """What is trained on captions: called with pictures and tokens (B, L), it gives both features
    and the scale of the logits, for the sigmoid loss also their bias.
    """

    @property
    def logit_scale(self) -> Tensor:
        """Natural logarithm of that scale."""
        ...

    def __call__(self, pictures: Tensor, tokens: Tensor, /) -> tuple[Tensor, ...]: ...


class Captions(nn.Module):
    """Pictures with their captions, through open_clip's own losses. tokens: (N, L) of all
    captions.
    """

    def __init__(self, model: CaptionModel, tokens: Tensor, *, sigmoid: bool):
        super().__init__()
        self.model, self.tokens = model, tokens
        self.loss = SigLipLoss() if sigmoid else open_clip.ClipLoss()

    def forward(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """See the module's text."""
        return self.loss(
            *(z.float() for z in self.model(pictures, self.tokens[rows].to(pictures.device)))
        )


class Classes(nn.Module):
    """Cross-entropy over what a scene shows. shown: (N,) class numbers, -1 where a scene shows
    nothing.
    """

    def __init__(self, model: Pictures, shown: Tensor):
        super().__init__()
        self.model, self.shown = model, shown
        self.head = nn.Linear(model.visual.num_features, int(shown.max()) + 1)

    def forward(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """See the module's text."""
        logits = self.head(self.model.encode_image(pictures))
        return F.cross_entropy(logits.float(), self.shown[rows].to(logits.device), ignore_index=-1)


class Views(nn.Module):
    """Two random crops of a scene find each other among the batch (SimCLR), through a projection
    head, at the temperature of the original.
    """

    temperature = 0.1

    def __init__(self, model: Pictures, draw: torch.Generator):
        super().__init__()
        width = model.visual.num_features
        self.model, self.draw = model, draw
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.loss = open_clip.ClipLoss()

    def forward(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """See the module's text."""
        views = torch.cat([view(pictures, self.draw), view(pictures, self.draw)])
        one, other = F.normalize(self.head(self.model.encode_image(views)).float(), dim=-1).chunk(2)
        return self.loss(one, other, 1 / self.temperature)


def view(pictures: Tensor, draw: torch.Generator) -> Tensor:
    """Another look at each picture: a crop of 8 to 100 % of its area at full size, mirrored or
    not, in other colours, as strongly as SimCLR's original has it.

    pictures: float (B, 3, S, S) -> (B, 3, S, S). One picture in five turns grey.
    """

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return (torch.rand(len(pictures), *shape, generator=draw) * (high - low) + low).to(
            pictures.device
        )

    side = uniform(0.08, 1.0, 1).sqrt()
    window = torch.diag_embed(
        side * torch.cat([uniform(-1, 1, 1).sign(), torch.ones_like(side)], dim=1)
    )
    window = torch.cat([window, ((1 - side) * uniform(-1, 1, 2))[..., None]], dim=2)
    grid = F.affine_grid(window, list(pictures.shape), align_corners=False)
    seen = F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    grey = seen.mean(dim=1, keepdim=True)
    seen = grey + (seen - grey) * uniform(0.2, 1.8, 1, 1, 1) * (uniform(0, 1, 1, 1, 1) > 0.2)
    level = seen.mean(dim=(1, 2, 3), keepdim=True)
    return level + (seen - level) * uniform(0.2, 1.8, 1, 1, 1) + uniform(-0.8, 0.8, 1, 1, 1)
