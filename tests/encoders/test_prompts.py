import os
from pathlib import Path

import pytest
import torch

from bap_core.encoders.prompts import TEMPLATES, in_words, prototypes


def test_there_are_forty_templates_all_different_with_the_three_that_the_paper_quotes():
    assert len(TEMPLATES) == len(set(TEMPLATES)) == 40
    assert {"a photo of a {}.", "a blurry photo of a {}.", "a bad photo of a {}."} <= set(TEMPLATES)


@pytest.mark.skipif("BAP_SAMPLES" not in os.environ, reason="needs the sample files")
def test_the_forty_are_a_subset_of_the_public_eighty():
    public = (
        (Path(os.environ["BAP_SAMPLES"]) / "prompts/openai_imagenet_templates_80.txt")
        .read_text()
        .splitlines()
    )
    assert set(TEMPLATES) <= set(public)


def test_prototypes_have_unit_norm_and_one_template_is_its_own_embedding(tiny):
    both = prototypes(tiny, ["bird", "boat"])
    assert both.norm(dim=1) == pytest.approx([1, 1], abs=1e-6)
    single = prototypes(tiny, ["bird"], templates=["a photo of a {}."])
    assert torch.allclose(single, tiny.encode_text(["a photo of a bird."]), atol=1e-6)


def test_the_order_of_templates_changes_nothing(tiny):
    assert torch.allclose(
        prototypes(tiny, ["bird"]), prototypes(tiny, ["bird"], templates=TEMPLATES[::-1]), atol=1e-6
    )


def test_a_template_without_a_place_for_the_name_is_refused(tiny):
    with pytest.raises(ValueError, match="'a bird'"):
        prototypes(tiny, ["bird"], templates=["a bird"])


def test_names_of_folders_become_ordinary_words():
    assert in_words("forest/broadleaf") == "broadleaf forest"
    assert in_words("engine_room") == "engine room"
    assert in_words("Red winged Blackbird") == "Red winged Blackbird"


@pytest.mark.parametrize("template", ["{0}", "{", None, "a photo", "{} and {}", "{name}", 7])
def test_a_template_without_exactly_one_place_for_the_name_is_refused(tiny, template):
    with pytest.raises(ValueError, match="has not one {} for the class name"):
        prototypes(tiny, ["bird"], templates=[template])


@pytest.mark.parametrize("name", [None, "", "  ", 7])
def test_a_class_name_that_is_no_word_is_refused(tiny, name):
    with pytest.raises(ValueError, match="class name .* is no word"):
        prototypes(tiny, ["bird", name])
