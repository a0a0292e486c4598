"""Tables: the paper's own, ours (mean ± std over the seeds), and both side by side. They read
frames, nothing more.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import cast

import pandas as pd

from bap_core import tidy
from bap_core.encoders.checkpoints import Identity
from bap_core.report import evidence, labels, paper_tables
from bap_core.report.html import Table


def paper_table(name: str) -> Table:
    """A table of the paper with its number and a caption in our words. Cells stand as printed; '-'
    with its reason.

    name: one of `paper_tables.TABLES`, such as ``table2``; ValueError for another.
    """
    frame, caption = paper_tables.table(name), paper_tables.CAPTIONS[name]
    if name == "table17":
        settings = frame.set_index("parameter")
        return Table(settings, caption, words=("value", "unit", "note"), kind="paper")
    rows, columns = paper_tables.LAYOUT[name]
    wide = _spread_out(
        frame.assign(cell=paper_tables.printed_cells(frame)), rows=rows, columns=columns
    )
    return Table(wide, caption, notes=_reasons(frame), kind="paper")


def results_table(
    frame: pd.DataFrame,
    *,
    scale: str,
    metrics: Sequence[str] | str = ("average_accuracy", "worst_group_accuracy"),
    rows: Sequence[str] | str = ("encoder", "method"),
    columns: Sequence[str] | str = "dataset",
    caption: str = "",
) -> Table:
    """What was measured: mean ± std over the seeds, accuracies in percent, '-' with a reason where
    nothing was.

    frame: tidy frame; ``rows`` and ``columns`` name its columns (two names in ``rows`` make
    sections), ``metrics`` the metrics to show (their heading is the lowest level if there is more
    than one). ``scale`` goes into the caption. No cell is marked as the best one. An extra column
    ``reason`` says why a value is NaN. ValueError if the frame has none of the metrics.
    """
    metrics, rows, columns = _listed(metrics), _listed(rows), _listed(columns)
    frame = _with_metrics(frame, metrics)
    if len(metrics) > 1 and "metric" not in rows + columns:
        columns = [*columns, "metric"]
    summary = _summary(frame, rows + columns, metrics)
    wide = _spread_out(summary, rows=rows, columns=columns)
    n_seeds = len(set(frame["seed"]))
    runs = "one run" if n_seeds == 1 else f"mean ± std over {n_seeds} runs"
    unit = " Accuracies in percent." if any(map(labels.is_accuracy, metrics)) else ""
    heading = f"{caption} " if caption else ""
    return Table(
        wide, f"{heading}Measured at {labels.SCALES[scale]}, {runs}.{unit}", notes=_reasons(summary)
    )


def group_accuracy_table(
    frame: pd.DataFrame, *, scale: str, caption: str = "Accuracy of every group."
) -> Table:
    """The accuracy of every group, which the worst-group accuracy is the lowest of: mean ± std over
    the seeds in percent. A section per encoder, a row per method, per data set a column per group.

    frame: tidy frame with rows ``group_accuracy``. A method that was left out has a dash in every
    group of that data set, with its reason. ``scale`` goes into the caption. ValueError if the
    frame has no such row.
    """
    measured = _with_metrics(frame, ["group_accuracy"])
    empty = frame.loc[(frame["metric"] == "worst_group_accuracy") & frame["value"].isna()]
    groups = measured[["dataset", "group"]].drop_duplicates()
    left_out = empty.drop(columns="group").merge(groups, on="dataset")
    return results_table(
        pd.concat([measured, left_out.assign(metric="group_accuracy")]),
        scale=scale,
        metrics="group_accuracy",
        columns=["dataset", "group"],
        caption=caption,
    )


def side_by_side(
    frame: pd.DataFrame,
    *names: str,
    scale: str,
    identities: Mapping[str, Identity],
    metrics: Sequence[str] | str = "worst_group_accuracy",
    rows: str = "method",
    recorded: pd.DataFrame | None = None,
) -> Table:
    """The paper's cells beside the measured ones: a section per encoder, a row per method (or per
    value of another column ``rows``), per data set two columns; three if ``recorded``, the tidy
    frame of a recorded run, is given.

    frame: tidy frame with the methods and data sets of the tables ``names``, such as ``"table2",
    "table8"``; every encoder is shown beside the table of its kind, one that ``identities`` does
    not name or know beside none, and a note says so. Rows are the methods that were measured. Away
    from paper scale the caption says that the pairs are not comparable as values, and with random
    weights not at all.
    """
    metrics = _listed(metrics)
    theirs = paper_tables.in_percent(paper_tables.tables(names))
    frame = _with_metrics(frame, metrics)
    keys = ["encoder", *(key for key in ("dataset", "method", "group") if key in theirs)]
    ours = _summary(frame, [*keys, "metric"], metrics)
    theirs = theirs.assign(cell=paper_tables.printed_cells(theirs)).set_index(
        ["convolutional", "family", *keys[1:], "metric"]
    )["cell"]
    known = {name: identities.get(name, Identity()) for name in frame["encoder"].unique()}
    paper = [
        theirs.get((known[encoder].convolutional, known[encoder].family, *rest), labels.EMPTY)
        for encoder, *rest in ours[[*keys, "metric"]].to_numpy()
    ]
    beside = [ours.assign(cell=paper, source="paper"), ours.assign(source="measured")]
    # a table can be younger than the record
    if recorded is not None and {*recorded["metric"]} & {*metrics}:
        kept = _summary(_with_metrics(recorded, metrics), [*keys, "metric"], metrics)
        shown = ours[[*keys, "metric"]].merge(kept, on=[*keys, "metric"])
        beside[1:] = [shown.assign(source="recorded"), ours.assign(source="this build")]
    both = pd.concat(beside)
    across = [key for key in keys[1:] if key != rows]
    columns = [*across, *(["metric"] if len(metrics) > 1 else []), "source"]
    wide = _spread_out(both, rows=["encoder", rows], columns=columns)
    numbers = " and ".join(paper_tables.CAPTIONS[name].split(" of")[0] for name in names)
    others = " The paper's encoders and data are others: compare directions, not values."
    warning = {"paper": "", "random": " There is nothing to compare."}.get(scale, others)
    strangers = tuple(
        f"{name} is none of the paper's encoders: nothing of its tables is set beside it"
        for name, identity in known.items()
        if not identity.known
    )
    return Table(
        wide,
        f"{numbers} of the paper beside this run ({labels.SCALES[scale]}).{warning}",
        notes=(*_reasons(ours), *strangers),
    )


def claims_table(judged: pd.DataFrame, scale: str, recorded: Mapping | None = None) -> Table:
    """Paper | measured | verdict, a row per claim and encoder. judged: frame from `claims.judge`;
    recorded: of `evidence.recorded_for`, whose verdicts count, with this build's beside them.
    """
    shown = judged
    if recorded is not None:
        shown = evidence.in_force(judged, pd.DataFrame(recorded["claims"]))
    remarks = shown["where"] + ": " + shown["compared"]
    claims = pd.Index(zip(shown["claim"], remarks), name="claim", tupleize_cols=False)
    verdict = {"verdict": list(zip(shown["verdict"], shown["reason"]))}
    columns = {name: shown[name].tolist() for name in ("encoder", "paper")}
    if recorded is None:
        columns |= {"measured": shown["measured"].tolist(), **verdict}
    else:
        build = zip(shown["build"].replace("", labels.EMPTY), shown["build_verdict"])
        there = shown["recorded"].replace("", labels.EMPTY).tolist()
        columns |= {"recorded": there, **verdict, "this build": list(build)}
    frame = pd.DataFrame(columns, index=claims)
    return Table(frame, _claims_caption(scale, recorded), words=tuple(columns), kind="claims")


def _claims_caption(scale: str, recorded: Mapping | None) -> str:
    if scale in ("random", "smoke", "toy"):
        return f"Claims, none of them judged ({labels.SCALES[scale]})."
    judged_as = "values and directions" if scale == "paper" else "directions only"
    caption = f"Claims, judged at {labels.SCALES[scale]} ({judged_as})."
    if recorded is None:
        return caption
    return (
        f"{caption} {evidence.describe(recorded)} Verdicts are the recorded run's; what this build "
        "gave stands beside them."
    )


def _summary(frame: pd.DataFrame, keys: list[str], metrics: list[str]) -> pd.DataFrame:
    """One row per combination of keys: mean and std of ``value`` over the seeds, as a printed
    cell.
    """
    keys = list(dict.fromkeys([*keys, "metric"]))
    per_seed = frame.groupby([*keys, "seed"], sort=False, dropna=False)["value"].agg("mean")
    over_seeds = per_seed.reset_index().groupby(keys, sort=False, dropna=False)["value"]
    found = over_seeds.agg(["mean", "std"]).reset_index()
    cells = zip(found["mean"], found["std"], found["metric"])
    found["cell"] = [labels.format_spread(*cell) for cell in cells]
    found["value"], found["reason"] = found["mean"], ""
    if "reason" in frame:
        first = frame.groupby(keys, sort=False, dropna=False)["reason"].first().reset_index()
        found["reason"] = found[keys].merge(first, how="left")["reason"]
    found["metric"] = pd.Categorical(found["metric"], categories=metrics, ordered=True)
    return found.sort_values("metric", kind="stable").astype({"metric": str})


def _spread_out(frame: pd.DataFrame, *, rows: list[str], columns: list[str]) -> pd.DataFrame:
    """Long cells to a wide table of strings, headings in order of appearance (methods in the
    paper's order).
    """
    order = {key: _order(frame[key], key) for key in rows + columns}
    wide = cast(pd.DataFrame, frame.set_index(rows + columns)["cell"].unstack(columns))
    for axis, keys in ((0, rows), (1, columns)):
        wide = wide.reindex(sorted(wide.axes[axis], key=partial(_position, order, keys)), axis=axis)
    return wide.fillna(labels.EMPTY)


def _position(order: dict, keys: list[str], heading) -> list[int]:
    parts = heading if isinstance(heading, tuple) else (heading,)
    return [order[key][part] for key, part in zip(keys, parts)]


def _order(values: Iterable[str], key: str) -> dict[str, int]:
    names = labels.sort_methods(values) if key == "method" else list(dict.fromkeys(values))
    return {name: position for position, name in enumerate(names)}


def _reasons(frame: pd.DataFrame) -> tuple[str, ...]:
    empty = frame.loc[frame["value"].isna()]
    reasons = [reason for reason in dict.fromkeys(empty["reason"]) if reason]
    if len(empty) and not reasons:
        reasons = ["not measured in this run"]
    return tuple(f"{labels.EMPTY} {reason}" for reason in reasons)


def _with_metrics(frame: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    tidy.refuse_repeated(frame)
    found = frame.loc[frame["metric"].isin(metrics)]
    if found.empty:
        raise ValueError(f"no row for {metrics}; the frame has {sorted(frame['metric'].unique())}")
    return found


def _listed(value: Sequence[str] | str) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
