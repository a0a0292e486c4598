"""Prompt templates and class prototypes (paper M.3.1 and J.1).

The paper says "40 diverse templates" and quotes three. `TEMPLATES` is a reasoned guess: of the 80
public ImageNet templates, 38 wordings come as a pair with an indefinite and a definite article; we
keep the indefinite member of each pair and the two with a numeral, and drop the two possessive
ones. The three quoted ones are among them.
"""

from collections.abc import Sequence

import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor

TEMPLATES: tuple[str, ...] = tuple(
    """
a photo of a {}.
a photo of one {}.
a photo of many {}.
a bad photo of a {}.
a photo of a hard to see {}.
a low resolution photo of a {}.
a cropped photo of a {}.
a bright photo of a {}.
a photo of a clean {}.
a photo of a dirty {}.
a dark photo of a {}.
a photo of a cool {}.
a close-up photo of a {}.
a black and white photo of a {}.
a pixelated photo of a {}.
a jpeg corrupted photo of a {}.
a blurry photo of a {}.
a good photo of a {}.
a photo of a large {}.
a photo of a nice {}.
a photo of a weird {}.
a photo of a small {}.
a sculpture of a {}.
a rendering of a {}.
graffiti of a {}.
a tattoo of a {}.
a embroidered {}.
a drawing of a {}.
a plastic {}.
a painting of a {}.
a {} in a video game.
a doodle of a {}.
a origami {}.
a sketch of a {}.
a toy {}.
a rendition of a {}.
a cartoon {}.
art of a {}.
a plushie {}.
itap of a {}.
""".strip().splitlines()
)


def prototypes(encoder, names: Sequence[str], *, templates: Sequence[str] = TEMPLATES) -> Tensor:
    """One unit-norm vector per class: unit text embeddings of all filled templates, averaged,
    brought to unit norm.

    names: C class names in ordinary words. Returns (C, D) float32. ValueError for a template
    without ``{}``.
    """
    return ensemble(embed_templates(encoder, names, templates=templates))


def embed_templates(
    encoder, names: Sequence[str], *, templates: Sequence[str] = TEMPLATES
) -> Tensor:
    """Unit text embeddings of every filled template: (C, T, D) float32. Refusals as for
    `prototypes`.
    """
    if not names or not templates:
        raise ValueError("prototypes need at least one class name and one template")
    for template in templates:
        if not isinstance(template, str) or template.count("{}") != 1:
            raise ValueError(f"template {template!r} has not one {{}} for the class name")
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"class name {name!r} is no word")
    filled = [template.replace("{}", name) for name in names for template in templates]
    embedded = torch.cat(
        [encoder.encode_text(filled[i : i + 256]) for i in range(0, len(filled), 256)]
    )
    return embedded.view(len(names), len(templates), -1)


def ensemble(embedded: Tensor) -> Tensor:
    """The mean over templates, brought to unit norm: (C, T, D) -> (C, D)."""
    return F.normalize(embedded.mean(dim=1), dim=-1)


def public_templates(name: str = "80") -> tuple[str, ...]:
    """OpenAI's templates for ImageNet as open_clip carries them: "80", the seven chosen from
    them ("7"), or one ("1").
    """
    lists = {
        "80": open_clip.OPENAI_IMAGENET_TEMPLATES,
        "7": open_clip.SIMPLE_IMAGENET_TEMPLATES,
        "1": [TEMPLATES[0].format],
    }
    if name not in lists:
        raise ValueError(f"templates {name!r}; choices: {', '.join(lists)}")
    return tuple(fill("{}") for fill in lists[name])


def background_words(backgrounds: Sequence[str]) -> tuple[str, ...]:
    """The backgrounds of a task as the concepts that RoboShot and DIAL get: ``water`` -> ``water
    background`` (M.2).
    """
    return tuple(f"{in_words(name)} background" for name in backgrounds)


def in_words(name: str) -> str:
    """A folder's or category's name in ordinary words: ``forest/broadleaf`` -> ``broadleaf
    forest``.

    Places365 puts the kind after the slash; underscores become blanks.
    """
    return " ".join(reversed(name.replace("_", " ").split("/")))
