"""Masks where there are none: a promptable model of transformers, of the SAM family, draws them.

It is prompted with words, if there are any and it understands them (SAM 3); else with the boxes of
a COCO json, or, in a folder of pictures without one, with the point in the middle of each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bap_core import runtime, sources, store
from bap_core.data import annotated_folder, folders, images
from bap_core.data.directory import LeftOut
from bap_core.data.listings import Objects
from bap_core.encoders.backends.common import quietly

UNSURE = "mask of which the model itself is unsure"
_SURE = 0.7  # the model's own estimate of how far its mask and the object overlap
_THERE = 0.5  # and of whether what it found is what the words name
LABEL = "{label}"  # in a prompt: the name of a picture's class


def find_unmasked(path: str | Path) -> Objects:
    """Objects that have no masks yet: the boxes of a COCO json, else every picture of a folder,
    whose labels are its sub-folders. Errors as `folders.objects` and `folders.backgrounds`.
    """
    place = Path(path).expanduser()
    if place.exists() and annotated_folder.find_annotations(place, boxed=True)[0] is not None:
        return replace(folders.objects(path, boxed=True), doubts={})
    found = folders.backgrounds(path)
    names = found.frame["category"]
    frame = pd.DataFrame({"image": found.frame["image"], "label": names, "super_class": names})
    frame = frame.reindex(columns=[*Objects.columns])
    return Objects(
        found.name,
        found.root,
        frame.astype({"mask": object, "segmentation": object}),
        skipped=found.skipped,
        named=found.named,
        origin=found.origin,
    )


def segment(objects: Objects, name: str, prompt: str = "") -> Objects:
    """The same objects with masks by the model ``name``, of the hub or a folder.

    prompt: what to cut out, in words, for a model of the kind of SAM 3; `LABEL` in it stands for
    the class of a picture. Of several that the words fit, the one that fits best is taken.

    Masks are kept, one file each, so that what was interrupted goes on where it stopped.
    ``understood`` says who drew them, ``doubts`` counts those of which the model is unsure.
    FileNotFoundError if the model cannot be had, ValueError if it draws no masks, or if no picture
    can be read.
    """
    model, processor = _load(name, prompt)
    parts = {"objects": objects.fingerprint, "weights": _digest(model), "prompt": prompt}
    key = store.key(**parts, code=sources.code(__name__))
    folder = runtime.home() / "store" / "segmented" / key
    left_out = LeftOut()
    with store.alone(folder.with_name(f"{key}.lock"), "drawing masks"):
        folder.mkdir(parents=True, exist_ok=True)
        made = dict(_draw_all(objects, model, processor, prompt, folder, left_out))
    if not made:
        raise ValueError(f"{objects.name}: no picture can be read, so there is nothing to cut out")
    kept = objects.take(list(made))
    masks, scores = zip(*made.values())
    unsure = sum(score < (_THERE if prompt else _SURE) for score in scores)
    frame = kept.frame.assign(mask=masks, segmentation=None, mask_as="grey", instance=np.nan)
    return replace(
        kept,
        frame=frame,
        skipped={**objects.skipped, **left_out},
        named={**objects.named, **left_out.names},
        understood={f"{len(made):,} masks": f"drawn by {name}"},
        doubts={UNSURE: unsure} if unsure else {},
    )


def _load(name: str, prompt: str) -> tuple[Any, Any]:
    """Model and processor, from the hub or a folder; those that understand words for a prompt."""
    from transformers import AutoModelForMaskGeneration, AutoProcessor, Sam3Model, Sam3Processor

    kind, reader = (
        (Sam3Model, Sam3Processor) if prompt else (AutoModelForMaskGeneration, AutoProcessor)
    )
    with _refusing(name):
        model: Any = quietly(kind.from_pretrained, name)
        processor = reader.from_pretrained(name)
    return model.to(runtime.device()).eval(), processor


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        if Path(name).expanduser().exists():
            raise ValueError(
                f"{name}: no model of transformers that draws masks: {said}"
            ) from error
        raise FileNotFoundError(
            f"{name} is neither a folder here nor in the local cache, and could not be fetched "
            f"({said}). On a machine with a network run `hf download {name}` and bring the cache "
            "along, or give a folder; sam-vit-base of facebook is a usual choice"
        ) from error


def _digest(model: Any) -> str:
    found = sha256()
    for name, tensor in sorted(model.state_dict().items()):
        found.update(name.encode() + tensor.detach().cpu().float().numpy().tobytes())
    return found.hexdigest()


def _draw_all(
    objects: Objects, model, processor, prompt: str, folder: Path, left_out: LeftOut
) -> Iterator[tuple[int, tuple[str, float]]]:
    """Row -> (file of the mask, how sure the model is of it), of the pictures that can be read."""
    rows = runtime.progress(range(len(objects)), total=len(objects), label="masks", unit="img")
    for row in rows:
        path = folder / f"{row}.png"
        try:
            if not path.exists():
                asked = objects.frame.iloc[row]
                if prompt:
                    picture = images.read_rgb(objects.root / asked["image"])
                    words = prompt.replace(LABEL, str(asked["label"]))
                    mask, score = _draw_named(model, processor, picture, words)
                else:
                    mask, score = _draw(model, processor, asked, objects.root)
                noted = PngInfo()
                noted.add_text("score", f"{score:.4f}")
                with store.atomic_write(path) as temporary:
                    mask.save(temporary, "PNG", pnginfo=noted)
        except (ValueError, FileNotFoundError):
            left_out.add("picture that cannot be read", objects.frame["image"].iat[row])
            continue
        with Image.open(path) as kept:
            yield row, (str(path), float(kept.info["score"]))


@torch.inference_mode()
def _draw_named(model, processor, picture: Image.Image, words: str) -> tuple[Image.Image, float]:
    """Of all that the model finds in the picture, what fits the words best, `L`."""
    asked = processor(images=picture, text=words, return_tensors="pt").to(model.device)
    sizes = {"target_sizes": [(picture.height, picture.width)], "threshold": 0.0}
    (found,) = processor.post_process_instance_segmentation(model(**asked), **sizes)
    best = int(found["scores"].argmax())
    drawn = found["masks"][best].cpu().numpy().astype(np.uint8) * 255
    return Image.fromarray(drawn), float(found["scores"][best])


@torch.inference_mode()
def _draw(model, processor, row, root: Path) -> tuple[Image.Image, float]:
    """Of the masks that the model offers for one object, the one that it is surest of, `L`."""
    boxed = bool(pd.notna(row["x"]))
    size = (int(row["image_width"]), int(row["image_height"])) if boxed else None
    picture = images.read_rgb(root / row["image"], size=size)
    if boxed:
        x, y, width, height = (float(row[name]) for name in ("x", "y", "width", "height"))
        prompt = {"input_boxes": [[[x, y, x + width, y + height]]]}
    else:
        prompt = {"input_points": [[[[picture.width / 2, picture.height / 2]]]]}
    asked = processor(picture, **prompt, return_tensors="pt").to(model.device)
    offered = model(**asked)
    told = [name for name in ("original_sizes", "reshaped_input_sizes") if name in asked]
    sizes = [asked[name].cpu() for name in told]
    masks = processor.post_process_masks(offered.pred_masks.cpu(), *sizes)[0][0]
    scores = offered.iou_scores[0, 0]
    best = int(scores.argmax())
    drawn = masks[best].numpy().astype(np.uint8) * 255
    return Image.fromarray(drawn), float(scores[best])
