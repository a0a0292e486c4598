import math
from itertools import islice

import numpy as np
import pytest
import small
import torch
import torch.nn.functional as F
from sklearn.metrics import adjusted_rand_score
from torch import nn

from bap_core.baselines import learn_masks, mask_learning, prusc, tune_lp_ft, tune_prusc
from bap_core.baselines.contrast import (
    cluster_features,
    contrastive_loss,
    pair_up,
    skipped_anchors,
    task_rows,
)
from bap_core.baselines.fine_tuning import Head, Tuned
from bap_core.baselines.mask_learning import MaskRecipe, Masks, train_masks
from bap_core.baselines.picture_batches import PictureBatches
from bap_core.baselines.weight_masks import Mask, add_masks, apply_masks, fold_masks, prunable
from bap_core.encoders import training
from bap_core.store import Checkpoint

QUICK = {"epochs": 2, "batch_size": 8, "lr": 1e-3, "head_lr": 1e-2, "warmup": 2}
LEARN = {"clusters": 3, "ratio": 1.0, "epochs": 2, "batch_size": 8, "lr": 0.2}
KINDS = ["transformer", "convolutional", "siglip"]


@pytest.fixture
def pictures():
    return torch.randint(
        0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )


@pytest.fixture
def scenes(tmp_path):
    return small.painted(tmp_path / "painted")


@pytest.fixture
def dense(home, scenes):
    """LP-FT's result on the painted pictures."""
    return tune_lp_ft(small.encoder("transformer"), scenes, seed=0, **QUICK)


# -- which weights are masked, and how


def test_linear_layers_convolutions_and_fused_attention_are_masked_and_nothing_else():
    tower = small.encoder("transformer").image_tower
    block = ["attn.in_proj_weight", "attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"]
    assert set(prunable(tower)) == {
        f"transformer.resblocks.{i}.{name}" for i in (0, 1) for name in block
    }
    assert {
        "conv2.weight",
        "layer1.0.conv1.weight",
        "layer4.0.downsample.0.weight",
        "attnpool.q_proj.weight",
    } < set(prunable(small.encoder("convolutional").image_tower))
    assert {
        "encoder.layers.0.self_attn.q_proj.weight",
        "head.attention.in_proj_weight",
        "head.mlp.fc1.weight",
    } < set(prunable(small.encoder("siglip").image_tower))


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_masked_weights_are_those_of_the_state_and_embeddings_are_not_among_them(kind):
    tower = small.encoder(kind).image_tower
    names, first = (
        set(prunable(tower)),
        next(m for m in tower.modules() if isinstance(m, nn.Conv2d)).weight,
    )
    assert names < set(tower.state_dict())
    assert not any(
        tower.get_parameter(name) is first or tower.get_parameter(name).ndim < 2 for name in names
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drawn", [True, False])
def test_logits_at_plus_infinity_give_the_dense_encoder(kind, drawn, pictures):
    encoder = small.encoder(kind)
    student = encoder.student()
    masks = add_masks(student.image_tower, start=math.inf, seed=0)
    student.forward(pictures)
    assert all(mask.draws == 1 for mask in masks.values())
    if not drawn:
        for mask in masks.values():
            mask._noise = 0.0
    assert torch.allclose(
        student.encode_images(pictures), encoder.encode_images(pictures), atol=1e-6
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("transformer", "transformer.resblocks.0.mlp.c_fc"),
        ("convolutional", "conv2"),
        ("siglip", "encoder.layers.0.self_attn.q_proj"),
    ],
)
def test_a_layer_at_minus_infinity_gives_its_bias(kind, name, pictures):
    student = small.encoder(kind).student()
    masks, outputs = add_masks(student.image_tower, start=math.inf, seed=0), []
    masks[f"{name}.weight"].logits.data.fill_(-math.inf)
    layer = student.image_tower.get_submodule(name)
    layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    student.encode_images(pictures)
    bias = torch.zeros(()) if layer.bias is None else layer.bias
    assert torch.equal(outputs[0], bias.expand_as(outputs[0]))


def test_fused_attention_at_minus_infinity_sees_no_input():
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    nn.init.normal_(attention.in_proj_bias)
    mask = add_masks(nn.Sequential(attention), start=math.inf, seed=0)["0.in_proj_weight"]
    mask.logits.data.fill_(-math.inf)
    x = torch.randn(2, 3, 8)
    expected = attention.out_proj(attention.in_proj_bias[16:]).expand(2, 3, 8)
    assert torch.allclose(attention(x, x, x)[0], expected, atol=1e-6)


