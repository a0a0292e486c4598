"""`bap align`: an encoder that looks at the background less, aligned on one's own objects."""

from contextlib import suppress
from pathlib import Path

from bap_core.cli.audit import add_data, read_data, refuse_below, refuse_used, write_report
from bap_core.cli.parsing import add_command

_SMALL, _FULL = 3e-4, 5e-6  # learning rates: of a micro encoder, and Table 17's


def add(commands) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "align",
        _align,
        "Align an encoder on your objects, and audit it before and after on held-out pictures.",
    )
    parser.add_argument("encoder", metavar="ENCODER", help="as for bap audit")
    add_data(parser)
    parser.add_argument("--method", default="bap", help="bap, the only one so far")
    for name, default, text in (
        ("k", 10, "K, backgrounds per anchor"),
        ("m", 5, "M, contexts per object and epoch"),
        ("epochs", 10, "passes over all objects"),
        ("batch-size", 128, "pictures per step"),
    ):
        parser.add_argument(
            f"--{name}", type=int, default=default, help=f"{text} (default: {default})"
        )
    parser.add_argument(
        "--lr",
        type=float,
        help=f"learning rate (default: {_FULL:g}, of a micro encoder {_SMALL:g})",
    )
    parser.add_argument(
        "--out", type=Path, help="folder of weights and report (default: a new one below aligned)"
    )


def _align(chosen) -> int:
    from bap_core.audit.before_and_after import METHODS, align

    if chosen.method not in METHODS:
        raise ValueError(f"--method is {chosen.method!r}; choices: {', '.join(METHODS)}")
    refuse_used(chosen.out)
    refuse_below(chosen, k=1, m=1, epochs=1, batch_size=1)
    if chosen.lr is not None and not 0 < chosen.lr < 1:
        raise ValueError(f"--lr is {chosen.lr:g}; it has to be above 0 and below 1")
    encoder, objects, backgrounds = read_data(chosen)
    from bap_core import store
    from bap_core.report import align_report

    # before hours of training: it can be written, and it is nobody else's
    out = chosen.out or store.next_folder("aligned", encoder.architecture)
    out.mkdir(parents=True, exist_ok=True)
    names = ("n_objects", "n_backgrounds", "seed", "k", "m", "epochs", "batch_size")
    choices = {name: getattr(chosen, name) for name in names}
    choices["lr"] = chosen.lr or (_SMALL if encoder.scale == "micro" else _FULL)
    try:
        made = align(encoder, objects, backgrounds, **choices)
        if not made.collapsed:
            saved = made.encoder.save(out / _file_name(encoder))
    finally:
        with suppress(OSError):  # something is in it
            out.rmdir()
    report = write_report(
        out, html=align_report.render(made), figures=align_report.figures_of(made)
    )
    print("\n".join(align_report.in_words(made)))
    if not made.collapsed:
        print(f"The weights: {saved}; load them with\n{made.encoder.how_to_load(saved)}")
    print(f"The report: {report.resolve().as_uri()}")
    return 1 if made.collapsed else 0


def _file_name(encoder) -> str:
    """transformers reads a folder, the other libraries a file."""
    from bap_core.encoders.backends.shape import FolderModel

    return "weights" if isinstance(encoder.model, FolderModel) else "weights.safetensors"
