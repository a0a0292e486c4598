"""The embedding space: swaps, silhouettes and maps, on toys of which the answer is known."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from bap_core.data import Scenes
from bap_core.studies import embedding_space as space


class Given:
    """An encoder of composites that sees a number of the object and one of the background."""

    name, key, size, dim, device = "given", "given", 32, 8, torch.device("cpu")

    def __init__(self, looks):
        self.looks, self.tally = looks, self

    def need(self, artefact, pictures):
        self.needed = pictures

    def encode_images(self, batch, unit=True):
        inner, outer = batch[:, :, 16, 16].float() / 255, batch[:, :, 0, 0].float() / 255
        z = torch.cat([inner, self.looks * outer, torch.ones(len(batch), 2)], dim=1)
        return F.normalize(z, dim=-1) if unit else z


def test_an_encoder_that_does_not_look_at_backgrounds_moves_by_nothing(shapes, home):
    labels = [0, 0, 0, 1, 1, 1]
    other = type(shapes)(n_objects=6, n_backgrounds=3)
    sides = {"land": shapes, "water": other}
    blind = space.sensitivity(Given(0.0), sides, labels, seed=0)
    assert blind == pytest.approx({"bsi": 0.0, "bsi_total": 0.0}, abs=1e-6)
    looking = space.sensitivity(Given(3.0), sides, labels, seed=1)
    assert looking["bsi"] == pytest.approx(looking["bsi_total"] * 8**0.5) and looking["bsi"] > 0.1


def test_every_object_is_embedded_once_on_a_drawn_background_and_kept(shapes, home):
    z, drawn = space.embed_composites(Given(1.0), shapes, seed=0)
    assert z.shape == (6, 8) and drawn.shape == (6,) and drawn.max() < 12
    assert torch.equal(z, Given(1.0).encode_images(shapes.batch(np.arange(6), drawn)))
    shapes.seen.clear()
    again, _ = space.embed_composites(Given(1.0), shapes, seed=0)
    assert torch.equal(z, again) and not shapes.seen
    assert space.embed_alone(Given(1.0), shapes).shape == (6, 8)


def test_a_swap_of_other_than_two_sides_is_refused(shapes):
    with pytest.raises(ValueError, match="two sides"):
        space.sensitivity(Given(1.0), {"land": shapes}, [0] * 6, seed=0)


def clouds(n=40, apart=1.0):
    draw = torch.Generator().manual_seed(0)
    centres = torch.eye(4)[[0] * n + [1] * n] * apart + torch.eye(4)[3]
    return F.normalize(centres + 0.05 * torch.randn(2 * n, 4, generator=draw), dim=-1)


def test_labels_that_follow_the_clouds_separate_them_and_labels_across_do_not():
    z = clouds()
    assert space.separation(z, [0] * 40 + [1] * 40) > 0.8
    assert space.separation(z, [0, 1] * 40) < 0.05
    assert space.separation(clouds(apart=0.1), [0] * 40 + [1] * 40) < 0.6


def test_a_silhouette_of_one_label_is_refused_and_pictures_alone_with_theirs_count_as_nothing():
    with pytest.raises(ValueError, match="1 label for 80 embeddings"):
        space.separation(clouds(), [0] * 80)
    assert space.separation(clouds(), list(range(80))) == 0.0
    paired = space.separation(clouds(), [0] * 40 + list(range(1, 41)))
    assert 0 < paired < space.separation(clouds(), [0] * 40 + [1] * 40)


@pytest.mark.slow
def test_a_map_keeps_clouds_apart_is_drawn_alike_again_and_says_how_far_to_trust_it():
    flat, trust = space.flat_map(clouds(), seed=0, n_neighbors=10)
    near = np.linalg.norm(flat[:40].mean(0) - flat[:40], axis=1).mean()
    assert np.linalg.norm(flat[:40].mean(0) - flat[40:].mean(0)) > 3 * near
    assert 0.7 < trust <= 1.0
    assert (space.flat_map(clouds(), seed=0, n_neighbors=10)[0] == flat).all()


def test_a_map_of_too_few_pictures_is_refused():
    with pytest.raises(ValueError, match="too few"):
        space.flat_map(clouds(n=10), seed=0)


def test_categories_of_each_background_are_read_off_the_pictures_behind_the_birds(tmp_path):
    behind = ["/o/ocean/00000001.jpg", "/b/bamboo_forest/00000002.jpg", "/l/lake/natural/1.jpg"]
    frame = pd.DataFrame(
        {
            "image": ["a", "b", "c"],
            "label": 0,
            "background": [1, 0, 1],
            "split": "test",
            "group": [1, 0, 1],
            "background_image": behind,
        }
    )
    scenes = Scenes("birds", tmp_path, frame, ("landbird", "waterbird"), ("land", "water"))
    found = space.scene_categories(scenes)
    assert found == {"land": ["bamboo_forest"], "water": ["lake/natural", "ocean"]}
