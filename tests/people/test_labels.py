"""Zero-shot labels with margins, on squares of red and blue and an encoder that sees colour."""

import math

import numpy as np
import pandas as pd
import pytest
import small
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bap_core.baselines import LinearProbe
from bap_core.data import Backgrounds, Objects
from bap_core.encoders import Tally
from bap_core.evaluation import evaluate, table
from bap_core.people import design
from bap_core.people import labels as labelling
from bap_core.people import scenes as composites

pytestmark = pytest.mark.usefixtures("home")


class Colours:
    """Embeds a picture as its mean colour against grey 128; knows the words red and blue, with
    or without a template.
    """

    name, key, size = "colours", "colours", 16

    def __init__(self, scale=4.0):
        self.logit_scale = scale
        self.tally, self.seen, self.prompts = Tally(), [], []

    def encode_images(self, pictures, *, unit):
        self.tally.encoded += len(pictures)
        self.seen.append(pictures)
        return F.normalize(pictures.float().mean(dim=(2, 3)) - 128 + 1e-3, dim=1)

    def encode_text(self, prompts):
        self.prompts += prompts
        axes = {"red": [1.0, 0.0, 0.0], "blue": [0.0, 0.0, 1.0]}
        return torch.tensor(
            [next(axis for word, axis in axes.items() if word in prompt) for prompt in prompts]
        )


def squares(root, colours, *, alpha=255):
    for i, colour in enumerate(colours):
        Image.new("RGBA", (20, 10), (*colour, alpha)).save(root / f"object{i}.png")
    frame = pd.DataFrame(
        {
            "image": [f"object{i}.png" for i in range(len(colours))],
            "mask": None,
            "segmentation": None,
            "x": 0,
            "y": 0,
            "width": 20,
            "height": 10,
            "label": "person",
            "super_class": "person",
        }
    )
    return Objects("squares", root, frame)


@pytest.fixture
def four(tmp_path):
    """Red, blue, half of both with more red, green."""
    return squares(tmp_path, [(255, 128, 128), (128, 128, 255), (255, 128, 200), (128, 255, 128)])


def test_labels_and_margins_counted_by_hand(four):
    found = labelling.label_objects(Colours(scale=2.0), four, ("red", "blue"))
    assert found.frame["label"].tolist()[:3] == ["red", "blue", "red"]
    margin = found.frame["margin"]
    assert margin[0] == pytest.approx(math.tanh(1), abs=1e-4) and margin[1] == pytest.approx(
        -math.tanh(1), abs=1e-4
    )
    red, blue = 127 / math.hypot(127, 72), 72 / math.hypot(127, 72)
    assert margin[2] == pytest.approx(
        math.exp(2 * red) / (math.exp(2 * red) + math.exp(2 * blue)) * 2 - 1, abs=0.01
    )
    assert margin[3] == pytest.approx(0, abs=1e-3)
    assert found.frame["super_class"].eq("person").all() and four.frame["label"].eq("person").all()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.floats(0.1, 100))
def test_a_margin_is_half_the_difference_of_logits_through_tanh_and_turns_its_sign_with_the_words(
    seed, scale
):
    draw = torch.Generator().manual_seed(seed)
    z, text = (F.normalize(torch.randn(n, 8, generator=draw), dim=1) for n in (5, 2))
    margin = labelling.compute_margins(z, text, logit_scale=scale)
    difference = (z @ text[0] - z @ text[1]).double().numpy()
    assert margin == pytest.approx(np.tanh(scale * difference / 2), abs=1e-5)
    assert margin == pytest.approx(
        -labelling.compute_margins(z, text.flip(0), logit_scale=scale), abs=1e-12
    )
    assert (np.abs(margin) <= 1).all() and margin.dtype == np.float64


def test_with_a_scale_of_one_no_margin_of_near_cosines_reaches_the_papers_window():
    z, text = F.normalize(torch.tensor([[1.0, 0.3, 0.2]]), dim=1), torch.eye(3)[1:]
    assert (
        abs(labelling.compute_margins(z, text, logit_scale=1.0)[0])
        < 0.2
        < abs(labelling.compute_margins(z, text, logit_scale=100.0)[0])
    )


def test_the_encoders_own_scale_is_used_unless_one_is_given(four):
    own = labelling.label_objects(Colours(scale=2.0), four, ("red", "blue")).frame["margin"]
    assert own.equals(
        labelling.label_objects(Colours(scale=50.0), four, ("red", "blue"), logit_scale=2.0).frame[
            "margin"
        ]
    )
    unscaled = Colours(scale=None)
    with pytest.raises(ValueError, match="colours has no trained logit scale; give one"):
        labelling.label_objects(unscaled, four, ("red", "blue"))