def test_a_weight_is_kept_with_the_probability_of_its_logit():
    mask = Mask(torch.ones(100, 100), start=1.0, seed=0, name="w")
    mask.draw()
    assert mask(torch.ones(100, 100)).mean().item() == pytest.approx(
        torch.sigmoid(torch.tensor(1.0)).item(), abs=0.015
    )
    assert set(mask(torch.ones(100, 100)).unique().tolist()) == {0.0, 1.0}


def test_noise_stays_within_a_step_changes_between_steps_and_follows_seed_and_name():
    def drawn(seed, name, times=1):
        mask = Mask(torch.ones(50), start=0.0, seed=seed, name=name)
        for _ in range(times):
            mask.draw()
        assert torch.equal(mask(torch.ones(50)), mask(torch.ones(50)))
        return mask(torch.ones(50)).tolist()

    assert drawn(0, "a") == drawn(0, "a")
    assert len({tuple(drawn(*args)) for args in ((0, "a"), (1, "a"), (0, "b"), (0, "a", 2))}) == 4


def test_the_gradient_through_the_mask_is_that_of_its_sigmoid():
    mask = Mask(torch.tensor([2.0, 3.0]), start=0.5, seed=0, name="w")
    mask(torch.tensor([2.0, 3.0])).sum().backward()
    slope = torch.sigmoid(torch.tensor(0.5)) * (1 - torch.sigmoid(torch.tensor(0.5)))
    assert mask.logits.grad.tolist() == pytest.approx([2 * slope.item(), 3 * slope.item()])


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_tower_baked_is_the_tower_with_zeros_and_has_its_usual_names(kind, pictures):
    encoder, draw = small.encoder(kind), torch.Generator().manual_seed(0)
    student, by_hand = encoder.student(), encoder.student()
    masks = {
        name: torch.rand(getattr(*background).shape, generator=draw) < 0.7
        for name, background in prunable(student.image_tower).items()
    }
    apply_masks(student.image_tower, masks)
    under = student.encode_images(pictures)
    fold_masks(student.image_tower)
    for name, mask in masks.items():
        by_hand.image_tower.get_parameter(name).data.mul_(mask)
    assert student.fingerprint == by_hand.fingerprint
    assert torch.allclose(under, by_hand.encode_images(pictures), atol=1e-6)


# -- the contrastive loss


def mask_of(*pairs_of_one, n):
    mask = torch.zeros(n, n, dtype=torch.bool)
    mask[tuple(zip(*pairs_of_one))] = True
    return mask


def test_two_positives_at_cosine_one_and_no_negative_give_ln_2():
    z = torch.tensor([[1.0, 0.0]] * 3)
    loss = contrastive_loss(z, mask_of((0, 1), (0, 2), n=3), torch.zeros(3, 3, dtype=torch.bool))
    assert loss.item() == pytest.approx(math.log(2))


def test_a_positive_and_a_negative_at_equal_cosine_give_ln_2():
    z = F.normalize(torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, -1.0]]), dim=1)
    loss = contrastive_loss(z, mask_of((0, 1), n=3), mask_of((0, 2), n=3))
    assert loss.item() == pytest.approx(math.log(2), rel=1e-5)


def test_the_loss_averages_positives_within_an_anchor_and_then_the_anchors():
    # cosines from 0: 1, 0, -1; from 1: the same
    z = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    loss = contrastive_loss(
        z, mask_of((0, 1), (0, 2), (1, 0), n=4), mask_of((0, 3), (1, 3), n=4), temperature=1.0
    )
    total = math.e + 1 + 1 / math.e
    first = (math.log(total) - 1 + math.log(total)) / 2
    second = math.log(math.e + 1 / math.e) - 1
    assert loss.item() == pytest.approx((first + second) / 2, rel=1e-5)


