"""What was recorded for a page: the newest recorded run of its notebook at its scale. Its claims
are judged by today's rules and decide the verdicts; those of the build stand beside them.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from bap_core import sources, store
from bap_core.recorded import Record, newest
from bap_core.recorded.bundle import to_records
from bap_core.recorded.record import FILES
from bap_core.report import claims, stamp

_ROW = ["id", "encoder"]


def recorded_for(notebook: str, scale: str) -> dict | None:
    """Name, origin, moved stages and judged claims of the record, as JSON values; None where
    nothing is recorded.
    """
    if (record := newest(notebook, scale)) is None:
        return None
    return {
        "name": record.name,
        "about": record.about,
        "moved": record.moved,
        "claims": to_records(judge_record(record)),
    }


def recorded_at_paper_scale(bundle: Mapping) -> dict | None:
    """`recorded_for` the notebook of a page that was not made at paper scale itself."""
    if bundle["scale"] == "paper":
        return None
    return recorded_for(bundle["notebook"], "paper")


def judge_record(record: Record) -> pd.DataFrame:
    """Its claims, judged by its metrics and predictions: a frame as of `claims.judge`. Kept in the
    store for as long as neither the record nor the package changes.
    """
    parts = {name: store.digest(record.folder / name) for name in FILES}
    parts |= {"package": sources.source_hash(), "versions": sources.versions()}
    judged = store.value("judged", parts, lambda: to_records(_judge(record)))
    return pd.DataFrame(judged, columns=claims.COLUMNS)


def _judge(record: Record) -> pd.DataFrame:
    said = record.provenance
    known = stamp.identities_of(said["stamp"])
    return claims.judge(record.metrics, said["notebook"], said["scale"], known, record.predictions)


def claims_of(bundle: Mapping) -> pd.DataFrame:
    """The claims of a page with the verdicts in force: `in_force` where anything is recorded."""
    judged = pd.DataFrame(bundle["claims"], columns=claims.COLUMNS)
    if bundle["recorded"] is None:
        return judged
    return in_force(judged, pd.DataFrame(bundle["recorded"]["claims"]))


def together(recorded: Sequence[Mapping]) -> dict:
    """Several of `recorded_for` as if they were one, without their claims."""
    moved = dict.fromkeys(stage for one in recorded for stage in one["moved"])
    names = ", ".join(one["name"] for one in recorded)
    return {"about": f"in {names}", "moved": list(moved)}


def describe(recorded: Mapping) -> str:
    """The record in a sentence or two, for a caption."""
    moved = ", ".join(recorded["moved"])
    older = f" It is older than the code: {moved} changed since." if moved else ""
    return f"Recorded {recorded['about']}.{older}"


def in_force(judged: pd.DataFrame, recorded: pd.DataFrame) -> pd.DataFrame:
    """The claims of ``recorded``, and those of ``judged``, the build's, that it lacks or has not
    measured (a claim can be younger than the record), in the order of ``judged`` and then of
    ``recorded``; with further columns ``recorded``, what was measured there, and ``build`` and
    ``build_verdict`` of the build, each "" where there is none.
    """
    recorded = recorded.loc[recorded["verdict"] != claims.UNTESTED]
    both = pd.concat([recorded, judged]).drop_duplicates(_ROW)
    order = {claim: n for n, claim in enumerate(pd.concat([judged, recorded])["id"].unique())}
    both = both.sort_values("id", key=lambda ids: ids.map(order), kind="stable")
    rows = pd.MultiIndex.from_arrays([both[name] for name in _ROW])
    theirs, ours = recorded.set_index(_ROW), judged.set_index(_ROW)
    return both.assign(
        recorded=theirs["measured"].reindex(rows).fillna("").to_numpy(),
        build=ours["measured"].reindex(rows).fillna("").to_numpy(),
        build_verdict=ours["verdict"].reindex(rows).fillna("").to_numpy(),
    )
