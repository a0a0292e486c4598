"""The toy of `spurious` as labelled pictures, whose encoder gives the toy's features."""

from types import SimpleNamespace

import pandas as pd
import torch
from spurious import toy

from bap_core.data import Scenes
from bap_core.encoders import features

ENCODER = SimpleNamespace(name="toy")


def birds(monkeypatch) -> Scenes:
    data = toy(0, n_train=1000, n_val=400, n_test=400)
    splits = {name: getattr(data, name) for name in ("train", "val", "test")}
    parts = [
        pd.DataFrame(
            {
                "image": "none",
                "label": rows.y,
                "background": rows.group % 2,
                "split": name,
                "group": rows.group,
            }
        )
        for name, rows in splits.items()
    ]
    found = torch.cat([rows.X for rows in splits.values()])
    monkeypatch.setattr(features, "extract", lambda encoder, scenes, unit: found)
    frame = pd.concat(parts, ignore_index=True)
    return Scenes("toy-95", "nowhere", frame, ("landbird", "waterbird"), ("land", "water"))


def with_frame(scenes: Scenes, frame: pd.DataFrame, name: str = "toy-95") -> Scenes:
    return Scenes(name, "nowhere", frame, scenes.labels, scenes.backgrounds)


def without_minority(scenes: Scenes, *, splits=("train", "val")) -> Scenes:
    """The same scenes but for the minority groups' rows in ``splits``."""
    frame = scenes.frame.copy()
    rare = (frame["label"] != frame["background"]) & frame["split"].isin(splits)
    frame.loc[rare, "split"] = "left out"
    return with_frame(scenes, frame, "toy-100")


def values(result) -> pd.Series:
    """What a result says over all groups, by metric."""
    frame = result.frame
    return frame[frame["group"] == "all"].set_index("metric")["value"]
