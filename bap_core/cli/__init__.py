"""The command `bap`: run notebooks, build the book, check pages and the machine, get the data, look
after what is kept, record results, make the micro world, audit, align and export an encoder.

Whatever the user can set right is answered with one message and exit code 2; a notebook that fails,
a page that is refused, something missing or a full disk gives 1; Ctrl-C gives 130.
"""

import argparse
import sys

from bap_core import __version__, processes
from bap_core.cli import align, audit, cache, data, export, micro, results
from bap_core.cli.parsing import add_command, add_jobs, add_out, add_profile, read_count

_UNTOUCHED = "results that were there before are untouched"
_OF_PAGES = ("run", "book", "verify")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _make_parser().parse_args(arguments)
    processes.share_processors()  # read when torch is loaded, by the kernels as well
    if chosen.command in _OF_PAGES:
        processes.share_pages()
    processes.leave_through_clean_up()
    _say(chosen, "loading, some seconds")  # before all that is heavy
    try:
        return chosen.do(chosen)
    except (ValueError, FileNotFoundError) as error:
        _say(chosen, str(error))
        return 2
    # a full disk, a folder without permission: the system's words and the path say which
    except OSError as error:
        _say(chosen, f"{error}; nothing is left half-written, {_UNTOUCHED}")
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        _say(chosen, f"stopped; {_UNTOUCHED}")
        return 130


def _say(chosen, what: str) -> None:
    print(f"bap {chosen.command}: {what}", file=sys.stderr, flush=True)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bap", description="Executable companion to the BAP paper."
    )
    parser.add_argument("--version", action="version", version=f"bap {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_book(commands)
    _add_verify(commands)
    _add_doctor(commands)
    data.add(commands)
    cache.add(commands)
    micro.add(commands)
    results.add(commands)
    audit.add(commands)
    align.add(commands)
    export.add(commands)
    return parser


def _add_run(commands) -> None:
    parser = add_command(
        commands, "run", _run, "Execute notebooks whose results are missing or out of date."
    )
    parser.add_argument(
        "notebooks",
        nargs="*",
        metavar="NOTEBOOK",
        help="03, 03_waterbirds or a path (default: all)",
    )
    add_profile(parser)
    parser.add_argument(
        "-p",
        dest="overrides",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a parameter; repeat for several; lists as a,b; the result gets a "
        "folder of its own",
    )
    parser.add_argument(
        "--force", action="store_true", help="execute even if the result is up to date"
    )
    parser.add_argument(
        "--plan", action="store_true", help="check every name and value, and run nothing"
    )
    add_jobs(parser)
    parser.add_argument(
        "--processes",
        type=read_count,
        metavar="N",
        help="processes that share the anchors, the alignment and the encoding of a notebook, such "
        "as one for each GPU (default: 1)",
    )
    add_out(parser)


def _run(chosen) -> int:
    from bap_core.runner.planning import plan

    jobs = plan(
        chosen.notebooks, profile=chosen.profile, overrides=chosen.overrides, out=chosen.out
    )
    if chosen.plan:
        print(*(f"{job.name}  {job.folder}" for job in jobs), sep="\n")
        return 0
    # loads papermill, which a refused call need not wait for
    from bap_core.runner.side_by_side import run_side_by_side

    if chosen.processes and (chosen.jobs or 1) > 1:
        raise ValueError("--processes divides one notebook, --jobs runs several: give one of them")
    together = chosen.processes or 1
    failed = run_side_by_side(jobs, at_once=chosen.jobs, force=chosen.force, together=together)
    return 1 if failed else 0


def _add_book(commands) -> None:
    parser = add_command(
        commands, "book", _build_book, "Execute what is out of date, check it, and build the book."
    )
    add_profile(parser)
    parser.add_argument(
        "--pdf", action="store_true", help="also print it into one file, _build/book.pdf"
    )
    add_jobs(parser)


def _build_book(chosen) -> int:
    from bap_core.runner import book

    return book.build(profile=chosen.profile, pdf=chosen.pdf, at_once=chosen.jobs)


def _add_verify(commands) -> None:
    parser = add_command(
        commands, "verify", _verify, "Check that results are whole and say what made them."
    )
    parser.add_argument("--rerun", metavar="NOTEBOOK", help="also execute it again and compare")
    add_profile(parser)
    add_out(parser)


def _verify(chosen) -> int:
    from bap_core.runner import verify
    from bap_core.runner.planning import plan

    names = [chosen.rerun] if chosen.rerun else []
    jobs = plan(names, profile=chosen.profile, out=chosen.out)
    found = {job.name: verify.find_problems(job) for job in jobs}
    if chosen.rerun and not any(found.values()):
        found = {job.name: verify.run_again(job, show=sys.stderr) for job in jobs}
    return 0 if verify.announce(found) else 1


def _add_doctor(commands) -> None:
    parser = add_command(
        commands, "doctor", _examine, "Check this machine: versions, device, disk, data, weights."
    )
    add_profile(parser)
    parser.add_argument(
        "--root", help="look for the data here, instead of in the profile's data_root"
    )


def _examine(chosen) -> int:
    from bap_core.runner import doctor

    return doctor.examine(profile=chosen.profile, root=chosen.root)
