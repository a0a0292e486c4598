import torch
from torch import nn

from bap_core.micro.pretraining import objectives
from bap_core.micro.pretraining.objectives import Captions, Classes, Views, view
from bap_core.micro.pretraining.recipes import RECIPES


class Flat(nn.Module):
    """A tower that gives back the first two pixels of a picture."""

    def __init__(self):
        super().__init__()
        self.visual = nn.Identity()
        self.visual.num_features = 2

    def encode_image(self, x):
        return x.flatten(1)[:, :2]


def pictures(n: int) -> torch.Tensor:
    return torch.rand(n, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_a_view_has_the_size_of_its_picture_and_no_two_are_alike():
    draw = torch.Generator().manual_seed(0)
    one, other = view(pictures(6), draw), view(pictures(6), draw)
    assert one.shape == (6, 3, 8, 8) and not torch.equal(one, other) and torch.isfinite(one).all()


def test_a_view_of_a_plain_picture_stays_plain():
    seen = view(torch.full((40, 3, 8, 8), 0.3), torch.Generator().manual_seed(1))
    assert (seen.amax(dim=(1, 2, 3)) - seen.amin(dim=(1, 2, 3))).max() < 1e-5


def test_about_one_view_in_five_is_grey():
    seen = view(pictures(2000), torch.Generator().manual_seed(2))
    assert 0.16 < (seen.std(dim=1).amax(dim=(1, 2)) < 1e-5).float().mean() < 0.24


def test_classes_learn_nothing_from_a_scene_that_shows_nothing():
    shown = torch.tensor([0, 1, -1, 1])
    objective = Classes(Flat(), shown)
    some, all_ = (
        objective(pictures(4)[[0, 1]], torch.tensor([0, 1])),
        objective(pictures(4)[[0, 1, 2]], torch.tensor([0, 1, 2])),
    )
    assert objective.head.out_features == 2 and torch.equal(some, all_)


def test_views_of_scenes_that_differ_find_each_other_better_than_chance(monkeypatch):
    torch.manual_seed(0)
    objective = Views(Flat(), torch.Generator().manual_seed(3))
    loss = objective(pictures(16), torch.arange(16))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(p.grad.abs().sum() > 0 for p in objective.head.parameters() if p.ndim == 2)
    monkeypatch.setattr(objectives, "view", lambda seen, draw: seen)  # views without a difference
    assert objective(pictures(16), torch.arange(16)) < torch.tensor(16.0).log()


def test_captions_are_taken_by_the_rows_of_the_batch():
    class Pair(nn.Module):
        def forward(self, x, tokens):
            return x, nn.functional.normalize(tokens.float(), dim=-1), torch.tensor(10.0)

    tokens = torch.eye(3, dtype=torch.int64)
    right = Captions(Pair(), tokens, sigmoid=False)(torch.eye(3)[[2, 0]], torch.tensor([2, 0]))
    wrong = Captions(Pair(), tokens, sigmoid=False)(torch.eye(3)[[2, 0]], torch.tensor([0, 2]))
    assert right < 0.001 < wrong


def test_a_recipe_counts_whole_batches_only():
    assert RECIPES["micro-clip"].steps == 7 * (28_000 // 128)
