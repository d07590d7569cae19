"""The figures of a lesson, and pictures as TikZ, PNG and PDF."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

import wengert as wg
from draw.collapsed_graphs import encoder
from wengert.draw.tikz import in_math

needs_typst = pytest.mark.skipif(not find_spec("typst"), reason="without the extras png and pdf")


def founding():
    a = wg.tensor([2.0], requires_grad=True)
    b = wg.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d
    return wg.graph(e)


def places(svg):
    """Where the boxes stand, and how large they are: the shape behind each title."""
    return re.findall(r"</title>\n(<rect [^>]*?) fill", svg)


def test_every_frame_has_everything_in_the_same_place():
    figures = founding().figures("b")

    assert figures.names == [
        "expression", "values", "derivatives",
        "forward-1", "forward-2", "forward-3", "forward-4",
        "reverse-1", "reverse-2", "reverse-3", "reverse-4", "reverse-5",
    ]  # fmt: skip
    boxes = [places(picture.svg()) for _, picture in figures]
    assert len(boxes[0]) == 5
    assert all(frame == boxes[0] for frame in boxes)
    heads = {re.match(r"<svg [^>]*>", picture.svg())[0] for _, picture in figures}
    assert len(heads) == 1


def test_what_the_frames_show():
    figures = founding().figures("b")

    assert "= 2" not in figures["expression"].text()
    assert "∂e/∂c = 2" in figures["derivatives"].text()
    assert "∂e/∂b = 5" in figures["forward-4"].text()
    assert "∂e/∂b = 5" not in figures["forward-3"].text()
    assert "∂e/∂e = 1" in figures["reverse-1"].text()
    assert "∂e/∂b = 5" in figures[-1].text()
    assert [figure.name for figure in figures[:2]] == ["expression", "values"]
    assert "forward-4, reverse-1" in repr(figures)


def test_the_first_input_is_where_speeds_start():
    assert len(founding().figures()) == 3 + 3 + 5


def test_frames_are_saved(tmp_path):
    paths = founding().figures("a").save(tmp_path / "slides", "tex")

    assert paths[0].name == "01-expression.tex"
    assert len(paths) == 11
    assert paths[3].read_text().startswith("% needs \\usepackage{tikz}")


def test_bad_input():
    with pytest.raises(KeyError, match="Did you mean 'values'"):
        founding().figures()["value"]
    h = wg.tensor(1.0, requires_grad=True)
    for _ in range(200):
        h = h.sin()
    with pytest.raises(TypeError, match="frames of 201 nodes could not be read"):
        wg.graph(h).figures()


def test_highlighted_paths_say_what_passes():
    text = founding().draw(paths=("b", "e")).text()

    assert text.count("2 of 5") == 2
    assert text.count("3 of 5") == 2


def test_what_passes_adds_up_for_arrays():
    wg.manual_seed(0)
    x = wg.randn(3, requires_grad=True)
    y = (x.exp() * x.sin()).sum()

    labels = wg.graph(y)._passing("x", "y")

    into_x = [float(label.value.split()[0]) for use, label in labels.items() if use[1] == 0]
    whole = wg.graph(y).derivative("y", "x").sum().item()
    assert all(label.value.endswith(f"of {whole:.4g}") for label in labels.values())
    assert into_x


def test_tikz():
    tikz = founding().draw(derivatives=True, paths=("b", "e")).tikz()

    assert tikz.count(r"\node[draw=") == 5
    assert tikz.count(r"\draw[->") == 5
    assert r"{$c = a + b$ \\ \textbf{3}}" in tikz
    assert r"{$\partial e/\partial c$ = \textbf{2}}" in tikz
    assert tikz.count("{") == tikz.count("}")
    assert tikz == founding().draw(derivatives=True, paths=("b", "e")).tikz()


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("h#2 = tanh(z)", r"h_{2} = \mathrm{tanh}(z)"),
        ("v1 * x_2", r"v_{1} \cdot \mathrm{x\_2}"),
        ("50% & $3", r"50\% \& \$3"),
        (
            r"\input{/etc/passwd}",
            r"\textbackslash{}\mathrm{input}\{/\mathrm{etc}/\mathrm{passwd}\}",
        ),
    ],
)
def test_names_in_tikz_are_no_commands(text, latex):
    assert in_math(text) == latex


@needs_typst
@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_png_and_pdf(tmp_path, suffix, magic):
    path = tmp_path / f"e.{suffix}"

    founding().draw().save(path)

    assert path.read_bytes().startswith(magic)


def test_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(TypeError, match=r"pip install 'wengert\[png\]'"):
        founding().draw().save(tmp_path / "e.png")


def test_tikz_of_a_collapsed_graph_has_sheets_ports_and_a_legend():
    drawn = encoder().draw(collapse=True, gradients=True, orientation="right")
    tikz = drawn.tikz()
    assert tikz.count(r"\node[draw=wengertscopeline") == 9
    assert tikz.count("circle (0.06)") == 5
    assert r"\textbf{block0 .. block11 \ensuremath{\times} 12}" in tikz
    assert "wengertheat" in tikz
    assert "norm of" in tikz
    assert tikz.count("{") == tikz.count("}")


def test_tikz_is_turned_as_the_drawing_is():
    places = []
    for orientation in ("up", "right"):
        tikz = founding().draw(orientation=orientation).tikz()
        found = re.findall(r"\(n\d\) at \((-?[\d.]+), (-?[\d.]+)\)", tikz)
        places.append([(float(x), float(y)) for x, y in found])
    up, right = places
    assert up[4][1] > up[0][1], "e stands above a"
    assert right[4][0] > right[0][0], "e stands to the right of a"
    assert len({y for _, y in up}) == len({x for x, _ in right}) == 3
