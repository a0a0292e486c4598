"""The people experiment on COCO (appendices L and M.4): labels that are guesses, who is in the set,
and the pictures that it shows.
"""

from bap_core.people.design import (
    CATEGORIES,
    DISCLAIMER,
    SCALE,
    TEMPLATES,
    placements,
    select,
    unconfounded,
    visible,
)
from bap_core.people.labels import label_objects
from bap_core.people.scenes import Composites, compose, make_visible

__all__ = [
    "CATEGORIES",
    "DISCLAIMER",
    "SCALE",
    "TEMPLATES",
    "Composites",
    "compose",
    "label_objects",
    "make_visible",
    "placements",
    "select",
    "unconfounded",
    "visible",
]
