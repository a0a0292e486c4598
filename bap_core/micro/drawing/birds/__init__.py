"""Birds as parametric drawings: a `Species` plus the accidents of one individual give a cut-out
picture.

There are two dozen species with CUB-200-2011's numbers and names. Two of them differ in shape first
and colour second, and shapes overlap on purpose: a dark land bird and a dark water bird differ in
bill, neck and tail before they differ in colour. Two individuals of a species differ in pose,
direction, plumage, light and the state of the wing.
"""

from bap_core.micro.drawing.birds.draw_bird import draw
from bap_core.micro.drawing.birds.land_species import LAND_BIRDS
from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.drawing.birds.water_species import WATER_BIRDS

SPECIES: tuple[Species, ...] = (*WATER_BIRDS, *LAND_BIRDS)

__all__ = ["SPECIES", "draw"]
