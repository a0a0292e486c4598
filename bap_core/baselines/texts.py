"""What text says of a task (paper M.2), as embeddings of one encoder: zero-shot classification,
RoboShot and DIAL read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from bap_core.baselines.dial import attribute_texts
from bap_core.baselines.roboshot import concept_vectors
from bap_core.encoders import prompts


@dataclass(frozen=True, eq=False)
class TextEmbeddings:
    """prototypes: (C, D), one per class. harmful, helpful: (P, D), what RoboShot rejects and
    accepts. present, absent: (A, D), the attributes that DIAL removes, and their negations.
    concepts: the words of the backgrounds, which both get.
    """

    prototypes: Tensor
    harmful: Tensor
    helpful: Tensor
    present: Tensor
    absent: Tensor
    concepts: tuple[str, ...]


def embed_texts(
    encoder,
    names: Sequence[str],
    backgrounds: Sequence[str],
    *,
    templates: Sequence[str] = prompts.TEMPLATES,
) -> TextEmbeddings:
    """The texts of a task of two classes on two backgrounds (M.2): backgrounds mislead, class names
    help.

    names: the two classes as prompts call them; backgrounds: the two backgrounds. templates: of the
    class prototypes.
    """
    concepts = prompts.background_words(backgrounds)
    present, absent = attribute_texts(encoder, concepts)
    return TextEmbeddings(
        prompts.prototypes(encoder, names, templates=templates),
        concept_vectors(encoder, [(concepts[0], concepts[1])]),
        concept_vectors(encoder, [(names[0], names[1])]),
        present,
        absent,
        concepts,
    )
