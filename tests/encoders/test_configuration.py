import functools

import pytest
import torch
from torch import nn

from bap_core.encoders.configuration import describe


class Block(nn.Module):
    """A module with settings of every sort."""

    def __init__(self, **settings):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, settings.get("heads", 2))
        self.norm = nn.LayerNorm(8, eps=settings.get("eps", 1e-5))
        self.act = settings.get("act", nn.functional.gelu)
        self.scale = settings.get("scale", 1.0)
        self.sizes = settings.get("sizes", {"a": (1, 2)})
        self.table = settings.get("table", torch.ones(2))
        self.ours = settings.get("ours", nn.GELU())


def other_code(x):
    return x + 2


CHANGES = [
    {"heads": 4},
    {"eps": 1e-6},
    {"act": nn.functional.relu},
    {"act": lambda x: x + 1},
    {"act": lambda x: x + 2},
    {"act": other_code},
    {"act": functools.partial(nn.functional.gelu, approximate="tanh")},
    {"act": functools.partial(nn.functional.gelu, approximate="none")},
    {"scale": 2.0},
    {"scale": None},
    {"sizes": {"a": (1, 3)}},
    {"sizes": {"b": (1, 2)}},
    {"table": torch.zeros(2)},
    {"table": torch.ones(2, dtype=torch.float64)},
    {"ours": nn.GELU("tanh")},
    {"ours": nn.ReLU()},
]


def test_every_setting_tells_two_models_with_equal_weights_apart():
    found = [str(describe(Block(**change))) for change in ({}, *CHANGES)]
    assert len(set(found)) == len(found)
    assert found == [str(describe(Block(**change))) for change in ({}, *CHANGES)]


def test_weights_use_and_training_do_not_count():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.GELU())
    before = describe(model)
    model.train()(torch.ones(3, 4)).sum().backward()
    model[0].weight.data.zero_()
    model._cache = torch.ones(3)
    assert describe(model) == before
    model.requires_grad_(False).double()
    assert describe(model) == before


@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_hook_counts_until_it_is_removed(register):
    model = nn.Linear(2, 2)
    before = describe(model)
    handle = getattr(model, register)(lambda *given: None)
    assert describe(model) != before
    handle.remove()
    assert describe(model) == before


def test_a_forward_written_over_by_hand_counts():
    model = nn.Linear(2, 2)
    before = describe(model)
    model.forward = lambda x: -x
    assert describe(model) != before
