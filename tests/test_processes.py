"""Children end with their parent, commands leave through their clean-up, and threads that wait
sleep, unless the user says otherwise.
"""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from waiting import LONG, is_alive, wait_until

import bap_core
from bap_core import processes

# A parent that starts one child, which writes its number into a file once it is bound to it; both
# then sleep for good.
CHILD = """
import os, sys, time
sys.platform = {platform!r}
from bap_core import processes
processes.end_with_parent(os.getppid())
open({path!r} + ".part", "w").write(str(os.getpid()))
os.rename({path!r} + ".part", {path!r})
time.sleep(10**6)
"""
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait()"
SLEEPER = """
import sys
def main():
    print(sys.argv, __name__, flush=True)
    sys.stdin.read()
    return 3
if __name__ == "__main__":
    main()
"""


def start(code: str, **choices) -> subprocess.Popen:
    """A Python that runs ``code`` with the package on its path."""
    root = str(Path(bap_core.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.getcwd()])}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, **choices)


@pytest.mark.parametrize("platform", [sys.platform, "another"])
def test_a_child_ends_with_its_parent_that_is_killed(platform, tmp_path):
    path = str(tmp_path / "child")
    parent = start(PARENT.format(child=CHILD.format(platform=platform, path=path)))
    wait_until(partial(os.path.exists, path), "the child is bound", parent.pid)
    child = int(Path(path).read_text())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(child), "the child has ended")


def test_a_child_whose_parent_has_ended_already_ends_at_once():
    code = "import os; from bap_core import processes; processes.end_with_parent(os.getpid())"
    assert start(code).wait(LONG) == -signal.SIGKILL


@pytest.mark.parametrize("what, name", [("sleeper", "__main__"), ("sleeper:main", "sleeper")])
def test_a_module_or_function_runs_for_as_long_as_its_parent_lives(
    tmp_path, monkeypatch, what, name
):
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    monkeypatch.chdir(tmp_path)
    code = f"""
import subprocess
from bap_core import processes
subprocess.Popen(processes.make_command({what!r}, "-f", "x"), stdin=subprocess.PIPE).wait()
"""
    parent = start(code, stdout=subprocess.PIPE, text=True)
    said = parent.stdout.readline()
    assert "sleeper" in said and said.endswith(f"', '-f', 'x'] {name}\n")
    parent.kill()
    assert parent.stdout.read() == ""  # the child, which holds the other end, has ended too
    parent.wait()


def test_a_function_that_runs_by_itself_ends_with_the_code_that_it_returns(tmp_path, monkeypatch):
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    monkeypatch.chdir(tmp_path)
    command = processes.make_command("sleeper:main")
    assert subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 3


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("is_ignored", [False, True])
def test_a_signal_to_end_leads_through_the_clean_up_unless_it_was_to_be_ignored(name, is_ignored):
    code = f"""
import signal
from bap_core import processes
if {is_ignored}:
    signal.signal(signal.{name}, signal.SIG_IGN)
processes.leave_through_clean_up()
try:
    print("ready", flush=True)
    input()
finally:
    print("cleaned", flush=True)
"""
    process = start(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, name))
    said, _ = process.communicate("\n" if is_ignored else None, timeout=LONG)
    assert said == "cleaned\n"
    assert process.returncode == (0 if is_ignored else 128 + getattr(signal, name))


@pytest.mark.parametrize("name", processes.SLEEP_SOON)
def test_threads_that_wait_sleep_soon_unless_the_user_says_anything_of_it(monkeypatch, name):
    without = {key: value for key, value in os.environ.items() if key not in processes.SLEEP_SOON}
    monkeypatch.setattr(os, "environ", dict(without))
    processes.share_processors()
    assert os.environ == without | processes.SLEEP_SOON
    monkeypatch.setattr(os, "environ", without | {name: "of the user"})
    processes.share_processors()
    assert os.environ == without | {name: "of the user"}


@pytest.mark.parametrize(
    ("cores", "chosen", "threads", "pages"),
    [(1, "", 1, 1), (2, "", 1, 2), (8, "", 4, 2), (2, "2", 2, 1), (16, "1", 1, 2), (2, "x", 1, 2)],
)
def test_a_page_has_half_of_the_cores_or_what_the_user_says(
    monkeypatch, cores, chosen, threads, pages
):
    monkeypatch.setattr(processes, "_count_cores", lambda: cores)
    monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    assert (processes.page_threads(), processes.pages_at_once()) == (threads, pages)


def test_children_get_the_threads_of_a_page_unless_the_user_says_anything_of_it(monkeypatch):
    monkeypatch.setattr(processes, "_count_cores", lambda: 6)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    processes.share_pages()
    assert os.environ["OMP_NUM_THREADS"] == "5"
    monkeypatch.delenv("OMP_NUM_THREADS")
    processes.share_pages()
    assert os.environ["OMP_NUM_THREADS"] == "3"
