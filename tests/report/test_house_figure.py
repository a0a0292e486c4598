import pytest

from bap_core.report import house_figure

ORDER, IMPORTS = ["a", "b", "c"], {"a": set(), "b": {"a"}, "c": {"b", "a"}}


def test_every_import_has_a_dot_where_the_two_rooms_meet():
    lines = house_figure.house(ORDER, IMPORTS).axes[0].lines
    dots = [line.get_xydata().tolist() for line in lines if line.get_marker() == "o"]
    assert dots == [[], [[0, 1]], [[0, 2], [1, 2]]]


def test_every_room_stands_on_its_step_by_name():
    texts = house_figure.house(ORDER, IMPORTS).axes[0].texts
    steps = {text.get_text(): round(text.get_position()[1]) for text in texts}
    assert [steps[name] for name in ORDER] == [0, 1, 2]


def test_a_picture_says_what_it_shows_and_is_the_same_twice(tmp_path):
    for name in ("one.svg", "two.svg"):
        house_figure.write(tmp_path / name, ORDER, IMPORTS)
    words = "a imports none of the others. b imports a. c imports a, b."
    assert house_figure.described(tmp_path / "one.svg") == words
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_picture_without_a_description_is_refused_by_name(tmp_path):
    (tmp_path / "other.svg").write_text("<svg/>")
    with pytest.raises(ValueError, match=r"other\.svg"):
        house_figure.described(tmp_path / "other.svg")
