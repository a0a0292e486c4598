"""`bap audit`: how much an encoder looks at the background on one's own objects."""

import json
from pathlib import Path

from bap_core.cli.parsing import add_command


def add(commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "audit", _audit, "Measure how much an encoder looks at the background."
    )
    parser.add_argument(
        "encoder", metavar="ENCODER", help="NAME, NAME:TAG, NAME:FILE, or a .safetensors of yours"
    )
    add_data(parser)
    parser.add_argument(
        "--out", type=Path, help="folder of the report (default: a new one below audits)"
    )


def add_data(parser) -> None:
    """Objects, backgrounds, how masks are read, and how many are taken."""
    parser.add_argument(
        "--objects", required=True, help="COCO json, cut-outs, or images with masks"
    )
    parser.add_argument("--backgrounds", required=True, help="folder of pictures")
    parser.add_argument(
        "--mask-values",
        type=int,
        nargs="+",
        default=[],
        metavar="VALUE",
        help="values of the masks that are objects, if they are read wrongly",
    )
    parser.add_argument(
        "--mask-from",
        default="auto",
        help="auto, grey, inverted (dark is the object) or alpha (what is opaque is)",
    )
    without = parser.add_mutually_exclusive_group()
    without.add_argument(
        "--boxes",
        action="store_true",
        help="objects are whole boxes of a COCO json, with the background in them",
    )
    without.add_argument(
        "--segment",
        metavar="MODEL",
        help="masks by a model of transformers, such as facebook/sam-vit-base, from the boxes of a "
        "COCO json or else the middle of each picture",
    )
    parser.add_argument(
        "--prompt",
        default="",
        metavar="WORDS",
        help="with --segment and a model that reads, such as facebook/sam3: what to cut out; "
        "{label} is the sub-folder of a picture",
    )
    parser.add_argument("--n-objects", type=int, default=200, help="at most (default: 200)")
    parser.add_argument("--n-backgrounds", type=int, default=50, help="at most (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (default: 0)")


def read_data(chosen, *, at_most: int | None = None) -> tuple:
    """Encoder, objects and backgrounds that were asked for; counts out of range are refused before
    anything is loaded. at_most: how many objects masks are drawn for, of all by default.
    """
    refuse_below(chosen, n_objects=2, n_backgrounds=2, seed=0)
    from bap_core import micro
    from bap_core.data import folders
    from bap_core.encoders import load

    encoder = load(chosen.encoder)
    backgrounds = folders.backgrounds(micro.resolve(chosen.backgrounds))
    return encoder, _read_objects(chosen, micro.resolve(chosen.objects), at_most), backgrounds


def _read_objects(chosen, path, at_most: int | None):
    from bap_core import runtime
    from bap_core.data import folders

    told = {"mask_values": chosen.mask_values, "mask_from": chosen.mask_from}
    if chosen.prompt and not chosen.segment:
        raise ValueError("--prompt tells a model what to cut out: name one with --segment")
    if not chosen.segment:
        return folders.objects(path, **told, boxed=chosen.boxes)
    if chosen.mask_values or chosen.mask_from != "auto":
        raise ValueError("--segment draws the masks: leave --mask-values and --mask-from out")
    from bap_core.audit import segmenting

    found = segmenting.find_unmasked(path)
    some = found.sample(at_most=at_most or len(found), rng=runtime.rng(chosen.seed, "objects"))
    return segmenting.segment(some, chosen.segment, chosen.prompt)


def refuse_below(chosen, **least: float) -> None:
    """ValueError for the first option whose value is below its least one."""
    for name, bound in least.items():
        if (value := getattr(chosen, name)) < bound:
            option = f"--{name.replace('_', '-')}"
            raise ValueError(f"{option} is {value}; it has to be at least {bound}")


def write_report(out: Path, *, html: str, figures: dict) -> Path:
    """Write ``report.html`` and ``report.json`` into the folder; returns the first."""
    from bap_core import store

    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    for name, content in {"report.json": text, "report.html": html}.items():
        with store.atomic_write(out / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return out / "report.html"


def refuse_used(out: Path | None) -> None:
    """ValueError for a folder that holds a report already, or a path that is a file."""
    if out and out.is_file():
        raise ValueError(f"{out} is a file: give a folder")
    if out and (out / "report.html").exists():
        raise ValueError(f"{out} holds a report already: give another folder")


def _audit(chosen) -> int:
    refuse_used(chosen.out)
    encoder, objects, backgrounds = read_data(chosen, at_most=chosen.n_objects)
    from bap_core import store
    from bap_core.audit import examine
    from bap_core.report import audit_report

    counts = {name: getattr(chosen, name) for name in ("n_objects", "n_backgrounds", "seed")}
    found = examine(encoder, objects, backgrounds, **counts)
    html, figures = audit_report.render(found), audit_report.figures_of(found)
    out = chosen.out or store.next_folder("audits", encoder.architecture)
    report = write_report(out, html=html, figures=figures)
    print("\n".join(audit_report.in_words(found)))
    print(f"The report: {report.resolve().as_uri()}")
    return 0
