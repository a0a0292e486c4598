"""Small folders and files in the formats of the datasets, for tests of loaders."""

import json

from PIL import Image


def declare(root, **counts):
    """Say that ``root`` holds another world, with these counts per dataset."""
    (root / "bap-world.json").write_text(
        json.dumps({"name": "toy", "version": "1", "hash": "0", "counts": counts})
    )


def save(path, mode="RGB", size=(6, 5), colour=None):
    """A picture of one colour, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour or 0).save(path)


def people(**more):
    """One 20 x 10 photograph: a person by polygon, one by run lengths, a crowd, a line, a
    sliver, a dog.
    """
    ring = [[2, 2, 8, 2, 8, 8, 2, 8]]
    runs = {"size": [10, 20], "counts": [100, 50, 50]}

    def row(number, category, segmentation, box, crowd=0):
        return {
            "id": number,
            "image_id": 7,
            "category_id": category,
            "segmentation": segmentation,
            "bbox": box,
            "iscrowd": crowd,
            "area": 1,
        }

    return {
        "images": [{"id": 7, "file_name": "one.jpg", "width": 20, "height": 10}],
        "categories": [
            {"id": 1, "name": "person", "supercategory": "person"},
            {"id": 18, "name": "dog", "supercategory": "animal"},
        ],
        "annotations": [
            row(1, 1, ring, [1.6, 1.2, 6.9, 7.3]),
            row(2, 1, runs, [9.5, -0.5, 20, 30]),
            row(3, 1, runs, [10, 0, 5, 10], crowd=1),
            row(4, 1, [[1, 1, 5, 5]], [1, 1, 4, 4]),
            row(5, 1, ring, [2, 2, 6, 0.5]),
            row(6, 18, ring, [2, 2, 6, 6]),
            row(7, 1, [[3, 3, 3, 3, 3, 3]], [3, 3, 2, 2]),
        ],
        **more,
    }
