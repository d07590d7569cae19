"""Text pictures on a grid."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from draw.picture_scenes import chain, diamond, fan, founding, residual, square, tangle
from draw.text_reader import operands
from wengert.draw import Box, Label, Link, Scene
from wengert.draw.lanes import Comb, assign_lanes, confused
from wengert.draw.text import text
from wengert.draw.words import cells

FOUNDING = """\
             ┌───────────┐
             │ e = c * d │
             │     6     │
             └───────────┘
                   ▲
          ╭────────┴────────╮
      ∂e/∂c = 2         ∂e/∂d = 3
          │                 │
    ┌───────────┐     ┌───────────┐
    │ c = a + b │     │ d = b + 1 │
    │     3     │     │     2     │
    └───────────┘     └───────────┘
          ▲                 ▲
    ╭─────┴─────╮           │
∂c/∂a = 1   ∂c/∂b = 1   ∂d/∂b = 1
    │           ╰─────┬─────╯
    │                 │
╭───────╮         ╭───────╮
│ a = 2 │         │ b = 1 │
╰───────╯         ╰───────╯"""

FOUNDING_IN_ASCII = """\
             +-----------+
             | e = c * d |
             |     6     |
             +-----------+
                   ^
          +--------+--------+
      de/dc = 2         de/dd = 3
          |                 |
    +-----------+     +-----------+
    | c = a + b |     | d = b + 1 |
    |     3     |     |     2     |
    +-----------+     +-----------+
          ^                 ^
    +-----+-----+           |
dc/da = 1   dc/db = 1   dd/db = 1
    |           +-----+-----+
    |                 |
.-------.         .-------.
| a = 2 |         | b = 1 |
'-------'         '-------'"""

PATHS = """\
          ▲                 ▲
    ╭─────┻━━━━━┓           ┃
∂c/∂a = 1   ∂c/∂b = 1   ∂d/∂b = 1
    │           ┗━━━━━┳━━━━━┛
    │                 ┃"""

SQUARE = """\
   ┌───────────┐
   │ y = x * x │
   │     9     │
   └───────────┘
         ▲
    ╭────┴──────╮
∂y/∂x = 3   ∂y/∂x = 3
    ╰─────┬─────╯
          │
      ╭───────╮
      │ x = 3 │
      ╰───────╯"""


def test_the_founding_picture():
    assert text(founding()) == FOUNDING


def test_the_founding_picture_in_ascii():
    assert text(founding(), ascii=True) == FOUNDING_IN_ASCII


def test_paths_are_heavy_lines():
    assert PATHS in text(founding(path=True))


def test_two_links_between_the_same_boxes():
    picture = text(square())
    assert picture.count("∂y/∂x = 3") == 2
    assert operands(text(square(labels=False)), square()) == {1: {0}}


@pytest.mark.parametrize(
    "scene", [founding(labels=False), diamond(), chain(4), residual(4), fan(8, labels=False)]
)
def test_lines_lead_where_links_lead(scene):
    assert operands(text(scene), scene) == joined(scene)


@pytest.mark.parametrize("seed", [55, 57, 81])  # in these, a link must step aside
def test_lines_lead_where_links_lead_though_ends_change_places(seed):
    scene = tangle(seed, 12)
    assert operands(text(scene), scene) == joined(scene)


@given(st.integers(0, 10_000), st.integers(1, 14))
def test_lines_lead_where_links_lead_in_a_tangle(seed, count):
    scene = tangle(seed, count)
    picture = text(scene)
    if "▲" in picture:  # else it was too wide, and became a tree
        assert operands(picture, scene) == joined(scene)


def joined(scene: Scene) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for link in scene.links:
        found.setdefault(link.target, set()).add(link.source)
    return found


@given(st.integers(0, 10_000), st.integers(0, 40), st.booleans(), st.booleans())
def test_no_line_ends_with_a_space_and_colour_changes_nothing_else(seed, count, labels, ascii):
    scene = tangle(seed, count, labels=labels)
    plain = text(scene, ascii=ascii)
    assert all(line == line.rstrip() for line in plain.split("\n"))
    assert re.sub(r"\x1b\[[\d;]*m", "", text(scene, ascii=ascii, color=True)) == plain
    assert plain.isascii() or not ascii


def test_colours():
    coloured = text(founding(path=True), color=True)
    assert "\x1b[34m│ \x1b[0ma = 2" in coloured  # the frame of an input
    assert "\x1b[31m∂c/∂a = 1\x1b[0m" in coloured
    assert "\x1b[1;35m∂c/∂b = 1\x1b[0m" in coloured


def test_each_kind_has_its_own_frame():
    for ascii in (False, True):
        frames = {
            kind: text(Scene([Box(kind, "a")]), ascii=ascii)
            for kind in ("input", "parameter", "operation", "constant")
        }
        assert len(set(frames.values())) == 4


def test_boxes_of_several_heights_in_a_row():
    boxes = [
        Box("input", "a", ("1", "2", "3")),
        Box("input", "b"),
        Box("output", "c"),
        Box("output", "d", ("1", "2")),
    ]
    scene = Scene(boxes, [Link(0, 2), Link(1, 2), Link(1, 3)])
    assert operands(text(scene), scene) == {2: {0, 1}, 3: {1}}


def test_wide_characters_take_two_cells():
    picture = text(Scene([Box("input", "猫 x̄", ("6",))]))
    widths = {len(cells(line)) for line in picture.split("\n")}
    assert widths == {8}


def test_names_cannot_command_the_terminal():
    name = "a\x1b[2J\nb\r\x07"
    picture = text(Scene([Box("input", name), Box("output", "e")], [Link(0, 1, Label(name))]))
    assert "\x1b" not in picture
    assert "\r" not in picture
    assert len(picture.split("\n")) == 9


def test_a_picture_wider_than_terminals_is_a_tree():
    assert "▲" in text(fan(8))
    assert "├─" in text(fan(20))


def test_more_boxes_than_30_are_a_tree():
    assert "▲" in text(chain(29))
    assert "▲" not in text(chain(30))


def test_nothing_to_draw():
    assert text(Scene([])) == ""


def test_a_cycle_is_an_error():
    scene = Scene([Box("operation", "a"), Box("operation", "b")], [Link(0, 1), Link(1, 0)])
    with pytest.raises(ValueError, match="cycle"):
        text(scene)


def test_lanes_are_shared_only_by_combs_that_lie_apart():
    assert assign_lanes([Comb(0, (0, 4)), Comb(8, (8, 12)), Comb(3, (3,))]) == [0, 0, -1]
    assert sorted(assign_lanes([Comb(0, (0, 6)), Comb(4, (4, 12))])) == [0, 1]


def test_a_branch_turns_beyond_the_stem_that_it_comes_down_on():
    combs = [Comb(0, (0, 8)), Comb(8, (12,))]
    lanes = assign_lanes(combs)
    assert lanes[0] > lanes[1]
    assert not confused(combs, lanes)


def test_combs_that_change_places_are_confused_in_any_order():
    combs = [Comb(0, (8,)), Comb(8, (0,))]
    assert confused(combs, assign_lanes(combs))
