"""`bap audit`: how much an encoder looks at the background on one's own objects."""

import json
from pathlib import Path

from bap_core.cli.parsing import add_command

_LEAST = {"n_objects": 2, "n_backgrounds": 2, "seed": 0}


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
    parser.add_argument("--n-objects", type=int, default=200, help="at most (default: 200)")
    parser.add_argument("--n-backgrounds", type=int, default=50, help="at most (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (default: 0)")


def _audit(chosen) -> int:
    for name, least in _LEAST.items():
        if (value := getattr(chosen, name)) < least:
            raise ValueError(
                f"--{name.replace('_', '-')} is {value}; it has to be at least {least}"
            )
    if chosen.out and (chosen.out / "report.html").exists():
        raise ValueError(f"{chosen.out} holds a report already: give another folder")
    from bap_core import micro, store
    from bap_core.audit import examine
    from bap_core.data import folders
    from bap_core.encoders import load
    from bap_core.report import audit_report

    encoder = load(chosen.encoder)
    told = {"mask_values": chosen.mask_values, "mask_from": chosen.mask_from}
    objects = folders.objects(micro.resolve(chosen.objects), **told)
    backgrounds = folders.backgrounds(micro.resolve(chosen.backgrounds))
    counts = {name: getattr(chosen, name) for name in _LEAST}
    found = examine(encoder, objects, backgrounds, **counts)
    files = {
        "report.html": audit_report.render(found),
        "report.json": json.dumps(audit_report.figures_of(found), indent=1, ensure_ascii=False),
    }
    out = chosen.out or store.next_folder("audits", encoder.name)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with store.atomic_write(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print("\n".join(audit_report.in_words(found)))
    print(f"The report: {(out / 'report.html').resolve().as_uri()}")
    return 0
