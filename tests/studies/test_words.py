"""Pairs of words, and how additive encoders of known behaviour are."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bap_core.encoders.checkpoints import Identity
from bap_core.studies import known_pairs, text_additivity, word_pairs

WORDS = ["duck", "car", "pond", "street", "sky"]
PAIRS = [("duck", "pond"), ("car", "street"), ("duck", "sky"), ("car", "pond")]


class Reader:
    """Every word is a direction of its own, and a prompt their sum."""

    model = None

    def __init__(self, kind="VLM", mixed=0.0):
        self.identity, self.mixed, self.read = Identity("CLIP", kind), mixed, []

    def encode_text(self, prompts):
        self.read += prompts
        rows = []
        for prompt in prompts:
            found = [word in prompt for word in WORDS]
            row = torch.tensor([*map(float, found), 0.0, 0.0])
            row[5] = self.mixed * (sum(found) > 1)  # what only the two together mean
            rows.append(row)
        return F.normalize(torch.stack(rows), dim=-1)


def test_a_bag_of_words_is_additive_and_its_floor_is_half_a_pair():
    found = text_additivity(Reader(), PAIRS)
    assert found["text_additivity"].to_numpy() == pytest.approx(np.ones(4))
    assert found["cosine_words"].to_numpy() == pytest.approx(np.zeros(4))
    assert found["text_additivity_swapped"].to_numpy() == pytest.approx(np.full(4, 0.5))


def test_what_only_both_words_mean_together_takes_from_the_score():
    found = text_additivity(Reader(mixed=1.0), PAIRS)
    assert found["text_additivity"].to_numpy() == pytest.approx(np.full(4, (2 / 3) ** 0.5))


def test_encoders_of_pictures_read_a_prompt_and_encoders_of_words_the_words():
    pictures, words = Reader(), Reader(kind="words")
    text_additivity(pictures, PAIRS), text_additivity(words, PAIRS)
    assert pictures.read[0] == "a photo of a duck" and pictures.read[-1] == "a photo of a car, pond"
    assert words.read[0] == "duck" and words.read[-1] == "car, pond"
    assert len(words.read) == 5 + 4  # every word once


def test_pairs_are_different_drawn_alike_again_and_as_many_as_there_are():
    drawn = word_pairs(["duck", "car"], ["pond", "sky", "street"], n=4, seed=0)
    assert len(set(drawn)) == 4 and drawn == word_pairs(
        ["duck", "car"], ["pond", "sky", "street"], n=4, seed=0
    )
    some, others = iter(["duck", "car"]), iter(["pond", "sky", "pond"])
    assert len(word_pairs(some, others, n=5000, seed=0)) == 4
    with pytest.raises(ValueError, match="of 0 pairs"):
        word_pairs([], ["pond"], n=4, seed=0)
    with pytest.raises(ValueError, match="a floor needs two"):
        text_additivity(Reader(), PAIRS[:1])


def test_pairs_of_words_without_a_vector_are_left_out_for_all():
    table = Reader(kind="words")
    table.model = type("Vectors", (), {"rows": {"duck": 0, "pond": 1, "engine": 2, "room": 3}})()
    pairs = [("duck", "pond"), ("duck", "sky"), ("duck", "engine room")]
    assert known_pairs([Reader(), table], pairs) == [pairs[0], pairs[2]]
    assert known_pairs([Reader()], pairs) == pairs
