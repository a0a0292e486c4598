"""Where the time of one training step goes, and whether another way to make it would be faster.

Ways, each over the step as `train` makes it: a fused optimiser, one that works on all weights at
once, the channels last, a compiled tower, twice the batch, twice the threads, and two students in
one step on stacked weights (`torch.func`).
"""

import shutil
from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch.func import functional_call, stack_module_state
from torch.profiler import ProfilerActivity, profile

from bap_core.method.alignment import alignment_loss
from benchmarks.ratios import seconds
from benchmarks.table import Row, compare

BATCH, STEPS = 64, 8
# operators of torch's profiler, by what they do
KINDS = {
    "matrix products": ("aten::addmm", "aten::mm", "aten::bmm", "aten::mkldnn_convolution"),
    "attention": ("aten::_scaled_dot_product",),
    "activation": ("aten::gelu",),
    "copies": ("aten::copy_", "aten::cat", "aten::clone"),
    "norms": ("aten::native_layer_norm", "aten::linalg_vector_norm"),
    "the optimiser": ("Optimizer.step",),
}

Step = Callable[[], None]


def rows(encoder, *, repeats: int) -> Iterator[Row]:
    """A row of each way, and one of each kind of operator: its share of a step's time."""
    for what, make in WAYS.items():
        step, n = make(encoder)
        plain, _ = _plain(encoder)
        measure = partial(_measure, step, n, plain)
        yield compare(f"a step: {what} / as it is", "", measure, repeats=repeats)
    for kind, share in shares(encoder).items():
        yield Row(f"of a step: {kind}", [share], "")


def _measure(step: Step, n: int, plain: Step) -> tuple[float, float, int]:
    """Seconds of the way and of the plain step, for as many pictures."""
    ours = seconds(lambda: [step() for _ in range(STEPS)])
    bare = seconds(lambda: [plain() for _ in range(STEPS * n // BATCH)])
    return ours, bare, STEPS * n


def _pictures(encoder, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    shape = (n, 3, encoder.size, encoder.size)
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8).to(encoder.device)
    return pictures, F.normalize(torch.randn(n, encoder.dim), dim=1).to(encoder.device)


def _plain(encoder, n: int = BATCH, *, compiled: bool = False, last: bool = False, **choices):
    """A step with AdamW, and the pictures that it has. choices: of the optimiser."""
    student = encoder.student()
    tower = student.image_tower.train()
    if last:
        tower.to(memory_format=torch.channels_last)
    if compiled:
        tower.compile()
    pictures, targets = _pictures(encoder, n)
    trained = [one for one in tower.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-5, **choices)

    def step() -> None:
        loss = alignment_loss(student.forward(pictures), targets)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        loss.item()

    return step, n


def _threads(encoder):
    """The plain step with as many threads again."""
    step, n = _plain(encoder)
    own = torch.get_num_threads()

    def doubled() -> None:
        torch.set_num_threads(2 * own)
        step()
        torch.set_num_threads(own)

    return doubled, n


def _stacked(encoder):
    """Two students of one architecture on batches of their own, in one step."""
    students = [encoder.student() for _ in range(2)]
    towers = [student.image_tower.train() for student in students]
    weights, buffers = stack_module_state(towers)
    pictures, targets = _pictures(encoder, 2 * BATCH)
    shift, scale = students[0]._shift_and_scale
    ready = ((pictures.float() - shift) / scale).view(2, BATCH, *pictures.shape[1:])
    wanted = targets.view(2, BATCH, -1)
    optimiser = torch.optim.AdamW(weights.values(), lr=1e-5)

    def embed(own: dict, fixed: dict, x: torch.Tensor) -> torch.Tensor:
        return functional_call(towers[0], (own, fixed), (x,))

    every = torch.vmap(embed, randomness="different")

    def step() -> None:
        z = F.normalize(every(weights, buffers, ready), dim=-1)
        loss = sum(alignment_loss(*pair) for pair in zip(z, wanted))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        loss.item()

    return step, 2 * BATCH


WAYS = {
    "fused optimiser": lambda encoder: _plain(encoder, fused=True),
    "optimiser on all weights at once": lambda encoder: _plain(encoder, foreach=True),
    "channels last": lambda encoder: _plain(encoder, last=True),
    "twice the batch": lambda encoder: _plain(encoder, 2 * BATCH),
    "two students in one": _stacked,
    "twice the threads": _threads,
}
if shutil.which("g++"):
    WAYS["compiled"] = lambda encoder: _plain(encoder, compiled=True)


def shares(encoder) -> dict[str, float]:
    """Kind of operator -> share of a step's own time."""
    step, _ = _plain(encoder)
    step()
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for _ in range(STEPS):
            step()
    events = [(one.key, one.self_cpu_time_total) for one in found.key_averages()]
    whole = sum(time for _, time in events)
    return {
        kind: sum(time for name, time in events if name.startswith(names)) / whole
        for kind, names in KINDS.items()
    }
