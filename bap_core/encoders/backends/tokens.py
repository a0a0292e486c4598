"""Tokenizers beside open_clip's own: those of the hub, and a stand-in that needs no download."""

from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import open_clip
import torch
from torch import Tensor

from bap_core.encoders.backends.refusals import fetching

# SigLIP's text length: it was trained on captions padded to this, without an attention mask
CONTEXT = 64


class HubTokens:
    """The tokenizer at ``source``, fetched when it is first used; a stand-in if that is "random",
    and open_clip's, which the micro encoders use, if it is "micro".

    vocabulary: of the stand-in.
    """

    def __init__(self, source: str, vocabulary: int):
        self.source, self.vocabulary, self._read = source, vocabulary, None

    def __call__(self, prompts: Sequence[str], **choices) -> Tensor:
        """T strings, padded on the right and cut to a length -> (T, L) int64. choices: as the
        library's tokenizers have them.
        """
        if self.source == "random":
            return StandInTokens(self.vocabulary, context=CONTEXT)(prompts)
        if self.source == "micro":
            return open_clip.SimpleTokenizer(context_length=choices["max_length"])(list(prompts))
        self._read = self._read or _fetch_tokenizer(self.source)
        return self._read(
            list(prompts), padding_side="right", truncation=True, return_tensors="pt", **choices
        )["input_ids"]

    def write(self, folder: Path) -> None:
        """Write it if it has been used."""
        if self._read:
            self._read.save_pretrained(folder)


class StandInTokens:
    """Stand-in for a tokenizer that would have to be downloaded, for random weights only.

    Each lower-cased word becomes one number in 1 .. vocabulary - 1 that follows from its letters; 0
    pads to ``context``.
    """

    def __init__(self, vocabulary: int, *, context: int):
        self.vocabulary, self.context = vocabulary, context

    def __call__(self, prompts: Sequence[str]) -> Tensor:
        """T strings -> (T, context) int64."""
        rows = torch.zeros(len(prompts), self.context, dtype=torch.int64)
        for row, prompt in zip(rows, prompts):
            words = [
                1 + crc32(word.encode()) % (self.vocabulary - 1)
                for word in prompt.lower().split()[: self.context]
            ]
            row[: len(words)] = torch.tensor(words, dtype=torch.int64)
        return rows


def _fetch_tokenizer(source: str):
    from transformers import AutoTokenizer

    by = f"import transformers; transformers.AutoTokenizer.from_pretrained('{source}')"
    with fetching(source, "tokenizer", by=by):
        return AutoTokenizer.from_pretrained(source)
