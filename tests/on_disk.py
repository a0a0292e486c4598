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


BIRDS = [
    "001.Black_footed_Albatross/Black_Footed_Albatross_0001_1.jpg",
    "001.Black_footed_Albatross/Black_Footed_Albatross_0002_2.jpg",
    "002.Wren/Wren_0003_3.jpg",
]


def bird_texts(root):
    """The text files of CUB for three pictures of two species, and folders for them; returns the
    paths of the texts.
    """
    folder = root / "CUB_200_2011"
    for place in (folder / "images", root / "segmentations"):
        place.mkdir(parents=True)
    texts = {
        "images.txt": "".join(f"{i} {name}\n" for i, name in enumerate(BIRDS, 1)),
        "classes.txt": "1 001.Black_footed_Albatross\n2 002.Wren\n",
        "image_class_labels.txt": "1 1\n2 1\n3 2\n",
        "train_test_split.txt": "1 0\n2 1\n3 1\n",
        "bounding_boxes.txt": "1 0.0 1.0 4.0 2.0\n2 0.0 0.0 6.0 5.0\n3 1.0 1.0 2.0 2.0\n",
    }
    declare(root)
    return _written(folder, texts)


def waterbird_table(root):
    """The table of Waterbirds with twelve rows: per split one picture of every group; returns its
    path.
    """
    rows = [
        f"{3 * group + split + 1},{group}/{split}.jpg,{group // 2},{split},{group % 2},"
        f"/o/ocean/{group}{split}.jpg\n"
        for split in range(3)
        for group in range(4)
    ]
    head = "img_id,img_filename,y,split,place,place_filename\n"
    declare(root)
    folder = root / "waterbird_complete95_forest2water2"
    return _written(folder, {"metadata.csv": head + "".join(rows)})


def flat_scenes(root):
    """The flat validation folder of Places365 with three pictures of two categories; returns the
    paths of its two texts.
    """
    names = [f"Places365_val_0000000{number}.jpg" for number in (1, 2, 3)]
    for name in names:
        save(root / "val_256" / name)
    declare(root)
    texts = {
        "categories_places365.txt": "/b/bar 0\n/f/forest/broadleaf 1",
        "places365_val.txt": "".join(f"{name} {label}\n" for name, label in zip(names, (1, 0, 1))),
    }
    return _written(root, texts)


def _written(folder, texts):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


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
