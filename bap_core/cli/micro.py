"""`bap micro`: make the micro world again, its encoders or its pictures."""

from pathlib import Path

from bap_core.cli.parsing import add_command, add_parts


def add(commands) -> None:
    """Add the command and its parts."""
    text = "Make the micro world again: its encoders or its pictures."
    parts = add_parts(commands, "micro", text)
    pretrain = add_command(
        parts, "pretrain", _pretrain, "Pre-train one of the shipped encoders from its seed."
    )
    pretrain.add_argument("name", metavar="NAME", help="a recipe, such as micro-clip")
    pretrain.add_argument(
        "--out",
        type=Path,
        default=Path(),
        help="folder of the weights and the card (default: here)",
    )
    measure = add_command(
        parts,
        "measure",
        _measure,
        "Measure the native figures of a micro encoder and write them into its card.",
    )
    measure.add_argument(
        "weights", type=Path, metavar="WEIGHTS", help="such as micro-clip.safetensors"
    )
    render = add_command(parts, "render", _render, "Render the micro world and print its folder.")
    render.add_argument(
        "name",
        nargs="?",
        default="micro",
        metavar="NAME",
        help="micro (default), micro-smoke or micro-dry",
    )


def _measure(chosen) -> int:
    from bap_core import micro
    from bap_core.micro.pretraining import pretrain
    from bap_core.report import calibration_table

    card = pretrain.add_figures(chosen.weights, micro.resolve("micro"))
    missed = calibration_table.missed(card)
    for name, value in card["native_figures"].items():
        low, high = card["targets"].get(name, ("-", "-"))
        print(f"{name:38} {value:.4f}  {low} to {high}{'  missed' if name in missed else ''}")
    return 0


def _pretrain(chosen) -> int:
    from bap_core.micro.pretraining import pretrain, readers, recipes

    recipes.find_recipe(chosen.name, recipes.RECIPES | recipes.READERS)
    make = readers.pretrain_reader if chosen.name in recipes.READERS else pretrain.pretrain
    print(make(chosen.name, out=chosen.out))
    return 0


def _render(chosen) -> int:
    from bap_core import micro

    print(micro.resolve(chosen.name))
    return 0
