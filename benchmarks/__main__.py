"""The table of the page "How fast": ratios to the bare encoder, and what else has a goal.

    python -m benchmarks [--encoder micro-clip] [--n 2048] [--repeats 5] [--write]

Machines are noisy, so both sides of a ratio are measured one after the other, and the median of the
repeats is shown with the smallest and the largest. `--write` keeps the table for the book, in place
of an earlier one of the same device and encoder. Other benchmarks, each a program of its own:
`benchmarks.busy` (beside other programs), `methods` (where the time of a table goes), `streaming`
(300,000 composites), `folder_index`, `coco_index`, `exercises`.
"""

import argparse
from collections.abc import Iterator

from bap_core import encoders
from benchmarks import growth, peer, ratios, startup, step, table


def main() -> None:
    """Parse, measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="micro-clip")
    parser.add_argument("--n", type=int, default=2048, help="composites, 256 or more")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"to {table.RECORD.name} of the book")
    chosen = parser.parse_args()
    encoder = encoders.load(chosen.encoder)
    shown = table.show(_measure(encoder, chosen.n, chosen.repeats))
    if chosen.write:
        table.write(shown, encoder=encoder.name)


def _measure(encoder, n: int, repeats: int) -> Iterator[table.Row]:
    pool = ratios.pool(encoder, n_objects=n // ratios.K)
    yield from ratios.rows(encoder, pool, n=n, repeats=repeats)
    yield table.compare(
        "an alignment / the usual pipeline",
        ">= 2",
        lambda: peer.alignment(encoder, pool.objects, pool.backgrounds),
        repeats=min(repeats, 3),
    )
    if encoder.device.type == "cpu":
        yield from step.rows(encoder, repeats=repeats)
    yield from growth.rows(pool, repeats=repeats)
    yield from startup.rows(repeats=repeats)


main()
