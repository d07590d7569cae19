"""Pictures in which lightness stands for the size of gradients."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from draw.collapsed_graphs import encoder
from draw.svg_reader import Drawn
from wengert.draw.heat import STEPS, Heat, Scale
from wengert.draw.scene import Box, Scene
from wengert.draw.svg import svg
from wengert.draw.theme import THEMES
from wengert.errors import ArgumentError, GraphError

NS = "{http://www.w3.org/2000/svg}"
norms = st.floats(0, 1e300, allow_subnormal=False)


def line(scene: Scene, title: str) -> str:
    """What the box of a title says of its gradient."""
    return next(b.lines[-1] for b in scene.boxes if b.title.partition(" =")[0] == title)


def lightness(colour: str) -> float:
    """CIE L* of a colour: what remains in greyscale."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


# ---------------------------------------------------------------- numbers


def test_the_norms_are_those_of_backward():
    rng = np.random.default_rng(0)
    W = wg.tensor(rng.normal(size=(3, 4)), requires_grad=True)
    x = wg.tensor(rng.normal(size=4), requires_grad=True)
    loss = wg.tanh(W @ x).sum()
    scene = wg.graph(loss, W=W, x=x).draw(gradients=True).scene
    loss.backward()
    for name, tensor in (("W", W), ("x", x)):
        expected = float(np.linalg.norm(tensor.grad.numpy()))
        assert float(line(scene, name).removeprefix("gradient ")) == pytest.approx(expected, 5e-3)


def test_after_backward_stored_gradients_are_shown_where_values_are_gone():
    x = wg.ones(100, requires_grad=True)
    y = (x * x).exp()
    z = y * y
    loss = z.sum()
    graph = wg.graph(loss, x=x, y=y)
    before = line(graph.draw(gradients=True).scene, "x")
    loss.backward()
    assert line(graph.draw(gradients=True).scene, "x") == before


def test_what_is_unknown_is_called_so():
    x = wg.ones(100, requires_grad=True)
    h = x.sin()
    y = h.exp()
    loss = (y * y).sum()
    loss.backward()
    with wg.no_grad():
        x.mul_(2.0)
    drawn = wg.graph(loss, x=x, y=y).draw(gradients=True)
    assert line(drawn.scene, "y") == "gradient unknown"
    assert "unknown</text>" in drawn.svg()


def test_a_collapsed_box_has_the_median_and_the_maximum():
    x = wg.tensor(1.0, requires_grad=True)
    with wg.scope("a"):
        h = x * 2
        h = h * 3
        h = h * 4
    y = h * 5
    scene = wg.graph(y, x=x).draw(gradients=True, collapse=True).scene
    assert line(scene, "a") == "gradient 20, max 60"
    assert scene.legend.title == "norm of ∂y/∂node, median"


@pytest.mark.parametrize(
    ("make", "flag", "words"),
    [
        (lambda x: (x * 0).sum(), "zero", "gradient 0"),
        (lambda x: wg.sqrt(x * 0).sum(), "nan", "gradient nan"),
        (lambda x: wg.sqrt(x - 1).sum(), "infinite", "gradient inf"),
    ],
)
def test_zero_infinite_and_nan_are_flagged_in_words_and_by_a_border(make, flag, words):
    x = wg.ones(2, requires_grad=True)
    picture = wg.graph(make(x), x=x).draw(gradients=True)
    box = next(b for b in picture.scene.boxes if b.title == "x")
    assert (box.heat.flag, box.lines[-1]) == (flag, words)
    assert flag in picture.scene.legend.flags
    borders = re.findall(r'stroke-width="([\d.]+)"(?: stroke-dasharray="([^"]+)")?', picture.svg())
    assert any(float(width) > 2 for width, _ in borders)


def test_what_is_asked_of_what():
    a = wg.ones(2, requires_grad=True)
    b, c = a * 2, a * 3
    graph = wg.graph(b, c, a=a, b=b, c=c)
    assert graph.draw(gradients="c").scene.legend.title == "norm of ∂c/∂node"
    with pytest.raises(ArgumentError, match="several outputs"):
        graph.draw(gradients=True)


def test_integers_have_no_gradients():
    def f(x):
        return (x * 2).argmax()

    graph = wg.graph(f, wg.ones(3))
    with pytest.raises(GraphError, match="only floats"):
        graph.draw(gradients=True)


# ---------------------------------------------------------------- steps


