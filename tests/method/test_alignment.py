import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bap_core.baselines import control, pretrain_control
from bap_core.encoders import training
from bap_core.method.alignment import CompositeBatches, Contexts
from bap_core.method.bap import pretrain_bap
from bap_core.store import Checkpoint


def contexts(**changes):
    return Contexts(**{"m": 4, "epochs": 3, "batch_size": 8, "seed": 0} | changes)


def batches(shapes, **changes):
    return CompositeBatches(shapes, contexts(**changes))


def weights(encoder):
    return {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}


def test_every_epoch_shows_each_object_m_times(shapes):
    for epoch in range(3):
        objects = np.concatenate([o for o, _ in batches(shapes).pairs(epoch)])
        assert np.bincount(objects).tolist() == [4] * 6


def test_an_epoch_is_the_composites_of_its_pairs(shapes):
    shown = list(batches(shapes).epoch(1))
    drawn = list(batches(shapes).pairs(1))
    assert [rows.tolist() for rows, _ in shown] == [objects.tolist() for objects, _ in drawn]
    assert all(torch.equal(made, shapes.batch(*pair)) for (_, made), pair in zip(shown, drawn))


def test_epochs_draw_new_backgrounds_unless_told_not_to(shapes):
    def drawn(number, **changes):
        pairs = [
            pair
            for batch in batches(shapes, **changes).pairs(number)
            for pair in zip(*map(np.ndarray.tolist, batch))
        ]
        return sorted(pairs)

    assert drawn(0) != drawn(1)
    assert drawn(0, redraw=False) == drawn(1, redraw=False)


@pytest.fixture
def lopsided(shapes, monkeypatch):
    """Shapes whose composites have a dark left edge, so that their mirror images are others."""
    make = shapes.batch

    def batch(objects, backgrounds):
        pictures = make(objects, backgrounds)
        pictures[..., :4] = 0
        return pictures

    monkeypatch.setattr(shapes, "batch", batch)
    return shapes


def test_composites_are_mirrored_as_a_whole_and_only_when_asked(lopsided):
    plain, flipped = (
        torch.cat([made for _, made in batches(lopsided, **choice).epoch(1)])
        for choice in ({}, {"flips": True})
    )
    turned = [torch.equal(a.flip(-1), b) for a, b in zip(plain, flipped)]
    assert all(turn or torch.equal(a, b) for turn, a, b in zip(turned, plain, flipped))
    assert 0 < sum(turned) < len(turned) == 24
    anew = torch.cat([made for _, made in batches(lopsided, flips=True).epoch(2)])
    assert [bool((made[..., -4:] == 0).all()) for made in anew] != turned


def test_a_run_that_goes_on_in_the_middle_of_an_epoch_mirrors_the_same_composites(lopsided):
    whole, rest = (list(batches(lopsided, flips=True).epoch(2, first)) for first in (0, 2))
    assert len(whole) == 3 and len(rest) == 1
    assert torch.equal(whole[2][1], rest[0][1]) and torch.equal(whole[2][0], rest[0][0])


def test_steps_count_the_smaller_last_batch(shapes):
    assert batches(shapes, m=5, batch_size=8).steps == 3 * 4
    assert sum(1 for _ in batches(shapes, m=5, batch_size=8).epoch(0)) == 4
    assert batches(shapes, m=5).pictures == 3 * 6 * 5


def test_a_count_below_one_is_refused():
    with pytest.raises(ValueError, match="m=0"):
        contexts(m=0)


def test_the_rate_rises_for_a_tenth_then_falls_as_a_cosine():
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule, rates = training.TABLE_17(optimiser, 100), []
    for _ in range(101):
        rates.append(optimiser.param_groups[0]["lr"] / 2.0)
        optimiser.step()
        schedule.step()
    assert [rates[s] for s in (0, 4, 9, 10)] == pytest.approx([0.1, 0.5, 1.0, 1.0])
    assert rates[55] == pytest.approx(0.5) and rates[100] == pytest.approx(0)


def test_a_schedule_of_steps_rises_from_a_hundredth_and_ends_at_its_floor_for_every_rate():
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimiser = torch.optim.AdamW(
        [{"params": [parameters[0]], "lr": 7e-6}, {"params": [parameters[1]], "lr": 5e-4}]
    )
    schedule, rates = training.Schedule(warmup=400, floor=5e-7)(optimiser, 1600), []
    for _ in range(1600):
        rates.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        schedule.step()
    assert rates[0] == pytest.approx([7e-8, 5e-6]) and rates[400] == pytest.approx([7e-6, 5e-4])
    assert rates[1000] == pytest.approx([(7e-6 + 5e-7) / 2, (5e-4 + 5e-7) / 2])
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([5e-7, 5e-7])


