import numpy as np
import pytest
import torch

from bap_core import align
from bap_core.align import Contexts
from bap_core.methods import pretrain_bap, pretrain_control


def contexts(**changes):
    return Contexts(**{"n_objects": 6, "n_backgrounds": 12, "m": 4, "epochs": 3, "batch_size": 8, "seed": 0} | changes)


def weights(encoder):
    return {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}


def test_every_epoch_shows_each_object_m_times():
    for epoch in range(3):
        objects = np.concatenate([o for o, _ in contexts().epoch(epoch)])
        assert np.bincount(objects).tolist() == [4] * 6


def test_epochs_draw_new_backgrounds_unless_told_not_to():
    def drawn(number, **changes):
        pairs = [pair for batch in contexts(**changes).epoch(number) for pair in zip(*map(np.ndarray.tolist, batch))]
        return sorted(pairs)

    assert drawn(0) != drawn(1)
    assert drawn(0, redraw=False) == drawn(1, redraw=False)


def test_steps_count_the_smaller_last_batch():
    assert contexts(m=5, batch_size=8).steps == 3 * 4
    assert sum(1 for _ in contexts(m=5, batch_size=8).epoch(0)) == 4


def test_a_count_below_one_is_refused():
    with pytest.raises(ValueError, match="m=0"):
        contexts(m=0)


def test_the_rate_rises_for_a_tenth_then_falls_as_a_cosine():
    factor = align._warmup_cosine(100)
    assert [factor(s) for s in (0, 4, 9, 10)] == pytest.approx([0.1, 0.5, 1.0, 1.0])
    assert factor(55) == pytest.approx(0.5)
    assert factor(100) == pytest.approx(0)


def test_the_loss_falls_and_the_teacher_does_not_move(home, tiny, shapes):
    before = weights(tiny)
    result = pretrain_bap(tiny, shapes, contexts=contexts(epochs=12), k=4, lr=3e-3)
    assert result.losses[-1] < 0.5 * result.losses[0]
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(tiny).items())
    assert any(not torch.equal(before[name], tensor) for name, tensor in weights(result.encoder).items())


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
    a, b = (pretrain_bap(tiny, shapes, contexts=contexts(seed=s), k=2, lr=1e-3).encoder for s in (0, 1))
    assert a.fingerprint != b.fingerprint


def test_the_control_is_fed_the_composites_of_bap_in_the_same_order(home, tiny, shapes):
    pretrain_bap(tiny, shapes, contexts=contexts(), k=2, lr=1e-3)
    aligned = shapes.seen[-contexts().steps:]
    shapes.seen.clear()
    pretrain_control(tiny, shapes, [0, 0, 0, 1, 1, 1], contexts=contexts(), lr=1e-3)
    assert shapes.seen == aligned


def test_the_control_learns_its_labels(home, tiny, shapes):
    result = pretrain_control(tiny, shapes, [0, 0, 0, 1, 1, 1], contexts=contexts(epochs=20), lr=1e-2, head_lr=1e-1)
    assert result.losses[-1] < 0.6 * result.losses[0]


def test_labels_that_do_not_fit_the_objects_are_refused(home, tiny, shapes):
    with pytest.raises(ValueError, match="2 labels for 6 objects"):
        pretrain_control(tiny, shapes, [0, 1], contexts=contexts())


def test_a_loss_that_is_not_finite_stops_the_run_and_leaves_nothing(home, tiny, shapes):
    with torch.no_grad():
        tiny.model.visual.conv1.weight[:] = float("nan")
    with pytest.raises((FloatingPointError, ValueError), match="not finite|became nan"):
        pretrain_control(tiny, shapes, [0, 0, 0, 1, 1, 1], contexts=contexts())
    assert not list(home.glob("store/pretrained/*.safetensors"))


def test_an_interrupted_run_resumes_to_the_same_weights(home, tiny, shapes, monkeypatch, tmp_path):
    whole = pretrain_bap(tiny, shapes, contexts=contexts(epochs=4), k=2, lr=1e-3)
    monkeypatch.setenv("BAP_HOME", str(tmp_path / "another"))
    monkeypatch.setattr(align, "CHECKPOINT_SECONDS", -1)
    keep, calls = align._keep, []

    def interrupt_after_two(*args):
        keep(*args)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(align, "_keep", interrupt_after_two)
    with pytest.raises(KeyboardInterrupt):
        pretrain_bap(tiny, shapes, contexts=contexts(epochs=4), k=2, lr=1e-3)
    monkeypatch.setattr(align, "_keep", keep)
    shapes.seen.clear()
    resumed = pretrain_bap(tiny, shapes, contexts=contexts(epochs=4), k=2, lr=1e-3)
    assert resumed.losses == whole.losses
    assert resumed.encoder.fingerprint == whole.encoder.fingerprint
    assert not list((tmp_path / "another" / "checkpoints").iterdir())
