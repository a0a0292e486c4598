"""Objects without masks: their boxes, or masks that a model of the SAM family draws. The model here
is a tiny one with random weights: what is tested is who asks it what, and what becomes of the
answer.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from bap_core import cli, runtime
from bap_core.audit import segmenting
from bap_core.data import folders

SIZE = (50, 40)
BOX = (10, 5, 20, 30)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of the SAM family for pictures of 64 pixels, as a folder."""
    from transformers import SamConfig, SamImageProcessor, SamModel, SamProcessor

    config = SamConfig(
        vision_config={
            "hidden_size": 16,
            "output_channels": 8,
            "num_pos_feats": 4,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 64,
            "mlp_dim": 16,
            "window_size": 2,
            "global_attn_indexes": [0],
        },
        prompt_encoder_config={
            "hidden_size": 8,
            "image_size": 64,
            "image_embedding_size": 4,
            "mask_input_channels": 4,
        },
        mask_decoder_config={
            "hidden_size": 8,
            "mlp_dim": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 8,
        },
    )
    folder = tmp_path_factory.mktemp("sam")
    torch.manual_seed(0)
    SamModel(config).save_pretrained(folder)
    sizes = {"size": {"longest_edge": 64}, "pad_size": {"height": 64, "width": 64}}
    sizes |= {"mask_size": {"longest_edge": 16}, "mask_pad_size": {"height": 16, "width": 16}}
    SamProcessor(SamImageProcessor(**sizes)).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A model of the kind of SAM 3, which reads words, for pictures of 56 pixels, as a folder."""
    from transformers import CLIPTokenizer, Sam3Config, Sam3ImageProcessor, Sam3Model, Sam3Processor

    small = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    config = Sam3Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam3_vit_model",
                **small,
                "num_hidden_layers": 2,
                "image_size": 56,
                "patch_size": 14,
                "window_size": 2,
                "global_attn_indexes": [1],
                "pretrain_image_size": 28,
            },
            "fpn_hidden_size": 32,
            "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
        },
        text_config={
            **small, "vocab_size": 60, "projection_dim": 32, "num_hidden_layers": 1,
            "max_position_embeddings": 32, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1,
        },
        geometry_encoder_config={**small, "num_layers": 1, "roi_size": 3},
        detr_encoder_config={**small, "num_layers": 1},
        detr_decoder_config={**small, "num_layers": 1, "num_queries": 5},
        mask_decoder_config={
            "hidden_size": 32, "num_upsampling_stages": 2, "num_attention_heads": 2,
        },
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("sam3")
    torch.manual_seed(0)
    Sam3Model(config).save_pretrained(folder)
    letters = [one + end for end in ("", "</w>") for one in "abcdefghijklmnopqrstuvwxyz"]
    words = {word: i for i, word in enumerate(["<|startoftext|>", "<|endoftext|>", *letters])}
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    pictures = Sam3ImageProcessor(size={"height": 56, "width": 56})
    Sam3Processor(pictures, tokenizer).save_pretrained(folder)
    return str(folder)


def painted(folder, n=4):
    """Pictures of noise in two sub-folders."""
    draw = np.random.default_rng(0)
    for i in range(n):
        path = folder / ("cats" if i % 2 else "dogs") / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = draw.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
    return folder


@pytest.fixture
def pictures(tmp_path):
    return painted(tmp_path / "mine")


@pytest.fixture
def boxes(pictures):
    """The same pictures with a COCO json that has boxes and no outlines."""
    files = sorted(path.relative_to(pictures).as_posix() for path in pictures.rglob("*.jpg"))
    listed = [
        {"id": i, "file_name": name, "width": SIZE[0], "height": SIZE[1]}
        for i, name in enumerate(files)
    ]
    found = [{"id": i, "image_id": i, "category_id": 7, "bbox": [*BOX]} for i in range(len(files))]
    content = {"images": listed, "annotations": found, "categories": [{"id": 7, "name": "cat"}]}
    (pictures / "boxes.json").write_text(json.dumps(content))
    return pictures / "boxes.json"


def test_a_json_of_boxes_is_read_when_boxes_are_asked_for_and_the_refusal_names_the_way(boxes):
    with pytest.raises(ValueError, match="boxed=True, --boxes"):
        folders.objects(boxes)
    found = folders.objects(boxes, boxed=True)
    cut = found.cutout(0)
    x, y, width, height = BOX
    assert cut.size == (width, height) and cut.getchannel("A").getextrema() == (255, 255)
    whole = Image.open(boxes.parent / found.frame["image"].iat[0])
    assert np.array_equal(
        np.asarray(cut)[..., :3], np.asarray(whole)[y : y + height, x : x + width]
    )
    assert found.doubts == {folders.BOXED: 4}


def test_boxes_win_over_outlines_and_a_folder_without_a_json_has_none(boxes, pictures):
    content = json.loads(boxes.read_text())
    for entry in content["annotations"]:
        entry["segmentation"] = [[10, 5, 28, 5, 28, 33, 10, 33]]
    boxes.write_text(json.dumps(content))
    assert folders.objects(boxes).cutout(0).size == (18, 28)
    assert folders.objects(boxes, boxed=True).cutout(0).size == BOX[2:]
    boxes.unlink()
    with pytest.raises(ValueError, match="no boxes to cut objects out by"):
        folders.objects(pictures, boxed=True)


def asked(model, row, root):
    """What the model offers for a prompt: all three masks and how sure it is of each."""
    loaded, processor = segmenting._load(model, "")
    kept = {}

    def listening(picture, **prompt):
        kept["prompt"] = {name: value for name, value in prompt.items() if name.startswith("input")}
        return processor(picture, **prompt)

    listening.post_process_masks = processor.post_process_masks
    mask, score = segmenting._draw(loaded, listening, row, root)
    given = processor(Image.open(root / row["image"]), **kept["prompt"], return_tensors="pt")
    with torch.inference_mode():
        offered = loaded(**given)
    sizes = given["original_sizes"], given["reshaped_input_sizes"]
    masks = processor.post_process_masks(offered.pred_masks, *sizes)[0][0].numpy()
    return kept["prompt"], mask, score, masks, offered.iou_scores[0, 0]


def test_the_box_is_the_prompt_and_the_surest_mask_is_taken(home, model, boxes):
    found = segmenting.find_unmasked(boxes)
    prompt, mask, score, offered, sure = asked(model, found.frame.iloc[0], found.root)
    x, y, width, height = BOX
    assert prompt == {"input_boxes": [[[x, y, x + width, y + height]]]}
    assert mask.size == SIZE and score == pytest.approx(float(sure.max()), abs=1e-6)
    assert np.array_equal(np.asarray(mask) > 0, offered[int(sure.argmax())])


def test_without_a_json_the_middle_of_each_picture_is_the_prompt(home, model, pictures):
    found = segmenting.find_unmasked(pictures)
    assert sorted(found.frame["label"]) == ["cats", "cats", "dogs", "dogs"]
    prompt, *_ = asked(model, found.frame.iloc[0], found.root)
    assert prompt == {"input_points": [[[[SIZE[0] / 2, SIZE[1] / 2]]]]}


def test_drawn_masks_are_kept_counted_and_doubted(home, model, boxes, monkeypatch):
    found = segmenting.segment(segmenting.find_unmasked(boxes), model)
    assert list(found.understood) == ["4 masks"] and "drawn by" in found.understood["4 masks"]
    scores = [float(Image.open(path).info["score"]) for path in found.frame["mask"]]
    unsure = sum(score < 0.7 for score in scores)
    assert found.doubts == ({segmenting.UNSURE: unsure} if unsure else {})
    assert set(map(str, runtime.home().rglob("*.png"))) == set(found.frame["mask"])

    def refuse(*_):
        raise AssertionError("drawn twice")

    monkeypatch.setattr(segmenting, "_draw", refuse)
    again = segmenting.segment(segmenting.find_unmasked(boxes), model)
    assert again.frame["mask"].tolist() == found.frame["mask"].tolist()


def test_what_was_interrupted_goes_on_where_it_stopped(home, model, boxes, monkeypatch):
    drawn, whole = [], segmenting._draw

    def stopping(*given):
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(given[2]["image"])
        return whole(*given)

    monkeypatch.setattr(segmenting, "_draw", stopping)
    with pytest.raises(KeyboardInterrupt):
        segmenting.segment(segmenting.find_unmasked(boxes), model)
    monkeypatch.setattr(segmenting, "_draw", lambda *given: drawn.append(0) or whole(*given))
    assert len(segmenting.segment(segmenting.find_unmasked(boxes), model)) == 4
    assert len(drawn) == 4


def test_a_broken_picture_is_left_out_and_counted_and_only_broken_ones_are_refused(
    home, model, pictures
):
    (pictures / "cats/1.jpg").write_bytes(b"no picture")
    found = segmenting.segment(segmenting.find_unmasked(pictures), model)
    assert len(found) == 3 and found.skipped["picture that cannot be read"] == 1
    assert found.named["picture that cannot be read"] == ["cats/1.jpg"]
    for path in pictures.rglob("*.jpg"):
        path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="no picture can be read"):
        segmenting.segment(segmenting.find_unmasked(pictures), model)


def test_other_weights_draw_other_masks(home, model, boxes, tmp_path):
    from transformers import AutoModelForMaskGeneration, AutoProcessor

    other = AutoModelForMaskGeneration.from_pretrained(model)
    with torch.no_grad():
        next(other.mask_decoder.parameters()).add_(1)
    other.save_pretrained(tmp_path / "other")
    AutoProcessor.from_pretrained(model).save_pretrained(tmp_path / "other")
    files = [
        segmenting.segment(segmenting.find_unmasked(boxes), name).frame["mask"].iat[0]
        for name in (model, str(tmp_path / "other"))
    ]
    assert files[0] != files[1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--segment", "MINE"], "no model of transformers that draws masks"),
        (["--segment", "MINE", "--mask-from", "alpha"], "leave --mask-values and --mask-from out"),
        (["--boxes"], "no boxes to cut objects out by"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    home, pictures, monkeypatch, capsys, more, message
):
    monkeypatch.chdir(pictures.parent)
    more = [word.replace("MINE", str(pictures)) for word in more]
    places = ["--objects", str(pictures), "--backgrounds", str(pictures)]
    assert cli.main(["audit", "micro-clip", *places, *more]) == 2
    assert message in capsys.readouterr().err


def test_an_audit_on_drawn_masks_says_who_drew_them(home, model, boxes, monkeypatch, capsys):
    monkeypatch.chdir(boxes.parent)
    painted(boxes.parent.parent / "behind")
    places = ["--objects", str(boxes), "--backgrounds", str(boxes.parent.parent / "behind")]
    assert cli.main(["audit", "micro-clip", *places, "--segment", model]) == 0
    assert "background explains" in capsys.readouterr().out
    (report,) = boxes.parent.rglob("report.html")
    assert f"drawn by {model}" in report.read_text()


def test_a_model_that_reads_is_asked_for_the_words_with_the_class_of_each_picture(
    pictures, reader, monkeypatch, home
):
    asked = []
    draw = segmenting._draw_named

    def note(model, processor, picture, words):
        asked.append((picture.size, words))
        return draw(model, processor, picture, words)

    monkeypatch.setattr(segmenting, "_draw_named", note)
    found = segmenting.segment(segmenting.find_unmasked(pictures), reader, "a {label}")
    expected = [f"a {label}" for label in found.frame["label"]]
    assert asked == [(SIZE, words) for words in expected] and set(expected) == {"a cats", "a dogs"}
    masks = [Image.open(path) for path in found.frame["mask"]]
    assert all(mask.size == SIZE and mask.mode == "L" for mask in masks)
    again = segmenting.segment(segmenting.find_unmasked(pictures), reader, "a {label}")
    assert len(asked) == 4 and again.frame["mask"].tolist() == found.frame["mask"].tolist()
    segmenting.segment(segmenting.find_unmasked(pictures), reader, "nothing")
    assert len(asked) == 8  # other words, other masks


def test_of_what_a_model_finds_the_one_that_fits_the_words_best_is_taken():
    masks = torch.zeros(3, 4, 5)
    masks[1, 2:] = 1

    class Processor:
        def __call__(self, images, text, return_tensors):
            assert text == "duck"
            return torch.nn.ParameterDict().to("cpu")

        def post_process_instance_segmentation(self, offered, target_sizes, threshold):
            assert target_sizes == [(4, 5)] and threshold == 0
            return [{"scores": torch.tensor([0.2, 0.9, 0.4]), "masks": masks}]

    class Model:
        device = "cpu"

        def __call__(self, **asked):
            return None

    picture = Image.new("RGB", (5, 4))
    mask, score = segmenting._draw_named(Model(), Processor(), picture, "duck")
    assert score == pytest.approx(0.9) and np.asarray(mask)[2:].min() == 255
    assert np.asarray(mask)[:2].max() == 0


def test_words_for_a_model_that_does_not_read_are_refused(pictures, model, home, capsys):
    with pytest.raises(ValueError, match="no model of transformers that draws masks"):
        segmenting.segment(segmenting.find_unmasked(pictures), model, "duck")


def test_words_without_a_model_are_refused(pictures, capsys):
    arguments = ["audit", "micro-clip", "--objects", str(pictures), "--backgrounds", str(pictures)]
    assert cli.main([*arguments, "--prompt", "duck"]) == 2
    assert "name one with --segment" in capsys.readouterr().err
