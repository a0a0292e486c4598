"""The paper's encoders as a table, against the libraries that have them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import open_clip
import pandas as pd
import pytest
import timm
import torch

import bap_core
from bap_core import encoders
from bap_core.encoders import checkpoints
from bap_core.encoders.backends.transformers_configurations import configuration
from bap_core.report import paper_tables

KNOWN = checkpoints.known()
META = torch.device("meta")
# one of each kind, built at every run
BASE = ("clip-b16", "in1k-b16", "in1k-convnext", "mae-b16", "bert", "word2vec")
ON_META_ONLY = 900e6  # weights: four gigabytes and more in float32


def of(library):
    return [(key, row) for key, row in KNOWN.items() if row.library == library]


def differing(ours, theirs):
    """By checkpoint, both sides of what is not the same in both."""
    return {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]}


def test_every_row_of_the_paper_has_a_checkpoint_or_says_that_none_exists():
    table = checkpoints.table()
    assert set(table["table"]) == {
        *(f"Table {n}" for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11)),
        "Appendix L",
    }
    counts = table["table"].value_counts()
    assert (counts["Table 1"], counts["Table 7"], counts["Table 10"], counts["Table 11"]) == (
        18,
        7,
        6,
        4,
    )
    empty = table.query("checkpoint == ''").to_dict("records")
    assert [(cell["row"], cell["family"]) for cell in empty] == [
        ("ConvNeXT", "SigLIP 2"),
        ("ConvNeXT", "DINOv2"),
    ]
    assert all(len(cell["why"]) > 10 and pd.isna(cell["name"]) for cell in empty)
    assert set(table["checkpoint"]) - {""} == set(KNOWN) - {"siglip2-gopt"}, (
        "all but the other reading of H/14 are used"
    )


def test_the_cells_of_table_1_that_the_paper_fills_are_the_ones_with_a_checkpoint():
    filled = checkpoints.table().query("table == 'Table 1'").set_index(["row", "family"])
    ours = filled["checkpoint"].to_dict()
    theirs = paper_tables.table("table1").set_index(["architecture", "family"])["value"]
    assert {cell for cell, key in ours.items() if key} == set(theirs.dropna().index)
    assert set(ours) == set(theirs.index)


def test_a_row_is_of_the_family_of_its_checkpoint():
    rows = checkpoints.table().query("checkpoint != ''").to_dict("records")
    assert not [row for row in rows if KNOWN[row["checkpoint"]].family != row["family"]]


def test_a_row_that_cannot_exist_as_printed_says_what_stands_in_and_why():
    rows = checkpoints.table().to_dict("records")
    cells = {(row["table"], row["row"], row["family"]): row for row in rows}
    for cell in (
        ("Table 10", "ViT-L/14", "SigLIP 2"),
        ("Table 10", "ViT-H/14", "SigLIP 2"),
        ("Table 1", "ViT-B/16", "DINOv2"),
        ("Table 1", "ViT-L/14", "SigLIP 2"),
        ("Table 1", "ViT-L/14", "IN-21K"),
    ):
        why = cells[cell]["why"]
        assert cells[cell]["checkpoint"] and ("exists" in why or "was released" in why), cell


def test_names_sizes_and_statistics_of_open_clip_are_its_own():
    ours, theirs = {}, {}
    for key, row in of("open_clip"):
        tagged: Any = open_clip.get_pretrained_cfg(row.name, row.tag)
        model: Any = open_clip.get_model_config(row.name)
        quick = row.name.endswith("quickgelu")
        ours[key] = (
            *checkpoints.STATISTICS[row.statistics],
            row.native_size,
            row.dim,
            quick,
            quick,
        )
        theirs[key] = (
            tuple(tagged["mean"]),
            tuple(tagged["std"]),
            model["vision_cfg"]["image_size"],
            model["embed_dim"],
            tagged.get("quick_gelu", False),
            model.get("quick_gelu", False),
        )
    wrong = differing(ours, theirs)
    assert ours and not wrong, wrong


def test_names_sizes_and_statistics_of_timm_are_its_own():
    ours, theirs = {}, {}
    for key, row in of("timm"):
        tagged: Any = timm.get_pretrained_cfg(f"{row.name}.{row.tag}")
        input_size = (3, row.native_size, row.native_size)
        ours[key] = (row.tag, input_size, checkpoints.STATISTICS[row.statistics])
        theirs[key] = (tagged.tag, tagged.input_size, (tagged.mean, tagged.std))
    wrong = differing(ours, theirs)
    assert ours and not wrong, wrong


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("google/siglip2-base-patch16-224", "ViT-B-16-SigLIP2"),
        ("google/siglip2-large-patch16-256", "ViT-L-16-SigLIP2-256"),
        ("google/siglip2-so400m-patch14-224", "ViT-SO400M-14-SigLIP2"),
        ("google/siglip2-giant-opt-patch16-256", "ViT-gopt-16-SigLIP2-256"),
    ],
)
def test_the_configurations_of_siglip_2_agree_with_open_clips(name, twin):
    ours: Any = configuration(name)
    theirs: Any = open_clip.get_model_config(twin)
    text, words = ours.text_config, theirs["text_cfg"]
    assert (
        text.hidden_size,
        text.num_hidden_layers,
        text.num_attention_heads,
        text.max_position_embeddings,
    ) == (words["width"], words["layers"], words["heads"], words["context_length"])
    assert text.intermediate_size == int(words["width"] * words.get("mlp_ratio", 4))
    assert text.vocab_size == words["vocab_size"]
    assert text.projection_size == theirs["embed_dim"]
    assert ours.vision_config.image_size == theirs["vision_cfg"]["image_size"]
    with META:
        tower: Any = timm.create_model(theirs["vision_cfg"]["timm_model_name"], num_classes=0)
    assert ours.vision_config.num_attention_heads == tower.blocks[0].attn.num_heads


def test_every_checkpoint_has_the_stated_width_and_number_of_weights():
    ours, theirs = {}, {}
    for key, row in KNOWN.items():
        if key == "word2vec":  # its vocabulary comes with its vectors
            continue
        encoder = encoders.load(key, weights="random", device=META, dtype=torch.float32)
        model: Any = encoder.model
        ours[key] = [row.parameters]
        theirs[key] = [sum(weight.numel() for weight in model.parameters())]
        if row.size:
            pictures = torch.zeros(2, 3, row.size, row.size, device=META)
            ours[key] += [row.size, (2, row.dim)]
            theirs[key] += [encoder.size, tuple(model.encode_image(pictures).shape)]
        if row.family in ("CLIP", "SigLIP 2"):
            length = 64 if row.family == "SigLIP 2" else 77
            tokens = torch.zeros(2, length, dtype=torch.int64, device=META)
            ours[key].append((2, row.dim))
            theirs[key].append(tuple(model.encode_text(tokens).shape))
    wrong = differing(ours, theirs)
    assert ours and not wrong, wrong


@pytest.mark.parametrize(
    "key",
    [
        key if key in BASE else pytest.param(key, marks=pytest.mark.slow)
        for key, row in KNOWN.items()
        if row.parameters < ON_META_ONLY or key == "word2vec"
    ],
)
def test_every_checkpoint_embeds_at_random_weights(key):
    encoder, row = encoders.load(key, weights="random", dtype=torch.float32), KNOWN[key]
    assert encoder.scale == "random" and encoder.dim == row.dim
    if row.size:
        pictures = torch.randint(0, 256, (2, 3, row.size, row.size), dtype=torch.uint8)
        z = encoder.encode_images(pictures)
        assert z.shape == (2, row.dim) and z.norm(dim=1) == pytest.approx([1, 1], abs=1e-5)
        assert not torch.equal(z[0], z[1]), (
            "at random weights a layer scale of 1e-5 leaves little but not nothing"
        )
    if hasattr(encoder.model, "encode_text"):
        t = encoder.encode_text(["a duck on a pond", "a truck"])
        assert t.shape == (2, row.dim) and t.norm(dim=1) == pytest.approx([1, 1], abs=1e-5)
        assert not torch.allclose(t[0], t[1], atol=1e-4)


def test_a_checkpoint_is_found_by_what_its_library_calls_it():
    for key, asked in {
        "datacomp-b16": ("ViT-B-16", "datacomp_xl_s13b_b90k"),
        "in21k-convnext": ("timm/convnext_base", "fb_in22k"),
        "bert": ("bert-base-uncased",),
    }.items():
        assert checkpoints.find(*asked) == KNOWN[key]
    assert checkpoints.find("ViT-B-16", "another") is None


OFFLINE = """
from bap_core import encoders
for name in {names!r}:
    try:
        encoders.load(name)
    except FileNotFoundError as error:
        print(name, "|", error)
