"""What the commands share: how a command, and an option of several, is added to the parser."""

import argparse
from pathlib import Path


def add_command(commands, name: str, do, text: str) -> argparse.ArgumentParser:
    """A command whose function ``do`` gets the parsed arguments and returns the exit code."""
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(do=do)
    return parser


def add_profile(parser: argparse.ArgumentParser) -> None:
    """``--profile``."""
    parser.add_argument(
        "--profile", default="micro", help="a file of notebooks/profiles (default: micro)"
    )


def add_out(parser: argparse.ArgumentParser) -> None:
    """``--out``."""
    parser.add_argument(
        "--out", type=Path, help="folder of the results (default: runs in the checkout)"
    )


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """``--jobs``."""
    parser.add_argument(
        "--jobs",
        type=read_count,
        metavar="N",
        help="notebooks at once (default: two on a processor of two cores or more, one on a GPU)",
    )


def read_count(text: str) -> int:
    """A number that is at least 1. argparse's own error for anything else."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 1 or more")
    return int(text)


def add_parts(commands, name: str, text: str):
    """A command that has parts, such as ``bap data list``: what `add_command` adds them to."""
    parser = commands.add_parser(name, help=text, description=text)
    return parser.add_subparsers(dest="part", required=True, metavar="PART")
