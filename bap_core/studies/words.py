"""Are words bags of words? The additivity of text embeddings (paper appendix A, Table 7).

    e_a, e_b  the embeddings of two words, e_ab of both together, all of unit norm
    Sim(both, sum) = cos(e_ab, e_a + e_b)

The text encoders of vision-language models read "a photo of a duck, pond"; encoders of words alone,
such as Word2Vec and BERT, read the bare words (A.2).
"""

from collections.abc import Iterable, Sequence
from itertools import product

import pandas as pd
import torch
from torch import Tensor

from bap_core import metrics, runtime

TEMPLATE = "a photo of a {}"  # without a full stop, as A.2 prints it
Pair = tuple[str, str]


def word_pairs(
    foregrounds: Iterable[str], backgrounds: Iterable[str], *, n: int, seed: int
) -> list[Pair]:
    """``n`` different pairs of a foreground and a background word at random, or all where there are
    fewer. The paper has 5,000 that it does not list. ValueError if one of the lists is empty.
    """
    every = list(product(dict.fromkeys(foregrounds), dict.fromkeys(backgrounds)))
    if not every or n < 1:
        raise ValueError(f"n={n} of {len(every)} pairs; at least one word of each kind is needed")
    drawn = runtime.rng(seed, "word pairs").permutation(len(every))[:n]
    return [every[i] for i in drawn]


def known_pairs(encoders: Iterable, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs of whose words each encoder has a vector; one with a tokenizer has all."""
    tables = [rows for one in encoders if (rows := getattr(one.model, "rows", None)) is not None]
    return [
        pair for pair in pairs if all(w in t for t in tables for w in " ".join(pair).split(" "))
    ]


def text_additivity(encoder, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Columns, each (n,): ``cosine_words``, ``text_additivity``, and its floor
    ``text_additivity_swapped``, in which the pair is compared with its foreground word and another
    background word. ValueError for fewer than two background words.
    """
    behind = list(dict.fromkeys(pair[1] for pair in pairs))
    if len(behind) < 2:
        raise ValueError(f"background words {behind}: a floor needs two")
    template = "{}" if encoder.identity.kind == "words" else TEMPLATE
    words = list(dict.fromkeys(word for pair in pairs for word in pair))
    single = _embed(encoder, [template.format(word) for word in words])
    number = {word: row for row, word in enumerate(words)}
    a, b = (single[[number[pair[side]] for pair in pairs]] for side in (0, 1))
    next_word = dict(zip(behind, behind[1:] + behind[:1]))
    other = single[[number[next_word[pair[1]]] for pair in pairs]]
    both = _embed(encoder, [template.format(", ".join(pair)) for pair in pairs])
    return pd.DataFrame(
        {
            "cosine_words": (a * b).sum(dim=1).numpy(),
            "text_additivity": metrics.additivity(a, b, both),
            "text_additivity_swapped": metrics.additivity(a, other, both),
        }
    )


def _embed(encoder, prompts: list[str]) -> Tensor:
    chunks = range(0, len(prompts), 256)
    return torch.cat([encoder.encode_text(prompts[i : i + 256]) for i in chunks])
