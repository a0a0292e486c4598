"""Data: the listings, and one loader per dataset that makes them from folders in the official
formats.
"""

from bap_core.data import catalogue, folders, images
from bap_core.data.background_pool import pool
from bap_core.data.coco import VEHICLES, coco
from bap_core.data.counteranimal import counteranimal
from bap_core.data.cub import cub
from bap_core.data.dtd import dtd
from bap_core.data.images import EmptyMask
from bap_core.data.listings import Backgrounds, LabelledPictures, Objects, Scenes
from bap_core.data.nico import nico, nico_table
from bap_core.data.pictures import Pictures
from bap_core.data.places import SUBSTITUTES, draw_categories, places
from bap_core.data.waterbirds import (
    bird_labels,
    evaluation_categories,
    evaluation_paths,
    overlap,
    used_backgrounds,
    waterbirds,
)

__all__ = [
    "SUBSTITUTES",
    "VEHICLES",
    "Backgrounds",
    "EmptyMask",
    "LabelledPictures",
    "Objects",
    "Pictures",
    "Scenes",
    "bird_labels",
    "catalogue",
    "coco",
    "counteranimal",
    "cub",
    "draw_categories",
    "dtd",
    "evaluation_categories",
    "evaluation_paths",
    "folders",
    "images",
    "nico",
    "nico_table",
    "overlap",
    "places",
    "pool",
    "used_backgrounds",
    "waterbirds",
]