@given(st.lists(norms, min_size=1, max_size=40))
def test_larger_norms_are_never_paler(values):
    scale = Scale(values)
    steps = [scale.heat([v]).step for v in sorted(values) if v > 0]
    assert steps == sorted(steps)
    assert all(0 <= step < STEPS for step in steps)
    assert len(scale.steps()) <= STEPS


def test_steps_are_powers_with_words():
    assert [w for _, w in Scale([0.02, 0.3, 5.0]).steps()] == ["0.01 to 0.1", "0.1 to 1", "1 to 10"]
    assert [w for _, w in Scale([1.0, 3.0]).steps()] == ["1 to 2", "2 to 5"]
    assert Scale([]).steps() == ()


def test_one_outlier_does_not_make_all_others_alike():
    usual = [10.0**-k for k in range(4) for _ in range(5)]
    scale = Scale([1e-17, *usual, 1e20])
    assert len({scale.heat([v]).step for v in usual}) == 4
    words = [w for _, w in scale.steps()]
    assert words[0].startswith("below")
    assert words[-1].startswith("above")


def test_the_worst_of_several_norms_flags_the_box():
    scale = Scale([1.0])
    assert scale.heat([1.0, math.nan, math.inf]).flag == "nan"
    assert scale.heat([1.0, math.inf]).flag == "infinite"
    assert scale.heat([1.0, 0.0]).flag == ""
    assert scale.heat([0.0, 0.0]).flag == "zero"
    assert scale.heat([]) == Heat(-1)


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_steps_can_be_told_apart_in_greyscale_and_read(theme):
    colours = THEMES[theme]
    steps = [lightness(c) for c in (colours.ground, *colours.heat)]
    gaps = [abs(b - a) for a, b in pairwise(steps[1:])]
    assert min(gaps) > 6
    assert steps == sorted(steps, reverse=theme == "light")
    ink = lightness(colours.ink)
    assert min(abs(ink - step) for step in steps) > 45


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_legend_shows_each_step_in_its_colour_outside_of_the_boxes(theme):
    picture = encoder().draw(gradients=True, collapse=True, open=("block0",))
    document = picture.svg(theme)
    root = ElementTree.fromstring(document)
    legend = root.findall(f"{NS}g")[-1]
    shown = [rect.attrib["fill"] for rect in legend.findall(f"{NS}rect")]
    heats = {b.heat.step for b in picture.scene.boxes if b.heat is not None}
    assert {THEMES[theme].heat[step] for step in heats} <= set(shown)
    words = [text.text for text in legend.findall(f"{NS}text")]
    assert words[0] == "norm of ∂loss/∂node, median"
    assert len(words) == len(shown) + 1
    left = min(float(rect.attrib["x"]) for rect in legend.findall(f"{NS}rect"))
    boxes = root.findall(f"{NS}g")[-3]
    rects = [rect for group in boxes for rect in group.findall(f"{NS}rect")]
    assert max(float(r.attrib["x"]) + float(r.attrib["width"]) for r in rects) < left


def test_the_legend_lies_in_the_picture():
    document = encoder().draw(gradients=True, collapse=True).svg()
    root = ElementTree.fromstring(document)
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    for text in root.findall(f"{NS}g")[-1].findall(f"{NS}text"):
        assert left < float(text.attrib["x"]) < left + width - 60
        assert top < float(text.attrib["y"]) < top + height


def test_the_legend_stands_under_a_wide_picture():
    picture = encoder().draw(gradients=True, collapse=True, orientation="right")
    root = ElementTree.fromstring(picture.svg())
    groups = root.findall(f"{NS}g")
    boxes = [float(r.attrib["y"]) + float(r.attrib["height"]) for r in groups[-3].iter(f"{NS}rect")]
    legend = [float(text.attrib["y"]) for text in groups[-1].findall(f"{NS}text")]
    _, top, _, height = map(float, root.attrib["viewBox"].split())
    assert max(boxes) < min(legend) <= max(legend) < top + height


def test_a_hostile_name_in_the_legend_is_escaped():
    x = wg.ones(2, requires_grad=True)
    y = x.sum()
    picture = wg.graph(y, **{"<script>": y}).draw(gradients=True)
    assert "<script" not in picture.svg()


def test_boxes_without_heat_keep_their_colours():
    assert Drawn(svg(Scene([Box("input", "a")]))).boxes
    assert THEMES["light"].boxes["input"].fill in svg(Scene([Box("input", "a")]))
