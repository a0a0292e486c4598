"""`bap data`: list, check, fetch and index the official datasets."""

import argparse
import sys
from pathlib import Path

from bap_core.cli.parsing import add_command, add_parts


def add(commands) -> None:
    """Add the command and its parts."""
    text = "List, check, fetch and index the official datasets."
    parts = add_parts(commands, "data", text)
    listed = add_command(
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
    parser = add_command(parts, name, do, text)
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
