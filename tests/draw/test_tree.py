"""Text trees."""

from __future__ import annotations

import math
import re

import pytest

from draw.picture_scenes import chain, founding, network, residual, tangle
from wengert.draw import Box, Link, Scene
from wengert.draw.text import text
from wengert.draw.tree import tree

RESIDUAL = """\
○ h2 = h1 + r2
├─→ h1 [1]
○ r2 = relu(m2)
○ m2 = h1 @ W2
├─◆ W2
○ h1 = h0 + r1 [1]
├─→ h0 [2]
○ r1 = relu(m1)
○ m1 = h0 @ W1
├─● h0 [2]
◆ W1"""

LOSS = """\
◎ loss  2.314
├─○ mul
│ ├─· λ = 1e-4
│ ○ add
│ ├─○ sum
│ │ ○ square
│ │ ╰─→ W6 [1]
│ ○ add"""


def test_an_operand_goes_on_in_the_column_of_its_user_and_others_branch_off():
    assert tree(residual(2)) == RESIDUAL


def test_a_network():
    picture = tree(network())
    assert picture.startswith(LOSS)
    assert picture.splitlines()[-1].startswith("◆ W1  (784, 128) norm 3.21")


def test_the_founding_graph_with_its_paths():
    assert tree(founding(path=True), ascii=True).splitlines() == [
        "> @ e = c * d  6",
        "> +-o d = b + 1  2  de/dd = 3",
        "> | +-> b [1]  dd/db = 1",
        "> o c = a + b  3  de/dc = 2",
        "  +-* a = 2  dc/da = 1",
        "> * b = 1 [1]  dc/db = 1",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_every_box_stands_once_and_every_other_use_refers_to_it(seed):
    scene = tangle(seed, 50)
    lines = tree(scene).splitlines()
    written = [line for line in lines if "→" not in line]
    uses = [line for line in lines if "→" in line]
    assert len(written) == 50
    # Each link is one line under its user; outputs have a line without a link.
    outputs = 50 - len({link.source for link in scene.links})
    assert len(lines) == len(scene.links) + outputs
    numbered = {}
    for line in written:
        match = re.search(r"(v+\d+).* \[(\d+)\]$", line)
        if match:
            numbered[match[2]] = match[1]
    assert len(set(numbered.values())) == len(numbered)
    for line in uses:
        match = re.search(r"→ (v+\d+) \[(\d+)\]$", line)
        assert numbered[match[2]] == match[1]


@pytest.mark.parametrize("scene", [tangle(1, 300), network(40), residual(100)])
def test_the_indentation_is_at_most_logarithmic(scene):
    deepest = max(len(re.match(r"[│├╰─ ]*", line)[0]) for line in tree(scene).splitlines())
    assert deepest / 2 <= math.log2(len(scene.boxes)) + 1


def test_a_chain_of_100_000_boxes_stays_in_one_column():
    lines = text(chain(100_000)).splitlines()
    assert len(lines) == 100_001
    assert all(line[0] in "○●" for line in lines)


def test_summed_losses_of_a_recurrence_do_not_nest():
    boxes, links, total = [Box("input", "h0")], [], None
    state = 0
    for step in range(1, 400):
        boxes.append(Box("operation", f"h{step} = tanh(h{step - 1})"))
        links.append(Link(state, len(boxes) - 1))
        state = len(boxes) - 1
        boxes.append(Box("operation", f"l{step} = sum(h{step})"))
        links.append(Link(state, len(boxes) - 1))
        loss = len(boxes) - 1
        if total is not None:
            boxes.append(Box("operation", f"t{step} = t{step - 1} + l{step}"))
            links += [Link(total, len(boxes) - 1), Link(loss, len(boxes) - 1)]
        total = len(boxes) - 1
    assert max(line.count("│") for line in tree(Scene(boxes, links)).splitlines()) <= 2


def test_several_outputs():
    scene = Scene(
        [Box("input", "x"), Box("output", "y"), Box("output", "z")], [Link(0, 1), Link(0, 2)]
    )
    assert tree(scene).splitlines() == ["◎ y", "● x [1]", "◎ z", "╰─→ x [1]"]


def test_a_cycle_is_an_error():
    scene = Scene([Box("operation", "a"), Box("operation", "b")], [Link(0, 1), Link(1, 0)])
    with pytest.raises(ValueError, match="cycle"):
        tree(scene)


def test_colours():
    coloured = tree(founding(path=True), color=True)
    assert "\x1b[1;35m▌ \x1b[0m" in coloured
    assert "\x1b[34m●\x1b[0m a = 2" in coloured
    assert "\x1b[31m  ∂c/∂a = 1\x1b[0m" in coloured


def test_a_box_may_have_no_name():
    assert tree(Scene([Box("output", ""), Box("input", "", ("2",))])) == "◎\n●   2"
