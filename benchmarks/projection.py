"""How long the paper's Waterbirds table takes on a GPU: a projection, from counted pictures.

    python -m benchmarks.projection [--encoder ViT-B-16:random] [--steps 3]

One encoder, one seed, the values of the profile ``paper``. Pictures through the encoder are counted
by its parameters; the floating-point operations of one picture are counted by torch while it goes
through. What this machine does in a second is measured with a few batches of random pictures; what
a GPU does is its maker's figure for dense bfloat16 and the share of it that training reaches,
`SHARE`, which is an assumption.
"""

import argparse

import torch
from torch.utils.flop_counter import FlopCounterMode

from bap_core import encoders
from bap_core.runner import planning
from benchmarks.ratios import _step, seconds

PEAK = {"L40S": 362e12, "H100": 989e12}  # operations per second, dense bfloat16
SHARE = 0.3
TRAINING = 3  # a forward and a backward pass, in forward passes
# pictures of Waterbirds: its training part, and all of a 95 % and a 100 % set, whose test is one
TRAINED_ON, ALL = 4_795, 11_788 + 4_795


def main() -> None:
    """Count, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="ViT-B-16:random")
    parser.add_argument("--steps", type=int, default=3, help="batches of 32 that are measured")
    chosen = parser.parse_args()
    encoder = encoders.load(chosen.encoder)
    forward, trained = count_pictures()
    operations = count_operations(encoder)
    print(f"{forward:,} pictures forward, {trained:,} forward and backward")
    print(f"{operations / 1e9:.1f} GFLOP a picture forward, with {encoder.name}")
    rate = measure(encoder, chosen.steps)
    here = _count_passes() * operations / rate / 3600
    print(f"here: {rate / 1e12:.2f} TFLOP/s, {here:,.1f} hours")
    for name, hours in project_hours(operations).items():
        print(f"{name}, at {SHARE:.0%} of its peak: {hours:.2f} hours, projected")


def project_hours(operations: float) -> dict[str, float]:
    """GPU -> hours of the table at `SHARE` of its peak. operations: of one picture, forward."""
    return {
        name: _count_passes() * operations / (SHARE * peak) / 3600 for name, peak in PEAK.items()
    }


def _count_passes() -> int:
    forward, trained = count_pictures()
    return forward + TRAINING * trained


def count_pictures() -> tuple[int, int]:
    """Pictures that are only encoded, and pictures that are trained on, by the profile ``paper``:
    anchors, the autoencoder's composites, features of both sets for four encoders; the alignment,
    the control, and on each set LP-FT, PruSC's masks and its last phase.
    """
    (job,) = planning.plan(["03_waterbirds"], profile="paper")
    given = job.parameters
    composites = given["n_objects"] * given["m"] * given["epochs"]
    forward = given["n_objects"] * given["k"] + given["sae_pictures"] + 4 * ALL
    masks = given["mask_ratio"] * given["mask_epochs"]
    tuned = 2 * TRAINED_ON * (2 * given["ft_epochs"] + masks)
    return int(forward), int(2 * composites + tuned)


def count_operations(encoder) -> float:
    """Floating-point operations of one picture, forward."""
    blank = torch.zeros(1, 3, encoder.size, encoder.size, dtype=torch.uint8)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder.forward(blank)
    return float(counter.get_total_flops())


def measure(encoder, steps: int) -> float:
    """Operations per second of training steps on random pictures."""
    student = encoder.student()
    shape = (32, 3, encoder.size, encoder.size)
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8).to(encoder.device)
    targets = torch.nn.functional.normalize(torch.randn(32, encoder.dim), dim=1).to(encoder.device)
    trained = [one for one in student.image_tower.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-5)
    _step(student, pictures, targets, optimiser)
    taken = seconds(
        lambda: [_step(student, pictures, targets, optimiser) for _ in range(steps)], encoder
    )
    return 32 * steps * TRAINING * count_operations(encoder) / taken


if __name__ == "__main__":
    main()
