"""The command `bap`: run notebooks, build the book, check pages and the machine, get the data, make
the micro world.

Whatever the user can set right is answered with one message and exit code 2; a notebook that fails,
a page that is refused, something missing or a full disk gives 1; Ctrl-C gives 130.
"""

import argparse
import signal
import sys
from pathlib import Path

from bap_core import __version__


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    # leave through the clean-up, as Ctrl-C does
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return chosen.do(chosen)
    except (ValueError, FileNotFoundError) as error:
        print(f"bap {chosen.command}: {error}", file=sys.stderr)
        return 2
    # a full disk, a folder without permission: the system's words and the path say which
    except OSError as error:
        print(
            f"bap {chosen.command}: {error}; nothing is left half-written, results that were "
            "there before are untouched",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print(
            f"\nbap {chosen.command}: stopped; results that were there before are untouched",
            file=sys.stderr,
        )
        return 130


def _parser() -> argparse.ArgumentParser:
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


def _command(commands, name: str, do, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(do=do)
    return parser


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", default="micro", help="a file of notebooks/profiles (default: micro)"
    )


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, help="folder of the results (default: runs in the checkout)"
    )


def _add_run(commands) -> None:
    parser = _command(
        commands, "run", _run, "Execute notebooks whose results are missing or out of date."
    )
    parser.add_argument(
        "notebooks",
        nargs="*",
        metavar="NOTEBOOK",
        help="03, 03_waterbirds or a path (default: all)",
    )
    _profile(parser)
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
    _out(parser)


def _run(chosen) -> int:
    from bap_core.runner import run

    jobs = run.plan(
        chosen.notebooks, profile=chosen.profile, overrides=chosen.overrides, out=chosen.out
    )
    return 1 if run.run(jobs, force=chosen.force) else 0


def _add_book(commands) -> None:
    parser = _command(
        commands, "book", _book, "Execute what is out of date, check it, and build the book."
    )
    _profile(parser)


def _book(chosen) -> int:
    from bap_core.runner import book

    return book.build(profile=chosen.profile)


def _add_verify(commands) -> None:
    parser = _command(
        commands, "verify", _verify, "Check that results are whole and say what made them."
    )
    _profile(parser)
    _out(parser)


def _verify(chosen) -> int:
    from bap_core.runner import run, verify

    jobs = run.plan([], profile=chosen.profile, out=chosen.out)
    return 0 if verify.announce({job.name: verify.problems(job) for job in jobs}) else 1


def _add_doctor(commands) -> None:
    parser = _command(
        commands, "doctor", _doctor, "Check this machine: versions, device, disk, data, weights."
    )
    _profile(parser)
    parser.add_argument(
        "--root", help="look for the data here, instead of in the profile's data_root"
    )


def _doctor(chosen) -> int:
    from bap_core.runner import doctor

    return doctor.examine(profile=chosen.profile, root=chosen.root)


def _add_data(commands) -> None:
    text = "List, check, fetch and index the official datasets."
    parts = commands.add_parser("data", help=text, description=text).add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    listed = _command(
        parts,
        "list",
        _data_list,
        "Every dataset with size, licence, origin, and whether it is there.",
    )
    check = _named(
        parts,
        "check",
        _data_check,
        "Check one dataset: archives, checksums, and the counts of its loader.",
    )
    fetch = _named(
        parts,
        "fetch",
        _data_fetch,
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
    index = _named(
        parts, "index", _data_index, "Walk a large dataset once and keep the list of its files."
    )
    for parser in (listed, check, fetch, index):
        parser.add_argument("--root", help="data root (default: data_root of the profile `paper`)")


def _named(parts, name: str, do, text: str) -> argparse.ArgumentParser:
    parser = _command(parts, name, do, text)
    parser.add_argument("name", metavar="NAME", help="as `bap data list` shows it")
    return parser


def _data_root(chosen) -> Path:
    from bap_core import micro
    from bap_core.runner import run
    from bap_core.runner.parameters import read_yaml

    root = (
        chosen.root
        or read_yaml(run.notebooks_folder() / "profiles" / "paper.yml")["all"]["data_root"]
    )
    return (
        micro.resolve(root)
        if str(root).partition(":")[0] in micro.WORLDS
        else Path(root).expanduser()
    )


def _data_list(chosen) -> int:
    from bap_core.data.acquire import status

    root = _data_root(chosen)
    print("\n".join([f"below {root}:", *status.overview(root)]))
    return 0


def _data_check(chosen) -> int:
    from bap_core.data.acquire import status

    return 0 if status.check(chosen.name, _data_root(chosen)) else 1


def _data_fetch(chosen) -> int:
    from bap_core.data.acquire.download import Unfetched
    from bap_core.data.acquire.fetch import fetch

    try:
        fetch(chosen.name, _data_root(chosen), origin=chosen.origin, extras=chosen.extras)
    except Unfetched as error:
        print(f"bap data fetch: {error}", file=sys.stderr)
        return 1
    return 0


def _data_index(chosen) -> int:
    from bap_core.data.acquire import status

    print("\n".join(status.walk(chosen.name, _data_root(chosen))))
    return 0


def _add_micro(commands) -> None:
    text = "Make the micro world again: its encoders or its pictures."
    parts = commands.add_parser("micro", help=text, description=text).add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    pretrain = _command(
        parts, "pretrain", _pretrain, "Pre-train one of the shipped encoders from its seed."
    )
    pretrain.add_argument("name", metavar="NAME", help="a recipe, such as micro-clip")
    pretrain.add_argument(
        "--out",
        type=Path,
        default=Path(),
        help="folder of the weights and the card (default: here)",
    )
    render = _command(parts, "render", _render, "Render the micro world and print its folder.")
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
