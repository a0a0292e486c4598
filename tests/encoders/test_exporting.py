"""Exported encoders load where this package is not, with the library's own function, and embed the
same.
"""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from PIL import Image

from bap_core import cli, encoders
from bap_core.data import images
from bap_core.encoders import exporting
from bap_core.report import model_card

WORDS = ["a photo of a duck", "a red bus, beach"]
AFTERWARDS = """
import sys
import numpy as np, torch
{line}
assert not any(name.split(".")[0] == "bap_core" for name in sys.modules)
model.eval()
x = torch.from_numpy(np.load({pictures!r}))
with torch.no_grad():
    {embed}
np.savez({out!r}, **found)
"""
EMBED = {
    "open_clip": """
    read = open_clip.SimpleTokenizer(context_length=model.context_length)
    found = {"pictures": model.encode_image(x), "words": model.encode_text(read(%r))}
    """,
    "transformers": """
    read = transformers.CLIPTokenizer.from_pretrained(%r)
    tokens = read(%r, padding="max_length", return_tensors="pt")["input_ids"]
    found = {"pictures": model.get_image_features(pixel_values=x).pooler_output,
             "words": model.get_text_features(input_ids=tokens).pooler_output}
    """,
    "timm": """
    found = {"pictures": model(x)}
    """,
}


def some_pictures(encoder):
    draw = np.random.default_rng(0).integers(0, 256, (3, 60, 80, 3), dtype=np.uint8)
    made = np.stack([images.square(Image.fromarray(one), encoder.size) for one in draw])
    mean, std = (
        np.array(encoder.image_tower.preprocess_cfg[key], np.float32).reshape(1, 3, 1, 1)
        for key in ("mean", "std")
    )
    return torch.from_numpy(made), (made.astype(np.float32) / 255 - mean) / std


def embedded_elsewhere(line, embed, scaled, tmp_path):
    np.save(tmp_path / "pictures.npy", scaled)
    out = str(tmp_path / "found.npz")
    code = AFTERWARDS.format(
        line=line,
        pictures=str(tmp_path / "pictures.npy"),
        embed=textwrap.dedent(embed).strip().replace("\n", "\n    "),
        out=out,
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return np.load(out)


def unit(values):
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("micro-clip", "open_clip"),
        ("micro-siglip", "open_clip"),
        ("micro-clip-convnext", "open_clip"),
        ("micro-clip", "transformers"),
        ("micro-siglip", "transformers"),
        ("ViT-B-32-quickgelu:random", "transformers"),
        ("micro-simclr", "timm"),
        ("timm/convnext_atto:random", "timm"),
    ],
)
def test_an_exported_encoder_embeds_the_same_where_this_package_is_not(name, to, tmp_path):
    encoder = encoders.load(name, dtype=torch.float32)
    folder = tmp_path / "exported"
    line = exporting.export(encoder, folder, to=to)
    pictures, scaled = some_pictures(encoder)
    words = {"open_clip": (WORDS,), "transformers": (str(folder), WORDS), "timm": ()}[to]
    found = embedded_elsewhere(line, EMBED[to] % words, scaled, tmp_path)
    ours = encoder.encode_images(pictures).numpy()
    assert np.abs(unit(found["pictures"]) - ours).max() < 1e-4
    if "words" in found:
        assert np.abs(unit(found["words"]) - encoder.encode_text(WORDS).numpy()).max() < 1e-4


def test_what_a_library_does_not_have_is_refused_with_those_that_have_it(tmp_path):
    for name, to, message in (
        ("micro-clip-convnext", "transformers", "it can be for: open_clip"),
        ("micro-simclr", "open_clip", "it can be for: timm"),
        ("micro-clip", "keras", "it can be for: open_clip, transformers"),
        ("micro-bert", "open_clip", "cannot be written"),
    ):
        with pytest.raises(ValueError, match=message):
            exporting.export(encoders.load(name), tmp_path / "out", to=to)
    assert not (tmp_path / "out").exists()


def test_every_weight_of_a_plain_clip_has_its_place_and_none_is_left(tmp_path):
    tensors = encoders.load("micro-clip").model.state_dict()
    renamed = exporting.rename_for_clip(dict(tensors))
    split = sum(1 for name in tensors if "in_proj" in name)
    dropped = sum(name in exporting._LEFT_OUT for name in tensors)
    assert len(renamed) == len(tensors) + 2 * split - dropped


FIGURE = {"value": 0.4, "low": 0.3, "high": 0.5, "n": 20}
AUDIT = {
    "encoder": "micro-clip",
    "objects": {"n": 20},
    "backgrounds": {"n": 8},
    "variance": {"object": FIGURE, "background": FIGURE | {"low": None, "high": None}},
    "neighbours": {"kept": FIGURE, "swapped": FIGURE | {"value": 0.7}},
    "named": {},
}
MEASURED = {
    "aligned_on": {"objects": 1200, "backgrounds": 300, "fingerprint": "f" * 64},
    "settings": {"method": "bap", "lr": 5e-06},
    "classes_worse": [{"class": "bus", "before": 0.5, "after": 0.4}],
    "before": AUDIT,
    "after": AUDIT,
}


def test_a_card_says_what_was_measured_and_nothing_that_was_not():
    card = model_card.render("ViT-B-32", "open_clip", "import open_clip", MEASURED)
    assert "1,200 objects and 300 backgrounds" in card and "lr 5e-06" in card
    assert "| variance, background | 40 % | 40 % |" in card
    assert "background swapped | 70 % (30 to 50) |" in card and "fewer pictures" in card
    assert "on grey" not in card and "Recognising scenes" in card


def test_a_card_of_an_encoder_that_was_not_aligned_claims_nothing():
    card = model_card.render("ViT-B-32", "timm", "import timm", None)
    assert "not aligned" in card and "|" not in card and "background-invariant" not in card


def test_the_hub_reads_the_cards_front_matter():
    from huggingface_hub import ModelCard

    card = ModelCard(model_card.render("ViT-B-32", "transformers", "import x", MEASURED))
    assert card.data.library_name == "transformers" and "bap-companion" in card.data.tags


@pytest.mark.parametrize(
    ("base", "licence"),
    [
        ("ViT-B-16:laion2b_s34b_b88k", "mit"),
        ("siglip2-b16", "apache-2.0"),
        ("ViT-B-32:mine.safetensors", "other"),
    ],
)
def test_the_front_matter_has_every_figure_and_the_licence_of_the_base(base, licence):
    from huggingface_hub import ModelCard

    measured = {**MEASURED, "before": {**AUDIT, "encoder": base}}
    card = ModelCard(model_card.render("ViT-B-32", "open_clip", "import open_clip", measured))
    assert card.data.license == licence and base in card.text
    told = {one.metric_type: one.metric_value for one in card.data.eval_results}
    figures = {
        f"{part}_{name}": round(100 * figure["value"], 1)
        for part in ("variance", "neighbours", "named")
        for name, figure in AUDIT[part].items()
    }
    assert told and told.items() <= figures.items()


def test_bap_export_writes_a_folder_with_a_card_and_overwrites_none(tmp_path, capsys):
    asked = ["export", "micro-clip", "--to", "transformers", "--out", str(tmp_path / "out")]
    assert cli.main(asked) == 0 and "from_pretrained" in capsys.readouterr().out
    assert {"README.md", "config.json", "model.safetensors", "tokenizer.json"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert cli.main(asked) == 2 and "is there already" in capsys.readouterr().err