def test_positives_are_of_the_class_in_other_clusters_negatives_of_the_cluster_in_other_classes():
    positive, negative = pair_up(torch.tensor([0, 0, 0, 1, 1]), torch.tensor([5, 5, 6, 5, 7]))
    # row 0: positive 2, negative 3; row 1: likewise; row 2 has no negative; row 3: positive 4,
    # negatives 0 and 1; row 4 none
    assert positive.nonzero().tolist() == [[0, 2], [1, 2], [3, 4]]
    assert negative.nonzero().tolist() == [[0, 3], [1, 3], [3, 0], [3, 1]]


def test_where_clusters_and_classes_are_one_all_anchors_are_skipped_and_the_loss_is_zero():
    y = torch.tensor([0, 0, 1, 1])
    z = torch.eye(4, requires_grad=True)
    loss = contrastive_loss(z, *pair_up(y, y))
    loss.backward()
    assert loss.item() == 0 and z.grad.abs().sum() == 0
    assert skipped_anchors(y.numpy(), y.numpy(), [np.arange(4)] * 2) == 1.0


def test_skipped_anchors_are_counted_batch_by_batch():
    y, cluster = np.array([0, 0, 0, 1, 1]), np.array([5, 5, 6, 5, 7])
    assert skipped_anchors(y, cluster, [np.arange(5)] * 3) == pytest.approx(2 / 5)
    assert skipped_anchors(y, cluster, [np.array([i]) for i in range(5)]) == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_the_contrastive_loss_alone_has_a_gradient_at_every_mask(kind, pictures):
    student = small.encoder(kind).student()
    masks = add_masks(student.image_tower, start=2.0, seed=0)
    contrastive_loss(
        student.forward(pictures), *pair_up(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1]))
    ).backward()
    assert all(mask.logits.grad.abs().sum() > 0 for mask in masks.values())


# -- clusters and the balanced set


def test_four_separated_blobs_are_the_four_clusters():
    truth = np.repeat(np.arange(4), 25)
    X = F.normalize(
        torch.eye(4, 8)[truth]
        + 0.05 * torch.randn(100, 8, generator=torch.Generator().manual_seed(0)),
        dim=1,
    )
    assert adjusted_rand_score(truth, cluster_features(X, k=4, seed=0)) == 1.0


def test_the_small_set_has_as_many_of_each_class_and_spreads_over_the_clusters():
    y = np.repeat([0, 1], [80, 20])
    cluster = np.concatenate([np.repeat([0, 1, 2], [74, 4, 2]), np.repeat([0, 3], [18, 2])])
    rows = task_rows(y, cluster, ratio=0.24, seed=0)
    assert len(set(rows)) == len(rows) == 24
    assert np.bincount(y[rows]).tolist() == [12, 12]
    assert np.bincount(cluster[rows][y[rows] == 0]).tolist() == [6, 4, 2]
    assert np.bincount(cluster[rows][y[rows] == 1]).tolist() == [10, 0, 0, 2]


def test_a_class_that_is_too_small_gives_all_it_has_and_repeats_nothing():
    y = np.repeat([0, 1], [90, 10])
    assert np.bincount(y[task_rows(y, np.zeros(100, int), ratio=0.5, seed=0)]).tolist() == [25, 10]


def test_the_small_set_follows_its_seed():
    y, cluster = np.arange(100) % 2, np.arange(100) % 5
    assert (
        task_rows(y, cluster, ratio=0.2, seed=0).tolist()
        == task_rows(y, cluster, ratio=0.2, seed=0).tolist()
    )
    assert (
        task_rows(y, cluster, ratio=0.2, seed=0).tolist()
        != task_rows(y, cluster, ratio=0.2, seed=1).tolist()
    )


@pytest.mark.parametrize("ratio", [0, 1.5, 0.001])
def test_a_ratio_that_gives_no_set_is_refused(ratio):
    with pytest.raises(ValueError, match=f"ratio={ratio} of 100"):
        task_rows(np.arange(100) % 2, np.zeros(100, int), ratio=ratio, seed=0)


# -- a net of two features: the core one says the class, the larger, spurious one the cluster


class Net:
    name, device = "two features", torch.device("cpu")

    def __init__(self):
        core = torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1])
        spurious = torch.tensor([1.5, 1.5, -1.5, -1.5, 1.5, 1.5, -1.5, -1.5])
        self.image_tower = self.model = nn.Sequential(nn.Linear(2, 8, bias=False))
        self.image_tower[0].weight.data = torch.stack([core, spurious], dim=1)
        self.head = Head(torch.stack([-core, core]), torch.zeros(2))

    def student(self):
        return self

    def forward(self, x, *, unit=True):
        z = self.image_tower(x)
        return F.normalize(z, dim=1) if unit else z


