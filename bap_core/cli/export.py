"""`bap export`: an encoder as a folder for another library, with a card that says what it is."""

import json
from pathlib import Path

from bap_core.cli.parsing import add_command


def add(commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "export", _export, "Write an encoder for open_clip, transformers or timm."
    )
    parser.add_argument(
        "encoder",
        metavar="ENCODER",
        help="weights that bap align wrote, or any other encoder, as for bap audit",
    )
    parser.add_argument("--to", required=True, help="open_clip, transformers or timm")
    parser.add_argument("--out", type=Path, required=True, help="folder that does not exist yet")
    parser.add_argument(
        "--push",
        metavar="USER/NAME",
        help="also upload it to the Hugging Face Hub, under the login of this machine",
    )


def _export(chosen) -> int:
    if chosen.out.exists():
        raise ValueError(f"{chosen.out} is there already: give another folder")
    from bap_core import store
    from bap_core.encoders import exporting, load
    from bap_core.report import model_card

    report = Path(chosen.encoder).expanduser().parent / "report.json"
    measured = json.loads(report.read_text("utf-8")) if report.is_file() else None
    encoder = load(chosen.encoder)
    line = exporting.export(encoder, chosen.out, to=chosen.to)
    with store.atomic_write(chosen.out / "README.md") as temporary:
        card = model_card.render(encoder.architecture, chosen.to, line, measured)
        temporary.write_text(card, encoding="utf-8")
    print(f"{chosen.out}: load it with\n{line}")
    if chosen.push:
        from huggingface_hub import HfApi

        hub = HfApi()
        hub.create_repo(chosen.push, exist_ok=True)
        print(hub.upload_folder(repo_id=chosen.push, folder_path=chosen.out))
    return 0
