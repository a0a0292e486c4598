"""``python -m benchmarks``: every benchmark, one after another."""

from benchmarks import coco_index, folder_index, ratios

ratios.main()
coco_index.main()
folder_index.main()
