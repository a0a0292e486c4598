"""Birds as parametric drawings: a `Species` plus the accidents of one individual give a cut-out
picture.

There are two dozen species with CUB-200-2011's numbers and names. Two of them differ in shape first
and colour second, and shapes overlap on purpose: a dark land bird and a dark water bird differ in
bill, neck and tail before they differ in colour. Two individuals of a species differ in pose,
direction, plumage, light and the state of the wing.
"""

import numpy as np
from PIL import Image

from bap_core.micro.drawing.birds.body import draw_body, draw_legs, draw_tail
from bap_core.micro.drawing.birds.head import draw_bill, draw_eye, draw_head
from bap_core.micro.drawing.birds.individual import individual
from bap_core.micro.drawing.birds.land_birds import LAND_BIRDS
from bap_core.micro.drawing.birds.marks import draw_marks
from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.drawing.birds.water_birds import WATER_BIRDS
from bap_core.micro.drawing.birds.wings import draw_folded_wing, draw_raised_wing

SPECIES: tuple[Species, ...] = (*WATER_BIRDS, *LAND_BIRDS)


def draw(species: Species, rng: np.random.Generator, *, length: int) -> Image.Image:
    """One individual as a tight RGBA picture, ``length`` pixels on its longer side, facing left
    or right. The alpha channel is its exact mask.
    """
    bird = individual(species, rng)
    wing = rng.random()
    raised = wing < 0.22
    draw_tail(bird)
    if raised:
        draw_raised_wing(bird, far=True)
    if not bird.swimming:
        draw_legs(bird)
    draw_body(bird)
    draw_head(bird)
    draw_marks(bird)
    if raised:
        draw_raised_wing(bird, far=False)
    else:
        draw_folded_wing(bird, drop=wing > 0.8)
    draw_bill(bird)
    draw_eye(bird)
    return bird.finish(length=length, mirrored=rng.random() < 0.5)
