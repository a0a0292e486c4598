"""Further kernels that execute the same notebook, so that one training is shared by several
processes (`bap_core.together`). Their pages are dropped: the first one's is the result.
"""

import io
import os
import pickle
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from bap_core import processes, store, together
from bap_core.runner.execute import RunFailed, execute


@contextmanager
def companions(run: dict, *, of: int) -> Iterator[dict[str, str]]:
    """Start all but the first of ``of`` processes; gives what the first has to have in its
    environment, nothing if it is alone. At the end the others are ended.

    run: arguments of `execute.execute`, without what is the first one's own. What a companion says
    of its failure is shown on stderr.
    """
    if of == 1:
        yield {}
        return
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_find_port()), "WORLD_SIZE": str(of)}
    started = [_start(run, meeting | _name(rank)) for rank in range(1, of)]
    try:
        yield meeting | _name(0)
    finally:
        for child, said in started:
            child.terminate()
            child.wait()
            said.seek(0)
            sys.stderr.write(said.read())
            said.close()


def _name(rank: int) -> dict[str, str]:
    return {"RANK": str(rank), "LOCAL_RANK": str(rank)}


def _find_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _start(run: dict, variables: dict[str, str]) -> tuple[subprocess.Popen, IO[str]]:
    said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed at the end)
    child = subprocess.Popen(
        processes.make_command(f"{__name__}:follow"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=said,
        env=os.environ | variables,
    )
    assert child.stdin
    with child.stdin as told:
        told.write(pickle.dumps(run))
    return child, said


def follow() -> int:
    """What a companion does: execute the notebook that it is handed. Returns the exit code."""
    processes.leave_through_clean_up()
    run = pickle.load(sys.stdin.buffer)
    try:
        with store.scratch_folder("bap-companion") as folder:
            execute(**run, used=folder / "used", times=folder / "times", show=io.StringIO())
    except RunFailed as failure:
        if together.ENDED not in str(failure):  # the first says so itself
            print(f"process {os.environ['RANK']}: {failure}", file=sys.stderr)
        return 1
    return 0