try:
    encoders.tokenizer("ViT-B-16-SigLIP2")
except FileNotFoundError as error:
    print("tokenizer", "|", error)
"""


def test_weights_that_are_not_here_are_named_with_their_size_and_how_to_fetch_them(tmp_path):
    expected = {
        "clip-b16": (
            "laion2b_s34b_b88k",
            "about 0.6 GB",
            "open_clip.create_model('ViT-B-16', 'laion2b_s34b_b88k')",
        ),
        "siglip2-b16": (
            "google/siglip2-base-patch16-224",
            "about 1.5 GB",
            "encoders.load('google/siglip2-base-patch16-224')",
        ),
        "in21k-convnext": (
            "fb_in22k",
            "about 0.4 GB",
            "timm.create_model('convnext_base.fb_in22k', pretrained=True)",
        ),
        "bert": ("bert-base-uncased", "about 0.4 GB", "encoders.load('bert-base-uncased')"),
        "tokenizer": (
            "ViT-B-16-SigLIP2",
            "tokenizer",
            "open_clip.get_tokenizer('ViT-B-16-SigLIP2')",
        ),
    }
    code = OFFLINE.format(names=[name for name in expected if name != "tokenizer"])
    environment = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "PATH": "",
        "PYTHONPATH": str(Path(bap_core.__file__).parents[1]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    errors = dict(line.split(" | ", 1) for line in done.stdout.splitlines() if " | " in line)
    assert set(errors) == set(expected), done.stderr
    for name, parts in expected.items():
        for part in (*parts, "weights=PATH"):
            assert part in errors[name], errors[name]
