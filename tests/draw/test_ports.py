"""Ports: where values enter and leave a collapsed box."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

import wengert as wg
from draw.collapsed_graphs import encoder, softmax
from wengert.draw import Box, Link, Scene
from wengert.draw.plan import MOST_PORTS
from wengert.draw.svg import svg

NS = "{http://www.w3.org/2000/svg}"


def ports(document: str) -> list[tuple[float, float, str]]:
    """Per port its place, and what it says."""
    root = ElementTree.fromstring(document)
    return [
        (float(circle.attrib["cx"]), float(circle.attrib["cy"]), group.findtext(f"{NS}title") or "")
        for group in root.iter(f"{NS}g")
        for circle in group.findall(f"{NS}circle")
    ]


def softmax_graph() -> wg.Graph:
    s = wg.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    t = s * 2
    p = softmax(t)
    q = p.log()
    return wg.graph(q, s=s, t=t, p=p, q=q)


def test_max_inside_of_softmax_has_its_input():
    """One value enters, and the port says that both the maximum and the difference use it."""
    drawn = softmax_graph().draw(collapse=True).scene
    (entering,) = (link for link in drawn.links if link.enters)
    value, *used = entering.enters.splitlines()
    assert value == "in: t (1×3 float32)"
    assert len(used) == 2
    assert any("amax(t" in line for line in used)
    assert any("t - " in line for line in used)


def test_what_leaves_says_how_it_was_made():
    drawn = softmax_graph().draw(collapse=True).scene
    (leaving,) = (link for link in drawn.links if link.leaves)
    assert leaving.leaves.splitlines()[0] == "out: p (1×3 float32)"
    assert leaving.leaves.splitlines()[1].startswith("p = ")


def test_a_value_used_twice_inside_enters_by_one_link():
    x = wg.tensor(2.0, requires_grad=True)
    y = x.sin()
    with wg.scope("square"):
        z = y * y + y
    drawn = wg.graph(z).draw(collapse=True).scene
    assert len(drawn.links) == 2


@pytest.mark.parametrize("count", [MOST_PORTS, MOST_PORTS + 1])
def test_many_values_from_one_box_share_a_link(count):
    x = wg.tensor(0.5, requires_grad=True)
    with wg.scope("a"):
        values = [x * float(i) for i in range(2, 2 + count)]
    with wg.scope("b"):
        y = wg.stack(values).prod()
    drawn = wg.graph(y).draw(collapse=True).scene
    between = [k for k in drawn.links if drawn.boxes[k.source].title.startswith("a")]
    assert len(between) == (count if count <= MOST_PORTS else 1)
    if count > MOST_PORTS:
        assert "and 3 more" in between[0].enters
        assert "and 3 more" in between[0].leaves


def test_ports_lie_on_the_borders_of_their_boxes_where_the_links_end():
    drawn = softmax_graph().draw(collapse=True)
    said = {words.partition(":")[0]: (x, y) for x, y, words in ports(drawn.svg())}
    assert set(said) == {"in", "out"}
    assert said["in"][1] > said["out"][1], "data rises"
    assert said["in"][0] == pytest.approx(said["out"][0], abs=0.2)
    assert len(ports(encoder().draw(collapse=True).svg())) == 5


def test_what_a_port_says_is_escaped():
    boxes = [Box("input", "a"), Box("scope", "s"), Box("output", "e")]
    hostile = "in: <b>\x1b & </title>\nused by \ud800"
    links = [Link(0, 1, enters=hostile), Link(1, 2, leaves=hostile)]
    document = svg(Scene(boxes, links))
    document.encode()
    assert [words.splitlines()[0] for _, _, words in ports(document)] == [
        "in: <b>\ufffd & </title>"
    ] * 2


def test_boxes_of_one_node_have_no_ports():
    assert ports(softmax_graph().draw().svg()) == []