class Points:
    """Sixty-four points as batches, all of them in each of sixty epochs."""

    epochs = steps = 60
    divided = False

    def __init__(self, x, seed):
        self.x = x
        self.order = PictureBatches(x, 2, epochs=60, batch_size=64, seed=seed)

    def epoch(self, number, first=0):
        for rows, _ in islice(self.order.rows(number), first, None):
            yield torch.from_numpy(rows), self.x[rows]


@pytest.fixture
def points():
    y, s = (
        torch.tensor(signs)
        for signs in zip(*([(1, 1)] * 24 + [(1, -1)] * 8 + [(-1, 1)] * 8 + [(-1, -1)] * 24))
    )
    noise = 0.1 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    return torch.stack([y, s], dim=1) + noise, (y > 0).long(), (s > 0).long()


def spurious_cosine(net, x, cluster):
    """Mean over the features of their cosine, over the points, with the sign of the spurious
    one.
    """
    with torch.no_grad():
        z = net.forward(x)
    return F.cosine_similarity(z, (2.0 * cluster - 1)[:, None], dim=0).abs().mean().item()


@pytest.mark.parametrize("seed", [0, 1])
def test_mask_training_cuts_the_spurious_weights_and_keeps_the_core_ones(points, tmp_path, seed):
    x, y, cluster = points
    net, pruned = Net(), Net()
    masks, _ = train_masks(
        Tuned(net, net.head, [], unit=True),
        Points(x, seed),
        y,
        cluster,
        recipe=MaskRecipe(epochs=60, lr=0.1, start=0.5),
        seed=seed,
        checkpoint=tmp_path / "none.pt",
    )
    apply_masks(pruned.image_tower, masks)
    assert masks["0.weight"].tolist() == [[True, False]] * 8
    assert spurious_cosine(Net(), x, cluster) > 0.7
    # that of the class itself: 48 points agree, 16 do not
    assert spurious_cosine(pruned, x, cluster) == pytest.approx(0.5)
    assert torch.equal(
        net.image_tower[0].parametrizations.weight.original, Net().image_tower[0].weight
    )


# -- the whole method


def test_cut_weights_are_exactly_zero_after_fine_tuning_with_momentum_and_decay(dense, scenes):
    masks = learn_masks(dense, scenes, seed=0, **LEARN)
    result = tune_prusc(dense, scenes, masks, seed=0, **QUICK | {"weight_decay": 0.5, "epochs": 4})
    state, start = result.encoder.image_tower.state_dict(), dense.encoder.image_tower.state_dict()
    assert state.keys() == start.keys()
    for name, mask in masks.tensors.items():
        assert (state[name][~mask] == 0).all() and not torch.equal(
            state[name][mask], start[name][mask]
        )
    assert not any(parameter.requires_grad for parameter in result.encoder.model.parameters())
    assert result.predict(scenes.select(split="test")).shape == (12,)


def test_the_last_phase_starts_from_the_weights_and_the_head_of_lp_ft(dense, scenes, monkeypatch):
    masks, seen, tune = learn_masks(dense, scenes, seed=0, **LEARN), [], prusc.fine_tune

    def look(student, head, train, **rest):
        seen.extend(
            [
                head,
                {
                    name: getattr(*background).detach().clone()
                    for name, background in prunable(student.image_tower).items()
                },
            ]
        )
        return tune(student, head, train, **rest)

    monkeypatch.setattr(prusc, "fine_tune", look)
    tune_prusc(dense, scenes, masks, seed=0, **QUICK)
    head, weights = seen
    assert head is dense.head
    assert all(
        torch.equal(weights[name], dense.encoder.image_tower.state_dict()[name] * mask)
        for name, mask in masks.tensors.items()
    )


@pytest.mark.parametrize("kind", KINDS[1:])
def test_towers_of_other_kinds_are_pruned(home, scenes, kind):
    encoder = small.encoder(kind)
    untouched = Tuned(encoder, Head(torch.eye(2, encoder.dim), torch.zeros(2)), [])
    masks = learn_masks(untouched, scenes, seed=0, **LEARN)
    result = tune_prusc(untouched, scenes, masks, seed=0, **QUICK | {"epochs": 1})
    state = result.encoder.image_tower.state_dict()
    assert all((state[name][~mask] == 0).all() for name, mask in masks.tensors.items())
    assert state.keys() == encoder.image_tower.state_dict().keys()