@pytest.mark.parametrize(
    "choices",
    [{"warmup": 0, "floor": 0.0}, {"warmup": 4, "floor": -1e-9}, {"warmup": 4, "floor": 2e-3}],
)
def test_a_schedule_without_a_rise_or_above_its_rate_is_refused(choices, home, tiny, shapes):
    with pytest.raises(
        ValueError,
        match=r"warmup=\d must be at least 1, .* floor=.* between 0 and the rates \[0.001\]",
    ):
        pretrain_bap(
            tiny, shapes, contexts=contexts(), k=2, lr=1e-3, schedule=training.Schedule(**choices)
        )


def test_another_schedule_is_another_pre_training(home, tiny, shapes):
    usual = pretrain_bap(tiny, shapes, contexts=contexts(), k=2, lr=1e-3).encoder
    others = [
        pretrain_bap(
            tiny, shapes, contexts=contexts(), k=2, lr=1e-3, schedule=training.Schedule(warmup, 0.0)
        ).encoder
        for warmup in (1, 4)
    ]
    assert len({encoder.fingerprint for encoder in (usual, *others)}) == 3


def test_the_loss_falls_and_the_teacher_does_not_move(home, tiny, shapes):
    before = weights(tiny)
    result = pretrain_bap(tiny, shapes, contexts=contexts(epochs=12), k=4, lr=3e-3)
    assert result.losses[-1] < 0.5 * result.losses[0]
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(tiny).items())
    assert any(
        not torch.equal(before[name], tensor) for name, tensor in weights(result.encoder).items()
    )


def test_the_text_tower_stays_frozen(home, tiny, shapes):
    student = pretrain_bap(tiny, shapes, contexts=contexts(), k=2, lr=1e-3).encoder
    assert torch.equal(student.encode_text(["a bird"]), tiny.encode_text(["a bird"]))


def test_the_same_seed_gives_the_same_weights_twice(home, tiny, shapes, monkeypatch, tmp_path):
    first = pretrain_bap(tiny, shapes, contexts=contexts(), k=2, lr=1e-3)
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "another"))
    second = pretrain_bap(tiny, shapes, contexts=contexts(), k=2, lr=1e-3)
    assert first.losses == second.losses
    assert first.encoder.fingerprint == second.encoder.fingerprint


def test_another_seed_gives_other_weights(home, tiny, shapes):
    a, b = (
        pretrain_bap(tiny, shapes, contexts=contexts(seed=s), k=2, lr=1e-3).encoder for s in (0, 1)
    )
    assert a.fingerprint != b.fingerprint


def test_the_control_is_fed_the_composites_of_bap_in_the_same_order(home, tiny, shapes):
    pretrain_bap(tiny, shapes, contexts=contexts(), k=2, lr=1e-3)
    aligned = shapes.seen[-batches(shapes).steps :]
    shapes.seen.clear()
    pretrain_control(tiny, shapes, [0, 0, 0, 1, 1, 1], contexts=contexts(), lr=1e-3)
    assert shapes.seen == aligned


def test_the_control_learns_its_labels(home, tiny, shapes):
    result = pretrain_control(
        tiny, shapes, [0, 0, 0, 1, 1, 1], contexts=contexts(epochs=20), lr=1e-2, head_lr=1e-1
    )
    assert result.losses[-1] < 0.6 * result.losses[0]


