"""How an encoder splits a scene, on encoders whose answer is known beforehand, and what the
measurements cost: nothing is encoded twice, and the tally knows the least that would do.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bap_core.encoders import Tally
from bap_core.method import additivity, anchors
from bap_core.studies import background_swap_bsi

HALF = 0.5**0.5  # cosine of two parts of a sum of two that are at right angles


class Numbered:
    """A compositor whose pictures say by colour which object (red) and which background (green)
    they show: one more than its number, 0 for none.
    """

    def __init__(self, n_objects, n_backgrounds):
        self.size, self.objects = 8, range(n_objects)
        self.backgrounds = Grounds(n_backgrounds)
        self.fingerprint = f"numbered {n_objects} {n_backgrounds}"

    def at(self, size):
        return self

    def batch(self, objects, backgrounds):
        return torch.stack([painted(i + 1, j + 1, self.size) for i, j in zip(objects, backgrounds)])

    def canvas(self, i):
        opaque = torch.full((1, self.size, self.size), 255, dtype=torch.uint8)
        return torch.cat([painted(i + 1, 0, self.size), opaque])


class Grounds:
    name = "grounds"

    def __init__(self, n):
        self.n, self.key = n, f"grounds {n}"

    def __len__(self):
        return self.n

    def square(self, j, size):
        return painted(0, j + 1, size).numpy()


def painted(red, green, size):
    colour = torch.tensor([red, green, 0], dtype=torch.uint8)
    return colour[:, None, None].expand(3, size, size).clone()


class Coded:
    """An encoder that knows `Numbered` pictures by heart. It answers with the code of the object
    plus that of the background, at unit norm; what it ``ignores`` it tells only when it is alone.
    """

    size, scale = 8, "micro"

    def __init__(self, objects, backgrounds, *, ignores=""):
        self.codes = [
            torch.cat([torch.zeros(1, codes.shape[1]), codes]) for codes in (objects, backgrounds)
        ]
        self.dim, self.ignores, self.tally = objects.shape[1], ignores, Tally()
        self.name = f"coded, ignores {ignores or 'nothing'}"
        self.key = f"{self.name} {objects.tolist()} {backgrounds.tolist()}"

    def encode_images(self, pictures, *, unit=True):
        self.tally.encoded += len(pictures)
        shown = pictures[:, :2, self.size // 2, self.size // 2].long()
        both = (shown > 0).all(dim=1)
        if self.ignores:
            shown[both, ["object", "background"].index(self.ignores)] = 0
        return F.normalize(self.codes[0][shown[:, 0]] + self.codes[1][shown[:, 1]], dim=1)


def at_right_angles(n_objects, n_backgrounds):
    """Codes of objects and of backgrounds, every one at right angles to every other."""
    return torch.eye(n_objects + n_backgrounds).split([n_objects, n_backgrounds])


def drawn_codes(n, dim, seed):
    return F.normalize(torch.randn(n, dim, generator=torch.Generator().manual_seed(seed)), dim=1)


def scores(encoder, n_objects, n_backgrounds):
    """The mean of every column, and its spread."""
    compositor = Numbered(n_objects, n_backgrounds)
    frame = additivity.additivity_scores(encoder, compositor, n=40, seed=0, batch_size=16)
    assert len(frame) == 40
    return frame.mean().to_dict(), frame.std().max()


def test_an_additive_encoder_scores_one_and_half_of_that_with_a_part_swapped(home):
    found, spread = scores(Coded(*at_right_angles(5, 7)), 5, 7)
    assert found == pytest.approx(
        {
            "score": 1,
            "object_background": 0,
            "composite_object": HALF,
            "composite_background": HALF,
            "object_swapped": 0.5,  # one of two parts is right, in every row: the other one differs
            "background_swapped": 0.5,
        },
        abs=1e-6,
    )
    assert spread < 1e-6


def test_an_additive_encoder_scores_one_whatever_the_angles_of_its_codes(home):
    encoder = Coded(drawn_codes(5, 6, seed=0), drawn_codes(7, 6, seed=1))
    frame = additivity.additivity_scores(encoder, Numbered(5, 7), n=40, seed=0)
    assert frame["score"].to_numpy() == pytest.approx(np.ones(40), abs=1e-6)
    assert frame["object_background"].std() > 0.1
    swapped = frame[["object_swapped", "background_swapped"]].to_numpy()
    assert swapped.max() < 1 - 1e-3


def test_the_angle_between_the_parts_decides_what_the_composite_has_of_each(home):
    """Codes at 60 degrees: their sum is at 30 degrees to both."""
    objects, backgrounds = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.5, 0.75**0.5]])
    found, _ = scores(Coded(objects, backgrounds), 1, 1)
    assert found["object_background"] == pytest.approx(0.5, abs=1e-6)
    assert found["composite_object"] == pytest.approx(0.75**0.5, abs=1e-6)
    assert found["composite_background"] == pytest.approx(0.75**0.5, abs=1e-6)


def test_where_there_is_one_object_and_one_background_nothing_can_be_swapped(home):
    found, _ = scores(Coded(*at_right_angles(1, 1)), 1, 1)
    assert found["score"] == found["object_swapped"] == found["background_swapped"]


def test_an_encoder_that_ignores_the_background_is_told_by_its_parts(home):
    found, spread = scores(Coded(*at_right_angles(5, 7), ignores="background"), 5, 7)
    assert found == pytest.approx(
        {
            "score": HALF,
            "object_background": 0,
            "composite_object": 1,
            "composite_background": 0,
            "object_swapped": 0,
            "background_swapped": HALF,
        },
        abs=1e-6,
    )
    assert spread < 1e-6


def test_an_encoder_that_ignores_the_object_is_told_by_its_parts(home):
    found, spread = scores(Coded(*at_right_angles(5, 7), ignores="object"), 5, 7)
    assert found == pytest.approx(
        {
            "score": HALF,
            "object_background": 0,
            "composite_object": 0,
            "composite_background": 1,
            "object_swapped": HALF,
            "background_swapped": 0,
        },
        abs=1e-6,
    )
    assert spread < 1e-6


@pytest.mark.parametrize("n_objects", [2, 5])
def test_the_swap_index_of_an_additive_encoder_is_what_a_hand_finds(home, n_objects):
    """Rows are (o_i + b) / sqrt 2. Their centroid moves by |b - b'| / sqrt 2 = 1; on either
    background they spread by (1 - 1/n) / 2, summed over the dimensions.
    """
    encoder = Coded(*at_right_angles(n_objects, 4))
    found = background_swap_bsi(encoder, Numbered(n_objects, 4), pairs=6, seed=0)
    expected = np.full(6, (1 - 1 / n_objects) ** -0.5)
    assert found["bsi_total"].to_numpy() == pytest.approx(expected, rel=1e-6)
    dimensions = n_objects + 4
    assert found["bsi"].to_numpy() == pytest.approx(expected * dimensions**0.5, rel=1e-6)


def test_the_swap_index_is_taken_class_by_class(home):
    encoder, labels = Coded(*at_right_angles(5, 4)), [0, 0, 0, 1, 1]
    found = background_swap_bsi(encoder, Numbered(5, 4), pairs=6, seed=0, labels=labels)
    expected = sum((1 - 1 / n) ** -0.5 for n in (3, 2)) / 2
    assert found["bsi_total"].to_numpy() == pytest.approx(np.full(6, expected), rel=1e-6)
    with pytest.raises(ValueError, match="none of 5 classes has two objects"):
        background_swap_bsi(encoder, Numbered(5, 4), pairs=6, seed=0, labels=range(5))


def test_the_swap_index_is_zero_without_a_background_and_infinite_without_an_object(home):
    found = {
        ignored: background_swap_bsi(
            Coded(*at_right_angles(5, 4), ignores=ignored), Numbered(5, 4), pairs=6, seed=0
        )["bsi"].tolist()
        for ignored in ("background", "object")
    }
    assert found == {"background": [0.0] * 6, "object": [np.inf] * 6}


@pytest.mark.parametrize(("n_objects", "n_backgrounds"), [(1, 4), (5, 1)])
def test_a_swap_takes_two_objects_and_two_backgrounds(home, n_objects, n_backgrounds):
    encoder = Coded(*at_right_angles(n_objects, n_backgrounds))
    compositor = Numbered(n_objects, n_backgrounds)
    with pytest.raises(ValueError, match=f"got {n_objects} and {n_backgrounds}"):
        background_swap_bsi(encoder, compositor, pairs=2, seed=0)


def test_an_anchor_of_an_additive_encoder_keeps_the_object_as_k_grows(home):
    """The anchor of K is (o + mean of K b) / sqrt(1 + 1/K). The prototypes are the objects' codes,
    and the mean direction of the 9 backgrounds, at 1/3 to each; its opposite is never nearest.
    """
    objects, backgrounds = at_right_angles(5, 9)
    direction = F.normalize(backgrounds.sum(dim=0), dim=0)
    frame = additivity.k_ablation(
        Coded(objects, backgrounds),
        Numbered(5, 9),
        ks=[1, 4, 9],
        labels=torch.arange(5),
        class_text=objects,
        background_text=torch.stack([-direction, direction]),
        seed=0,
    )
    assert frame["k"].tolist() == [1] * 5 + [4] * 5 + [9] * 5
    assert frame["object"].tolist() == [0, 1, 2, 3, 4] * 3
    length = (1 + 1 / frame["k"].to_numpy()) ** 0.5
    assert frame["cosine_object_text"].to_numpy() == pytest.approx(1 / length, rel=1e-6)
    assert frame["object_margin"].to_numpy() == pytest.approx(1 / length, rel=1e-6)
    assert set(frame["object_rank"]) == {1}
    assert frame["cosine_background_text"].to_numpy() == pytest.approx(1 / 3 / length, rel=1e-6)


def test_a_wrong_class_stands_out_less_with_every_k_and_is_ranked_behind_the_nearer_ones(home):
    """The cosine to a text of which the object has nothing rises for no K; its margin falls."""
    objects, backgrounds = at_right_angles(5, 9)
    frame = additivity.k_ablation(
        Coded(objects, backgrounds),
        Numbered(5, 9),
        ks=[1, 4, 9],
        labels=torch.tensor([1, 2, 3, 4, 0]),
        class_text=objects,
        background_text=backgrounds,
        seed=0,
    )
    length = (1 + 1 / frame["k"].to_numpy()) ** 0.5
    assert frame["object_margin"].to_numpy() == pytest.approx(-0.25 / length, rel=1e-6)
    assert set(frame["object_rank"]) == {2}


def test_what_k_backgrounds_at_right_angles_leave_is_one_over_k_less_one_over_all(home):
    objects, backgrounds = at_right_angles(5, 9)
    texts = {"labels": torch.arange(5), "class_text": objects, "background_text": backgrounds}
    frame = additivity.k_ablation(
        Coded(objects, backgrounds), Numbered(5, 9), ks=[1, 3, 9], seed=0, **texts
    )
    expected = np.repeat([1 - 1 / 9, 1 / 3 - 1 / 9, 0], 5)
    assert frame["residual_variance"].to_numpy() == pytest.approx(expected, abs=1e-7)


def test_what_is_left_of_the_backgrounds_is_that_of_the_ones_drawn(home):
    objects, backgrounds = drawn_codes(3, 6, seed=0), drawn_codes(8, 6, seed=1)
    texts = {"labels": torch.arange(3), "class_text": objects, "background_text": backgrounds}
    frame = additivity.k_ablation(
        Coded(objects, backgrounds), Numbered(3, 8), ks=[2, 5], seed=4, **texts
    )
    drawn, codes = anchors.draw_backgrounds(3, 8, k=5, seed=4), backgrounds.double().numpy()
    expected = [
        ((codes[drawn[i, :k]].mean(axis=0) - codes.mean(axis=0)) ** 2).sum()
        for k in (2, 5)
        for i in range(3)
    ]
    assert frame["residual_variance"].to_numpy() == pytest.approx(expected, rel=1e-5)


def test_what_was_measured_once_is_read_back_and_other_draws_are_not(home):
    encoder, compositor = Coded(*at_right_angles(5, 7)), Numbered(5, 7)

    def measured(seed):
        swap = background_swap_bsi(encoder, compositor, pairs=3, seed=seed)
        scores = additivity.additivity_scores(encoder, compositor, n=40, seed=seed)
        return scores.assign(bsi=swap["bsi"][0])

    first, encoded = measured(0), encoder.tally.encoded
    assert measured(0).equals(first) and encoder.tally.encoded == encoded
    measured(1)
    assert encoder.tally.encoded >= encoded + 40


def test_an_encoder_and_its_student_are_counted_apart(home, tiny, shapes):
    student = tiny.student()
    with torch.no_grad():
        next(student.image_tower.parameters()).add_(1)
    for encoder in (tiny, student):
        additivity.additivity_scores(encoder, shapes, n=9, seed=0)
        background_swap_bsi(encoder, shapes, pairs=2, seed=0)
    assert tiny.tally.encoded == sum(tiny.tally.needed.values()) > 2 * 9
