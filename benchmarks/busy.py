"""What a training step of micro-clip costs on a machine that others use too.

    python -m benchmarks.busy [--steps 40] [--repeats 5] [--loops 4]

Steps of 64 pictures, quiet and beside busy loops (each in a session of its own, so that the
scheduler shares fairly), with threads that spin while they wait for each other and with threads
that sleep. Every measurement is a process of its own, since the library of threads reads its
settings when it is loaded. Steps per second and processors in use, medians of the repeats, which
alternate.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

BATCH = 64
POLICIES = ("ACTIVE", "PASSIVE")


def main() -> None:
    """Parse, measure, print one line per case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--loops", type=int, default=4)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(measure(chosen.steps)))
        return
    cases = [(loops, policy) for loops in (0, chosen.loops) for policy in POLICIES]
    found = {case: [] for case in cases}
    for _ in range(chosen.repeats):
        for loops, policy in cases:
            found[loops, policy].append(beside(loops, policy, chosen.steps))
    for (loops, policy), runs in found.items():
        speed, used = (statistics.median(values) for values in zip(*runs))
        print(
            f"{loops} busy loops, {policy.lower():8s} {speed:6.2f} steps/s on {used:.2f} processors"
            f"  ({used / speed:.3f} processor seconds a step)"
        )


def beside(loops: int, policy: str, steps: int) -> tuple[float, float]:
    """Steps per second and processors in use of one child beside so many busy loops."""
    spin = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(spin, start_new_session=True) for _ in range(loops)]
    command = [sys.executable, "-m", "benchmarks.busy", "--child", "--steps", str(steps)]
    try:
        environment = os.environ | {"OMP_WAIT_POLICY": policy}
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            start_new_session=True,
        )
    finally:
        for other in others:
            other.kill()
            other.wait()
    return tuple(json.loads(done.stdout))


def measure(steps: int) -> tuple[float, float]:
    """Of this process: steps per second, and processor time over wall time, after a warm-up."""
    import torch

    from bap_core import encoders

    student = encoders.load("micro-clip").student()
    pictures = torch.randint(0, 256, (BATCH, 3, student.size, student.size), dtype=torch.uint8)
    weights = [p for p in student.image_tower.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=1e-5)
    student.image_tower.train()

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        student.forward(pictures).square().sum().backward()
        optimiser.step()

    for _ in range(3):
        step()
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(steps):
        step()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return steps / wall, processor / wall


if __name__ == "__main__":
    main()
