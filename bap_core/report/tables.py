"""Tables: the paper's own, ours (mean ± std over the seeds), and both side by side. They read
frames, nothing more.
"""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from bap_core import tidy
from bap_core.encoders.checkpoints import Identity
from bap_core.report import labels as wording
from bap_core.report import paper_tables
from bap_core.report.html import Table

__all__ = ["Table", "claims_table", "paper_table", "results_table", "side_by_side"]

CAPTIONS = {
    "table1": (
        "Table 1 of the paper. Additivity S (equation 1) of object and background in the "
        "embeddings of six families of "
        "encoders; mean ± spread over 300,000 composites. "
        "SigLIP 2, IN-1K and MAE are ViT-L/16 in the column ViT-L/14."
    ),
    "table2": (
        "Table 2 of the paper. Waterbirds: average (AVG) and worst-group accuracy (WGA) in "
        "percent, mean ± std over 5 "
        "runs. Native, control and BAP rows are what this book measures; the others are baselines."
    ),
    "table3": (
        "Table 3 of the paper. People experiment on COCO: average (AVG) and worst-group accuracy "
        "(WGA) in percent, "
        "mean ± std over 5 runs. One pair cannot be right as printed: AFR with SigLIP 2 at 95 % "
        "has an average below its "
        "worst group."
    ),
    "table4": (
        "Table 4 of the paper. CounterAnimal, two pairs of birds: average (AVG) and worst-group "
        "accuracy (WGA) in "
        "percent, mean ± std over 10 runs."
    ),
    "table5": (
        "Table 5 of the paper. NICO++, four pairs of vehicles with CLIP's ConvNeXt-W: average "
        "(AVG) and worst-group "
        "accuracy (WGA) in percent, mean ± std over 5 runs."
    ),
    "table8": (
        "Table 8 of the paper. Waterbirds with CLIP's ConvNeXt-W: average (AVG) and worst-group "
        "accuracy (WGA) in "
        "percent, mean ± std over 5 runs."
    ),
    "table9": (
        "Table 9 of the paper. NICO++, four pairs of vehicles with SigLIP 2's ViT-B/16: average "
        "(AVG) and worst-group "
        "accuracy (WGA) in percent, mean ± std over 5 runs."
    ),
    "table12": "Table 12 of the paper. Background sensitivity index (BSI) on Waterbirds-100; lower "
    "is less sensitive.",
    "table14": "Table 14 of the paper. BAP probe on Waterbirds-100 in percent, by K, the "
    "backgrounds per anchor.",
    "table16": "Table 16 of the paper. Zero-shot accuracy per class, before and after BAP (CLIP): "
    "objects and scenes.",
    "table17": "Table 17 of the paper. Settings of the alignment.",
}

LAYOUT = {
    "table1": (["family"], ["architecture"]),
    "table2": (["family", "method"], ["dataset", "metric"]),
    **dict.fromkeys(
        ("table3", "table4", "table5", "table8", "table9"),
        (["family", "method"], ["dataset", "metric"]),
    ),
    "table12": (["method"], ["family"]),
    "table14": (["k"], ["metric"]),
    "table16": (["name"], ["method"]),
}

DECIMALS = {"percent": 1, "ratio": 1, "cosine": 2, "fraction": 2}


def paper_table(name: str) -> Table:
    """A table of the paper with its number and a caption in our words. Cells stand as printed; '-'
    with its reason.

    name: ``table1``, ``table2``, ``table12``, ``table14``, ``table16`` or ``table17``; ValueError
    for another.
    """
    frame = paper_tables.table(name)
    if name == "table17":
        return Table(
            frame.set_index("parameter"),
            CAPTIONS[name],
            words=("value", "unit", "note"),
            kind="paper",
        )
    rows, columns = LAYOUT[name]
    cells = [_as_printed(row) for row in frame.itertuples()]
    wide = _spread_out(frame.assign(cell=cells), rows=rows, columns=columns)
    return Table(wide, CAPTIONS[name], notes=_reasons(frame), kind="paper")


