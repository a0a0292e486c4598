"""Alignment to random targets: what is drawn where, and what it is told."""

import pytest
import torch

from bap_core.method import Contexts
from bap_core.studies import pretrain_to_targets, random_targets

CONTEXTS = Contexts(m=4, epochs=40, batch_size=8, seed=0)


def test_targets_have_unit_norm_and_stand_at_right_angles():
    targets = random_targets(5, 32, seed=0)
    assert torch.allclose(targets @ targets.T, torch.eye(5), atol=1e-6)
    assert not torch.allclose(targets, random_targets(5, 32, seed=1))


@pytest.mark.parametrize("n", [0, 33])
def test_more_targets_than_dimensions_and_none_are_refused(n):
    with pytest.raises(ValueError, match="in 32 dimensions"):
        random_targets(n, 32, seed=0)


def test_objects_of_one_class_come_to_its_target_and_the_teacher_stays(tiny, shapes):
    before = {name: tensor.clone() for name, tensor in tiny.model.state_dict().items()}
    made = pretrain_to_targets(tiny, shapes, [0, 0, 0, 1, 1, 1], contexts=CONTEXTS, lr=3e-3)
    assert made.losses[-1] < 0.5 * made.losses[0]
    targets = random_targets(2, tiny.dim, seed=0)
    objects = torch.arange(6).repeat_interleave(12)
    shown = shapes.at(tiny.size).batch(objects.numpy(), torch.arange(12).repeat(6).numpy())
    cosines = made.encoder.encode_images(shown) @ targets.T
    own = cosines.gather(1, (objects // 3)[:, None]).mean()
    assert own > cosines.sum(dim=1).mean() - own + 0.3
    assert all(torch.equal(before[name], x) for name, x in tiny.model.state_dict().items())


def test_labels_decide_the_result_and_have_to_be_as_many_as_objects(tiny, shapes):
    some, others = (
        pretrain_to_targets(tiny, shapes, labels, contexts=CONTEXTS).encoder.key
        for labels in ([0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1])
    )
    assert some != others
    with pytest.raises(ValueError, match="2 labels for 6 objects"):
        pretrain_to_targets(tiny, shapes, [0, 1], contexts=CONTEXTS)
