"""What several processes say, in a log and in a terminal."""

import io
import os
import threading

from bap_core.runner.progress_line import CLEAR
from bap_core.runner.screen import CLEAR_BELOW, UP, Screen


class Terminal(io.StringIO):
    def isatty(self):
        return True


def say(screen: Screen, **said: list[str]) -> None:
    """Let processes say their pieces, one piece each in turn, each shown before the next."""
    pipes = {name: os.pipe() for name in said}
    readers = {name: os.fdopen(pipes[name][0], "rb") for name in said}
    shown = threading.Semaphore(0)
    show = screen._show

    def note(*arguments):
        show(*arguments)
        shown.release()

    screen._show = note
    threads = [threading.Thread(target=screen.follow, args=pair) for pair in readers.items()]
    for thread in threads:
        thread.start()
    for pieces in zip(*said.values()):
        for name, piece in zip(said, pieces):
            os.write(pipes[name][1], piece.encode())
            shown.acquire()
    for (_, end), thread in zip(pipes.values(), threads):
        os.close(end)
        thread.join()
    for reader in readers.values():
        reader.close()


def test_in_a_log_each_line_is_there_once_and_whole():
    stream = io.StringIO()
    say(Screen(stream), a=["a 1\na", " 2\n"], b=["b 1\n", "b 2"])
    assert stream.getvalue() == "a 1\nb 1\na 2\nb 2\n"


def test_in_a_terminal_what_is_said_stays_and_the_passing_lines_are_redrawn_below():
    stream = Terminal()
    say(
        Screen(stream),
        a=[f"{CLEAR}a at 1", f"{CLEAR}a at 2", f"{CLEAR}a done\n"],
        b=[f"{CLEAR}b at 1", f"{CLEAR}b at 2{CLEAR}b at 3", f"{CLEAR}b at 4"],
    )
    one, two = (UP.format(n) + CLEAR_BELOW for n in (1, 2))
    assert stream.getvalue() == "".join(
        [
            "a at 1\n",
            f"{one}a at 1\nb at 1\n",
            f"{two}a at 2\nb at 1\n",
            f"{two}a at 2\nb at 3\n",
            f"{two}a done\nb at 3\n",
            f"{one}b at 4\n",
            f"{one}b at 4\n",  # `a` ends
            f"{one}b at 4\n",  # `b` ends: its last line stays
        ]
    )


def test_a_letter_that_is_cut_in_two_by_the_pipe_is_put_together():
    stream, (source, end) = io.StringIO(), os.pipe()
    letter = "…".encode()
    os.write(end, b"a" + letter[:1])
    os.write(end, letter[1:] + b"\n\xff\n")
    os.close(end)
    with open(source, "rb") as reader:
        Screen(stream).follow("a", reader)
    assert stream.getvalue() == "a…\n�\n"


def test_the_parent_says_its_own_lines_on_the_same_screen():
    stream = io.StringIO()
    Screen(stream).say("error: a was killed")
    assert stream.getvalue() == "error: a was killed\n"
