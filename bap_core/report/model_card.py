"""The card of an exported encoder, as the Hugging Face Hub reads it: from the report of the
alignment that lies beside its weights, and nothing that was not measured.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from bap_core import __version__

# of the weights that an encoder was made from, by what their names hold
LICENCES = {
    "micro-": "mit",
    "laion": "mit",
    "openai": "mit",
    "siglip2": "apache-2.0",
    "dinov2": "apache-2.0",
    "metaclip": "cc-by-nc-4.0",
    "mae": "cc-by-nc-4.0",
}
_PERCENT = {
    "variance, background": ("variance", "background"),
    "variance, object": ("variance", "object"),
    "nearest object of its class, background kept": ("neighbours", "kept"),
    "nearest object of its class, background swapped": ("neighbours", "swapped"),
    "class found, on grey": ("named", "on grey"),
    "class found, on backgrounds": ("named", "on backgrounds"),
}


def render(architecture: str, library: str, line: str, measured: Mapping | None) -> str:
    """Markdown with its front matter.

    line: Python that loads it. measured: ``report.json`` of `bap align`, or None for an encoder
    that was not aligned here.
    """
    base = measured["before"]["encoder"] if measured else architecture
    licence = next((one for part, one in LICENCES.items() if part in base.lower()), None)
    known: dict[str, Any] = (
        {"license": licence} if licence else {"license": "other", "license_name": "of-its-base"}
    )
    told = ModelCardData(
        **known,
        model_name=architecture,
        eval_results=list(_results(measured)) if measured else None,
        library_name=library,
        pipeline_tag="zero-shot-image-classification" if library != "timm" else None,
        tags=["bap-companion", *(["background-invariant"] if measured else [])],
    )
    parts = [f"---\n{told.to_yaml()}\n---", f"# {architecture}", *_body(line, measured)]
    return "\n\n".join(parts) + "\n"


def _body(line: str, measured: Mapping | None) -> Iterable[str]:
    if measured is None:
        yield f"Weights of this architecture, written by bap-companion {__version__}, not aligned."
    else:
        yield (
            "An image encoder that was aligned to background-invariant anchors (BAP, "
            "[arXiv 2605.11107](https://arxiv.org/abs/2605.11107)) with bap-companion "
            f"{__version__}."
        )
    yield f"```python\n{line}\n```"
    if measured is None:
        return
    yield "## What it was aligned on"
    on, settings = measured["aligned_on"], measured["settings"]
    yield (
        f"{on['objects']:,} objects and {on['backgrounds']:,} backgrounds, fingerprint "
        f"`{on['fingerprint'][:16]}`; "
        + ", ".join(f"{name} {value}" for name, value in settings.items())
        + "."
    )
    yield "## What was measured"
    before, after = measured["before"], measured["after"]
    yield (
        f"On {after['objects']['n']:,} objects and {after['backgrounds']['n']:,} backgrounds that "
        "were held out; 95 % intervals over objects where ten or more say something about others."
    )
    yield "\n".join(["| | before | after |", "|---|---|---|", *_rows(before, after)])
    if worse := measured["classes_worse"]:
        names = ", ".join(str(row["class"]) for row in worse)
        yield f"Classes of which fewer pictures are found than before: {names}."
    yield "## What it should not be used for"
    yield (
        "Recognising scenes: it was taught to look away from them, and is worse at it than the "
        "original. Fine-tuning on a task undoes the alignment (appendix K of the paper): use it as "
        "a fixed feature extractor. Its figures hold for objects like those above and no others."
    )
    yield "## Licence"
    base = before["encoder"]
    yield f"That of the weights it was made from, {base}, and whatever the pictures ask for."


def _results(measured: Mapping) -> Iterable[EvalResult]:
    """What was measured after the alignment, as the hub lists it."""
    for words, (part, name) in _PERCENT.items():
        if figure := measured["after"][part].get(name):
            yield EvalResult(
                task_type="image-feature-extraction",
                dataset_type="own-pictures",
                dataset_name="objects on backgrounds, both held out of the alignment",
                metric_type=f"{part} {name}".replace(" ", "_"),
                metric_name=f"{words}, in percent",
                metric_value=round(100 * figure["value"], 1),
            )


def _rows(before: Mapping, after: Mapping) -> Iterable[str]:
    for words, (part, name) in _PERCENT.items():
        if name in after[part]:
            yield f"| {words} | {_share(before[part][name])} | {_share(after[part][name])} |"


def _share(figure: Mapping) -> str:
    value = f"{100 * figure['value']:.0f} %"
    if figure["low"] is None:
        return value
    return f"{value} ({100 * figure['low']:.0f} to {100 * figure['high']:.0f})"
