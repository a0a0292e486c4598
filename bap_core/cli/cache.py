"""`bap cache`: what is kept between runs, how old it is, whether it is whole; and removing it."""

from bap_core.cli.parsing import add_command, add_parts


def add(commands) -> None:
    """Add the command and its parts."""
    parts = add_parts(commands, "cache", "List, check and remove what is kept between runs.")
    add_command(parts, "list", _list, "What is kept: files, size and age by kind.")
    add_command(parts, "verify", _verify, "Read everything that is kept and compare checksums.")
    prune = add_command(parts, "prune", _prune, "Remove what is old. Not while something runs.")
    prune.add_argument(
        "--days", type=float, default=30, help="older than so many days (default: 30)"
    )


def _list(chosen) -> int:
    from bap_core import runtime
    from bap_core.store import keeping

    print("\n".join([f"below {runtime.home()}:", *keeping.overview()]))
    return 0


def _verify(chosen) -> int:
    from bap_core.store import keeping

    broken = list(keeping.find_broken())
    print("\n".join(f"{path}: damaged; it is made again when it is needed" for path in broken))
    print("damaged: " + (str(len(broken)) if broken else "nothing"))
    return 1 if broken else 0


def _prune(chosen) -> int:
    from bap_core.store import keeping

    print(keeping.prune(days=chosen.days))
    return 0
