"""One bird, whole: its parts in the order in which they cover each other."""

import numpy as np
from PIL import Image

from bap_core.micro.drawing.birds.body import draw_body, draw_legs, draw_tail
from bap_core.micro.drawing.birds.head import draw_bill, draw_eye, draw_head
from bap_core.micro.drawing.birds.individual import individual
from bap_core.micro.drawing.birds.marks import draw_marks
from bap_core.micro.drawing.birds.species import Species
from bap_core.micro.drawing.birds.wings import draw_folded_wing, draw_raised_wing


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
