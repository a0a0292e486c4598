"""Pre-trains the two encoders of words alone that ship with the package, for appendix A: a bag of
words (Word2Vec) and a small contextual one (BERT). They read the captions that the others learn
from, and never see a picture.
"""

import time
from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bap_core import encoders, runtime
from bap_core.encoders.backends.from_gensim import as_words
from bap_core.encoders.training import Schedule
from bap_core.micro.pretraining.recipes import READERS, Recipe, find_recipe
from bap_core.micro.pretraining.scenes import captioned_scenes
from bap_core.micro.pretraining.shipping import ship, write_config

_MASKED = 0.15  # BERT's: of these, 80 % are hidden, 10 % swapped, 10 % left as they are


def pretrain_reader(name: str, *, out: str | Path | None = None) -> Path:
    """Pre-train ``name`` from its seed and write its three files to ``out``, by default the
    package's own folder; returns the weights. ValueError for an unknown name; ImportError without
    gensim.
    """
    recipe = find_recipe(name, READERS)
    out = Path(out or encoders.MICRO)
    write_config(name, recipe, out=out)
    _, captions, _ = captioned_scenes(recipe)
    started = time.perf_counter()
    learn = skip_gram if recipe.loss == "skip-gram" else masked_words
    tensors = learn(captions, recipe)
    return ship(name, tensors, recipe, out=out, seconds=time.perf_counter() - started)


def skip_gram(captions: list[str], recipe: Recipe) -> dict[str, Tensor]:
    """Word vectors by gensim: ``vectors`` (V, D), and ``words``, their words as text."""
    from gensim.models import Word2Vec

    sentences = [as_words(caption) for caption in captions]
    choices = {"sg": 1, "alpha": recipe.lr, "epochs": recipe.epochs, "seed": recipe.seed}
    # a second worker would make the result depend on which is faster
    found = Word2Vec(sentences, workers=1, **recipe.config["words"], **choices).wv
    words = bytearray("\n".join(map(str, found.index_to_key)).encode())
    return {
        "vectors": torch.from_numpy(found.vectors.copy()),
        "words": torch.frombuffer(words, dtype=torch.uint8),
    }


def masked_words(captions: list[str], recipe: Recipe) -> dict[str, Tensor]:
    """The weights of a BERT that learned to fill in words that were masked."""
    from transformers import BertConfig, BertModel
    from transformers.models.bert.modeling_bert import BertOnlyMLMHead

    config = BertConfig(**recipe.config["bert"])
    tokens = open_clip.SimpleTokenizer(context_length=config.max_position_embeddings)(captions)
    draw, device = runtime.generator(recipe.seed, "masked words"), runtime.device()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        bert, head = BertModel(config, add_pooling_layer=False), BertOnlyMLMHead(config)
        head.predictions.decoder.weight = bert.embeddings.word_embeddings.weight
        both = nn.ModuleList([bert, head]).to(device=device).train()
        optimiser = torch.optim.AdamW(
            both.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay
        )
        schedule = Schedule(warmup=recipe.steps // 10, start=None)(optimiser, recipe.steps)
        for batch in runtime.progress(
            _batches(tokens, recipe, draw), total=recipe.steps, label="micro-bert", unit="step"
        ):
            seen, asked = (part.to(device) for part in mask(batch, config, draw))
            states = bert(seen, attention_mask=(seen != config.pad_token_id).long())[0]
            # the head on what is asked alone: on all words it would be six times the work
            loss = F.cross_entropy(head(states[asked >= 0]), asked[asked >= 0])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    return bert.state_dict()


def _batches(tokens: Tensor, recipe: Recipe, draw: torch.Generator):
    n = len(tokens) - len(tokens) % recipe.batch_size
    for _ in range(recipe.epochs):
        for rows in torch.randperm(len(tokens), generator=draw)[:n].split(recipe.batch_size):
            yield tokens[rows, : int((tokens[rows] != 0).sum(dim=1).max())]


def mask(tokens: Tensor, config, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """What BERT is shown, and what it is asked: (B, L) int64 each, -100 where nothing is asked.

    The first and the last token of a caption and the padding are never asked. The number of the
    mask is the vocabulary's last.
    """
    first, last, hidden = config.vocab_size - 3, config.vocab_size - 2, config.vocab_size - 1
    word = (tokens != config.pad_token_id) & (tokens != first) & (tokens != last)
    asked = word & (torch.rand(tokens.shape, generator=draw) < _MASKED)
    share = torch.rand(tokens.shape, generator=draw)
    other = torch.randint(1, first, tokens.shape, generator=draw)
    seen = torch.where(asked & (share < 0.8), hidden, tokens)
    seen = torch.where(asked & (share >= 0.8) & (share < 0.9), other, seen)
    return seen, torch.where(asked, tokens, -100)
