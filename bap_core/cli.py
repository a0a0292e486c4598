"""The command `bap`: run notebooks, build the book, check pages and the machine, get the data, make
the micro world.

Whatever the user can set right is answered with one message and exit code 2; a notebook that fails,
a page that is refused, something missing or a full disk gives 1; Ctrl-C gives 130.
"""

import argparse
import sys
from pathlib import Path

from bap_core import __version__, processes

_UNTOUCHED = "results that were there before are untouched"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _make_parser().parse_args(arguments)
    processes.share_processors()  # read when torch is loaded, by the kernels as well
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
    _add_data(commands)
    _add_micro(commands)
    return parser


def _add_command(commands, name: str, do, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(do=do)
    return parser


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", default="micro", help="a file of notebooks/profiles (default: micro)"
    )


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, help="folder of the results (default: runs in the checkout)"
    )


def _add_run(commands) -> None:
    parser = _add_command(
        commands, "run", _run, "Execute notebooks whose results are missing or out of date."
    )
    parser.add_argument(
        "notebooks",
        nargs="*",
        metavar="NOTEBOOK",
        help="03, 03_waterbirds or a path (default: all)",
    )
    _add_profile(parser)
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
    _add_out(parser)


def _run(chosen) -> int:
    from bap_core.runner.planning import plan

    jobs = plan(
        chosen.notebooks, profile=chosen.profile, overrides=chosen.overrides, out=chosen.out
    )
    # loads what draws the figures, which a refused call need not wait for
    from bap_core.runner.run import run_jobs

    return 1 if run_jobs(jobs, force=chosen.force) else 0


def _add_book(commands) -> None:
    parser = _add_command(
        commands, "book", _build_book, "Execute what is out of date, check it, and build the book."
    )
    _add_profile(parser)


def _build_book(chosen) -> int:
    from bap_core.runner import book

    return book.build(profile=chosen.profile)


def _add_verify(commands) -> None:
    parser = _add_command(
        commands, "verify", _verify, "Check that results are whole and say what made them."
    )
    parser.add_argument("--rerun", metavar="NOTEBOOK", help="also execute it again and compare")
    _add_profile(parser)
    _add_out(parser)


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
    parser = _add_command(
        commands, "doctor", _examine, "Check this machine: versions, device, disk, data, weights."
    )
    _add_profile(parser)
    parser.add_argument(
        "--root", help="look for the data here, instead of in the profile's data_root"
    )


def _examine(chosen) -> int:
    from bap_core.runner import doctor

    return doctor.examine(profile=chosen.profile, root=chosen.root)


def _add_data(commands) -> None:
    text = "List, check, fetch and index the official datasets."
    parts = commands.add_parser("data", help=text, description=text).add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    listed = _add_command(
        parts,
        "list",
        _list_datasets,
        "Every dataset with size, licence, origin, and whether it is there.",
    )
    check = _add_named(
        parts,
        "check",
        _check_dataset,
        "Check one dataset: archives, checksums, and the counts of its loader.",
    )
    fetch = _add_named(
        parts,
        "fetch",
        _fetch_dataset,
        "Download, verify and unpack what is missing, or print the steps by hand.",
    )
    fetch.add_argument(
        "--from",
        dest="origin",
        default="",
        metavar="WHERE",
        help="a folder with the archives, or the http(s) address of one",
    )
    fetch.add_argument(
        "--extras", action="store_true", help="also the archives that no notebook needs"
    )
    index = _add_named(
        parts, "index", _index_dataset, "Walk a large dataset once and keep the list of its files."
    )
    for parser in (listed, check, fetch, index):
        parser.add_argument("--root", help="data root (default: data_root of the profile `paper`)")


def _add_named(parts, name: str, do, text: str) -> argparse.ArgumentParser:
    parser = _add_command(parts, name, do, text)
    parser.add_argument("name", metavar="NAME", help="as `bap data list` shows it")
    return parser


def _find_data_root(chosen) -> Path:
    from bap_core.runner.planning import find_data_root

    return find_data_root(chosen.root)


def _list_datasets(chosen) -> int:
    from bap_core.data.acquire import status

    root = _find_data_root(chosen)
    print("\n".join([f"below {root}:", *status.overview(root)]))
    return 0


def _check_dataset(chosen) -> int:
    from bap_core.data.acquire import status

    return 0 if status.check(chosen.name, _find_data_root(chosen)) else 1


def _fetch_dataset(chosen) -> int:
    from bap_core.data.acquire import status
    from bap_core.data.acquire.download import Unfetched
    from bap_core.data.acquire.fetch import fetch

    root = _find_data_root(chosen)
    try:
        fetch(chosen.name, root, origin=chosen.origin, extras=chosen.extras)
    except Unfetched as error:
        print(f"bap data fetch: {error}", file=sys.stderr)
        return 1
    return 0 if status.check_reading(chosen.name, root) else 1


def _index_dataset(chosen) -> int:
    from bap_core.data.acquire import status

    print("\n".join(status.walk(chosen.name, _find_data_root(chosen))))
    return 0


def _add_micro(commands) -> None:
    text = "Make the micro world again: its encoders or its pictures."
    parts = commands.add_parser("micro", help=text, description=text).add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    pretrain = _add_command(
        parts, "pretrain", _pretrain, "Pre-train one of the shipped encoders from its seed."
    )
    pretrain.add_argument("name", metavar="NAME", help="a recipe, such as micro-clip")
    pretrain.add_argument(
        "--out",
        type=Path,
        default=Path(),
        help="folder of the weights and the card (default: here)",
    )
    render = _add_command(parts, "render", _render, "Render the micro world and print its folder.")
    render.add_argument(
        "name",
        nargs="?",
        default="micro",
        metavar="NAME",
        help="micro (default), micro-smoke or micro-dry",
    )


def _pretrain(chosen) -> int:
    from bap_core.micro.pretraining import pretrain

    print(pretrain.pretrain(chosen.name, out=chosen.out))
    return 0


def _render(chosen) -> int:
    from bap_core import micro

    print(micro.resolve(chosen.name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
