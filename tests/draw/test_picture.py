"""Picture: files, notebooks, terminals."""

from __future__ import annotations

import pytest

from draw.picture_scenes import founding
from wengert.draw import Box, Label, Link, Picture, Scene
from wengert.draw.svg import svg
from wengert.draw.text import text


@pytest.fixture
def picture() -> Picture:
    return Picture(founding())


def test_a_terminal_shows_text(picture):
    assert str(picture) == repr(picture) == picture.text() == text(founding())
    assert picture.text(ascii=True, color=True) == text(founding(), ascii=True, color=True)


def test_a_notebook_shows_svg(picture):
    assert picture._repr_svg_() == picture.svg() == svg(founding())
    assert picture.svg("dark") == svg(founding(), "dark")
    assert picture._repr_mimebundle_() == {
        "text/plain": text(founding()),
        "image/svg+xml": svg(founding()),
    }


def test_a_notebook_may_choose(picture):
    assert list(picture._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
    assert list(picture._repr_mimebundle_(exclude=["text/plain"])) == ["image/svg+xml"]
    assert list(picture._repr_mimebundle_(include=[], exclude=[])) == [
        "text/plain",
        "image/svg+xml",
    ]


@pytest.mark.parametrize("name", ["e.svg", "e.SVG"])
def test_save_svg(picture, tmp_path, name):
    picture.save(tmp_path / name, "dark")
    assert (tmp_path / name).read_bytes() == svg(founding(), "dark").encode()


def test_save_text(picture, tmp_path):
    picture.save(str(tmp_path / "e.txt"))
    assert (tmp_path / "e.txt").read_bytes() == (text(founding()) + "\n").encode()


@pytest.mark.parametrize("name", ["e.gif", "e"])
def test_save_names_the_formats_that_there_are(picture, tmp_path, name):
    with pytest.raises(ValueError, match=r"as \.svg, \.png, \.pdf, \.tex or \.txt"):
        picture.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_scene_checks_itself():
    with pytest.raises(ValueError, match="'tensor'; it is one of input, parameter"):
        Box("tensor", "a")
    with pytest.raises(ValueError, match="names box 1 of 1"):
        Scene([Box("input", "a")], [Link(0, 1)])
    with pytest.raises(ValueError, match="names box -1"):
        Scene([Box("input", "a")], [Link(-1, 0)])
    with pytest.raises(ValueError, match="to itself"):
        Scene([Box("input", "a")], [Link(0, 0)])


def test_a_scene_says_what_it_is_where_it_has_no_title():
    assert founding().name == "e = (a + b) * (b + 1)"
    assert (
        "2 nodes, 1 edges"
        in Scene([Box("input", "a"), Box("output", "e")], [Link(0, 1, Label("∂e/∂a"))]).name
    )
