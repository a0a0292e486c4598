"""``python -m benchmarks``: every benchmark, one after another."""

from benchmarks import busy, coco_index, folder_index, methods, ratios, streaming

ratios.main()
methods.main()
coco_index.main()
streaming.main()
folder_index.main()
busy.main()
