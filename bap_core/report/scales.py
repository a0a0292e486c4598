"""At which scale a page's numbers were made: decided from the encoders and data in use, never
from a profile's name.
"""

from collections.abc import Mapping
from html import escape

from bap_core.data import world_file
from bap_core.encoders.checkpoints import Identity

TOO_SMALL = ("micro-smoke", "micro-dry")  # rendered worlds on which nothing is judged
OF_ORIGIN = {"official": "paper", "micro": "micro", "own": "own"}

BANNERS = {
    "micro": (
        "Micro scale",
        (
            "Small encoders, trained on a rendered world. These numbers are not the paper's; only "
            "directions are judged."
        ),
        "#8a4b00",
    ),
    "own": (
        "Your own pictures",
        "These numbers are about your pictures and have no counterpart in the paper.",
        "#4b3f8f",
    ),
    "paper": (
        "Paper scale",
        "The paper's encoders on the official data. Values are judged against the paper's.",
        "#0b5d3b",
    ),
    "smoke": (
        "Smoke scale",
        (
            "A world of a few pictures, so that every step runs in seconds. These numbers mean "
            "nothing and nothing is judged."
        ),
        "#9c1c1c",
    ),
    "toy": (
        "A toy on photographs",
        (
            "An encoder that has seen drawings only, on pictures that are none. These numbers say "
            "nothing and nothing is judged; take an encoder that was trained on photographs."
        ),
        "#9c1c1c",
    ),
    "random": (
        "Random weights",
        "Proof that the path runs from end to end. The numbers mean nothing and nothing is judged.",
        "#9c1c1c",
    ),
}


def scale_of(used: list) -> str:
    """``random`` if an encoder has random weights, else ``smoke`` if any pictures are of a world
    too small to mean anything, else ``toy`` if an encoder of the micro world is shown pictures of
    another, else ``micro`` if anything is of the micro world, else ``own`` if any pictures belong
    to no official data set, else ``paper``.

    used: encoders, which have ``scale``, and listings, which have ``origin``. ValueError without
    any.
    """
    if not used:
        raise ValueError(
            "the scale of a page follows from what it used: pass its encoders and data"
        )
    of_encoders = {item.scale for item in used if hasattr(item, "scale")}
    of_data = {_scale_of_data(item) for item in used if not hasattr(item, "scale")}
    scales = of_encoders | of_data
    if "micro" in of_encoders and of_data & {"own", "paper"}:
        scales.add("toy")
    order = ("random", "smoke", "toy", "micro", "own", "paper")
    return next(scale for scale in order if scale in scales)


def _scale_of_data(item) -> str:
    if item.origin == "micro" and (world_of(item) or {}).get("name") in TOO_SMALL:
        return "smoke"
    return OF_ORIGIN[item.origin]


def world_of(item) -> dict | None:
    """What ``bap-world.json`` in the root of a data listing (or above it) declares, or None for
    official or own data.
    """
    return world_file.world_around(item.root)


def banner_html(scale: str, more: str = "") -> str:
    """The coloured box that opens every page. Colours are inline, so that it shows without the
    book's style sheet.

    more: a further sentence, plain text.
    """
    title, sentence, colour = BANNERS[scale]
    further = f" {escape(more)}" if more else ""
    box = "color:#fff;padding:.8em 1em;border-radius:6px;margin:1em 0;line-height:1.4"
    return (
        f'<div class="bap-banner bap-banner-{scale}" role="note" style="background:{colour};{box}">'
        "<strong "
        f'style="color:#fff;display:block;font-size:1.15em">{title}</strong>{sentence}{further}</div>'
    )


def strangers(identities: Mapping[str, Identity]) -> str:
    """A sentence about those of the encoders (name -> identity) that the paper does not have; "" if
    there is none.
    """
    names = [name for name, identity in identities.items() if not identity.known]
    if not names:
        return ""
    return (
        f"{', '.join(names)}: not among the paper's encoders, so compared with none of its numbers."
    )
