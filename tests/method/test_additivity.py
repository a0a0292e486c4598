"""What the measurements on composites cost: nothing is encoded twice, and the tally knows the
least that would do.
"""

import torch

from bap_core.method import additivity


def test_an_encoder_and_its_student_are_counted_apart(home, tiny, shapes):
    student = tiny.student()
    with torch.no_grad():
        next(student.image_tower.parameters()).add_(1)
    for encoder in (tiny, student):
        additivity.additivity_scores(encoder, shapes, n=9, seed=0)
        additivity.background_swap_bsi(encoder, shapes, pairs=2, seed=0)
    assert tiny.tally.encoded == sum(tiny.tally.needed.values()) > 2 * 9
