"""Whether a recorded run is evidence: whole, complete, of a scale that means something, its metrics
those of its predictions, and its claims judged from both.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from bap_core import store, tidy
from bap_core.evaluation.recount import recount
from bap_core.recorded.record import FILES, PROVENANCE, Record
from bap_core.report import claims
from bap_core.report.evidence import judge_record

LARGEST = 3 * 10**6  # bytes of a run


def find_problems(record: Record) -> list[str]:
    """What speaks against the record, one sentence each; empty if nothing does. Whatever is broken
    is a sentence, too.
    """
    checks: dict[str, Callable[[Record], Iterable[str]]] = {
        "files": check_files,
        "provenance": check_provenance,
        "worth": check_worth,
        "metrics": lambda one: recount(one.metrics, one.predictions),
        "claims": check_claims,
    }
    problems = []
    for name, check in checks.items():
        try:
            problems += check(record)
        except Exception as error:
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            problems.append(f"its {name} cannot be checked ({what})")
    return problems


def check_files(record: Record) -> Iterator[str]:
    """Whether the three files are there, none else, small enough, and as they were recorded."""
    found = {path.name: path for path in record.folder.iterdir()}
    for name in sorted(set(FILES) ^ set(found)):
        yield f"{name} {'is missing' if name in FILES else 'does not belong there'}"
    size = sum(path.stat().st_size for path in found.values())
    if size > LARGEST:
        yield f"it takes {size / 1e6:.1f} MB, and {LARGEST / 1e6:.0f} MB are the most"
    for name, checksum in record.provenance["files"].items():
        if name in found and store.digest(found[name]) != checksum:
            yield f"{name} was changed after it was recorded"
    if set(record.provenance["files"]) != set(FILES) - {PROVENANCE}:
        yield f"provenance.json lists {', '.join(record.provenance['files']) or 'no files'}"


def check_provenance(record: Record) -> Iterator[str]:
    """Whether all is said that a reader needs, and the folder is named for it."""
    said, seeds = record.provenance, record.provenance["stamp"]["seeds"]
    if (name := record_name(said)) != record.name:
        yield f"it lies in {record.name} and says that it is {name}"
    if seeds != sorted({int(seed) for seed in record.metrics["seed"]}):
        yield f"the stamp says the seeds {seeds}, the metrics have others"
    if not str(said.get("by", "")).strip():
        yield "nobody is named who made it"


def check_worth(record: Record) -> Iterator[str]:
    """Whether it can be evidence at all: no dry or smoke run, none of uncommitted code."""
    said = record.provenance
    if said["scale"] in claims.UNJUDGED:
        yield f"a run of {claims.UNJUDGED[said['scale']]} is no evidence"
    if said["overrides"]:
        names = ", ".join(said["overrides"])
        yield f"{names} differ from the profile {said['profile']}: record what a profile says"
    if said["stamp"]["dirty"] is not False:
        yield "it was made with uncommitted changes, or outside a checkout: nobody could repeat it"


def check_claims(record: Record) -> Iterator[str]:
    """Whether its claims can be judged, and no measurement is there twice."""
    tidy.refuse_repeated(record.metrics)
    if judge_record(record).empty:
        yield "no claim of its notebook can be judged by it"


def count_verdicts(record: Record) -> str:
    """How its claims come out, such as ``12 holds, 3 undecided``."""
    counts = Counter(judge_record(record)["verdict"])
    return ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())


def record_name(said: dict) -> str:
    """``<profile>/<notebook>/<run>``: where a run with this provenance belongs."""
    stamp = said["stamp"]
    return f"{said['profile']}/{said['notebook']}/{stamp['made'][:10]}-{stamp['commit'][:10]}"
