"""gensim: Word2Vec vectors, the bag of words of appendix A. A phrase is the mean of its words'
vectors as they are. The vectors that ship with the package are read without gensim.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from bap_core.encoders.backends.refusals import choose_pooling, fetching, loading

WIDTH = 300
BUCKETS = 1 << 16  # rows of random vectors
# word2vec's format: binary or text
FORMATS = {".bin": True, ".gz": True, ".txt": False, ".vec": False}


class WordVectors(nn.Module):
    """One vector per word. Words are case-sensitive; punctuation between them is skipped.

    vectors: (V, D) float32. rows: row of each word, or None for random vectors, which have one for
    every word.
    """

    pooling = "mean"
    vectors: Tensor
    width: int

    def __init__(self, vectors: Tensor, rows: dict[str, int] | None):
        super().__init__()
        self.register_buffer("vectors", vectors)
        words = "\n".join(rows or ()).encode()
        # for fingerprints
        self.register_buffer("words", torch.frombuffer(bytearray(words or b"-"), dtype=torch.uint8))
        self.rows, self.width = rows, vectors.shape[1]

    def tokens(self, prompts: Sequence[str]) -> Tensor:
        """Rows of the words, -1 after the last -> (T, L) int64. ValueError that lists the words
        without a vector.
        """
        words = [as_words(prompt) for prompt in prompts]
        if empty := [prompt for prompt, found in zip(prompts, words) if not found]:
            raise ValueError(f"the prompt {empty[0]!r} holds no word")
        if self.rows is not None:
            unknown = sorted({word for found in words for word in found if word not in self.rows})
            if unknown:
                raise ValueError(
                    f"{len(unknown)} words have no vector "
                    f"({', '.join(unknown[:10])}): drop the prompts "
                    "that use them"
                )
        return nn.utils.rnn.pad_sequence(
            [torch.tensor([self._row(word) for word in found]) for found in words],
            batch_first=True,
            padding_value=-1,
        )

    def _row(self, word: str) -> int:
        return crc32(word.encode()) % BUCKETS if self.rows is None else self.rows[word]

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(T, L) int64 -> (T, D): mean over the words of each prompt."""
        seen = (tokens >= 0)[..., None]
        return (self.vectors[tokens.clamp(min=0)] * seen).sum(dim=1) / seen.sum(dim=1)


def as_words(text: str) -> list[str]:
    """The words of a text, without the punctuation between them."""
    return re.findall(r"[^\s,.;:!?]+", text)


def create(name: str, weights: str, *, size: int | None, pooling: str | None) -> WordVectors:
    """Vectors by gensim's name, from a file in word2vec's format (.bin, .bin.gz, .txt, .vec), or
    from one of ours (.safetensors).

    ValueError for another kind of file; ImportError without gensim; FileNotFoundError if the
    vectors have to be fetched and cannot be.
    """
    if size:
        raise ValueError(f"{name} embeds words and has no input size: leave size={size} out")
    choose_pooling(name, pooling, (WordVectors.pooling,))
    if weights == "random":
        return WordVectors(torch.randn(BUCKETS, WIDTH), None)
    if Path(weights).suffix == ".safetensors":
        with loading(weights, name):
            kept = load_file(weights)
        words = kept["words"].numpy().tobytes().decode().split("\n")
        rows = {word: row for row, word in enumerate(words)}
        return WordVectors(kept["vectors"].float(), rows)
    keyed = _read_vectors(name, weights)
    return WordVectors(torch.from_numpy(keyed.vectors), dict(keyed.key_to_index))


def _read_vectors(name: str, weights: str):
    try:
        from gensim import downloader
        from gensim.models import KeyedVectors
    except ImportError:
        raise ImportError(
            f"{name} needs gensim, which is not installed: pip install 'bap-companion[words]'"
        ) from None
    if weights == name:
        by = f"import gensim.downloader as d; d.load('{name}', return_path=True)"
        with fetching(name, "", by=by):
            weights = downloader.load(name, return_path=True)
    path = Path(weights).expanduser()
    if path.suffix not in FORMATS or not path.is_file():
        raise ValueError(
            f"{name}: {weights!r} is not a file in word2vec's format ({', '.join(FORMATS)})"
        )
    return KeyedVectors.load_word2vec_format(str(path), binary=FORMATS[path.suffix])