LABELS = [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("class_weights", [True, False])
def test_the_controls_first_loss_is_weighted_by_the_classes_of_the_objects(
    home, tiny, shapes, monkeypatch, class_weights
):
    labels, heads, made = torch.tensor([0, 0, 0, 0, 0, 1]), [], control._head
    monkeypatch.setattr(control, "_head", lambda *a, **k: heads.append(made(*a, **k)) or heads[-1])
    one_step = contexts(epochs=1, batch_size=24)
    found = pretrain_control(
        tiny, shapes, labels, contexts=one_step, lr=0.0, head_lr=0.0, class_weights=class_weights
    )
    ((rows, pictures),) = CompositeBatches(shapes, one_step).epoch(0)
    logits = heads[0](tiny.encode_images(pictures))
    weight = torch.tensor([6 / (2 * 5), 6 / (2 * 1)]) if class_weights else None
    expected = F.cross_entropy(logits, labels[rows], weight=weight)
    assert found.losses == pytest.approx([expected.item()], abs=1e-6)


def test_a_head_that_learned_alone_begins_below_a_new_one(home, tiny, shapes):
    # what the first stage leaves
    choices = {"contexts": contexts(epochs=1, redraw=False), "lr": 0.0, "head_lr": 0.0}
    losses = [
        pretrain_control(tiny, shapes, LABELS, probe_epochs=n, probe_lr=3e-2, **choices).losses
        for n in (0, 40)
    ]
    assert losses[1][0] < 0.98 * losses[0][0] and [len(found) for found in losses] == [1, 1]


def test_while_the_head_learns_alone_the_encoder_stands_still_and_then_it_moves(
    home, tiny, shapes, monkeypatch
):
    seen, train = [], training.train

    def watched(student, *args, **choices):
        before = {name: tensor.clone() for name, tensor in student.image_tower.state_dict().items()}
        losses = train(student, *args, **choices)
        after = student.image_tower.state_dict()
        seen.append((len(losses), all(torch.equal(before[name], after[name]) for name in before)))
        return losses

    monkeypatch.setattr(control, "train", watched)
    pretrain_control(tiny, shapes, LABELS, contexts=contexts(), lr=1e-3, probe_epochs=2)
    assert seen == [(2, True), (3, False)]
    # the head is shown the composites of the first epochs
    assert shapes.seen[:3] == shapes.seen[6:9]


def test_the_pictures_of_the_heads_own_epochs_are_counted_and_do_not_stay_behind(
    home, tiny, shapes
):
    before = tiny.tally.encoded
    pretrain_control(tiny, shapes, LABELS, contexts=contexts(), probe_epochs=2)
    assert tiny.tally.encoded - before == sum(tiny.tally.needed.values()) == (2 + 3) * 6 * 4
    assert not list(home.glob("checkpoints/*"))


def test_an_interrupted_control_resumes_to_the_same_weights_without_its_heads_epochs(
    home, tiny, shapes, monkeypatch, tmp_path
):
    def run():
        return pretrain_control(
            tiny, shapes, LABELS, contexts=contexts(epochs=4), lr=1e-3, probe_epochs=1
        )

    whole = run()
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "another"))
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    save, calls = Checkpoint.save, []

    def interrupt_after_three(*args):
        save(*args)
        calls.append(1)
        if len(calls) == 3 * 3:  # one of the head's epochs, two of all, of three steps each
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", interrupt_after_three)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(Checkpoint, "save", save)
    shapes.seen.clear()
    resumed = run()
    assert (
        resumed.losses == whole.losses and resumed.encoder.fingerprint == whole.encoder.fingerprint
    )
    assert len(shapes.seen) == 2 * 3


def test_labels_that_do_not_fit_the_objects_are_refused(home, tiny, shapes):
    with pytest.raises(ValueError, match="2 labels for 6 objects"):
        pretrain_control(tiny, shapes, [0, 1], contexts=contexts())


def test_a_loss_that_is_not_finite_stops_the_run_and_leaves_nothing(home, tiny, shapes):
    with torch.no_grad():
        tiny.model.visual.conv1.weight[:] = float("nan")
    with pytest.raises((FloatingPointError, ValueError), match="not finite|became nan"):
        pretrain_control(tiny, shapes, [0, 0, 0, 1, 1, 1], contexts=contexts())
    assert not list(home.glob("store/pretrained/*.safetensors"))


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_a_run_interrupted_after_any_step_resumes_to_the_same_weights(
    home, tiny, shapes, monkeypatch, tmp_path, steps
):
    whole = pretrain_bap(tiny, shapes, contexts=contexts(epochs=4), k=2, lr=1e-3)
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "another"))
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -1)
    save, calls = Checkpoint.save, []

    def interrupt(*args):
        save(*args)
        calls.append(1)
        if len(calls) == steps:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pretrain_bap(tiny, shapes, contexts=contexts(epochs=4), k=2, lr=1e-3)
    monkeypatch.setattr(Checkpoint, "save", save)
    shapes.seen.clear()
    resumed = pretrain_bap(tiny, shapes, contexts=contexts(epochs=4), k=2, lr=1e-3)
    assert resumed.losses == whole.losses
    assert resumed.encoder.fingerprint == whole.encoder.fingerprint
    assert not list((tmp_path / "another" / "checkpoints").iterdir())
