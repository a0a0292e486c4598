"""Processes among others: how a command and its children share the machine, and how they end.

A child ends with the process that started it, however that ended: one that is killed cannot stop
its children. Run as ``python -m bap_core.processes PARENT MODULE ARGUMENT ...`` this is
``python -m MODULE ARGUMENT ...`` for as long as the process PARENT lives; MODULE:FUNCTION calls a
function, as installed commands do. Loads nothing heavy.
"""

import ctypes
import importlib
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Sequence

# Where threads are GNU's, some microseconds of spinning bridge the gaps of a small step: to sleep
# at once costs up to a sixth of the speed of a quiet machine. Others know the first name only.
SLEEP_SOON = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "4000"}

_THREADS = "OMP_NUM_THREADS"
_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


def share_processors() -> None:
    """Let threads that wait for each other soon sleep instead of spinning, here and in all
    children.

    On a machine that others use too, small training steps are much faster, and take less of it
    (``python -m benchmarks.busy``). It is read when torch is loaded; what the user set stays.
    """
    if not any(name in os.environ for name in SLEEP_SOON):
        os.environ.update(SLEEP_SOON)


def share_pages() -> None:
    """Let this process and its children compute as a page does, with `page_threads`; what the user
    set stays. It is read when torch is loaded.
    """
    os.environ.setdefault(_THREADS, str(page_threads()))


def page_threads() -> int:
    """Threads of a page on a CPU: half of the cores, or what the user set (``OMP_NUM_THREADS``).

    A small training step leaves a second thread idle for half of its time, which another page can
    use. The number does not depend on how many pages there are: it is part of the key of all that
    is trained, which pages share.
    """
    chosen = os.environ.get(_THREADS, "")
    return int(chosen) if chosen.isdecimal() and int(chosen) else max(1, _count_cores() // 2)


def pages_at_once() -> int:
    """Two where the cores carry it, else one."""
    return 2 if _count_cores() >= 2 * page_threads() else 1


def _count_cores() -> int:
    """Cores that this process may use; the hardware threads of a core count once."""
    import psutil

    logical = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else logical
    return min(usable, psutil.cpu_count(logical=False) or logical)


def leave_through_clean_up() -> None:
    """Let this process end through its clean-up, as Ctrl-C does, when it is told to end or its
    terminal is closed; the exit code is 128 and the number of the signal.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) != signal.SIG_IGN:  # which `nohup` asks for
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def end_with_parent(parent: int) -> None:
    """From now on this process is killed when the process ``parent`` that started it has ended:
    at once by Linux, elsewhere within a second or so by a thread that watches.
    """
    if not _is_asked_of_linux():
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before we could ask
        _end()


def make_command(what: str, *arguments: str) -> list[str]:
    """The command that runs ``module`` or ``module:function`` with this Python for as long as this
    process lives.
    """
    return [sys.executable, "-m", __name__, str(os.getpid()), what, *arguments]


def _is_asked_of_linux() -> bool:
    if sys.platform != "linux":
        return False
    # the thread that started us must live as long: it waits for what we make
    return ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) == 0


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    _end()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _run(arguments: Sequence[str]) -> None:
    parent, what, *rest = arguments
    end_with_parent(int(parent))
    sys.argv = [what, *rest]
    module, _, function = what.partition(":")
    if function:
        sys.exit(getattr(importlib.import_module(module), function)())
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run(sys.argv[1:])