def results_table(
    frame: pd.DataFrame,
    *,
    scale: str,
    metrics: list[str] | str = ("average_accuracy", "worst_group_accuracy"),
    rows: list[str] | str = ("encoder", "method"),
    columns: list[str] | str = "dataset",
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
    n_seeds = frame["seed"].nunique()
    runs = "one run" if n_seeds == 1 else f"mean ± std over {n_seeds} runs"
    unit = " Accuracies in percent." if any(map(wording.is_accuracy, metrics)) else ""
    heading = f"{caption} " if caption else ""
    return Table(
        wide,
        f"{heading}Measured at {wording.SCALES[scale]}, {runs}.{unit}",
        notes=_reasons(summary),
    )


def side_by_side(
    frame: pd.DataFrame,
    *names: str,
    scale: str,
    identities: Mapping[str, Identity],
    metrics: list[str] | str = "worst_group_accuracy",
) -> Table:
    """The paper's cells beside the measured ones: a section per encoder, a row per method, per data
    set two columns.

    frame: tidy frame with the methods and data sets of the tables ``names``, such as ``"table2",
    "table8"``; every encoder is shown beside the table of its kind, one that ``identities`` does
    not name or know beside none, and a note says so. Rows are the methods that were measured. Away
    from paper scale the caption says that the pairs are not comparable as values, and with random
    weights not at all.
    """
    metrics, theirs = _listed(metrics), paper_tables.tables(names)
    frame = _with_metrics(frame, metrics)
    keys = [key for key in ("encoder", "dataset", "method") if key == "encoder" or key in theirs]
    ours = _summary(frame, [*keys, "metric"], metrics)
    theirs = theirs.assign(cell=[_as_printed(row) for row in theirs.itertuples()])
    theirs = theirs.set_index(["convolutional", "family", *keys[1:], "metric"])["cell"]
    known = {name: identities.get(name, Identity()) for name in frame["encoder"].unique()}
    paper = [
        theirs.get((known[encoder].convolutional, known[encoder].family, *rest), wording.EMPTY)
        for encoder, *rest in ours[[*keys, "metric"]].to_numpy()
    ]
    both = pd.concat([ours.assign(cell=paper, source="paper"), ours.assign(source="measured")])
    columns = [*keys[1:-1], *(["metric"] if len(metrics) > 1 else []), "source"]
    wide = _spread_out(both, rows=["encoder", "method"], columns=columns)
    number = " and ".join(CAPTIONS[name].split(" of")[0] for name in names) + " of the paper"
    others = " The paper's encoders and data are others: compare directions, not values."
    warning = {"paper": "", "random": " There is nothing to compare."}.get(scale, others)
    strangers = tuple(
        f"{name} is none of the paper's encoders: nothing of its tables is set beside it"
        for name, identity in known.items()
        if not identity.known
    )
    return Table(
        wide,
        f"{number} beside this run ({wording.SCALES[scale]}).{warning}",
        notes=(*_reasons(ours), *strangers),
    )


def claims_table(judged: pd.DataFrame, scale: str) -> Table:
    """Paper | measured | verdict, a row per claim and encoder. judged: frame from
    `claims.judge`.
    """
    remarks = judged["where"] + ": " + judged["compared"]
    claims = pd.Index(zip(judged["claim"], remarks), name="claim", tupleize_cols=False)
    verdicts = list(zip(judged["verdict"], judged["reason"]))
    shown = pd.DataFrame(
        {**judged[["encoder", "paper", "measured"]], "verdict": verdicts}
    ).set_index(claims)
    judged_as = "values and directions" if scale == "paper" else "directions only"
    caption = f"Claims, judged at {wording.SCALES[scale]} ({judged_as})."
    if scale == "random":
        caption = f"Claims, none of them judged ({wording.SCALES[scale]})."
    return Table(shown, caption, words=("encoder", "paper", "measured", "verdict"), kind="claims")


def _summary(frame: pd.DataFrame, keys: list[str], metrics: list[str]) -> pd.DataFrame:
    """One row per combination of keys: mean and std of ``value`` over the seeds, as a printed
    cell.
    """
    keys = list(dict.fromkeys([*keys, "metric"]))
    per_seed = (
        frame.groupby([*keys, "seed"], sort=False, dropna=False)["value"].mean().reset_index()
    )
    found = (
        per_seed.groupby(keys, sort=False, dropna=False)["value"].agg(["mean", "std"]).reset_index()
    )
    found["cell"] = [wording.spread(row.mean, row.std, row.metric) for row in found.itertuples()]
    found["value"] = found["mean"]
    found["reason"] = (
        found[keys].merge(_first_reason(frame, keys), how="left")["reason"]
        if "reason" in frame
        else ""
    )
    found["metric"] = pd.Categorical(found["metric"], categories=metrics, ordered=True)
    return found.sort_values("metric", kind="stable").astype({"metric": str})


def _first_reason(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return frame.groupby(keys, sort=False, dropna=False)["reason"].first().reset_index()


def _spread_out(frame: pd.DataFrame, *, rows: list[str], columns: list[str]) -> pd.DataFrame:
    """Long cells to a wide table of strings, headings in order of appearance (methods in the
    paper's order).
    """
    order = {key: _order(frame[key], key) for key in rows + columns}
    wide = frame.set_index(rows + columns)["cell"].unstack(columns)
    for axis, keys in ((0, rows), (1, columns)):
        wide = wide.reindex(sorted(wide.axes[axis], key=partial(_position, order, keys)), axis=axis)
    return wide.fillna(wording.EMPTY)


def _position(order: dict, keys: list[str], labels) -> list[int]:
    return [order[key][part] for key, part in zip(keys, _parts(labels))]


def _parts(labels) -> tuple:
    return labels if isinstance(labels, tuple) else (labels,)


def _order(values: pd.Series, key: str) -> dict:
    names = wording.in_method_order(values) if key == "method" else list(dict.fromkeys(values))
    return {name: position for position, name in enumerate(names)}


def _as_printed(row) -> str:
    if pd.isna(row.value):
        return wording.EMPTY
    digits = DECIMALS[row.unit]
    return f"{row.value:.{digits}f}" + ("" if pd.isna(row.std) else f" ± {row.std:.{digits}f}")


def _reasons(frame: pd.DataFrame) -> tuple[str, ...]:
    empty = frame[frame["value"].isna()]
    reasons = [reason for reason in dict.fromkeys(empty["reason"]) if reason]
    if len(empty) and not reasons:
        reasons = ["not measured in this run"]
    return tuple(f"{wording.EMPTY} {reason}" for reason in reasons)


def _with_metrics(frame: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    tidy.refuse_repeated(frame)
    found = frame[frame["metric"].isin(metrics)]
    if found.empty:
        raise ValueError(f"no row for {metrics}; the frame has {sorted(frame['metric'].unique())}")
    return found


def _listed(value) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
