"""`bap results`: recorded runs are added, listed, checked, and written for others."""

import argparse
import sys
from pathlib import Path

from bap_core.cli.parsing import add_command, add_parts


def add(commands) -> None:
    """Add the command and its parts."""
    parts = add_parts(commands, "results", "Add, list, check and export recorded runs.")
    added = add_command(
        parts, "add", _add, "Record a finished run: metrics, predictions, and what made them."
    )
    added.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="folders, such as runs/long/03_waterbirds"
    )
    added.add_argument("--by", required=True, help="who made it, as it shall be named in the book")
    add_command(parts, "list", _list, "Every recorded run, and how its claims come out.")
    check = add_command(
        parts, "check", _check, "Count all metrics again, judge all claims again, read every stamp."
    )
    export = add_command(parts, "export", _export, "Write recorded runs for others.")
    export.add_argument(
        "--hub",
        required=True,
        metavar="DATASET",
        help="as .eval_results of the Hugging Face Hub, for the benchmark of this identifier",
    )
    export.add_argument("--out", type=Path, required=True, help="folder for the files")
    for parser in (check, export):
        parser.add_argument(
            "names",
            nargs="*",
            metavar="NAME",
            help="part of PROFILE/NOTEBOOK/RUN, as `bap results list` shows it (default: all)",
        )


def _find(chosen: argparse.Namespace):
    """The records whose name contains one of the given parts. ValueError for a part of none."""
    from bap_core.recorded import find_records, results_folder

    found = find_records()
    if not found:
        raise ValueError(f"no run is recorded in {results_folder()}: `bap results add` records one")
    known = [record.name for record in found]
    for part in chosen.names:
        if not any(part in name for name in known):
            raise ValueError(f"no recorded run is called {part!r}; there are: {', '.join(known)}")
    return [one for one in found if not chosen.names or any(p in one.name for p in chosen.names)]


def _add(chosen) -> int:
    from bap_core.runner.recording import add, check

    for run in chosen.runs:
        record = add.add(run, by=chosen.by)
        print(f"{record.name}  recorded: {check.count_verdicts(record)}")
    return 0


def _list(chosen) -> int:
    from bap_core.runner.recording import check

    for record in _find(argparse.Namespace(names=[])):
        older = f"  older than the code of {', '.join(record.moved)}" if record.moved else ""
        print(f"{record.name}  {check.count_verdicts(record)}{older}\n    {record.about}")
    return 0


def _check(chosen) -> int:
    from bap_core.runner.recording import check

    found = {record: check.find_problems(record) for record in _find(chosen)}
    for record, problems in found.items():
        if problems:
            print("\n    ".join([f"{record.name}  refused", *problems]), file=sys.stderr)
        else:
            print(f"{record.name}  whole: {check.count_verdicts(record)}")
    return 1 if any(found.values()) else 0


def _export(chosen) -> int:
    from bap_core.runner.recording.export import export_hub

    records = _find(chosen)
    made = [p for one in records for p in export_hub(one, chosen.out, benchmark=chosen.hub)]
    if not made:
        names = ", ".join(record.name for record in records)
        raise ValueError(f"no accuracy that the hub could show in {names}")
    print("\n".join(map(str, made)))
    return 0
