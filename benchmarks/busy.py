"""What a training step of micro-clip costs on a machine that others use too.

    python -m benchmarks.busy [--seconds 5] [--repeats 5] [--loops 4]

Steps of 64 pictures on two threads, quiet and beside busy loops (each in a session of its own, so
that the scheduler shares fairly), with threads that spin while they wait for each other, as is
usual, and with threads that soon sleep, as the command line sets it. The library of threads reads
its settings when it is loaded, so there is a process for each setting; both are loaded and warm
before anything is timed, and each waits while another works. Steps per second and processors in
use, medians of the repeats, which alternate.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bap_core import processes

BATCH, THREADS = 64, 2
WAITING = {"spinning": {}, "sleeping": processes.SLEEP_SOON}


def main() -> None:
    """Parse, measure, print a table and the three ratios that matter."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5, help="of a measurement")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--loops", type=int, default=4)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        serve()
    else:
        report(alternate(chosen.repeats, chosen.seconds, chosen.loops))


def alternate(
    repeats: int, seconds: float, loops: int
) -> dict[tuple[bool, str], tuple[float, float]]:
    """(beside loops or not, how threads wait) -> steps per second and processors in use, medians
    of the repeats.
    """
    found = {(busy, waiting): [] for busy in (False, True) for waiting in WAITING}
    with ExitStack() as stack:
        children = {name: stack.enter_context(child(name)) for name in WAITING}
        for _ in range(repeats):
            for busy, waiting in found:
                with busy_loops(loops if busy else 0):
                    found[busy, waiting].append(ask(children[waiting], seconds))
    return {
        case: tuple(statistics.median(values) for values in zip(*runs))
        for case, runs in found.items()
    }


def report(found: dict[tuple[bool, str], tuple[float, float]]) -> None:
    """Print a line per case, and what sleeping gains beside loops and costs without."""
    for (busy, waiting), (speed, used) in found.items():
        print(
            f"{'beside loops' if busy else 'quiet':12s} {waiting:9s} {speed:6.2f} steps/s on "
            f"{used:.2f} processors, {used / speed:.3f} processor seconds a step"
        )
    (before, _), (quiet, used_quiet) = found[False, "spinning"], found[False, "sleeping"]
    (spinning, _), (sleeping, used) = found[True, "spinning"], found[True, "sleeping"]
    print(
        f"sleeping over spinning: {sleeping / spinning:.2f} times the speed beside loops, "
        f"{quiet / before:.2f} times when quiet; beside loops a step takes "
        f"{used / sleeping / (used_quiet / quiet):.2f} times the processor time of a quiet one"
    )


@contextmanager
def child(waiting: str) -> Iterator[subprocess.Popen]:
    """A process that measures when it is asked to, loaded and warm."""
    kept = {name: value for name, value in os.environ.items() if name not in processes.SLEEP_SOON}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.busy", "--child"],
        env=kept | {"OMP_NUM_THREADS": str(THREADS)} | WAITING[waiting],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        ask(process, 1)
        yield process
    finally:
        process.kill()
        process.wait()


def ask(process: subprocess.Popen, seconds: float) -> list[float]:
    """Steps per second and processors in use of a child. RuntimeError if it has ended."""
    assert process.stdin and process.stdout
    print(seconds, file=process.stdin, flush=True)
    if not (answer := process.stdout.readline()):
        raise RuntimeError(f"the measuring process ended with {process.wait()}, see above")
    return json.loads(answer)


@contextmanager
def busy_loops(n: int) -> Iterator[None]:
    """So many processes that do nothing, as fast as they can."""
    code = f"from bap_core import processes; processes.end_with_parent({os.getpid()})"
    spin = [sys.executable, "-c", f"{code}\nwhile True: pass"]
    others = [subprocess.Popen(spin, start_new_session=True) for _ in range(n)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def serve() -> None:
    """Measure for as many seconds as each line of the input says: a line of steps per second and
    of processor time over wall time.
    """
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

    for line in sys.stdin:
        steps, wall, processor = 0, time.perf_counter(), time.process_time()
        while steps == 0 or time.perf_counter() - wall < float(line):
            step()
            steps += 1
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(json.dumps([steps / wall, processor / wall]), flush=True)


if __name__ == "__main__":
    main()