def test_the_kept_fraction_is_counted_per_tensor_and_over_all_weights():
    masks = Masks(
        {"a": torch.tensor([True, False]), "b": torch.tensor([True] * 6)}, skipped=0.0, losses=[]
    )
    assert masks.kept == {"a": 0.5, "b": 1.0} and masks.share == 7 / 8


def test_a_mask_that_keeps_everything_is_refused_and_says_how_few_steps_there_were(
    dense, scenes, home
):
    with pytest.raises(
        ValueError,
        match="keeps 100% of the weights.*6 steps of about 0.01 each, from 0.2: give more epochs",
    ):
        learn_masks(dense, scenes, seed=0, **LEARN | {"lr": 0.01})
    assert not list(home.glob("store/masks/*.safetensors"))


def test_a_mask_that_keeps_nearly_everything_is_a_warning_also_when_it_is_read_back(dense, scenes):
    for _ in range(2):
        with pytest.warns(
            UserWarning, match=r"PruSC keeps 99\.\d\d% .*6 steps of about 0.2 each, from 1.0"
        ):
            masks = learn_masks(dense, scenes, seed=0, **LEARN | {"start": 1.0})
    assert 0.99 < masks.share < 1


def test_a_mask_that_keeps_nothing_is_refused(dense, scenes):
    with pytest.raises(ValueError, match="keeps 0% of the weights.*fewer epochs"):
        learn_masks(dense, scenes, seed=0, **LEARN | {"start": -5.0})


def test_a_second_call_trains_nothing_and_gives_the_same(dense, scenes, monkeypatch):
    def run(seed):
        masks = learn_masks(dense, scenes, seed=seed, **LEARN)
        return masks, tune_prusc(dense, scenes, masks, seed=seed, **QUICK)

    masks, first = run(0)
    _, other = run(1)
    train = training.train
    monkeypatch.setattr(training, "train", None)
    again, second = run(0)
    assert first.encoder.fingerprint == second.encoder.fingerprint != other.encoder.fingerprint
    assert (masks.losses, masks.skipped, masks.kept) == (again.losses, again.skipped, again.kept)
    monkeypatch.setattr(training, "train", train)
    assert learn_masks(dense, scenes, seed=0, **LEARN | {"contrast": 0.0}).losses != masks.losses


def test_interrupted_mask_training_resumes_to_the_same_masks(dense, scenes, monkeypatch):
    monkeypatch.setattr(mask_learning.store, "arrays", lambda kind, parts, make, **_: make())
    whole = learn_masks(dense, scenes, seed=0, **LEARN)
    save, calls = Checkpoint.save, []

    def stop(*args):
        save(*args)
        calls.append(1)
        if len(calls) == 3:  # steps: one epoch
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(Checkpoint, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        learn_masks(dense, scenes, seed=0, **LEARN)
    before = dense.encoder.tally.encoded
    resumed = learn_masks(dense, scenes, seed=0, **LEARN)
    # one epoch, and the features
    assert dense.encoder.tally.encoded - before == 24 + len(scenes.select(split="train"))
    assert resumed.losses == whole.losses
    assert all(torch.equal(resumed.tensors[name], mask) for name, mask in whole.tensors.items())


def test_masks_of_another_tower_are_refused(dense, scenes):
    with pytest.raises(
        ValueError, match="tiny transformer: the masks were learnt on another tower"
    ):
        tune_prusc(
            dense, scenes, Masks({"x": torch.ones(1, dtype=torch.bool)}, 0.0, []), seed=0, **QUICK
        )


def test_at_full_correlation_the_method_still_runs(home, tmp_path):
    scenes = small.painted(tmp_path / "full", train=(12, 0, 0, 12))
    dense = tune_lp_ft(small.encoder("transformer"), scenes, seed=0, **QUICK)
    masks = learn_masks(dense, scenes, seed=0, **LEARN | {"clusters": 2})
    assert masks.skipped == 1.0
    assert tune_prusc(dense, scenes, masks, seed=0, **QUICK).predict(
        scenes.select(split="test")
    ).shape == (12,)