@pytest.mark.parametrize("kind", ["transformer", "siglip"])
def test_an_encoder_labels_with_its_own_scale_whichever_library_it_is_from(kind, four):
    encoder = small.encoder(kind)
    found = labelling.label_objects(encoder, four, ("red", "blue")).frame["margin"]
    native = getattr(encoder.model, "native", encoder.model)
    given = labelling.label_objects(
        encoder, four, ("red", "blue"), logit_scale=native.logit_scale.exp().item()
    ).frame["margin"]
    assert encoder.logit_scale == native.logit_scale.exp().item() and found.equals(given)


def test_the_labeller_sees_the_object_alone_on_grey_as_large_as_the_picture_allows(four):
    encoder = Colours()
    labelling.embed_alone(encoder, four)
    picture = encoder.seen[0][0]
    assert picture.shape == (3, 16, 16)
    # 16 x 8 in the middle
    assert (picture[:, [0, 1, -2, -1]] == 128).all() and picture[0, 8].min() > 128


def test_each_word_goes_into_every_template(four):
    encoder = Colours()
    labelling.label_objects(encoder, four, ("red", "blue"), templates=("a {}", "the {}"))
    assert encoder.prompts == ["a red", "the red", "a blue", "the blue"]
    labelling.label_objects(encoder, four, ("red", "blue"))
    assert encoder.prompts[4:6] == ["a photo of a red", "a portrait of a red"]


def test_other_words_and_scales_encode_nothing_again(four):
    encoder = Colours()
    for scale, names in [(None, ("red", "blue")), (3.0, ("blue", "red"))]:
        labelling.label_objects(encoder, four, names, logit_scale=scale)
    assert encoder.tally.encoded == 4 == sum(encoder.tally.needed.values())


def test_what_cannot_be_cut_out_is_counted_and_the_others_keep_their_labels(four):
    Image.new("RGBA", (20, 10), (255, 0, 0, 0)).save(four.root / "object0.png")
    (four.root / "object3.png").write_bytes(b"no picture")
    rows, z = labelling.embed_alone(Colours(), four, batch_size=1)
    assert rows.tolist() == [1, 2] and z.shape == (2, 3)
    found = labelling.label_objects(Colours(), four, ("red", "blue"))
    assert found.skipped == {"cannot be cut out": 2}
    assert found.frame["image"].tolist() == ["object1.png", "object2.png"] and found.frame[
        "label"
    ].tolist() == ["blue", "red"]


def test_no_usable_object_a_missing_file_and_other_than_two_words_are_refused(four, tmp_path):
    with pytest.raises(ValueError, match="squares: none of the 2 objects can be cut out"):
        labelling.embed_alone(Colours(), squares(tmp_path, [(1, 2, 3)] * 2, alpha=50))
    (four.root / "object2.png").unlink()
    with pytest.raises(FileNotFoundError, match="object2.png"):
        labelling.embed_alone(Colours(), four)
    for names in [("red",), ("red", "red"), ("red", "blue", "green")]:
        with pytest.raises(ValueError, match="two different ones are needed"):
            labelling.label_objects(Colours(), four, names)


def test_from_unlabelled_persons_to_accuracies_and_both_correlations_cost_one_encoding(
    tmp_path, tiny
):
    draw = np.random.default_rng(0)
    persons = squares(tmp_path, [(int(r), 128, 383 - int(r)) for r in draw.integers(128, 256, 120)])
    rows = [(f"{category}{i}.png", category) for category in design.CATEGORIES for i in range(5)]
    for image, category in rows:
        Image.new("RGB", (32, 32), (40 * design.CATEGORIES.index(category), 90, 90)).save(
            tmp_path / image
        )
    persons = labelling.label_objects(Colours(), persons, ("red", "blue"))
    chosen = design.select(persons, labels=("red", "blue"), n_train=20, n_test=8, seed=0)
    assert chosen.frame["label"].value_counts().to_dict() == {"red": 28, "blue": 28}
    scenery = Backgrounds("places", tmp_path, pd.DataFrame(rows, columns=["image", "category"]))
    sets = composites.compose(
        chosen,
        scenery,
        size=32,
        labels=("red", "blue"),
        words=("red hat", "blue hat"),
        n_val=1,
        seed=0,
    )
    scored = table(evaluate({"LP": (tiny, LinearProbe(epochs=1))}, sets, seed=0))
    assert set(scored["dataset"]) == {"coco-gender-95", "coco-gender-100"}
    assert scored[scored["metric"] == "group_accuracy"]["n"].tolist() == [3] * 8
    assert set(scored["group"]) >= {"red hat on construction", "blue hat on kitchen"}
    assert tiny.tally.encoded == 42 + 16 == len(sets[0]) == sum(tiny.tally.needed.values())
